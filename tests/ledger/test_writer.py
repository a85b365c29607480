"""Group commit: many callers, one appending thread."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import fields
from datetime import datetime

import pytest

from packtrace.tests.ledger.node import Node, append_one, check_whole_log
from packtrace.tests.scene import event_id, pack_code
from packtrace.trace.ledger.errors import LedgerBusyError, LedgerStoppedError
from packtrace.trace.ledger.ledger import Ledger, Outcome, Submission
from packtrace.trace.ledger.register import file_lock
from packtrace.trace.ledger.writer import Writer
from packtrace.trace.rules.ruleset import RuleSet
from packtrace.trace.statement import Event


def test_what_many_threads_submit_is_recorded_in_few_appends(node: Node) -> None:
    ledger = node.create()
    before = len(ledger.checkpoints())
    texts = [node.scene.manufactured(pack_code(number)) for number in range(200)]
    with Writer(ledger) as writer, ThreadPoolExecutor(8) as pool:
        futures = list(pool.map(lambda text: writer.submit(Submission((text,))), texts))
        outcomes = [future.result(timeout=30).outcome for future in futures]
    assert {outcome.status for outcome in outcomes} == {"accepted"}
    assert [outcome.events[0].event_id for outcome in outcomes] == [event_id(text) for text in texts]
    assert len(ledger.checkpoints()) - before < 100
    assert all(ledger.receipt(event_id(text)) for text in texts[::50])
    check_whole_log(ledger, node)


def test_closing_appends_what_is_queued_and_takes_no_more(node: Node) -> None:
    ledger = node.create()
    writer = Writer(ledger)
    submissions = [Submission((node.scene.manufactured(pack_code(number)),)) for number in range(20)]
    futures = [writer.submit(submission) for submission in submissions]
    writer.close()
    assert {future.result(timeout=0).outcome.status for future in futures} == {"accepted"}
    with pytest.raises(LedgerStoppedError):
        writer.submit(submissions[0])
    writer.close()


def test_refusal_reaches_its_caller_alone(node: Node) -> None:
    ledger = node.create()
    wrong = node.scene.inspected(node.scene.recycler, pack_code(9))
    right = node.scene.manufactured(pack_code(1))
    with Writer(ledger) as writer:
        refused, accepted = (writer.submit(Submission((text,))) for text in (wrong, right))
    assert (refused.result().outcome.status, accepted.result().outcome.status) == ("refused", "accepted")


def test_caller_is_told_at_once_that_too_many_wait(node: Node) -> None:
    node.create()
    text = node.scene.manufactured(pack_code(1))
    entered, go_on = threading.Event(), threading.Event()
    go_on.set()

    def clock_that_waits() -> datetime:
        entered.set()
        assert go_on.wait(30)
        return node.now

    ledger = Ledger.open(node.home, node.signer, clock_that_waits)
    node.opened.append(ledger)
    entered.clear()
    go_on.clear()
    with Writer(ledger, most_waiting=2) as writer:
        futures = [writer.submit(Submission((text,)))]
        assert entered.wait(30)
        futures += [writer.submit(Submission((text,))) for _ in range(2)]
        with pytest.raises(LedgerBusyError):
            writer.submit(Submission((text,)))
        go_on.set()
    assert [future.result().outcome.status for future in futures] == ["accepted", "known", "known"]


def test_stopped_ledger_is_reported_to_every_caller(node: Node) -> None:
    ledger = node.create()
    node.flip("tree", "frontier", "id = 1")
    with Writer(ledger) as writer:
        futures: list[Future[Outcome]] = [
            writer.submit(Submission((node.scene.manufactured(pack_code(number)),))) for number in range(3)
        ]
    for future in futures:
        assert future.exception() is not None


def test_cancelled_submission_is_not_recorded(node: Node) -> None:
    ledger = node.create()
    size = ledger.size
    text = node.scene.manufactured(pack_code(1))
    waiting = Writer(ledger)
    with file_lock(node.home.lock):  # the first append waits for it, and the second submission behind it
        first = waiting.submit(Submission((text,)))
        while not first.running():
            pass
        second = waiting.submit(Submission((node.scene.manufactured(pack_code(2)),)))
        assert second.cancel()
    waiting.close()
    assert first.result().outcome.status == "accepted"
    assert ledger.size == size + 1
    assert append_one(ledger, text).status == "known"


class FaultyRules(RuleSet):
    """Rules with a bug that one event meets."""

    def references(self, event: Event) -> tuple[str, ...]:
        if event.sub.endswith(pack_code(13)):
            raise ZeroDivisionError
        return super().references(event)


def test_bug_that_one_event_meets_fails_that_one_alone(node: Node) -> None:
    node.create()
    rules = node.scene.rules
    faulty = FaultyRules(**{each.name: getattr(rules, each.name) for each in fields(rules)})
    ledger = Ledger.open(node.home, node.signer, node.clock, rules=faulty)
    node.opened.append(ledger)
    numbers = (11, 12, 13, 14)
    with Writer(ledger) as writer, file_lock(node.home.lock):
        futures = [writer.submit(Submission((node.scene.manufactured(pack_code(n)),))) for n in numbers]
    assert [type(future.exception()) for future in futures] == [
        type(None),
        type(None),
        ZeroDivisionError,
        type(None),
    ]
    check_whole_log(ledger, node)
