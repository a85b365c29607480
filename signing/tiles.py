"""The static layout of a log: C2SP tlog-tiles.

A tile is 256 hashes of one level of the tree, every eighth level; the right-most tile of a level is partial
while it has fewer. A level 0 tile holds leaf hashes, a tile above holds the roots of full tiles below. Beside
each level 0 tile stands a bundle with the same entries. Widths count hashes (or entries), 1 to 256.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Final, Literal

from .errors import SigningError
from .merkle import HASH_SIZE, Frontier, hash_pairs

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
_FULL_TILE: Final = TILE_WIDTH * HASH_SIZE  # bytes
MAX_LEVEL: Final = 63
MAX_ENTRY: Final = 0xFFFF  # bytes; the length prefix has 16 bits
ENTRIES: Final = "entries"

# tlog-tiles, "Merkle Tree" and "Log entries". Leading zeroes are refused by formatting the result again.
_PATH = re.compile(
    r"tile/(?P<level>[0-9]{1,2}|entries)/(?P<index>(?:x[0-9]{3}/){0,8}[0-9]{3})(?:\.p/(?P<width>[0-9]{1,3}))?"
)


class TileError(SigningError):
    """A path, tile or entry bundle is not in the form of tlog-tiles."""

    code: ClassVar[str] = "LOG_TILE_INVALID"


@dataclass(frozen=True, slots=True, order=True)
class TileId:
    """Which tile: its level (or "entries" for a bundle), its index in that level, and how wide it is."""

    level: int | Literal["entries"]
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if self.level != ENTRIES and not (isinstance(self.level, int) and 0 <= self.level <= MAX_LEVEL):
            raise TileError(f'tile level: expected 0 to {MAX_LEVEL} or "entries", got {self.level!r}')
        if self.index < 0:
            raise TileError(f"tile index: expected 0 or more, got {self.index}")
        if not 1 <= self.width <= TILE_WIDTH:
            raise TileError(f"tile width: expected 1 to {TILE_WIDTH}, got {self.width}")

    @property
    def path(self) -> str:
        """Its path below the prefix of the log."""
        digits = str(self.index)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        index = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        suffix = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{self.level}/{index}{suffix}"


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Path of a hash tile: `tile/0/x001/234`, and `tile/0/x001/234.p/17` for a partial one."""
    return TileId(level, index, width).path


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """Path of an entry bundle: `tile/entries/x001/234`."""
    return TileId(ENTRIES, index, width).path


def parse_tile_path(path: str) -> TileId:
    """Inverse of `tile_path` and `entries_path`.

    Raises:
        TileError: Any other text, other spellings of the same tile included.
    """
    found = _PATH.fullmatch(path)
    if found is None:
        raise TileError(f"tile path: expected tile/<level>/<index>[.p/<width>], got {path[:80]!r}")
    level: int | Literal["entries"] = ENTRIES if found["level"] == ENTRIES else int(found["level"])
    index = int(found["index"].replace("x", "").replace("/", ""))
    tile = TileId(level, index, TILE_WIDTH if found["width"] is None else int(found["width"]))
    if tile.path != path:
        raise TileError(f"tile path: expected {tile.path!r}, its one spelling, got {path!r}")
    return tile


