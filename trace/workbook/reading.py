"""A workbook of somebody else's, read as rows of cells: bounded, nothing computed, nothing followed.

A workbook is a zip of XML, so what is refused before a library looks at it: more than so many bytes packed or
unpacked, a document type (of which entities are made that grow without end), and more markup than so many
rows need. Formulas are told as such, whatever value they last had; links to other files are never opened.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from openpyxl import load_workbook

from ..codes.quote import quote
from ..errors import RefusedError

MAX_BYTES: Final = 4 << 20
MAX_UNPACKED: Final = 32 << 20
MAX_PARTS: Final = 300
MAX_MARKUP: Final = 500_000  # elements' beginnings and ends in all parts: what a library needs its time for
MAX_SMALL: Final = 1 << 20  # bytes of a part that is no sheet and no list of texts
MAX_ROWS: Final = 2_000
MAX_COLUMNS: Final = 60
MAX_TEXT: Final = 2_000  # characters of a cell

_LOOKED_AT: Final = 256  # columns; what stands further right is not a table of ours
_CHUNK: Final = 1 << 16
_LONG: Final = ("xl/worksheets/", "xl/sharedStrings")


class WorkbookError(RefusedError):
    """The file is no workbook, or more than is taken."""

    code = "WORKBOOK_REFUSED"


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell: ``text``, ``number``, ``time``, ``flag``, ``formula`` or ``error``.

    A number is told as it formats back; what a spreadsheet made of a code is not undone.
    """

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Grid:
    """The first sheet that is shown."""

    sheet: str
    left_out: tuple[str, ...]  # names of the other sheets, the hidden ones too
    rows: tuple[tuple[int, tuple[Cell | None, ...]], ...]  # each with its number, from 1; empty ones left out


def read_workbook(data: bytes) -> Grid:
    """Read the first shown sheet.

    Raises:
        WorkbookError: No workbook, or a bound is passed; `where` names the cell where there is one.
    """
    if len(data) > MAX_BYTES:
        raise WorkbookError(f"workbook: expected at most {MAX_BYTES} bytes, got {len(data)}")
    _check_parts(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    except Exception as error:  # whatever a library raises over somebody's file: it can't be read
        raise _unreadable(error) from None
    try:
        sheets = [each for each in book.worksheets if each.sheet_state == "visible"]
        if not sheets:
            raise WorkbookError("workbook: expected a sheet that is shown, got none")
        name = sheets[0].title
        left_out = tuple(each for each in book.sheetnames if each != name)
        return Grid(name, left_out, tuple(_rows(sheets[0])))
    finally:
        book.close()


def _check_parts(data: bytes) -> None:
    """Look at every part before anything is made of it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS:
                raise WorkbookError(f"workbook: expected at most {MAX_PARTS} parts, got {len(parts)}")
            if len({part.filename for part in parts}) != len(parts):
                raise WorkbookError("workbook: expected each part once, got one twice")
            unpacked = markup = 0
            for part in parts:
                if part.flag_bits & 1:
                    raise WorkbookError("workbook: expected one without a password, got one with")
                before = unpacked
                last = b""
                for piece in _pieces(archive, part):
                    unpacked += len(piece)
                    plain = piece.replace(b"\0", b"")  # of UTF-16
                    markup += plain.count(b"<")
                    if b"<!DOCTYPE" in last + plain or b"<!ENTITY" in last + plain:
                        raise WorkbookError("workbook: expected XML without a document type, got one with")
                    last = plain[-10:]
                    _check_size(part.filename, unpacked - before, unpacked, markup)
    except WorkbookError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError) as error:
        raise _unreadable(error) from None


def _pieces(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(part) as file:
        while piece := file.read(_CHUNK):
            yield piece


def _check_size(name: str, part: int, unpacked: int, markup: int) -> None:
    if unpacked > MAX_UNPACKED:
        raise WorkbookError(f"workbook: expected at most {MAX_UNPACKED} bytes unpacked, got more")
    if part > MAX_SMALL and name.endswith((".xml", ".rels")) and not name.startswith(_LONG):
        raise WorkbookError(f"{quote(name)}: expected at most {MAX_SMALL} bytes, got more")
    if markup > MAX_MARKUP:
        raise WorkbookError(f"workbook: expected at most {MAX_ROWS} rows, got far more cells than they have")


def _rows(sheet: Any) -> Iterator[tuple[int, tuple[Cell | None, ...]]]:
    sheet.reset_dimensions()  # what a sheet says of its own size is not believed
    try:
        for number, row in enumerate(sheet.iter_rows(max_col=_LOOKED_AT), 1):
            if number > MAX_ROWS:
                raise WorkbookError(
                    f"workbook: expected at most {MAX_ROWS} rows, got more", where=f"row {number}"
                )
            cells = [_cell(cell, number) for cell in row]
            while cells and cells[-1] is None:
                cells.pop()
            if len(cells) > MAX_COLUMNS:
                raise WorkbookError(
                    f"workbook: expected at most {MAX_COLUMNS} columns, got more", where=f"row {number}"
                )
            if cells:
                yield number, tuple(cells)
    except WorkbookError:
        raise
    except Exception as error:  # as above
        raise _unreadable(error) from None


def _cell(cell: Any, row: int) -> Cell | None:
    value = cell.value
    if value is None or value == "":
        return None
    if cell.data_type == "f" or not isinstance(
        value, str | bool | int | float | datetime | date | time | timedelta
    ):
        return Cell("formula", "")
    if cell.data_type == "e":
        return Cell("error", str(value)[:20])
    match value:
        case str():
            if len(value) > MAX_TEXT:
                raise WorkbookError(
                    f"cell: expected at most {MAX_TEXT} characters, got {len(value)}", where=f"row {row}"
                )
            return Cell("text", value)
        case bool():
            return Cell("flag", "true" if value else "false")
        case int() | float():
            return Cell("number", repr(value).upper())
        case datetime():
            return Cell("time", value.isoformat(timespec="seconds"))
        case _:
            return Cell("time", str(value))


def _unreadable(error: Exception) -> WorkbookError:
    return WorkbookError(
        f"workbook: expected an XLSX file, got one that can't be read ({type(error).__name__})"
    )
