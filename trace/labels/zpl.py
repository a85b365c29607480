"""Labels for thermal printers in ZPL II: by the printer's own symbol and letters, or as one picture.

What the log or a list of products says reaches the printer as data only: in `^FD` every byte that is no
letter or digit is in hex (`^FH`), so that no `^` or `~` of a name begins a command.
"""

from __future__ import annotations

from typing import Final

from .bitmap import Bitmap
from .label import Label, Text
from .raster import Raster
from .symbol import QUIET, largest_size

_PLAIN: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ./:-")
_MOST_SCALE: Final = 10  # of ^BQ


def label_zpl(label: Label, raster: Raster) -> str:
    """A label that the printer draws: `^BQN` for the symbol, its own font for Latin text, else pictures."""
    plan, modules = raster.plan(label), largest_size(label.url)
    x, y, side = (raster.dots(value) for value in plan.symbol_box)
    scale = min(_MOST_SCALE, max(1, side // (modules + 2 * QUIET)))
    inset = (side - modules * scale) // 2  # at least the quiet zone, since `side` holds it
    parts = [
        _start(raster),
        f"^FO{x + inset},{y + inset}^BQN,2,{scale}",
        f"^FH_^FDQA,{format_field(label.url)}^FS",
        _picture(raster.draw_sign(plan), raster.dots(plan.triangle[0]), raster.dots(plan.triangle[1])),
    ]
    parts += [_text(line, raster) for line in plan.lines]
    return "\n".join([*parts, "^XZ"]) + "\n"


def label_zpl_picture(label: Label, raster: Raster) -> str:
    """A label as one picture: the same on every printer, whatever its fonts and its firmware."""
    return "\n".join([_start(raster), _picture(raster.draw(label), 0, 0), "^XZ"]) + "\n"


def format_field(text: str) -> str:
    """A text as the data of a field that stands behind `^FH_`."""
    return "".join(chr(byte) if byte in _PLAIN else f"_{byte:02X}" for byte in text.encode("utf-8"))


def format_graphic(bitmap: Bitmap) -> str:
    """A picture as `^GFA`: black is 1, in hex; `,` fills a row with white and `:` repeats the row above."""
    stride = bitmap.stride
    spare = 8 * stride - bitmap.width
    mask = ((1 << 8 * stride) - 1) >> spare << spare
    rows: list[str] = []
    above = None
    for at in range(0, len(bitmap.rows), stride):
        black = ~int.from_bytes(bitmap.rows[at : at + stride], "big") & mask
        text = f"{black:0{2 * stride}X}"
        short = text.rstrip("0")
        rows.append(":" if text == above else short + "," if len(short) < len(text) else text)
        above = text
    total = stride * bitmap.height
    return f"^GFA,{total},{total},{stride},{''.join(rows)}^FS"


def _start(raster: Raster) -> str:
    return f"^XA^CI28^PW{raster.width}^LL{raster.height}^LH0,0"


def _picture(bitmap: Bitmap, x: int, y: int) -> str:
    return f"^FO{x},{y}{format_graphic(bitmap)}"


def _text(line: Text, raster: Raster) -> str:
    x, y, height = raster.dots(line.x), raster.dots(line.y), raster.dots(line.height)
    if not line.latin:
        return _picture(raster.draw_text(line), x, y - raster.ascent(line))
    return f"^FT{x},{y}^A0N,{height},{height * 9 // 10}^FH_^FD{format_field(line.text)}^FS"
