"""What a verification found, as a value that is hard to misread, and as text or lines of JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import orjson
from msgspec import Struct

from ...signing.base64url import b64url
from ...signing.note import format_vkey
from ...signing.policy import NONE
from .catalogue import CATALOGUE, Severity
from .documents import NO_DOCUMENTS, DocumentTally
from .findings import Finding, Findings, Outcome
from .trust import Trust

SCOPE_EN: Final = (
    "Not proven: that the label is on the right battery; that a party told the truth; what other logs hold; "
    "whether batches balance or deadlines were kept."
)
SCOPE_ZH: Final = "未证明：标签贴在正确的电池上；各方陈述属实；其他日志的内容；批次是否平衡、期限是否遵守。"

SourceKind = Literal["log", "battery", "receipt", "none"]
"""What was verified; "none" where the source could not be opened."""

_NOT_IN_EARNEST: Final = {
    "demonstration": "This log is a demonstration: its times are given, and its keys may be public. "
    "演示日志：时间由人给定，密钥可能公开。",
    "test": "This log is a test: nothing in it is meant in earnest. 测试日志：内容不作数。",
}
_FOLLOWS: Final = "DEPENDS_ON_REFUTED"
_SHOWN: Final = 3
"""Of the findings that only follow from another one, so many are shown."""

_EXPLAINED: Final = "What each finding means, and what to do 各结果代码的含义与处置: docs/findings.md"

_EXIT: Final = {Outcome.VERIFIED: 0, Outcome.REFUTED: 1, Outcome.UNDECIDED: 3}


class SubjectResult(Struct, frozen=True, gc=False):
    """One chain: how far it was followed, and the verdict on it."""

    subject: str
    seq: int  # of the last event that was looked at
    head: str  # its id
    events: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Seen:
    """Up to which size somebody else than the log was shown the same; 0 where nobody was."""

    quorum: int = 0  # the witnesses
    given: int = 0  # whoever passed on a checkpoint
    pins: int = 0  # this verifier, before

    @property
    def confirmed(self) -> int:
        """Up to which size others confirm it; what one saw before only shows that it did not change."""
        return max(self.quorum, self.given)

    def and_by(self, whom: Literal["quorum", "given", "pins"], size: int) -> Seen:
        """The same, and up to this size by one of them."""
        return replace(self, **{whom: max(getattr(self, whom), size)})


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one verification found. The same input gives the same report."""

    source: str
    kind: SourceKind
    trust: Trust | None
    origin: str
    size: int  # of the checkpoint that was verified
    root: bytes
    seen: Seen
    entries: int  # that were looked at
    subjects: tuple[SubjectResult, ...]  # by name
    findings: Findings
    purpose: str = ""  # production, test or demonstration, as the log says
    battery: str | None = None  # whose bundle it is, where it is one battery's
    documents: DocumentTally = NO_DOCUMENTS

    @property
    def confirmed(self) -> int:
        """Size up to which somebody else than the log confirms it."""
        return self.seen.confirmed

    @property
    def outcome(self) -> Outcome:
        worst = self.findings.worst
        if worst is Severity.ERROR:
            return Outcome.REFUTED
        if worst is Severity.UNCHECKED or self.trust is None or not self.entries:
            return Outcome.UNDECIDED
        return Outcome.VERIFIED

    def __bool__(self) -> bool:
        raise TypeError("compare report.outcome; a report has no truth value")

    @property
    def exit_code(self) -> int:
        """0 verified, 1 refuted, 3 undecided."""
        return _EXIT[self.outcome]

    @property
    def headline(self) -> str:
        """The whole verdict in one line."""
        outcome = self.outcome
        line = f"{outcome.value} {outcome.zh}: {self.origin or self.source}, {self._extent}"
        if self.trust is not None and self.trust.policy.quorum == NONE and outcome is Outcome.VERIFIED:
            line += self._own_word
        return line

    @property
    def _own_word(self) -> str:
        if self.confirmed >= self.size:
            return ""
        beyond = f"beyond size {self.confirmed} " if self.confirmed else ""
        why = "the trust file asks for no witness (quorum none, 未要求见证)"
        return f" -- {beyond}by the log's own word: {why}"

    @property
    def _extent(self) -> str:
        counted = f"{self.entries} entries of {len(self.subjects)} subjects"
        if self.kind == "battery":
            return f"{counted}, as far as each chain goes here at size {self.size}"
        return f"{counted}, size {self.size}"


