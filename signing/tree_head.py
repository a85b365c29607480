"""What a checkpoint says, and the exact bytes that a signature of each type covers.

C2SP tlog-checkpoint (the text), signed-note (type 0x01) and tlog-cosignature (types 0x04 and 0x06). Signers
and verifiers both come here for the message, so that they cannot differ. Times are POSIX seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Final

from .errors import SigningError
from .merkle import EMPTY_ROOT, HASH_SIZE
from .std_base64 import format_base64, parse_base64

ED25519: Final = 0x01
ED25519_COSIGNATURE: Final = 0x04
ML_DSA_44: Final = 0x06
TIMESTAMPED: Final = frozenset({ED25519_COSIGNATURE, ML_DSA_44})

MAX_SIZE: Final = (1 << 63) - 1  # what every implementation can count, signed 64-bit ones included
MAX_TIME: Final = (1 << 63) - 1  # tlog-cosignature, "Format"
_SUBTREE_LABEL: Final = b"subtree/v1\n\x00"
_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")  # as many digits as MAX_SIZE has


class CheckpointError(SigningError):
    """A checkpoint is not to be relied on."""

    code: ClassVar[str] = "CHECKPOINT_MALFORMED"


class CheckpointMalformedError(CheckpointError):
    """Not a checkpoint in the form of tlog-checkpoint, inside a signed note."""

    code: ClassVar[str] = "CHECKPOINT_MALFORMED"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: which log, how many leaves, and the RFC 6962 root over them."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not self.origin or any(character < " " for character in self.origin):
            raise CheckpointMalformedError(f"origin: expected a line of text, got {self.origin[:80]!r}")
        if not 0 <= self.size <= MAX_SIZE:
            raise CheckpointMalformedError(f"tree size: expected 0 to {MAX_SIZE}, got {self.size}")
        if len(self.root) != HASH_SIZE:
            raise CheckpointMalformedError(f"root hash: expected {HASH_SIZE} bytes, got {len(self.root)}")
        # There is one empty tree. A made-up root for it would be a head that nothing extends.
        if (self.size == 0) != (self.root == EMPTY_ROOT):
            raise CheckpointMalformedError(
                f"root hash of a tree of size {self.size}: expected "
                f"{'the' if self.size == 0 else 'not the'} root of the empty tree, got {self.root.hex()}"
            )


def format_checkpoint_text(checkpoint: Checkpoint) -> str:
    """The three lines of a checkpoint, with the newline that ends them: the text of the note."""
    return f"{checkpoint.origin}\n{checkpoint.size}\n{format_base64(checkpoint.root)}\n"


def parse_checkpoint_text(text: str) -> Checkpoint:
    """Parse the text of a checkpoint note: origin, size and root, a line each.

    Extension lines are refused: no log of ours writes them, and an ML-DSA-44 signature does not cover them.

    Raises:
        CheckpointMalformedError: Any other text.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise CheckpointMalformedError(
            f"checkpoint text: expected three lines, each ended by a newline, got {len(lines) - 1} newlines"
        )
    origin, size, root, _ = lines
    if _DECIMAL.fullmatch(size) is None:
        raise CheckpointMalformedError(
            f"tree size: expected a decimal without leading zeroes, got {size[:40]!r}"
        )
    try:
        root_hash = parse_base64(root, "root hash")
    except SigningError as error:
        raise CheckpointMalformedError(str(error)) from error
    return Checkpoint(origin, int(size), root_hash)


def signed_message(algorithm: int, name: str, text: str, time: int | None = None) -> bytes:
    """The bytes that a key signs under a note.

    Args:
        algorithm: Signature type: 0x01, 0x04 or 0x06.
        name: Name of the key that signs; 0x06 covers it.
        text: Text of the note, with its last newline. 0x06 covers its origin, size and root, hence wants
            a checkpoint.
        time: When, in POSIX seconds; for 0x04 and 0x06, and only for them.

    Raises:
        SigningError: A time missing, superfluous or out of range, or another algorithm.
        CheckpointMalformedError: For 0x06, a text that is no checkpoint, or an origin or name of no bytes
            or more than 255.
    """
    if algorithm == ED25519:
        if time is not None:
            raise SigningError("signed message of type 0x01: expected no time, got one")
        return text.encode("utf-8")
    if algorithm not in TIMESTAMPED:
        raise SigningError(f"signature type: expected 0x01, 0x04 or 0x06, got {algorithm:#04x}")
    if time is None or not 0 <= time <= MAX_TIME:
        raise SigningError(f"time of a cosignature: expected 0 to {MAX_TIME}, got {time}")
    if algorithm == ED25519_COSIGNATURE:
        return f"cosignature/v1\ntime {time}\n{text}".encode()
    checkpoint = parse_checkpoint_text(text)
    return b"".join(
        (
            _SUBTREE_LABEL,
            _short_opaque(name, "name of the cosigner"),
            time.to_bytes(8, "big"),
            _short_opaque(checkpoint.origin, "origin"),
            (0).to_bytes(8, "big"),  # start: a checkpoint covers the tree from its first leaf
            checkpoint.size.to_bytes(8, "big"),
            checkpoint.root,
        )
    )


def _short_opaque(text: str, what: str) -> bytes:
    """`opaque x<1..2^8-1>` of RFC 8446, section 3.4: a length in one byte, then the bytes."""
    data = text.encode("utf-8")
    if not 1 <= len(data) <= 255:
        raise CheckpointMalformedError(f"{what}: expected 1 to 255 bytes of UTF-8, got {len(data)}")
    return len(data).to_bytes(1, "big") + data
