"""The times that the log records: its clock's, never going back, and confirmed where they leap."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from packtrace.tests.ledger.node import Node, append_one, check_whole_log, statuses
from packtrace.tests.ledger.test_recovery import InterruptedRegister, fail
from packtrace.tests.ledger.test_verified import checked
from packtrace.tests.scene import START, Scene, pack_code
from packtrace.trace.ledger.errors import ClockError, FatalStorageError
from packtrace.trace.ledger.ledger import Ledger, Submission
from packtrace.trace.statement import parse_entry
from packtrace.trace.verify.findings import Outcome
from packtrace.trace.verify.report import format_text


@pytest.fixture
def production(node: Node) -> Node:
    node.scene = Scene(purpose="production")
    return node


def recorded(ledger: Ledger) -> datetime:
    (entry,) = ledger.entries(ledger.size - 1, ledger.size)
    return parse_entry(entry)[1]


def test_entry_has_the_clock_in_milliseconds(production: Node) -> None:
    ledger = production.create()
    production.now += timedelta(microseconds=1_234_567)
    append_one(ledger, production.scene.manufactured(pack_code(1)))
    assert recorded(ledger) == START + timedelta(hours=1, milliseconds=1_234)


def test_clock_a_little_behind_gives_the_last_time_again(production: Node) -> None:
    ledger = production.create()
    last = recorded(ledger)
    production.now -= timedelta(seconds=60)
    append_one(ledger, production.scene.manufactured(pack_code(1)))
    assert recorded(ledger) == last


@pytest.mark.parametrize(
    ("leap", "code"),
    [(-timedelta(seconds=61), "TIME_REGRESSION"), (timedelta(days=400, seconds=1), "CLOCK_AHEAD")],
)
def test_clock_that_leaps_stops_writing_until_somebody_confirms_it(
    production: Node, leap: timedelta, code: str
) -> None:
    ledger = production.create()
    size, last = ledger.size, recorded(ledger)
    text = production.scene.manufactured(pack_code(1))
    production.now += leap
    for again in (ledger, production.open()):
        with pytest.raises(ClockError) as error:
            append_one(again, text)
        assert error.value.finding_code == code
        assert again.size == size
    assert append_one(ledger, text, confirm_clock=True).status == "accepted"
    assert recorded(ledger) == max(last, production.now)
    check_whole_log(ledger, production)


@pytest.mark.parametrize("ahead", [timedelta(minutes=10), timedelta(days=20)])
def test_log_stays_verified_after_a_clock_that_was_ahead_is_set_right(
    production: Node, ahead: timedelta
) -> None:
    ledger = production.create()
    production.now += ahead
    append_one(ledger, production.scene.manufactured(pack_code(1)))
    production.now -= ahead
    append_one(ledger, production.scene.manufactured(pack_code(2)), confirm_clock=True)
    production.close()
    report = checked(production)
    assert report.outcome is Outcome.VERIFIED, format_text(report)


def test_tail_that_is_signed_after_the_clock_was_set_back_is_verified(production: Node) -> None:
    register = InterruptedRegister(production.home.register)
    ledger = production.create(register=register)
    register.before_swap = fail
    with pytest.raises(FatalStorageError):
        append_one(ledger, production.scene.manufactured(pack_code(1)))
    production.close()
    production.now -= timedelta(days=1)
    production.open()
    report = checked(production)
    assert report.outcome is Outcome.VERIFIED, format_text(report)


def test_log_stays_verified_where_its_story_is_ahead_of_the_clock(node: Node) -> None:
    ledger = node.create()
    append_one(ledger, node.scene.manufactured(pack_code(1)), at=[node.now + timedelta(days=30)])
    node.close()
    assert checked(node).outcome is Outcome.VERIFIED


def test_log_for_demonstration_takes_the_times_that_it_is_given(node: Node) -> None:
    ledger = node.create()
    start = recorded(ledger)
    times = [start + timedelta(days=days) for days in (1, 2, 900)]
    texts = [node.scene.manufactured(pack_code(number)) for number in range(3)]
    outcomes = ledger.append([Submission((text,)) for text in texts], at=times)
    assert statuses(outcomes) == ["accepted"] * 3
    entries = ledger.entries(ledger.size - 3, ledger.size)
    assert [parse_entry(entry)[1] for entry in entries] == times
    with pytest.raises(ClockError):
        append_one(ledger, node.scene.manufactured(pack_code(4)), at=[start])


def test_no_other_log_takes_times(production: Node) -> None:
    ledger = production.create()
    size = ledger.size
    with pytest.raises(ClockError):
        append_one(ledger, production.scene.manufactured(pack_code(1)), at=[production.now])
    assert ledger.size == size


def test_there_is_a_time_for_each_submission(node: Node) -> None:
    with pytest.raises(ClockError):
        append_one(node.create(), node.scene.manufactured(pack_code(1)), at=[])


@pytest.mark.parametrize("zone", [None, timezone(timedelta(hours=8))])
def test_clock_that_is_not_in_utc_records_nothing(node: Node, zone: timezone | None) -> None:
    ledger = node.create()
    size = ledger.size
    node.now = node.now.replace(tzinfo=zone)
    with pytest.raises(ClockError):
        append_one(ledger, node.scene.manufactured(pack_code(1)))
    assert ledger.size == size