def format_entry_bundle(entries: Iterable[bytes]) -> bytes:
    """Join entries, each after its length in two bytes, big-endian.

    Raises:
        TileError: No entry, more than 256, or one of more than 65,535 bytes.
    """
    bundle: list[bytes] = []
    for at, entry in enumerate(entries):
        if len(entry) > MAX_ENTRY:
            raise TileError(f"entry {at} of a bundle: expected at most {MAX_ENTRY} bytes, got {len(entry)}")
        bundle += (len(entry).to_bytes(2, "big"), entry)
    _check_count(len(bundle) // 2)
    return b"".join(bundle)


def parse_entry_bundle(data: bytes, count: int) -> list[bytes]:
    """Split a bundle into exactly `count` entries.

    Raises:
        TileError: count outside 1 to 256, or data that ends early or goes on after the last entry.
    """
    _check_count(count)
    entries: list[bytes] = []
    at = 0
    for _ in range(count):
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        entries.append(data[start:at])
    if at != len(data):
        raise TileError(f"bundle of {count} entries: expected {at} bytes, got {len(data)}")
    return entries


def tiles_of(size: int) -> Iterator[TileId]:
    """Every hash tile and entry bundle of a tree of this size, full and right-most partial, by level."""
    return new_tiles(0, size)


def new_tiles(old: int, new: int) -> Iterator[TileId]:
    """The tiles and bundles of the tree of size `new` that the tree of size `old` does not have.

    Raises:
        TileError: Unless 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise TileError(f"old tree size: expected 0 to {new}, got {old}")
    for index, width in _changed(old, new):
        yield TileId(ENTRIES, index, width)
    level = 0
    while new >> (TILE_HEIGHT * level):
        shift = TILE_HEIGHT * level
        for index, width in _changed(old >> shift, new >> shift):
            yield TileId(level, index, width)
        level += 1


class TileReader:
    """Hashes of complete subtrees, read from the tiles of a tree.

    Nothing that is read is believed: only the length of a tile is checked here. What the hashes are worth
    is shown by the proof or root that is made of them.
    """

    def __init__(self, read: Callable[[TileId], bytes], size: int, *, cached_tiles: int = 256) -> None:
        """Read the tree of `size` leaves through `read`; keep that many tiles (some 40 kB each) in memory."""
        self.size = size
        self._read = read
        self._rows = lru_cache(maxsize=cached_tiles)(self._read_rows)

    def node(self, level: int, index: int) -> bytes:
        """Hash of the complete subtree over leaves [index * 2**level, (index + 1) * 2**level).

        Raises:
            TileError: The subtree is not wholly inside the tree, or a tile has the wrong length.
        """
        if level < 0 or index < 0 or (index + 1) << level > self.size:
            raise TileError(
                f"no complete subtree at level {level}, index {index}, in a tree of {self.size} leaves"
            )
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = index << height  # in hashes of the tile's level
        tile_index, offset = divmod(first, TILE_WIDTH)
        return self._rows(tile_level, tile_index)[height][offset >> height]

    def _read_rows(self, level: int, index: int) -> list[list[bytes]]:
        """A tile and the rows of parents inside it."""
        width = min(TILE_WIDTH, (self.size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH)
        tile = TileId(level, index, width)
        rows = [_split_hashes(self._read(tile), tile)]
        while len(rows[-1]) > 1 and len(rows) < TILE_HEIGHT:
            below = rows[-1]
            rows.append(hash_pairs(below[: len(below) & ~1]))
        return rows


class TileBuilder:
    """Turns appended leaf hashes into the data of the tiles that they change.

    It holds the right-most partial tile of each level in memory. After a transaction that did not commit its
    memory is ahead of the store: drop it and make another one.
    """

    def __init__(self, size: int, read_partial: Callable[[int, int], bytes]) -> None:
        """Go on from a tree of `size` leaves.

        Args:
            size: Leaves so far.
            read_partial: `read_partial(level, index)` gives the stored data of a right-most partial tile.

        Raises:
            TileError: A partial tile whose length does not fit the size.
        """
        if size < 0:
            raise TileError(f"tree size: expected 0 or more, got {size}")
        self._size = size
        self._edges: list[bytes] = []  # by level; empty where the level ends with a full tile
        above = size
        while above:
            index, width = divmod(above, TILE_WIDTH)
            level = len(self._edges)
            edge = b""
            if width:
                edge = read_partial(level, index)
                _split_hashes(edge, TileId(level, index, width))
            self._edges.append(edge)
            above = index

    @property
    def size(self) -> int:
        """Leaves so far."""
        return self._size

    def frontier(self) -> Frontier:
        """The complete subtrees of the tree so far: those of each level's partial tile, the widest first."""
        subtrees: list[bytes] = []
        for edge in reversed(self._edges):
            row = [edge[at : at + HASH_SIZE] for at in range(0, len(edge), HASH_SIZE)]
            level = Frontier()
            level.extend(row)
            subtrees += level.hashes
        return Frontier(self._size, tuple(subtrees))

    def extend(self, leaf_hashes: Iterable[bytes]) -> dict[tuple[int, int], bytes]:
        """Append leaf hashes in order.

        Returns:
            The whole data of every tile that changed or came to be, by (level, index): what a store upserts.

        Raises:
            TileError: A leaf hash that is not 32 bytes; then nothing is appended.
        """
        row = list(leaf_hashes)
        if not set(map(len, row)) <= {HASH_SIZE}:
            raise TileError(f"leaf hashes: expected {HASH_SIZE} bytes each, got another length")
        touched: dict[tuple[int, int], bytes] = {}
        before = self._size  # hashes of this level so far
        self._size += len(row)
        level = 0
        while row:
            if level == len(self._edges):
                self._edges.append(b"")
            data = self._edges[level] + b"".join(row)
            index = before // TILE_WIDTH
            row = []
            edge = b""
            for at in range(0, len(data), _FULL_TILE):
                tile = data[at : at + _FULL_TILE]
                touched[level, index] = tile
                if len(tile) == _FULL_TILE:
                    row.append(_tile_root(tile))
                else:
                    edge = tile
                index += 1
            self._edges[level] = edge
            before //= TILE_WIDTH
            level += 1
        return touched


def _changed(old: int, new: int) -> Iterator[tuple[int, int]]:
    """Index and width of the tiles of one level that are there at `new` hashes and were not at `old`."""
    if old == new:
        return
    for index in range(old // TILE_WIDTH, -(-new // TILE_WIDTH)):
        yield index, min(TILE_WIDTH, new - index * TILE_WIDTH)


def _split_hashes(data: bytes, tile: TileId) -> list[bytes]:
    if len(data) != tile.width * HASH_SIZE:
        raise TileError(f"{tile.path}: expected {tile.width * HASH_SIZE} bytes, got {len(data)}")
    return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]


def _tile_root(full: bytes) -> bytes:
    row: Sequence[bytes] = [full[at : at + HASH_SIZE] for at in range(0, len(full), HASH_SIZE)]
    while len(row) > 1:
        row = hash_pairs(row)
    return row[0]


def _check_count(count: int) -> None:
    if not 1 <= count <= TILE_WIDTH:
        raise TileError(f"entries of a bundle: expected 1 to {TILE_WIDTH}, got {count}")
