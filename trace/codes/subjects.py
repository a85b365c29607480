"""Subjects: what a chain is about, as the member `sub` of every event names it.

Each subject has exactly one text; `docs/identifiers.abnf` is the grammar and a test holds it to this module.
Bundles name files by hashes, never by these texts, so a ``/`` or a dot in one reaches no file system.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ..errors import RefusedError
from .battery_code import (
    SYNTAX_BATTERY_CODE,
    SYNTAX_ECHELON_CODE,
    BatteryCode,
    BatteryCodeError,
    check_gbt34014,
    parse_gbt34014,
)
from .party import SYNTAX_PARTY, PartyId, PartyIdError, parse_party
from .quote import quote

MAX_ORIGIN_LENGTH: Final = 128  # characters
MAX_SUBJECT_LENGTH: Final = len("log:") + MAX_ORIGIN_LENGTH  # every other kind is shorter by its own syntax

# A C2SP key name: a host, and perhaps a path, with no scheme, port, upper case, space or plus.
_LABEL: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
SYNTAX_ORIGIN: Final = rf"{_LABEL}(?:\.{_LABEL})*(?:/[a-z0-9][a-z0-9._-]{{0,62}})*"
SYNTAX_NAME: Final = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
# 16 random bytes in base64url: 22 characters, the last of which carries two bits and four zeros.
SYNTAX_VEHICLE: Final = "[A-Za-z0-9_-]{21}[AQgw]"
SYNTAX_GBT40098: Final = "[A-Z0-9]{8,40}"
SYNTAX_ISO15459: Final = "[A-Z0-9][A-Z0-9._/-]{3,49}"
_OWNED: Final = f"{SYNTAX_PARTY}/{SYNTAX_NAME}"
SYNTAX_BATTERY: Final = (
    f"battery:(?:gbt34014:(?:{SYNTAX_BATTERY_CODE}|{SYNTAX_ECHELON_CODE})"
    f"|gbt40098:{SYNTAX_GBT40098}|iso15459:{SYNTAX_ISO15459}|tag:{_OWNED})"
)
_NOTED: Final = (
    f"(?:{SYNTAX_BATTERY}|vehicle:{SYNTAX_VEHICLE}|org:{SYNTAX_PARTY}|(?:model|consignment|batch|lot):{_OWNED})"
)  # fmt: skip
SYNTAX_SUBJECT: Final = f"(?:(?:notes:)?{_NOTED}|keys:{SYNTAX_PARTY}|log:{SYNTAX_ORIGIN})"

# For JSON Schema, beside the two lengths. Check digits and dates are beyond an expression: `parse_subject`.
PATTERN_ORIGIN: Final = f"^{SYNTAX_ORIGIN}$"
PATTERN_BATTERY: Final = f"^{SYNTAX_BATTERY}$"
PATTERN_SUBJECT: Final = f"^{SYNTAX_SUBJECT}$"

_ORIGIN: Final = re.compile(SYNTAX_ORIGIN)
_NAME: Final = re.compile(SYNTAX_NAME)
_GBT34014_CODE: Final = re.compile(f"{SYNTAX_BATTERY_CODE}|{SYNTAX_ECHELON_CODE}")
_VEHICLE: Final = re.compile(SYNTAX_VEHICLE)
_CODES: Final = {"gbt40098": re.compile(SYNTAX_GBT40098), "iso15459": re.compile(SYNTAX_ISO15459)}
_CODE_SHAPES: Final = {
    "gbt40098": "8 to 40 of A-Z 0-9",
    "iso15459": "4 to 50 of A-Z 0-9 . _ / -, the first a letter or digit",
}
_NAME_SHAPE: Final = "1 to 64 of A-Z a-z 0-9 . _ -, the first a letter or digit"
_GBT34014: Final = "battery:gbt34014:"
_WITHOUT_NOTES: Final = frozenset({"notes", "log", "keys"})


class SubjectError(RefusedError):
    """The text names no subject."""

    code = "SUBJECT_INVALID"

    def __init__(self, *, expected: str, got: str, where: str) -> None:
        super().__init__(f"subject, {where}: expected {expected}, got {got}", where=where)
        self.expected = expected
        self.got = got


@dataclass(frozen=True, slots=True)
class Subject:
    """A parsed subject; `text` is its only text."""

    kind: str  # log, org, keys, model, battery, vehicle, consignment, batch, lot, notes
    text: str
    scheme: str = ""  # of a battery: gbt34014, gbt40098, iso15459, tag
    name: str = ""  # an origin, a vehicle's random part, a battery's code, or the name that a party gave
    party: PartyId | None = None  # who the subject is, or in whose name space it lies
    inner: Subject | None = None  # what the notes are about

    @property
    def code(self) -> BatteryCode | None:
        """The code of a gbt34014 battery, taken apart when asked for: few readers of a subject need it."""
        return parse_gbt34014(self.name) if self.scheme == "gbt34014" else None


def parse_subject(text: str) -> Subject:
    """Parse the text of a subject.

    Raises:
        SubjectError: Anything that is not the one text of a subject.
    """
    return _parse(text)


# What happens to one subject happens in a row, and each step reads its text more than once.
@lru_cache(maxsize=4096)
def _parse(text: str) -> Subject:
    """Take the text apart. What is refused is not remembered."""
    if text.startswith(_GBT34014):  # nearly every event is about one of these
        name = text[len(_GBT34014) :]
        try:
            check_gbt34014(name)
        except BatteryCodeError as error:
            where = f"code, {error.where}"
            raise SubjectError(expected=error.expected, got=error.got, where=where) from error
        return Subject("battery", text, "gbt34014", name)
    if len(text) > MAX_SUBJECT_LENGTH:
        raise _too_long(text, MAX_SUBJECT_LENGTH, where="length")
    kind, _, rest = text.partition(":")
    match kind:
        case "battery":
            return _parse_battery(text, rest)
        case "org" | "keys":
            return Subject(kind, text, party=_party(rest))
        case "model" | "consignment" | "batch" | "lot":
            party, name = _owned(rest)
            return Subject(kind, text, name=name, party=party)
        case "vehicle":
            _check(_VEHICLE, rest, expected="16 bytes in 22 characters of base64url", where="vehicle")
            return Subject(kind, text, name=rest)
        case "log":
            return Subject(kind, text, name=parse_origin(rest))
        case "notes":
            inner = parse_subject(rest)
            if inner.kind in _WITHOUT_NOTES:
                raise SubjectError(expected="a subject that has notes", got=inner.kind, where="notes")
            return Subject(kind, text, party=inner.party, inner=inner)
        case _:
            raise SubjectError(expected="a kind of subject and a colon", got=quote(text), where="kind")


def format_subject(
    kind: str,
    *,
    scheme: str = "",
    name: str = "",
    party: PartyId | None = None,
    inner: Subject | None = None,
) -> str:
    """Put a subject's text together from the parts that `Subject` has, and check it.

    Raises:
        SubjectError: The parts make no subject.
    """
    if inner is not None:
        last = inner.text
    elif party is not None:
        last = f"{party}/{name}" if name else str(party)
    else:
        last = name
    text = f"{kind}:{scheme}:{last}" if scheme else f"{kind}:{last}"
    subject = parse_subject(text)
    if (subject.kind, subject.scheme, subject.name) != (kind, scheme, name):
        raise SubjectError(expected="parts of a subject", got=quote(text), where="parts")
    return text


def parse_origin(text: str) -> str:
    """Check the origin of a log, which is also the name of its key, and give it back.

    Raises:
        SubjectError: Not a lower-case host with or without a path, or over 128 characters.
    """
    if len(text) > MAX_ORIGIN_LENGTH:
        raise _too_long(text, MAX_ORIGIN_LENGTH, where="origin")
    _check(_ORIGIN, text, expected="a lower-case host with or without a path", where="origin")
    return text


def _parse_battery(text: str, rest: str) -> Subject:
    """Parse a battery of any scheme but gbt34014; `rest` is what follows the kind."""
    scheme, _, value = rest.partition(":")
    if scheme == "tag":
        party, name = _owned(value)
        return Subject("battery", text, scheme, name, party)
    if scheme not in _CODES:
        expected = "one of gbt34014:, gbt40098:, iso15459:, tag:"
        raise SubjectError(expected=expected, got=quote(rest), where="scheme")
    _check(_CODES[scheme], value, expected=_CODE_SHAPES[scheme], where="code")
    if _GBT34014_CODE.fullmatch(value):  # Under two schemes one battery would have two chains.
        raise SubjectError(expected=f"gbt34014: for the code {value}", got=f"{scheme}:", where="scheme")
    return Subject("battery", text, scheme, value)


def _party(text: str) -> PartyId:
    """Parse an organisation that is part of a subject."""
    try:
        return parse_party(text)
    except PartyIdError as error:
        where = f"organisation, {error.where}"
        raise SubjectError(expected=error.expected, got=error.got, where=where) from error


def _owned(text: str) -> tuple[PartyId, str]:
    """Parse a name that a party gave: ``<scheme>:<id>/<name>``."""
    owner, _, name = text.partition("/")
    party = _party(owner)
    _check(_NAME, name, expected=_NAME_SHAPE, where="name")
    return party, name


def _check(pattern: re.Pattern[str], text: str, *, expected: str, where: str) -> None:
    """Refuse `text` unless all of it has the pattern."""
    if pattern.fullmatch(text) is None:
        raise SubjectError(expected=expected, got=quote(text), where=where)


def _too_long(text: str, limit: int, *, where: str) -> SubjectError:
    return SubjectError(expected=f"at most {limit} characters", got=str(len(text)), where=where)
