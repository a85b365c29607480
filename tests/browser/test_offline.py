"""What is signed without a network is on the phone until the log has it: once, and in order."""

from __future__ import annotations

from .conftest import Phone, Yard
from .spine import (
    flush,
    inspect,
    made,
    preload,
    rows,
    settle,
    size,
    states,
    sub,
    wake_worker,
    worker_ready,
)


def test_forty_that_waited_are_recorded_once_though_two_tabs_and_the_worker_race(
    yard: Yard, phone: Phone
) -> None:
    made(yard, *range(1, 41))
    first = phone(yard.scene.maker)
    worker_ready(first)
    assert preload(first)["items"] == 40
    before = size(yard)
    first.context.set_offline(True)
    inspect(first, *(sub(number) for number in range(1, 41)))
    settle(first, "here")
    assert flush(first) == 40, "nothing went, and nothing is lost"
    second = first.context.new_page()
    second.goto(yard.url + "/outbox")
    first.context.set_offline(False)
    wake_worker(first, yard)
    for page in (first, second):
        page.evaluate("dispatchEvent(new Event('online'))")
    settle(second)
    assert size(yard) == before + 40
    assert all(len(row["receipts"]) == 1 for row in rows(first))


def test_second_record_of_a_pack_stands_on_the_first_that_still_waits(yard: Yard, phone: Phone) -> None:
    made(yard, 1)
    page = phone(yard.scene.maker)
    preload(page)
    page.context.set_offline(True)
    inspect(page, sub(1), sub(1), sub(1))
    settle(page, "here")
    page.context.set_offline(False)
    assert flush(page) == 0
    assert states(page) == ["accepted"] * 3
