"""Whether the node can record: the database takes a write, the signed log is whole, there is room.

The database is asked at most every few seconds, however often somebody looks. Reasons are codes: what a
message says of paths and servers is for the log of the process, not for whoever asks.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ..trace.errors import TraceError
from ..trace.ledger.errors import LedgerBusyError, LedgerStoppedError
from .node import Node

PROBE_S: Final = 5.0
"""For so long an answer of the database holds."""

LOCK_S: Final = 5.0
"""Until whoever appends at the moment has let go; an append takes a second at most."""

_LOG: Final = logging.getLogger("packtrace.web")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the node is not ready."""

    check: str  # writer, disk, checkpoint or database
    code: str


class NotReadyError(TraceError):
    """The node lives, and can't record now."""

    code = "NOT_READY"
    http_status = 503
    retry_after_s = int(PROBE_S)

    def __init__(self, reasons: tuple[Reason, ...]) -> None:
        said = ", ".join(f"{reason.check} {reason.code}" for reason in reasons)
        super().__init__(f"node: expected one that can record, got {said}")
        self.reasons = reasons
        self.members = {"reasons": [{"check": each.check, "code": each.code} for each in reasons]}


@dataclass(slots=True)
class Readiness:
    """Looks at a node, and remembers what it saw for a while."""

    node: Node
    monotonic: Callable[[], float] = time.monotonic
    _seen: tuple[Reason, ...] = ()
    _until: float = float("-inf")
    _looking: threading.Lock = field(default_factory=threading.Lock)

    def check(self) -> None:
        """The node can record.

        Raises:
            NotReadyError: With every reason.
        """
        reasons = [*self._of_now(), *self._of_the_ledger()]
        if reasons:
            raise NotReadyError(tuple(reasons))

    def _of_now(self) -> list[Reason]:
        """What costs nothing to look at."""
        reasons = [] if self.node.writer.is_alive else [Reason("writer", LedgerStoppedError.code)]
        return reasons + _reasons("disk", self.node.check_room)

    def _of_the_ledger(self) -> tuple[Reason, ...]:
        with self._looking:  # whoever asks meanwhile gets the same answer
            if self.monotonic() >= self._until:
                ledger = self.node.ledger
                found = _reasons("checkpoint", ledger.check_standing)
                found += _reasons("database", lambda: ledger.check_writable(LOCK_S))
                self._seen = tuple(found)
                self._until = self.monotonic() + PROBE_S
            return self._seen


def _reasons(check: str, ask: Callable[[], None]) -> list[Reason]:
    try:
        ask()
    except LedgerBusyError as error:
        _LOG.warning("readiness: %s is busy: %s", check, error.message)
        return [Reason(check, error.finding_code)]
    except TraceError as error:
        _LOG.error("readiness: %s: %s", check, error.message)
        return [Reason(check, error.finding_code)]
    return []
