"""What one label says, and where each line of it stands, in millimetres: the same for every format."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from ..codes.label import LabelError, label_digest, label_url
from ..codes.quote import quote
from .symbol import Symbol, make_symbol

MAX_NAME: Final = 80  # characters
MAX_MASS_G: Final = 100_000_000

MARGIN_MM: Final = 1.5
_LARGEST_SYMBOL: Final = 0.55  # of the label's width: the rest is for people
_SMALLEST_MM: Final = 1.3  # of a letter's height; a longer text is cut
_NAME_MM: Final = 2.6
_LINE: Final = 1.22  # from base line to base line, in heights of a letter

# In a square of side 1, y downwards, painted in this order; True is black.
TRIANGLE: Final = (
    (True, ((0.5, 0.02), (1.0, 0.92), (0.0, 0.92))),
    (False, ((0.5, 0.16), (0.875, 0.84), (0.125, 0.84))),
    (True, ((0.54, 0.28), (0.38, 0.58), (0.49, 0.58), (0.43, 0.80), (0.62, 0.49), (0.51, 0.49))),
)
"""The sign for dangerous voltage, ISO 7010 W012, in black and white."""

_PARTS: Final = re.compile("[ -~\xa0-\xff]+|[^ -~\xa0-\xff]+")
# Of letters without serifs, bold ones too, in heights of the font; every other one has 1 at most.
_WIDTHS: Final = {
    character: width
    for width, characters in (
        (0.3, " ',.Iijl|"),
        (0.4, "!()-/:;[\\]`frt{}"),
        (0.5, '"z'),
        (0.6, "#$*+0123456789<=>J^_aceksvxy~"),
        (0.7, "?EFLPSTVXYZbdghnopqu"),
        (0.8, "&ABCDGHKNOQRUw"),
        (0.9, "%Mm"),
        (1.1, "@"),
    )
    for character in characters
}
# What is in the fonts that every printer and PDF reader has.
_LATIN: Final = re.compile("[ -~\xa0-\xff]*")


@dataclass(frozen=True, slots=True)
class Label:
    """One label. `url` holds the token, so it is in no message."""

    code: str  # as printed: what follows ``battery:<scheme>:``
    host: str
    url: str = field(repr=False)
    digest: str  # for the chain
    name_zh: str = ""
    name_en: str = ""
    mass_g: int | None = None

    @property
    def groups(self) -> tuple[str, ...]:
        """The code as people read it: in groups of eight, or in three lines if it is longer than that."""
        return groups_of(self.code)

    def symbol(self) -> Symbol:
        """The QR symbol."""
        return make_symbol(self.url)


@dataclass(frozen=True, slots=True)
class Size:
    """Of a label, in millimetres."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text in its place: millimetres from the upper left corner, to the start of the base line."""

    x: float
    y: float
    height: float  # of the font, mm
    text: str
    code: bool = False  # in letters of one width, bold
    bold: bool = False

    @property
    def latin(self) -> bool:
        """Whether fonts that are everywhere have it."""
        return is_latin(self.text)

    @property
    def parts(self) -> tuple[Text, ...]:
        """The line cut where Chinese and Latin meet, since some fonts for Chinese have no Latin letters.

        Each part is at the line's own place: whoever sets them one behind the other knows how wide they are.
        """
        return tuple(replace(self, text=match[0]) for match in _PARTS.finditer(self.text))


@dataclass(frozen=True, slots=True)
class Plan:
    """A label laid out."""

    size: Size
    symbol_box: tuple[float, float, float]  # x, y and side; the quiet zone is inside
    triangle: tuple[float, float, float]  # x, y and side
    lines: tuple[Text, ...]


def make_label(
    host: str, code: str, token: str, *, name_zh: str = "", name_en: str = "", mass_g: int | None = None
) -> Label:
    """Put a label together.

    Raises:
        LabelError: A part that can't be printed as it is.
    """
    for name in (name_zh, name_en):
        check_name(name)
    if mass_g is not None and not 0 < mass_g <= MAX_MASS_G:
        raise LabelError(f"mass_g: expected 1 to {MAX_MASS_G}, got {mass_g}")
    url = label_url(host, code, token)
    return Label(code, host, url, label_digest(code, token), name_zh, name_en, mass_g)


