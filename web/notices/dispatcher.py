"""The threads that deliver notices to webhooks: at least once, in order, one delivery of a webhook at a time.

How far a webhook has been told is saved after each answer of success and at no other time. So whatever
happens to the process, nothing is left out, and what may not have arrived is sent again. Of several processes
on one home one delivers, as long as it holds a lock that the system lets go of when it dies.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Final

from filelock import Timeout
from sqlalchemy.exc import SQLAlchemyError

from ...signing.keys import PrivateKey
from ...trace.errors import TraceError
from ...trace.ledger.ledger import Ledger
from ...trace.ledger.register import file_lock
from ...trace.lifecycle.world import World
from ...trace.notice import sign_notices
from .feed import format_cursor, read_feed
from .outbound import DeliveryError, DestinationError, Outbound
from .store import Webhook, Webhooks

CONTENT_TYPE: Final = "application/jose"
AT_ONCE: Final = 32
"""Notices of a delivery at most: they fit the 32 KiB that a signed text has."""

_THREADS: Final = 8
_LOOK_S: Final = 0.5
_AGAIN_S: Final = 5.0  # until what could not go on is tried again
_TURN_S: Final = 5.0  # of one organisation; a delivery that began within it goes on
_LOG: Final = logging.getLogger("packtrace.notices")


class Dispatcher:
    """Delivers what is due. `close` waits for what is on its way, at most as long as a request may take."""

    def __init__(
        self,
        ledger: Ledger,
        webhooks: Webhooks,
        key: PrivateKey,
        outbound: Outbound,
        clock: Callable[[], datetime],
        lock: Path,
    ) -> None:
        """Args:
        key: Signs the notices.
        lock: A file beside the webhooks, for all processes that share them.
        """
        self._ledger = ledger
        self._webhooks = webhooks
        self._key = key
        self._outbound = outbound
        self._clock = clock
        self._lock = file_lock(lock)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notices", daemon=True)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="notices")
        self._busy: dict[str, Future[None]] = {}  # organisation -> its turn, while it lasts
        self._looked: dict[str, tuple[int, int, int]] = {}  # webhook -> where there was nothing to tell

    def start(self) -> None:
        """Begin, as soon as no other process does it."""
        self._thread.start()

    def close(self) -> None:
        """End; what was not told is told by whoever goes on."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._pool.shutdown(cancel_futures=True)
        self._lock.release()

    def deliver_due(self) -> int:
        """Begin to tell every organisation that has something due and nothing on its way; says how many.

        The caller has the lock, or is alone.
        """
        self._busy = {org: future for org, future in self._busy.items() if not future.done()}
        size = self._ledger.published().size
        turns: dict[str, list[Webhook]] = {}
        looked: dict[str, tuple[int, int, int]] = {}
        for webhook in self._webhooks.due():
            here = (webhook.version, webhook.after, size)
            if self._looked.get(webhook.id) == here:
                looked[webhook.id] = here
            elif webhook.org not in self._busy:
                turns.setdefault(webhook.org, []).append(webhook)
        self._looked = looked
        for org, webhooks in turns.items():
            self._busy[org] = self._pool.submit(self._take_turn, webhooks, size)
        return len(turns)

    def wait(self) -> None:
        """Until nothing is on its way."""
        for future in list(self._busy.values()):
            future.result()

    def _run(self) -> None:
        """Look again and again, whatever one look met: nobody would notice that webhooks had ended."""
        while not self._take_lock():
            if self._ended.wait(_LOOK_S):
                return
        while not self._ended.wait(_LOOK_S):
            try:
                self.deliver_due()
            except (TraceError, SQLAlchemyError, OSError) as error:
                # Nothing is signed yet, or a database or the disk does not answer.
                _LOG.warning("webhooks wait: %s", error)
                self._ended.wait(_AGAIN_S)
            except Exception:  # the edge of this thread
                _LOG.exception("webhooks wait")
                self._ended.wait(_AGAIN_S)

    def _take_lock(self) -> bool:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    def _take_turn(self, webhooks: list[Webhook], size: int) -> None:
        """Tell the webhooks of one organisation, one after the other, for some seconds.

        Then it is others' turn, however many webhooks it has and however slowly they take what they are told;
        those that are left have waited longest the next time.
        """
        until = time.monotonic() + _TURN_S
        for webhook in webhooks:
            going: Webhook | None = webhook
            try:
                while going and not self._ended.is_set():
                    going = self._deliver(going, size)
                    if time.monotonic() >= until:
                        return
            except Exception:  # of one webhook; it is put off, and the others go on
                _LOG.exception("webhook %s failed", webhook.id)
                self._put_off(going or webhook)

    def _put_off(self, webhook: Webhook) -> None:
        """Come back to a webhook later, also where that can't be noted, and not at every look."""
        try:
            self._webhooks.failed(webhook, "the node failed; it was logged")
        except Exception:
            _LOG.exception("webhook %s waits", webhook.id)
            self._ended.wait(_AGAIN_S)

    def _deliver(self, webhook: Webhook, size: int) -> Webhook | None:
        """Tell one webhook the next notices; gives it as it then stands, if there may be more."""
        at = self._clock()
        barred = _why_barred(webhook, self._ledger.world(), at)
        if barred:
            self._webhooks.pause(webhook, barred)
            return None
        feed = read_feed(self._ledger, webhook.org, webhook.after, AT_ONCE, at)
        if not feed.notices:
            self._looked[webhook.id] = (webhook.version, webhook.after, size)
            return None
        body = sign_notices(
            self._key,
            origin=self._ledger.origin,
            webhook=webhook.id,
            notices=feed.notices,
            cursor=format_cursor(feed.next),
            at=at,
        )
        try:
            self._outbound.post(webhook.url, body.encode("ascii"), CONTENT_TYPE)
        except (DestinationError, DeliveryError) as error:
            _LOG.info("webhook %s: %s", webhook.id, error.message)
            self._webhooks.failed(webhook, error.message)
            return None
        return self._webhooks.delivered(webhook, feed.next)


def _why_barred(webhook: Webhook, world: World, at: datetime) -> str:
    """Why nothing is sent in the name of the key that set it up; empty where nothing is against it."""
    signer = world.signer(webhook.kid)
    if signer is None or signer.revoked or signer.key.org != webhook.org:
        return f"key: expected the one that set it up in force, got {webhook.kid}, which is revoked"
    if signer.org is None or signer.org.suspended:
        return "organisation: expected one in good standing, got one that is suspended"
    if (signer.key.valid_from and at < signer.key.valid_from) or (
        signer.key.until and at >= signer.key.until
    ):
        return f"key: expected the one that set it up within its time, got {webhook.kid}"
    return ""
