"""Fonts, looked for where systems keep theirs; none comes with this package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import ImageFont

FOLDERS: Final = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("/System/Library/Fonts"),
    Path("/Library/Fonts"),
    Path("C:/Windows/Fonts"),
)
# The smaller ones first: all of them draw the same text. Beside each, its face for simplified Chinese.
CHINESE: Final = {
    "wqy-microhei.ttc": 0,
    "DroidSansFallbackFull.ttf": 0,
    "DroidSansFallback.ttf": 0,
    "simhei.ttf": 0,
    "msyh.ttc": 0,
    "wqy-zenhei.ttc": 0,
    "NotoSansSC-Regular.otf": 0,
    "NotoSansCJKsc-Regular.otf": 0,
    "NotoSansCJK-Regular.ttc": 2,
    "PingFang.ttc": 0,
    "STHeiti Light.ttc": 1,
    "Arial Unicode.ttf": 0,
}
# For codes in pictures: letters of one width, in which 0 and O differ.
CODES: Final = {"DejaVuSansMono-Bold.ttf": 0, "LiberationMono-Bold.ttf": 0, "consolab.ttf": 0, "Menlo.ttc": 1}


@dataclass(frozen=True, slots=True)
class Font:
    """A file, and which of its faces."""

    path: Path
    face: int = 0


def check_font(font: Font) -> None:
    """Decide whether the file is a font that can be drawn with.

    Raises:
        OSError: It is not.
    """
    ImageFont.truetype(str(font.path), 10, index=font.face)


def find_font(names: Mapping[str, int], folders: tuple[Path, ...] | None = None) -> Font | None:
    """The first of the fonts that is installed, or None.

    Args:
        names: Of files, the preferred one first, each with its face.
        folders: Where to look, and in all that they hold; `FOLDERS` if nothing is said.
    """
    there: dict[str, Path] = {}
    for folder in FOLDERS if folders is None else folders:
        for path in sorted(folder.rglob("*.[ot]t[cf]")):
            there.setdefault(path.name, path)
    return next((Font(there[name], face) for name, face in names.items() if name in there), None)
