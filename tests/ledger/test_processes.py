"""Real processes on one ledger: many at a time, and killed at any moment."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from packtrace.tests.ledger import worker
from packtrace.tests.ledger.node import Node, append_one, check_whole_log
from packtrace.tests.scene import Scene, pack_code
from packtrace.trace.ledger.home import Home
from packtrace.trace.ledger.ledger import Ledger

KILLS = int(os.environ.get("PACKTRACE_KILLS", "25"))
"""How often the drill kills a writer; ``PACKTRACE_KILLS=2000`` makes a long one."""


class Workers:
    """Starts children that append, by way of the process that forks them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stderr = (folder / "stderr").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, str(Path(worker.__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
        )
        assert self._say() == "ready"

    def start(
        self, node: Node, name: str, submissions: list[tuple[str, ...]], each: int, **options: int
    ) -> int:
        job = {
            "home": str(node.home.path),
            "now": node.now.isoformat(),
            "submissions": submissions,
            "each": each,
            "acks": str(self._folder / name),
            **options,
        }
        assert self._process.stdin
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return int(self._say())

    def wait_for_answers(self, name: str, count: int) -> None:
        """Return once the child has opened its ledger and acknowledged so many submissions."""
        end = time.monotonic() + 30
        while not (self._folder / name).exists() or len(self.answers(name)) < count:
            assert time.monotonic() < end, self.complaints()
            time.sleep(0.001)

    def answers(self, name: str) -> list[Any]:
        """What a child acknowledged: status, places, code; a line that was being written is not."""
        with contextlib.suppress(FileNotFoundError):
            lines = (self._folder / name).read_text().split("\n")
            return [json.loads(line) for line in lines[:-1]]
        return []

    def complaints(self) -> str:
        self._stderr.seek(0)
        return self._stderr.read()

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()
        self._stderr.close()

    def _say(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    started = Workers(tmp_path)
    yield started
    started.close()


def wait_for(pid: int, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < end:
            os.kill(pid, 0)
            time.sleep(0.005)
        pytest.fail(f"process {pid} has not ended after {seconds} s")


def check_acknowledged(ledger: Ledger, answers: list[Any]) -> None:
    """Everything that was acknowledged is in the log, at the leaf that was named."""
    recorded = {event_id: leaf for _, places, _ in answers for event_id, leaf in places}
    assert all(status in ("accepted", "known", "refused") for status, _, _ in answers)
    for event, leaf in recorded.items():
        (entry,) = ledger.entries(leaf, leaf + 1)
        receipt = ledger.receipt(event)
        assert receipt.entry == entry


def test_eight_processes_share_a_ledger_without_loss_or_fork(node: Node, workers: Workers) -> None:
    """Each submits 30 events of its own and 10 for places that all of them want."""
    scene, maker = node.scene, node.scene.maker
    ledger = node.create()
    contested = [pack_code(900 + number) for number in range(10)]
    for code in contested:
        append_one(ledger, scene.manufactured(code))
    heads = {code: scene.heads[f"battery:gbt34014:{code}"][1] for code in contested}
    before = ledger.size
    jobs = []
    for process in range(8):
        own = [(scene.manufactured(pack_code(process * 30 + number)),) for number in range(30)]
        wanted = [(scene.inspected(maker, code, seq=1, prev=heads[code]),) for code in contested]
        mixed = [one for three in zip(own[::3], own[1::3], own[2::3], wanted, strict=True) for one in three]
        jobs.append(workers.start(node, f"acks {process}", mixed, each=5))
    for pid in jobs:
        wait_for(pid)
    assert workers.complaints() == ""

    answers = [workers.answers(f"acks {process}") for process in range(8)]
    assert [len(each) for each in answers] == [40] * 8
    everything = [answer for each in answers for answer in each]
    accepted = [answer for answer in everything if answer[0] == "accepted"]
    refused = [answer for answer in everything if answer[0] == "refused"]
    assert len(accepted) == 8 * 30 + 10
    assert [code for _, _, code in refused] == ["PLACE_TAKEN"] * 70
    assert ledger.size == before + len(accepted)
    assert len({leaf for _, places, _ in accepted for _, leaf in places}) == len(accepted)
    check_acknowledged(ledger, everything)
    assert [len(ledger.entries_of(f"battery:gbt34014:{code}")) for code in contested] == [2] * 10
    check_whole_log(ledger, node)


def test_nothing_acknowledged_is_lost_when_writers_are_killed(node: Node, workers: Workers) -> None:
    """The writer dies at any moment; the next one recovers and goes on with what has no answer."""
    moments = random.Random(20261123)
    node.create()
    node.close()
    answers: list[Any] = []
    waiting: list[tuple[str, ...]] = []
    interrupted = 0
    for cycle in range(KILLS):
        while len(waiting) < 60:
            waiting.append((node.scene.manufactured(pack_code(1000 + len(answers) + len(waiting))),))
        pid = workers.start(node, f"acks {cycle}", waiting, each=3)
        if moments.random() < 0.8:  # while it appends; else while it opens the ledger
            workers.wait_for_answers(f"acks {cycle}", moments.randrange(10))
        time.sleep(moments.uniform(0.0, 0.02))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            interrupted += 1
        wait_for(pid)
        new = workers.answers(f"acks {cycle}")
        # The order is kept, so that the next writer begins with what may be committed without an answer.
        answers += new
        waiting = waiting[len(new) :]
        if cycle % 5 == 4:
            with node.open() as ledger:
                check_acknowledged(ledger, answers)
    assert workers.complaints() == ""
    assert interrupted > KILLS // 2
    assert len(answers) > KILLS

    ledger = node.open()
    check_acknowledged(ledger, answers)
    assert {status for status, _, _ in answers} <= {"accepted", "known"}
    assert append_one(ledger, node.scene.manufactured(pack_code(1))).status == "accepted"
    check_whole_log(ledger, node)


def test_full_disk_stops_the_writer_and_loses_nothing_acknowledged(tmp_path: Path, workers: Workers) -> None:
    node = Node(Home.create(tmp_path / "home", Scene().origin))
    node.create()
    node.close()
    submissions = [(node.scene.manufactured(pack_code(number)),) for number in range(100)]
    wait_for(workers.start(node, "acks", submissions, each=1, grow=200_000))
    answers = workers.answers("acks")
    statuses = [status for status, _, _ in answers]
    full = statuses.index("failed")
    assert full > 3
    assert statuses == ["accepted"] * full + ["failed"] * (100 - full)
    codes = [code for _, _, code in answers[full:]]
    assert codes == ["STORAGE_FAILED"] + ["LEDGER_STOPPED"] * (99 - full)

    ledger = node.open()
    check_acknowledged(ledger, answers[:full])
    assert append_one(ledger, *submissions[full]).status in ("accepted", "known")
    assert append_one(ledger, *submissions[full + 1]).status == "accepted"
    check_whole_log(ledger, node)
    node.close()
