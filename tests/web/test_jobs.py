"""Batches that become jobs: kept until they are done, whatever happens to the process, each line once."""

from __future__ import annotations

import gzip
import json
import os
import re
import stat
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from packtrace.tests.ledger.node import check_whole_log
from packtrace.tests.scene import event_id
from packtrace.tests.web.conftest import Served, check_problem, on_both
from packtrace.tests.web.lines import body, made, post
from packtrace.trace.read_token import sign_read_token
from packtrace.web.batches.job_runner import JobRunner
from packtrace.web.batches.jobs import OUTCOME_BYTES

ASYNC = {"Prefer": "respond-async"}


def limit(served: Served, **limits: int) -> None:
    served.node.limits = replace(served.node.limits, **limits)


def taken(answer: TestResponse) -> str:
    """The address of a job that was taken."""
    assert answer.status_code == 202, answer.data
    location = answer.headers["Location"]
    assert re.fullmatch(r"/api/v1/jobs/[\w-]{22}", location)
    return location


def ended(served: Served, location: str, status: str = "done") -> dict[str, Any]:
    """The job once it has ended."""
    for _ in range(1_000):
        answer = served.client.get(location)
        assert answer.status_code == 200
        job: dict[str, Any] = answer.json or {}
        if job["status"] in ("done", "failed"):
            assert job["status"] == status, job
            return job
        assert answer.headers["Retry-After"]
        time.sleep(0.02)
    raise AssertionError(job)


def result(served: Served, job: dict[str, Any]) -> list[dict[str, Any]]:
    answer = served.client.get(job["result"])
    assert (answer.status_code, answer.mimetype) == (200, "application/x-ndjson")
    assert answer.content_length == len(answer.data)
    return [json.loads(line) for line in answer.data.splitlines()]


def files(tmp_path: Path) -> dict[str, Path]:
    """What lies there for jobs, by the ending of its name."""
    return {path.suffix: path for path in (tmp_path / "home" / "jobs").iterdir() if path.suffix}


def hold(served: Served) -> None:
    """Keep the node from doing jobs, as another process that has the turn does."""
    served.node.runner.close()


def go_on(served: Served) -> None:
    node = served.node
    node.runner = JobRunner(node.jobs, node.ledger, node.limits, node.check_room)


@on_both
def test_a_batch_becomes_a_job_where_that_is_preferred(served: Served) -> None:
    first, second = made(served.scene, 1, 2)
    answer = post(served, body(first, "", "nonsense", second), **ASYNC)
    assert answer.headers["Preference-Applied"] == "respond-async"
    assert (answer.json or {})["lines"] == 4
    job = ended(served, taken(answer))
    assert {name: job[name] for name in ("lines", "done", "accepted", "known", "refused", "skipped")} == {
        "lines": 4,
        "done": 4,
        "accepted": 2,
        "known": 0,
        "refused": 1,
        "skipped": 0,
    }
    told = result(served, job)
    assert [(each["line"], each["status"]) for each in told] == [
        (1, "accepted"),
        (3, "refused"),
        (4, "accepted"),
    ]
    assert told[0]["events"][0]["id"] == event_id(first)


@pytest.mark.parametrize("limits", [{"batch_lines": 2}, {"batch_bytes": 1_000}])
def test_a_batch_beyond_the_limits_becomes_a_job(served: Served, limits: dict[str, int]) -> None:
    limit(served, **limits)
    job = ended(served, taken(post(served, body(*made(served.scene, 1, 3)))))
    assert job["accepted"] == 3
    check_whole_log(served.ledger, served.played)


@pytest.mark.parametrize(
    ("on_error", "expected"),
    [("stop", ["accepted", "refused", "skipped"]), ("rollback", ["skipped", "refused", "skipped"])],
)
def test_a_job_heeds_on_error(served: Served, on_error: str, expected: list[str]) -> None:
    first, second = made(served.scene, 1, 2)
    lines = body(first, "nonsense", second)
    job = ended(served, taken(post(served, lines, f"?on_error={on_error}", **ASYNC)))
    assert job["on_error"] == on_error
    assert [each["status"] for each in result(served, job)] == expected


def test_stop_is_remembered_across_a_restart(served: Served) -> None:
    """The refusal lies in an append that was done before the process ended."""
    hold(served)
    (last,) = made(served.scene, 1, 1)
    location = taken(post(served, body("nonsense", *([b"x"] * 2_000), last), "?on_error=stop", **ASYNC))
    asked: list[int] = []
    made_it = threading.Event()  # the thread begins before the name `runner` is there

    def once() -> None:
        made_it.wait()
        asked.append(1)
        if len(asked) == 1:  # between two appends
            runner._closing = True

    runner = JobRunner(served.node.jobs, served.ledger, served.node.limits, once)
    made_it.set()
    runner._thread.join()
    job = served.client.get(location).json or {}
    assert (job["status"], job["done"]) == ("running", 1_000)
    go_on(served)
    job = ended(served, location)
    assert (job["refused"], job["skipped"]) == (1, 2_001) and len(result(served, job)) == 2_002


