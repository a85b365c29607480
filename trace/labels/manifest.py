"""The handover slip of a truck, to print: what travels, from whom to whom, and the symbol that opens it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from fpdf import FPDF

from .fonts import Font
from .label import Text, fit_line, format_mass, groups_of, is_latin
from .pdf import draw_symbol, draw_text, open_pdf
from .sheets import A4
from .symbol import make_symbol

MAX_LOADED: Final = 5_000  # lines of one slip

_EDGE: Final = 15.0  # mm
_SYMBOL: Final = 52.0
_LINE: Final = 6.0
_COLUMNS: Final = 2
_FOOT: Final = 56.0  # of the last page: three lines to sign on
_WIDTH: Final = A4.width - 2 * _EDGE


@dataclass(frozen=True, slots=True)
class Loaded:
    """A line of the slip."""

    code: str  # of a battery as printed, or what a lot is called
    mass_g: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a slip says. `url` holds its token, so it is in no message."""

    name: str
    url: str = field(repr=False)
    origin: str  # of the log
    is_real: bool  # else the slip says that it is of a demonstration or a test
    consignor: tuple[str, str, str]  # id, Chinese and English name
    consignee: tuple[str, str, str]
    carrier: tuple[str, str, str] | None
    dispatched_at: datetime
    un_number: str
    packing: tuple[str, str]  # in Chinese and English
    mass_g: int | None
    loaded: Sequence[Loaded]


def manifest_pdf(manifest: Manifest, *, made_at: datetime, font: Font | None) -> bytes:
    """The slip as a PDF of A4 pages, in Chinese and English.

    Args:
        manifest: What it says; at most `MAX_LOADED` lines.
        made_at: When the file says that it was made.
        font: For Chinese; without one the English words stand alone.
    """
    page = _Page(open_pdf(A4, made_at, font), font is not None)
    rows = list(enumerate(manifest.loaded[:MAX_LOADED], 1))
    first, rest = _rows_below(_head_height(manifest)), _rows_below(_EDGE)
    tables = [rows[: first * _COLUMNS]]
    for at in range(first * _COLUMNS, len(rows), rest * _COLUMNS):
        tables.append(rows[at : at + rest * _COLUMNS])
    for number, table in enumerate(tables, 1):
        page.pdf.add_page()
        top = page.head(manifest) if number == 1 else _EDGE
        page.table(table, top, first if number == 1 else rest)
        if number == len(tables):
            page.signatures()
        page.foot(manifest, number, len(tables))
    return bytes(page.pdf.output())


def _head_height(manifest: Manifest) -> float:
    return 82.0 + (10.0 if manifest.carrier else 0.0) + (0.0 if manifest.is_real else 8.0)


