"""A bundle of a whole log: everything that somebody needs to verify it elsewhere, without network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from ...signing.merkle import HASH_SIZE
from ...signing.note import VerifierKey, format_vkey, parse_note
from ...signing.tiles import ENTRIES, TILE_WIDTH, TileId, format_entry_bundle, tiles_of
from ...signing.tree_head import parse_checkpoint_text
from .layout import CHECKPOINT, CHECKPOINTS, VKEYS
from .output import write_files


class LogSource(Protocol):
    """Where a log's content comes from: a ledger, or entries in memory."""

    def checkpoint(self) -> bytes:
        """The newest signed checkpoint."""

    def checkpoints(self) -> Iterable[tuple[int, bytes]]:
        """Every published checkpoint with its size."""

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        """The entries of these leaves."""

    def tile(self, level: int, index: int) -> bytes:
        """A hash tile as wide as it is by now."""


def write_bundle(
    source: LogSource, out: Path, *, vkeys: Sequence[VerifierKey], overwrite: bool = False
) -> int:
    """Write the whole log, as its newest checkpoint has it; give its size back.

    Args:
        out: A folder that is not there yet, or a file that ends in .zip.
        vkeys: The log's keys, for `log.vkey`: a convenience, which no verifier trusts.
        overwrite: Replace what is there.

    Raises:
        OutputExistsError: `out` is there.
        SigningError: The source has no readable checkpoint.
    """
    head = source.checkpoint()
    size = parse_checkpoint_text(parse_note(head).text).size
    files: dict[str, Callable[[], bytes]] = head_files(head, vkeys)
    for at, note in source.checkpoints():
        if at <= size:
            files[f"{CHECKPOINTS}{at}"] = partial(bytes, note)
    for tile in tiles_of(size):
        files[tile.path] = partial(_tile_data, source, tile)
    write_files(out, files, overwrite=overwrite)
    return size


def head_files(head: bytes, vkeys: Sequence[VerifierKey]) -> dict[str, Callable[[], bytes]]:
    """The two files that every bundle begins with."""
    keys = "".join(format_vkey(vkey) + "\n" for vkey in vkeys).encode("utf-8")
    return {CHECKPOINT: partial(bytes, head), VKEYS: partial(bytes, keys)}


def _tile_data(source: LogSource, tile: TileId) -> bytes:
    if tile.level == ENTRIES:
        start = tile.index * TILE_WIDTH
        return format_entry_bundle(source.entries(start, start + tile.width))
    # The log may have grown since: what is wider now has the tile of that size in front.
    return source.tile(int(tile.level), tile.index)[: tile.width * HASH_SIZE]
