"""Work of seconds takes turns, so that the other threads are there for the yard."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from flask import Flask, current_app

from ...trace.errors import TraceError

PLACES: Final = 2  # at the same time, each with some hundred MiB at most
_WAIT_S: Final = 20.0
_EXTENSION: Final = "packtrace-office"


class OfficeBusyError(TraceError):
    """Others are being served; nothing was done."""

    code = "OFFICE_BUSY"
    http_status = 503
    retry_after_s = 5


def install_turns(app: Flask) -> None:
    """Give an application its places."""
    app.extensions[_EXTENSION] = threading.BoundedSemaphore(PLACES)


@contextmanager
def take_turn() -> Iterator[None]:
    """One of the places, for as long as the block lasts.

    Raises:
        OfficeBusyError: None became free in time.
    """
    places: threading.BoundedSemaphore = current_app.extensions[_EXTENSION]
    if not places.acquire(timeout=_WAIT_S):
        raise OfficeBusyError(f"office: expected a turn within {_WAIT_S:g} s, got none; ask again")
    try:
        yield
    finally:
        places.release()
