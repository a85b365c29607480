"""Regions: a country (ISO 3166-1), or a part of one as that country names it.

China's parts are the six digits of GB/T 2260 (``CN-440300`` Shenzhen, ``CN-440000`` Guangdong); elsewhere the
part is that of ISO 3166-2 (``DE-BY``). Whether a part exists is policy data, since lists change every year.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ..errors import RefusedError
from .quote import quote

SYNTAX_REGION: Final = (
    "(?:CN(?:-[1-9][0-9](?:0000|(?:0[1-9]|[1-9][0-9])[0-9]{2}))?"
    "|(?:C[A-MO-Z]|[ABD-Z][A-Z])(?:-[A-Z0-9]{1,3})?)"
)
PATTERN_REGION: Final = f"^{SYNTAX_REGION}$"

_REGION: Final = re.compile(SYNTAX_REGION)


class RegionError(RefusedError):
    """The text does not name a region."""

    code = "REGION_INVALID"

    def __init__(self, *, got: str) -> None:
        expected = "a country such as DE, or a part such as CN-440300 or DE-BY"
        super().__init__(f"region: expected {expected}, got {got}", where="region")
        self.expected = expected
        self.got = got


@dataclass(frozen=True, slots=True)
class Region:
    """A country, or a part of it; `part` is empty for the whole."""

    country: str
    part: str = ""

    def __str__(self) -> str:
        return f"{self.country}-{self.part}" if self.part else self.country

    def covers(self, other: Region) -> bool:
        """Whether `other` lies in this region: in its country, its part, or a part below it in GB/T 2260."""
        if self.country != other.country:
            return False
        if not self.part or self.part == other.part:
            return True
        if self.country != "CN" or not other.part:
            return False
        if self.part.endswith("0000"):
            return other.part[:2] == self.part[:2]
        return self.part.endswith("00") and other.part[:4] == self.part[:4]


def parse_region(text: str) -> Region:
    """Parse ``CN-440300``, ``DE-BY`` or a bare country.

    Raises:
        RegionError: Anything else, lower case included.
    """
    if _REGION.fullmatch(text) is None:
        raise RegionError(got=quote(text))
    country, _, part = text.partition("-")
    return Region(country, part)


def format_region(region: Region) -> str:
    """Give the text of a region; the fields are checked again.

    Raises:
        RegionError: The fields are not those of a region.
    """
    text = str(region)
    if parse_region(text) != region:
        raise RegionError(got=quote(text))
    return text
