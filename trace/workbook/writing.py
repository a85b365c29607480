"""Cells that stay what they are: a text that begins with ``=`` is a text, and a code keeps its zeros.

Spreadsheets take what looks like a formula for one, and a long number for 1.23E+23. Every text is written as
a text, in the format for texts, and with the mark that keeps it one when somebody edits the cell.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

_ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ACTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_LONGEST: Final = 32_767  # characters of a cell
_TEXT: Final = "@"
_LIST: Final = "'%s'!$%s$1:$%s$%d"
_CHOICES: Final = "choices"  # the hidden sheet of allowed values


@dataclass(frozen=True, slots=True)
class Head:
    """A column: its headings from above, and what a drop-down offers."""

    titles: tuple[str, ...]
    width: int = 18  # in characters
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table, with lines of text above it."""

    name: str
    heads: tuple[Head, ...]
    rows: Sequence[Sequence[str | int | None]]
    above: tuple[tuple[str, ...], ...] = ()  # each a row
    marks: dict[int, str] = field(default_factory=dict)  # number of a row of `rows` -> its colour, RRGGBB
    spare: int = 0  # empty rows that are formatted, for people to fill in


def write_workbook(sheets: Iterable[Sheet], made_at: datetime) -> bytes:
    """A workbook with these sheets.

    Args:
        made_at: When the file says that it was made; in UTC.
    """
    book = Workbook()
    book.remove(book.active)
    book.properties.creator = "packtrace"
    book.properties.created = book.properties.modified = made_at.replace(tzinfo=None)
    lists: list[tuple[str, ...]] = []
    for sheet in sheets:
        _write(book.create_sheet(sheet.name), sheet, lists)
    if lists:
        hidden = book.create_sheet(_CHOICES)
        hidden.sheet_state = "hidden"
        for column, choices in enumerate(lists, 1):
            for row, choice in enumerate(choices, 1):
                _put(hidden, row, column, choice)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _write(into: Any, sheet: Sheet, lists: list[tuple[str, ...]]) -> None:
    at = 0
    for line in sheet.above:
        at += 1
        for column, text in enumerate(line, 1):
            _put(into, at, column, text, font=Font(bold=True))
    deep = max((len(head.titles) for head in sheet.heads), default=0)
    for level in range(deep):
        at += 1
        for column, head in enumerate(sheet.heads, 1):
            title = head.titles[level] if level < len(head.titles) else ""
            last = level == deep - 1
            _put(
                into, at, column, title, font=Font(bold=last, color=None if last else "666666"),
                fill="DDE6F0" if last else None, wrap=True,
            )  # fmt: skip
    into.freeze_panes = into.cell(at + 1, 1)
    first = at + 1
    for number, row in enumerate(sheet.rows):
        at += 1
        for column, value in enumerate(row, 1):
            _put(into, at, column, value, fill=sheet.marks.get(number), wrap=isinstance(value, str))
    for _ in range(sheet.spare):
        at += 1
        for column in range(1, len(sheet.heads) + 1):
            into.cell(at, column).number_format = _TEXT
    for column, head in enumerate(sheet.heads, 1):
        letter = get_column_letter(column)
        into.column_dimensions[letter].width = head.width
        if head.choices and at >= first:
            _offer(into, f"{letter}{first}:{letter}{at}", head.choices, lists)


def _offer(into: Any, where: str, choices: tuple[str, ...], lists: list[tuple[str, ...]]) -> None:
    """A drop-down. Its values lie in a sheet of their own: a list in the rule ends at 255 characters."""
    if choices not in lists:
        lists.append(choices)
    letter = get_column_letter(lists.index(choices) + 1)
    rule = DataValidation(
        type="list", formula1=_LIST % (_CHOICES, letter, letter, len(choices)), allow_blank=True
    )
    rule.error = " / ".join(choices)[:200]
    rule.showErrorMessage = False  # the word alone is taken too
    into.add_data_validation(rule)
    rule.add(where)


def _put(
    into: Any,
    row: int,
    column: int,
    value: str | int | None,
    *,
    font: Font | None = None,
    fill: str | None = None,
    wrap: bool = False,
) -> None:
    cell = into.cell(row, column)
    if isinstance(value, str):
        cell.value = _ILLEGAL.sub("\ufffd", value)[:_LONGEST]
        cell.data_type = "s"  # openpyxl makes a formula of what begins with =
        cell.number_format = _TEXT
        if value.startswith(_ACTS):
            cell.quotePrefix = True
    else:
        cell.value = value
    if font is not None:
        cell.font = font
    if fill:
        cell.fill = PatternFill("solid", fgColor=fill)
    if wrap:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
