"""What kind of source is it? Decided by what is there, never by what it says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..bundle.layout import ABOUT
from .evidence import LogEvidence, SourceError
from .files_source import Files, FolderFiles, ZipFiles
from .log_source import LogFiles
from .part_source import BatteryFiles, ReceiptFile

_ZIP_START = b"PK"


@contextmanager
def open_source(source: str | Path) -> Iterator[LogEvidence | BatteryFiles | ReceiptFile]:
    """Open a bundle folder or zip, or a receipt.

    Raises:
        TraceError: There is nothing that can be verified.
    """
    path = Path(source)
    try:
        if path.is_dir():
            yield _bundle(FolderFiles(path))
            return
        with path.open("rb") as file:
            start = file.read(16)
    except (OSError, ValueError) as error:
        raise SourceError(f"{path}: {error}") from error
    if start.startswith(_ZIP_START):
        yield _bundle(ZipFiles(path))
    else:
        yield ReceiptFile(path)


def _bundle(files: Files) -> LogFiles | BatteryFiles:
    return BatteryFiles(files) if ABOUT in (files.names() or ()) else LogFiles(files)
