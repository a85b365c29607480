"""Bundles of a whole log, and of one battery: what somebody needs to verify it elsewhere, without network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import orjson

from ...signing.merkle import HASH_SIZE, prove_inclusion
from ...signing.note import VerifierKey, parse_note
from ...signing.tiles import ENTRIES, TILE_WIDTH, TileId, TileReader, format_entry_bundle, tiles_of
from ...signing.tlog_proof import TlogProof, format_tlog_proof
from ...signing.tree_head import parse_checkpoint_text
from ..rules.ruleset import RuleBook, RuleSet, format_rules
from .closure import ChainSource, battery_closure
from .enclosed import Enclosed
from .layout import ABOUT, CHECKPOINT, CHECKPOINTS, FORMAT, RECEIPTS, rules_path, vkey_files
from .output import Content, write_files


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


class BatterySource(LogSource, ChainSource, Protocol):
    """A log in which chains can be looked up."""


def write_bundle(
    source: LogSource,
    out: Path,
    *,
    vkeys: Sequence[VerifierKey],
    overwrite: bool = False,
    enclosed: Enclosed | None = None,
    adopted: Iterable[RuleSet] = (),
) -> int:
    """Write the whole log, as its newest checkpoint has it; give its size back.

    Args:
        out: A folder that is not there yet, or a file that ends in .zip.
        vkeys: The log's keys, for the two `.vkey` files: a convenience, which no verifier trusts.
        overwrite: Replace what is there.
        enclosed: Takes in the documents that the entries refer to.
        adopted: The rule sets that the log ever named, for whoever has others installed.

    Raises:
        OutputExistsError: `out` is there.
        SigningError: The source has no readable checkpoint.
    """
    head = source.checkpoint()
    size = parse_checkpoint_text(parse_note(head).text).size
    files = head_files(head, vkeys) | _rules_files(adopted)
    for at, note in source.checkpoints():
        if at <= size:
            files[f"{CHECKPOINTS}{at}"] = partial(bytes, note)
    for tile in tiles_of(size):
        files[tile.path] = partial(_tile_data, source, tile)
    if enclosed:
        files |= enclosed.files_for(source.entries(0, size))
    write_files(out, files, overwrite=overwrite)
    return size


def write_battery_bundle(
    source: BatterySource,
    out: Path,
    *,
    subject: str,
    rules: RuleSet,
    vkeys: Sequence[VerifierKey],
    overwrite: bool = False,
    enclosed: Enclosed | None = None,
    adopted: Sequence[RuleSet] = (),
) -> int:
    """Write one battery's part of the log, each entry with its proof; give the number of entries back.

    Args:
        subject: The battery.
        rules: In force until the log names its own.
        enclosed: Takes in the documents that the entries refer to.
        adopted: The rule sets that the log ever named, for whoever has others installed.

    Raises:
        RefusedError: ``REFERENCE_ABSENT``: the log has no such battery.
        OutputExistsError: `out` is there.
        SigningError: The source has no readable checkpoint, or its tiles are damaged.
    """
    files, entries = battery_files(source, subject=subject, rules=rules, vkeys=vkeys, adopted=adopted)
    if enclosed:
        files |= enclosed.files_for(entries.values())
    write_files(out, files, overwrite=overwrite)
    return len(entries)


def battery_files(
    source: BatterySource,
    *,
    subject: str,
    rules: RuleSet,
    vkeys: Sequence[VerifierKey],
    adopted: Sequence[RuleSet] = (),
) -> tuple[dict[str, Content], dict[int, bytes]]:
    """The files of a bundle of one battery, and the entries that are in it by their leaf index.

    Args:
        source: As far as whoever is given the bundle may see it.
        subject, rules, adopted: As `write_battery_bundle`.

    Raises:
        RefusedError, SigningError: As `write_battery_bundle`.
    """
    head = source.checkpoint()
    checkpoint = parse_checkpoint_text(parse_note(head).text)
    size = checkpoint.size
    tiles = TileReader(partial(_tile_data, source), size)
    entries = battery_closure(source, checkpoint.origin, subject, size, rules, _book(rules, adopted))
    about = {"format": FORMAT, "subject": subject, "size": size, "leaves": list(entries)}
    files = head_files(head, vkeys) | _rules_files(adopted)
    files[ABOUT] = partial(orjson.dumps, about)
    for leaf, entry in entries.items():
        files[f"{RECEIPTS}{leaf}"] = partial(_receipt, tiles, leaf, entry, head)
    return files, entries


def _rules_files(adopted: Iterable[RuleSet]) -> dict[str, Content]:
    return {rules_path(rules.sha256): partial(format_rules, rules) for rules in adopted}


def _book(rules: RuleSet, adopted: Sequence[RuleSet]) -> RuleBook:
    files = {each.sha256: each for each in adopted}
    return RuleBook(rules, lambda sha256: format_rules(files[sha256]) if sha256 in files else None)


def _receipt(tiles: TileReader, leaf: int, entry: bytes, head: bytes) -> bytes:
    hashes = prove_inclusion(tiles.node, leaf, tiles.size)
    return format_tlog_proof(TlogProof(leaf, hashes, head, entry))


def head_files(head: bytes, vkeys: Sequence[VerifierKey]) -> dict[str, Content]:
    """The files that every bundle begins with."""
    files = {CHECKPOINT: head, **vkey_files(vkeys)}
    return {name: partial(bytes, data) for name, data in files.items()}


def _tile_data(source: LogSource, tile: TileId) -> bytes:
    if tile.level == ENTRIES:
        start = tile.index * TILE_WIDTH
        return format_entry_bundle(source.entries(start, start + tile.width))
    # The log may have grown since: what is wider now has the tile of that size in front.
    return source.tile(int(tile.level), tile.index)[: tile.width * HASH_SIZE]
