"""What an attacker starts from, and what a verifier must say to what he made of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any, Final

from ..signing.base64url import b64url
from ..signing.compact import format_compact
from ..signing.jws import EVENT, sign_jws
from ..trace.statement import format_entry, parse_entry
from ..trace.times import format_time
from .author import Author, Party
from .copies import CopiedLog, Leaf, publish

VERIFIED: Final = "VERIFIED"
REFUTED: Final = "REFUTED"
UNDECIDED: Final = "UNDECIDED"


@dataclass(frozen=True, slots=True)
class Expected:
    """One finding that must be there."""

    code: str
    subject: str | None = None
    leaf_index: int | None = None


@dataclass(frozen=True, slots=True)
class Forgery:
    """What was done to the log, and how it is found out."""

    name: str
    en: str
    zh: str
    log: CopiedLog
    findings: tuple[Expected, ...]
    outcome: str = REFUTED
    alone: str | None = None  # the outcome without a checkpoint from elsewhere, where that is what it takes


class Copy:
    """The story's log, and where in it a chain has an event of some type."""

    def __init__(self, author: Author, sizes: Sequence[int] = ()) -> None:
        """``sizes`` are those of the published checkpoints; by default one half-way, and the end."""
        self.origin = author.origin
        self.leaves = [Leaf(entry) for entry in author.entries]
        self.payloads = [leaf.payload for leaf in self.leaves]
        self.sizes = tuple(sizes) or (_halfway(author), len(self.leaves))
        self.log = publish(self.origin, author.entries, self.sizes)

    def find(self, subject: str, kind: str) -> int:
        """The leaf index of the last event of that type on that chain."""
        return max(
            at for at, said in enumerate(self.payloads) if (said["sub"], said["type"]) == (subject, kind)
        )

    def rooted(self, entries: Sequence[bytes]) -> CopiedLog:
        """The operator signs these entries, as if it had always been so."""
        more = len(entries) - len(self.leaves)
        sizes = (*self.sizes[:-1], self.sizes[-1] + more)
        return publish(self.origin, entries, [size for size in sizes if size <= len(entries)])

    def recorded_at(self, at: int) -> datetime:
        """When the log says that it recorded a leaf."""
        return parse_entry(self.leaves[at].entry)[1]

    def with_leaf(self, at: int, leaf: Leaf) -> list[bytes]:
        """All entries, with another in one place."""
        entries = [one.entry for one in self.leaves]
        entries[at] = leaf.entry
        return entries


def _halfway(author: Author) -> int:
    """The size of the log after the submission with which half of it was there; no group is cut."""
    sizes = accumulate(len(one.events) for one in author.submissions)
    return next(size for size in sizes if 2 * size >= len(author.entries))


class Unjudged:
    """The operator's own pen: entries after the end of the log, signed by a party and judged by nobody."""

    def __init__(self, copy: Copy, name: str) -> None:
        """``name`` is the forgery's, from which its nonces come."""
        self.copy = copy
        self.entries = [leaf.entry for leaf in copy.leaves]
        self.at = copy.recorded_at(-1)
        self._name = name
        self._heads = {
            said["sub"]: (said["seq"], leaf.id) for said, leaf in zip(copy.payloads, copy.leaves, strict=True)
        }

    def head(self, subject: str) -> str:
        """The id of the last event of a chain."""
        return self._heads[subject][1]

    def say(
        self,
        party: Party,
        kind: str,
        subject: str,
        data: Mapping[str, Any],
        *,
        word: str = "sign",
        recorded_at: datetime | None = None,
        begins: bool = False,
        **members: Any,
    ) -> str:
        """Sign an event at the head of its chain, and record it some seconds later; give its id back.

        Args:
            recorded_at: What the log writes beside it, in place of a time after the last.
            begins: It claims to begin its chain.
            members: Other members of the payload than there should be.
        """
        self.at = recorded_at or self.at + timedelta(seconds=75)
        seq, prev = (-1, None) if begins else self._heads.get(subject, (-1, None))
        chance = f"packtrace sample forgery/v1 {self._name} {len(self.entries)}"
        payload: dict[str, Any] = {
            "v": 1,
            "aud": self.copy.origin,
            "nonce": b64url(hashlib.sha256(chance.encode()).digest()[:16]),
            "type": kind,
            "sub": subject,
            "seq": seq + 1,
            **({"prev": prev} if prev else {}),
            "iss": party.org,
            "occurred_at": format_time((self.at - timedelta(seconds=20)).replace(microsecond=0)),
            "data": dict(data),
            **members,
        }
        text = sign_jws(format_compact(payload), party.signer(word), EVENT)
        leaf = Leaf(format_entry(text, self.at))
        self.entries.append(leaf.entry)
        self._heads[subject] = (payload["seq"], leaf.id)
        return leaf.id
