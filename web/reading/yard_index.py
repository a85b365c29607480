"""What each organisation might hold, be offered or have on the road: a cache, which nobody has to believe.

As the index of searches it only proposes. Every line of an answer is read from the ledger again; whoever
tampers with the rows can leave something out of a list and can put nothing into one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import ClassVar, Final

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlmodel import Field

from ...trace.ledger.ledger import Ledger
from ...trace.ledger.stored import StoredWorld
from ...trace.lifecycle.state import Batch, Battery, Consignment, Lot, State
from ...trace.statement import parse_entry, parse_event_jws
from ..store import NodeRow, Store

KINDS: Final = ("battery", "batch", "consignment", "lot")
"""What somebody can have in a yard, or on the way to it."""
STEP: Final = 1_000  # leaves in one transaction


class YardRow(NodeRow, table=True):
    """That a subject is some organisation's to deal with: held, offered, owned or on the way."""

    __tablename__ = "yard_part"

    org: str = Field(primary_key=True)
    subject: str = Field(primary_key=True, index=True)


class YardIndexedRow(NodeRow, table=True):
    """How far the index goes: one row."""

    __tablename__ = "yard_indexed"

    id: int = Field(primary_key=True)
    leaves: int


_PART: Final[Table] = NodeRow.metadata.tables["yard_part"]
_INDEXED: Final[Table] = NodeRow.metadata.tables["yard_indexed"]


class YardIndex:
    """Brings itself up to date, and proposes."""

    tables: ClassVar[tuple[Table, ...]] = (_PART, _INDEXED)

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger
        self._indexing = threading.Lock()
        self._closing = False

    def close(self) -> None:
        """Let whoever brings it up to date end soon."""
        self._closing = True

    def bring_up(self, most: int | None = None) -> bool:
        """Take in what the log has under its newest checkpoint; whether that was all.

        Args:
            most: Leaves; all, by default.
        """
        taken = 0
        size = self._ledger.published().size
        while not self._closing:
            with self._indexing:
                at = self._indexed(size)
                if at >= size:
                    return True
                if most is not None and taken >= most:
                    return False
                stop = min(at + STEP, size)
                self._take_in(at, stop)
            taken += stop - at
        return False

    def propose(self, org: str, after: str, limit: int) -> list[str]:
        """Subjects that might be the organisation's to deal with, in order, from the one after `after` on."""
        query = select(_PART.c.subject).where(_PART.c.org == org, _PART.c.subject > after)
        with self._store.read() as connection:
            return list(connection.execute(query.order_by(_PART.c.subject).limit(limit)).scalars())

    def _indexed(self, size: int) -> int:
        """How many leaves it has taken in; none of a log that is shorter, since that is another log."""
        with self._store.read() as connection:
            leaves: int = connection.execute(select(_INDEXED.c.leaves)).scalar_one_or_none() or 0
        if leaves <= size:
            return leaves
        with self._store.write() as connection:
            for table in self.tables:
                connection.execute(delete(table))
        return 0

    def _take_in(self, start: int, stop: int) -> None:
        changed = dict.fromkeys(_subjects(self._ledger.entries(start, stop)))
        world = self._ledger.world()
        if isinstance(world, StoredWorld):
            world.prefetch(changed)  # in one query
        rows = []
        for subject in changed:
            chain = world.chain(subject)
            rows += [{"org": org, "subject": subject} for org in parties(chain.state if chain else None)]
        with self._store.write() as connection:
            present = connection.execute(select(_INDEXED.c.leaves)).scalar_one_or_none() or 0
            if present != start:
                return  # another process was faster
            for subject in changed:
                connection.execute(delete(_PART).where(_PART.c.subject == subject))
            if rows:
                connection.execute(insert(_PART), rows)
            row = {"id": 1, "leaves": stop}
            statement = upsert(_INDEXED).values(row)
            connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=row))


def parties(state: State | None) -> frozenset[str]:
    """Whose it is to deal with; of an offer, even an expired one, also the consignee."""
    found: set[str] = set()
    match state:
        case Battery() | Lot():
            found = {state.custodian, state.offer.consignee if state.offer else ""}
        case Batch(closed=False):
            found = {state.owner}
        case Consignment(arrived=False):
            found = {state.consignor, state.consignee}
        case _:
            pass
    return frozenset(each for each in found if each.startswith("org:"))


def _subjects(entries: Iterable[bytes]) -> Iterator[str]:
    for entry in entries:
        text, _recorded_at = parse_entry(entry)
        subject: str = parse_event_jws(text).value["sub"]
        if subject.partition(":")[0] in KINDS:
            yield subject
