"""Signs a story's events as its parties would; the real judge must accept each before it is kept."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ..signing.base64url import b64url
from ..signing.compact import format_compact
from ..signing.disclosures import check_disclosures, format_presentation, withhold
from ..signing.jws import APPROVAL, EVENT, check_signature, sign_jws
from ..signing.keys import KeyKind, Signer
from ..signing.possession import sign_possession
from ..trace.codes.label import label_digest
from ..trace.codes.subjects import parse_subject
from ..trace.lifecycle.conditions.origins import check_token
from ..trace.lifecycle.judge import judge
from ..trace.lifecycle.keyring import approval_digest, find_key
from ..trace.lifecycle.state import Battery, Demand, Remark
from ..trace.lifecycle.world import Memory
from ..trace.rules.ruleset import RuleSet
from ..trace.statement import Moment, format_entry, parse_event_jws, read_event
from ..trace.times import format_time
from .keys import published_signer


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation of the story. The names of its keys are its own short name and a word."""

    short: str
    org: str
    zh: str
    en: str
    region: str
    roles: tuple[str, ...]
    kinds: Mapping[str, KeyKind] = field(default_factory=dict)  # word -> kind, where it is not Ed25519
    alg: str | None = None  # "EdDSA" where the party's library knows no other name

    @property
    def keys(self) -> str:
        """Subject of the chain of its own keys."""
        return "keys:" + self.org.removeprefix("org:")

    def owns(self, kind: str, name: str) -> str:
        """A subject in its name space."""
        return f"{kind}:{self.org.removeprefix('org:')}/{name}"

    def signer(self, word: str) -> Signer:
        """Its key of that word: admin, sign, phone, …"""
        return published_signer(f"{self.short} {word}", self.kinds.get(word, "Ed25519"))


@dataclass(frozen=True, slots=True)
class Submission:
    """What reached the log at one moment: one event, or the events of one group."""

    at: datetime
    events: tuple[str, ...]  # JWS, or JWS~disclosure~…~


