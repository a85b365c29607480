"""Whom each entry concerns, as the entries give it: packed, since it grows with the log."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator

from .findings import Finding


class Concerns:
    """The leaves of each organisation, and those of which nobody can say whom they concern."""

    def __init__(self) -> None:
        self._leaves: dict[str, array[int]] = {}
        self._unsure: set[int] = set()
        self._next = 0

    def add(self, leaf: int, orgs: Collection[str]) -> None:
        """An event was taken in, and these organisations hear of it; what was passed over before was not."""
        self._pass_over(leaf)
        self._next = leaf + 1
        for org in orgs:
            leaves = self._leaves.get(org)
            if leaves is None:
                leaves = self._leaves[org] = array("Q")
            leaves.append(leaf)

    def compare(self, rows: Iterable[tuple[object, ...]], size: int) -> Iterator[Finding]:
        """Compare a table with what the entries of a log of this size give.

        Args:
            rows: Organisation and leaf index, in any order.
        """
        self._pass_over(size)
        seen = {org: bytearray(len(leaves)) for org, leaves in self._leaves.items()}
        for org, leaf in rows:
            if not isinstance(org, str) or not isinstance(leaf, int):
                yield _mismatch(None, f"expected an organisation and a leaf, got {org!r:.80}, {leaf!r:.80}")
                continue
            leaves = self._leaves.get(org, ())
            at = bisect_left(leaves, leaf)
            if at == len(leaves) or leaves[at] != leaf:
                if leaf not in self._unsure:
                    yield _mismatch(leaf, f"expected no row for {org:.80}, got one")
            elif seen[org][at]:
                yield _mismatch(leaf, f"expected one row for {org}, got two")
            else:
                seen[org][at] = 1
        for org, leaves in self._leaves.items():
            for leaf, found in zip(leaves, seen[org], strict=True):
                if not found:
                    yield _mismatch(leaf, f"expected a row for {org}, got none")

    def _pass_over(self, leaf: int) -> None:
        self._unsure.update(range(self._next, leaf))


def _mismatch(leaf: int | None, evidence: str) -> Finding:
    return Finding("PROJECTION_MISMATCH", evidence, leaf_index=leaf, place="concern")
