"""A label as dots, for PNG and for printers that take pictures: Pillow draws the letters."""

from __future__ import annotations

from typing import Final

from PIL import Image, ImageDraw, ImageFont

from .bitmap import Bitmap, symbol_bitmap
from .fonts import Font
from .label import TRIANGLE, Label, Plan, Size, Text, plan_label

_MM_PER_INCH: Final = 25.4
_KEPT: Final = 256  # drawn lines; on most labels of a run all but the code are the same
_Face = ImageFont.FreeTypeFont | ImageFont.ImageFont


class Raster:
    """Draws labels of one size at one resolution."""

    def __init__(self, size: Size, dpi: int, font: Font | None, code_font: Font | None = None) -> None:
        """
        Args:
            size: Of a label.
            dpi: Dots an inch.
            font: For Chinese.
            code_font: For codes; else they are in the letters of the rest.
        """
        self.size = size
        self.dpi = dpi
        self.width = self.dots(size.width)
        self.height = self.dots(size.height)
        self._font = font
        self._code_font = code_font
        self._faces: dict[tuple[Font | None, int], _Face] = {}
        self._drawn: dict[tuple[str, float], Image.Image] = {}

    def dots(self, mm: float) -> int:
        """Millimetres in whole dots."""
        return round(mm * self.dpi / _MM_PER_INCH)

    def plan(self, label: Label) -> Plan:
        """Where everything is."""
        return plan_label(label, self.size, chinese=self._font is not None)

    def draw(self, label: Label) -> Bitmap:
        """The whole label. Each module of the symbol has the same whole number of dots."""
        plan = self.plan(label)
        picture = Image.new("1", (self.width, self.height), 1)
        symbol = label.symbol()
        x, y, side = (self.dots(value) for value in plan.symbol_box)
        scale = max(1, side // symbol.total)
        modules = symbol_bitmap(symbol, scale)
        inset = (side - modules.width) // 2
        picture.paste(_image(modules), (x + inset, y + inset))
        self._sign(picture, plan)
        for line in plan.lines:
            drawn = self.draw_line(line)
            picture.paste(drawn, (self.dots(line.x), self.dots(line.y) - self.ascent(line)))
        return _bitmap(picture)

    def draw_sign(self, plan: Plan) -> Bitmap:
        """The sign for dangerous voltage alone."""
        side = self.dots(plan.triangle[2])
        picture = Image.new("1", (side, side), 1)
        _paint_sign(picture, 0, 0, side)
        return _bitmap(picture)

    def draw_text(self, line: Text) -> Bitmap:
        """A line alone; its upper edge is `ascent` above the base line."""
        return _bitmap(self.draw_line(line))

    def ascent(self, line: Text) -> int:
        """Dots of a drawn line that are above its base line."""
        return self.dots(line.height)

    def draw_line(self, line: Text) -> Image.Image:
        """Letters on white, kept for the next label that says the same."""
        key = (line.text, line.height)
        if (found := self._drawn.get(key)) is not None:
            return found
        above = self.ascent(line)
        parts = [(part.text, self._face(part)) for part in line.parts]
        width = sum(round(face.getlength(text)) for text, face in parts)
        picture = Image.new("1", (max(1, width + 1), above + above // 3), 1)
        pen = ImageDraw.Draw(picture)
        pen.fontmode = "1"
        x = 0
        for text, face in parts:
            pen.text((x, above), text, fill=0, font=face, anchor="ls")
            x += round(face.getlength(text))
        if len(self._drawn) >= _KEPT:
            self._drawn.clear()
        self._drawn[key] = picture
        return picture

    def _sign(self, picture: Image.Image, plan: Plan) -> None:
        x, y, side = (self.dots(value) for value in plan.triangle)
        _paint_sign(picture, x, y, side)

    def _face(self, line: Text) -> _Face:
        font = self._code_font if line.code else None if line.latin else self._font
        dots = max(6, self.dots(line.height))
        face = self._faces.get((font, dots))
        if face is None:
            if font is not None:
                face = ImageFont.truetype(str(font.path), dots, index=font.face)
            else:
                face = ImageFont.load_default(dots)  # comes with Pillow
            self._faces[font, dots] = face
        return face


def _paint_sign(picture: Image.Image, x: int, y: int, side: int) -> None:
    pen = ImageDraw.Draw(picture)
    for black, corners in TRIANGLE:
        pen.polygon([(x + right * side, y + down * side) for right, down in corners], fill=0 if black else 1)


def _image(bitmap: Bitmap) -> Image.Image:
    return Image.frombytes("1", (bitmap.width, bitmap.height), bitmap.rows)


def _bitmap(picture: Image.Image) -> Bitmap:
    return Bitmap(picture.width, picture.height, picture.tobytes())
