"""From committed rows to a published checkpoint: the fourth, fifth and sixth step of appending.

Logs died of signing what they had not read back, and of signing two histories. So what is signed is computed
from the rows as they lie in the database, going on from the last signed checkpoint, which lies elsewhere; and
it is published only by replacing exactly that checkpoint.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, select

from ...signing.checkpoint import Checkpoint, LogSigner, open_checkpoint
from ...signing.errors import SigningError
from ...signing.merkle import Frontier, leaf_hash
from ...signing.note import VerifierKey
from ..errors import RefusedError
from ..statement import parse_entry
from .database import Database
from .errors import CheckpointConflictError, LedgerDamagedError, LedgerRolledBackError, LogSplitError
from .register import Register, Registered
from .rows import load_tree
from .tables import CHECKPOINT, ENTRY

_ENTRIES: Final = (  # built once: to build a query costs as much as to run it
    select(ENTRY.c.leaf_index, ENTRY.c.entry)
    .where(ENTRY.c.leaf_index >= bindparam("start"), ENTRY.c.leaf_index < bindparam("stop"))
    .order_by(ENTRY.c.leaf_index)
)
_CHUNK: Final = 10_000  # entries in memory at a time
_PUBLISHED_EVERY: Final = timedelta(seconds=1)


class Publisher:
    """Signs what the database holds, never against what was signed before."""

    def __init__(
        self,
        origin: str,
        database: Database,
        register: Register,
        vkeys: Sequence[VerifierKey],
        signer: LogSigner,
    ) -> None:
        self._origin = origin
        self._database = database
        self._register = register
        self._vkeys = vkeys
        self._signer = signer
        self._seen: Registered | None = None
        self._kept_at: datetime | None = None
        self._unkept: Registered | None = None  # published since, and not kept with the others yet
        self._looking = threading.Lock()

    def newest(self) -> Registered | None:
        """The registered checkpoint, its signatures checked; None before the first.

        Raises:
            LedgerDamagedError: It is not signed by the keys of the log, or not the head of its frontier.
            LogSplitError: It contradicts one that was seen before.
        """
        with self._looking:  # or another thread's older reading would look like a register going back
            registered = self._register.load()
            seen = self._seen
            if registered is None:
                if seen is not None:
                    raise LogSplitError(f"register: expected a checkpoint from size {seen.size}, got none")
                return None
            if registered == seen:
                return seen
            self._check_signed(registered)
            if seen and (registered.size < seen.size or _other_root(registered, seen)):
                raise LogSplitError(
                    f"register: expected a checkpoint that extends that of size {seen.size}, "
                    f"got one of size {registered.size}"
                )
            self._seen = registered
            return registered

    def check_not_rolled_back(self, tree: Frontier) -> None:
        """The database, whose tree this is, holds what was signed, so that one may go on writing.

        Raises:
            LedgerRolledBackError: It holds less.
        """
        _check_not_below(tree, self.newest())

    def check_standing(self, registered: Registered) -> None:
        """The tree that the database recorded is the signed one, or goes on from it.

        Args:
            registered: Read before, since the database only goes on from there.

        Raises:
            LedgerRolledBackError: The database holds less than was signed.
            LedgerDamagedError: It recorded another tree of that size, or none.
        """
        with self._database.read() as connection:
            tree = load_tree(connection)
        _check_not_below(tree, registered)
        if tree.size == registered.size and tree.to_bytes() != registered.frontier:
            raise LedgerDamagedError(
                f"table tree: expected the signed tree of size {tree.size}, got another of that size"
            )

    def publish(self, now: datetime) -> Registered | None:
        """Sign everything that is committed, and publish it.

        Args:
            now: Goes into the signatures, unless the newest entry was recorded later: a clock that was set
                back, or a story that is ahead of it, must not give a signature from before what it covers.

        Returns:
            The newest checkpoint, which covers all that was committed when this was called; somebody else's,
            if another sequencer was faster. None while the log is empty.

        Raises:
            LedgerRolledBackError: The database holds less than was signed.
            LedgerDamagedError: The rows do not give the tree that was recorded.
            LogSplitError: The register moved to something that the rows do not give.
        """
        before: Registered | None = None
        conflict: CheckpointConflictError | None = None
        while True:
            registered = self.newest()
            if conflict and registered == before:
                raise LogSplitError(f"register: expected another checkpoint, got the same ({conflict})")
            try:
                tree, last = self._check_committed(registered)
            except (LedgerRolledBackError, LedgerDamagedError) as error:
                if conflict:
                    raise LogSplitError(f"register, changed by somebody else: {error.message}") from error
                raise
            if registered and registered.size == tree.size:
                self._keep(registered, now)
                return registered
            if not tree.size:
                return None
            checkpoint = Checkpoint(self._origin, tree.size, tree.root())
            signed_at = max(now, _recorded_at(tree.size - 1, last))
            note = self._signer.sign(checkpoint, time=int(signed_at.timestamp()))
            new = Registered(note, tree.size, tree.to_bytes())
            self._check_signed(new)
            try:
                self._register.swap(registered.note if registered else None, new)
            except CheckpointConflictError as error:
                before, conflict = registered, error
                continue
            with self._looking:
                self._seen = new
            self._keep(new, now)
            return new

    def keep_rest(self) -> None:
        """Keep the newest checkpoint that was published here, however soon it followed the one before it."""
        if self._unkept:
            self._archive(self._unkept)
            self._unkept = None

    def _check_committed(self, registered: Registered | None) -> tuple[Frontier, bytes]:
        """Step 4: the tree of the rows after the signed checkpoint is the one that the transaction wrote.

        Returns:
            The tree, and the last of the entries after that checkpoint; nothing, where there is none.
        """
        tree = registered.tree if registered else Frontier()
        signed, last = tree.size, b""
        with self._database.read() as connection:
            committed = load_tree(connection)
            _check_not_below(committed, registered)
            for start in range(signed, committed.size, _CHUNK):
                stop = min(start + _CHUNK, committed.size)
                entries = load_entries(connection, start, stop)
                tree.extend(map(leaf_hash, entries))
                last = entries[-1]
        if tree != committed:
            raise LedgerDamagedError(
                f"entries {signed} to {tree.size - 1}: expected the root {committed.root().hex()}, "
                f"got {tree.root().hex()}"
            )
        return tree, last

    def _check_signed(self, registered: Registered) -> None:
        try:
            opened = open_checkpoint(registered.note, origin=self._origin, log_keys=self._vkeys)
        except SigningError as error:
            raise LedgerDamagedError(f"register: {error}") from error
        if (opened.checkpoint.size, opened.checkpoint.root) != (registered.size, registered.tree.root()):
            raise LedgerDamagedError(
                f"register: expected the tree of its checkpoint of size {opened.checkpoint.size}, got another"
            )

    def _keep(self, registered: Registered, now: datetime) -> None:
        """Step 6: the database keeps a checkpoint a second; the register holds the newest."""
        if self._kept_at and self._kept_at <= now < self._kept_at + _PUBLISHED_EVERY:
            self._unkept = registered
            return
        self._archive(registered)
        self._kept_at, self._unkept = now, None

    def _archive(self, registered: Registered) -> None:
        with self._database.read() as connection:
            query = select(CHECKPOINT.c.size).where(CHECKPOINT.c.size == registered.size)
            if connection.execute(query).one_or_none():
                return
        with self._database.write() as connection:
            row = (registered.size, registered.note)
            self._database.insert(connection, CHECKPOINT, [row], "left out")


def load_entries(connection: Connection, start: int, stop: int) -> list[bytes]:
    """The entries from leaf `start` up to `stop`, every one of them.

    Raises:
        LedgerDamagedError: One is missing.
    """
    rows = connection.execute(_ENTRIES, {"start": start, "stop": stop}).all()
    if len(rows) != stop - start:  # the column is unique, so there is no other way to be complete
        raise LedgerDamagedError(f"entries {start} to {stop - 1}: expected {stop - start}, got {len(rows)}")
    return [row.entry for row in rows]


def _check_not_below(tree: Frontier, registered: Registered | None) -> None:
    """The database, whose tree this is, holds what was signed.

    Raises:
        LedgerRolledBackError: It holds less.
    """
    if registered and tree.size < registered.size:
        raise LedgerRolledBackError(
            f"database: expected the {registered.size} entries that were signed, got {tree.size}"
        )


def _recorded_at(leaf: int, entry: bytes) -> datetime:
    """When the entry at this leaf was recorded."""
    try:
        return parse_entry(entry)[1]
    except RefusedError as error:
        raise LedgerDamagedError(f"entry {leaf}: {error.message}") from error


def _other_root(one: Registered, other: Registered) -> bool:
    return one.size == other.size and one.frontier != other.frontier
