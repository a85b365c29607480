"""Whether the right edge of the stored tree is that of the signed one: what opening a ledger looks at.

The complete subtrees of the signed tree are read from the tiles, and the entries of its last tile are hashed
again. That costs the same at every size; an audit reads everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ...signing.errors import SigningError
from ...signing.merkle import Frontier, leaf_hash
from ...signing.tiles import TILE_WIDTH, TileId, TileReader
from .errors import LedgerDamagedError


def check_edge(
    signed: Frontier, read_tile: Callable[[TileId], bytes], entries: Callable[[int, int], Iterable[bytes]]
) -> None:
    """The database has the rows of the signed tree, as far as its edge shows.

    Args:
        signed: The tree of the newest signed checkpoint.
        read_tile: Gives the stored hashes of a tile.
        entries: `entries(start, stop)` gives the stored entries.

    Raises:
        LedgerDamagedError: It has others, or too few.
    """
    reader = TileReader(read_tile, signed.size)
    first = (signed.size - 1) // TILE_WIDTH * TILE_WIDTH
    try:
        found = [reader.node(level, index) for level, index in _subtrees(signed.size)]
        leaves = [reader.node(0, index) for index in range(first, signed.size)]
    except SigningError as error:
        raise LedgerDamagedError(f"tiles: {error}") from error
    hashes = [leaf_hash(entry) for entry in entries(first, signed.size)]
    if tuple(found) != signed.hashes or leaves != hashes:
        raise LedgerDamagedError(
            f"database: expected the rows of the signed tree of size {signed.size}, got others"
        )


def _subtrees(size: int) -> Iterator[tuple[int, int]]:
    """Level and index of the complete subtrees of a tree, the largest first."""
    start = 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            yield level, start >> level
            start += 1 << level
