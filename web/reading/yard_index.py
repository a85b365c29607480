"""What each organisation might hold, be offered or have on the road: a cache, which nobody has to believe.

As the index of searches it only proposes. Every line of an answer is read from the ledger again; whoever
tampers with the rows can leave something out of a list and can put nothing into one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar, Final

from sqlalchemy import Table, delete, insert, select
from sqlmodel import Field

from ...trace.ledger.stored import StoredWorld
from ...trace.lifecycle.state import Batch, Battery, Consignment, Lot, State
from ...trace.statement import parse_entry, parse_event_jws
from ..store import NodeRow
from .following import Following

KINDS: Final = ("battery", "batch", "consignment", "lot")
"""What somebody can have in a yard, or on the way to it."""


class YardRow(NodeRow, table=True):
    """That a subject is some organisation's to deal with: held, offered, owned or on the way."""

    __tablename__ = "yard_part"

    org: str = Field(primary_key=True)
    subject: str = Field(primary_key=True, index=True)


_PART: Final[Table] = NodeRow.metadata.tables["yard_part"]


class YardIndex(Following):
    """Proposes what is somebody's to deal with."""

    name = "yard"
    tables: ClassVar[tuple[Table, ...]] = (_PART,)

    def propose(self, org: str, after: str, limit: int) -> list[str]:
        """Subjects that might be the organisation's to deal with, in order, from the one after `after` on."""
        query = select(_PART.c.subject).where(_PART.c.org == org, _PART.c.subject > after)
        with self._store.read() as connection:
            return list(connection.execute(query.order_by(_PART.c.subject).limit(limit)).scalars())

    def _take_in(self, start: int, stop: int) -> None:
        changed = dict.fromkeys(_subjects(self._ledger.entries(start, stop)))
        world = self._ledger.world()
        if isinstance(world, StoredWorld):
            world.prefetch(changed)  # in one query
        rows = []
        for subject in changed:
            chain = world.chain(subject)
            rows += [{"org": org, "subject": subject} for org in parties(chain.state if chain else None)]
        with self._taking(start, stop) as connection:
            if connection is None:
                return
            for subject in changed:
                connection.execute(delete(_PART).where(_PART.c.subject == subject))
            if rows:
                connection.execute(insert(_PART), rows)


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
