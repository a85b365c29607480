"""A whole log as files: a bundle, or what a node serves."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from ...signing.errors import SigningError
from ...signing.merkle import HASH_SIZE
from ...signing.note import MAX_NOTE
from ...signing.tiles import (
    ENTRIES,
    MAX_ENTRY,
    TILE_HEIGHT,
    TILE_WIDTH,
    entries_path,
    parse_entry_bundle,
    parse_tile_path,
    tile_path,
)
from ...signing.tree_head import MAX_SIZE
from ..bundle.layout import (
    CHECKPOINT,
    CHECKPOINTS,
    RULES_DIGEST,
    VKEYS,
    is_rules_path,
    numbered,
    parse_evidence_path,
    rules_path,
)
from ..errors import RefusedError, TraceError
from ..lifecycle.world import Memory
from ..rules.ruleset import MAX_FILE, parse_parts, rules_digest
from .concerns import Concerns
from .evidence import Documents, SourceIncompleteError
from .files_source import Files
from .findings import Finding

_OF_DESKTOPS: Final = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
MAX_VKEYS: Final = 1 << 16  # bytes
MAX_BUNDLE: Final = TILE_WIDTH * (2 + MAX_ENTRY)  # bytes


def read_vkey_files(files: Files) -> bytes | None:
    """The lines of those files of keys that are there; None where there is none."""
    found = []
    for name in VKEYS:
        try:
            found.append(files.read(name, MAX_VKEYS))
        except SourceIncompleteError:
            continue
    return b"".join(found) if found else None


def read_rules(files: Files, sha256: str) -> bytes | None:
    """The file of a rule set; None where there is none."""
    if not RULES_DIGEST.fullmatch(sha256):
        return None
    try:
        return files.read(rules_path(sha256), MAX_FILE)
    except SourceIncompleteError:
        return None


def damaged_rules(files: Files, names: Collection[str]) -> Iterator[Finding]:
    """A rule set under another digest than its own was damaged, whether or not anybody needs it."""
    for name in sorted(filter(is_rules_path, names)):
        try:
            sha256 = rules_digest(parse_parts(files.read(name, MAX_FILE))[1])
        except TraceError as error:
            yield Finding("BUNDLE_MALFORMED", error.message, place=name)
            continue
        if name != rules_path(sha256):
            yield Finding("BUNDLE_MALFORMED", f"digest: expected that of the name, got {sha256}", place=name)


def missing_vkeys(names: Collection[str]) -> Iterator[Finding]:
    """Nobody needs these files to verify; that one is gone shows that somebody was here."""
    for name in VKEYS:
        if name not in names:
            yield Finding("BUNDLE_INCOMPLETE", f"expected {name}, got none", place=name)


def unexpected_file(name: str) -> Finding:
    """A file that does not belong in the bundle; what a desktop leaves behind comes with advice."""
    parts = name.split("/")
    is_desktop = parts[-1] in _OF_DESKTOPS or parts[0] == "__MACOSX"
    advice = "left by a desktop's file manager: delete it, or export again" if is_desktop else ""
    return Finding("BUNDLE_UNEXPECTED_FILE", advice, place=name)


class LogFiles:
    """The evidence in a whole-log bundle."""

    has_tables = False

    def __init__(self, files: Files, *, live: bool = False, documents: Documents | None = None) -> None:
        self.name = files.name
        self.live = live
        self._files = files
        self._documents = documents

    def checkpoint(self) -> bytes:
        return self._files.read(CHECKPOINT, MAX_NOTE)

    def vkeys(self) -> bytes | None:
        return read_vkey_files(self._files)

    def checkpoints(self) -> Iterator[tuple[str, bytes]]:
        sizes = (numbered(name, CHECKPOINTS) for name in self._files.names() or ())
        for size in sorted(size for size in sizes if size is not None):
            yield str(size), self._files.read(f"{CHECKPOINTS}{size}", MAX_NOTE)

    def unexpected(self, size: int) -> Iterator[Finding]:
        names = self._files.names()
        if names is None:
            return
        yield from missing_vkeys(names)
        yield from damaged_rules(self._files, names)
        for name in sorted(names):
            at = numbered(name, CHECKPOINTS)
            is_known = name in (CHECKPOINT, *VKEYS) or (at is not None and at <= MAX_SIZE)
            is_known = is_known or is_rules_path(name) or parse_evidence_path(name) is not None
            if not is_known and not _is_tile_of(name, size):
                yield unexpected_file(name)

    def documents(self) -> Documents | None:
        return self._documents

    def rules(self, sha256: str) -> bytes | None:
        return read_rules(self._files, sha256)

    def count(self, size: int) -> int:
        return size

    def entries(self, count: int) -> Iterator[Sequence[bytes]]:
        for index in range(-(-count // TILE_WIDTH)):
            width = min(TILE_WIDTH, count - index * TILE_WIDTH)
            path = entries_path(index, width)
            try:
                yield parse_entry_bundle(self._files.read(path, MAX_BUNDLE), width)
            except SigningError as error:
                raise RefusedError(str(error), code=error.code, where=path) from error

    def tile(self, level: int, index: int, width: int) -> bytes | None:
        path = tile_path(level, index, width)
        data = self._files.read(path, TILE_WIDTH * HASH_SIZE)
        if len(data) != width * HASH_SIZE:
            raise RefusedError(
                f"{path}: expected {width * HASH_SIZE} bytes, got {len(data)}",
                code="LOG_TILE_INVALID",
                where=path,
            )
        return data

    def compare(
        self, world: Memory, concerns: Concerns, skip: Collection[str], size: int, frontier: bytes
    ) -> Iterator[Finding]:
        yield from ()


def _is_tile_of(name: str, size: int) -> bool:
    """Whether a tree of that size has the tile or bundle of this name. The size may be a huge claim."""
    try:
        tile = parse_tile_path(name)
    except SigningError:
        return False
    hashes = size if tile.level == ENTRIES else size >> (TILE_HEIGHT * int(tile.level))
    return tile.width == min(TILE_WIDTH, hashes - tile.index * TILE_WIDTH)
