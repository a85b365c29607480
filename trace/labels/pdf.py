"""Sheets of labels as PDF, with outlines to test by and a ruler that shows whether they were scaled."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from fpdf import FPDF

from .fonts import Font
from .label import TRIANGLE, Label, Size, Text, plan_label
from .sheets import Sheet
from .symbol import QUIET, Symbol

PAGES_A_FILE: Final = 50
RULER_MM: Final = 50
_POINTS: Final = 72 / 25.4  # in a millimetre
_CHINESE: Final = "chinese"


def sheet_pdfs(
    labels: Iterable[Label],
    sheet: Sheet,
    *,
    made_at: datetime,
    font: Font | None,
    first_slot: int = 0,
    outlines: bool = False,
    pages_a_file: int = PAGES_A_FILE,
) -> Iterator[tuple[bytes, int]]:
    """PDF files of so many pages at most, each with the number of labels in it.

    Args:
        labels: In the order of the slots.
        sheet: What is printed on.
        made_at: When the file says that it was made.
        font: For Chinese; its letters that occur are embedded. None leaves Latin text.
        first_slot: Where the first label goes on the first page, counted from 0.
        outlines: Draw the edges of all slots.
        pages_a_file: All pages of a file are in memory until it is written.
    """
    slot = first_slot
    pages: _Pages | None = None
    for label in labels:
        if pages is not None and slot == sheet.slots and pages.count == pages_a_file:
            yield pages.finish()
            pages = None
            gc.collect()  # a file and its fonts point at each other, and weigh megabytes
        if pages is None:
            pages = _Pages(sheet, made_at, font, outlines)
            pages.add()
            slot %= sheet.slots
        elif slot == sheet.slots:
            pages.add()
            slot = 0
        pages.put(label, slot)
        slot += 1
    if pages is not None:
        yield pages.finish()


def outline_pdf(sheet: Sheet, made_at: datetime) -> bytes:
    """One page with the edges of all slots, to be held against a sheet before labels are wasted."""
    pages = _Pages(sheet, made_at, None, outlines=True)
    pages.add()
    return pages.finish()[0]


def open_pdf(page: Size, made_at: datetime, font: Font | None) -> FPDF:
    """A file without pages yet, in millimetres.

    Args:
        page: Of every page.
        made_at: When the file says that it was made.
        font: For Chinese.
    """
    pdf = FPDF(unit="mm", format=(page.width, page.height))
    pdf.set_auto_page_break(False)
    pdf.set_creation_date(made_at)
    if font is not None:
        pdf.add_font(_CHINESE, fname=font.path, collection_font_number=font.face)
    return pdf


def draw_symbol(pdf: FPDF, symbol: Symbol, x: float, y: float, side: float) -> None:
    """A symbol, quiet zone included: all modules as one path, so that no reader leaves white between two."""
    module = side / symbol.total * _POINTS
    right = x * _POINTS + QUIET * module
    up = (pdf.h - y) * _POINTS - QUIET * module
    runs = " ".join([f"{column} {row} {length} 1 re" for row, column, length in symbol.runs()])
    # fpdf2 has no call for a path of many rectangles, and one call for each takes twenty times as long.
    pdf._out(f"q 0 g {module:.4f} 0 0 {-module:.4f} {right:.4f} {up:.4f} cm {runs} f Q")


def draw_text(pdf: FPDF, line: Text, left: float, top: float) -> None:
    """A line of text, each part of it in a font that has it."""
    x = left + line.x
    for part in line.parts:
        if not part.latin:
            family, style = _CHINESE, ""
        else:
            family, style = ("courier", "B") if part.code else ("helvetica", "B" if part.bold else "")
        pdf.set_font(family, style, part.height * _POINTS)
        pdf.text(x, top + part.y, part.text)
        x += pdf.get_string_width(part.text)


class _Pages:
    """One file in the making."""

    def __init__(self, sheet: Sheet, made_at: datetime, font: Font | None, outlines: bool) -> None:
        self.count = 0
        self.labels = 0
        self._sheet = sheet
        self._chinese = font is not None
        self._outlines = outlines
        self._pdf = open_pdf(sheet.page, made_at, font)

    def add(self) -> None:
        """Begin a page."""
        pdf, sheet = self._pdf, self._sheet
        pdf.add_page()
        self.count += 1
        if not sheet.is_one_label:
            self._ruler()
        if self._outlines:
            pdf.set_line_width(0.1)
            for slot in range(sheet.slots):
                x, y = sheet.place(slot)
                pdf.rect(x, y, sheet.label.width, sheet.label.height)

    def put(self, label: Label, slot: int) -> None:
        """Draw a label."""
        left, top = self._sheet.place(slot)
        plan = plan_label(label, self._sheet.label, chinese=self._chinese)
        x, y, side = plan.symbol_box
        draw_symbol(self._pdf, label.symbol(), left + x, top + y, side)
        x, y, side = plan.triangle
        for black, corners in TRIANGLE:
            self._pdf.set_fill_color(0 if black else 255)
            points = [(left + x + right * side, top + y + down * side) for right, down in corners]
            self._pdf.polygon(points, style="F")
        for line in plan.lines:
            draw_text(self._pdf, line, left, top)
        self.labels += 1

    def finish(self) -> tuple[bytes, int]:
        """The file, and how many labels are in it."""
        return bytes(self._pdf.output()), self.labels

    def _ruler(self) -> None:
        """50 mm, in the lower margin."""
        pdf, page = self._pdf, self._sheet.page
        x, y = 20.0, page.height - 6.0
        pdf.set_line_width(0.2)
        pdf.line(x, y, x + RULER_MM, y)
        for at in range(0, RULER_MM + 1, 10):
            pdf.line(x + at, y - (1.5 if at % RULER_MM == 0 else 0.8), x + at, y)
        said = f"{RULER_MM} mm. Print at 100 %"
        pdf.set_font("helvetica", "", 7)
        pdf.text(x + RULER_MM + 3, y, f"{said}, {self._sheet.name}")
        if self._chinese:
            draw_text(pdf, Text(x + RULER_MM + 50, y, 7 / _POINTS, "请按 100 % 打印，不要缩放"), 0, 0)
