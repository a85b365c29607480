"""Group commit: many threads submit, one thread appends what has come in meanwhile in one go."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from .door import Submission
from .errors import LedgerBusyError, LedgerError, LedgerStoppedError
from .ledger import Ledger
from .receipts import Receipt
from .sequence import Outcome

MAX_BATCH: Final = 1_000  # submissions in one append
MAX_WAITING: Final = 10_000  # submissions; above, a caller is told at once instead of waiting


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a submission, and the receipt of its last event if the log has it."""

    outcome: Outcome
    receipt: Receipt | None = None


_Waiting = tuple[Submission, "Future[Answer]"]


class Writer:
    """Appends for many callers. A disk syncs as fast for a thousand events as for one."""

    def __init__(self, ledger: Ledger, *, most_waiting: int = MAX_WAITING) -> None:
        self._ledger = ledger
        self._queue: queue.Queue[_Waiting | None] = queue.Queue()
        self._most_waiting = most_waiting
        self._closed = False
        self._entering = threading.Lock()  # nothing is queued behind the mark that ends the queue
        self._thread = threading.Thread(target=self._run, name="packtrace-writer")
        self._thread.start()

    def submit(self, submission: Submission) -> Future[Answer]:
        """Queue a submission; its answer comes once a published checkpoint covers it.

        The future's exception is a `LedgerError` of `Ledger.append`: what became of the events is not known.

        Raises:
            LedgerBusyError: Too many are waiting; nothing was queued.
            LedgerStoppedError: The writer was closed.
        """
        future: Future[Answer] = Future()
        with self._entering:
            if self._closed:
                raise LedgerStoppedError("writer: expected an open one, got a closed one")
            if self._queue.qsize() >= self._most_waiting:
                raise LedgerBusyError(
                    f"writer: expected fewer than {self._most_waiting} waiting, got as many"
                )
            self._queue.put((submission, future))
        return future

    @property
    def waiting(self) -> int:
        """How many submissions are queued, about."""
        return self._queue.qsize()

    @property
    def is_alive(self) -> bool:
        """Whether what is submitted will be looked at."""
        return self._thread.is_alive() and not self._closed

    def close(self) -> None:
        """Append what is queued, then end. The ledger stays open."""
        with self._entering:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        ended = False
        while not ended:
            batch: list[_Waiting] = []
            item = self._queue.get()
            while item is not None:
                if item[1].set_running_or_notify_cancel():
                    batch.append(item)
                if len(batch) >= MAX_BATCH or self._queue.empty():
                    break
                item = self._queue.get()
            ended = item is None
            if batch:
                self._append(batch)

    def _append(self, batch: list[_Waiting]) -> None:
        try:
            outcomes = self._ledger.append([submission for submission, _ in batch])
        except LedgerError as error:
            for _, future in batch:
                future.set_exception(error)
        except BaseException as error:
            # A bug, met by one of them: nothing was committed, and the others are not to suffer from it.
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            for item in batch:
                self._append([item])
        else:
            self._answer([future for _, future in batch], outcomes)

    def _answer(self, futures: list[Future[Answer]], outcomes: list[Outcome]) -> None:
        """Give everybody the outcome, with receipts that are made together."""
        ids = [outcome.events[-1].event_id for outcome in outcomes if outcome.events]
        try:
            made = iter(self._ledger.receipts(ids) if ids else [])
        except LedgerError as error:
            for future in futures:
                future.set_exception(error)
            return
        for future, outcome in zip(futures, outcomes, strict=True):
            receipt = next(made) if outcome.events else None
            if isinstance(receipt, LedgerError):
                future.set_exception(receipt)
            else:
                future.set_result(Answer(outcome, receipt))
