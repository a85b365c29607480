"""Tells a case to the command: its steps are signed, submitted at the times of the story, and answered.

README.md says how a case is written. What the case leaves out because it is the same in every case is in
`usual.toml`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.signing.compact import format_compact
from packtrace.signing.jws import APPROVAL, sign_jws
from packtrace.signing.merkle import leaf_hash, root_of
from packtrace.signing.possession import sign_possession
from packtrace.tests.cases.founding import NAMES, ORIGIN, Heads, key_file, key_of, party_id
from packtrace.tests.cli.command import call, run
from packtrace.trace.codes.label import label_digest
from packtrace.trace.lifecycle.keyring import approval_digest
from packtrace.trace.times import format_log_time, format_time

USUAL: Final[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("usual.toml").read_text("utf-8"))

_RANGE: Final = re.compile(r"\{(\d+)\.\.(\d+)\}")
_PARTY: Final = re.compile(r"\{(\w+)\}")
_DURATION: Final = re.compile(r"(-?\d+) (second|minute|hour|day)s?")
_KNOWN: Final = {
    "by", "says", "of", "data", "without", "as", "then", "after", "occurred", "key", "seq", "approved_by",
    "for", "refused",
}  # fmt: skip


class Answer(NamedTuple):
    """What the command answered."""

    exit_code: int
    stdout: str
    stderr: str


Command = Callable[..., Answer]


def within(*args: str | Path, stdin: str = "") -> Answer:
    """The command within this process."""
    result = call(*args, stdin=stdin)
    return Answer(result.exit_code, result.stdout, result.stderr)


def by_process(folder: Path) -> Command:
    """The command in processes of its own, whose folder and home that is.

    Signing needs no log and stays within: most of a case is signing, and a process takes long to start.
    """

    def command(*args: str | Path, stdin: str = "") -> Answer:
        if args[0] == "sign":
            return within(*args, stdin=stdin)
        done = run(folder, *args, stdin=stdin.encode())
        return Answer(done.returncode, done.stdout, done.stderr)

    return command


@dataclass
class Line:
    """One submission, and the answer that the case expects."""

    at: str
    events: list[str]
    said: list[dict[str, Any]]  # the statements, for whoever reads a failure
    refused: str


@dataclass
class Teller:
    """Somebody who knows every party's keys and where every chain ends."""

    home: Path
    keys: Path  # folder of key files
    work: Path  # folder for what is handed to the command
    heads: Heads
    names: dict[str, str] = field(default_factory=dict)  # of subjects and of events
    offers: dict[str, list[str]] = field(default_factory=dict)  # consignment -> offers that name it
    command: Command = within
    nonces: int = 0
    waiting: list[Line] = field(default_factory=list)

    def name(self, subjects: dict[str, str]) -> None:
        """Take in the subjects of a case, under the names that it gives them."""
        for name, text in subjects.items():
            for number in _numbers(name + text):
                said = _PARTY.sub(lambda found: party_id(found[1]), _RANGE.sub(number, text))
                self.names[_RANGE.sub(number, name)] = said if ":" in said else f"battery:gbt34014:{said}"

    def ask(self, *args: str | Path, stdin: str = "") -> str:
        """Run the command, which must end well; what it printed."""
        answer = self.command(*args, stdin=stdin)
        assert answer.exit_code == 0, (args, answer)
        return answer.stdout

    def called(self, subject: str) -> str:
        """What the case calls a subject, with ``notes:`` before it where that is meant; else the subject."""
        mark, notes, inner = subject.rpartition("notes:")
        named = {text: name for name, text in self.names.items()}
        named |= {f"org:{party_id(name)}": name for name in NAMES}
        return f"{mark}{notes}{named.get(inner, inner)}"

    def tell(self, steps: list[dict[str, Any]]) -> None:
        """Sign and submit every step, and hold the log's answer against the one that the case expects."""
        for step in steps:
            for number in _numbers(step.get("for", "")):
                self._step(_with_number(step, number))
        self.submit()

    def submit(self) -> None:
        """Hand over what is waiting: lines that are to be accepted, and perhaps one that is not."""
        if not self.waiting:
            return
        lines, self.waiting = self.waiting, []
        self.work.mkdir(exist_ok=True)
        text = "".join(json.dumps({"at": line.at, "events": line.events}) + "\n" for line in lines)
        (self.work / "events.ndjson").write_text(text)
        result = self.command("load", self.work, "--json", "--home", self.home)
        assert result.stdout, result.stderr
        answers = [json.loads(answer) for answer in result.stdout.splitlines()]
        for line, answer in zip(lines, answers, strict=True):
            self._check_answer(line, answer)
        assert result.exit_code == (1 if lines[-1].refused else 0), result.stderr

    def _check_answer(self, line: Line, answer: dict[str, Any]) -> None:
        """An accepted line has the next leaves: nothing that was refused before it has one."""
        if not line.refused:
            wanted = "accepted" if self.heads.size else "known"  # the first event has founded the log
            assert answer["status"] == wanted, (answer, line.said)
            places = [event["leaf_index"] for event in answer["events"]]
            assert places == [*range(self.heads.size, self.heads.size + len(line.events))]
            self.heads.size += len(line.events)
            return
        code, _, where = line.refused.partition(" at ")
        assert answer["status"] == "refused", (answer, line.said)
        assert answer["code"] == code, (answer, line.said)
        assert answer["where"] == where, (answer, line.said)
        assert "expected" in answer["detail"] and "got" in answer["detail"], answer

    # -- one step -------------------------------------------------------------------------------------------

    def _step(self, step: dict[str, Any]) -> None:
        assert step.keys() <= _KNOWN, step.keys() - _KNOWN
        self.heads.at += timedelta(minutes=1) + _duration(step.get("after", "0 days"))
        refused = step.get("refused", "")
        assert not refused or " at " in refused, f"expected CODE at PLACE, got {refused}"
        before = dict(self.heads.of)
        leading = {"of": self._subject(step["of"]), "by": step["by"]}
        events: list[str] = []
        said: list[dict[str, Any]] = []
        for member in (step, *step.get("then", ())):
            statement = self._statement({"by": step["by"], **member}, leading)
            event_id, event = self._sign(statement, member.get("key") or step.get("key") or step["by"])
            leading.setdefault("id", event_id)
            if "as" in member:
                self.names[member["as"]] = event_id
            self.heads.of[statement["sub"]] = (statement["seq"], event_id)
            events.append(event)
            said.append(statement)
            consignment = statement["data"].get("consignment")
            if statement["type"] == "handover.offered" and consignment and not refused:
                self.offers.setdefault(consignment, []).append(event_id)
        self.waiting.append(Line(format_log_time(self.heads.at), events, said, refused))
        if refused:
            self.heads.of = before
            self.submit()

    def _statement(self, step: dict[str, Any], leading: dict[str, str]) -> dict[str, Any]:
        kind, subject = step["says"], self._subject(step["of"])
        last, head = self.heads.of.get(subject, (-1, ""))
        seq = step.get("seq", last + 1)
        self.nonces += 1
        data = {**USUAL.get(kind, {}), **step.get("data", {})}
        for name in step.get("without", ()):
            del data[name]
        occurred = self.heads.at + _duration(step.get("occurred", "-10 seconds"))
        statement = {
            "v": 1,
            "aud": ORIGIN,
            "nonce": b64url(hashlib.sha256(f"nonce {self.heads.size} {self.nonces}".encode()).digest()[:16]),
            "type": kind,
            "sub": subject,
            "seq": seq,
            **({"prev": head} if seq else {}),
            "iss": f"org:{party_id(step['by'])}",
            "occurred_at": format_time(occurred),
            "data": self._resolve(data, subject, leading),
        }
        approvers = step.get("approved_by", ())
        if approvers:
            statement["data"]["approvals"] = [self._approval(name, statement) for name in approvers]
        return statement

    def _sign(self, statement: dict[str, Any], key: str) -> tuple[str, str]:
        said = self.ask("sign", "--json", "--key", key_file(self.keys, key), stdin=json.dumps(statement))
        signed = json.loads(said)
        return signed["id"], signed["event"]

    def _approval(self, name: str, statement: dict[str, Any]) -> str:
        approved = {"aud": ORIGIN, "statement": approval_digest(statement)}
        return sign_jws(format_compact(approved), key_of(name), APPROVAL)

    # -- what a case writes in place of a value --------------------------------------------------------------

    def _subject(self, text: str) -> str:
        """A name of the case, ``notes:`` or ``keys:`` before one, or a subject as it stands."""
        kind, _, name = text.rpartition(":")
        if name in self.names:
            return f"{kind}:{self.names[name]}" if kind else self.names[name]
        if name in NAMES:
            return f"{kind or 'org'}:{party_id(name)}" if kind != "notes" else f"notes:org:{party_id(name)}"
        return self.names.get(text.removeprefix("@"), text)

    def _resolve(self, value: Any, subject: str, leading: dict[str, str]) -> Any:
        if isinstance(value, list):
            return [self._resolve(item, subject, leading) for item in value]
        if isinstance(value, dict):
            known = {
                name: self._resolve(item, subject, leading) for name, item in value.items() if name[0] != "+"
            }
            if "+key" in value:
                known |= self._proven(value["+key"], subject)
            if "+jwk" in value:
                known["jwk"] = key_of(value["+jwk"]).public.jwk()
            return known
        if isinstance(value, str) and value.startswith("@"):
            return self._named(value[1:], subject, leading)
        return value

    def _named(self, text: str, subject: str, leading: dict[str, str]) -> Any:
        """What stands for ``@text``: an organisation, a subject, an event, or what is made for the place."""
        word, _, rest = text.partition(":")
        battery = subject if rest == "of" else self.names.get(rest, "")
        code = battery.split(":", 2)[-1]
        match word:
            case "leader":
                return leading["id"]
            case "leading":
                return leading["of"]
            case "in":
                return format_time(self.heads.at + _duration(rest))
            case "number":
                return int(rest)
            case "measured" | "nameplate":
                return {"g": int(rest), "basis": word}
            case "photo" | "report" | "contract" | "customs" | "court":
                return _evidence(word)
            case "token":
                return _token(code)
            case "label":
                return label_digest(code, _token(code))
            case "kid":
                return key_of(rest).public.kid
            case "inputs":
                return self._inputs(subject)
            case "offers":
                return self._offers(subject)
        if text in self.names:
            return self.names[text]
        return f"org:{party_id(text)}"

    def _proven(self, name: str, subject: str) -> dict[str, Any]:
        """A new key with the proof that its holder has it."""
        key = key_of(name)
        _, head = self.heads.of.get(subject, (-1, None))
        proof = sign_possession(aud=ORIGIN, sub=subject, head=head, signer=key)
        return {"jwk": key.public.jwk(), "possession": proof}

    def _inputs(self, batch: str) -> dict[str, Any]:
        """What went into a batch, as the template says."""
        self.submit()
        statement = json.loads(self.ask("template", "batch.closed", batch, "--home", self.home))
        inputs: dict[str, Any] = statement["data"]["inputs"]
        return inputs

    def _offers(self, consignment: str) -> dict[str, Any]:
        """Number and root of the offers that name a consignment (docs/format.md)."""
        ids = sorted(parse_b64url(offer) for offer in self.offers.get(consignment, ()))
        return {"count": len(ids), "root": b64url(root_of([leaf_hash(each) for each in ids]))}


