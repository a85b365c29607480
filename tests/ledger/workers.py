"""Starting, watching and killing the children of `worker`."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from packtrace.tests.ledger import worker
from packtrace.tests.ledger.node import Node
from packtrace.trace.ledger.ledger import Ledger


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
        self, node: Node, name: str, submissions: list[tuple[str, ...]], each: int, **options: object
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
            time.sleep(0.001)  # the child writes a file, and is killed while this waits

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


def wait_for(pid: int, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < end:
            os.kill(pid, 0)
            time.sleep(0.005)  # no child of this process, so it can't be waited for
        pytest.fail(f"process {pid} has not ended after {seconds} s")


def check_acknowledged(ledger: Ledger, answers: list[Any]) -> None:
    """Everything that was acknowledged is in the log, at the leaf that was named."""
    recorded = {event_id: leaf for _, places, _ in answers for event_id, leaf in places}
    assert all(status in ("accepted", "known", "refused") for status, _, _ in answers)
    for event, leaf in recorded.items():
        (entry,) = ledger.entries(leaf, leaf + 1)
        receipt = ledger.receipt(event)
        assert receipt.entry == entry
