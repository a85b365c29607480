"""When each device last asked for something, as this node saw it: to the quarter of an hour, told to its own.

No evidence, and nothing rests on it: it helps whoever asks which phone is in use, and which in a drawer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Column, Integer, Table, Text, select
from sqlalchemy.dialects.sqlite import insert
from sqlmodel import Field

from ..store import NodeRow, Store

STEP: Final = timedelta(minutes=15)
_MOST: Final = 10_000  # keys that are remembered to have been noted


class DeviceSeenRow(NodeRow, table=True):
    """A key that made a good token."""

    __tablename__ = "device_seen"

    kid: str = Field(sa_column=Column(Text, primary_key=True))
    at: int = Field(sa_column=Column(Integer, nullable=False))  # seconds since 1970


_ROWS: Final[Table] = NodeRow.metadata.tables["device_seen"]


class Seen:
    """What the node remembers of it."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._noted: dict[str, datetime] = {}
        self._noting = threading.Lock()

    def note(self, kid: str) -> None:
        """A key was used just now; written once in a while.

        Raises:
            StoreFailedError: It could not be kept.
        """
        now = self._clock()
        with self._noting:
            before = self._noted.get(kid)
            if before is not None and now - before < STEP:
                return
            if len(self._noted) >= _MOST:
                self._noted.clear()
            self._noted[kid] = now
        row = {"kid": kid, "at": int(now.timestamp())}
        statement = insert(_ROWS).values(row)
        with self._store.write() as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=["kid"], set_={"at": row["at"]})
            )

    def of(self, kids: Collection[str]) -> dict[str, datetime]:
        """When each was used last; none of those that never were."""
        query = select(_ROWS.c.kid, _ROWS.c.at).where(_ROWS.c.kid.in_(list(kids)))
        with self._store.read() as connection:
            return {kid: datetime.fromtimestamp(at, UTC) for kid, at in connection.execute(query)}
