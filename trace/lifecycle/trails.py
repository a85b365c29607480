"""What a verifier keeps of each event that may still be undone, packed: it grows with the events."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct

from ..statement import Event, Moment
from .state import Past, State

_RECORD: Final = struct.Struct(">43sHIIq")  # event id, type, signer, key, milliseconds since 1970
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class Trail(Struct, gc=False):
    """The events of a chain that are not voided, and the state before each."""

    records: bytearray
    states: list[State | None]


class Trails:
    """The trail of every chain; names that come again and again are kept once."""

    def __init__(self) -> None:
        self._trails: dict[str, Trail] = {}
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._last = _EPOCH  # events that are recorded together have one time
        self._last_ms = 0

    def follow(self, event: Event, at: Moment, before: State | None) -> None:
        """Go on with the trail of the event's chain; a void takes the last step back."""
        trail = self._trails.get(event.sub)
        if trail is None:
            trail = self._trails[event.sub] = Trail(bytearray(), [])
        if event.type.endswith(".voided"):
            del trail.records[-_RECORD.size :]
            trail.states.pop()
            return
        if at.recorded_at != self._last:
            self._last, self._last_ms = at.recorded_at, (at.recorded_at - _EPOCH) // _MILLISECOND
        numbers, jws = self._numbers, event.jws
        try:
            named = numbers[event.type], numbers[event.iss], numbers[jws.kid]
        except KeyError:
            named = self._number(event.type), self._number(event.iss), self._number(jws.kid)
        trail.records += _RECORD.pack(jws.id.encode(), *named, self._last_ms)
        trail.states.append(before)

    def past(self, subject: str) -> Past | None:
        """The events of a chain that are not voided, newest first."""
        trail = self._trails.get(subject)
        past: Past | None = None
        if trail is None:
            return None
        for record, before in zip(_RECORD.iter_unpack(trail.records), trail.states, strict=True):
            digest, kind, iss, kid, at = record
            names = self._names
            moment = _EPOCH + at * _MILLISECOND
            past = Past(digest.decode(), names[kind], names[iss], names[kid], moment, before, past)
        return past

    def signed_with(self, kid: str, since: datetime) -> set[str]:
        """The chains on which an event stands that was signed with the key and recorded since then."""
        number = self._numbers.get(kid)
        first = (since - _EPOCH) // _MILLISECOND
        return {
            subject
            for subject, trail in self._trails.items()
            if number is not None
            and any(key == number and at >= first for *_, key, at in _RECORD.iter_unpack(trail.records))
        }

    def _number(self, name: str) -> int:
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = len(self._names)
            self._names.append(name)
        return number
