"""Step 4: leaf hashes and roots, recomputed from the entries; stored hashes are compared, never used."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

from ...signing.merkle import HASH_SIZE, Frontier, leaf_hash
from ...signing.tiles import TILE_WIDTH, TileBuilder, tile_path
from ..errors import TraceError
from .findings import Finding, Findings

ReadTile = Callable[[int, int, int], bytes | None]
"""read(level, index, width): the stored tile; None where the source has no tiles. Raises TraceError."""

_FULL: Final = TILE_WIDTH * HASH_SIZE


class TreeFold:
    """The tree over the entries so far: its root at chosen sizes, its tiles against the stored ones."""

    def __init__(self, findings: Findings, *, roots_at: Collection[int], read_tile: ReadTile) -> None:
        """Begin with no leaf.

        Args:
            findings: Where findings go.
            roots_at: Sizes whose root is wanted.
            read_tile: The source's hash tiles.
        """
        self.roots: dict[int, bytes] = {}
        self._findings = findings
        self._wanted = sorted(set(roots_at), reverse=True)  # the next one last
        self._read_tile = read_tile
        self._builder = TileBuilder(0, lambda level, index: b"")
        self._partial: dict[tuple[int, int], bytes] = {}  # the right-most tile of each level
        self._note_root()

    @property
    def size(self) -> int:
        """Leaves so far."""
        return self._builder.size

    @property
    def frontier(self) -> Frontier:
        """The complete subtrees so far."""
        return self._builder.frontier()

    def extend(self, entries: Sequence[bytes]) -> None:
        """Take in the next entries, and compare every tile that is full now."""
        hashes = [leaf_hash(entry) for entry in entries]
        while hashes:
            step = self._wanted[-1] - self.size if self._wanted else len(hashes)
            for (level, index), data in self._builder.extend(hashes[:step]).items():
                if len(data) == _FULL:
                    self._partial.pop((level, index), None)
                    self._compare(level, index, data)
                else:
                    self._partial[level, index] = data
            del hashes[:step]
            self._note_root()

    def finish(self) -> None:
        """Compare the right-most tiles."""
        for (level, index), data in sorted(self._partial.items()):
            self._compare(level, index, data)

    def _note_root(self) -> None:
        while self._wanted and self._wanted[-1] <= self.size:
            self.roots[self._wanted.pop()] = self.frontier.root()

    def _compare(self, level: int, index: int, data: bytes) -> None:
        width = len(data) // HASH_SIZE
        path = tile_path(level, index, width)
        try:
            stored = self._read_tile(level, index, width)
        except TraceError as error:
            self._findings.add(Finding.from_error(error, place=path))
            return
        if stored is None or stored == data:
            return
        at = next((at for at in range(width) if _hash(data, at) != _hash(stored, at)), width)
        leaf = index * TILE_WIDTH + at if level == 0 and at < width else None
        evidence = (
            f"hash {at} of {width}: expected {_hash(data, at).hex()}, got {_hash(stored, at).hex() or 'more'}"
        )
        self._findings.add(Finding("LOG_TILE_MISMATCH", evidence, leaf_index=leaf, place=path))


def _hash(tile: bytes, at: int) -> bytes:
    return tile[at * HASH_SIZE : (at + 1) * HASH_SIZE]
