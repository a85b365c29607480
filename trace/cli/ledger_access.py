"""The ledger of the home, opened to write with the log's keys or to read without them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, NoReturn

from filelock import Timeout

from ...signing.checkpoint import Checkpoint, LogSigner
from ...signing.log_key import LogKey, load_log_key
from ...signing.note import VerifierKey
from ..errors import TraceError, UndecidedError
from ..ledger.errors import HomeError
from ..ledger.home import Home, check_database_url
from ..ledger.ledger import Ledger, system_clock
from ..ledger.register import file_lock
from ..lifecycle.world import World
from .key_store import passphrase_for
from .place import Place

LOCK_WAIT_S: Final = 20
"""Appending holds the lock for a second at most; whoever holds it longer hangs, or audits by hand."""


def load_home(place: Place) -> Home:
    """The home, with the database that was named on the command line, if one was.

    Raises:
        HomeError: No log was founded there.
    """
    try:
        home = Home.load(place.folder)
    except HomeError as error:
        hint = "give --home or PACKTRACE_HOME, or run packtrace init"
        raise HomeError(f"{error.message}; {hint}") from error
    return replace(home, db=check_database_url(place.db)) if place.db else home


@contextmanager
def open_ledger(place: Place, passphrase: bytes | None) -> Iterator[Ledger]:
    """The ledger, to append to.

    Raises:
        HomeError, LedgerError: As `Ledger.open`.
        click.UsageError: The log's keys ask for a passphrase.
    """
    home = load_home(place)
    signer = load_log_signer(home, passphrase)
    wait_for_lock(home)
    with Ledger.open(home, signer, system_clock, threads=2) as ledger:
        yield ledger


def load_log_signer(home: Home, passphrase: bytes | None) -> LogKey:
    """The log's private keys."""
    return load_log_key(home.log_key, home.origin, passphrase=passphrase_for(home.log_key, passphrase))


@contextmanager
def read_ledger(place: Place) -> Iterator[Ledger]:
    """The ledger, to look things up in; nothing is signed, so the log's private keys are not asked for."""
    home = load_home(place)
    vkeys = home.load_vkeys()
    wait_for_lock(home)
    ledger = Ledger(home, _NoSigner(vkeys), system_clock, vkeys=vkeys)
    try:
        yield ledger
    finally:
        ledger.close()


@contextmanager
def read_world(place: Place) -> Iterator[World]:
    """What the log says now."""
    with read_ledger(place) as ledger:
        yield ledger.world()


def wait_for_lock(home: Home) -> None:
    """Wait until nobody holds the ledger, and say so where somebody does not let go.

    Raises:
        TraceError: Held for longer than anybody should.
    """
    lock = file_lock(home.lock)
    try:
        lock.acquire(timeout=LOCK_WAIT_S)
    except Timeout:
        raise TraceError(
            f"home: expected the lock within {LOCK_WAIT_S} s, got another process holding it",
            code="LEDGER_STOPPED",
            where=str(home.lock),
        ) from None
    lock.release()


class _NoSigner(LogSigner):
    """Stands where a ledger that is only read asks for the log's keys."""

    def __init__(self, vkeys: tuple[VerifierKey, ...]) -> None:
        self._vkeys = vkeys

    @property
    def vkeys(self) -> tuple[VerifierKey, ...]:
        return self._vkeys

    def sign(self, checkpoint: Checkpoint, *, time: int) -> NoReturn:
        raise UndecidedError("checkpoint: expected nothing to sign while reading, got a tree that has grown")
