"""Labels for tests, and an independent decoder that reads them back."""

from __future__ import annotations

import io
from pathlib import Path

import zxingcpp
from PIL import Image

from packtrace.trace.labels.fonts import CHINESE, Font, find_font
from packtrace.trace.labels.label import Label, make_label

HOST = "packs.example"
TOKEN = "ABCDEFGHIJ234567QRST"
CODE = "04QPB76836300JBC40000903"
CHINESE_FONT = find_font(CHINESE)


def label(number: int = 903, name_zh: str = "示例磷酸铁锂包", name_en: str = "Example LFP pack") -> Label:
    """A label; the number makes its code and its token."""
    token = (TOKEN + "ABCDEFGHIJKLMNOPQRST"[number % 20])[1:]
    return make_label(
        HOST, f"04QPB76836300JBC4{number:07d}", token, name_zh=name_zh, name_en=name_en, mass_g=438_500
    )


def read(picture: Image.Image | bytes) -> list[str]:
    """What symbols are in a picture; all of level Q."""
    if isinstance(picture, bytes):
        picture = Image.open(io.BytesIO(picture))
    found = zxingcpp.read_barcodes(picture.convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)
    assert all(one.ec_level == "Q" for one in found)
    return [one.text for one in found]


def no_font(folder: Path) -> Font | None:
    """What is found where no fonts are."""
    return find_font(CHINESE, (folder,))
