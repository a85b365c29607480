"""The log of the process: one line for one thing, whatever it quotes.

Addresses and errors quote what clients wrote. A line feed in it would forge lines, and an escape would steer
the terminal of whoever reads them.
"""

from __future__ import annotations

import logging
import sys
from types import TracebackType
from typing import Final

_FORMAT: Final = "%(asctime)s %(name)s %(message)s"


class PlainFormatter(logging.Formatter):
    """Writes what is no printable character as its escape, and sets the lines of a trace off."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line."""
        return _plain(super().formatMessage(record))

    def formatException(
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """The lines of a trace."""
        return "\n".join(f"  | {_plain(line)}" for line in super().formatException(ei).split("\n"))


def log_to_stderr() -> None:
    """Let everything that this process logs go to stderr, unless somebody arranged it otherwise."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlainFormatter(_FORMAT))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _plain(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text
    )
