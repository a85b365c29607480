"""Opening checkpoints: is this the head of that log, and who cosigned it?

C2SP tlog-checkpoint in a signed note. Every log key of the trust list must have signed: a checkpoint with
only one of two trusted signatures is refused, or taking away the stronger one would go unseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from .errors import SigningError
from .log_key import (
    CosignerKey,
    LogKey,
    LogKeyError,
    LogSigner,
    generate_log_keys,
    load_log_key,
    save_log_key,
    sign_checkpoint,
    sign_cosignature,
    with_signatures,
)
from .note import (
    Note,
    NoteError,
    NoteSignatureError,
    VerifierKey,
    VerifierKeyError,
    parse_note,
    signature_time,
    signed_by,
)
from .tree_head import (
    ED25519,
    ML_DSA_44,
    TIMESTAMPED,
    Checkpoint,
    CheckpointError,
    CheckpointMalformedError,
    format_checkpoint_text,
    parse_checkpoint_text,
)

# The names that callers use come from here, whichever module of this folder holds them.
__all__ = [
    "Checkpoint",
    "CheckpointError",
    "CheckpointMalformedError",
    "CheckpointOriginError",
    "CheckpointSignatureError",
    "CosignerKey",
    "LogKey",
    "LogKeyError",
    "LogSigner",
    "OpenedCheckpoint",
    "check_cosignatures",
    "format_checkpoint_text",
    "generate_log_keys",
    "load_log_key",
    "open_checkpoint",
    "parse_checkpoint_text",
    "save_log_key",
    "sign_checkpoint",
    "sign_cosignature",
    "with_signatures",
]


class CheckpointOriginError(CheckpointError):
    """A checkpoint, or a key, of another log."""

    code: ClassVar[str] = "CHECKPOINT_ORIGIN_MISMATCH"


class CheckpointSignatureError(CheckpointError):
    """A signature of the log is missing or wrong."""

    code: ClassVar[str] = "CHECKPOINT_SIGNATURE_INVALID"


@dataclass(frozen=True, slots=True)
class OpenedCheckpoint:
    """A checkpoint that every trusted key of its log signed, and the note that says so."""

    checkpoint: Checkpoint
    note: Note
    log_keys: tuple[VerifierKey, ...]  # those that signed: all that are trusted
    signed_at: int | None  # POSIX seconds, by the log's ML-DSA-44 signature; None without that key


def open_checkpoint(data: bytes, *, origin: str, log_keys: Sequence[VerifierKey]) -> OpenedCheckpoint:
    """Parse a signed checkpoint and check that it is the log's own.

    Cosignatures are not looked at: `check_cosignatures` does that with the note.

    Args:
        data: The signed note.
        origin: Of the log that is meant.
        log_keys: Its trusted keys, of types 0x01 and 0x06. Each of them must have signed.

    Raises:
        CheckpointMalformedError: Not a signed note, or its text is not a checkpoint.
        CheckpointOriginError: The checkpoint, or one of the keys, is of another log.
        CheckpointSignatureError: No trusted key, or one that did not sign, or one whose signature is wrong.
    """
    if not log_keys:
        raise CheckpointSignatureError(f"log keys of {origin}: expected one or more to trust, got none")
    for vkey in log_keys:
        if vkey.name != origin:
            raise CheckpointOriginError(f"name of a log key: expected {origin!r}, got {vkey.name!r}")
        if vkey.algorithm not in (ED25519, ML_DSA_44):
            raise VerifierKeyError(
                f"type of a log key of {origin}: expected 0x01 or 0x06, got {vkey.algorithm:#04x}"
            )
    try:
        note = parse_note(data)
    except NoteError as error:
        raise CheckpointMalformedError(str(error)) from error
    checkpoint = parse_checkpoint_text(note.text)
    if checkpoint.origin != origin:
        raise CheckpointOriginError(
            f"origin of the checkpoint: expected {origin!r}, got {checkpoint.origin!r}"
        )
    try:
        signers = signed_by(note, log_keys)
    except NoteSignatureError as error:
        raise CheckpointSignatureError(str(error)) from error
    missing = [vkey for vkey in log_keys if vkey not in signers]
    if missing:
        wanted = ", ".join(f"{vkey.key_id.hex()} (type {vkey.algorithm:#04x})" for vkey in missing)
        raise CheckpointSignatureError(
            f"checkpoint of {origin}, size {checkpoint.size}: expected a signature by key {wanted}, got none"
        )
    times = _times(note, [vkey for vkey in signers if vkey.algorithm in TIMESTAMPED])
    return OpenedCheckpoint(checkpoint, note, signers, min(times.values(), default=None))


def check_cosignatures(note: Note, witnesses: Iterable[VerifierKey]) -> dict[VerifierKey, int]:
    """Which of these witnesses cosigned, and when, in POSIX seconds.

    A witness that cosigned more than once counts once, with its earliest time: that it saw the tree by then.
    A time of 0 (type 0x06 only) claims no time. Whether they are enough is for `policy.quorum_met`.

    Raises:
        CheckpointSignatureError: A cosignature of one of these witnesses that is not by its key.
        VerifierKeyError: A key of a type other than 0x04 and 0x06.
    """
    vkeys = tuple(witnesses)
    for vkey in vkeys:
        if vkey.algorithm not in TIMESTAMPED:
            raise VerifierKeyError(
                f"type of the witness key {vkey.name}: expected 0x04 or 0x06, got {vkey.algorithm:#04x}"
            )
    try:
        return _times(note, signed_by(note, vkeys))
    except NoteSignatureError as error:
        raise CheckpointSignatureError(str(error)) from error


def _times(note: Note, signers: Iterable[VerifierKey]) -> dict[VerifierKey, int]:
    """The earliest time of each of these signers, whose signatures have been checked."""
    times: dict[VerifierKey, int] = {}
    for vkey in signers:
        for signature in note.signatures:
            if (signature.name, signature.key_id) != (vkey.name, vkey.key_id):
                continue
            time = signature_time(vkey, signature)
            if time is None:
                raise SigningError(
                    f"signature of {vkey.name}: expected one that carries a time, got type 0x01"
                )
            times[vkey] = min(time, times.get(vkey, time))
    return times
