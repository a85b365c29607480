"""Pictures of one bit a dot, and PNG files of them (ISO/IEC 15948), made without a library for pictures."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Final

from .symbol import QUIET, Symbol

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_FASTEST: Final = 1  # of zlib; rows that repeat pack well all the same


@dataclass(frozen=True, slots=True)
class Bitmap:
    """A picture in black and white."""

    width: int
    height: int
    rows: bytes  # from the top, each in whole bytes, the highest bit leftmost; 1 is white

    @property
    def stride(self) -> int:
        """Bytes in a row."""
        return -(-self.width // 8)


def symbol_bitmap(symbol: Symbol, scale: int, quiet: int = QUIET) -> Bitmap:
    """The symbol.

    Args:
        symbol: Its modules.
        scale: Dots a module, whole ones, so that all modules are of one size.
        quiet: Modules of white around it.
    """
    width = (symbol.size + 2 * quiet) * scale
    stride = -(-width // 8)
    widened = str.maketrans({"0": "1" * scale, "1": "0" * scale})
    left = "1" * (quiet * scale)
    right = "1" * (8 * stride - (quiet + symbol.size) * scale)
    rows = [
        int(left + f"{row:0{symbol.size}b}".translate(widened) + right, 2).to_bytes(stride, "big") * scale
        for row in symbol.rows
    ]
    white = b"\xff" * (stride * quiet * scale)
    return Bitmap(width, width, b"".join([white, *rows, white]))


def format_png(bitmap: Bitmap, dpi: int) -> bytes:
    """The picture as a PNG file that says its size in print.

    Args:
        bitmap: The picture.
        dpi: Dots an inch.
    """
    stride = bitmap.stride
    rows = bitmap.rows
    lines = b"".join([b"\0" + rows[at : at + stride] for at in range(0, len(rows), stride)])
    a_metre = round(dpi / 0.0254)
    return b"".join(
        [
            _SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", bitmap.width, bitmap.height, 1, 0, 0, 0, 0)),
            _chunk(b"pHYs", struct.pack(">IIB", a_metre, a_metre, 1)),
            _chunk(b"IDAT", zlib.compress(lines, _FASTEST)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