class Author:
    """Writes events one after the other, each at the head of its chain, at the story's own time."""

    def __init__(self, origin: str, rules: RuleSet, start: datetime, *, seed: str = "") -> None:
        """Begin an empty log; ``seed`` makes its chance another than that of other stories."""
        self.origin = origin
        self.world = Memory(origin, rules)
        self.at = start
        self.submissions: list[Submission] = []
        self.entries: list[bytes] = []
        self.remarks: list[tuple[str, Remark]] = []
        self.tokens: dict[str, str] = {}
        self.words: dict[str, list[str]] = {}  # party -> its keys that have signed, in their order
        self._demands: list[Demand] = []
        self._group: list[str] | None = None
        self._random = 0
        self._seed = seed

    # -- the story's time and chance -----------------------------------------------------------------------

    def on(self, text: str) -> None:
        """Go on to a time in Beijing, ``2026-09-14 08:30``.

        Raises:
            ValueError: The story is later already.
        """
        at = datetime.fromisoformat(text + "+08:00").astimezone(UTC)
        if at <= self.at:
            raise ValueError(f"story: expected a time after {self.at.isoformat()}, got {text} in Beijing")
        self.at = at

    def chance(self, size: int) -> bytes:
        """As many bytes as asked for, at most 32, from a counter: the same in every run."""
        self._random += 1
        return hashlib.sha256(f"packtrace sample chance/v1 {self._seed}{self._random}".encode()).digest()[
            :size
        ]

    def between(self, least: int, most: int) -> int:
        """A number between two, both possible."""
        return least + int.from_bytes(self.chance(8)) % (most - least + 1)

    # -- what parties say ----------------------------------------------------------------------------------

    def say(
        self,
        party: Party,
        kind: str,
        subject: str,
        data: Mapping[str, Any],
        *,
        word: str = "sign",
        ago_s: int | None = None,
        disclosures: tuple[str, ...] = (),
        approvers: Sequence[tuple[Party, str]] = (),
    ) -> str:
        """Sign one event, have it judged, and keep it.

        Args:
            party: Who signs.
            kind: The type of the statement.
            subject: Its chain.
            data: What it says.
            word: Which of the party's keys signs.
            ago_s: How long before its leaf the party says that it happened, in seconds; by default a moment.
            disclosures: Of the withheld members.
            approvers: Further registrars who stand behind a joint act, and the words of their keys.

        Returns:
            The id of the event.

        Raises:
            RefusedError: The story breaks a rule.
        """
        if self._group is None:
            self._tick()
        chain = self.world.chain(subject)
        lag = timedelta(seconds=self.between(6, 25) if ago_s is None else ago_s)
        payload: dict[str, Any] = {
            "v": 1,
            "aud": self.origin,
            "nonce": b64url(self.chance(16)),
            "type": kind,
            "sub": subject,
            "seq": chain.seq + 1 if chain else 0,
            **({"prev": chain.head} if chain else {}),
            "iss": party.org,
            "occurred_at": format_time((self.at - lag).replace(microsecond=0)),
            "data": dict(data),
        }
        if approvers:
            approved = format_compact({"aud": self.origin, "statement": approval_digest(payload)})
            signers = [self._signer(*approver) for approver in approvers]
            payload["data"]["approvals"] = [sign_jws(approved, each, APPROVAL) for each in signers]
        signer = self._signer(party, word)
        alg = party.alg if signer.public.kind == "Ed25519" else None
        text = sign_jws(format_compact(payload), signer, EVENT, alg=alg)
        event_id = self._judge(text, disclosures)
        shown = format_presentation(text, disclosures)
        if self._group is None:
            self.submissions.append(Submission(self.at, (shown,)))
            self._close_group()
        else:
            self._group.append(shown)
        return event_id

    def _signer(self, party: Party, word: str) -> Signer:
        words = self.words.setdefault(party.short, [])
        if word not in words:
            words.append(word)
        return party.signer(word)

    @contextmanager
    def group(self) -> Iterator[None]:
        """Events that stand or fall together, at one moment."""
        self._tick()
        group: list[str] = []
        self._group = group
        yield
        self._group = None
        self.submissions.append(Submission(self.at, tuple(group)))
        self._close_group()

    def possession(self, signer: Signer, subject: str) -> dict[str, Any]:
        """A new key with the proof that its holder has it, for the place where it is registered next."""
        chain = self.world.chain(subject)
        proof = sign_possession(
            aud=self.origin, sub=subject, head=chain.head if chain else None, signer=signer
        )
        return {"jwk": signer.public.jwk(), "possession": proof}

    def head(self, subject: str) -> str:
        """The id of the last event of a chain.

        Raises:
            ValueError: It has not begun.
        """
        chain = self.world.chain(subject)
        if chain is None:
            raise ValueError(f"story: expected a chain that has begun, got {subject}")
        return chain.head

    def label(self, subject: str) -> str:
        """Print a new label for a battery and give its digest (DESIGN, section 8)."""
        code = subject.split(":", 2)[2]
        token = base64.b32encode(self.chance(13)).decode()[:20]  # 100 bits
        self.tokens[code] = token
        return label_digest(code, token)

    def seen(self, subject: str) -> tuple[list[dict[str, str]], str]:
        """The token that somebody reads on the label, withheld, and its disclosure."""
        return self.withhold(self.tokens[subject.split(":", 2)[2]])

    def evidence(self, kind: str, media_type: str = "image/jpeg") -> list[dict[str, Any]]:
        """A document of the story, by digest. Nobody ever wrote the document itself."""
        return [
            {
                "kind": kind,
                "sha256": b64url(self.chance(32)),
                "media_type": media_type,
                "bytes": self.between(180_000, 900_000),
            }
        ]

    def withhold(self, value: str) -> tuple[list[dict[str, str]], str]:
        """A slot for a value that does not enter the log, and its disclosure."""
        return withhold(value, self.chance(16))

    # -- what the log does ---------------------------------------------------------------------------------

    def _tick(self) -> None:
        """The next submission comes some seconds after the last; the log counts milliseconds."""
        self.at += timedelta(milliseconds=self.between(21_000, 74_000))

    def _judge(self, text: str, disclosures: tuple[str, ...]) -> str:
        """Steps 3, 6, 7 and 8 of the verification, as the ledger and the verifier take them."""
        jws = parse_event_jws(text)
        shapes = self.world.rules.shapes
        shapes.check(jws.value)
        opened = check_disclosures(jws.value, disclosures)
        shown = {pointer: one.value for pointer, one in opened.items()}
        shapes.check_disclosed(jws.value, shown)
        event = read_event(jws)
        parse_subject(event.sub)
        key = find_key(event, self.at, self.world)
        check_signature(jws, key.public)
        moment = Moment(len(self.entries), self.at)
        demand = self._demands.pop(0) if self._demands else None
        step = judge(event, moment, key, self.world, demand)
        chain = self.world.chain(event.sub)
        if chain and isinstance(chain.state, Battery):
            check_token(event, shown, chain.state)
        self._demands[:0] = step.demands
        self.world.keep(event, moment, step.chain, step.references)
        self.remarks += [(event.id, remark) for remark in step.remarks]
        self.entries.append(format_entry(text, self.at))
        return event.id

    def _close_group(self) -> None:
        if self._demands:
            raise ValueError(f"story: expected {self._demands[0]} before the group ends, got its end")
