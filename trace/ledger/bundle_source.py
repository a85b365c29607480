"""A ledger as bundles are written from it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from ..lifecycle.state import Reference
from .ledger import Ledger
from .tables import CHAIN


class LedgerSource:
    """What bundles ask a log for, from an open ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def checkpoint(self) -> bytes:
        return self._ledger.checkpoint()

    def checkpoints(self) -> list[tuple[int, bytes]]:
        return self._ledger.checkpoints()

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        return self._ledger.entries(start, stop)

    def entries_of(self, subject: str) -> list[tuple[int, bytes]]:
        return self._ledger.entries_of(subject)

    def tile(self, level: int, index: int) -> bytes:
        return self._ledger.tile(level, index)

    def references_to(self, target: str) -> tuple[Reference, ...]:
        return self._ledger.world().references_to(target)

    def subjects(self, kind: str) -> list[str]:
        # All names that begin with the kind and a colon, and no others: a semicolon comes after a colon.
        query = select(CHAIN.c.subject).where(CHAIN.c.subject >= f"{kind}:", CHAIN.c.subject < f"{kind};")
        with self._ledger.read() as connection:
            return sorted(connection.execute(query).scalars())
