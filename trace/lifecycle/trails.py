"""What a verifier keeps of each event that may still be undone, in MessagePack: it grows with the events."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from msgspec.msgpack import Decoder, Encoder

from ..statement import Event, Moment
from .differences import before_of, difference_to
from .encoding import encode_part
from .state import Past, State

_ENCODER: Final = Encoder(enc_hook=encode_part)
_DECODER: Final = Decoder()
_LENGTH: Final = struct.Struct("<I")  # of the record that follows
_BEFORE_ID: Final = 3  # bytes of a record, by which MessagePack says that a list and a text begin
_ID: Final = 43
_DIFFERENCE: Final = 5  # its place in a record
_NOWHERE: Final = -1


class Trails:
    """The events of every chain that are not voided; names that come again and again are kept once.

    Records lie one after the other, whatever their chain. Each has event id, type, signer, key and time, how
    the state before it was other than the one after, and where the chain's record before it lies. What is
    voided stays where it is, and nothing leads there any more.
    """

    def __init__(self) -> None:
        self._records = bytearray()
        self._last: dict[str, int] = {}  # subject -> where its last record lies
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []

    def follow(self, event: Event, at: Moment, before: State | None, after: State | None) -> int:
        """Go on with the trail of the event's chain; a void takes the last step back.

        Returns:
            Where the event lies; of a void, where what it voids does.
        """
        last, numbers, jws = self._last.get(event.sub, _NOWHERE), self._numbers, event.jws
        if event.type.endswith(".voided"):
            self._last[event.sub] = self._record(last)[-1]
            return last
        try:
            kind, iss, kid = numbers[event.type], numbers[event.iss], numbers[jws.kid]
        except KeyError:
            kind, iss, kid = self._number(event.type), self._number(event.iss), self._number(jws.kid)
        record = (jws.id, kind, iss, kid, at.recorded_at, difference_to(before, after), last)
        packed = _ENCODER.encode(record)
        self._last[event.sub] = place = len(self._records)
        self._records += _LENGTH.pack(len(packed)) + packed
        return place

    def event_at(self, place: int) -> str:
        """The id of the event that lies there, whether or not it was voided since."""
        start = place + _LENGTH.size + _BEFORE_ID
        return self._records[start : start + _ID].decode()

    def past(self, subject: str, state: State | None) -> Past | None:
        """The events of a chain that are not voided, newest first.

        Args:
            state: The one after the newest of them.
        """
        records, before = list(self._walk(subject)), [state]
        for record in records:
            before.append(before_of(before[-1], record[_DIFFERENCE]))
        past: Past | None = None
        names = self._names
        for event, kind, iss, kid, at, *_ in reversed(records):
            past = Past(event, names[kind], names[iss], names[kid], at, before.pop(), past)
        return past

    def signed_with(self, kid: str, since: datetime) -> set[str]:
        """The chains on which an event stands that was signed with the key and recorded since then."""
        number = self._numbers.get(kid)
        return {
            subject
            for subject in self._last
            if number is not None
            and any(key == number and at >= since for _, _, _, key, at, _, _ in self._walk(subject))
        }

    def _walk(self, subject: str) -> Iterator[tuple[Any, ...]]:
        """The records of a chain, newest first."""
        place = self._last.get(subject, _NOWHERE)
        while place != _NOWHERE:
            record = self._record(place)
            yield record
            place = record[-1]

    def _record(self, place: int) -> tuple[Any, ...]:
        start = place + _LENGTH.size
        (length,) = _LENGTH.unpack_from(self._records, place)
        return tuple(_DECODER.decode(self._records[start : start + length]))

    def _number(self, name: str) -> int:
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = len(self._names)
            self._names.append(name)
        return number
