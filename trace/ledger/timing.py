"""The times that the log records: its clock's, never going back, and confirmed where they leap."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from ..rules.policy import Policy
from ..times import show_time
from .errors import ClockError

DEMONSTRATION: Final = "demonstration"
"""The purpose of logs that may be told what time it was."""


def choose_times(
    times: Sequence[datetime],
    last: datetime | None,
    policy: Policy,
    *,
    given: bool,
    confirmed: bool,
    purpose: str,
) -> list[datetime]:
    """The time to record for each submission.

    Args:
        times: What the clock says, or what a caller gave in its place, for each in order.
        last: Of the newest entry.
        given: A caller gave them.
        confirmed: Somebody has looked, and they are right however far from the last.
        purpose: Of the log, as ``log.opened`` says.

    Raises:
        ClockError: Given to a log that keeps its own time; not UTC; or, unconfirmed, too far from the last.
    """
    if given and purpose != DEMONSTRATION:
        raise ClockError(f"recorded_at: expected the clock's in a log for {purpose}, got a list of times")
    behind, ahead = timedelta(seconds=policy.clock_behind_s), timedelta(days=policy.clock_ahead_days)
    chosen: list[datetime] = []
    for now in map(milliseconds, times):
        if last is not None and not confirmed:
            if now < last - behind:
                raise ClockError(f"clock: expected {show_time(last)} or later, got {show_time(now)}")
            # A demonstration tells of years, and goes on today.
            if now > last + ahead and purpose != DEMONSTRATION:
                raise ClockError(
                    f"clock: expected at most {policy.clock_ahead_days} days after {show_time(last)}, "
                    f"got {show_time(now)}",
                    code="CLOCK_AHEAD",
                )
        last = now if last is None else max(now, last)
        chosen.append(last)
    return chosen


def milliseconds(moment: datetime) -> datetime:
    """A time of the log: UTC, whole milliseconds.

    Raises:
        ClockError: It is naive or in another zone; which instant was meant is not guessed.
    """
    if moment.utcoffset() != timedelta(0):
        raise ClockError(f"clock: expected a datetime in UTC, got {show_time(moment)}", code="TIME_INVALID")
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
