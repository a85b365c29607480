"""Battery codes of GB/T 34014-2017: 24 characters, and 19 for the re-coded product of echelon use.

Positions, counted from 1 (4.2 and 4.3): 1-3 manufacturer, 4 product type (P pack, M module, C cell),
5 battery type, 6-7 specification, 8-14 traceability, 15-17 production date (year, month, day), 18-24 serial.
The code of echelon use leaves the traceability part out and ends in ``R`` and the type of product that was
made, so its date is at 8-10 and its serial at 11-17.

`parse_gbt34014` takes the exact form that events carry; `read_label_text` takes what a scanner hands over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from msgspec import Struct

from ..errors import RefusedError
from .quote import quote

CODE_LENGTH: Final = 24
ECHELON_CODE_LENGTH: Final = 19
MAX_LABEL_TEXT: Final = 80  # characters; a scan with AIM prefix, tail and line ends has under 40

NON_STANDARD_TAIL: Final = "NON_STANDARD_TAIL"
AMBIGUOUS_LETTER: Final = "AMBIGUOUS_LETTER"
JOINED_LINES: Final = "JOINED_LINES"
WIDE_CHARACTERS: Final = "WIDE_CHARACTERS"

# GB/T 34014-2017, date tables: year 1 = 2011 … Y = 2040, month 1 … C, day 1 … Y = 30 and 0 = 31.
# The letters I, O, Q, U and Z are not in it; decoders that read them disagree on the days 27 to 31.
_DATE_ALPHABET: Final = "123456789ABCDEFGHJKLMNPRSTVWXY"
_YEARS: Final = {letter: 2011 + index for index, letter in enumerate(_DATE_ALPHABET)}
_MONTHS: Final = {letter: 1 + index for index, letter in enumerate(_DATE_ALPHABET[:12])}
_DAYS: Final = {letter: 1 + index for index, letter in enumerate(_DATE_ALPHABET)} | {"0": 31}
_YEAR_LETTERS: Final = {year: letter for letter, year in _YEARS.items()}
_MONTH_LETTERS: Final = {month: letter for letter, month in _MONTHS.items()}
_DAY_LETTERS: Final = {day: letter for letter, day in _DAYS.items()}

_DATE: Final = "[1-9A-HJ-NPR-TV-Y][1-9A-C][0-9A-HJ-NPR-TV-Y]"
# After the expression of the Catena-X battery code model (CC BY 4.0), with the date alphabet tightened.
_HEAD: Final = ("[A-Z0-9]{3}", "[PMC]", "[A-GZ]", "[A-Z0-9]{2}")
_FIELDS: Final = (*_HEAD, "[A-Z0-9]{7}", _DATE, "[0-9]{7}")
_ECHELON_FIELDS: Final = (*_HEAD, _DATE, "[0-9]{7}", "R", "[PMC]")
SYNTAX_BATTERY_CODE: Final = "".join(_FIELDS)
SYNTAX_ECHELON_CODE: Final = "".join(_ECHELON_FIELDS)

_BATTERY_CODE: Final = re.compile("".join(f"({field})" for field in _FIELDS))
_ECHELON_CODE: Final = re.compile("".join(f"({field})" for field in _ECHELON_FIELDS).replace("(R)", "R"))
# ISO/IEC 15424 symbology identifiers: ]Q1 is QR, ]d2 Data Matrix, ]C1 Code 128.
AIM_PREFIX: Final = re.compile(r"\A\s*\][A-Za-z][0-9A-Za-z]")
NARROW: Final = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}  # full-width forms
_LINE_BREAK: Final = re.compile(r"[\r\n]")

_Place = tuple[str, str]  # the characters that a position allows, and how to say so
_ALNUM: Final[_Place] = ("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "A-Z or 0-9")
_PRODUCT: Final[_Place] = ("PMC", "P, M or C (pack, module, cell)")
_TYPE: Final[_Place] = ("ABCDEFGZ", "a battery type, A-G or Z")
_DATE_PLACES: Final[tuple[_Place, ...]] = (
    (_DATE_ALPHABET, "a production year, 1-9 or A-Y without I, O, Q, U"),
    (_DATE_ALPHABET[:12], "a production month, 1-9 or A-C"),
    ("0" + _DATE_ALPHABET, "a production day, 0-9 or A-Y without I, O, Q, U"),
)
_DIGIT: Final[_Place] = ("0123456789", "a digit of the serial")
_PLACES: Final = (_ALNUM,) * 3 + (_PRODUCT, _TYPE) + (_ALNUM,) * 9 + _DATE_PLACES + (_DIGIT,) * 7
_ECHELON_PLACES: Final = (
    *((_ALNUM,) * 3 + (_PRODUCT, _TYPE) + (_ALNUM,) * 2 + _DATE_PLACES + (_DIGIT,) * 7),
    ("R", "R, the mark of a re-coded product"),
    _PRODUCT,
)


class BatteryCodeError(RefusedError):
    """The text is not a battery code of GB/T 34014; `position` is the first wrong place, counted from 1."""

    code = "BATTERY_CODE_INVALID"

    def __init__(self, *, position: int, expected: str, got: str, hint: str = "") -> None:
        where = f"position {position}"
        said = f"expected {expected}, got {got}" + (f"; {hint}" if hint else "")
        super().__init__(f"battery code: {said}, at {where}", where=where)
        self.position = position
        self.expected = expected
        self.got = got
        self.hint = hint


class BatteryCode(Struct, frozen=True, gc=False):
    """The fields of one code, as text; nothing in it is ever a number except the date."""

    vendor: str
    product_type: str  # P pack, M module, C cell
    battery_type: str  # A NiMH, B LFP, C LMO, D LCO, E ternary, F supercapacitor, G LTO, Z other
    specification: str
    traceability: str  # empty in a code of echelon use
    production_date: date
    serial: str
    echelon_type: str = ""  # what the re-coded product is; empty in a first code
    scheme: str = "gbt34014"

    @property
    def echelon(self) -> bool:
        """Whether this is the 19-character code of a product of echelon use."""
        return bool(self.echelon_type)

    @property
    def text(self) -> str:
        """The code as printed."""
        return format_battery_code(self)


@dataclass(frozen=True, slots=True)
class ScannedCode:
    """A code as read from a label, with what had to be done to the text to read it."""

    code: BatteryCode
    raw: str  # exactly what the scanner gave
    remarks: tuple[str, ...]  # stable names, in alphabetical order


def check_gbt34014(text: str) -> None:
    """Decide whether `text` is a code, of either length, without taking it apart.

    Raises:
        BatteryCodeError: Wrong length, a character that its position does not allow (4.2, 4.3), or a date
            that does not exist.
    """
    if _BATTERY_CODE.fullmatch(text) is not None:
        at = 14
    elif _ECHELON_CODE.fullmatch(text) is not None:
        at = 7
    else:
        raise _explain(text)
    if _DAYS[text[at + 2]] > 28:  # every month has the others
        _parse_date(text[at : at + 3], at)


def parse_gbt34014(text: str) -> BatteryCode:
    """Parse either code, upper case and without spaces; the two are told apart by their length.

    Raises:
        BatteryCodeError: As for `check_gbt34014`.
    """
    return parse_echelon_code(text) if len(text) == ECHELON_CODE_LENGTH else parse_battery_code(text)


def parse_battery_code(text: str) -> BatteryCode:
    """Parse a 24-character battery code.

    Raises:
        BatteryCodeError: As for `check_gbt34014`.
    """
    match = _BATTERY_CODE.fullmatch(text)
    if match is None:
        raise _explain(text, CODE_LENGTH)
    vendor, product, kind, specification, traceability, day, serial = match.groups()
    made = _parse_date(day, 14)
    return BatteryCode(vendor, product, kind, specification, traceability, made, serial)


def parse_echelon_code(text: str) -> BatteryCode:
    """Parse a 19-character code of echelon use.

    Raises:
        BatteryCodeError: As for `check_gbt34014`.
    """
    match = _ECHELON_CODE.fullmatch(text)
    if match is None:
        raise _explain(text, ECHELON_CODE_LENGTH)
    vendor, product, kind, specification, day, serial, result = match.groups()
    return BatteryCode(vendor, product, kind, specification, "", _parse_date(day, 7), serial, result)


def format_battery_code(code: BatteryCode) -> str:
    """Give the text of a code; the fields are checked, so that no wrong label is ever printed.

    Raises:
        BatteryCodeError: A field holds what no code can hold.
    """
    made = code.production_date
    day = _YEAR_LETTERS.get(made.year, "?") + _MONTH_LETTERS[made.month] + _DAY_LETTERS[made.day]
    tail = f"R{code.echelon_type}" if code.echelon_type else ""
    head = code.vendor + code.product_type + code.battery_type + code.specification
    text = f"{head}{code.traceability}{day}{code.serial}{tail}"
    if parse_gbt34014(text) != code:  # a field too long beside one too short
        raise BatteryCodeError(position=1, expected="fields of their own lengths", got=quote(text))
    return text


def read_label_text(raw: str) -> ScannedCode:
    """Read a battery code from what a scanner, a camera or a keyboard gave.

    Accepted beside the bare code: an AIM prefix, blanks and line ends anywhere, lower case, the full-width
    forms of a Chinese keyboard, and a vendor's tail of one or two characters after a 24-character code.
    Remarks say what was unusual: `NON_STANDARD_TAIL`, `JOINED_LINES` (the text came on several lines),
    `WIDE_CHARACTERS`, and `AMBIGUOUS_LETTER` (an I or O where the manufacturer may choose any letter: labels
    exist in both readings).

    Args:
        raw: The scan, at most 80 characters.

    Raises:
        BatteryCodeError: No code can be read; `position` counts in the text without prefix and blanks.
    """
    if len(raw) > MAX_LABEL_TEXT:
        raise BatteryCodeError(
            position=MAX_LABEL_TEXT + 1, expected=f"at most {MAX_LABEL_TEXT} characters", got=str(len(raw))
        )
    remarks = set()
    text = raw.translate(NARROW)
    if text != raw:
        remarks.add(WIDE_CHARACTERS)
    text = AIM_PREFIX.sub("", text).strip()
    if _LINE_BREAK.search(text):
        remarks.add(JOINED_LINES)
    text = "".join(text.split())
    if text.isascii():  # Outside ASCII, upper() can change a text's length and meaning.
        text = text.upper()
    tail = text[CODE_LENGTH:]
    if len(tail) in (1, 2) and tail.isascii() and tail.isprintable():
        remarks.add(NON_STANDARD_TAIL)
        text = text[:CODE_LENGTH]
    try:
        code = parse_gbt34014(text)
    except BatteryCodeError as error:
        if _halves_swapped(text):
            raise BatteryCodeError(
                position=error.position,
                expected=error.expected,
                got=error.got,
                hint="its two printed lines seem to be joined in the wrong order: take the other one first",
            ) from error
        raise
    if any(letter in code.vendor + code.specification + code.traceability for letter in "IO"):
        remarks.add(AMBIGUOUS_LETTER)
    return ScannedCode(code, raw, tuple(sorted(remarks)))


def _parse_date(letters: str, at: int) -> date:
    """Read year, month and day, already found in the alphabet; `at` is their offset in the code."""
    year, month, day = _YEARS[letters[0]], _MONTHS[letters[1]], _DAYS[letters[2]]
    try:
        return date(year, month, day)
    except ValueError:
        expected, got = f"a day that {year:04d}-{month:02d} has", f"{letters[2]} ({day})"
        raise BatteryCodeError(position=at + 3, expected=expected, got=got) from None


def _explain(text: str, *lengths: int) -> BatteryCodeError:
    """Find the first place at which `text` is wrong; called only when it is."""
    lengths = lengths or (CODE_LENGTH, ECHELON_CODE_LENGTH)
    if len(text) not in lengths:
        return BatteryCodeError(
            position=min(len(text), lengths[0]) + 1,
            expected=" or ".join(map(str, lengths)) + " characters",
            got=f"{len(text)}: {quote(text)}",
        )
    places = _PLACES if len(text) == CODE_LENGTH else _ECHELON_PLACES
    position, expected = next(
        (at, words)
        for at, (got, (allowed, words)) in enumerate(zip(text, places, strict=True), 1)
        if got not in allowed
    )
    return BatteryCodeError(position=position, expected=expected, got=quote(text[position - 1]))


def _halves_swapped(text: str) -> bool:
    """Whether some other order of two lines would give a code."""
    for cut in range(1, len(text)):
        try:
            check_gbt34014(text[cut:] + text[:cut])
        except BatteryCodeError:
            continue
        return True
    return False