def test_the_lines_are_its_owners_alone_and_gone_when_it_is_done(served: Served, tmp_path: Path) -> None:
    hold(served)
    lines = body(*made(served.scene, 1, 2))
    location = taken(post(served, lines, **ASYNC))
    waiting = files(tmp_path)
    assert waiting[".in"].read_bytes() == lines and ".out" not in waiting
    assert stat.S_IMODE(waiting[".in"].stat().st_mode) == 0o600
    assert stat.S_IMODE(waiting[".in"].parent.stat().st_mode) == 0o700
    go_on(served)
    ended(served, location)
    for _ in range(100):
        if ".in" not in files(tmp_path):
            break
        time.sleep(0.02)
    left = files(tmp_path)
    assert ".in" not in left
    assert stat.S_IMODE(left[".out"].stat().st_mode) == 0o600


def test_a_result_that_is_not_there_yet_is_told_so(served: Served) -> None:
    hold(served)
    location = taken(post(served, b"x\n", **ASYNC))
    check_problem(served.client.get(f"{location}/result"), 409, "JOB_NOT_DONE")


@pytest.mark.parametrize("job_id", ["AAAAAAAAAAAAAAAAAAAAAA", "x", "%2e%2e", "中"])
def test_a_job_that_nobody_began_is_not_found(served: Served, job_id: str) -> None:
    check_problem(served.client.get(f"/api/v1/jobs/{job_id}"), 404, "JOB_UNKNOWN")
    check_problem(served.client.get(f"/api/v1/jobs/{job_id}/result"), 404, "JOB_UNKNOWN")


def test_what_was_recorded_and_not_noted_is_known_and_stands_once(served: Served, tmp_path: Path) -> None:
    """As after a kill between the append and the note of it: the result has a torn line by then."""
    hold(served)
    lines = made(served.scene, 1, 3)
    location = taken(post(served, body(*lines), **ASYNC))
    assert served.post(lines[0]).status_code == 201
    job_id = location.rpartition("/")[2]
    served.node.jobs.result(job_id).write_bytes(b'{"line":1,"status":"acc')
    go_on(served)
    told = result(served, ended(served, location))
    assert [(each["line"], each["status"]) for each in told] == [
        (1, "known"),
        (2, "accepted"),
        (3, "accepted"),
    ]
    check_whole_log(served.ledger, served.played)


def test_two_runners_on_a_home_take_turns(served: Served) -> None:
    """The other one, in this test, has the turn and does nothing with it: so nothing may happen."""
    hold(served)
    location = taken(post(served, body(*made(served.scene, 1, 1)), **ASYNC))
    runner = served.node.runner
    with runner._turn.acquire(timeout=1):
        go_on(served)
        time.sleep(0.3)
        assert (served.client.get(location).json or {})["status"] == "waiting"
    assert ended(served, location)["accepted"] == 1


