"""Organisations: ``<scheme>:<id>``, where the scheme's own check digits must hold.

==========  ==================================================================  ===========
scheme      identifier                                                          check
==========  ==================================================================  ===========
``uscc``    unified social credit code, GB 32100-2015, 18 characters            mod 31
``lei``     legal entity identifier, ISO 17442, 20 characters                   mod 97
``duns``    D-U-N-S number, 9 digits                                            none exists
==========  ==================================================================  ===========
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from stdnum import lei
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from ..errors import RefusedError
from .quote import quote

SYNTAX_PARTY: Final = "(?:uscc:[0-9]{8}[0-9A-HJ-NPQRTUWXY]{10}|lei:[0-9A-Z]{18}[0-9]{2}|duns:[0-9]{9})"
PATTERN_PARTY: Final = f"^{SYNTAX_PARTY}$"
MAX_PARTY_LENGTH: Final = 24  # characters, of a LEI

_PARTY: Final = re.compile(SYNTAX_PARTY)
_SHAPES: Final = {
    "uscc": "8 digits and 10 of 0-9 A-Z without I, O, S, V, Z",
    "lei": "18 of 0-9 A-Z and 2 digits",
    "duns": "9 digits",
}
_CHECKS: Final[dict[str, Callable[[str], str]]] = {"uscc": uscc.validate, "lei": lei.validate}


class PartyIdError(RefusedError):
    """The text does not name an organisation in a scheme that is known here."""

    code = "PARTY_ID_INVALID"

    def __init__(self, *, expected: str, got: str, where: str) -> None:
        super().__init__(f"organisation id, {where}: expected {expected}, got {got}", where=where)
        self.expected = expected
        self.got = got


@dataclass(frozen=True, slots=True)
class PartyId:
    """An organisation by the register that names it."""

    scheme: str
    value: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"


def parse_party(text: str) -> PartyId:
    """Parse ``<scheme>:<id>``: one normal form, upper case, no separators, check digits right.

    Raises:
        PartyIdError: Unknown scheme, wrong form, or a check digit that does not fit.
    """
    return _parse(text)


def format_party(party: PartyId) -> str:
    """Give the text of an organisation id; the value is checked again.

    Raises:
        PartyIdError: The scheme or the value is not one that `parse_party` gives.
    """
    text = str(party)
    parse_party(text)
    return text


# The same few thousand organisations sign millions of events; the bound is for ids that an attacker makes up.
@lru_cache(maxsize=4096)
def _parse(text: str) -> PartyId:
    """Check form and digits. What is refused is not remembered."""
    if len(text) > MAX_PARTY_LENGTH or _PARTY.fullmatch(text) is None:
        raise _explain(text)
    scheme, _, value = text.partition(":")
    check = _CHECKS.get(scheme)
    if check is not None:
        try:
            check(value)
        except ValidationError as error:
            raise PartyIdError(expected="check digits that fit", got=ascii(value), where=scheme) from error
    # ISO 7064 computes 02 to 98; 00, 01 and 99 leave the same remainders and would name one firm twice.
    if scheme == "lei" and value[18:] in ("00", "01", "99"):
        raise PartyIdError(expected="check digits 02 to 98", got=value[18:], where="lei")
    return PartyId(scheme, value)


def _explain(text: str) -> PartyIdError:
    """Say what is wrong with the form of `text`; called only when something is."""
    scheme, colon, _ = text.partition(":")
    if not colon or scheme not in _SHAPES:
        return PartyIdError(expected="one of uscc:, lei:, duns:", got=quote(text), where="scheme")
    return PartyIdError(expected=_SHAPES[scheme], got=quote(text), where=scheme)
