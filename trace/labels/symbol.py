"""QR symbols of level Q, with the mask that ISO/IEC 18004 asks for.

The library `qrcode` gives the code words; placing and masking them is done here, on whole symbols as big
integers. A symbol is the exclusive or of its data bits and of a layout, which is the symbol of no data and
the same for all symbols of a version and mask. So all eight masks are tried and scored, at a tenth of the
library's time, and the matrix is the one that the library makes with that mask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Final

from qrcode import QRCode, util
from qrcode.constants import ERROR_CORRECT_Q

QUIET: Final = 4  # modules of white on each side
MASKS: Final = range(8)


@dataclass(frozen=True, slots=True)
class Symbol:
    """The modules of a symbol, without its quiet zone."""

    size: int  # modules in a row
    rows: tuple[int, ...]  # from the top; the highest of `size` bits is the leftmost module, 1 is dark

    @property
    def total(self) -> int:
        """Modules in a row, quiet zone included."""
        return self.size + 2 * QUIET

    def runs(self) -> Iterator[tuple[int, int, int]]:
        """Dark modules, those side by side as one: row, column and length, without the quiet zone."""
        for number, row in enumerate(self.rows):
            text = f"{row:0{self.size}b}"
            start = text.find("1")
            while start >= 0:
                stop = text.find("0", start)
                stop = stop if stop >= 0 else self.size
                yield number, start, stop - start
                start = text.find("1", stop)


@dataclass(frozen=True, slots=True)
class _Layout:
    """What symbols of one version share. Bits run by rows from the top left; each row ends in a further 0."""

    size: int
    masked: tuple[int, ...]  # the symbol of no data under each mask
    place: Callable[[str], tuple[str, ...]]  # bits of the code words, and a 0, in the order of the modules
    inside: int  # which bits are modules
    has_right: int  # which modules have another at their right
    has_below: int  # and below


def make_symbol(text: str) -> Symbol:
    """The smallest symbol of level Q: parts in capitals and digits are packed as such, the rest as bytes."""
    code = QRCode(error_correction=ERROR_CORRECT_Q, border=0)
    code.add_data(text)
    version = code.best_fit(start=1)
    layout = _layout(version)
    words = util.create_data(version, ERROR_CORRECT_Q, code.data_list)
    bits = "".join([f"{word:08b}" for word in words])
    data = int("".join(layout.place(bits + "0")), 2)
    best = min((data ^ masked for masked in layout.masked), key=lambda symbol: penalty(symbol, layout))
    return _symbol(best, layout.size)


def largest_size(text: str) -> int:
    """Modules in a row of the symbol of level Q that some printer may make: one that packs all as bytes."""
    code = QRCode(error_correction=ERROR_CORRECT_Q, border=0)
    code.add_data(util.QRData(text.encode("utf-8"), mode=util.MODE_8BIT_BYTE), optimize=0)
    return 17 + 4 * int(code.best_fit(start=1))


def penalty(symbol: int, layout: _Layout) -> int:
    """How hard a symbol is to read, by the four rules of ISO/IEC 18004, 7.8.3.1."""
    stride = layout.size + 1
    light = ~symbol & layout.inside
    # 1 where a module is like the one at its right, or below.
    right = ~(symbol ^ symbol << 1) & layout.has_right
    below = ~(symbol ^ symbol << stride) & layout.has_below
    found = 0
    for alike, step in ((right, 1), (below, stride)):
        # A run of n >= 5 costs n - 2: each place where five are alike counts 1, and each such run 2 more.
        five = alike & alike << step & alike << 2 * step & alike << 3 * step
        found += five.bit_count() + 2 * (five & ~(five >> step)).bit_count()
        finder = symbol & light << step & symbol << 2 * step & symbol << 3 * step & symbol << 4 * step
        finder &= light << 5 * step & symbol << 6 * step
        four = light & light << step & light << 2 * step & light << 3 * step
        found += 40 * ((finder & four << 7 * step).bit_count() + (four & finder << 4 * step).bit_count())
    found += 3 * (right & right << stride & below).bit_count()
    share = symbol.bit_count() * 100 / layout.size**2
    return found + 10 * int(abs(share - 50) / 5)


def _symbol(bits: int, size: int) -> Symbol:
    text = f"{bits:0{size * (size + 1)}b}"
    return Symbol(size, tuple(int(text[at : at + size], 2) for at in range(0, len(text), size + 1)))


@lru_cache(maxsize=40)  # one for each version
def _layout(version: int) -> _Layout:
    size = 17 + 4 * version
    words = len(util.create_data(version, ERROR_CORRECT_Q, []))
    blank = QRCode(version=version, error_correction=ERROR_CORRECT_Q, border=0)
    blank.data_cache = [0] * words
    masked = []
    for mask in MASKS:
        blank.makeImpl(False, mask)
        masked.append(_bits(blank.modules))
    reserved = _reserved(version, size)
    # Bits that no code word fills (7 at most) are 0 before masking, as is what is no data.
    order = [8 * words] * (size * (size + 1))
    for bit, (row, column) in zip(range(8 * words), _zigzag(size, reserved), strict=False):
        order[row * (size + 1) + column] = bit
    line = "1" * size + "0"
    return _Layout(
        size,
        tuple(masked),
        itemgetter(*order),
        inside=int(line * size, 2),
        has_right=int(("1" * (size - 1) + "00") * size, 2),
        has_below=int(line * (size - 1) + "0" * (size + 1), 2),
    )


def _bits(modules: list[list[bool | None]]) -> int:
    return int("".join("".join("1" if dark else "0" for dark in row) + "0" for row in modules), 2)


def _reserved(version: int, size: int) -> set[tuple[int, int]]:
    """Modules that are never data: finders with formats and versions, timing, alignment."""
    corners = [(range(9), range(9)), (range(9), range(size - 8, size)), (range(size - 8, size), range(9))]
    if version >= 7:
        corners += [(range(6), range(size - 11, size - 8)), (range(size - 11, size - 8), range(6))]
    taken = {(row, column) for rows, columns in corners for row in rows for column in columns}
    taken |= {(6, at) for at in range(size)} | {(at, 6) for at in range(size)}
    centres = util.pattern_position(version)
    last = size - 7
    for row in centres:
        for column in centres:
            if (row, column) not in ((6, 6), (6, last), (last, 6)):
                taken |= {(row + down, column + right) for down in range(-2, 3) for right in range(-2, 3)}
    return taken


def _zigzag(size: int, reserved: set[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The modules for data in their order: two columns at a time from the right, up and down (7.7.3)."""
    upward = True
    for right in (*range(size - 1, 6, -2), 5, 3, 1):
        for row in range(size - 1, -1, -1) if upward else range(size):
            for column in (right, right - 1):
                if (row, column) not in reserved:
                    yield row, column
        upward = not upward