def test_a_job_waits_for_room_and_loses_nothing(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("packtrace.web.batches.job_runner._AGAIN_S", 0.05)
    hold(served)
    location = taken(post(served, body(*made(served.scene, 1, 2)), **ASYNC))
    served.node.free_bytes = lambda: 0
    go_on(served)
    time.sleep(0.3)
    assert (served.client.get(location).json or {})["status"] == "waiting"
    served.node.free_bytes = lambda: 10**12
    assert ended(served, location)["accepted"] == 2


def test_a_job_without_its_lines_fails_and_the_next_is_done(served: Served, tmp_path: Path) -> None:
    hold(served)
    first = taken(post(served, body(*made(served.scene, 1, 1)), **ASYNC))
    files(tmp_path)[".in"].unlink()
    second = taken(post(served, body(*made(served.scene, 2, 1)), **ASYNC))
    go_on(served)
    ended(served, second)
    assert result(served, ended(served, first, "failed")) == []


def test_jobs_are_done_in_the_order_in_which_they_came(served: Served) -> None:
    hold(served)
    (event,) = made(served.scene, 1, 1)
    locations = [taken(post(served, body(event), **ASYNC)) for _ in range(3)]
    go_on(served)
    jobs = [ended(served, location) for location in locations]
    assert [job["accepted"] for job in jobs] == [1, 0, 0] and [job["known"] for job in jobs] == [0, 1, 1]


@pytest.mark.parametrize("limits", [{"jobs": 1}, {"jobs_of_one": 1}, {"jobs_bytes": 3 + 512}])
def test_more_jobs_than_are_taken_are_told_to_come_back(
    served: Served, limits: dict[str, int], tmp_path: Path
) -> None:
    hold(served)
    served.node.jobs._limits = replace(served.node.limits, **limits)
    taken(post(served, b"x\n", **ASYNC))
    answer = post(served, b"y\n", **ASYNC)
    check_problem(answer, 503, "LEDGER_BUSY")
    assert answer.headers["Retry-After"]
    assert len(list((tmp_path / "home" / "jobs").glob("*.in"))) == 1


def test_who_sends_many_jobs_leaves_room_for_those_of_others(served: Served) -> None:
    hold(served)
    served.node.jobs._limits = replace(served.node.limits, jobs_of_one=1)
    taken(post(served, b"x\n", **ASYNC))
    check_problem(post(served, b"y\n", **ASYNC), 503, "LEDGER_BUSY")
    scene = served.scene
    token = sign_read_token(
        scene.maker.key, origin=scene.origin, org=scene.maker.org, at=served.played.clock()
    )
    taken(post(served, b"y\n", Authorization=f"Bearer {token}", **ASYNC))


def test_a_few_bytes_that_will_be_answered_with_gigabytes_are_not_taken(served: Served) -> None:
    lines = gzip.compress(b"x\n" * 1_000_000)
    assert len(lines) < 3_000
    packed = ASYNC | {"Content_Encoding": "gzip"}
    served.node.jobs._limits = replace(served.node.limits, jobs_bytes=100 << 20)
    check_problem(post(served, lines, **packed), 503, "LEDGER_BUSY")
    served.node.jobs._limits = served.node.limits
    free = 2 * served.node.limits.reserve_bytes + (100 << 20)
    served.node.free_bytes = lambda: free
    check_problem(post(served, lines, **packed), 503, "LEDGER_BUSY")
    job = ended(served, taken(post(served, b"x\n" * 1_000, **ASYNC)))
    assert len(served.client.get(job["result"]).data) < 1_000 * OUTCOME_BYTES


def test_a_job_leaves_the_reserve_of_the_disk_to_single_events(served: Served) -> None:
    first, second = made(served.scene, 1, 2)
    hold(served)
    location = taken(post(served, body(first), **ASYNC))
    served.node.free_bytes = lambda: served.node.limits.reserve_bytes
    served.node.runner = JobRunner(
        served.node.jobs, served.ledger, served.node.limits, served.node.check_spare
    )
    time.sleep(0.2)
    assert (served.client.get(location).json or {})["done"] == 0
    assert served.post(second).status_code == 201


def test_a_job_has_its_own_limit_of_lines_and_bytes(served: Served, tmp_path: Path) -> None:
    limit(served, batch_lines=2, job_lines=4, job_bytes=100)
    check_problem(post(served, b"x\n" * 5), 413, "BODY_TOO_LARGE")
    check_problem(post(served, b"x" * 101), 413, "BODY_TOO_LARGE")
    assert ".in" not in files(tmp_path)
    assert ended(served, taken(post(served, b"x\n" * 4)))["refused"] == 4


def test_no_job_is_taken_on_a_disk_nearly_full(served: Served, tmp_path: Path) -> None:
    served.node.free_bytes = lambda: 0
    check_problem(post(served, b"x\n", **ASYNC), 507, "DISK_NEARLY_FULL")
    assert ".in" not in files(tmp_path)


def test_a_result_is_kept_for_its_days_and_what_a_killed_process_left_is_removed(
    served: Served, tmp_path: Path
) -> None:
    location = taken(post(served, b"x\n", **ASYNC))
    ended(served, location)
    folder = tmp_path / "home" / "jobs"
    orphan, fresh = folder / "orphan.in", folder / "fresh.in"
    ended_before = folder / f"{location.rpartition('/')[2]}.in"  # killed just before it was removed
    for path in (orphan, fresh, ended_before):
        path.write_bytes(b"x\n")
    os.utime(orphan, (0, 0))
    served.played.now += timedelta(days=6)
    served.node.jobs.tidy()
    assert served.client.get(location).status_code == 200
    assert not orphan.exists() and not ended_before.exists() and fresh.exists()
    served.played.now += timedelta(days=2)
    served.node.jobs.tidy()
    check_problem(served.client.get(location), 404, "JOB_UNKNOWN")


def test_a_defect_that_one_job_meets_fails_it_and_the_next_is_done(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(served)
    first = taken(post(served, body(*made(served.scene, 1, 1)), **ASYNC))
    second = taken(post(served, body(*made(served.scene, 2, 1)), **ASYNC))
    append, calls = served.ledger.append, []

    def failing(*args: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise ZeroDivisionError
        return append(*args, **options)

    monkeypatch.setattr(served.ledger, "append", failing)
    go_on(served)
    ended(served, first, "failed")
    assert ended(served, second)["accepted"] == 1