def _numbers(text: str) -> Iterator[str]:
    """The numbers of a range ``{01..40}`` in a text, or nothing once."""
    found = _RANGE.search(text)
    if found is None:
        yield ""
        return
    first, last = found.groups()
    yield from (f"{number:0{len(first)}d}" for number in range(int(first), int(last) + 1))


def _with_number(value: Any, number: str) -> Any:
    """A step for one number of its range, which stands for every ``#``."""
    if isinstance(value, str):
        return value.replace("#", number)
    if isinstance(value, list):
        return [_with_number(item, number) for item in value]
    if isinstance(value, dict):
        return {name: _with_number(item, number) for name, item in value.items()}
    return value


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    assert found, f"expected a number and second, minute, hour or day, got {text}"
    return timedelta(**{f"{found[2]}s": int(found[1])})


def _token(code: str) -> str:
    """The token on the label of a battery: 100 bits that everybody can work out."""
    return base64.b32encode(hashlib.sha256(f"token {code}".encode()).digest())[:20].decode()


def _evidence(kind: str) -> dict[str, Any]:
    digest = b64url(hashlib.sha256(f"document {kind}".encode()).digest())
    media = "image/jpeg" if kind == "photo" else "application/pdf"
    return {"kind": kind, "sha256": digest, "media_type": media, "bytes": 48_215}
