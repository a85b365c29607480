"""One line of input that submits events, as people and programs hand them in.

A line is a compact JWS (with its disclosures, ``JWS~disclosure~…~``), or a JSON object: ``{"event":"…"}``, or
``{"events":["…",…]}`` for a group that stands or falls together. An object may name the event's ``id``, which
must then fit, and ``at``, the log's clock in a story; only `packtrace load` looks at that.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from ...signing.jws import EVENT, parse_jws
from ..errors import RefusedError
from ..times import parse_log_time
from .door import Submission

MAX_LINE: Final = 4 << 20
"""Bytes of a line: a group of some hundred events."""

_MEMBERS: Final = ({"event"}, {"events"})


class LineError(RefusedError):
    """The line is not one that holds events."""

    code = "MALFORMED_JWS"


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
