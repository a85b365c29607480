"""What an attacker starts from, and what a verifier must say to what he made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from .author import Author
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

    def with_leaf(self, at: int, leaf: Leaf) -> list[bytes]:
        """All entries, with another in one place."""
        entries = [one.entry for one in self.leaves]
        entries[at] = leaf.entry
        return entries


def _halfway(author: Author) -> int:
    """The size of the log after the submission with which half of it was there; no group is cut."""
    sizes = accumulate(len(one.events) for one in author.submissions)
    return next(size for size in sizes if 2 * size >= len(author.entries))
