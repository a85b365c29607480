"""Other processes for the tests: each line of input is a job, done by a child that may be killed.

The children are forked from a process that has imported everything and opened nothing, so that starting one
takes milliseconds. A job is ``{"home", "now", "submissions", "each", "acks"}``; ``"gate"`` and ``"grow"`` are
told below. The file `acks` comes to be when the ledger is open; for every submission that is answered it gets
a line with status, places and code.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg  # noqa: F401 - SQLAlchemy would load it in every child
import sqlalchemy.dialects.postgresql.psycopg  # noqa: F401

from packtrace.tests.scene import Scene
from packtrace.trace.ledger.errors import LedgerError
from packtrace.trace.ledger.home import Home
from packtrace.trace.ledger.ledger import Ledger, Placed, Submission
from packtrace.trace.rules.ruleset import RuleSet, load_rules


def work(job: dict[str, Any], rules: RuleSet) -> None:
    """Append the job's submissions, `each` at a time, and write down what was acknowledged."""
    if "gate" in job:
        Path(job["gate"]).read_bytes()  # a pipe: waits until somebody writes to it
    home = Home.load(Path(job["home"]))
    now = datetime.fromisoformat(job["now"])
    submissions = [Submission(tuple(texts)) for texts in job["submissions"]]
    if "grow" in job:  # the disk is full once the database's log has grown by so many bytes
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        size = (home.path / "ledger.db").stat().st_size + job["grow"]
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    with Ledger.open(home, Scene().log_key, lambda: now, rules=rules) as ledger:
        acks = os.open(job["acks"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for start in range(0, len(submissions), job["each"]):
            try:
                outcomes = ledger.append(submissions[start : start + job["each"]])
            except LedgerError as error:
                answer(acks, "failed", (), error.finding_code)
                continue
            for outcome in outcomes:
                code = outcome.error.finding_code if outcome.error else None
                answer(acks, outcome.status, outcome.events, code)


def answer(acks: int, status: str, places: tuple[Placed, ...], code: str | None) -> None:
    """Acknowledge one submission; a line is written whole."""
    value = [status, [[place.event_id, place.leaf_index] for place in places], code]
    os.write(acks, json.dumps(value).encode() + b"\n")


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    rules = load_rules()
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                work(json.loads(line), rules)
            finally:
                sys.stderr.flush()
                os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main()
