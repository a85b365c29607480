"""A QR symbol in a terminal: two rows of modules in a line of half blocks."""

from __future__ import annotations

from typing import Final

from ..labels.symbol import QUIET, make_symbol

# Upper module, lower module; a light one is drawn, since most terminals are dark.
_BLOCKS: Final = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
_PLAIN_WHITE: Final = "\x1b[97;40m"
_USUAL: Final = "\x1b[0m"


def format_qr(text: str, *, colour: bool) -> list[str]:
    """The lines of a symbol of level Q with its quiet zone.

    Args:
        colour: Whether the terminal takes colours: then it is white and black whatever its own are.
    """
    symbol = make_symbol(text)
    dark = [[False] * symbol.total for _ in range(symbol.total + 1)]  # one more, so that rows are pairs
    for row, column, length in symbol.runs():
        for at in range(column, column + length):
            dark[row + QUIET][at + QUIET] = True
    lines = []
    for upper, lower in zip(dark[0:-1:2], dark[1::2], strict=True):
        line = "".join(_BLOCKS[pair] for pair in zip(upper, lower, strict=True))
        lines.append(f"{_PLAIN_WHITE}{line}{_USUAL}" if colour else line)
    return lines
