"""Lines of events, as people and programs hand them in: one submission a line.

A line is a compact JWS (with its disclosures, ``JWS~disclosure~…~``), or a JSON object: ``{"event":"…"}``, or
``{"events":["…",…]}`` for a group that stands or falls together. An object may name the event's ``id``, which
must then fit, and ``at``, the log's clock in a story; only `packtrace load` looks at that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Final

from ...signing.jws import EVENT, parse_jws
from ..errors import RefusedError
from ..ledger.door import Submission
from ..times import parse_log_time
from .text_input import read_lines

MAX_LINE: Final = 4 << 20
"""Bytes of a line: a group of some hundred events."""

_MEMBERS: Final = ({"event"}, {"events"})


class LineError(RefusedError):
    """The line is not one that holds events."""

    code = "MALFORMED_JWS"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of input: what it submits, or why it submits nothing."""

    source: str
    number: int  # from 1
    submission: Submission | None
    at: datetime | None = None
    error: RefusedError | None = None


def parse_event_lines(source: str, file: BinaryIO) -> Iterator[Line]:
    """Read every line that is not blank. A line that can't be read is told, not skipped."""
    for number, data in read_lines(file, limit=MAX_LINE):
        try:
            if data is None:
                raise LineError(f"line: expected at most {MAX_LINE} bytes, got more")
            submission, at = parse_event_line(data)
        except RefusedError as error:
            yield Line(source, number, None, error=error)
        else:
            yield Line(source, number, submission, at)


def parse_event_line(data: bytes) -> tuple[Submission, datetime | None]:
    """Take one line apart.

    Raises:
        LineError: Neither a JWS nor an object that holds some.
        RefusedError: ``id`` or ``at`` is not what it must be.
    """
    try:
        text = data.decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise LineError(
            f"line: expected a JWS or a JSON object in ASCII, got byte 0x{data[error.start]:02x} "
            f"at byte {error.start}"
        ) from None
    if not text.startswith("{"):
        return Submission((text,)), None
    value = _parse_object(text)
    members = value.keys() - {"id", "at"}
    if members not in _MEMBERS:
        raise LineError(
            f"line: expected the member event or events, got {', '.join(sorted(value)) or 'none'}"
        )
    events = [value["event"]] if "event" in value else value["events"]
    if not isinstance(events, list) or not events or not all(isinstance(event, str) for event in events):
        raise LineError(
            "line: expected an event as a text, or events as an array of texts, got another value"
        )
    _check_id(value, events)
    at = value.get("at")
    if at is not None and not isinstance(at, str):
        raise LineError("at: expected a time of the log as a text, got another value")
    return Submission(tuple(events)), parse_log_time(at) if at is not None else None


def batches(lines: Iterable[Line], size: int) -> Iterator[list[Line]]:
    """The lines in lists of at most that many."""
    batch: list[Line] = []
    for line in lines:
        batch.append(line)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _parse_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        raise LineError("line: expected one object that holds events, got one nested too deep") from None
    except ValueError as error:
        raise LineError(f"line: expected a JSON object, got {error}") from None
    if not isinstance(value, dict):
        raise LineError("line: expected a JSON object, got another value")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a member twice")
    return value


def _check_id(value: dict[str, Any], events: list[str]) -> None:
    if "id" not in value:
        return
    try:
        got = parse_jws(events[0].partition("~")[0], typ=EVENT).id
    except ValueError:
        return  # what is wrong with the event itself is told at the door
    if len(events) != 1 or value["id"] != got:
        raise LineError(f"id: expected {got}, as the event has it, got {str(value['id'])[:60]}")
