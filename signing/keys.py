"""Public and private keys, and the key id that everything names them by.

Two kinds: Ed25519 (RFC 8032, in JWK as RFC 8037 says) and P-256 for ES256 (RFC 7518).  The key id is the RFC
7638 thumbprint, so it is a function of the key and cannot be chosen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal, NoReturn, Protocol

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from .base64url import Base64urlError, b64url, parse_b64url
from .ed25519 import (
    SIGNATURE_BYTES,
    KeyWeakError,
    SignatureInvalidError,
    check_ed25519_strict,
    check_prime_order,
)
from .errors import SigningError

__all__ = [
    "KeyFormatError",
    "KeyKind",
    "KeyWeakError",
    "PrivateKey",
    "PublicKey",
    "Signer",
    "check_raw_signature",
    "generate_private_key",
    "parse_public_jwk",
    "private_key_from_scalar",
    "private_key_from_seed",
]

KeyKind = Literal["Ed25519", "P-256"]

_RAW_BYTES: Final[Mapping[KeyKind, int]] = {"Ed25519": 32, "P-256": 65}
_COORDINATE_BYTES: Final = 32
_ES256: Final = ec.ECDSA(hashes.SHA256())


class KeyFormatError(SigningError):
    """What should be a public key is not one in the accepted form."""

    code = "KEY_MALFORMED"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key; two are equal when their bytes are.

    The constructor looks at lengths only.  A key from outside comes in through `parse_public_jwk`, which
    refuses the weak ones.
    """

    kind: KeyKind
    raw: bytes = field(repr=False)  # Ed25519: 32 bytes; P-256: 65, the uncompressed point of SEC 1
    kid: str = field(init=False, compare=False)  # RFC 7638 thumbprint, SHA-256, 43 characters

    def __post_init__(self) -> None:
        expected = _RAW_BYTES.get(self.kind)
        if expected is None or len(self.raw) != expected:
            raise KeyFormatError(f"{self.kind} public key: expected {expected} bytes, got {len(self.raw)}")
        # RFC 7638, 3.3: the required members in lexicographic order, no white space.
        thumbprint = hashlib.sha256(orjson.dumps(self.jwk(), option=orjson.OPT_SORT_KEYS)).digest()
        object.__setattr__(self, "kid", b64url(thumbprint))

    def jwk(self) -> dict[str, str]:
        """Return the JWK with exactly the members that RFC 7638 requires for this kind."""
        if self.kind == "Ed25519":
            return {"crv": "Ed25519", "kty": "OKP", "x": b64url(self.raw)}
        x, y = self.raw[1 : 1 + _COORDINATE_BYTES], self.raw[1 + _COORDINATE_BYTES :]
        return {"crv": "P-256", "kty": "EC", "x": b64url(x), "y": b64url(y)}


def parse_public_jwk(value: Mapping[str, object]) -> PublicKey:
    """Read a public key that is to be registered, and refuse those under which signatures prove nothing.

    Args:
        value: A JWK with exactly the members of `PublicKey.jwk`; anything besides (`alg`, `kid`, and above
            all the private `d`) is refused.

    Raises:
        KeyFormatError: Other members, another curve, not canonical base64url, or not a point of P-256.
        KeyWeakError: An Ed25519 point that is not canonical or not of prime order.
    """
    crv = value.get("crv")
    members: tuple[str, ...]
    if crv == "Ed25519":
        members, kty = ("crv", "kty", "x"), "OKP"
    elif crv == "P-256":
        members, kty = ("crv", "kty", "x", "y"), "EC"
    else:
        raise KeyFormatError("JWK member crv: expected Ed25519 or P-256, got another value")
    if set(value) != set(members):
        # Values are left out of the message: one of them might be the private part.
        raise KeyFormatError(f"JWK: expected exactly the members {', '.join(members)}, got {_names(value)}")
    if value["kty"] != kty:
        raise KeyFormatError(f"JWK member kty: expected {kty} for {crv}, got another value")
    if crv == "Ed25519":
        raw = _parse_coordinate(value, "x")
        check_prime_order(raw)
        return PublicKey("Ed25519", raw)
    raw = b"\x04" + _parse_coordinate(value, "x") + _parse_coordinate(value, "y")
    _load_p256(raw)
    return PublicKey("P-256", raw)


class Signer(Protocol):
    """Whatever can sign for a public key: a `PrivateKey`, or a device that never lets its key out."""

    @property
    def public(self) -> PublicKey: ...

    def sign(self, message: bytes) -> bytes:
        """Sign in the form of JOSE, 64 bytes: Ed25519, or r and s of ECDSA, each 32 bytes big-endian."""
        ...