def format_text(report: Report, *, verbose: bool = False, trust_file: str = "") -> str:
    """The report for people: verdict, findings, counts, keys, tail, scope.

    Args:
        verbose: Adds one line a subject.
        trust_file: Where the trust file came from, if it is to be told.
    """
    lines = [plain_text(report.headline)]
    if report.purpose in _NOT_IN_EARNEST:
        lines.append(_NOT_IN_EARNEST[report.purpose])
    kept = list(report.findings)
    rest = [finding for finding in kept if finding.code == _FOLLOWS]
    for finding in kept:
        if verbose or finding.code != _FOLLOWS or finding in rest[:_SHOWN]:
            lines += _finding_lines(finding)
    if not verbose and len(rest) > _SHOWN:
        lines.append(f"  ... and {len(rest) - _SHOWN} more {_FOLLOWS} (all with --verbose or --json)")
    if len(report.findings) > len(kept):
        lines.append(f"  ... and {len(report.findings) - len(kept)} more findings")
    if verbose:
        for result in report.subjects:
            at = f"seq {result.seq} {result.head}"
            lines.append(plain_text(f"{result.outcome.value} {result.outcome.zh} {result.subject} {at}"))
    for result in report.subjects:
        if result.subject == report.battery:
            lines.append(
                f"Battery 电池: {result.subject} up to seq {result.seq}, event {result.head}; "
                "later events, and later revocations, were not seen 此后的事件与吊销未见"
            )
    tally = dict.fromkeys(Outcome, 0)
    for result in report.subjects:
        tally[result.outcome] += 1
    lines.append("Subjects 主体: " + ", ".join(f"{count} {each.value}" for each, count in tally.items()))
    if report.documents.referred:
        lines.append(_documents(report.documents))
    lines.append(_trusted(report, trust_file))
    lines.append(_tail(report))
    lines += [SCOPE_EN, SCOPE_ZH]
    if kept:
        lines.append(_EXPLAINED)
    return "\n".join(lines) + "\n"


def format_json_lines(report: Report, *, trust_file: str | None = None) -> Iterator[bytes]:
    """The report for programs: one object a line; findings, then subjects, then the summary."""
    for finding in report.findings:
        yield _line(
            {
                "kind": "finding",
                "code": finding.code,
                "severity": finding.severity.name,
                "step": finding.step,
                "subject": finding.subject,
                "leaf_index": finding.leaf_index,
                "event_id": finding.event_id,
                "place": finding.place,
                "evidence": finding.evidence,
                "zh": finding.zh,
                "en": finding.en,
            }
        )
    for result in report.subjects:
        yield _line(
            {
                "kind": "subject",
                "outcome": result.outcome.value,
                "subject": result.subject,
                "seq": result.seq,
                "head": result.head,
                "events": result.events,
            }
        )
    trust = report.trust
    yield _line(
        {
            "kind": "summary",
            "outcome": report.outcome.value,
            "source": report.source,
            "source_kind": report.kind,
            "battery": report.battery,
            "origin": report.origin,
            "purpose": report.purpose,
            "size": report.size,
            "root": b64url(report.root),
            "confirmed_size": report.confirmed,
            "entries": report.entries,
            "subjects": len(report.subjects),
            "documents": {
                "referred": report.documents.referred,
                "given": report.documents.given,
                "matching": report.documents.matching,
            },
            "findings": dict(sorted(report.findings.counts.items())),
            "trusted": [format_vkey(vkey) for vkey in trust.log_keys] if trust else [],
            "trust_file": trust_file,
            "quorum": trust.policy.quorum if trust else None,
            "scope": {"en": SCOPE_EN, "zh": SCOPE_ZH},
        }
    )


def _finding_lines(finding: Finding) -> Iterator[str]:
    places = (
        finding.subject,
        None if finding.leaf_index is None else f"leaf {finding.leaf_index}",
        finding.place or None,
    )
    where = ", ".join(place for place in places if place)
    yield plain_text(f"{finding.severity.name} {finding.code}" + (f" at {where}" if where else ""))
    kind = CATALOGUE[finding.code]
    yield f"    {kind.zh} {kind.en}"
    if finding.evidence:
        yield plain_text(f"    {finding.evidence}")


def _documents(tally: DocumentTally) -> str:
    line = f"Evidence 证据: {tally.given} of {tally.referred} documents given"
    wrong = tally.given - tally.matching
    if wrong:
        return f"{line}, {wrong} not confirmed {wrong} 份未能确认"
    return f"{line}, all match 全部相符" if tally.given else f"{line} 未随附"


def _trusted(report: Report, trust_file: str) -> str:
    if report.trust is None:
        return "Trusted 信任: nothing; there was no trust file"
    keys = ", ".join(f"{vkey.name}+{vkey.key_id.hex()}" for vkey in report.trust.log_keys)
    kids = ", ".join(sorted(report.trust.registrars))
    named = plain_text(f"; trust: {trust_file}") if trust_file else ""
    return f"Trusted 信任: log keys {keys}; registrars {report.trust.threshold} of {kids}{named}"


def _tail(report: Report) -> str:
    seen, trust, said = report.seen, report.trust, []
    if trust is None or report.origin != trust.origin:
        said.append("not confirmed")
    elif seen.confirmed < report.size or not report.size:
        aloud = " (quorum none)" if trust.policy.quorum == NONE else ""
        said.append(f"nobody but the log confirms size {report.size}{aloud}")
    if seen.quorum:
        said.append(f"the witnesses' quorum confirms size {seen.quorum}")
    if seen.given:
        said.append(f"agrees with the given checkpoint at size {seen.given}")
    if seen.pins:
        said.append(f"agrees with what was pinned at size {seen.pins}")
    return "Tail 末尾: " + "; ".join(said)


def plain_text(text: str) -> str:
    """Text from a source for a terminal: nothing in it begins a line, moves the cursor, colours, reorders."""
    return "".join(
        character if character.isprintable() else f"\\u{{{ord(character):x}}}" for character in text
    )


def _line(value: dict[str, Any]) -> bytes:
    # A file name may hold bytes that are no UTF-8, as lone surrogates, which orjson refuses.
    texts = {
        name: text.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(text, str) else text
        for name, text in value.items()
    }
    return orjson.dumps(texts)
