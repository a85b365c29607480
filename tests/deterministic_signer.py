"""A log signer whose output never changes, for samples and tests. Not for a real log.

`cryptography` signs ML-DSA-44 in the hedged way of FIPS 204, with fresh randomness, as a log should. Samples
are compared byte for byte, so here the deterministic way of the same standard is used.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dilithium_py.ml_dsa import ML_DSA_44 as DILITHIUM

from packtrace.signing.log_key import LogKey, sign_checkpoint
from packtrace.signing.note import VerifierKey
from packtrace.signing.tree_head import ED25519, ML_DSA_44, Checkpoint


def published_seed(label: str) -> bytes:
    """32 bytes that everybody can work out: the seed of a test key."""
    return hashlib.sha256(f"packtrace published test key: {label}".encode()).digest()


@dataclass(frozen=True, slots=True)
class DeterministicLogSigner:
    """Signs as `LogKey` does with the same seeds, but gives the same bytes each time."""

    origin: str
    ed25519_seed: bytes
    ml_dsa_44_seed: bytes

    @classmethod
    def published(cls, origin: str) -> DeterministicLogSigner:
        """The signer with the published test keys of this origin."""
        return cls(origin, published_seed(f"ed25519 {origin}"), published_seed(f"ml-dsa-44 {origin}"))

    @property
    def vkeys(self) -> tuple[VerifierKey, ...]:
        """Ed25519 first, then ML-DSA-44."""
        ed25519 = Ed25519PrivateKey.from_private_bytes(self.ed25519_seed).public_key().public_bytes_raw()
        ml_dsa_44, _ = DILITHIUM.key_derive(self.ml_dsa_44_seed)
        return (VerifierKey(self.origin, ED25519, ed25519), VerifierKey(self.origin, ML_DSA_44, ml_dsa_44))

    def log_key(self) -> LogKey:
        """The same keys for the signer that real logs use."""
        return LogKey.from_seeds(
            self.origin, ed25519_seed=self.ed25519_seed, ml_dsa_44_seed=self.ml_dsa_44_seed
        )

    def sign(self, checkpoint: Checkpoint, *, time: int) -> bytes:
        """The signed note, always the same for one checkpoint and time (POSIX seconds)."""

        def sign_with(vkey: VerifierKey, message: bytes) -> bytes:
            if vkey.algorithm == ML_DSA_44:
                _, secret = DILITHIUM.key_derive(self.ml_dsa_44_seed)
                return bytes(DILITHIUM.sign(secret, message, deterministic=True))
            return Ed25519PrivateKey.from_private_bytes(self.ed25519_seed).sign(message)

        return sign_checkpoint(checkpoint, self.vkeys, time=time, sign_with=sign_with)
