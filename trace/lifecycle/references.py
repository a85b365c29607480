"""Which events name what, as a verifier keeps it: in columns, since there is about one for two events."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from sys import intern
from typing import Final

from .state import Reference

_NONE: Final = -1


class References:
    """The references to every target, in the order in which they came."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}  # target -> its newest row
        self._earlier = array("q")  # the row before with the same target
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
        if earlier == _NONE and ":" in target:
            target = intern(target)  # a subject, whose one text stands elsewhere as well; not so an id
        self._last[target] = row
        self._earlier.append(earlier)
        self._leaves.append(reference.leaf_index)
        self._subjects.append(reference.subject)
        self._places.append(place)

    def to(self, target: str) -> list[tuple[int, str, int]]:
        """Leaf index, subject, and the event's place in the trails, of those to the target."""
        found = []
        row = self._last.get(target, _NONE)
        while row != _NONE:
            found.append((self._leaves[row], self._subjects[row], self._places[row]))
            row = self._earlier[row]
        return found[::-1]

    def __iter__(self) -> Iterator[str]:
        """Every target."""
        return iter(self._last)
