"""A printer of ZPL as far as our labels need one: whatever else it is told, it refuses.

Symbols of `^BQN` are drawn by another encoder than ours, at the place and scale that the command says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import zxingcpp
from PIL import Image

_COMMAND = re.compile(r"[\^~]([A-Z][A-Z0-9@])([^\^~]*)", re.DOTALL)


class ZplError(Exception):
    """A command that a label has no use for, or one that is wrong."""


@dataclass
class Printed:
    """What came out: the picture, and the texts that the printer set in its own letters."""

    picture: Image.Image
    texts: list[str] = field(default_factory=list)


def print_zpl(stream: str) -> list[Printed]:
    """Print every label of a stream."""
    outside = _COMMAND.sub("", stream).strip()
    if outside:
        raise ZplError(f"expected commands, got {outside[:40]!r}")
    labels: list[Printed] = []
    width = height = x = y = 0
    scale, hexed, now = 0, False, None
    for name, said in _COMMAND.findall(stream):
        said = said.strip("\r\n")
        if (now is None) != (name == "XA"):
            raise ZplError(f"expected labels between ^XA and ^XZ, got ^{name}")
        match name:
            case "XA":
                width = height = 0
                now = Printed(Image.new("L", (1, 1), 255))
            case "XZ":
                labels.append(now)
                now = None
            case "CI" if said == "28":
                pass
            case "LH" if said == "0,0":
                pass
            case "PW":
                width = int(said)
            case "LL":
                height = int(said)
                now.picture = Image.new("L", (width, height), 255)
            case "FO" | "FT":
                x, y = map(int, said.split(","))
                scale, hexed = 0, False
            case "FH" if said == "_":
                hexed = True
            case "A0":
                scale = 0
            case "BQ":
                scale = int(re.fullmatch(r"N,2,(\d+)", said)[1])
            case "FD" if scale:
                mode, text = unescape(said, hexed)[:3], unescape(said, hexed)[3:]
                if mode != "QA,":
                    raise ZplError(f"expected a symbol of level Q, got {mode}")
                drawn = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="Q")
                modules = Image.fromarray(drawn.to_image(scale=1, add_quiet_zones=False)).convert("L")
                side = modules.width * scale
                paste(now.picture, modules.resize((side, side), Image.Resampling.NEAREST), x, y)
            case "FD":
                now.texts.append(unescape(said, hexed))
            case "GF":
                paste(now.picture, graphic(said), x, y)
            case "FS" if not said:
                scale, hexed = 0, False
            case _:
                raise ZplError(f"expected a command of labels, got ^{name}{said[:20]}")
    if now is not None:
        raise ZplError("expected ^XZ at the end, got none")
    return labels


def paste(picture: Image.Image, part: Image.Image, x: int, y: int) -> None:
    # Rows of a graphic are whole bytes: what of the last one is off the label must be white.
    dark = part.point(lambda value: 255 - value).getbbox() or (0, 0, 0, 0)
    if x < 0 or y < 0 or x + dark[2] > picture.width or y + part.height > picture.height:
        raise ZplError(f"expected it on the label, got {part.size} at {x},{y}")
    picture.paste(part, (x, y))


def unescape(text: str, hexed: bool) -> str:
    """The data of a field; after ``^FH_`` two digits of hex stand behind each ``_``."""
    if not hexed:
        return text
    return re.sub(rb"_([0-9A-F]{2})", lambda match: bytes([int(match[1], 16)]), text.encode("ascii")).decode(
        "utf-8"
    )


def graphic(said: str) -> Image.Image:
    """The picture of ``^GFA``, read by its rules: hex, ``,`` for the rest of a row, ``:`` for a row again."""
    kind, sent, total, stride, data = said.split(",", 4)
    if kind != "A" or sent != total:
        raise ZplError(f"expected hex, got {kind}")
    digits = 2 * int(stride)
    rows: list[str] = []
    row = ""
    for letter in data:
        if letter == ":":
            rows.append(rows[-1])
        elif letter == ",":
            rows.append(row.ljust(digits, "0"))
            row = ""
        else:
            row += letter
            if len(row) == digits:
                rows.append(row)
                row = ""
    if row or len(rows) * int(stride) != int(total):
        raise ZplError(f"expected {total} bytes, got {len(rows)} rows")
    size = (4 * digits, len(rows))
    return Image.frombytes("1", size, bytes(255 - byte for byte in bytes.fromhex("".join(rows)))).convert("L")
