"""The published keys of the samples: everybody has them, so they are good for nothing but samples.

Each is SHA-256 over a context and its name, taken as an Ed25519 seed, a P-256 scalar or an ML-DSA-44 seed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from ..signing.keys import KeyKind, PublicKey, Signer, private_key_from_scalar, private_key_from_seed
from ..signing.log_key import LogKey, sign_checkpoint
from ..signing.note import VerifierKey
from ..signing.tree_head import ML_DSA_44, Checkpoint

CONTEXT: Final = "packtrace sample key/v1 "

_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_RFC_6979: Final = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


def published_seed(name: str) -> bytes:
    """The 32 bytes behind a key of the samples."""
    return hashlib.sha256((CONTEXT + name).encode()).digest()


def published_scalar(name: str) -> int:
    """The private scalar of a P-256 key of the samples."""
    return int.from_bytes(published_seed(name)) % (_P256_ORDER - 1) + 1


def published_signer(name: str, kind: KeyKind) -> Signer:
    """The key of that name; it signs the same bytes in the same way each time."""
    if kind == "P-256":
        return _SameSignature(published_scalar(name))
    return private_key_from_seed(published_seed(name))


class _SameSignature:
    """ES256 by RFC 6979: the samples are compared byte for byte, and other keys sign ES256 at random."""

    def __init__(self, scalar: int) -> None:
        self._key = ec.derive_private_key(scalar, ec.SECP256R1())
        self.public: PublicKey = private_key_from_scalar(scalar).public

    def sign(self, message: bytes) -> bytes:
        """Sign in the form of JOSE: r and s, each 32 bytes."""
        r, s = decode_dss_signature(self._key.sign(message, _RFC_6979))
        return r.to_bytes(32) + s.to_bytes(32)


@dataclass(frozen=True, slots=True)
class SampleLogSigner:
    """Both keys of a sample log; unlike `LogKey` it always gives the same bytes (FIPS 204, deterministic)."""

    origin: str

    def log_key(self) -> LogKey:
        """The same keys for the signer that real logs use."""
        return LogKey.from_seeds(
            self.origin,
            ed25519_seed=published_seed(f"{self.origin} log Ed25519"),
            ml_dsa_44_seed=published_seed(f"{self.origin} log ML-DSA-44"),
        )

    @property
    def vkeys(self) -> tuple[VerifierKey, ...]:
        """Ed25519 first, then ML-DSA-44."""
        return self.log_key().vkeys

    def sign(self, checkpoint: Checkpoint, *, time: int) -> bytes:
        """The signed note of a checkpoint; `time` in POSIX seconds."""
        # Only this script needs the library, so that an installed package does without it.
        from dilithium_py.ml_dsa import (  # type: ignore[import-untyped]  # it ships no types
            ML_DSA_44 as DILITHIUM,
        )

        def sign_with(vkey: VerifierKey, message: bytes) -> bytes:
            if vkey.algorithm == ML_DSA_44:
                _, secret = DILITHIUM.key_derive(published_seed(f"{self.origin} log ML-DSA-44"))
                return bytes(DILITHIUM.sign(secret, message, deterministic=True))
            seed = published_seed(f"{self.origin} log Ed25519")
            return Ed25519PrivateKey.from_private_bytes(seed).sign(message)

        return sign_checkpoint(checkpoint, self.vkeys, time=time, sign_with=sign_with)