class PrivateKey:
    """A private key held in this process; shows and hands out nothing but its public half and signatures."""

    __slots__ = ("_key", "_public")

    def __init__(self, key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> None:
        kind: KeyKind
        if isinstance(key, ed25519.Ed25519PrivateKey):
            kind, raw = "Ed25519", key.public_key().public_bytes_raw()
        elif isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
            kind, raw = (
                "P-256",
                key.public_key().public_bytes(
                    serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
                ),
            )
        else:
            raise KeyFormatError("private key: expected Ed25519 or P-256, got another kind")
        self._key = key
        self._public = PublicKey(kind, raw)

    @property
    def public(self) -> PublicKey:
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Sign in the form of JOSE; see `Signer.sign`."""
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(message)
        r, s = decode_dss_signature(self._key.sign(message, _ES256))
        return r.to_bytes(_COORDINATE_BYTES, "big") + s.to_bytes(_COORDINATE_BYTES, "big")

    def to_pkcs8_der(self) -> bytes:
        """Return the unencrypted private key (RFC 5958), for `keyfile` alone."""
        return self._key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def __repr__(self) -> str:
        return f"PrivateKey(kid={self._public.kid!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a private key is not pickled or copied; save it with save_private_key")


def generate_private_key(kind: KeyKind) -> PrivateKey:
    """Make a new key from the operating system's randomness."""
    if kind == "Ed25519":
        return PrivateKey(ed25519.Ed25519PrivateKey.generate())
    if kind == "P-256":
        return PrivateKey(ec.generate_private_key(ec.SECP256R1()))
    raise KeyFormatError(f"kind: expected Ed25519 or P-256, got {kind!r}")


def private_key_from_seed(seed: bytes) -> PrivateKey:
    """Make the Ed25519 key of a 32-byte seed (RFC 8032, 5.1.5), as published test keys are given.

    Raises:
        KeyFormatError: Not 32 bytes.
    """
    if len(seed) != 32:
        raise KeyFormatError(f"seed: expected 32 bytes, got {len(seed)}")
    return PrivateKey(ed25519.Ed25519PrivateKey.from_private_bytes(seed))


def private_key_from_scalar(scalar: int) -> PrivateKey:
    """Make the P-256 key of a private scalar, as published test keys are given.

    Raises:
        KeyFormatError: The scalar is not between 1 and the group order.
    """
    try:
        return PrivateKey(ec.derive_private_key(scalar, ec.SECP256R1()))
    except (ValueError, OverflowError):
        raise KeyFormatError("scalar: expected one between 1 and the order of P-256") from None


def check_raw_signature(key: PublicKey, message: bytes, signature: bytes) -> None:
    """Check a 64-byte JOSE signature by the rule of the key's kind.

    Both ECDSA signatures (r, s) and (r, -s) hold: no id covers the signature, so neither makes a second
    event.

    Raises:
        SignatureInvalidError: It does not hold.
    """
    if key.kind == "Ed25519":
        check_ed25519_strict(key.raw, message, signature)
        return
    if len(signature) != SIGNATURE_BYTES:
        raise SignatureInvalidError(f"signature: expected {SIGNATURE_BYTES} bytes, got {len(signature)}")
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    try:
        _load_p256(key.raw).verify(encode_dss_signature(r, s), message, _ES256)
    except (InvalidSignature, KeyFormatError):
        raise SignatureInvalidError("expected an ES256 signature by this key, got another") from None


@lru_cache(maxsize=1024)  # decoding a point costs a third of a verification, and a log has few keys
def _load_p256(raw: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError:
        raise KeyFormatError("P-256 public key: expected a point on the curve, got none") from None


def _parse_coordinate(value: Mapping[str, object], name: str) -> bytes:
    text = value[name]
    if not isinstance(text, str):
        raise KeyFormatError(f"JWK member {name}: expected text, got {type(text).__name__}")
    try:
        raw = parse_b64url(text)
    except Base64urlError as error:
        raise KeyFormatError(f"JWK member {name}: {error}") from error
    if len(raw) != _COORDINATE_BYTES:
        raise KeyFormatError(f"JWK member {name}: expected {_COORDINATE_BYTES} bytes, got {len(raw)}")
    return raw


def _names(value: Mapping[str, object]) -> str:
    return ", ".join(sorted(ascii(name)[1:-1][:20] for name in list(value)[:10])) or "none"
