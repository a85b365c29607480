"""Writing a bundle's files: into a new folder, or into a zip that is the same for the same content."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, ClassVar, Final

from ..errors import TraceError
from .layout import CHECKPOINT, TOP_LEVEL

Content = Callable[[], bytes | Iterator[bytes]]
"""Gives what a file is to hold: at once, or piece by piece where that may be more than fits in memory."""

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the first day that a zip can name
_UNIX: Final = 3
_FILE_MODE: Final = 0o100644


class OutputExistsError(TraceError):
    """There is something where the bundle is to go."""

    code: ClassVar[str] = "OUTPUT_EXISTS"


def write_files(out: Path, files: Mapping[str, Content], *, overwrite: bool = False) -> None:
    """Write files under their names, in sorted order: a zip where `out` ends in .zip, else a folder.

    Everything is written beside `out` first, which appears whole or not at all.

    Raises:
        OutputExistsError: `out` is there, and it was not asked to overwrite it, or is no bundle.
        OSError: It can't be written.
    """
    if (out.exists() or out.is_symlink()) and not overwrite:
        raise OutputExistsError(f"{out}: expected nothing there, got something; it is not overwritten")
    if overwrite and out.exists() and not _is_bundle(out):
        raise OutputExistsError(
            f"{out}: expected a bundle to overwrite, got something else; it is left alone"
        )
    with tempfile.TemporaryDirectory(prefix=".packtrace-", dir=out.parent) as beside:
        made = Path(beside) / "bundle"
        if out.suffix == ".zip":
            with made.open("xb") as file:
                write_zip(file, files)
        else:
            _write_folder(made, files)
        if out.is_dir() and not out.is_symlink():
            shutil.rmtree(out)
        os.replace(made, out)


def write_zip(to: IO[bytes], files: Mapping[str, Content]) -> None:
    """Write files as a zip into a file that is open; the same content gives the same bytes."""
    # Stored, not deflated: what a compressor writes differs between its versions.
    with zipfile.ZipFile(to, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, _EPOCH)
            member.create_system = _UNIX
            member.external_attr = _FILE_MODE << 16
            with archive.open(member, "w") as file:
                for piece in _pieces(files[name]):
                    file.write(piece)


def _is_bundle(out: Path) -> bool:
    """Whether what is there is a bundle, and nothing else lies in it that would be lost."""
    if out.is_symlink():
        return False
    if out.is_dir():
        return (out / CHECKPOINT).is_file() and {path.name for path in out.iterdir()} <= TOP_LEVEL
    return zipfile.is_zipfile(out)


def _write_folder(folder: Path, files: Mapping[str, Content]) -> None:
    folder.mkdir()
    for name in sorted(files):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            for piece in _pieces(files[name]):
                file.write(piece)


def _pieces(content: Content) -> Iterator[bytes]:
    given = content()
    if isinstance(given, bytes):
        yield given
    else:
        yield from given
