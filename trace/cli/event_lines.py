"""Files of events, one submission a line (`trace/ledger/lines.py`), each line with its number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from ..errors import RefusedError
from ..ledger.door import Submission
from ..ledger.lines import MAX_LINE, LineError, parse_event_line
from .text_input import read_lines


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
