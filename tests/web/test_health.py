"""Alive and ready: what each thing that keeps a node from recording does to the answer."""

from __future__ import annotations

import sqlite3

import pytest
from werkzeug.test import TestResponse

from packtrace.tests.scene import pack_code
from packtrace.tests.web.conftest import Served, check_problem
from packtrace.trace.ledger.errors import LedgerBusyError
from packtrace.trace.ledger.register import file_lock
from packtrace.web import readiness
from packtrace.web.readiness import PROBE_S, NotReadyError, Readiness


def ready(served: Served) -> TestResponse:
    return served.client.get("/api/v1/health/ready")


def check_reasons(response: TestResponse, *expected: tuple[str, str]) -> None:
    body = check_problem(response, 503, "NOT_READY")
    assert [(each["check"], each["code"]) for each in body["reasons"]] == list(expected)
    assert int(response.headers["Retry-After"]) >= 1


def test_node_that_records_is_ready_and_asking_records_nothing(served: Served) -> None:
    size, note = served.ledger.size, served.ledger.checkpoint()
    answer = ready(served)
    assert (answer.status_code, answer.json) == (200, {"status": "ready"})
    assert answer.headers["Cache-Control"] == "no-store"
    assert (served.ledger.size, served.ledger.checkpoint()) == (size, note)
    assert served.post(served.scene.manufactured(pack_code(1))).status_code == 201


def test_node_without_its_reserve_is_not_ready(served: Served) -> None:
    served.node.free_bytes = lambda: served.limits.reserve_bytes - 1
    check_reasons(ready(served), ("disk", "DISK_NEARLY_FULL"))
    served.node.free_bytes = lambda: served.limits.reserve_bytes
    assert ready(served).status_code == 200


def test_node_whose_writer_has_ended_is_not_ready_and_lives(served: Served) -> None:
    served.node.writer.close()
    check_reasons(ready(served), ("writer", "LEDGER_STOPPED"))
    assert served.client.get("/api/v1/health/live").json == {"status": "alive"}


def test_node_whose_ledger_stopped_is_not_ready(served: Served) -> None:
    served.ledger._stopped = RuntimeError("nobody knows")
    check_reasons(ready(served), ("database", "LEDGER_STOPPED"))


def test_database_that_takes_no_write_is_not_ready(served: Served) -> None:
    with sqlite3.connect(served.played.home.path / "ledger.db") as other:
        other.execute("CREATE TRIGGER no BEFORE UPDATE ON tree BEGIN SELECT RAISE(FAIL, 'disk I/O'); END")
    # A constraint of the database speaks of rows; that it refused is what counts.
    check_reasons(ready(served), ("database", "DB_CORRUPT"))


def test_database_that_is_older_than_the_checkpoint_is_not_ready(served: Served) -> None:
    old = served.played.execute("SELECT size, frontier FROM tree")[0]
    served.post(served.scene.manufactured(pack_code(1)))
    served.played.execute("UPDATE tree SET size = ?, frontier = ?", *old)
    check_reasons(ready(served), ("checkpoint", "LOG_ROLLED_BACK"))


def test_register_that_was_tampered_with_is_not_ready_and_its_path_is_not_told(served: Served) -> None:
    served.played.home.register.write_text("{}")
    answer = ready(served)
    check_reasons(answer, ("checkpoint", "DB_CORRUPT"))
    assert str(served.played.home.path) not in answer.text


def test_database_is_asked_once_in_a_while_however_often_somebody_looks(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    looked = Readiness(served.node, lambda: now)
    looked.check()
    served.played.home.register.write_text("{}")
    now += PROBE_S - 0.1
    looked.check()
    now += 0.2
    with pytest.raises(NotReadyError):
        looked.check()
    served.node.free_bytes = lambda: 0  # what costs nothing is looked at each time
    with pytest.raises(NotReadyError, match="DISK_NEARLY_FULL"):
        looked.check()


def test_whoever_holds_the_ledger_for_long_keeps_no_one_waiting_for_ever(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    with file_lock(served.played.home.lock), pytest.raises(LedgerBusyError):
        served.ledger.check_writable(0.05)
    with served.ledger._one_at_a_time, pytest.raises(LedgerBusyError):
        served.ledger.check_writable(0.05)
    served.ledger.check_writable(0.05)
    monkeypatch.setattr(readiness, "LOCK_S", 0.05)
    with served.ledger._one_at_a_time:
        check_reasons(ready(served), ("database", "LEDGER_BUSY"))
