"""A statement, the event that signs it, and the entry in which the log recorded it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from sys import intern
from typing import Any, Final

import orjson
from msgspec import Struct

from ..signing.errors import SigningError
from ..signing.jws import EVENT, Jws, parse_jws
from .codes.party import parse_party
from .codes.subjects import parse_subject
from .errors import RefusedError
from .rules.shapes import Shapes
from .times import format_log_time, parse_log_time, parse_time

MAX_ENTRY: Final = 65_535
"""Bytes of an entry at most: what the two-byte length of an entry bundle can say (C2SP tlog-tiles)."""


class EntryError(RefusedError):
    """The bytes are not an entry as the log writes it."""

    code = "ENTRY_MALFORMED"


class Event(Struct, frozen=True, gc=False):  # an audit makes a million: a dataclass takes eight times as long
    """A signed statement exactly as received, and what it says.

    The other members repeat the payload for reading; they are never encoded back.
    """

    jws: Jws  # RFC 7515 compact serialisation; these bytes are signed, stored and hashed
    type: str
    sub: str
    seq: int
    prev: str | None
    iss: str
    occurred_at: datetime  # the party's claim, UTC, whole seconds
    data: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Name of this event: SHA-256 of what was signed, base64url, 43 characters."""
        return self.jws.id


class Moment(Struct, frozen=True, gc=False):
    """Where and when the log recorded an event."""

    leaf_index: int
    recorded_at: datetime  # the log's clock, UTC, milliseconds


def parse_event_jws(text: str) -> Jws:
    """Take an event's compact JWS apart: grammar, header and compact form, no more.

    Raises:
        RefusedError: With the code of what `signing` found, and where.
    """
    try:
        return parse_jws(text, typ=EVENT)
    except SigningError as error:
        raise RefusedError(str(error), code=error.code, where="jws") from error


def read_event(jws: Jws) -> Event:
    """Name the members of a payload whose shape has been checked.

    Raises:
        TimeError: ``occurred_at`` is a day or second that does not exist.
    """
    value = jws.value
    # Subjects and organisations come again and again, and stay in the states: one text of each is enough.
    return Event(
        jws,
        intern(value["type"]),
        intern(value["sub"]),
        value["seq"],
        value.get("prev"),
        intern(value["iss"]),
        parse_time(value["occurred_at"], "/occurred_at"),
        value["data"],
    )


def format_entry(jws: str, recorded_at: datetime) -> bytes:
    """The leaf of the log: ``{"event":…,"recorded_at":…}``, members in this order (DESIGN, section 5).

    Raises:
        EntryError: More than 65,535 bytes.
    """
    data = orjson.dumps({"event": jws, "recorded_at": format_log_time(recorded_at)})
    if len(data) > MAX_ENTRY:
        raise EntryError(f"entry: expected at most {MAX_ENTRY} bytes, got {len(data)}")
    return data


def check_addressed(event: Event, origin: str) -> None:
    """The statement is meant for this log, about a subject and by an organisation that can exist.

    Raises:
        RefusedError: ``WRONG_AUDIENCE``, or the reason of `parse_subject` or `parse_party`.
    """
    aud = event.jws.value["aud"]
    if aud != origin:
        raise RefusedError(f"aud: expected {origin}, got {aud}", code="WRONG_AUDIENCE", where="/aud")
    parse_subject(event.sub)
    parse_party(event.iss.removeprefix("org:"))


def read_addressed(jws: Jws, shapes: Shapes, origin: str) -> Event:
    """The event that a JWS holds: its shape, version and address are right.

    Raises:
        RefusedError: They are not, as `Shapes.check`, `read_event` and `check_addressed` say, in this order.
        UnknownVersionError: Its version or type is not known here.
    """
    event = _read_plain(jws, shapes, origin)
    if event is None:
        shapes.check(jws.value)
        event = read_event(jws)
        check_addressed(event, origin)
    return event


def _read_plain(jws: Jws, shapes: Shapes, origin: str) -> Event | None:
    """The event, if nothing is wrong with it: parsing what names time, subject and issuer shows their form.

    None says nothing: what is wrong, if anything is, the checks tell one by one.
    """
    value = jws.value
    shape = shapes.shape_but_for_address(value)
    if shape is None or value["aud"] != origin:
        return None
    try:
        event = read_event(jws)
        kind = parse_subject(event.sub).kind
        parse_party(event.iss.removeprefix("org:"))
    except RefusedError:
        return None
    return event if kind in shape.kinds and event.iss.startswith("org:") else None


_HEAD: Final = b'{"event":"'
_MIDDLE: Final = b'","recorded_at":"'
_TAIL: Final = b'"}'
_EVENT_AT: Final = len(_HEAD)
_TIME_END: Final = -len(_TAIL)
_TIME_AT: Final = _TIME_END - len("2026-11-23T04:40:01.123Z")
_MIDDLE_AT: Final = _TIME_AT - len(_MIDDLE)
_LEAST_ENTRY: Final = _EVENT_AT - _MIDDLE_AT


def parse_entry(data: bytes) -> tuple[str, datetime]:
    """Take an entry apart: the compact JWS, not yet parsed, and the log's time.

    Raises:
        EntryError: Anything but the exact bytes that `format_entry` writes.
        TimeError: ``recorded_at`` is no time.
    """
    if (
        len(data) > MAX_ENTRY
        or len(data) < _LEAST_ENTRY
        or not data.startswith(_HEAD)
        or not data.isascii()
        or (recorded_at := _parse_end(data[_MIDDLE_AT:])) is None
    ):
        raise EntryError(
            f'entry: expected {{"event":"…","recorded_at":"…"}} of at most {MAX_ENTRY} bytes, '
            f"got {len(data)} bytes beginning {data[:40]!r}"
        )
    return data[_EVENT_AT:_MIDDLE_AT].decode("ascii"), recorded_at


@lru_cache(maxsize=256)  # what is recorded together ends in the same bytes
def _parse_end(end: bytes) -> datetime | None:
    """The log's time in the last bytes of an entry, which are ASCII; None where they are not of that form.

    Raises:
        TimeError: They are, and ``recorded_at`` is no time.
    """
    if not end.startswith(_MIDDLE) or not end.endswith(_TAIL):
        return None
    return parse_log_time(end[len(_MIDDLE) : _TIME_END].decode("ascii"))
