"""A request body that was taken in whole before anything of it was judged.

So whatever is wrong with the body itself is known while nothing is recorded yet. It may hold what opens
withheld members: it lies in memory, or in a file that nobody else may read; one without a name is gone with
its process.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Final, cast

from ...trace.ledger.home import sync_folder
from ..door.bodies import BodyError, BodyTooLargeError
from ..limits import Limits

_IN_MEMORY: Final = 1 << 20  # bytes
_LOOK_AFTER: Final = 8 << 20  # bytes; then the disk is looked at again


class Spool:
    """Lines of a body, to be read from its beginning once `take` is through.

    Attributes:
        size: Bytes.
        lines: Blank ones too.
        sha256: Of all bytes.
    """

    def __init__(self, folder: Path) -> None:
        """Args:
        folder: Where a larger one lies.
        """
        self.file = cast(BinaryIO, SpooledTemporaryFile(_IN_MEMORY, dir=str(folder)))  # noqa: SIM115 - see `close`
        self.size = 0
        self.lines = 0
        self.sha256 = b""

    def take(
        self, pieces: Iterable[bytes], limits: Limits, check_room: Callable[[], None], *, whole: bool
    ) -> None:
        """Take the body in.

        Args:
            pieces: Of the body.
            limits: Of lines; bytes are bounded by whoever gives the pieces.
            check_room: Asked now and then, while it grows.
            whole: It is to be answered as one batch, and may not grow beyond that.

        Raises:
            BodyTooLargeError: More lines than are taken.
            BodyError: Not one line with something on it, or what the pieces raise.
            TraceError: What `check_room` raises.
        """
        digest = hashlib.sha256()
        most = limits.batch_lines if whole else limits.job_lines
        blank, last, look_at = True, b"\n", _LOOK_AFTER
        for piece in pieces:
            if not piece:
                continue
            self.file.write(piece)
            digest.update(piece)
            self.size += len(piece)
            self.lines += piece.count(b"\n")
            blank = blank and not piece.strip()
            last = piece[-1:]
            if self.lines > most:
                raise BodyTooLargeError(f"body: expected at most {most} lines, got more", where="body")
            if self.size > look_at:
                check_room()
                look_at = self.size + _LOOK_AFTER
        self.lines += last != b"\n"
        if blank:
            raise BodyError("body: expected a line with an event, got none", where="body")
        self.sha256 = digest.digest()
        self.file.seek(0)

    def is_batch(self, limits: Limits) -> bool:
        """Whether it is small enough to be answered at once."""
        return self.size <= limits.batch_bytes and self.lines <= limits.batch_lines

    def keep(self, path: Path) -> None:
        """Give it a name; on return it outlives the process, and a power cut.

        Raises:
            OSError: What is on the disk is not known.
        """
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "wb") as file:
            shutil.copyfileobj(self.file, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)

    def close(self) -> None:
        """Let go of it."""
        self.file.close()