def _rows_below(top: float) -> int:
    """Lines of a column that fit on a page under this height, with room to sign."""
    return int((A4.height - top - _FOOT - _EDGE) // _LINE)


class _Page:
    """Draws on the page that was added last."""

    def __init__(self, pdf: FPDF, chinese: bool) -> None:
        self.pdf = pdf
        self._chinese = chinese

    def head(self, manifest: Manifest) -> float:
        """Title, symbol and who, what, when; the height under which the list begins."""
        y = _EDGE
        left = _WIDTH - _SYMBOL - 4
        draw_symbol(self.pdf, make_symbol(manifest.url), _EDGE + _WIDTH - _SYMBOL, y - 4, _SYMBOL)
        self._line(y + 6, 6.5, self._both("交接单", "Handover slip"), left, bold=True)
        self._line(y + 13.5, 4.6, manifest.name, left, code=True)
        y += 20
        for zh, en, value in self._facts(manifest):
            self._line(y, 3.2, self._both(zh, en), 36.0)
            self._line(y, 3.4, value, left - 38.0, x=38.0, bold=True)
            y += 4.8
        y = _EDGE + (66.0 if manifest.carrier else 56.0)
        zh = "扫码可查看车上货物及状态，无需账号；接收方在手机上扫码接收。"
        en = "Scan to see what is on the truck, without an account. The consignee scans it to take over."
        for said in (zh, en) if self._chinese else (en,):
            self._line(y, 3.0, said, _WIDTH)
            y += 5
        if not manifest.is_real:
            said = self._both(
                "演示或测试日志：本单所列均非真实。", "A log for demonstration or test: nothing here is real."
            )
            self._line(y + 2, 4.0, said, _WIDTH, bold=True)
        return _head_height(manifest)

    def table(self, rows: list[tuple[int, Loaded]], top: float, lines: int) -> None:
        """A box to tick, number, code and mass of each."""
        column = _WIDTH / _COLUMNS
        for place, (number, loaded) in enumerate(rows):
            across, down = divmod(place, lines)
            x, y = across * column, top + down * _LINE
            self.pdf.set_line_width(0.25)
            self.pdf.rect(_EDGE + x, y - 3.4, 3.6, 3.6)
            self._line(y, 3.0, str(number), 7.0, x=x + 5.0)
            self._line(y, 3.2, " ".join(groups_of(loaded.code)), column - 28.0, x=x + 12.0, code=True)
            if loaded.mass_g is not None:
                self._line(y, 3.0, format_mass(loaded.mass_g), 15.0, x=x + column - 15.5)

    def signatures(self) -> None:
        """Three lines to sign on: the paper's own, beside what the phones sign."""
        y = A4.height - _EDGE - _FOOT + 18
        for zh, en in (
            ("交付方签字、日期", "Consignor, date"),
            ("驾驶员、车牌、日期", "Driver, plate, date"),
            ("接收方签字、日期", "Consignee, date"),
        ):
            self._line(y, 3.2, self._both(zh, en), 66.0)
            self.pdf.set_line_width(0.25)
            self.pdf.line(_EDGE + 68.0, y + 0.8, _EDGE + _WIDTH, y + 0.8)
            y += 12

    def foot(self, manifest: Manifest, number: int, count: int) -> None:
        """Which page of which slip."""
        self._line(A4.height - 9, 2.6, f"{manifest.name}   {number}/{count}   {manifest.origin}", _WIDTH)

    def _facts(self, manifest: Manifest) -> Iterator[tuple[str, str, str]]:
        """Lines of the head; a party with names in both languages takes two of them."""
        for zh, en, party in (
            ("交付方", "From", manifest.consignor),
            ("接收方", "To", manifest.consignee),
            ("承运方", "Carrier", manifest.carrier),
        ):
            for place, name in enumerate(self._names(party) if party else ()):
                yield ("", "", name) if place else (zh, en, name)
        yield "发运时间", "Dispatched", f"{manifest.dispatched_at:%Y-%m-%d %H:%M} UTC"
        mass = f", {format_mass(manifest.mass_g)}" if manifest.mass_g is not None else ""
        yield "件数、质量", "Count, mass", f"{len(manifest.loaded)}{mass}"
        un_number = "-" if manifest.un_number == "none" else manifest.un_number
        yield "UN 编号、包装", "UN, packing", f"{un_number}, {self._both(*manifest.packing)}"

    def _names(self, party: tuple[str, str, str]) -> list[str]:
        named, zh, en = party
        names = [name for name in (zh, en) if name and (self._chinese or is_latin(name))]
        return list(dict.fromkeys(names)) or [named]

    def _both(self, zh: str, en: str) -> str:
        return f"{zh} {en}" if self._chinese else en

    def _line(
        self, y: float, height: float, text: str, width: float, *, x: float = 0.0, code: bool = False,
        bold: bool = False,
    ) -> None:  # fmt: skip
        """A line in its place, smaller or cut where it is too wide; what no font here has is left out."""
        shown = text if self._chinese else "".join(letter for letter in text if is_latin(letter))
        draw_text(self.pdf, fit_line(Text(0, 0, height, shown, code, bold), _EDGE + x, y, 1.0, width), 0, 0)
