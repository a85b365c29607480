"""A running node: one log, the thread that appends to it, and what the node keeps beside the log."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from flask import Flask, current_app

from ..trace.errors import TraceError
from ..trace.ledger.door import Submission
from ..trace.ledger.errors import LedgerBusyError
from ..trace.ledger.home import Home
from ..trace.ledger.ledger import Ledger
from ..trace.ledger.writer import Answer, Writer
from .limits import Limits
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

    @classmethod
    def start(
        cls,
        home: Home,
        ledger: Ledger,
        clock: Callable[[], datetime],
        limits: Limits | None = None,
        *,
        public_entries: bool = False,
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
        )

    def close(self) -> None:
        """Append what is queued, and let go of the node's own files."""
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

    def check_room(self) -> None:
        """The disk has its reserve, so that a receipt can't be followed by a full disk.

        Raises:
            DiskFullError: It has not.
        """
        free = self.free_bytes()
        if free < self.limits.reserve_bytes:
            raise DiskFullError(
                f"disk: expected at least {self.limits.reserve_bytes} bytes free, got {free}; "
                "nothing was recorded"
            )


def install(app: Flask, node: Node) -> None:
    """Make the node known to the views of an application."""
    app.extensions[_EXTENSION] = node


def this_node() -> Node:
    """The node of the application that answers."""
    return cast(Node, current_app.extensions[_EXTENSION])
