"""Lines of events appended a thousand at a time, and what became of each, in order and at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ...trace.errors import TraceError
from ...trace.ledger.answers import outcome_object
from ...trace.ledger.errors import ClockError, LedgerError, LedgerStoppedError, RulesUnknownError
from ...trace.ledger.event_lines import SKIPPED, Line, append_lines, batches
from ...trace.ledger.ledger import Ledger
from ...trace.ledger.sequence import OnError, Outcome
from ..quoting import encode_json

Answered = list[tuple[Line, Outcome]]

_NOTHING_RECORDED: Final = (ClockError, LedgerStoppedError, RulesUnknownError)


def append_all(
    ledger: Ledger,
    lines: Iterator[Line],
    on_error: OnError,
    check_room: Callable[[], None],
    *,
    stopped: bool = False,
) -> Iterator[Answered]:
    """Append what the lines hold, and tell what became of them, some lines at a time.

    Once something stops the ledger, the lines of that append are ``unknown``, or ``skipped`` where it is
    certain that nothing of them was recorded; all after them are ``skipped``, with the reason.

    Args:
        lines: Read as they are needed; all at once for ``rollback``.
        on_error: What a refusal does to the lines after it, or to all.
        check_room: Raises if the disk has no room for another append.
        stopped: Lines before these were refused, and that was to skip the rest.

    Raises:
        TraceError: The ledger, or the disk, allows no append; so far nothing was told.
    """
    ended = SKIPPED if stopped else None
    told = False
    for batch in filter(None, [list(lines)]) if on_error == "rollback" else batches(lines):
        if ended is None:
            try:
                check_room()
                outcomes = append_lines(ledger, batch, on_error)
            except TraceError as error:
                if not told:
                    raise
                ended = Outcome("skipped", error=error)
                lost = isinstance(error, LedgerError) and not isinstance(error, _NOTHING_RECORDED)
                outcomes = [Outcome("unknown", error=error) if lost else ended] * len(batch)
            if on_error == "stop" and any(outcome.status == "refused" for outcome in outcomes):
                ended = SKIPPED
        else:
            outcomes = [ended] * len(batch)
        yield list(zip(batch, outcomes, strict=True))
        told = True


def format_answers(answers: Sequence[tuple[Line, Outcome]]) -> bytes:
    """A JSON object a line: the number of the line in the input, and what became of it."""
    return b"".join(
        [encode_json({"line": line.number} | outcome_object(outcome)) + b"\n" for line, outcome in answers]
    )
