"""Withheld members: a digest is signed in place of a value, and the value is shown to whom it concerns.

One named slot holds one value: `"vin":[{"...":"<digest>"}]`, the array-element disclosure of RFC 9901,
4.2.4.2, in an array of its own.  There are no `_sd` lists, no decoys and no disclosures within disclosures,
so a slot has one name and one value.  The salt keeps the digest of a guessable value (a VIN, a plate) from
being searched for; without its disclosure a slot says nothing, and chains and proofs hold without it.

On the wire disclosures follow the JWS: `JWS~disclosure~...~`; a JWS with nothing withheld may stand alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .base64url import Base64urlError, b64url, parse_b64url
from .compact import CompactFormError, format_compact_array, parse_compact_array
from .errors import SigningError

SALT_BYTES: Final = 16  # the fewest
MAX_DISCLOSURES: Final = 64
DISCLOSURE_LIMIT: Final = 8_192  # bytes of salt and value, as JSON

_SLOT: Final = "..."
_DIGEST_BYTES: Final = 32


class DisclosureFormatError(SigningError):
    """A disclosure, a slot or a presentation is not written as it must be."""

    code = "DISCLOSURE_MALFORMED"


class DisclosureMismatchError(SigningError):
    """Slots and disclosures do not belong together one to one."""

    code = "DISCLOSURE_MISMATCH"


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A withheld value with the salt that makes its digest unguessable; equal when the text is."""

    text: str = field(repr=False)  # the digest is over these characters
    digest: str = field(compare=False)  # base64url of SHA-256, 43 characters
    salt: bytes = field(compare=False, repr=False)
    value: Any = field(compare=False, repr=False)


def withhold(value: Any, salt: bytes) -> tuple[list[dict[str, str]], str]:
    """Make the slot to be signed in place of `value`, and the disclosure that opens it.

    Args:
        value: Whatever compact form can say; it holds no slot itself.
        salt: At least 16 random bytes, fresh for each value.

    Raises:
        DisclosureFormatError: The salt is short, or the value holds a slot, is too large, or is not one that
            compact form can say.
    """
    _check_salt(salt)
    try:
        written = format_compact_array([b64url(salt), value], limit=DISCLOSURE_LIMIT)
    except CompactFormError as error:
        raise DisclosureFormatError(f"withheld value: {error}") from error
    _check_no_slot(value)
    text = b64url(written)
    return [{_SLOT: _digest(text)}], text


def format_presentation(jws_text: str, disclosures: Iterable[str | Disclosure]) -> str:
    """Write a JWS with its disclosures, each followed by `~`; without any, the JWS alone."""
    texts = [item.text if isinstance(item, Disclosure) else item for item in disclosures]
    return "~".join([jws_text, *texts, ""]) if texts else jws_text


def split_presentation(text: str) -> tuple[str, tuple[str, ...]]:
    """Take `JWS~disclosure~...~` apart; the JWS alone, with or without a last `~`, has no disclosures.

    Raises:
        DisclosureFormatError: It does not end with `~` (RFC 9901 puts a key binding there, which has no use
            here), a disclosure is empty, or there are more than `MAX_DISCLOSURES`.
    """
    jws_text, _, rest = text.partition("~")
    if not rest:
        return jws_text, ()
    if not rest.endswith("~"):
        raise DisclosureFormatError("presentation: expected '~' at the end, got text after the last one")
    if rest.count("~") > MAX_DISCLOSURES:
        got = rest.count("~")
        raise DisclosureFormatError(
            f"presentation: expected at most {MAX_DISCLOSURES} disclosures, got {got}"
        )
    disclosures = tuple(rest[:-1].split("~"))
    if "" in disclosures:
        raise DisclosureFormatError(
            f"presentation: expected a disclosure at place {disclosures.index('')}, got none"
        )
    return jws_text, disclosures


