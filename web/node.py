"""A running node: one log, the thread that appends to it, and what the node keeps beside the log."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, cast

from flask import Flask, current_app

from ..signing.keys import PrivateKey
from ..trace.errors import TraceError
from ..trace.ledger.door import Submission
from ..trace.ledger.errors import LedgerBusyError
from ..trace.ledger.home import Home
from ..trace.ledger.ledger import Ledger
from ..trace.ledger.writer import Answer, Writer
from .batches.idempotency import bind_key
from .batches.job_runner import JobRunner
from .batches.jobs import Jobs
from .enrolment.invitations import Invitation, Invitations
from .enrolment.seen import Seen
from .limits import Limits
from .notices.key import load_notice_key
from .notices.store import Webhooks
from .store import Store

_EXTENSION: Final = "packtrace"


class OutcomeUnknownError(TraceError):
    """What became of the events is not known yet: submit the same bytes again, which is safe."""

    code = "OUTCOME_UNKNOWN"


class DiskFullError(TraceError):
    """Too little is free on the disk; nothing of this was recorded."""

    code = "DISK_NEARLY_FULL"


@dataclass(slots=True)
class Node:
    """What the views of one application share. Whoever makes it closes it."""

    home: Home
    ledger: Ledger
    writer: Writer
    store: Store
    clock: Callable[[], datetime]
    limits: Limits
    free_bytes: Callable[[], int]
    public_entries: bool = False  # whether everybody may read what the log holds, as a mirror or an auditor
    webhooks_to_private: bool = False  # whether notices go to addresses that are not public
    jobs: Jobs = field(init=False)
    runner: JobRunner = field(init=False)
    webhooks: Webhooks = field(init=False)
    invitations: Invitations = field(init=False)
    seen: Seen = field(init=False)
    confirm: Callable[[Invitation], None] | None = None  # told of each device that asks; for samples alone
    notice_key: PrivateKey = field(init=False)
    _batches: threading.BoundedSemaphore = field(init=False)

    def __post_init__(self) -> None:
        self._batches = threading.BoundedSemaphore(self.limits.batches)
        self.jobs = Jobs(
            self.home.path / "jobs", self.store, self.clock, self.limits, lambda: self.free_bytes()
        )
        self.webhooks = Webhooks(self.store, self.clock)
        self.invitations = Invitations(self.store, self.clock)
        self.seen = Seen(self.store, self.clock)
        self.notice_key = load_notice_key(self.home)
        self.runner = JobRunner(self.jobs, self.ledger, self.limits, self.check_spare)

    @classmethod
    def start(
        cls,
        home: Home,
        ledger: Ledger,
        clock: Callable[[], datetime],
        limits: Limits | None = None,
        *,
        public_entries: bool = False,
        webhooks_to_private: bool = False,
    ) -> Node:
        """Begin to serve an open ledger, which stays the caller's to close."""
        return cls(
            home,
            ledger,
            Writer(ledger),
            Store(home.path / "node.db"),
            clock,
            limits or Limits(),
            lambda: shutil.disk_usage(home.path).free,
            public_entries,
            webhooks_to_private,
        )

    def close(self) -> None:
        """Append what is queued, and let go of the node's own files."""
        self.runner.close()
        self.writer.close()
        self.store.close()

    def submit(self, submission: Submission) -> Answer:
        """Record events together with whatever else is waiting, and return once a checkpoint covers them.

        Raises:
            DiskFullError: Nothing was recorded.
            LedgerBusyError: Nothing was recorded: too much is waiting.
            OutcomeUnknownError: The writer did not answer in time.
            LedgerError: As `Ledger.append`.
        """
        self.check_room()
        future = self.writer.submit(submission)
        try:
            return future.result(self.limits.wait_s)
        except FutureTimeoutError:
            if future.cancel():
                raise LedgerBusyError(
                    f"writer: expected a turn within {self.limits.wait_s:g} s, got none; nothing was recorded"
                ) from None
            raise OutcomeUnknownError(
                f"writer: expected an answer within {self.limits.wait_s:g} s, got none yet; "
                "submit the same bytes again"
            ) from None

    @contextmanager
    def take_batch(self) -> Iterator[None]:
        """One of the batches that may be answered at the same time.

        Raises:
            LedgerBusyError: As many as may be are being answered; nothing was recorded.
        """
        if not self._batches.acquire(blocking=False):
            raise LedgerBusyError(
                f"batches: expected fewer than {self.limits.batches} at a time, got as many; "
                "nothing was recorded"
            )
        try:
            yield
        finally:
            self._batches.release()

    def check_room(self) -> None:
        """The disk has its reserve, so that a receipt can't be followed by a full disk.

        Raises:
            DiskFullError: It has not.
        """
        self._check_free(self.limits.reserve_bytes)

    def check_spare(self) -> None:
        """The disk has twice its reserve: what can wait, as jobs, leaves the rest to what can't.

        Raises:
            DiskFullError: It has not.
        """
        self._check_free(2 * self.limits.reserve_bytes)

    def _check_free(self, least: int) -> None:
        free = self.free_bytes()
        if free < least:
            raise DiskFullError(
                f"disk: expected at least {least} bytes free, got {free}; nothing was recorded"
            )


def keep_key(node: Node, key: str, request: bytes, sender: str) -> None:
    """Bind a key of idempotency to a request that is answered at once.

    Raises:
        KeyReusedError: It is bound to another.
    """
    with node.store.write() as connection:
        now = int(node.clock().timestamp())
        bind_key(connection, key, request, sender=sender, now=now, days=node.limits.keys_days)


def install(app: Flask, node: Node) -> None:
    """Make the node known to the views of an application."""
    app.extensions[_EXTENSION] = node


def this_node() -> Node:
    """The node of the application that answers."""
    return cast(Node, current_app.extensions[_EXTENSION])
