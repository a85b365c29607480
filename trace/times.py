"""The two times of an event: whole seconds as a party claims them, milliseconds as the log records them.

Each instant has one text. Datetimes are aware and in UTC; anything else is refused, never guessed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from .codes.quote import quote
from .errors import RefusedError

SYNTAX_TIME: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
PATTERN_TIME: Final = f"^{SYNTAX_TIME}$"

FIRST_YEAR: Final = 1970
"""Earlier years are refused: they are a clock that was never set. The last is 9999, the widest text."""

_TIME: Final = re.compile(SYNTAX_TIME)
_LOG_TIME: Final = re.compile(SYNTAX_TIME[:-1] + r"\.[0-9]{3}Z")
_LOG_WIDTH: Final = len("2026-11-23T04:40:00.123Z")
_ZERO: Final = timedelta(0)
_LAST: Final = datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC)


class TimeError(RefusedError):
    """The text is not the one text of a time, or the datetime has none."""

    code = "TIME_INVALID"

    def __init__(self, *, expected: str, got: str, where: str = "") -> None:
        super().__init__(f"time: expected {expected}, got {got}", where=where)
        self.expected = expected
        self.got = got


def parse_time(text: str, where: str = "") -> datetime:
    """Parse a party's time, ``2026-11-23T04:40:00Z``.

    Args:
        where: The member that holds it, for the message.

    Raises:
        TimeError: Another form, a day or second that does not exist, or a year before 1970.
    """
    value = _instant(text, _TIME)
    if value is None:
        raise _explain(text, _TIME, "UTC in whole seconds, as 2026-11-23T04:40:00Z", where)
    return value


def parse_log_time(text: str) -> datetime:
    """Parse a time of the log, ``2026-11-23T04:40:00.123Z``.

    Raises:
        TimeError: As `parse_time`.
    """
    # What is recorded together has one time; a longer text is not worth remembering.
    value = _log_instant(text) if len(text) == _LOG_WIDTH else None
    if value is None:
        raise _explain(text, _LOG_TIME, "UTC with milliseconds, as 2026-11-23T04:40:00.123Z", "")
    return value


def later(value: datetime, delta: timedelta) -> datetime:
    """The time so much later, or the last that there is: somebody's log may claim to be of the year 9999."""
    try:
        return value + delta
    except OverflowError:
        return _LAST


def format_time(value: datetime) -> str:
    """Write a party's time; `parse_time` gives `value` back.

    Raises:
        TimeError: A datetime that is naive, not in UTC, before 1970, or not in whole seconds.
    """
    _check(value, step_us=1_000_000, expected="whole seconds")
    return value.isoformat(timespec="seconds")[:19] + "Z"


def format_log_time(value: datetime) -> str:
    """Write a time of the log; `parse_log_time` gives `value` back.

    Raises:
        TimeError: A datetime that is naive, not in UTC, before 1970, or not in whole milliseconds.
    """
    # What is recorded together has one time. In another zone an equal one may be another text, or none.
    return _format_log_time(value) if value.tzinfo is UTC else _format_log_time.__wrapped__(value)


def show_time(value: datetime) -> str:
    """A time as a message tells it: in the form of parties and log, as far as it has one. Raises nothing."""
    digits = "auto" if value.microsecond % 1_000 else "milliseconds" if value.microsecond else "seconds"
    return value.isoformat(timespec=digits).replace("+00:00", "Z")


def _instant(text: str, form: re.Pattern[str]) -> datetime | None:
    """The instant that a text of this form stands for, or None. The form is looked at first, so that the
    lenient parser has nothing to be lenient about.
    """
    if form.fullmatch(text) is None:
        return None
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    return value if value.year >= FIRST_YEAR else None


@lru_cache(maxsize=256)
def _format_log_time(value: datetime) -> str:
    _check(value, step_us=1_000, expected="whole milliseconds")
    return value.isoformat(timespec="milliseconds")[:23] + "Z"


@lru_cache(maxsize=256)
def _log_instant(text: str) -> datetime | None:
    return _instant(text, _LOG_TIME)


def _explain(text: str, form: re.Pattern[str], said: str, where: str) -> TimeError:
    """Say what is wrong with a text that stands for no instant."""
    if form.fullmatch(text) is None:
        expected = said
    elif int(text[:4]) < FIRST_YEAR:
        expected = f"a year from {FIRST_YEAR}"
    else:
        expected = "a day and a time that exist"
    return TimeError(expected=expected, got=quote(text), where=where)


def _check(value: datetime, *, step_us: int, expected: str) -> None:
    """Refuse a datetime that no text stands for."""
    offset = value.utcoffset()
    if offset is None:
        raise TimeError(expected="a datetime in UTC", got=f"a naive one, {value.isoformat()}")
    if offset != _ZERO:
        raise TimeError(expected="a datetime in UTC", got=value.isoformat())
    if value.year < FIRST_YEAR:
        raise TimeError(expected=f"a year from {FIRST_YEAR}", got=value.isoformat())
    if value.microsecond % step_us:
        raise TimeError(expected=expected, got=f"{value.microsecond} microseconds")
