"""The one set of Ed25519 signatures and keys that Packtrace accepts, whatever library looks at them.

RFC 8032 leaves verifiers room to disagree, and they do: `cryptography` (OpenSSL) accepts small-order keys,
under which one fixed signature holds for every message, libsodium does not.  The rule here is the strict one:

1. the public key encodes its y below p, and is not of small order;
2. R is not of small order;
3. S is below the order L;
4. `[S]B = R + [k]A` without the cofactor, which also makes R's encoding the canonical one.

`check_ed25519_strict` relies on libsodium, which does all four; `check_ed25519_strict_by_openssl` does 1 to 3
here and leaves 4 to OpenSSL.  Tests hold that the two agree.  At registration a key must besides lie in the
group of prime order (`check_prime_order`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from nacl.bindings import crypto_core_ed25519_is_valid_point, crypto_sign_open
from nacl.exceptions import BadSignatureError

from .errors import SigningError

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

_P: Final = 2**255 - 19
_L: Final = 2**252 + 27742317777372353535851937790883648493  # order of the base point, RFC 8032, 5.1
_Y: Final = 2**255 - 1  # mask that takes the sign of x off an encoded point
# y of the eight points of small order: order 1, 2, 4 (two points), 8 (four points, y and -y).
_Y_OF_ORDER_8: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER_Y: Final = frozenset({1, _P - 1, 0, _Y_OF_ORDER_8, _P - _Y_OF_ORDER_8})


class SignatureInvalidError(SigningError):
    """The signature was not made by this key over these bytes, or not in the one accepted form."""

    code = "SIGNATURE_INVALID"


class KeyWeakError(SigningError):
    """The public key is one under which a signature proves nothing, or one with two spellings."""

    code = "KEY_WEAK"


def check_ed25519_strict(public_raw: bytes, message: bytes, signature: bytes) -> None:
    """Check one signature by the strict rule, with libsodium.

    Raises:
        SignatureInvalidError: It does not hold.
    """
    _check_lengths(public_raw, signature)
    try:
        crypto_sign_open(signature + message, public_raw)
    except BadSignatureError:
        raise SignatureInvalidError("expected a strict Ed25519 signature by this key, got another") from None


def check_ed25519_strict_by_openssl(public_raw: bytes, message: bytes, signature: bytes) -> None:
    """Check one signature by the same rule, its steps 1 to 3 spelled out, the last left to OpenSSL.

    Raises:
        SignatureInvalidError: It does not hold.
    """
    _check_lengths(public_raw, signature)
    y = int.from_bytes(public_raw, "little") & _Y
    if y >= _P or y in _SMALL_ORDER_Y:
        raise SignatureInvalidError("public key: expected a canonical point of large order, got a weak one")
    if (int.from_bytes(signature[:32], "little") & _Y) % _P in _SMALL_ORDER_Y:
        raise SignatureInvalidError("R: expected a point of large order, got one of small order")
    if int.from_bytes(signature[32:], "little") >= _L:
        raise SignatureInvalidError("S: expected a number below the group order, got a larger one")
    try:
        Ed25519PublicKey.from_public_bytes(public_raw).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise SignatureInvalidError("expected a strict Ed25519 signature by this key, got another") from None


@lru_cache(maxsize=1024)  # it costs as much as a signature; what is refused is not remembered
def check_prime_order(public_raw: bytes) -> None:
    """Check that 32 bytes are the canonical encoding of a point of prime order, as a registered key must be.

    A key with a small-order part verifies differently in different libraries, so its owner could sign what
    some verify and others do not.

    Raises:
        KeyWeakError: Not canonical, not on the curve, of small or of mixed order.
    """
    y = int.from_bytes(public_raw, "little") & _Y
    if y >= _P:
        raise KeyWeakError("Ed25519 public key: expected y below 2^255-19, got a second spelling of a point")
    if y in _SMALL_ORDER_Y:
        raise KeyWeakError("Ed25519 public key: expected a point of prime order, got one of small order")
    if not crypto_core_ed25519_is_valid_point(public_raw):
        raise KeyWeakError("Ed25519 public key: expected a point of prime order, got another, or no point")


def _check_lengths(public_raw: bytes, signature: bytes) -> None:
    if len(public_raw) != KEY_BYTES:
        raise SignatureInvalidError(f"public key: expected {KEY_BYTES} bytes, got {len(public_raw)}")
    if len(signature) != SIGNATURE_BYTES:
        raise SignatureInvalidError(f"signature: expected {SIGNATURE_BYTES} bytes, got {len(signature)}")
