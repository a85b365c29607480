"""What a batch costs over HTTP, beside the same events appended within the process: both in one run.

The server, its threads and the ledger are in this process and are measured; the client is in another and is
not. Times are of the processor.
"""

from __future__ import annotations

import gc
import logging
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from flask import Flask
from waitress import create_server

from ...signing.jws import EVENT, parse_jws
from ...signing.log_key import LogKey, generate_log_keys
from ...trace.cli.bench_story import ORIGIN, Story
from ...trace.ledger.door import Submission
from ...trace.ledger.event_lines import AT_ONCE
from ...trace.ledger.home import Home
from ...trace.ledger.ledger import Ledger, system_clock
from ...trace.rules.ruleset import load_rules
from ..app import create_app
from ..node import Node
from ..serve import RECEIVE, THREADS

_EVENTS_A_PACK: Final = 13  # in the story that the bench tells; a little more than there are
_LINES: Final = 10_000  # of one request
# Posts each file as one batch, and counts the events that were accepted.
_CLIENT: Final = """
import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=600)
accepted = 0
for path in sys.argv[2:]:
    with open(path, "rb") as file:
        headers = {"Content-Type": "application/x-ndjson"}
        connection.request("POST", "/api/v1/events/batch", file.read(), headers)
        for line in connection.getresponse():
            accepted += b'"status":"accepted"' in line
print(accepted)
"""


class BatchBenchError(Exception):
    """Something that is timed did not do what it is timed for."""


@dataclass(frozen=True, slots=True)
class BatchCost:
    """Microseconds of the processor for an event, medians of all rounds, and the median of their ratios."""

    in_process_us: float
    over_http_us: float
    ratio: float
    events: int
    rounds: int


@dataclass(frozen=True, slots=True)
class Events:
    """Events that are signed before anything is timed, and the log that they are for."""

    log_key: LogKey
    opened: str
    enrolled: list[Submission]
    submissions: list[Submission]

    @classmethod
    def of_story(cls, count: int) -> Events:
        """About that many events of realistic packs."""
        log_key = generate_log_keys(ORIGIN)
        begins = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=count + 1_000)
        story = Story(load_rules(), log_key, begins)
        return cls(log_key, story.open_log(), list(story.enrol()), list(story.packs(count)))

    @classmethod
    def independent(cls, count: int) -> Events:
        """At least that many events of which none needs another: each begins the chain of a battery."""
        story = cls.of_story(_EVENTS_A_PACK * count)
        first = [one for one in story.submissions if len(one.events) == 1 and _begins_chain(one.events[0])]
        return cls(story.log_key, story.opened, story.enrolled, first)

    @property
    def texts(self) -> list[str]:
        """Each event, where every submission is of one."""
        return [one.events[0] for one in self.submissions]


def _begins_chain(text: str) -> bool:
    value = parse_jws(text.partition("~")[0], typ=EVENT).value
    return bool(value["seq"] == 0 and value["sub"].startswith("battery:"))


def measure_batches(events: int = 20_000, rounds: int = 5) -> BatchCost:
    """Record the same events in new logs, in turn within the process and over HTTP.

    Args:
        events: In a round, about; signed once, before anything is timed.
        rounds: Each in a folder of its own, durably, in SQLite files.
    """
    story = Events.of_story(events)
    submissions = story.submissions
    count = sum(len(submission.events) for submission in submissions)
    inside: list[float] = []
    outside: list[float] = []
    gc.collect()
    gc.freeze()
    for number in range(rounds):
        with tempfile.TemporaryDirectory(prefix="packtrace-bench-") as folder:
            path = Path(folder)
            files = _write_lines(path, submissions)
            # Neither is always the one that finds the caches warm.
            for over_http in (number % 2 == 0, number % 2 == 1):
                with ledger_in(path / str(over_http), story) as ledger:
                    if over_http:
                        node = Node.start(ledger.home, ledger, system_clock)
                        with served(create_app(node), node) as port:
                            outside.append(_time(partial(_post, port, files, len(submissions))) / count)
                    else:
                        inside.append(_time(partial(_append, ledger, submissions)) / count)
    gc.unfreeze()
    return BatchCost(
        in_process_us=1e6 * statistics.median(inside),
        over_http_us=1e6 * statistics.median(outside),
        ratio=statistics.median(b / a for a, b in zip(inside, outside, strict=True)),
        events=count,
        rounds=rounds,
    )


def _time(work: Callable[[], object]) -> float:
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


@contextmanager
def ledger_in(folder: Path, events: Events) -> Iterator[Ledger]:
    """A new log in a folder, with everybody enrolled and nothing else in it."""
    home = Home.create(folder, ORIGIN)
    with Ledger.create(home, events.opened, events.log_key, system_clock) as ledger:
        _append(ledger, events.enrolled)
        yield ledger


def _append(ledger: Ledger, submissions: Sequence[Submission]) -> None:
    for first in range(0, len(submissions), AT_ONCE):
        for outcome in ledger.append(submissions[first : first + AT_ONCE]):
            if outcome.status != "accepted":
                raise BatchBenchError(f"bench: expected every event accepted, got {outcome.error}")


def _write_lines(folder: Path, submissions: Sequence[Submission]) -> list[Path]:
    files = []
    for first in range(0, len(submissions), _LINES):
        files.append(folder / f"{first}.ndjson")
        with open(files[-1], "w", encoding="ascii") as file:
            for submission in submissions[first : first + _LINES]:
                file.write(_line(submission))
    return files


def _line(submission: Submission) -> str:
    if len(submission.events) == 1:
        return submission.events[0] + "\n"
    return '{"events":["' + '","'.join(submission.events) + '"]}\n'


@contextmanager
def served(app: Flask, node: Node | None = None) -> Iterator[int]:
    """An application under the server, in a thread of this process; its port. The node ends with it."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it tells of every wait for a thread
    server: Any = create_server(app, host="127.0.0.1", port=0, threads=THREADS, recv_bytes=RECEIVE)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.effective_port
    finally:
        server.close()
        thread.join()
        if node:
            node.close()


def _post(port: int, files: Sequence[Path], lines: int) -> None:
    done = subprocess.run(  # noqa: S603 - this very program
        [sys.executable, "-c", _CLIENT, str(port), *map(str, files)],
        capture_output=True,
        text=True,
        check=True,
    )
    if int(done.stdout) != lines:
        raise BatchBenchError(f"bench: expected {lines} lines accepted, got {done.stdout.strip()}")
