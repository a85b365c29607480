"""A job of a node that is killed again and again: every line has one outcome, and every event one place."""

from __future__ import annotations

import http.client
import json
import time
from pathlib import Path
from typing import Any

from packtrace.signing.log_key import save_log_key
from packtrace.tests.ledger.node import Node, check_whole_log
from packtrace.tests.scene import Scene, event_id
from packtrace.tests.web.lines import NDJSON, URL, body, made
from packtrace.tests.web.live import Live
from packtrace.trace.ledger.home import Home
from packtrace.trace.ledger.ledger import Ledger, Submission, system_clock

EVENTS = 4_000
PATIENCE_S = 60


class Served(Live):
    """A node in a process of its own."""

    def ask(self, method: str, path: str, data: bytes = b"", **headers: str) -> tuple[int, Any, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, data or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def job(self, location: str) -> dict[str, Any]:
        status, _, data = self.ask("GET", location)
        assert status == 200, data
        job: dict[str, Any] = json.loads(data)
        return job


def test_a_job_is_done_to_its_end_however_often_its_node_is_killed(tmp_path: Path) -> None:
    played = Node(Home.create(tmp_path / "home", Scene().origin))
    opened, *others = played.scene.founding()
    save_log_key(played.home.log_key, played.scene.log_key)
    with Ledger.create(played.home, opened, played.scene.log_key, system_clock) as ledger:
        ledger.append([Submission((text,)) for text in others])
        before = ledger.size
    events = made(played.scene, 1, EVENTS)
    served = Served(played.home.path)
    try:
        status, headers, data = served.ask("POST", URL, body(*events), Prefer="respond-async", **NDJSON)
        assert status == 202, data
        location = headers["Location"]
        # Killed at once, then some time into an append: between its steps, wherever that hits.
        kills, done = 0, 0
        for moment in (0.0, 0.05, 0.2):
            until = time.monotonic() + PATIENCE_S
            job = served.job(location)
            while moment and job["done"] == done and job["status"] != "done" and time.monotonic() < until:
                time.sleep(0.01)
                job = served.job(location)
            time.sleep(moment)
            done = job["done"]
            if job["status"] != "done":
                served.kill()
                kills += 1
                served = Served(played.home.path)
        assert kills >= 2
        until = time.monotonic() + PATIENCE_S
        while (job := served.job(location))["status"] != "done" and time.monotonic() < until:
            time.sleep(0.05)
        assert job["status"] == "done"
        _, _, told = served.ask("GET", job["result"])
        assert not list((played.home.path / "jobs").glob("*.in"))
    finally:
        served.kill()
    outcomes = [json.loads(line) for line in told.splitlines()]
    assert [outcome["line"] for outcome in outcomes] == list(range(1, EVENTS + 1))
    assert {outcome["status"] for outcome in outcomes} <= {"accepted", "known"}
    assert job["accepted"] + job["known"] == EVENTS
    assert [outcome["events"] for outcome in outcomes] == [
        [{"id": event_id(text), "leaf_index": before + number}] for number, text in enumerate(events)
    ]
    with Ledger.open(played.home, played.scene.log_key, system_clock) as ledger:
        assert ledger.size == before + EVENTS
        check_whole_log(ledger, played)
