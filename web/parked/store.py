"""Signed records that the log has no place for, until a device of the same organisation signs them again.

Nothing here is evidence: whoever takes a record from here checks its signature and reads what it says before
signing it. Once the record that stands for it is in the log, its text is removed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from sqlalchemy import Column, Connection, Integer, Row, Table, Text, delete, func, insert, select, update
from sqlmodel import Field

from ...trace.errors import RefusedError
from ..store import NodeRow, Store

MAX_OF_ONE: Final = 1_000  # records of an organisation
MAX_BYTES_OF_ONE: Final = 64 << 20
LEASE: Final = timedelta(hours=1)  # that another device is kept from signing the same record again
REMEMBERED: Final = timedelta(days=30)  # that a device may ask what became of its record

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

InLog = Callable[[Sequence[str]], set[str]]
"""Gives those of these events that the log has."""


class ParkedUnknownError(RefusedError):
    """The organisation has parked no such record, or it is settled since long."""

    code = "PARKED_UNKNOWN"
    http_status: ClassVar[int] = 404


class ParkedTakenError(RefusedError):
    """Another device is signing it again, or has."""

    code = "PARKED_TAKEN"
    http_status: ClassVar[int] = 409


class ParkedTooManyError(RefusedError):
    """The organisation has parked as much as one may."""

    code = "PARKED_TOO_MANY"
    http_status: ClassVar[int] = 409


class ParkedRow(NodeRow, table=True):
    """A parked record. Times are milliseconds since 1970."""

    __tablename__ = "parked"

    org: str = Field(sa_column=Column(Text, primary_key=True))
    id: str = Field(sa_column=Column(Text, primary_key=True))  # of its last event
    events: str = Field(sa_column=Column(Text, nullable=False))  # JSON; none once it is settled
    kid: str = Field(sa_column=Column(Text, nullable=False))  # of the device that parked it
    code: str = Field(sa_column=Column(Text, nullable=False))
    detail: str = Field(sa_column=Column(Text, nullable=False))
    parked_at: int = Field(sa_column=Column(Integer, nullable=False))
    taken_kid: str = Field(sa_column=Column(Text, nullable=False))
    taken_at: int = Field(sa_column=Column(Integer, nullable=False))
    taken_as: str = Field(sa_column=Column(Text, nullable=False))  # JSON: ids of what was signed in its place
    settled_at: int | None = Field(sa_column=Column(Integer, nullable=True))  # seen in the log by then


_PARKED: Final[Table] = NodeRow.metadata.tables["parked"]


@dataclass(frozen=True, slots=True)
class Parked:
    """A parked record as it stands."""

    id: str
    events: tuple[str, ...]
    kid: str
    code: str
    detail: str
    parked_at: datetime
    taken_kid: str
    taken_at: datetime | None
    taken_as: tuple[str, ...]
    settled: bool

    @classmethod
    def of(cls, row: Row[Any]) -> Parked:
        """From a row of the table."""
        return cls(
            row.id, tuple(json.loads(row.events)), row.kid, row.code, row.detail, _time(row.parked_at),
            row.taken_kid, _time(row.taken_at) if row.taken_kid else None, tuple(json.loads(row.taken_as)),
            row.settled_at is not None,
        )  # fmt: skip


class ParkedRecords:
    """The parked records of a node; every question and every change is of one organisation."""

    def __init__(self, store: Store, clock: Callable[[], datetime], in_log: InLog) -> None:
        self._store = store
        self._clock = clock
        self._in_log = in_log

    def add(
        self, org: str, kid: str, event_id: str, events: Sequence[str], code: str, detail: str
    ) -> tuple[Parked, bool]:
        """Park a record; one that is there already stays as it was.

        Returns:
            The record, and whether it is new.

        Raises:
            ParkedTooManyError: There is no room for more.
        """
        text = json.dumps(list(events))
        row: dict[str, Any] = {
            "org": org, "id": event_id, "events": text, "kid": kid, "code": code, "detail": detail,
            "parked_at": self._now(), "taken_kid": "", "taken_at": 0, "taken_as": "[]", "settled_at": None,
        }  # fmt: skip
        with self._settled(org) as connection:
            known = _find(connection, org, event_id)
            if known is None:
                _check_room(connection, org, len(text))
                connection.execute(insert(_PARKED).values(row))
                self._settle(connection, org)  # it may be in the log already: an answer was lost
            return Parked.of(_row(connection, org, event_id)), known is None

    def of(self, org: str, after: str, limit: int) -> list[Parked]:
        """Records of an organisation in the order of their ids, from the one after `after` on."""
        with self._settled(org):
            pass
        query = select(_PARKED).where(_PARKED.c.org == org, _PARKED.c.id > after)
        with self._store.read() as connection:
            rows = connection.execute(query.order_by(_PARKED.c.id).limit(limit))
            return [Parked.of(row) for row in rows]

    def take(self, org: str, kid: str, event_id: str, stand_in: Sequence[str]) -> Parked:
        """Say by which events a device replaces a record, so that no other does the same meanwhile.

        Raises:
            ParkedUnknownError: There is none of this id.
            ParkedTakenError: Another took it within the lease, or it is settled.
        """
        with self._settled(org) as connection:
            known = Parked.of(_row(connection, org, event_id))
            if known.taken_as == tuple(stand_in):
                return known
            now = self._now()
            taken = known.taken_at is not None and _time(now) < known.taken_at + LEASE
            if known.settled or (taken and known.taken_kid != kid):
                what = "one that is settled" if known.settled else f"one that key {known.taken_kid} took"
                raise ParkedTakenError(f"parked: expected a record that nobody signs again, got {what}")
            change = {"taken_kid": kid, "taken_at": now, "taken_as": json.dumps(list(stand_in))}
            connection.execute(update(_PARKED).where(*_is(org, event_id)).values(change))
            return Parked.of(_row(connection, org, event_id))

    def delete(self, org: str, event_id: str) -> None:
        """Let a record go, because it is not to be recorded any more.

        Raises:
            ParkedUnknownError: There is none of this id.
        """
        with self._store.write() as connection:
            _row(connection, org, event_id)
            connection.execute(delete(_PARKED).where(*_is(org, event_id)))
        self._store.scrub()

    @contextmanager
    def _settled(self, org: str) -> Iterator[Connection]:
        """A transaction that begins by looking what the log has by now."""
        with self._store.write() as connection:
            gone = self._settle(connection, org)
            yield connection
        if gone:
            self._store.scrub()

    def _settle(self, connection: Connection, org: str) -> bool:
        """Remove the text of what the log has by now, itself or in its place; forget what is long settled.

        Returns:
            Whether any text was removed.
        """
        now = self._now()
        old = now - REMEMBERED // timedelta(milliseconds=1)
        connection.execute(delete(_PARKED).where(_PARKED.c.org == org, _PARKED.c.settled_at < old))
        open_ = select(_PARKED.c.id, _PARKED.c.taken_as).where(
            _PARKED.c.org == org, _PARKED.c.settled_at.is_(None)
        )
        stand_ins = {row.id: json.loads(row.taken_as) for row in connection.execute(open_)}
        last = {event_id: [event_id, *ids[-1:]] for event_id, ids in stand_ins.items()}
        known = self._in_log([each for ids in last.values() for each in ids]) if last else set()
        settled = [event_id for event_id, ids in last.items() if known.intersection(ids)]
        for event_id in settled:
            done = {"events": "[]", "detail": "", "settled_at": now}
            connection.execute(update(_PARKED).where(*_is(org, event_id)).values(done))
        return bool(settled)

    def _now(self) -> int:
        return (self._clock() - _EPOCH) // timedelta(milliseconds=1)


def _is(org: str, event_id: str) -> tuple[Any, Any]:
    return _PARKED.c.org == org, _PARKED.c.id == event_id


def _find(connection: Connection, org: str, event_id: str) -> Row[Any] | None:
    return connection.execute(select(_PARKED).where(*_is(org, event_id))).one_or_none()


def _row(connection: Connection, org: str, event_id: str) -> Row[Any]:
    row = _find(connection, org, event_id)
    if row is None:
        raise ParkedUnknownError("parked: expected a record of this organisation, got another id")
    return row


def _check_room(connection: Connection, org: str, size: int) -> None:
    query = select(func.count(), func.coalesce(func.sum(func.length(_PARKED.c.events)), 0))
    count, taken = connection.execute(query.where(_PARKED.c.org == org, _PARKED.c.settled_at.is_(None))).one()
    if count >= MAX_OF_ONE or taken + size > MAX_BYTES_OF_ONE:
        raise ParkedTooManyError(
            f"parked: expected fewer than {MAX_OF_ONE} records and {MAX_BYTES_OF_ONE} bytes, "
            f"got {count} and {taken + size}"
        )


def _time(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)
