"""Which events name what, as a verifier keeps it: in columns, since there is about one for two events."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from sys import intern
from typing import Final

from .state import Reference

_NONE: Final = -1


class References:
    """The references to every target, one row for each, in the order of the log."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}  # target -> its newest row
        self._earlier = array("q")  # the row before with the same target
        self._targets: list[str] = []
        self._leaves = array("Q")
        self._subjects: list[str] = []
        self._places = array("Q")

    def add(self, reference: Reference, place: int) -> None:
        """Take in the next one.

        Args:
            place: Where its event lies in the trails.
        """
        target, row = reference.target, len(self._places)
        earlier = self._last.get(target, _NONE)
        if earlier != _NONE:
            target = self._targets[earlier]
        elif ":" in target:
            target = intern(target)  # a subject, whose one text stands elsewhere as well; not so an id
        self._last[target] = row
        self._earlier.append(earlier)
        self._targets.append(target)
        self._leaves.append(reference.leaf_index)
        self._subjects.append(reference.subject)
        self._places.append(place)

    def rows(self, target: str) -> list[int]:
        """Those to the target, in the order of the log."""
        found = []
        row = self._last.get(target, _NONE)
        while row != _NONE:
            found.append(row)
            row = self._earlier[row]
        return found[::-1]

    def row(self, target: object, leaf_index: object) -> int | None:
        """The one to the target by the event at this leaf, if there is one; both may be anything."""
        if not isinstance(leaf_index, int):
            return None
        row = bisect_left(self._leaves, leaf_index)
        while row < len(self._leaves) and self._leaves[row] == leaf_index:
            if self._targets[row] == target:
                return row
            row += 1
        return None

    def at(self, row: int) -> tuple[str, int, str, int]:
        """Target, leaf index, subject, and the event's place in the trails."""
        return self._targets[row], self._leaves[row], self._subjects[row], self._places[row]

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[str]:
        """Every target."""
        return iter(self._last)
