"""Files of events, one submission a line (`lines`): read within bounds, and appended many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from ..errors import RefusedError
from .door import Submission
from .ledger import Ledger
from .lines import MAX_LINE, LineError, parse_event_line
from .sequence import OnError, Outcome

AT_ONCE: Final = 1_000
"""Submissions in one transaction: enough to keep the ledger busy, few enough to answer within a second."""

AT_ONCE_CHARACTERS: Final = 8 << 20  # of them together, but for the last: what bounds memory

SKIPPED: Final = Outcome("skipped")


class LineFile(Protocol):
    """What lines are read from."""

    def readline(self, size: int = -1, /) -> bytes:
        """As `io.IOBase.readline`."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """One line of input: what it submits, or why it submits nothing."""

    source: str
    number: int  # from 1
    submission: Submission | None
    at: datetime | None = None
    error: RefusedError | None = None


def parse_event_lines(
    source: str, file: LineFile, *, limit: int = MAX_LINE, after: int = 0
) -> Iterator[Line]:
    """Read every line that is not blank. A line that can't be read is told, not skipped.

    Args:
        source: Name of the file, for people.
        file: Read no further than the line that is given.
        limit: Bytes of a line.
        after: How many lines stood before where the file is now.
    """
    for number, data in _read_lines(file, limit, after):
        try:
            if data is None:
                raise LineError(f"line: expected at most {limit} bytes, got more")
            submission, at = parse_event_line(data)
        except RefusedError as error:
            yield Line(source, number, None, error=error)
        else:
            yield Line(source, number, submission, at)


def batches(lines: Iterable[Line], size: int = AT_ONCE) -> Iterator[list[Line]]:
    """The lines in lists of at most that many, and of some megabytes."""
    batch: list[Line] = []
    room = AT_ONCE_CHARACTERS
    for line in lines:
        batch.append(line)
        if line.submission:
            room -= sum(map(len, line.submission.events))
        if len(batch) == size or room <= 0:
            yield batch
            batch, room = [], AT_ONCE_CHARACTERS
    if batch:
        yield batch


def append_lines(
    ledger: Ledger,
    batch: Sequence[Line],
    on_error: OnError,
    *,
    confirm_clock: bool = False,
    story_from: datetime | None = None,
) -> list[Outcome]:
    """Append what the lines hold, in one go; a line that could not be read is refused like any other.

    Args:
        ledger: Where to.
        batch: In the order in which they are to stand.
        on_error: What a refusal does to the lines after it, or to all.
        confirm_clock: As `Ledger.append`.
        story_from: Record the times that the lines name, but none before this one; for a log of samples.

    Raises:
        LedgerError: As `Ledger.append`.
    """
    unread = [number for number, line in enumerate(batch) if line.error]
    if unread and on_error == "rollback":
        return [Outcome("refused", error=line.error) if line.error else SKIPPED for line in batch]
    end = unread[0] if unread and on_error == "stop" else len(batch)
    some = [line for line in batch[:end] if line.submission]
    answered = (
        ledger.append(
            [line.submission for line in some if line.submission],
            on_error=on_error,
            at=[max(line.at, story_from) for line in some if line.at] if story_from else None,
            confirm_clock=confirm_clock,
        )
        if some
        else []
    )
    if not unread:
        return answered
    answers = iter(answered)
    outcomes: list[Outcome] = []
    for line in batch[:end]:
        outcomes.append(Outcome("refused", error=line.error) if line.error else next(answers))
    if end < len(batch):
        first = any(outcome.status == "refused" for outcome in outcomes)
        outcomes.append(SKIPPED if first else Outcome("refused", error=batch[end].error))
        outcomes += [SKIPPED] * (len(batch) - end - 1)
    return outcomes


def _read_lines(file: LineFile, limit: int, number: int) -> Iterator[tuple[int, bytes | None]]:
    """Number and bytes of each line that is not blank; None in place of one that is longer than `limit`.

    A line that is too long is read past, never held.
    """
    while line := file.readline(limit + 1):
        number += 1
        if len(line) <= limit or line.endswith(b"\n"):
            if line.strip():
                yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(limit)
        yield number, None
