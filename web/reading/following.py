"""What is made of the log beside it, and follows it as it grows: the frame of every index of a node.

Nothing of it is evidence. Whoever deletes the rows has them made anew.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final

from sqlalchemy import Connection, Table, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlmodel import Field

from ...trace.ledger.ledger import Ledger
from ..store import NodeRow, Store


class FollowedRow(NodeRow, table=True):
    """How far an index goes."""

    __tablename__ = "followed"

    name: str = Field(primary_key=True)
    mark: int
    leaves: int


_FOLLOWED: Final[Table] = NodeRow.metadata.tables["followed"]


class Following(ABC):
    """An index that brings itself up to date. Processes may share one: nothing is taken in twice."""

    name: ClassVar[str]
    tables: ClassVar[tuple[Table, ...]]  # its own
    step: ClassVar[int] = 1_000  # leaves in one transaction

    def __init__(self, store: Store, ledger: Ledger, *, mark: int = 0) -> None:
        """Args:
        mark: Of what its rows rest on besides the log; rows of another mark are of no use.
        """
        self._store = store
        self._ledger = ledger
        self._mark = mark
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
                at = self._followed(size)
                if at >= size:
                    self._caught_up()
                    return True
                if most is not None and taken >= most:
                    return False
                stop = min(at + self.step, size)
                self._take_in(at, stop)
            taken += stop - at
        return False

    @abstractmethod
    def _take_in(self, start: int, stop: int) -> None:
        """Take in the leaves from `start` up to `stop`, within `_taking`."""

    def _caught_up(self) -> None:  # noqa: B027 -- most indexes have nothing to do then
        """Do what is left once all leaves are taken in."""

    @contextmanager
    def _taking(self, start: int, stop: int) -> Iterator[Connection | None]:
        """One transaction that takes in these leaves; None where another process was faster."""
        with self._store.write() as connection:
            query = select(_FOLLOWED.c.leaves).where(_FOLLOWED.c.name == self.name)
            if (connection.execute(query).scalar_one_or_none() or 0) != start:
                yield None
                return
            yield connection
            row = {"name": self.name, "mark": self._mark, "leaves": stop}
            statement = upsert(_FOLLOWED).values(row)
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))

    def _followed(self, size: int) -> int:
        """How many leaves it has taken in; none of a log that is shorter, since that is another log."""
        query = select(_FOLLOWED.c.mark, _FOLLOWED.c.leaves).where(_FOLLOWED.c.name == self.name)
        with self._store.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return 0
        if row.mark == self._mark and row.leaves <= size:
            return int(row.leaves)
        with self._store.write() as connection:
            for table in self.tables:
                connection.execute(delete(table))
            connection.execute(delete(_FOLLOWED).where(_FOLLOWED.c.name == self.name))
        return 0
