"""The thread of a node that does its jobs, one after the other; of all processes on a home, one at a time."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import BinaryIO, Final

from filelock import Timeout
from sqlalchemy.exc import SQLAlchemyError

from ...trace.errors import TraceError
from ...trace.ledger.event_lines import parse_event_lines
from ...trace.ledger.home import sync_folder
from ...trace.ledger.ledger import Ledger
from ...trace.ledger.register import file_lock
from ..limits import Limits
from .batch import append_all, format_answers
from .jobs import DONE, FAILED, Job, Jobs

_LOOK_S: Final = 1.0  # until another process's job is noticed, or another process's end
_AGAIN_S: Final = 5.0  # until what could not go on is tried again
_TIDY_S: Final = 3_600.0
_LOG: Final = logging.getLogger("packtrace.jobs")


class JobRunner:
    """Begins when it is made, with whatever was left undone; `close` ends it between two appends."""

    def __init__(self, jobs: Jobs, ledger: Ledger, limits: Limits, check_room: Callable[[], None]) -> None:
        """Args:
        check_room: Raises if the disk has no room for another append.
        """
        self._jobs = jobs
        self._ledger = ledger
        self._limits = limits
        self._check_room = check_room
        self._turn = file_lock(jobs.folder / "lock")
        self._wake = threading.Event()
        self._closing = False
        # To be cut off anywhere is what jobs are made for: a process need not wait for this thread.
        self._thread = threading.Thread(target=self._run, name="packtrace-jobs", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is a new job."""
        self._wake.set()

    def close(self) -> None:
        """End after the append that goes on; the rest is done at the next start."""
        self._closing = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing:
            try:
                with self._turn.acquire(timeout=0):
                    self._take_turns()
            except Timeout:
                self._rest(_LOOK_S)
            except (TraceError, SQLAlchemyError, OSError) as error:
                # Of the ledger, the database or the disk: the job stays as it is, and may go on later, or
                # in another process.
                _LOG.warning("jobs wait: %s", error)
                self._rest(_AGAIN_S)
            except Exception:  # the edge of this thread: a defect that is of no single job
                _LOG.exception("jobs wait")
                self._rest(_AGAIN_S)

    def _take_turns(self) -> None:
        tidied = float("-inf")
        while not self._closing:
            if time.monotonic() > tidied + _TIDY_S:
                self._jobs.tidy()
                tidied = time.monotonic()
            job = self._jobs.next()
            if job is None:
                self._rest(_LOOK_S)
                continue
            try:
                self._do(job)
            except (TraceError, SQLAlchemyError, OSError):
                raise
            except Exception:
                # A defect, met by one job, is told, and the others go on.
                _LOG.exception("job %s failed", job.id)
                self._jobs.end(job, FAILED)

    def _rest(self, seconds: float) -> None:
        self._wake.wait(seconds)
        if not self._closing:
            self._wake.clear()

    def _do(self, job: Job) -> None:
        """Go on with a job from where the database says that it is."""
        path = self._jobs.input(job.id)
        if not path.exists():
            _LOG.error("job %s failed: expected its input at %s, got none", job.id, path)
            self._jobs.end(job, FAILED)
            return
        handle = os.open(self._jobs.result(job.id), os.O_RDWR | os.O_CREAT, 0o600)
        with open(path, "rb") as source, open(handle, "r+b") as result:
            sync_folder(path.parent)
            source.seek(job.input_bytes)
            result.truncate(job.result_bytes)
            result.seek(job.result_bytes)
            if self._append(job, source, result):
                self._jobs.end(job, DONE)

    def _append(self, job: Job, source: BinaryIO, result: BinaryIO) -> bool:
        """Whether all lines have their outcome; if not, this is to end."""
        counts = Counter({name: getattr(job, name) for name in ("accepted", "known", "refused", "skipped")})
        lines = parse_event_lines("", source, limit=self._limits.line_bytes, after=job.done)
        while True:
            # One append at a time: what stops the ledger is raised then, and leaves no outcome behind.
            answered = next(
                append_all(
                    self._ledger,
                    lines,
                    job.on_error,
                    self._check_room,
                    stopped=job.on_error == "stop" and counts["refused"] > 0,
                ),
                None,
            )
            if answered is None:
                return True
            result.write(format_answers(answered))
            result.flush()
            os.fsync(result.fileno())
            counts.update(outcome.status for _, outcome in answered)
            self._jobs.save_progress(
                job,
                done=answered[-1][0].number,
                input_bytes=source.tell(),
                result_bytes=result.tell(),
                counts=counts,
            )
            if self._closing:
                return False
