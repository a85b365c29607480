"""From how far a label can be read: what decides is how wide one module of its symbol is."""

from __future__ import annotations

from typing import Final

from .label import Label, Size, plan_label
from .symbol import QUIET, largest_size

CAMERAS: Final = {1280: 558, 1920: 837}
"""Dots across a picture -> distance in widths of a module: at 1.8 dots for each, seen under 65 degrees."""

_MM_PER_INCH: Final = 25.4
_MOST_SCALE: Final = 10  # of ^BQ, as in `zpl`


def module_mm(label: Label, size: Size, kind: str, dpi: int) -> float:
    """How wide a module is in print, in millimetres.

    Args:
        label: What it says: the longer, the more modules share its width.
        size: Of the label.
        kind: One of the formats; a printer that is sent dots makes modules of whole ones.
        dpi: Of that printer.
    """
    side = plan_label(label, size, chinese=False).symbol_box[2]
    total = label.symbol().total
    if kind in ("pdf", "svg"):
        return side / total
    if kind == "zpl":
        total = largest_size(label.url) + 2 * QUIET
    dots = max(1, round(side * dpi / _MM_PER_INCH) // total)
    return (min(_MOST_SCALE, dots) if kind == "zpl" else dots) * _MM_PER_INCH / dpi


def reach_cm(module: float, across: int) -> int:
    """From how far a camera reads it, in whole centimetres, the light being good.

    Args:
        module: Its width, in millimetres.
        across: Dots across the camera's picture; one of `CAMERAS`.
    """
    return int(module * CAMERAS[across] / 10)
