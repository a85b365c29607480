"""A label as SVG: the symbol as one path of merged runs, text as text, nothing that loads or runs."""

from __future__ import annotations

from xml.sax.saxutils import escape

from .label import TRIANGLE, Label, Plan, Size, plan_label
from .symbol import QUIET, Symbol


def symbol_path(symbol: Symbol) -> str:
    """The symbol as the data of a path to be stroked one module wide, quiet zone included."""
    parts: list[str] = []
    x, y = 0, 0
    for row, column, length in symbol.runs():
        if row == y and parts:
            parts.append(f"m{column - x} 0h{length}")
        else:
            parts.append(f"M{column + QUIET} {row + QUIET}.5h{length}")
        x, y = column + length, row
    return "".join(parts)


def symbol_svg(symbol: Symbol) -> str:
    """The symbol alone, of no size of its own."""
    total = symbol.total
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {total}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{total}v{total}H0z"/>'
        f'<path stroke="#000" d="{symbol_path(symbol)}"/></svg>'
    )


def label_svg(label: Label, size: Size) -> str:
    """The whole label, in its own size, with its Chinese text: the viewer brings the fonts."""
    plan = plan_label(label, size, chinese=True)
    symbol = label.symbol()
    x, y, side = plan.symbol_box
    scale = _number(side / symbol.total)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_number(size.width)}mm" '
        f'height="{_number(size.height)}mm" viewBox="0 0 {_number(size.width)} {_number(size.height)}">'
        f'<path fill="#fff" d="M0 0h{_number(size.width)}v{_number(size.height)}H0z"/>'
        f'<path transform="translate({_number(x)} {_number(y)})scale({scale})" stroke="#000" '
        f'shape-rendering="crispEdges" d="{symbol_path(symbol)}"/>{_triangle(plan)}'
        f'<g font-family="sans-serif">{_texts(plan)}</g></svg>\n'
    )


def _triangle(plan: Plan) -> str:
    x, y, side = plan.triangle
    return "".join(
        f'<path fill="{"#000" if black else "#fff"}" d="M'
        + "L".join(f"{_number(x + right * side)} {_number(y + down * side)}" for right, down in corners)
        + 'z"/>'
        for black, corners in TRIANGLE
    )


def _texts(plan: Plan) -> str:
    said = []
    for line in plan.lines:
        look = ' font-family="monospace" font-weight="bold"' if line.code else ""
        look += ' font-weight="bold"' if line.bold else ""
        place = f'x="{_number(line.x)}" y="{_number(line.y)}" font-size="{_number(line.height)}"'
        said.append(f"<text {place}{look}>{escape(line.text)}</text>")
    return "".join(said)


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")
