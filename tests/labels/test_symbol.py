"""The symbol: that of the library, with the mask of least penalty, and readable when damaged."""

from __future__ import annotations

import random

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter
from qrcode import QRCode, util
from qrcode.constants import ERROR_CORRECT_Q

from packtrace.trace.labels import symbol as module
from packtrace.trace.labels.bitmap import format_png, symbol_bitmap
from packtrace.trace.labels.symbol import QUIET, Symbol, largest_size, make_symbol

from .printed import label, read

# A text for each kind of version: without alignment, with it, with version information, with long counts.
TEXTS = ["HTTPS", "https://a.cn/p/04QPB76836300JBC40000903", label().url, label().url + "A" * 60, "a1B" * 99]


def of_library(text: str) -> tuple[list[list[list[bool]]], list[int]]:
    """The matrix under each mask, and its penalty, as `qrcode` has them."""
    code = QRCode(error_correction=ERROR_CORRECT_Q, border=0)
    code.add_data(text)
    code.make()
    matrices, penalties = [], []
    for mask in range(8):
        code.makeImpl(False, mask)
        matrices.append([[bool(dark) for dark in row] for row in code.modules])
        penalties.append(util.lost_point(code.modules))
    return matrices, penalties


def matrix(symbol: Symbol) -> list[list[bool]]:
    return [[digit == "1" for digit in f"{row:0{symbol.size}b}"] for row in symbol.rows]


@pytest.mark.parametrize("text", TEXTS)
def test_symbol_is_that_of_the_library_with_the_least_penalty(text: str) -> None:
    matrices, penalties = of_library(text)
    assert len(set(penalties)) > 1
    assert matrix(make_symbol(text)) == matrices[penalties.index(min(penalties))]


@pytest.mark.parametrize("text", TEXTS)
def test_penalty_is_that_of_the_library(text: str) -> None:
    matrices, penalties = of_library(text)
    layout = module._layout((len(matrices[0]) - 17) // 4)
    assert [module.penalty(module._bits(one), layout) for one in matrices] == penalties


@given(st.text(alphabet="ABCXYZ0123456789./:-abcxyz", min_size=1, max_size=120))
def test_any_text_reads_back(text: str) -> None:
    assert read(format_png(symbol_bitmap(make_symbol(text), 3), 300)) == [text]


def test_address_of_a_label_takes_version_5() -> None:
    """Lower case as bytes, the rest packed as letters and digits: all as bytes takes version 6."""
    assert make_symbol(label().url).size == 37
    assert largest_size(label().url) == 41


def test_runs_are_the_dark_modules() -> None:
    symbol = make_symbol(label().url)
    painted = [[False] * symbol.size for _ in symbol.rows]
    for row, column, length in symbol.runs():
        for at in range(column, column + length):
            assert not painted[row][at]
            painted[row][at] = True
    assert painted == matrix(symbol)


@pytest.mark.parametrize("scale", [1, 2, 3, 8, 10])
def test_picture_has_four_white_modules_around(scale: int) -> None:
    symbol = make_symbol(label().url)
    bitmap = symbol_bitmap(symbol, scale)
    picture = Image.frombytes("1", (bitmap.width, bitmap.height), bitmap.rows).convert("L")
    dark = picture.point(lambda value: 255 - value).getbbox()
    assert dark == (
        QUIET * scale,
        QUIET * scale,
        (QUIET + symbol.size) * scale,
        (QUIET + symbol.size) * scale,
    )


TRIALS = 30
SHARE = (37 / 45) ** 2  # of the picture is symbol, the rest quiet zone


def drawn(number: int, side: int = 200) -> Image.Image:
    bitmap = symbol_bitmap(make_symbol(label(number).url), 8)
    picture = Image.frombytes("1", (bitmap.width, bitmap.height), bitmap.rows).convert("L")
    return picture.resize((side, side), Image.Resampling.LANCZOS)


def splat(picture: Image.Image, share: float, seed: int) -> Image.Image:
    """A round blot that covers so much of the picture, away from the symbol's finders."""
    chance = random.Random(seed)
    side = picture.width
    radius = side * (share / 3.14159) ** 0.5
    x, y = (chance.uniform(0.45, 0.6) * side for _ in range(2))
    ImageDraw.Draw(picture).ellipse((x - radius, y - radius, x + radius, y + radius), fill=90)
    return picture


def dirt(picture: Image.Image, share: float, seed: int) -> Image.Image:
    chance = random.Random(seed)
    pen = ImageDraw.Draw(picture)
    for _ in range(int(picture.width**2 * share / 16)):
        x, y = (chance.randrange(picture.width) for _ in range(2))
        pen.rectangle((x, y, x + 3, y + 3), fill=chance.choice((0, 255)))
    return picture


DAMAGES = {
    "splat of 10 %": lambda number: splat(drawn(number), 0.10 * SHARE, number),
    "dirt on 1 %": lambda number: dirt(drawn(number), 0.01, number),
    "defocus of 2 dots": lambda number: drawn(number).filter(ImageFilter.GaussianBlur(2)),
    "only 90 dots wide": lambda number: drawn(number, 90),
    "turned by 8 degrees": lambda number: drawn(number).rotate(8, expand=True, fillcolor=255),
    "turned by 117 degrees": lambda number: drawn(number).rotate(117, expand=True, fillcolor=255),
    "upside down": lambda number: drawn(number).rotate(180),
    "pale": lambda number: drawn(number).point(lambda value: 150 + value // 5),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_symbol_is_read_and_never_wrongly(damage: str) -> None:
    found = [(read(DAMAGES[damage](number)), [label(number).url]) for number in range(TRIALS)]
    assert all(got in ([], expected) for got, expected in found)
    assert sum(got == expected for got, expected in found) >= 0.9 * TRIALS


def test_a_symbol_of_level_l_does_not_stand_such_damage() -> None:
    """Else the splat above would show nothing."""
    lost = 0
    for number in range(TRIALS):
        weak = zxingcpp.create_barcode(label(number).url, zxingcpp.BarcodeFormat.QRCode, ec_level="L")
        picture = Image.fromarray(weak.to_image(scale=8)).convert("L").resize((200, 200))
        lost += not zxingcpp.read_barcodes(splat(picture, 0.10 * SHARE, number))
    assert lost > TRIALS / 2
