"""Real processes on one ledger: many at a time, and killed at any moment."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

from packtrace.tests.ledger.node import Node, append_one, check_whole_log
from packtrace.tests.ledger.workers import Workers, check_acknowledged, wait_for
from packtrace.tests.scene import Scene, pack_code
from packtrace.trace.ledger.home import Home

KILLS = int(os.environ.get("PACKTRACE_KILLS", "25"))
"""How often the drill kills a writer; ``PACKTRACE_KILLS=2000`` makes a long one."""


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
        time.sleep(moments.uniform(0.0, 0.02))  # at any moment: that is the test
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
