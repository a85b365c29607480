"""What is recorded: entries, chains, receipts, checkpoints and proofs of one log, read back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, select

from ...signing.merkle import HASH_SIZE
from ...signing.tiles import TILE_WIDTH, TileId
from ..lifecycle.world import World
from ..rules.ruleset import RuleBook, RuleSet
from ..rules.ruleset import RulesUnknownError as UnknownRulesError
from ..statement import parse_entry, parse_event_jws
from .database import Database
from .errors import LedgerError, ReceiptPendingError, RulesUnknownError
from .extension import prove_extension
from .publisher import Publisher, load_entries
from .receipts import Receipt, load_receipts
from .register import Registered
from .rows import load_tile, load_tree, read_tile
from .stored import Cache, StoredWorld
from .tables import CHECKPOINT, ENTRY

_READ_AT_ONCE: Final = 1_000  # entries


class Recorded:
    """The reading half of a ledger; nothing here changes the log."""

    def __init__(self, origin: str, book: RuleBook, database: Database, publisher: Publisher) -> None:
        self.origin = origin
        self.book = book
        self._database = database
        self._publisher = publisher

    @property
    def rules(self) -> RuleSet:
        """The rule set in force.

        Raises:
            RulesUnknownError: The log adopted one that is neither installed nor in the home.
        """
        try:
            return self.world().rules
        except UnknownRulesError as error:
            raise RulesUnknownError(f"{error.message}; nothing is recorded under them") from error

    @property
    def size(self) -> int:
        """How many entries are committed, signed or not."""
        with self._database.read() as connection:
            return load_tree(connection).size

    def receipt(self, event_id: str) -> Receipt:
        """The proof that an event is in the log, against the newest checkpoint.

        Raises:
            EventUnknownError: It is not.
            ReceiptPendingError: It is, but no checkpoint covers it yet.
            LedgerDamagedError: The stored tiles do not prove it.
        """
        (found,) = self.receipts([event_id])
        if isinstance(found, LedgerError):
            raise found
        return found

    def receipts(self, event_ids: Sequence[str]) -> list[Receipt | LedgerError]:
        """The receipts of several events at once, or why there is none: a fraction of the cost for each."""
        registered = self._publisher.newest()  # before the rows, so that they are there
        with self._database.read() as connection:
            return load_receipts(connection, registered, event_ids)

    def checkpoint(self) -> bytes:
        """The newest signed checkpoint.

        Raises:
            ReceiptPendingError: There is none yet.
        """
        return self.published().note

    def published(self) -> Registered:
        """The newest signed checkpoint, with the tree that it is the head of.

        Raises:
            ReceiptPendingError: There is none yet.
        """
        registered = self._publisher.newest()
        if registered is None:
            raise ReceiptPendingError("checkpoint: expected one, got none yet")
        return registered

    def prove_consistency(self, old: int, new: int) -> tuple[tuple[bytes, ...], Registered]:
        """The proof that the tree of `new` leaves begins with that of `old`, and the newest checkpoint.

        Raises:
            ConsistencyError: Unless 0 < old <= new.
            BeyondCheckpointError: No checkpoint covers `new` leaves.
            LedgerDamagedError: The stored tiles do not prove it, or give another root than was signed.
        """
        registered = self.published()
        return prove_extension(registered, self._read_tile, old, new), registered

    def adopted(self) -> list[RuleSet]:
        """The rule sets that the log ever named, in its order.

        Raises:
            RulesUnknownError: One of them is not at hand.
        """
        named: dict[tuple[str, str], RuleSet] = {}
        for _, entry in self.entries_of(f"log:{self.origin}"):
            rules = parse_event_jws(parse_entry(entry)[0]).value["data"].get("rules")
            if rules:
                found = self.book.find(rules["name"], rules["sha256"])
                named[found.id] = found
        return list(named.values())

    def checkpoints(self) -> list[tuple[int, bytes]]:
        """Every published checkpoint, by size."""
        with self._database.read() as connection:
            query = select(CHECKPOINT.c.size, CHECKPOINT.c.note).order_by(CHECKPOINT.c.size)
            return [(row.size, row.note) for row in connection.execute(query)]

    def world(self) -> World:
        """The committed state, to look things up in; it reads when asked, and then remembers."""
        return StoredWorld(self.origin, self.book, self._fetch, Cache(0))

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        """The entries from leaf `start` up to `stop`.

        Raises:
            LedgerDamagedError: One of them is not there.
        """
        for first in range(start, stop, _READ_AT_ONCE):
            with self._database.read() as connection:
                some = load_entries(connection, first, min(first + _READ_AT_ONCE, stop))
            yield from some

    def has(self, event_id: str) -> bool:
        """Whether an event of this id is recorded."""
        return bool(self._fetch(select(ENTRY.c.leaf_index).where(ENTRY.c.event_id == event_id), {}))

    def entries_of(self, subject: str) -> list[tuple[int, bytes]]:
        """The entries of a chain in order, each with its leaf index."""
        query = select(ENTRY.c.leaf_index, ENTRY.c.entry).where(ENTRY.c.subject == subject)
        rows = self._fetch(query.order_by(ENTRY.c.seq), {})
        return [(row.leaf_index, row.entry) for row in rows]

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One moment of the database, for queries of one's own."""
        with self._database.read() as connection:
            yield connection

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        """The first hashes of a tile; fewer than `width`, or none, where there are no more."""
        with self._database.read() as connection:
            return load_tile(connection, level, index)[: width * HASH_SIZE]

    def _read_tile(self, tile: TileId) -> bytes:
        with self._database.read() as connection:
            return read_tile(connection, tile)

    def _fetch(self, query: Select[Any], values: dict[str, Any]) -> Sequence[Row[Any]]:
        with self._database.read() as connection:
            return connection.execute(query, values).all()
