"""Workbooks of a step: an empty one to fill in, and the same rows again with what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from ...trace.workbook.reading import MAX_COLUMNS, MAX_ROWS, MAX_TEXT, Grid
from ...trace.workbook.writing import Head, Sheet, write_workbook
from ..door.bodies import BodyError
from .columns import Column, Step

EXAMPLE: Final = "例 Example: "
"""Before the code of a row that shows how to fill in: such a row is no statement."""
SPARE: Final = 500  # rows that are formatted

_OUTCOMES: Final = {
    "accepted": ("已接受 accepted", "D7F0DD"),
    "known": ("此前已记录 recorded before", "D7F0DD"),
    "waiting": ("待发送 waits", "FFF2CC"),
    "parked": ("搁置 parked", "FFE3B3"),
    "refused": ("被拒绝 refused", "F8D4D0"),
    "not_signed": ("未签署 not signed", "F8D4D0"),
    "skipped": ("未处理 left out", "EEEEEE"),
}
_MEMBERS: Final = frozenset({"sheet", "rows"})
_OF_A_ROW: Final = frozenset({"row", "cells", "outcome", "event", "why"})


def template_workbook(step: Step, at: datetime) -> bytes:
    """An empty workbook of a step: drop-downs, and a row that shows how."""
    example = [
        EXAMPLE + column.example if column.name == "code" else column.example for column in step.columns
    ]
    sheet = Sheet(
        step.type.replace(".", " "),
        tuple(_head(column) for column in step.columns),
        [example],
        above=(
            (step.type, f"{step.zh} {step.en}"),
            (
                "",
                "每行一个电池，带 * 的必填，时间为本地时间。One battery a row; * is required; local time.",
            ),
        ),
        marks={0: "EEEEEE"},
        spare=SPARE,
    )
    return write_workbook([sheet], at)


def outcome_workbook(body: Mapping[str, Any], at: datetime) -> bytes:
    """The rows that were handed in, at their places, with what became of each behind them.

    Raises:
        BodyError: Not such rows.
    """
    rows = _checked(body)
    widest = max((len(row["cells"]) for row in rows), default=0)
    lines: list[list[str | int | None]] = []
    marks: dict[int, str] = {}
    for row in rows:
        while len(lines) < row["row"] - 1:
            lines.append([])  # a row that was empty keeps its place
        word, colour = _OUTCOMES.get(row.get("outcome", ""), ("", ""))
        cells: list[str | int | None] = [*row["cells"], *[None] * (widest - len(row["cells"]))]
        if word:
            marks[len(lines)] = colour
        lines.append([*cells, word or None, row.get("event") or None, row.get("why") or None])
    heads = [Head((), 18) for _ in range(widest)]
    heads += [Head((), 22), Head((), 46), Head((), 60)]
    name = str(body["sheet"])
    return write_workbook([Sheet(_sheet_name(name), tuple(heads), lines, marks=marks)], at)


def grid_object(grid: Grid) -> dict[str, Any]:
    """What a workbook holds, for programs."""
    return {
        "sheet": grid.sheet,
        "left_out": list(grid.left_out),
        "rows": [
            {
                "row": number,
                "cells": [cell and {"kind": cell.kind, "text": cell.text} for cell in cells],
            }
            for number, cells in grid.rows
        ],
    }


def _head(column: Column) -> Head:
    unit = f" ({column.unit})" if column.unit else ""
    star = " *" if column.required else ""
    shown = tuple(choice.shown for choice in column.choices)
    allowed = "" if shown else _allowed(column)
    width = 30 if column.name == "code" else 18
    return Head((column.name, allowed, f"{column.zh}{unit} {column.en}{star}"), width, shown)


def _allowed(column: Column) -> str:
    match column.kind:
        case "code":
            return "24 / 19"
        case "time":
            return "2026-11-23 14:30"
        case "kilograms":
            return "438.5"
        case "whole":
            return f"0-{column.most}"
        case _:
            return column.says


def _checked(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    if set(body) != _MEMBERS or not isinstance(body["sheet"], str) or not isinstance(body["rows"], list):
        raise BodyError('body: expected {"sheet": "…", "rows": […]}, got something else', where="body")
    if len(body["rows"]) > MAX_ROWS:
        raise BodyError(f"rows: expected at most {MAX_ROWS}, got {len(body['rows'])}", where="/rows")
    last = 0
    for at, row in enumerate(body["rows"]):
        where = f"/rows/{at}"
        if not isinstance(row, dict) or not {"row", "cells"} <= set(row) <= _OF_A_ROW:
            raise BodyError("row: expected its number, its cells and what became of it", where=where)
        if type(row["row"]) is not int or not last < row["row"] <= MAX_ROWS:
            raise BodyError(f"row: expected a number from {last + 1} to {MAX_ROWS}", where=f"{where}/row")
        last = row["row"]
        _check_cells(row["cells"], where)
        for name in ("outcome", "event", "why"):
            if not isinstance(row.get(name, ""), str) or len(row.get(name, "")) > MAX_TEXT:
                raise BodyError(f"{name}: expected a text of at most {MAX_TEXT}", where=f"{where}/{name}")
    rows: list[dict[str, Any]] = body["rows"]
    return rows


def _check_cells(cells: Any, where: str) -> None:
    if not isinstance(cells, Sequence) or isinstance(cells, str) or len(cells) > MAX_COLUMNS:
        raise BodyError(f"cells: expected at most {MAX_COLUMNS} texts", where=f"{where}/cells")
    for cell in cells:
        if cell is not None and (not isinstance(cell, str) or len(cell) > MAX_TEXT):
            raise BodyError(f"cell: expected a text of at most {MAX_TEXT}, or null", where=f"{where}/cells")


def _sheet_name(text: str) -> str:
    """A name that a sheet may have."""
    kept = "".join(letter for letter in text if letter not in "[]:*?/\\'" and letter.isprintable())
    return kept[:31].strip() or "rows"