def groups_of(code: str) -> tuple[str, ...]:
    """A code as people read it: in groups of eight, or in three if it is longer than that."""
    each = max(8, -(-len(code) // 3))
    return tuple(code[at : at + each] for at in range(0, len(code), each))


def check_name(text: str) -> None:
    """A name has letters, signs and spaces only: nothing in it moves, hides or reorders what is printed.

    Raises:
        LabelError: Something else is in it, or it is too long.
    """
    if len(text) > MAX_NAME:
        raise LabelError(f"name: expected at most {MAX_NAME} characters, got {len(text)}: {quote(text)}")
    for character in text:
        if character != " " and unicodedata.category(character)[0] in "CZ":
            raise LabelError(f"name: expected letters, signs and spaces, got {quote(text)}")


def is_latin(text: str) -> bool:
    """Whether fonts that are everywhere have all of it."""
    return _LATIN.fullmatch(text) is not None


def plan_label(label: Label, size: Size, *, chinese: bool) -> Plan:
    """Lay a label out: the symbol at the left, what people read at its right.

    Args:
        label: What it says.
        size: Of the label.
        chinese: Whether there is a font for Chinese; else the Latin text stands alone.
    """
    side = min(size.height - 2 * MARGIN_MM, size.width * _LARGEST_SYMBOL)
    left = MARGIN_MM + side
    width = size.width - left - MARGIN_MM
    upper, lower = list(_upper(label, width, chinese)), list(_lower(label, width, chinese))
    room = size.height - 2 * MARGIN_MM
    need = sum(line.height * _LINE for line in upper + lower)
    shrink = min(1.0, room / need)
    # The label's foot holds the sign, with its words beside it, and where to scan; its head the rest.
    lines: list[Text] = []
    y = MARGIN_MM
    for line in upper:
        y += line.height * shrink * _LINE
        lines.append(fit_line(line, left, y, shrink, width))
    foot = sum(line.height * shrink * _LINE for line in lower)
    y = size.height - MARGIN_MM - foot
    # The sign is as high as the bold words beside it.
    square = sum(line.height * shrink * _LINE for line in lower if line.bold)
    triangle = (left, y + 0.1 * square, square)
    for line in lower:
        y += line.height * shrink * _LINE
        beside = square + 0.8 if line.bold else 0.0
        lines.append(fit_line(line, left + beside, y, shrink, width - beside))
    box = (MARGIN_MM, (size.height - side) / 2, side)
    return Plan(size, box, triangle, tuple(lines))


def format_mass(grams: int) -> str:
    """A mass as a label shows it, in kilograms, exactly."""
    return f"{grams // 1000}.{grams % 1000:03d}".rstrip("0").rstrip(".") + " kg"


def _upper(label: Label, width: float, chinese: bool) -> Iterator[Text]:
    for group in label.groups:
        yield Text(0, 0, 3.2, group, code=True)
    names = [name for name in (label.name_zh, label.name_en) if chinese or is_latin(name)]
    for name in dict.fromkeys(filter(None, names)):
        for part in _split(name, width / _NAME_MM):
            yield Text(0, 0, _NAME_MM, part)
    if label.mass_g is not None:
        yield Text(0, 0, 2.6, f"{'质量 ' if chinese else ''}Mass {format_mass(label.mass_g)}")


def _lower(label: Label, width: float, chinese: bool) -> Iterator[Text]:
    if chinese:
        yield Text(0, 0, 2.8, "高压危险", bold=True)
    yield Text(0, 0, 2.8, "HIGH VOLTAGE", bold=True)
    yield Text(0, 0, 2.0, "扫码或输入 Scan or type at" if chinese else "Scan or type at")
    for part in _split(f"{label.host}/p", width / 2.2):
        yield Text(0, 0, 2.2, part)


def _split(text: str, room: float) -> tuple[str, ...]:
    """A text in one line or in two, parted at a space where there is one; `room` in heights of the font."""
    line = Text(0, 0, 0, text)
    if (wide := _width(line, text)) <= room:
        return (text,)
    room = max(room, wide / 2 + 0.5)  # what fits on no two lines of this size is halved
    fits = next(at for at in range(len(text), 0, -1) if at == 1 or _width(line, text[:at]) <= room)
    at = text.rfind(" ", 1, fits + 1)
    at = at if at > 0 else fits
    return text[:at], text[at:].lstrip()


def fit_line(line: Text, x: float, y: float, shrink: float, width: float) -> Text:
    """Put a line in its place: smaller where it is too wide, and cut where that is not enough."""
    text, height = line.text, line.height * shrink
    if (wide := _width(line, text)) * height > width:
        height = max(_SMALLEST_MM, width / wide)
        if wide * height > width:
            while text and _width(line, text + "...") * height > width:
                text = text[:-1]
            text += "..."
    return Text(x, y, height, text, line.code, line.bold)


def _width(line: Text, text: str) -> float:
    """How wide a text is at most, in heights of its font."""
    return 0.61 * len(text) if line.code else sum(_WIDTHS.get(character, 1.0) for character in text)
