"""What kind of source is it? Decided by what is there, never by what it says of itself."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from ...signing.note import MAX_NOTE
from ..bundle.layout import ABOUT, CHECKPOINT
from .database_source import open_postgresql, open_sqlite
from .documents_source import BundledDocuments
from .evidence import LogEvidence, SourceError
from .files_source import FolderFiles, LocalFiles, ZipFiles
from .log_source import LogFiles, read_rules
from .part_source import BatteryFiles, ReceiptFile
from .strict_json import parse_json_object
from .web_source import WebFiles

_ZIP: Final = b"PK"
_SQLITE: Final = b"SQLite format 3\0"
_SQLITE_URL: Final = "sqlite:///"
_POSTGRESQL: Final = ("postgresql://", "postgres://", "postgresql+psycopg://")
_WEB: Final = ("http://", "https://")
_HOME: Final = "home.json"
_REGISTER: Final = "register/checkpoint"
_TILES: Final = "tile"
_MARKS_OF_A_BUNDLE: Final = frozenset({ABOUT, CHECKPOINT, _TILES})
_EXPECTED: Final = "expected a bundle (checkpoint and tile/, or bundle.json and receipts/)"
_NAMED: Final = 5  # of what is there instead
_LOOKED_AT: Final = 1_000


@contextmanager
def open_source(
    source: str | Path, *, may_connect: bool = False
) -> Iterator[LogEvidence | BatteryFiles | ReceiptFile]:
    """Open a bundle folder or zip, a receipt, a ledger's home or database, or a node's URL.

    Args:
        source: Where it is.
        may_connect: A home is one's own, so that the server it names is asked for its database.

    Raises:
        TraceError: There is nothing that can be verified.
    """
    text = str(source)
    if text.startswith(_WEB):
        yield LogFiles(WebFiles(text), live=True)
    elif text.startswith(_POSTGRESQL):
        with open_postgresql(text) as evidence:
            yield evidence
    else:
        path = Path(text.removeprefix(_SQLITE_URL))
        if (path / _HOME).is_file():
            with _open_home(path, may_connect) as evidence:
                yield evidence
        elif _begins(path, _SQLITE) or text.startswith(_SQLITE_URL):
            with open_sqlite(path) as evidence:
                yield evidence
        elif _begins(path, _ZIP):
            archive = ZipFiles(path)
            _check_zip(path, archive.names())
            yield _bundle(archive)
        elif path.is_dir():
            _check_folder(path)
            yield _bundle(FolderFiles(path))
        else:
            yield ReceiptFile(path)


@contextmanager
def _open_home(path: Path, may_connect: bool) -> Iterator[LogEvidence]:
    """A ledger's database, with the checkpoint that is kept beside it: it knows of a restored backup.

    Raises:
        SourceError: It names a server, and nobody said that it may.
    """
    files = FolderFiles(path)
    rules = partial(read_rules, files)
    url = parse_json_object(files.read(_HOME, 1 << 16), _HOME).get("db", "")
    note = _read_register(files)
    if url and not may_connect:
        # Whoever made the folder would learn that somebody verifies it, and be sent what PGPASSWORD holds.
        raise SourceError(
            f"{_HOME}: expected a database in the home, got one elsewhere; "
            "name that by its URL, or say --home where the home is your own",
            where=_HOME,
        )
    if url and not str(url).startswith(_SQLITE_URL):
        opened = open_postgresql(str(url), note, rules)
    else:
        file = Path(str(url).removeprefix(_SQLITE_URL)) if url else path / "ledger.db"
        opened = open_sqlite(file, note, rules)
    with opened as evidence:
        # A ledger that is written to meanwhile signs what the database is seen to hold.
        evidence.take_later(_read_register(files))
        yield evidence


def _read_register(files: FolderFiles) -> bytes:
    register = parse_json_object(files.read(_REGISTER, 2 * MAX_NOTE), _REGISTER)
    return str(register.get("checkpoint", "")).encode("utf-8", "backslashreplace")


def _check_folder(path: Path) -> None:
    """Raises:
    SourceError: Nothing in the folder belongs in a bundle; it says where to look instead.
    """
    try:
        names = sorted(islice((entry.name for entry in os.scandir(path)), _LOOKED_AT))
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error
    if _MARKS_OF_A_BUNDLE & {*names}:
        return
    inside = [name for name in names if (path / name / CHECKPOINT).is_file()]
    inside += [name for name in names if name == "bundle.zip"]
    hint = f": verify {path / inside[0]}" if inside else ""
    raise SourceError(f"{path}: {_EXPECTED} or a home (home.json), got a folder with {_some(names)}{hint}")


def _check_zip(path: Path, names: Collection[str]) -> None:
    """Raises:
    SourceError: Nothing at the top of the zip belongs in a bundle.
    """
    top = {name.partition("/")[0] for name in names}
    if _MARKS_OF_A_BUNDLE & top:
        return
    outer = [folder for folder in sorted(top) if {f"{folder}/{CHECKPOINT}", f"{folder}/{ABOUT}"} & {*names}]
    hint = f": its files lie in an outer folder; unpack it and verify {outer[0]}" if outer else ""
    raise SourceError(f"{path.name}: {_EXPECTED}, got a zip with {_some(sorted(top))}{hint}")


def _some(names: list[str]) -> str:
    more = ", …" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more or "nothing"


def _begins(path: Path, start: bytes) -> bool:
    try:
        if path.is_dir():
            return False
        with path.open("rb") as file:
            return file.read(len(start)) == start
    except (OSError, ValueError) as error:
        raise SourceError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def _bundle(files: LocalFiles) -> LogFiles | BatteryFiles:
    if ABOUT in files.names():
        return BatteryFiles(files)
    return LogFiles(files, documents=BundledDocuments(files))
