"""A picture becomes the texts of the symbols in it. Pure: nothing is kept.

Pictures come from anybody, so whatever they cost is bounded: their pixels are counted in the header, before
any is unpacked, and large ones are read at reduced size. zxing-cpp is the engine of the scan page, too.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import Final

import zxingcpp
from PIL import Image

from ...trace.errors import RefusedError

MEDIA_TYPES: Final = ("image/jpeg", "image/png")
MAX_SYMBOLS: Final = 16
MAX_TEXT: Final = 400  # characters; a label has fewer, and what is cut stays too long to be one

_SIDE: Final = 2_000  # pixels of the longer side that are looked at
_CODECS: Final = ("JPEG", "PNG")
_SYMBOLOGIES: Final = zxingcpp.BarcodeFormats(
    [zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.Code128]
)
# What Pillow raises on damaged files; it has no class of its own for them.
_DAMAGED: Final = (OSError, SyntaxError, ValueError, EOFError, struct.error)
_BOMBS: Final = (Image.DecompressionBombError, Image.DecompressionBombWarning)  # by its own, higher bounds


class PictureError(RefusedError):
    """No JPEG or PNG that is whole and within bounds; nothing was looked for in it."""

    code = "PICTURE_UNREADABLE"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol in a picture."""

    text: str
    format: str  # QRCode, DataMatrix or Code128


def read_picture(data: bytes, *, most_pixels: int) -> tuple[Symbol, ...]:
    """Find the symbols in a picture, at most 16 of them; none is no error.

    Args:
        data: JPEG or PNG.
        most_pixels: Width times height that is unpacked.

    Raises:
        PictureError: Neither, damaged, or with more pixels.
    """
    picture = _unpack(data, most_pixels)
    found = zxingcpp.read_barcodes(picture, formats=_SYMBOLOGIES, text_mode=zxingcpp.TextMode.Plain)
    return tuple(Symbol(each.text[:MAX_TEXT], each.symbology.name) for each in found[:MAX_SYMBOLS])


def _unpack(data: bytes, most_pixels: int) -> Image.Image:
    """The picture in grey, its longer side at most `_SIDE`.

    How its camera was held (Exif) is not looked at: the engine reads symbols that are turned.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_CODECS) as opened:
            width, height = opened.size
            if width * height > most_pixels:
                raise PictureError(f"picture: expected at most {most_pixels} pixels, got {width} x {height}")
            opened.draft("L", (_SIDE, _SIDE))  # JPEG is unpacked at a half or less where that is enough
            is_holed = "A" in opened.getbands() or "transparency" in opened.info
            picture = opened.convert("RGBA" if is_holed else "L")
            picture.thumbnail((_SIDE, _SIDE))
            return _on_white(picture) if is_holed else picture
    except PictureError:
        raise
    except _BOMBS:
        raise PictureError(f"picture: expected at most {most_pixels} pixels, got more") from None
    except _DAMAGED as error:
        raise PictureError(f"picture: expected a whole JPEG or PNG, got {type(error).__name__}") from None


def _on_white(picture: Image.Image) -> Image.Image:
    """A picture without holes: the symbol of a screenshot may be black on nothing."""
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture)
    return ground.convert("L")