def parse_disclosure(text: str) -> Disclosure:
    """Read one disclosure: base64url of a compact JSON array of salt and value.

    Raises:
        DisclosureFormatError: Not canonical base64url, not compact form, not two elements, a short salt, or a
            slot inside the value.
    """
    try:
        if len(text) > -(-DISCLOSURE_LIMIT * 4 // 3):
            raise DisclosureFormatError(f"disclosure: expected at most {DISCLOSURE_LIMIT} bytes, got more")
        parts = parse_compact_array(parse_b64url(text), limit=DISCLOSURE_LIMIT)
        if len(parts) != 2 or not isinstance(parts[0], str):
            raise DisclosureFormatError("disclosure: expected an array of a salt and a value, got another")
        salt = parse_b64url(parts[0])
    except Base64urlError as error:
        raise DisclosureFormatError(f"disclosure: {error}") from error
    except CompactFormError as error:
        # What there is instead may be a piece of the withheld value, so neither message nor cause has it.
        raise DisclosureFormatError(
            f"disclosure, {error.where}: expected {error.expected}, got something else"
        ) from None
    _check_salt(salt)
    _check_no_slot(parts[1])
    return Disclosure(text, _digest(text), salt, parts[1])


def find_slots(value: Any) -> Iterator[tuple[str, str]]:
    """Walk a payload and yield each slot's JSON pointer (RFC 6901) and digest, in the payload's order.

    Raises:
        DisclosureFormatError: The name `...` stands anywhere but in a slot, or beside something that is not a
            digest; then nothing can be said of what is withheld there.
    """
    found: list[tuple[str, str]] = []
    _find_slots(value, "", found)
    yield from found


def check_disclosures(
    payload_value: Any, disclosures: Iterable[str | Disclosure]
) -> Mapping[str, Disclosure]:
    """Check that each slot has exactly one disclosure and each disclosure a slot, as at the door of a log.

    Returns:
        The disclosure of each slot, by the slot's JSON pointer.

    Raises:
        DisclosureFormatError: A slot or a disclosure is malformed.
        DisclosureMismatchError: A slot without disclosure, a disclosure without slot, or a digest that occurs
            twice, on either side.
    """
    places, opened = _match(payload_value, disclosures)
    for digest, pointer in places.items():
        if pointer not in opened:
            raise DisclosureMismatchError(
                f"{pointer}: expected the disclosure with digest {digest}, got none"
            )
    return opened


def disclosed(payload_value: Any, disclosures: Iterable[str | Disclosure], *, partial: bool = False) -> Any:
    """Return the payload with the withheld values in their places, as a schema describes it.

    Args:
        payload_value: What was signed; it is not changed.
        disclosures: One for each slot.
        partial: Leave slots that have no disclosure as they are, for a reader who was not given all.

    Raises:
        DisclosureFormatError, DisclosureMismatchError: As `check_disclosures`.
    """
    opened = (
        _match(payload_value, disclosures)[1] if partial else check_disclosures(payload_value, disclosures)
    )
    return _replace(payload_value, "", opened)


def _match(
    payload_value: Any, disclosures: Iterable[str | Disclosure]
) -> tuple[dict[str, str], dict[str, Disclosure]]:
    """Give each disclosure its slot; slots may stay without.

    Returns:
        The pointer of each slot by its digest, in the payload's order; and the disclosures by the pointer.
    """
    places: dict[str, str] = {}
    for pointer, digest in find_slots(payload_value):
        first = places.setdefault(digest, pointer)
        if first != pointer:
            raise DisclosureMismatchError(f"{pointer}: expected a digest of its own, got that of {first}")
    opened: dict[str, Disclosure] = {}
    for number, item in enumerate(disclosures):
        disclosure = parse_disclosure(item) if isinstance(item, str) else item
        place = places.get(disclosure.digest)
        if place is None:
            got = f"digest {disclosure.digest}, which no slot holds"
            raise DisclosureMismatchError(f"disclosure {number}: expected the value of a slot, got {got}")
        if place in opened:
            raise DisclosureMismatchError(f"disclosure {number}: expected one for {place}, got a second")
        opened[place] = disclosure
    return places, opened


def _find_slots(value: Any, pointer: str, found: list[tuple[str, str]]) -> None:
    if isinstance(value, dict):
        if _SLOT in value:
            raise DisclosureFormatError(
                f"{pointer or '/'}: expected a slot alone in its array, got '...' elsewhere"
            )
        for name, item in value.items():
            if isinstance(item, dict | list):
                _find_slots(item, f"{pointer}/{name}", found)
    elif _is_slot(value):
        digest = value[0][_SLOT]
        try:
            size = len(parse_b64url(digest)) if isinstance(digest, str) else None
        except Base64urlError as error:
            raise DisclosureFormatError(f"{pointer}: expected a digest, got {error}") from error
        if size != _DIGEST_BYTES:
            raise DisclosureFormatError(f"{pointer}: expected a digest of {_DIGEST_BYTES} bytes, got {size}")
        found.append((pointer, digest))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict | list):
                _find_slots(item, f"{pointer}/{index}", found)


def _is_slot(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 1
        and isinstance(value[0], dict)
        and set(value[0]) == {_SLOT}
    )


def _replace(value: Any, pointer: str, opened: Mapping[str, Disclosure]) -> Any:
    if pointer in opened:
        return opened[pointer].value
    if isinstance(value, dict):
        return {name: _replace(item, f"{pointer}/{name}", opened) for name, item in value.items()}
    if isinstance(value, list):
        return [_replace(item, f"{pointer}/{index}", opened) for index, item in enumerate(value)]
    return value


def _check_no_slot(value: Any) -> None:
    items: Iterable[Any] = ()
    if isinstance(value, dict):
        if _SLOT in value:
            raise DisclosureFormatError("withheld value: expected no member '...' inside, got one")
        items = value.values()
    elif isinstance(value, list | tuple):
        items = value
    for item in items:
        _check_no_slot(item)


def _check_salt(salt: bytes) -> None:
    if len(salt) < SALT_BYTES:
        raise DisclosureFormatError(f"salt: expected at least {SALT_BYTES} bytes, got {len(salt)}")


def _digest(text: str) -> str:
    return b64url(hashlib.sha256(text.encode("ascii")).digest())
