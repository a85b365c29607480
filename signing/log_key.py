"""The keys of a log, and signing its checkpoints.

A log signs each checkpoint twice: with Ed25519 (type 0x01), which every tool knows, and with ML-DSA-44
(type 0x06, a cosignature by the log itself, under the same name), which is to last for decades. Both keys
bear the origin as their name and sign nothing but checkpoints.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from .errors import SigningError
from .note import Note, NoteSignature, VerifierKey, format_note, timestamped
from .tree_head import (
    ED25519,
    ED25519_COSIGNATURE,
    ML_DSA_44,
    TIMESTAMPED,
    Checkpoint,
    format_checkpoint_text,
    signed_message,
)

SEED_SIZE: Final = 32  # bytes, of either key
_MAX_KEY_FILE: Final = 1 << 16  # bytes
_PEM_END: Final = b"-----END "


class LogKeyError(SigningError):
    """A file of log keys, or a request to sign with them, is not acceptable."""

    code: ClassVar[str] = "LOG_KEY_INVALID"


class LogSigner(Protocol):
    """What a sequencer needs of a log's keys, wherever they are kept."""

    @property
    def vkeys(self) -> tuple[VerifierKey, ...]:
        """The public keys, all of which sign every checkpoint."""
        ...

    def sign(self, checkpoint: Checkpoint, *, time: int) -> bytes:
        """The signed note of a checkpoint of this log; `time` in POSIX seconds."""
        ...


@dataclass(frozen=True, slots=True)
class LogKey:
    """Both private keys of a log, in memory. Neither is in its repr."""

    origin: str
    ed25519: Ed25519PrivateKey = field(repr=False)
    ml_dsa_44: MLDSA44PrivateKey = field(repr=False)

    @classmethod
    def from_seeds(cls, origin: str, *, ed25519_seed: bytes, ml_dsa_44_seed: bytes) -> LogKey:
        """The keys that two seeds of 32 random bytes stand for (RFC 8032, 5.1.5; FIPS 204, 6.1)."""
        for what, seed in (("Ed25519", ed25519_seed), ("ML-DSA-44", ml_dsa_44_seed)):
            if len(seed) != SEED_SIZE:
                raise LogKeyError(f"{what} seed: expected {SEED_SIZE} bytes, got {len(seed)}")
        return cls(
            origin,
            Ed25519PrivateKey.from_private_bytes(ed25519_seed),
            MLDSA44PrivateKey.from_seed_bytes(ml_dsa_44_seed),
        )

    @property
    def vkeys(self) -> tuple[VerifierKey, ...]:
        """Ed25519 first, then ML-DSA-44."""
        return (
            VerifierKey(self.origin, ED25519, self.ed25519.public_key().public_bytes_raw()),
            VerifierKey(self.origin, ML_DSA_44, self.ml_dsa_44.public_key().public_bytes_raw()),
        )

    def sign(self, checkpoint: Checkpoint, *, time: int) -> bytes:
        """The signed note of a checkpoint. The ML-DSA-44 signature is randomised: two calls differ.

        Raises:
            LogKeyError: A checkpoint of another origin.
        """

        def sign_with(vkey: VerifierKey, message: bytes) -> bytes:
            if vkey.algorithm == ML_DSA_44:
                return self.ml_dsa_44.sign(message)
            return self.ed25519.sign(message)

        return sign_checkpoint(checkpoint, self.vkeys, time=time, sign_with=sign_with)


@dataclass(frozen=True, slots=True)
class CosignerKey:
    """The Ed25519 key of a witness, for cosignatures of type 0x04."""

    name: str
    ed25519: Ed25519PrivateKey = field(repr=False)

    @property
    def vkey(self) -> VerifierKey:
        """Its public key."""
        return VerifierKey(self.name, ED25519_COSIGNATURE, self.ed25519.public_key().public_bytes_raw())


def sign_checkpoint(
    checkpoint: Checkpoint,
    vkeys: Iterable[VerifierKey],
    *,
    time: int,
    sign_with: Callable[[VerifierKey, bytes], bytes],
) -> bytes:
    """The signed note of a checkpoint, by keys that somebody else holds.

    Args:
        checkpoint: What to sign. Whoever calls this has made sure that it extends every one signed before.
        vkeys: The public keys of the log, in the order of the signature lines.
        time: POSIX seconds, for the keys whose signatures carry it.
        sign_with: `sign_with(vkey, message)` gives the bare signature of that key.

    Raises:
        LogKeyError: A key whose name is not the origin of the checkpoint.
    """
    text = format_checkpoint_text(checkpoint)
    signatures: list[NoteSignature] = []
    for vkey in vkeys:
        if vkey.name != checkpoint.origin:
            raise LogKeyError(f"origin of the checkpoint: expected {vkey.name!r}, got {checkpoint.origin!r}")
        stamp = time if vkey.algorithm in TIMESTAMPED else None
        raw = sign_with(vkey, signed_message(vkey.algorithm, vkey.name, text, stamp))
        whole = raw if stamp is None else timestamped(stamp, raw)
        signatures.append(NoteSignature(vkey.name, vkey.key_id, whole))
    return format_note(Note(text, tuple(signatures)))


