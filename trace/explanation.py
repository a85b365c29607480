"""Why the log refuses an event, and what to sign in its place. Nothing is recorded.

The steps are those of the door and of the judge. Where one fails, the payload is mended as far as a machine
can (its encoding, its place in the chain), and the same steps say what is still wrong with that.
What rests on the state of a chain is told only of an event that a registered key signed.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from ..signing.base64url import b64url
from ..signing.compact import format_compact
from ..signing.disclosures import split_presentation
from ..signing.errors import SigningError
from ..signing.jws import EVENT, Jws, parse_jws
from ..signing.keys import check_raw_signature
from .codes.subjects import parse_subject
from .errors import RefusedError, TraceError, UndecidedError
from .lifecycle.judge import judge
from .lifecycle.keyring import find_key
from .lifecycle.table import row_of
from .lifecycle.world import World
from .rules.shapes import VERSION, ShapeError
from .statement import Moment, read_addressed

LANGUAGES: Final = ("python", "javascript", "java", "go", "dotnet", "php")
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "python": ("Python",),
    "javascript": ("JavaScript",),
    "java": ("Java", "Jackson", "Gson"),
    "go": ("Go",),
    "dotnet": (".NET", "PowerShell"),
    "php": ("PHP",),
}
_EXPECTED_GOT: Final = re.compile(r"expected (?P<expected>.*?)(?:, got | got )(?P<got>.*)", re.DOTALL)
_KID: Final = re.compile("[A-Za-z0-9_-]{43}")
_AROUND: Final = 20  # bytes before and after the wrong one
_SIGNATURE_BYTES: Final = 64
_DER_SEQUENCE: Final = 0x30


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is wrong."""

    code: str
    detail: str
    where: str = ""  # JSON Pointer into the payload, or the part that is meant
    expected: str = ""
    got: str = ""
    byte: int | None = None  # of the decoded payload, from 0
    context: str = ""  # the bytes round it
    hint: str = ""  # the setting, in each language, that usually causes it
    row: str = ""  # the row of the life cycle that it breaks


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the log says of an event, and what would stand in its place.

    Attributes:
        status: known (recorded already), acceptable (it would be recorded now), or refused.
        reasons: What is wrong; the first is what the log answers.
        payload: To be signed in its place, on the head as it is now; None where nothing could be read.
        remaining: What is wrong with that too, and only its author can mend.
    """

    status: str
    reasons: tuple[Reason, ...]
    payload: bytes | None
    remaining: tuple[Reason, ...]


def explain_event(
    text: str, world: World, *, at: Moment, nonce: bytes, is_known: Callable[[str], bool]
) -> Explanation:
    """Say what the log would answer to an event, and mend what a machine can mend.

    Args:
        text: A compact JWS, or JWS~disclosure~…~, as it was refused.
        world: The state of the log.
        at: The leaf and the time that the event would have.
        nonce: 16 fresh random bytes, for the payload to sign.
        is_known: Whether the log has an event of this id.
    """
    jws_text = text.partition("~")[0]
    payload = _decoded(jws_text)
    trusted = _signed_by_a_registered_key(jws_text, world)
    if _is_recorded(jws_text, is_known):
        return Explanation("known", (), None, ())
    reasons = _check(text, world, at, trusted)
    if not reasons:
        return Explanation("acceptable", (), None, ())
    mended = _mended(payload, world, nonce) if payload is not None else None
    if mended is None:
        return Explanation("refused", reasons, None, ())
    value, data = mended
    return Explanation("refused", reasons, data, _check_value(value, jws_text, world, at, trusted))


def _is_recorded(jws_text: str, is_known: Callable[[str], bool]) -> bool:
    try:
        return is_known(parse_jws(jws_text, typ=EVENT).id)
    except SigningError:
        return False


def fix_for(hint: str, language: str | None) -> str:
    """What a hint says of one language; all of it where that language has no word of its own."""
    said = [part.strip() for part in hint.split("; ")]
    names = _NAMES.get(language or "", ())
    own = [part for part in said if part.partition(":")[0] in names]
    return "; ".join(own) or hint


def _check(text: str, world: World, at: Moment, trusted: bool) -> tuple[Reason, ...]:
    """The reasons of the door, the registry and the judge; none where the log would take the event."""
    try:
        jws_text, _ = split_presentation(text)
        jws = parse_jws(jws_text, typ=EVENT)
    except SigningError as error:
        return (_of_signing(error, text),)
    return _check_value(jws.value, jws_text, world, at, trusted, jws)


def _check_value(
    value: Mapping[str, Any], jws_text: str, world: World, at: Moment, trusted: bool, jws: Jws | None = None
) -> tuple[Reason, ...]:
    """Check a payload; with its own JWS if it has one, else as what is to be signed next by the same key."""
    try:
        if jws is None:
            parts = jws_text.split(".")
            jws = Jws(b"", "", _kid(parts[0]), EVENT, "A" * 43, dict(value), b"")
            signed = True
        else:
            signed = trusted
        event = read_addressed(jws, world.rules.shapes, world.origin)
        key = find_key(event, at.recorded_at, world)
        if not signed:
            said = f"signature: expected one by {jws.kid} over the bytes before it, got another"
            return (_reason("SIGNATURE_INVALID", said, "signature", hint=_HINT_SIGNED),)
        if trusted:
            judge(event, at, key, world, None)
    except ShapeError as error:
        return tuple(_reason(error.finding_code, str(problem), problem.pointer) for problem in error.problems)
    except (RefusedError, UndecidedError) as error:
        return (_of_trace(error, value),)
    return ()


_HINT_SIGNED: Final = (
    "sign the ASCII bytes of header.payload exactly as they are sent: what is parsed and written again in "
    "between differs"
)
_HINT_DER: Final = (
    "the signature is in DER, and JOSE has 64 bytes, r and s; Java: "
    'Signature.getInstance("SHA256withECDSAinP1363Format"); '
    ".NET: DSASignatureFormat.IeeeP1363FixedFieldConcatenation; Go: r.FillBytes and s.FillBytes, each 32; "
    "Python: decode_dss_signature, then to_bytes(32); JavaScript: dsaEncoding ieee-p1363"
)


def _of_signing(error: SigningError, text: str) -> Reason:
    at = getattr(error, "at", None)
    hint = getattr(error, "hint", "")
    payload = _decoded(text.partition("~")[0])
    context = ""
    if at is not None and payload is not None:
        context = payload[max(0, at - _AROUND) : at + _AROUND].decode("utf-8", "backslashreplace")
    if not hint and _is_der(text.partition("~")[0].rpartition(".")[2]):
        hint = _HINT_DER
    return _reason(
        error.code, str(error), getattr(error, "where", "jws"), byte=at, context=context, hint=hint
    )


def _of_trace(error: TraceError, value: Mapping[str, Any]) -> Reason:
    row = ""
    try:
        row = row_of(str(value.get("type")), str(value.get("sub"))).type
    except (KeyError, RefusedError):
        pass  # of no known type: no row
    return _reason(error.finding_code, error.message, error.where, row=row)


def _reason(
    code: str,
    detail: str,
    where: str,
    *,
    byte: int | None = None,
    context: str = "",
    hint: str = "",
    row: str = "",
) -> Reason:
    found = _EXPECTED_GOT.search(detail)
    expected, got = (found["expected"], found["got"]) if found else ("", "")
    return Reason(code, detail, where, expected, got, byte, context, hint, row)


def _signed_by_a_registered_key(jws_text: str, world: World) -> bool:
    """Whether the bytes as they came are signed by the key that the header names, whatever their form."""
    parts = jws_text.split(".")
    if len(parts) != 3 or not _KID.fullmatch(_kid(parts[0])):
        return False
    signer = world.signer(_kid(parts[0]))
    signature = _loose_base64(parts[2])
    if signer is None or signature is None or len(signature) != _SIGNATURE_BYTES:
        return False
    try:
        check_raw_signature(signer.key.public, f"{parts[0]}.{parts[1]}".encode(), signature)
    except SigningError:
        return False
    return True


def _mended(payload: bytes, world: World, nonce: bytes) -> tuple[dict[str, Any], bytes] | None:
    """The payload in compact form, on the head of its chain; None where it can't be read at all."""
    try:
        value = orjson.loads(payload.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return None
    if not isinstance(value, dict):
        return None
    try:
        value = _plain(value)
    except RecursionError:
        return None
    try:
        chain = world.chain(parse_subject(str(value.get("sub"))).text)
    except RefusedError:
        chain = None
    value |= {"v": VERSION, "aud": world.origin, "nonce": b64url(nonce), "seq": chain.seq + 1 if chain else 0}
    value.pop("prev", None)
    if chain:
        value["prev"] = chain.head
    try:
        return value, format_compact(value)
    except SigningError:
        return None


def _plain(value: Any) -> Any:
    """What a machine can mend in a value: null is left out, 3.0 is 3, texts are NFC."""
    match value:
        case dict():
            return {str(name): _plain(item) for name, item in value.items() if item is not None}
        case list():
            return [_plain(item) for item in value]
        case float() if value.is_integer():
            return int(value)
        case str():
            return unicodedata.normalize("NFC", value)
        case _:
            return value


def _decoded(jws_text: str) -> bytes | None:
    parts = jws_text.split(".")
    return _loose_base64(parts[1]) if len(parts) > 1 else None


def _kid(header: str) -> str:
    try:
        value = orjson.loads(_loose_base64(header) or b"")
    except orjson.JSONDecodeError:
        return ""
    kid = value.get("kid") if isinstance(value, dict) else None
    return kid if isinstance(kid, str) else ""


def _is_der(signature: str) -> bool:
    raw = _loose_base64(signature)
    return raw is not None and len(raw) > _SIGNATURE_BYTES and raw[0] == _DER_SEQUENCE


def _loose_base64(text: str) -> bytes | None:
    """Base64 of either alphabet, padded or not: to read what somebody meant, never to accept it."""
    try:
        plain = text.strip().rstrip("=").translate(str.maketrans("-_", "+/"))
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
