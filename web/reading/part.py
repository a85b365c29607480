"""The part of the log about one battery that a reader may take away, as a bundle that is verified elsewhere.

A bundle holds what judging its entries needs, and so entries of other chains: vehicles, siblings, batches,
consignments. Of each chain it has what this reader sees of that chain, and no more. Where that is too little
to judge an entry, whoever verifies the bundle says so (``BUNDLE_INCOMPLETE``): nothing passes for whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from ...trace.bundle.write import BatterySource
from ...trace.codes.subjects import Subject, parse_subject
from ...trace.lifecycle.state import Reference
from .tiers import FOR_ENROLLED, PUBLIC, ReadChain, View

_OPEN: Final = tuple(f"{kind}:" for kind in PUBLIC + FOR_ENROLLED)
"""Chains that every enrolled organisation sees whole. Strangers are given no bundle."""


class SeenLog:
    """A log as bundles are written from it, cut down to what one reader sees of each chain."""

    def __init__(self, log: BatterySource, read: ReadChain, view: Callable[[Subject], View]) -> None:
        """Args:
        log: All of it.
        read: Its chains, for those of which not every event is seen.
        view: What the reader sees of a chain.
        """
        self._log = log
        self._read = read
        self._view = view

    def checkpoint(self) -> bytes:
        return self._log.checkpoint()

    def checkpoints(self) -> Iterable[tuple[int, bytes]]:
        return self._log.checkpoints()

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        """Of any chain: they show where a group begins and ends, and are not written by themselves."""
        return self._log.entries(start, stop)

    def entries_of(self, subject: str) -> Iterable[tuple[int, bytes]]:
        entries = self._log.entries_of(subject)
        if subject.startswith(_OPEN):
            return entries
        view = self._view(parse_subject(subject))
        if view.is_whole:
            return entries
        seen = {told.leaf_index for told in self._read(subject) if view.sees(told)}
        return [(leaf, entry) for leaf, entry in entries if leaf in seen]

    def tile(self, level: int, index: int) -> bytes:
        return self._log.tile(level, index)

    def references_to(self, target: str) -> Iterable[Reference]:
        return self._log.references_to(target)

    def subjects(self, kind: str) -> Iterable[str]:
        return self._log.subjects(kind)