def sign_cosignature(note: Note, key: CosignerKey, time: int) -> NoteSignature:
    """A witness's cosignature of type 0x04 under a checkpoint; `time` in POSIX seconds.

    The witness has checked the log's signature, and the consistency with every checkpoint that it cosigned
    before. `with_signatures` adds the result to the note.
    """
    vkey = key.vkey
    message = signed_message(vkey.algorithm, vkey.name, note.text, time)
    return NoteSignature(vkey.name, vkey.key_id, timestamped(time, key.ed25519.sign(message)))


def with_signatures(note: Note, signatures: Iterable[NoteSignature]) -> Note:
    """The note with further signatures below its own; one that it has already is not added again."""
    merged = dict.fromkeys((*note.signatures, *signatures))
    return Note(note.text, tuple(merged))


def generate_log_keys(origin: str) -> LogKey:
    """New keys for a new log, from the operating system's randomness."""
    return LogKey.from_seeds(
        origin,
        ed25519_seed=secrets.token_bytes(SEED_SIZE),
        ml_dsa_44_seed=secrets.token_bytes(SEED_SIZE),
    )


def format_log_key(key: LogKey, *, passphrase: bytes | None = None) -> bytes:
    """Both keys as PKCS #8 in PEM, Ed25519 first; encrypted if there is a passphrase.

    The ML-DSA-44 key is written as its 32-byte seed (RFC 9881, section 6).
    """
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        encryption = serialization.BestAvailableEncryption(passphrase)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return key.ed25519.private_bytes(*form) + key.ml_dsa_44.private_bytes(*form)


def parse_log_key(data: bytes, origin: str, *, passphrase: bytes | None = None) -> LogKey:
    """Inverse of `format_log_key`.

    Raises:
        LogKeyError: Anything but one Ed25519 and one ML-DSA-44 key in this order, or another passphrase.
            The message holds nothing of the data.
    """
    blocks = [block for block in _split_pem(data) if block.strip()]
    if len(blocks) != 2:
        raise LogKeyError(f"log keys of {origin}: expected two PEM blocks, got {len(blocks)}")
    try:
        first, second = (serialization.load_pem_private_key(block, passphrase) for block in blocks)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The library's own text is left out: it may repeat parts of what it could not read.
        raise LogKeyError(
            f"log keys of {origin}: expected PKCS #8 keys that this passphrase (or none) opens, got others"
        ) from None
    if not isinstance(first, Ed25519PrivateKey) or not isinstance(second, MLDSA44PrivateKey):
        raise LogKeyError(f"log keys of {origin}: expected Ed25519, then ML-DSA-44, got other kinds of key")
    return LogKey(origin, first, second)


def save_log_key(path: Path, key: LogKey, *, passphrase: bytes | None = None) -> None:
    """Write both keys to a new file that only its owner may read (mode 0600), and sync it.

    Raises:
        FileExistsError: There is a file; keys are never overwritten.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(format_log_key(key, passphrase=passphrase))
        file.flush()
        os.fsync(file.fileno())


def load_log_key(path: Path, origin: str, *, passphrase: bytes | None = None) -> LogKey:
    """Read what `save_log_key` wrote.

    Raises:
        LogKeyError: Others than the owner may read or write the file, or it holds something else.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode & 0o777
        # Windows keeps its access lists elsewhere, and reports modes that say nothing.
        if os.name == "posix" and mode & 0o077:
            raise LogKeyError(f"log keys of {origin}: expected a file of mode 0600, got {mode:04o}")
        data = file.read(_MAX_KEY_FILE + 1)
    if len(data) > _MAX_KEY_FILE:
        raise LogKeyError(f"log keys of {origin}: expected at most {_MAX_KEY_FILE} bytes, got more")
    return parse_log_key(data, origin, passphrase=passphrase)


def _split_pem(data: bytes) -> list[bytes]:
    """Each block with its END line."""
    blocks: list[bytes] = []
    lines: list[bytes] = []
    for line in data.splitlines(keepends=True):
        lines.append(line)
        if line.startswith(_PEM_END):
            blocks.append(b"".join(lines))
            lines = []
    return [*blocks, b"".join(lines)]
