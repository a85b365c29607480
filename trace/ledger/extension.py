"""That the tree of the log at one size begins with the tree at a smaller one (RFC 6962, 2.1.2)."""

from __future__ import annotations

from collections.abc import Callable

from ...signing.errors import SigningError
from ...signing.merkle import ConsistencyError, check_consistency, prove_consistency, root_at
from ...signing.tiles import TileId, TileReader
from .errors import BeyondCheckpointError, LedgerDamagedError
from .register import Registered


def prove_extension(
    registered: Registered, read_tile: Callable[[TileId], bytes], old: int, new: int
) -> tuple[bytes, ...]:
    """A proof that was checked before it is handed out; where it ends at the checkpoint, against that.

    Args:
        registered: The newest checkpoint; it covers whatever is proven.
        read_tile: Gives the stored hashes of a tile.

    Raises:
        ConsistencyError: Unless 0 < old <= new. Every tree extends the empty one: that says nothing.
        BeyondCheckpointError: No checkpoint covers so many leaves.
        LedgerDamagedError: The stored tiles do not prove it, or give another root than was signed.
    """
    if max(old, new) > registered.size:
        raise BeyondCheckpointError(
            f"size: expected at most {registered.size}, that of the newest checkpoint, got {max(old, new)}",
            where="from" if old > registered.size else "to",
        )
    if not 0 < old <= new:
        raise ConsistencyError(f"from: expected 1 to {new}, got {old}")
    reader = TileReader(read_tile, registered.size)
    try:
        hashes = prove_consistency(reader.node, old, new)
        newer = root_at(reader.node, new)
        check_consistency(hashes, old, new, root_at(reader.node, old), newer)
        if new == registered.size and newer != registered.tree.root():
            raise ConsistencyError(f"root of size {new}: expected the signed one, got another")
    except SigningError as error:
        raise LedgerDamagedError(f"consistency from {old} to {new}: {error}") from error
    return hashes
