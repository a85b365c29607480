"""What clients write reaches the log of the process as text, and as nothing else."""

from __future__ import annotations

import logging

import pytest

from packtrace.web.logs import PlainFormatter

HOSTILE = "/x\n2026-01-01 packtrace.web ledger stopped\r\x1b[2J\x9b31m\u2028\u202e\x00\ud800"


def logged(message: str, error: BaseException | None = None) -> list[str]:
    """The lines of one record."""
    trace = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("packtrace.web", logging.INFO, "", 0, "%s", (message,), trace)
    return PlainFormatter("%(name)s %(message)s").format(record).split("\n")


def test_line_that_a_client_wrote_is_part_of_one_line() -> None:
    (line,) = logged(f"{HOSTILE} failed")
    assert (
        line.isprintable() and line.startswith("packtrace.web /x\\n2026") and line.endswith("\\ud800 failed")
    )
    assert logged("电池 ✓") == ["packtrace.web 电池 ✓"]


def test_trace_that_quotes_a_client_is_set_off_from_every_other_line() -> None:
    with pytest.raises(ValueError, match="ledger stopped") as raised:
        raise ValueError(HOSTILE)
    first, *trace = logged("failed", raised.value)
    assert first == "packtrace.web failed" and len(trace) > 2
    assert all(line.startswith("  | ") and line.isprintable() for line in trace)
