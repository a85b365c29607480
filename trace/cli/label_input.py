"""What labels are to be made of: codes, one a line, or rows of CSV or NDJSON with names and masses."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import click

from ..codes.given import read_given
from ..codes.label import LabelError, is_token
from ..codes.quote import quote
from ..errors import RefusedError
from ..labels.label import MAX_MASS_G, check_name
from .text_input import read_text

MAX_INPUT: Final = 32 << 20  # bytes
MAX_ROWS: Final = 100_000

_GRAMS: Final = re.compile("[0-9]{1,9}")
_KILOGRAMS: Final = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,3}))?")
_COLUMNS: Final = ("code", "subject", "name", "name_en", "mass_g", "mass_kg", "token", "digest")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A label to be made."""

    subject: str
    name_zh: str = ""
    name_en: str = ""
    mass_g: int | None = None
    token: str = field(default="", repr=False)  # of a label that is printed again; empty for a new one

    @property
    def code(self) -> str:
        """As printed: what follows ``battery:<scheme>:``."""
        return self.subject.split(":", 2)[2]


def read_wanted(codes: Iterable[str], named: str | None) -> list[Wanted]:
    """All labels that are asked for, in order.

    Args:
        codes: From the command line.
        named: A file, ``-`` for standard input, or None.

    Raises:
        click.UsageError: A row that can't be read, or a battery twice; the message names its line.
    """
    rows: list[tuple[Mapping[str, Any], str]]
    rows = [({"code": code}, f"code {number}") for number, code in enumerate(codes, 1)]
    if named is not None:
        rows += _rows(read_text(named, limit=MAX_INPUT))
    if len(rows) > MAX_ROWS:
        raise click.UsageError(f"labels: expected at most {MAX_ROWS} at once, got {len(rows)}")
    wanted: dict[str, Wanted] = {}
    for row, where in rows:
        try:
            one = _wanted(row)
        except RefusedError as error:
            raise click.UsageError(f"{where}: {error.message}") from error
        if one.subject in wanted:
            raise click.UsageError(f"{where}: expected each battery once, got {one.subject} again")
        wanted[one.subject] = one
    return list(wanted.values())


def _rows(text: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The rows of a file, each with the name of its place."""
    first = text.lstrip().partition("\n")[0]
    if first.startswith("{"):
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                yield _object(line, number), f"line {number}"
    elif "code" in (cells := [cell.strip() for cell in first.lower().split(",")]) or "subject" in cells:
        reader = csv.DictReader(io.StringIO(text.lstrip()), strict=True)
        try:
            for row in reader:
                if None in row or None in row.values():
                    raise click.UsageError(
                        f"line {reader.line_num}: expected {len(cells)} cells, got another number"
                    )
                yield (
                    {str(name).strip().lower(): cell.strip() for name, cell in row.items()},
                    f"line {reader.line_num}",
                )
        except csv.Error as error:
            raise click.UsageError(f"line {reader.line_num}: expected CSV, got {error}") from error
    else:
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                yield {"code": line}, f"line {number}"


def _object(line: str, number: int) -> Mapping[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise click.UsageError(f"line {number}: expected a JSON object, got {quote(line)}")
    return value


def _wanted(row: Mapping[str, Any]) -> Wanted:
    for name, value in row.items():
        if name not in _COLUMNS:
            raise LabelError(f"column: expected one of {', '.join(_COLUMNS)}, got {quote(str(name))}")
        if not isinstance(value, str) and not (name in ("mass_g", "mass_kg") and type(value) is int):
            raise LabelError(f"{name}: expected text, got another kind of value")
    name_zh, name_en = row.get("name", ""), row.get("name_en", "")
    check_name(name_zh)
    check_name(name_en)
    subject = read_given(row.get("subject") or row.get("code", "")).subject
    if not subject.startswith("battery:"):
        raise LabelError(f"code: expected a battery's, got {subject}")
    token = row.get("token", "")
    if token and not is_token(token):
        raise LabelError("token: expected 20 of A-Z 2-7, got something else")
    return Wanted(subject, name_zh, name_en, _mass(row), token)


def _mass(row: Mapping[str, Any]) -> int | None:
    """In grams; from kilograms with at most three places behind the point."""
    grams, kilograms = (str(row.get(name, "")) for name in ("mass_g", "mass_kg"))
    if not grams and not kilograms:
        return None
    found = 0
    if grams and _GRAMS.fullmatch(grams):
        found = int(grams)
    elif not grams and (match := _KILOGRAMS.fullmatch(kilograms)):
        found = int(match[1]) * 1000 + int(f"{match[2] or '':0<3}")
    if not 0 < found <= MAX_MASS_G:
        raise LabelError(f"mass: expected 1 to {MAX_MASS_G} whole grams, got {quote(grams or kilograms)}")
    return found
