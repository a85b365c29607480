"""Connections whose requests do not arrive in time are closed.

waitress reads a request whole before a thread sees it, so that a slow client holds a connection and nothing
else. Connections are bounded too, and a client that sends a byte now and then would keep one for good.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Final

from waitress.channel import HTTPChannel

from .framing import ProblemTask
from .uploads import BoundedParser

GRACE_S: Final = 20.0
"""For the head of a request, and to get going with its body."""

SLOWEST: Final = 1_024
"""Bytes a second that a body must come with on the whole, once the grace is over."""

IDLE_S: Final = 60
"""Without a byte, between two requests of a connection or within one."""


class TimedChannel(HTTPChannel):
    """A connection of waitress with a time by which each request must be there."""

    error_task_class = ProblemTask
    parser_class = BoundedParser
    _began = 0.0
    _got = 0

    def received(self, data: bytes) -> bool:
        """Take in what has come, unless the request has taken too long already."""
        now = time.monotonic()
        if self.request is None:
            self._began, self._got = now, 0
        self._got += len(data)
        if now > self._began + GRACE_S + self._got / SLOWEST:
            self.handle_close()
            return False
        taken: bool = super().received(data)
        return taken


def close_slow_clients(sockets: Iterable[Any]) -> None:
    """Let every socket that listens make such connections; a host with several addresses has several."""
    for listening in sockets:
        if hasattr(listening, "channel_class"):
            listening.channel_class = TimedChannel
