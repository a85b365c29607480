"""Labels written to files, one after the other; nothing that is there is overwritten."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import quote as percent

import click

from ..labels.bitmap import format_png
from ..labels.fonts import CODES, Font, find_font
from ..labels.label import Label
from ..labels.pdf import sheet_pdfs
from ..labels.raster import Raster
from ..labels.sheets import Sheet
from ..labels.svg import label_svg
from ..labels.zpl import label_zpl, label_zpl_picture
from .progress import Advance

FOLDERS: Final = ("svg", "png")
FORMATS: Final = ("pdf", "svg", "png", "zpl", "zpl-picture")

SECRET: Final = 0o600


def write_labels(
    labels: Sequence[Label],
    kind: str,
    out: Path,
    sheet: Sheet,
    *,
    first_slot: int,
    outlines: bool,
    dpi: int,
    chinese: Font | None,
    made_at: datetime,
    done: Advance,
) -> list[Path]:
    """Write all labels in one of `FORMATS`: a file each into a folder, or into one file.

    Raises:
        click.UsageError: Something is there already.
    """
    if kind == "pdf":
        parts = sheet_pdfs(
            labels, sheet, made_at=made_at, font=chinese, first_slot=first_slot, outlines=outlines
        )
        return list(_write_parts(parts, out, done))
    if kind == "svg":
        drawn = (label_svg(one, sheet.label).encode() for one in labels)
        return list(_write_each(labels, drawn, out, kind, done))
    raster = Raster(sheet.label, dpi, chinese, find_font(CODES))
    if kind == "png":
        pictures = (format_png(raster.draw(one), dpi) for one in labels)
        return list(_write_each(labels, pictures, out, kind, done))
    format_one = label_zpl if kind == "zpl" else label_zpl_picture
    with open_new(out) as file:
        for one in labels:
            file.write(format_one(one, raster).encode())
            done(1)
    return [out]


def write_new(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write a file where nothing is yet; on the disk when this returns.

    Raises:
        click.UsageError: Something is there already.
    """
    with open_new(path, mode) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def open_new(path: Path, mode: int = 0o666) -> BinaryIO:
    """A new file, with its mode from the first moment on."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    except FileExistsError:
        raise click.UsageError(f"expected nothing at {path}, got a file; nothing is overwritten") from None
    return os.fdopen(handle, "wb")


def check_nothing_at(*paths: Path) -> None:
    """Refuse before anything is written.

    Raises:
        click.UsageError: Something is at one of the paths, or there is no folder to put it in.
    """
    for path in paths:
        if path.exists() or path.is_symlink():
            raise click.UsageError(f"expected nothing at {path}, got something; nothing is overwritten")
        if not path.parent.is_dir():
            raise click.UsageError(f"expected a folder to write {path.name} into, got none at {path.parent}")


def _write_parts(parts: Iterator[tuple[bytes, int]], out: Path, done: Advance) -> Iterator[Path]:
    for number, (data, count) in enumerate(parts, 1):
        path = out if number == 1 else out.with_name(f"{out.stem}-{number}{out.suffix}")
        write_new(path, data)
        done(count)
        yield path


def _write_each(
    labels: Sequence[Label], contents: Iterator[bytes], out: Path, kind: str, done: Advance
) -> Iterator[Path]:
    out.mkdir()
    for label, data in zip(labels, contents, strict=True):
        # A yard's own tags hold slashes and colons.
        path = out / f"{percent(label.code, safe='')}.{kind}"
        with open_new(path) as file:
            file.write(data)
        done(1)
        yield path
