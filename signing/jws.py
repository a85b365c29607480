"""Compact JWS (RFC 7515) as Packtrace writes and reads it: one header shape, one payload grammar, strict
both.

`parse_jws` settles form, `check_signature` settles the signature, and nothing here knows what a payload
means. `typ` separates what one key may sign, so that a proof of possession is never taken for an event.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from .base64url import Base64urlError, b64url, parse_b64url_bytes
from .compact import DEFAULT_LIMIT, CompactFormError, format_compact, parse_compact
from .ed25519 import SIGNATURE_BYTES, SignatureInvalidError, check_ed25519_strict
from .errors import SigningError
from .keys import KeyKind, PublicKey, Signer, check_raw_signature

__all__ = [
    "APPROVAL",
    "EVENT",
    "NOTICE",
    "POP",
    "READ",
    "TYPES",
    "AlgorithmNotAllowedError",
    "Jws",
    "JwsEncodingError",
    "JwsFormatError",
    "KeyMismatchError",
    "SignatureInvalidError",
    "WrongTypError",
    "check_ed25519_strict",
    "check_signature",
    "parse_jws",
    "sign_jws",
    "verify_signatures",
]

EVENT: Final = "packtrace-event+jwt"
POP: Final = "packtrace-pop+jwt"  # proof of possession of a key
APPROVAL: Final = "packtrace-approval+jwt"  # a further registrar's
READ: Final = "packtrace-read+jwt"  # bearer token
NOTICE: Final = "packtrace-notice+jwt"  # webhook
TYPES: Final = frozenset({EVENT, POP, APPROVAL, READ, NOTICE})

# `Ed25519` is RFC 9864; many libraries know only its older name, which means the same for these keys.
_KIND_OF_ALG: Final[Mapping[str, KeyKind]] = {"Ed25519": "Ed25519", "EdDSA": "Ed25519", "ES256": "P-256"}
_ALG_OF_KIND: Final[Mapping[KeyKind, str]] = {"Ed25519": "Ed25519", "P-256": "ES256"}
_HEADER_LIMIT: Final = 512
_HEADER_MEMBERS: Final = frozenset({"alg", "kid", "typ"})
_KID_BYTES: Final = 32


def _encoded(size: int) -> int:
    """Length of that many bytes in base64url."""
    return -(-size * 4 // 3)


_HEADER_CHARACTERS: Final = _encoded(_HEADER_LIMIT)
_SIGNATURE_CHARACTERS: Final = _encoded(SIGNATURE_BYTES)


class JwsFormatError(SigningError):
    """The text is not a JWS of the accepted form."""

    code = "MALFORMED_JWS"


class JwsEncodingError(JwsFormatError):
    """A part is not in its one canonical encoding."""

    code = "NON_CANONICAL_ENCODING"


class WrongTypError(JwsFormatError):
    """The JWS was signed for another purpose than the one it is used for."""

    code = "WRONG_TYP"


class AlgorithmNotAllowedError(JwsFormatError):
    """The header names an algorithm that is not accepted, or not for this key."""

    code = "ALG_NOT_ALLOWED"


class KeyMismatchError(SigningError):
    """The header names another key than the one that is checked with."""

    code = "KEY_MISMATCH"


class Jws(Struct, frozen=True, gc=False, eq=False):  # made a million times in an audit
    """A compact JWS exactly as received, and what it says; equal when the text is.

    A thousand are held at a time, so that what can be cut out of the whole is not kept beside it.
    """

    data: bytes  # the whole text, which is ASCII
    alg: str
    kid: str
    typ: str
    id: str  # base64url of SHA-256 over the signing input: 43 characters
    value: dict[str, Any]  # for reading, never encoded back
    signature: bytes

    @property
    def text(self) -> str:
        """What was received."""
        return self.data.decode("ascii")

    @property
    def signing_input(self) -> bytes:
        """The ASCII bytes that are signed: header, a dot, payload (RFC 7515, 5.1)."""
        return self.data.rpartition(b".")[0]

    @property
    def payload(self) -> bytes:
        """The bytes of which `value` tells."""
        return parse_b64url_bytes(self.data.split(b".")[1])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Jws) and self.data == other.data

    def __ne__(self, other: object) -> bool:  # else that of `Struct`, by which nothing is equal
        return not self == other

    def __hash__(self) -> int:
        return hash(self.data)

    def __repr__(self) -> str:
        return f"Jws(alg={self.alg!r}, kid={self.kid!r}, typ={self.typ!r}, id={self.id!r})"


def sign_jws(payload: bytes, signer: Signer, typ: str, *, alg: str | None = None) -> str:
    """Sign a payload in compact form.

    Args:
        payload: What `format_compact` wrote; nothing is signed that `parse_jws` would not read.
        signer: Signs in the form of JOSE.
        typ: One of `TYPES`.
        alg: `EdDSA` to write the older name for an Ed25519 key; by default the one that fits the key.

    Raises:
        CompactFormError: The payload is not in compact form.
        WrongTypError, AlgorithmNotAllowedError: `typ` or `alg` is none that a reader would accept.
        SignatureInvalidError: The signer answered with something other than 64 bytes.
    """
    if typ not in TYPES:
        raise WrongTypError(f"typ: expected one of {', '.join(sorted(TYPES))}, got {typ!r}")
    kind = signer.public.kind
    alg = _ALG_OF_KIND[kind] if alg is None else alg
    if _KIND_OF_ALG.get(alg) != kind:
        raise AlgorithmNotAllowedError(f"alg: expected one for a {kind} key, got {alg!r}")
    parse_compact(payload)
    header = format_compact({"alg": alg, "kid": signer.public.kid, "typ": typ})
    signing_input = f"{b64url(header)}.{b64url(payload)}"
    signature = signer.sign(signing_input.encode("ascii"))
    if len(signature) != SIGNATURE_BYTES:
        got = len(signature)
        raise SignatureInvalidError(
            f"signer: expected {SIGNATURE_BYTES} bytes in the form of JOSE, got {got}"
        )
    return f"{signing_input}.{b64url(signature)}"


def parse_jws(text: str | bytes, *, typ: str, limit: int = DEFAULT_LIMIT) -> Jws:
    """Read a compact JWS strictly; the signature is not checked here.

    Args:
        text: Three parts of canonical base64url.
        typ: The only `typ` that is accepted.
        limit: The most bytes of payload.

    Raises:
        JwsFormatError: Not three parts, too long, or not the header or the signature size that is accepted.
        JwsEncodingError: A part is not canonical base64url, or the header is not in compact form.
        CompactFormError: The payload is not in compact form.
        WrongTypError: It was signed for another purpose.
        AlgorithmNotAllowedError: The header names an algorithm that is not accepted.
    """
    if not text.isascii():
        raise JwsFormatError("JWS: expected ASCII, got other characters")
    data = text.encode("ascii") if isinstance(text, str) else text
    if len(data) > _HEADER_CHARACTERS + _encoded(limit) + _SIGNATURE_CHARACTERS + 2:
        expected = f"a header of at most {_HEADER_LIMIT} and a payload of at most {limit} bytes"
        raise JwsFormatError(f"JWS: expected {expected}, got {len(data)} characters")
    dots = data.count(b".")
    if dots != 2:
        raise JwsFormatError(f"JWS: expected three parts with a dot between them, got {dots + 1}")
    signing_input, _, signature_part = data.rpartition(b".")
    header_part, _, payload_part = signing_input.partition(b".")
    if len(header_part) > _HEADER_CHARACTERS:
        got = len(header_part)
        raise JwsFormatError(f"JWS header: expected at most {_HEADER_LIMIT} bytes, got {got} characters")
    alg, kid, header_typ = _parse_header(header_part)
    if header_typ != typ:
        raise WrongTypError(f"JWS header member typ: expected {typ!r}, got {header_typ[:64]!r}")
    signature = _parse_part(signature_part, "signature")
    if len(signature) != SIGNATURE_BYTES:
        raise JwsFormatError(f"JWS signature: expected {SIGNATURE_BYTES} bytes, got {len(signature)}")
    payload = _parse_part(payload_part, "payload")
    value = parse_compact(payload, limit=limit)
    event_id = b64url(hashlib.sha256(signing_input).digest())
    return Jws(data, alg, kid, typ, event_id, value, signature)


def check_signature(jws: Jws, key: PublicKey) -> None:
    """Check that `key` signed `jws`.

    Raises:
        KeyMismatchError: The header names another key.
        AlgorithmNotAllowedError: The header's algorithm is not one for this kind of key.
        SignatureInvalidError: The signature does not hold.
    """
    if jws.kid != key.kid:
        raise KeyMismatchError(f"JWS header member kid: expected {key.kid}, got {jws.kid}")
    if _KIND_OF_ALG.get(jws.alg) != key.kind:
        raise AlgorithmNotAllowedError(f"JWS header member alg: expected one for {key.kind}, got {jws.alg!r}")
    check_raw_signature(key, jws.signing_input, jws.signature)


def verify_signatures(
    items: Sequence[tuple[bytes, bytes, PublicKey]], *, pool: Executor | None = None, threads: int = 1
) -> list[bool]:
    """Check many signatures; the libraries release the interpreter lock, so threads run in parallel.

    Args:
        items: Signing input, signature and key of each.  That `kid` and `alg` fit the key is for the caller
            to have seen.
        pool: Has the threads; without one all is done here.
        threads: How many contiguous ranges to work on at a time.

    Returns:
        Whether each signature holds, in the order of `items`.
    """
    if pool is None or threads <= 1 or len(items) < 2 * threads:
        return _verify_range(items)
    size = -(-len(items) // threads)
    ranges = [items[start : start + size] for start in range(0, len(items), size)]
    return [held for verdicts in pool.map(_verify_range, ranges) for held in verdicts]


def _verify_range(items: Sequence[tuple[bytes, bytes, PublicKey]]) -> list[bool]:
    verdicts: list[bool] = []
    for signing_input, signature, key in items:
        try:
            check_raw_signature(key, signing_input, signature)
        except SignatureInvalidError:
            verdicts.append(False)
        else:
            verdicts.append(True)
    return verdicts


@lru_cache(maxsize=1024)  # a log has as many headers as keys; at most 683 characters each are kept
def _parse_header(part: bytes) -> tuple[str, str, str]:
    """Read the header segment: algorithm, key id, type."""
    try:
        header = parse_compact(_parse_part(part, "header"), limit=_HEADER_LIMIT)
    except CompactFormError as error:
        raise JwsEncodingError(f"JWS header: {error}") from error
    if header.keys() != _HEADER_MEMBERS:
        got = ", ".join(sorted(header)[:10]) or "none"
        raise JwsFormatError(f"JWS header: expected exactly the members alg, kid, typ, got {got}")
    alg, kid, typ = header["alg"], header["kid"], header["typ"]
    if not (isinstance(alg, str) and isinstance(kid, str) and isinstance(typ, str)):
        raise JwsFormatError("JWS header: expected text in alg, kid and typ, got another kind of value")
    if alg not in _KIND_OF_ALG:
        expected = ", ".join(_KIND_OF_ALG)
        raise AlgorithmNotAllowedError(f"JWS header member alg: expected one of {expected}, got {alg[:64]!r}")
    try:
        kid_bytes = len(parse_b64url_bytes(kid.encode()))
    except Base64urlError as error:
        raise JwsEncodingError(f"JWS header member kid: {error}") from error
    if kid_bytes != _KID_BYTES:
        raise JwsFormatError(f"JWS header member kid: expected {_KID_BYTES} bytes, got {kid_bytes}")
    return alg, kid, typ


def _parse_part(part: bytes, name: str) -> bytes:
    try:
        return parse_b64url_bytes(part)
    except Base64urlError as error:
        raise JwsEncodingError(f"JWS {name}: {error}") from error
