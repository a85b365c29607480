"""The verification of one source, in the order of the numbered steps of `docs/format.md`.

Pure: evidence and trust in, a report out. Steps 9 and 10, conduct, are not part of it yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from ...signing.jws import verify_signatures
from ...signing.merkle import MerkleError, check_inclusion, leaf_hash
from ...signing.note import VerifierKey
from ...signing.policy import NONE
from ..errors import TraceError
from ..rules.ruleset import RuleBook, RuleSet
from ..times import later, show_time
from .concerns import Concerns
from .documents import DocumentCheck
from .evidence import Evidence, LogEvidence, PartEvidence
from .findings import Finding, Findings
from .heads import Head, claimed_origin, is_renamed, read_head, read_vkeys
from .pins import Pins
from .replay import BATCH, CheckSignatures, Replay
from .report import Report, Seen, SourceKind, SubjectResult
from .tree import TreeFold
from .trust import Trust

Progress = Callable[[int, int], None]
"""progress(entries done, entries in all)."""

MAX_STORED_CHECKPOINTS: Final = 1_000_000


class Audit:
    """One verification under way: what it is given, and what it has found."""

    def __init__(
        self,
        evidence: Evidence,
        *,
        rules: RuleSet,
        trust: Trust | None,
        checkpoints: Sequence[bytes],
        pins: Pins | None,
        progress: Progress | None,
        check: CheckSignatures = verify_signatures,
    ) -> None:
        self.evidence = evidence
        self.rules = rules
        self.book = RuleBook(rules, evidence.rules)
        self.trust = trust
        self.applied = trust  # None as well where the trust file turns out to be of another log
        self.checkpoints = checkpoints
        self.pins = pins or Pins()
        self.progress = progress
        self.check = check
        self.findings = Findings()
        self.documents = DocumentCheck(evidence.documents(), self.findings)
        self.keys: tuple[VerifierKey, ...] = ()
        self.origin = ""  # that the source's checkpoints must have; empty where any will do
        self.seen = Seen()

    def open_head(self) -> Head | None:
        """Step 2 for the checkpoint against which the source is verified."""
        evidence, trust = self.evidence, self.trust
        if trust is None:
            self.findings.add(Finding("TRUST_ABSENT"))
        data = self._try(evidence.checkpoint, "checkpoint")
        named = self._try(evidence.vkeys, "log.vkey")
        claimed = claimed_origin(data)
        if data is not None and trust is not None and claimed not in (None, trust.origin):
            return self._open_other(data, named, trust, str(claimed))
        keys = read_vkeys(named, trust, self.findings)
        if data is None:
            return None
        self.origin = trust.origin if trust else keys[0].name if keys else claimed or ""
        self.keys = trust.log_keys if trust else keys
        return self._read_head(data, "checkpoint", self.findings)

    def _open_other(self, data: bytes, named: bytes | None, trust: Trust, origin: str) -> Head | None:
        """The head of another log than the trust file's, which is told once.

        The source is checked against itself from here on: neither the trust file nor what was seen of its log
        says anything about this one.
        """
        own = Findings()
        keys = read_vkeys(named, None, own)
        text = f"origin: expected {trust.origin}, got {origin}"
        renamed = is_renamed(data, keys, trust, self.pins)
        if renamed:
            text += ", with keys that are known as another log's"
        else:
            text += (
                f"; this source is of log {origin}, the trust file is for log {trust.origin}: "
                f"get {origin}'s trust file"
            )
            self.origin, self.keys = origin, keys
        self.findings.add(
            Finding("CHECKPOINT_ORIGIN_MISMATCH", text, place="checkpoint", undecided=not renamed)
        )
        for finding in own:
            self.findings.add(finding)
        self.applied = None
        return self._read_head(data, "checkpoint", self.findings)

    def read_stored(self, evidence: LogEvidence, head: Head) -> list[Head]:
        """Step 2 for every other checkpoint that the source keeps."""
        stored: list[Head] = []
        try:
            for name, data in evidence.checkpoints():
                place = f"checkpoints/{name}"
                other = self._read_head(data, place, self.findings)
                if other is None:
                    continue
                if name != str(other.checkpoint.size):
                    evidence_text = f"expected size {name}, got {other.checkpoint.size}"
                    self.findings.add(Finding("CHECKPOINT_MISPLACED", evidence_text, place=place))
                if other.checkpoint.size > head.checkpoint.size:
                    code = "LOG_ROLLED_BACK" if evidence.live else "CHECKPOINT_BEYOND_LOG"
                    text = f"expected at most size {head.checkpoint.size}, got {other.checkpoint.size}"
                    self.findings.add(Finding(code, text, place=place))
                    continue
                if len(stored) == MAX_STORED_CHECKPOINTS:
                    self.findings.add(Finding("SOURCE_TOO_LARGE", "more checkpoints", place="checkpoints"))
                    break
                stored.append(other)
        except TraceError as error:
            self.findings.add(Finding.from_error(error, place="checkpoints"))
        return stored

    def read_given(self, head: Head) -> list[Head]:
        """Step 11: the checkpoints from elsewhere that can be compared."""
        given: list[Head] = []
        if self.applied is not self.trust:
            return given  # They are of the log that is meant, and the source is of another.
        for number, data in enumerate(self.checkpoints, start=1):
            place = f"given checkpoint {number}"
            own = Findings()
            other = self._read_head(data, place, own)
            if other is None or not other.is_signed:
                why = "; ".join(finding.evidence for finding in own) or "no key to check it with"
                self.findings.add(Finding("CHECKPOINT_UNUSABLE", why, place=place))
            elif other.checkpoint.size > head.checkpoint.size:
                code = "LOG_ROLLED_BACK" if self.evidence.live else "CHECKPOINT_AHEAD"
                text = f"expected at most size {head.checkpoint.size}, got {other.checkpoint.size}"
                self.findings.add(Finding(code, text, place=place))
            else:
                given.append(other)
        return given

    def pinned(self, head: Head) -> dict[int, bytes]:
        """Step 11: the pins that can be compared; larger ones are said."""
        if self.applied is None:
            return {}
        pins = dict(self.pins.of((self.applied.origin, self.applied.keys_digest)))
        size = head.checkpoint.size
        largest = max(pins, default=0)
        if largest > size and size not in pins:
            code = "LOG_ROLLED_BACK" if self.evidence.live else "OLDER_THAN_PIN"
            self.findings.add(Finding(code, f"expected size {largest} or more, got {size}", place="pins"))
        elif largest > size and self.evidence.live:
            text = f"expected size {largest} or more, got {size}"
            self.findings.add(Finding("LOG_ROLLED_BACK", text, place="pins"))
        return {pin: root for pin, root in pins.items() if pin <= size}

    def compare_root(self, size: int, expected: bytes, got: bytes, head: Head, place: str) -> bool:
        """Whether the tree has, at that size, the root that somebody was shown."""
        if expected == got:
            return True
        code = "TREE_SPLIT_VIEW" if size == head.checkpoint.size else "LOG_CONSISTENCY_INVALID"
        evidence = f"root at size {size}: expected {expected.hex()}, got {got.hex()}"
        self.findings.add(Finding(code, evidence, place=place))
        return False

    def check_times(self, replay: Replay, heads: Iterable[Head]) -> None:
        """Step 3: no entry was recorded after a signature over it, but for what clocks may differ."""
        tolerance = timedelta(seconds=self.rules.policy.future_tolerance_s)
        for head in heads:
            recorded_at = replay.times.get(head.checkpoint.size)
            if head.signed_at is None or recorded_at is None:
                continue
            try:
                signed_at = datetime.fromtimestamp(head.signed_at, UTC)
            except (OverflowError, ValueError, OSError):
                continue  # Beyond the year 9999: after whatever was recorded.
            latest = later(signed_at, tolerance)
            if recorded_at > latest:
                evidence = f"recorded_at: expected at most {show_time(latest)}, got {show_time(recorded_at)}"
                leaf = head.checkpoint.size - 1
                self.findings.add(
                    Finding("TIME_AFTER_SIGNATURE", evidence, leaf_index=leaf, place=head.place)
                )

    def check_tail(self, head: Head) -> None:
        """Who but the log says that nothing was cut off at the end?"""
        if self.applied is None or self.applied.policy.quorum == NONE:
            return
        size, confirmed = head.checkpoint.size, self.seen.confirmed
        if confirmed < size:
            evidence = (
                f"expected the quorum {self.applied.policy.quorum} at size {size}, got it at {confirmed}"
            )
            self.findings.add(Finding("WITNESS_QUORUM_UNMET", evidence, place=head.place))

    def report(
        self, kind: SourceKind, head: Head | None, replay: Replay | None, *, battery: str | None = None
    ) -> Report:
        """Everything that was found."""
        subjects = replay.events if replay else {}
        if not subjects:
            self.findings.add(Finding("NOTHING_CHECKED"))
        results = []
        for subject in sorted(subjects):
            seq, last = replay.position(subject) if replay else (-1, "")
            verdict = self.findings.verdict(subject)
            results.append(SubjectResult(subject, seq, last, subjects[subject], verdict))
        return Report(
            source=self.evidence.name,
            kind=kind,
            trust=self.trust,
            origin=head.checkpoint.origin if head else "",
            size=head.checkpoint.size if head else 0,
            root=head.checkpoint.root if head else b"",
            seen=self.seen,
            entries=replay.entries if replay else 0,
            subjects=tuple(results),
            findings=self.findings,
            purpose=replay.purpose if replay else "",
            battery=battery,
            documents=self.documents.tally,
        )

    def _read_head(self, data: bytes, place: str, findings: Findings) -> Head | None:
        return read_head(
            data, origin=self.origin, keys=self.keys, trust=self.applied, place=place, findings=findings
        )

    def _try(self, read: Callable[[], bytes | None], place: str) -> bytes | None:
        try:
            return read()
        except TraceError as error:
            self.findings.add(Finding.from_error(error, place=place))
            return None


def audit_log(audit: Audit, evidence: LogEvidence) -> Report:
    """Verify a whole log."""
    findings = audit.findings
    head = audit.open_head()
    if head is None:
        return audit.report("log", None, None)
    size = head.checkpoint.size
    _gather(findings, evidence.unexpected(size), "source")  # step 1
    stored = audit.read_stored(evidence, head)
    given = audit.read_given(head)
    pinned = audit.pinned(head)
    sizes = {size, *pinned, *(other.checkpoint.size for other in (*stored, *given))}
    tree = TreeFold(findings, roots_at=sizes, read_tile=evidence.tile)
    concerns = Concerns()
    replay = Replay(
        head.checkpoint.origin,
        audit.rules,
        findings,
        trust=audit.applied,
        times_at=sizes,
        concerns=concerns if evidence.has_tables else None,
        documents=audit.documents,
        book=audit.book,
        check=audit.check,
    )
    count = size
    try:
        count = evidence.count(size)
        for entries in evidence.entries(count):
            replay.feed(list(enumerate(entries, tree.size)))
            tree.extend(entries)
            if audit.progress:
                audit.progress(tree.size, count)
    except TraceError as error:
        place = f"entries from leaf {tree.size} on"
        findings.add(Finding.from_error(error, leaf_index=tree.size, place=place))
    done = tree.size
    if done < size:
        evidence_text = f"expected {size} entries, got {done} that could be read"
        code = "LOG_ROLLED_BACK" if evidence.live and count < size else "BUNDLE_INCOMPLETE"
        findings.add(Finding(code, evidence_text, leaf_index=done))
    else:
        tree.finish()
        replay.finish()
        audit.documents.finish()
    if done > size:
        findings.add(Finding("UNSIGNED_TAIL", f"expected {size} entries, got {done}", leaf_index=size))
    if tree.roots.get(size, head.checkpoint.root) != head.checkpoint.root:
        text = f"root at size {size}: expected {head.checkpoint.root.hex()}, got {tree.roots[size].hex()}"
        findings.add(Finding("LOG_ROOT_MISMATCH", text, place=head.place))
    audit.check_times(replay, (head, *(other for other in stored if other.checkpoint.size != size)))
    root_is_held = tree.roots.get(size) == head.checkpoint.root
    if head.is_confirmed and root_is_held:
        audit.seen = audit.seen.and_by("quorum", size)
    for other in (*stored, *given):
        root = tree.roots.get(other.checkpoint.size)
        if root is None:
            continue  # Too few entries could be read, which is said already.
        at = other.checkpoint.size
        root = head.checkpoint.root if at == size else root  # Two signed heads, whatever the entries give.
        holds = audit.compare_root(at, other.checkpoint.root, root, head, other.place)
        if holds and root_is_held:
            audit.seen = audit.seen.and_by("given", at if other in given else 0)
            audit.seen = audit.seen.and_by("quorum", at if other.is_confirmed else 0)
    for at, expected in pinned.items():
        if at in tree.roots:
            root = head.checkpoint.root if at == size else tree.roots[at]
            if audit.compare_root(at, expected, root, head, "pins") and root_is_held:
                audit.seen = audit.seen.and_by("pins", at)
    if done >= size:
        broken, frontier = replay.links.keys(), tree.frontier.to_bytes()
        compared = evidence.compare(replay.world, concerns, broken, done, frontier)
        _gather(findings, compared, "tables")  # step 11
    audit.check_tail(head)
    return audit.report("log", head, replay)


def audit_part(audit: Audit, evidence: PartEvidence) -> Report:
    """Verify a bundle of one battery, or a receipt: entries with proofs against one checkpoint."""
    findings = audit.findings
    kind: SourceKind = "battery" if evidence.subject else "receipt"
    head = audit.open_head()
    if head is None:
        return audit.report(kind, None, None)
    size, root = head.checkpoint.size, head.checkpoint.root
    _gather(findings, evidence.unexpected(size), "source")  # step 1
    given = audit.read_given(head)
    replay = Replay(
        head.checkpoint.origin,
        audit.rules,
        findings,
        trust=audit.applied,
        times_at=(size,),
        whole=False,
        documents=audit.documents,
        book=audit.book,
        check=audit.check,
    )
    batch: list[tuple[int, bytes]] = []
    try:
        for place, proof in evidence.proofs():
            entry = proof.extra or b""
            try:
                check_inclusion(proof.hashes, proof.index, size, leaf_hash(entry), root)  # step 4
            except MerkleError as error:
                findings.add(Finding(error.code, str(error), leaf_index=proof.index, place=place))
                continue
            batch.append((proof.index, entry))
            if len(batch) == BATCH:
                replay.feed(batch)
                batch = []
    except TraceError as error:
        findings.add(Finding.from_error(error))
    replay.feed(batch)
    replay.finish()
    audit.documents.finish()
    if evidence.subject and evidence.subject not in replay.events:
        text = f"expected events of {evidence.subject}, got none"
        findings.add(Finding("BUNDLE_INCOMPLETE", text, evidence.subject))
    audit.check_times(replay, (head,))
    if head.is_confirmed:
        audit.seen = audit.seen.and_by("quorum", size)
    _compare_part(audit, head, given)
    audit.check_tail(head)
    return audit.report(kind, head, replay, battery=evidence.subject)


def _compare_part(audit: Audit, head: Head, given: Sequence[Head]) -> None:
    """Step 11 where only one root is known: other sizes can't be compared."""
    size, root = head.checkpoint.size, head.checkpoint.root
    for other in given:
        at = other.checkpoint.size
        if at != size:
            audit.findings.add(Finding("PIN_NOT_COMPARED", f"size {at} against {size}", place=other.place))
        elif audit.compare_root(size, other.checkpoint.root, root, head, other.place):
            audit.seen = audit.seen.and_by("given", size)
    pinned = audit.pinned(head)
    if size in pinned:
        if audit.compare_root(size, pinned[size], root, head, "pins"):
            audit.seen = audit.seen.and_by("pins", size)
    elif pinned and not audit.seen.confirmed:
        # Without witnesses, a head of a size that nobody has seen may belong to another history.
        evidence = f"expected one of the sizes {', '.join(map(str, sorted(pinned)[-5:]))}, got {size}"
        audit.findings.add(Finding("PIN_NOT_COMPARED", evidence, place="pins"))


def _gather(findings: Findings, found: Iterable[Finding], place: str) -> None:
    try:
        for finding in found:
            findings.add(finding)
    except TraceError as error:
        findings.add(Finding.from_error(error, place=place))
