"""What the sequencer accepted, as rows of the tables: the third step of appending."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from sqlalchemy import Connection, bindparam, select

from ...signing.errors import SigningError
from ...signing.merkle import HASH_SIZE, Frontier, leaf_hash
from ...signing.tiles import TileBuilder, TileId
from ..lifecycle.encoding import encode_state
from ..lifecycle.world import Changes
from .database import Database
from .errors import LedgerDamagedError
from .sequence import Leaf
from .tables import CHAIN, CONCERN, DISCLOSURE, ENTRY, HOLD, KEY, REFERENCE, THE_TREE, TILE, TREE, VENDOR

# Built once: to build a query costs as much as to run it.
_TREE: Final = select(TREE.c.size, TREE.c.frontier)
_TILE: Final = select(TILE.c.data).where(
    TILE.c.level == bindparam("of"), TILE.c.tile_index == bindparam("at")
)


def load_tree(connection: Connection) -> Frontier:
    """The tree as the database has it.

    Raises:
        LedgerDamagedError: There is no such row, or it describes no tree.
    """
    row = connection.execute(_TREE).one_or_none()
    if row is None:
        raise LedgerDamagedError("table tree: expected one row, got none")
    try:
        return Frontier.from_bytes(row.size, row.frontier)
    except SigningError as error:
        raise LedgerDamagedError(f"table tree: {error}") from error


def load_tile_builder(connection: Connection, size: int) -> TileBuilder:
    """The right-most tiles of a tree of this size, to go on from.

    Raises:
        LedgerDamagedError: A tile is missing, or not as wide as the size says.
    """
    try:
        return TileBuilder(size, lambda level, index: load_tile(connection, level, index))
    except SigningError as error:
        raise LedgerDamagedError(f"table tile: {error}") from error


def load_tile(connection: Connection, level: int, index: int) -> bytes:
    """The hashes of a tile, as many as there are; nothing, where there is no such tile."""
    data: bytes | None = connection.execute(_TILE, {"of": level, "at": index}).scalar_one_or_none()
    return data or b""


def read_tile(connection: Connection, tile: TileId) -> bytes:
    """The first hashes of a tile, as many as its id says; fewer where there are no more."""
    return load_tile(connection, int(tile.level), tile.index)[: tile.width * HASH_SIZE]


def save_leaves(
    database: Database,
    connection: Connection,
    leaves: Sequence[Leaf],
    changes: Changes,
    tree: Frontier,
    tiles: TileBuilder,
) -> None:
    """Write entries, tree and projections within the caller's transaction.

    Args:
        tree: Of the size before; of the size after, on return. So is `tiles`.
    """
    hashes = [leaf_hash(leaf.entry) for leaf in leaves]
    tree.extend(hashes)
    touched = tiles.extend(hashes)
    insert = partial(database.insert, connection)
    insert(
        ENTRY,
        [
            (leaf.at.leaf_index, leaf.entry, event.id, event.sub, event.seq)
            for leaf in leaves
            for event in (leaf.arrival.event,)
        ],
    )
    insert(TILE, [(level, index, data) for (level, index), data in touched.items()], "replaces")
    insert(TREE, [(THE_TREE, tree.size, tree.to_bytes())], "replaces")
    insert(
        CHAIN,
        [
            (chain.subject, chain.seq, chain.head, encode_state(chain.state))
            for chain in changes.chains.values()
        ],
        "replaces",
    )
    insert(
        REFERENCE,
        [
            (reference.target, reference.leaf_index, reference.subject, reference.event)
            for references in changes.references.values()
            for reference in references
        ],
    )
    # In the order of the table, so that what concerns one organisation goes into one place.
    insert(CONCERN, sorted((org, leaf.at.leaf_index) for leaf in leaves for org in leaf.concerns))
    # A key stays with the chain that introduced it first, for the life of the log.
    insert(KEY, list(changes.keys.items()), "left out")
    insert(VENDOR, list(changes.vendors.items()), "replaces")
    insert(HOLD, [(subject, int(held)) for subject, held in changes.holds.items()], "replaces")
    insert(
        DISCLOSURE,
        [
            (leaf.arrival.event.id, pointer, text)
            for leaf in leaves
            for pointer, text in leaf.arrival.disclosures
        ],
    )
