"""Faults at the very system calls by which a ledger stores: the process dies there, or the call fails.

`strace` injects them into a real process. A kill shows what was not yet handed to the system; that a commit
is on the disk rests on the syncs, whose failing is injected here, and on the settings of `test_database`.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from packtrace.tests.ledger.node import Node, append_one, check_whole_log
from packtrace.tests.ledger.workers import Workers, check_acknowledged, wait_for
from packtrace.tests.scene import Scene, pack_code
from packtrace.trace.ledger.home import Home

FAULTS = ("signal=KILL", "error=EIO", "error=ENOSPC")
CALLS = {"pwrite64": 40, "write": 8, "fdatasync": 8, "fsync": 8, "rename": 4, "ftruncate": 4}
"""How many of the calls of a child that appends four times are worth a fault."""

ALL = [(call, fault, at) for call, most in CALLS.items() for fault in FAULTS for at in range(1, most + 1)]
TRIED = int(os.environ.get("PACKTRACE_FAULTS", "24"))
"""How many of them are tried; ``PACKTRACE_FAULTS=216`` is all."""


def trace(pid: int, call: str, fault: str, at: int) -> subprocess.Popen[bytes]:
    """Attach to a process that is still waiting, and make its call number `at` fail."""
    inject = f"inject={call}:{fault}:when={at}"
    tracer = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-p", str(pid), "-e", f"trace={call}", "-e", inject],
        stderr=subprocess.PIPE,
    )
    while "TracerPid:\t0\n" in Path(f"/proc/{pid}/status").read_text():
        if tracer.poll() is not None:
            assert tracer.stderr
            give_up(f"strace can't attach: {tracer.stderr.read().decode()}")
        time.sleep(0.002)  # the kernel tells nobody that a process is traced now: it is asked again
    return tracer


def give_up(reason: str) -> None:
    """Without the tool nothing is shown: a skip that is counted, and a failure where all tools must be."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def test_fault_at_any_storage_call_loses_nothing_acknowledged(tmp_path: Path, workers: Workers) -> None:
    if shutil.which("strace") is None:
        give_up("strace is not installed")
    node = Node(Home.create(tmp_path / "home", Scene().origin))
    node.create()
    node.close()
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    answers: list[Any] = []
    hit = 0
    for number, (call, fault, at) in enumerate(random.Random(6).sample(ALL, min(TRIED, len(ALL)))):
        texts = [(node.scene.manufactured(pack_code(number * 4 + each)),) for each in range(4)]
        pid = workers.start(node, f"acks {number}", texts, each=1, gate=str(gate))
        tracer = trace(pid, call, fault, at)
        gate.write_bytes(b"go")
        wait_for(pid)
        tracer.wait(30)
        assert tracer.stderr
        tracer.stderr.close()
        new = workers.answers(f"acks {number}")
        assert all(status in ("accepted", "failed") for status, _, _ in new), (call, fault, at, new)
        hit += len([each for each in new if each[0] == "accepted"]) < len(texts)
        answers += [answer for answer in new if answer[0] == "accepted"]

        with node.open() as ledger:
            check_acknowledged(ledger, answers)
            for each in texts:  # the same bytes again: recorded now, or known with their first place
                assert append_one(ledger, *each).status in ("accepted", "known"), (call, fault, at)
    assert hit > TRIED // 3
    ledger = node.open()
    assert ledger.size == len(Scene().founding()) + 4 * min(TRIED, len(ALL))
    check_whole_log(ledger, node)
    node.close()
