"""What the server keeps of requests while they arrive: what their path takes, and never the whole disk.

waitress reads a request whole before the application sees it, long ones into a file. Without these bounds
anybody could send gigabytes to any address, on as many connections as there are.
"""

from __future__ import annotations

import copy
import shutil
import tempfile
from typing import Any, ClassVar, Final

from waitress.utilities import Error

from ..limits import Limits
from .framing import StrictParser

IN_MEMORY: Final = 1 << 16
"""Bytes of a body, beyond which it is written to a file: so many connections have so much memory at most."""

_LOOK_AFTER: Final = 1 << 20  # bytes of one body; what is shorter arrives whatever the disk says
_LARGE: Final = ("/api/v1/events/batch",)


class NoRoomError(Error):
    """The disk has no room for a long body."""

    code = 507
    reason = "Insufficient Storage"
    detail = "disk: expected room for a body of this length, got too little; nothing was recorded"


class BoundedParser(StrictParser):
    """Reads a request as far as there is room for it."""

    limits: ClassVar[Limits] = Limits()
    folder: ClassVar[str] = tempfile.gettempdir()  # where the server keeps bodies

    adj: Any  # of waitress, which has no types
    error: Any
    _looked = 0

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head, which says how long the body may be.

        Raises:
            ParsingError: As `StrictParser`.
        """
        super().parse_header(header_plus)
        if self.path not in _LARGE and (self.chunked or self.content_length > self.limits.batch_bytes):
            # Far above what any other path takes, so that the application itself can answer what is too long.
            self.adj = copy.copy(self.adj)
            self.adj.max_request_body_size = self.limits.batch_bytes

    def received(self, data: bytes) -> int:
        """Take in what has come."""
        taken: int = super().received(data)
        got = max(self.body_bytes_received, min(self.content_length, _LOOK_AFTER))
        if self.error is None and got >= self._looked + _LOOK_AFTER:
            self._looked = got
            if shutil.disk_usage(self.folder).free < 2 * self.limits.reserve_bytes:
                self.error = NoRoomError("")
                self.completed = True
        return taken
