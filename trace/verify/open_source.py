"""What kind of source is it? Decided by what is there, never by what it says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ...signing.note import MAX_NOTE
from ..bundle.layout import ABOUT
from .database_source import open_postgresql, open_sqlite
from .evidence import LogEvidence, SourceError
from .files_source import Files, FolderFiles, ZipFiles
from .log_source import LogFiles
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


@contextmanager
def open_source(source: str | Path) -> Iterator[LogEvidence | BatteryFiles | ReceiptFile]:
    """Open a bundle folder or zip, a receipt, a ledger's home or database, or a node's URL.

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
            with _open_home(path) as evidence:
                yield evidence
        elif _begins(path, _SQLITE) or text.startswith(_SQLITE_URL):
            with open_sqlite(path) as evidence:
                yield evidence
        elif _begins(path, _ZIP):
            yield _bundle(ZipFiles(path))
        else:
            yield _bundle(FolderFiles(path)) if path.is_dir() else ReceiptFile(path)


@contextmanager
def _open_home(path: Path) -> Iterator[LogEvidence]:
    """A ledger's database, with the checkpoint that is kept beside it: it knows of a restored backup."""
    files = FolderFiles(path)
    url = parse_json_object(files.read(_HOME, 1 << 16), _HOME).get("db", "")
    register = parse_json_object(files.read(_REGISTER, 2 * MAX_NOTE), _REGISTER)
    note = str(register.get("checkpoint", "")).encode("utf-8", "backslashreplace")
    if url:
        with open_postgresql(str(url), note) as evidence:
            yield evidence
    else:
        with open_sqlite(path / "ledger.db", note) as evidence:
            yield evidence


def _begins(path: Path, start: bytes) -> bool:
    try:
        if path.is_dir():
            return False
        with path.open("rb") as file:
            return file.read(len(start)) == start
    except (OSError, ValueError) as error:
        raise SourceError(f"{path}: {error}") from error


def _bundle(files: Files) -> LogFiles | BatteryFiles:
    return BatteryFiles(files) if ABOUT in (files.names() or ()) else LogFiles(files)
