"""Films for a camera that Chromium plays: an .mjpeg is JPEG files one after another."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import qrcode
import zxingcpp
from PIL import Image, ImageFilter

GROUND = (120, 120, 110)
SIZE = (1280, 720)


def qr(text: str) -> Image.Image:
    """A QR symbol of level Q, as on a label."""
    symbol = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_Q, box_size=9, border=4)
    symbol.add_data(text)
    symbol.make(fit=True)
    return symbol.make_image().get_image().convert("RGB")


def symbol(text: str, kind: str, scale: int) -> Image.Image:
    """A symbol of another kind, with its quiet zone."""
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.__members__[kind])
    drawn = memoryview(made.to_image(scale=scale, add_quiet_zones=True))
    height, width = drawn.shape or (0, 0)
    return Image.frombytes("L", (width, height), drawn.tobytes()).convert("RGB")


def frame(*symbols: Image.Image, turn: float = 0, blur: float = 0) -> Image.Image:
    """What a camera sees: symbols side by side, turned by degrees, out of focus."""
    seen, left = Image.new("RGB", SIZE, GROUND), 40
    for each in symbols:
        turned = each.rotate(turn, expand=True, fillcolor=GROUND, resample=Image.Resampling.BICUBIC)
        seen.paste(turned, (left, max(0, (SIZE[1] - turned.height) // 2)))
        left += turned.width + 40
    return seen.filter(ImageFilter.GaussianBlur(blur)) if blur else seen


def jpeg(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return file.getvalue()


def shown(*symbols: Image.Image, frames: int = 12) -> list[Image.Image]:
    """One thing before the camera: focus settles, the hand turns."""
    return [
        frame(*symbols, turn=number - frames / 2, blur=max(0.0, 5 - 2 * number)) for number in range(frames)
    ]


def save_film(path: Path, pictures: Iterable[Image.Image]) -> Path:
    """Write a film; the camera plays it again and again."""
    path.write_bytes(b"".join(map(jpeg, pictures)))
    return path
