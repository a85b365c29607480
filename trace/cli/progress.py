"""A bar on standard error for what takes longer than a second, where a person looks on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from .text_input import is_terminal

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE_S: Final = 1.0

Advance = Callable[[int], None]


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Advance]:
    """Give a function that is told how much more has been done.

    Args:
        what: Named beside the bar.
        total: How much there is in all; None where nobody knows.
    """
    if not is_terminal():
        yield lambda done: None
        return
    bar = _LateBar(what, total)
    try:
        yield bar.advance
    finally:
        bar.stop()


class _LateBar:
    """A bar that appears only once somebody has waited."""

    def __init__(self, what: str, total: int | None) -> None:
        self._what = what
        self._total = total
        self._began = time.monotonic()
        self._done = 0
        self._bar: tuple[Progress, TaskID] | None = None

    def advance(self, done: int) -> None:
        self._done += done
        if self._bar is None and time.monotonic() - self._began > PATIENCE_S:
            self._bar = _start(self._what, self._total)
        if self._bar is not None:
            progress, task = self._bar
            progress.update(task, completed=self._done)

    def stop(self) -> None:
        if self._bar is not None:
            self._bar[0].stop()


def _start(what: str, total: int | None) -> tuple[Progress, TaskID]:
    # rich takes a tenth of a second to import, and most commands are done by then.
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task(what, total=total)
    bar.start()
    return bar, task
