"""The measuring of batches: it records what it says, and fails where a line is not accepted."""

from __future__ import annotations

import pytest

from packtrace.trace.ledger.door import Submission
from packtrace.web.bench import batch


def test_a_round_records_every_event_twice_and_gives_a_ratio() -> None:
    cost = batch.measure_batches(events=150, rounds=1)
    assert cost.events >= 150 and cost.rounds == 1
    assert cost.ratio == pytest.approx(cost.over_http_us / cost.in_process_us)


def test_lines_that_are_not_accepted_are_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "_line", lambda submission: "nonsense\n")
    with pytest.raises(batch.BatchBenchError):
        batch.measure_batches(events=100, rounds=1)


def test_a_group_is_one_line() -> None:
    assert batch._line(Submission(("a", "b"))) == '{"events":["a","b"]}\n'
    assert batch._line(Submission(("a",))) == "a\n"
