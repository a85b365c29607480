"""Vehicle identification numbers (ISO 3779, in China GB 16735-2019), with a check digit in some countries."""

from __future__ import annotations

import re
from typing import Final

from ..errors import RefusedError

VIN_LENGTH: Final = 17
MAX_GIVEN: Final = 40  # characters, with the spaces of plates and papers

_VIN: Final = re.compile("[A-HJ-NPR-Z0-9]{17}")
# 49 CFR 565.15(c), tables III to V, which GB 16735-2019 has as its annex.
_VALUES: Final = {
    **{str(digit): digit for digit in range(10)},
    **dict(zip("ABCDEFGH", range(1, 9), strict=True)),
    **dict(zip("JKLMN", range(1, 6), strict=True)),
    **{"P": 7, "R": 9},
    **dict(zip("STUVWXYZ", range(2, 10), strict=True)),
}
_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_CHECKS: Final = "0123456789X"
_CHECK: Final = 8  # place, from 0


class VinError(RefusedError):
    """The text is no VIN; the message never repeats it, since a VIN tells of a person."""

    code = "VIN_INVALID"


def parse_vin(text: object) -> str:
    """A VIN in capitals, without the spaces of plates and papers.

    Raises:
        VinError: Not 17 of its characters.
    """
    if not isinstance(text, str) or not text.isascii() or len(text) > MAX_GIVEN:
        raise VinError("vin: expected 17 of 0-9 A-Z without I, O and Q, got something else", where="vin")
    vin = "".join(text.split()).upper()
    if not _VIN.fullmatch(vin):
        raise VinError("vin: expected 17 of 0-9 A-Z without I, O and Q, got another text", where="vin")
    return vin


def is_checked(vin: str) -> bool:
    """Whether its ninth character is the check digit, as of vehicles made for China and North America.

    Those made for Europe alone have none there: one that does not fit may be right all the same.
    """
    total = sum(_VALUES[letter] * weight for letter, weight in zip(vin, _WEIGHTS, strict=True))
    return vin[_CHECK] == _CHECKS[total % 11]
