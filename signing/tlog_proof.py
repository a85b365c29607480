"""An inclusion proof that stands alone: c2sp.org/tlog-proof@v1.

It holds the index of an entry, the hashes that lead to the root, the signed checkpoint, and extra bytes of
the application's own, which nothing in it authenticates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Final

from .errors import SigningError
from .merkle import HASH_SIZE
from .note import MAX_NOTE
from .std_base64 import format_base64, parse_base64

_HEADER: Final = "c2sp.org/tlog-proof@v1"
_MAX_HASHES: Final = 63  # a tree of 2**63 leaves
_MAX_EXTRA: Final = 1 << 20  # bytes
_MAX_PROOF: Final = MAX_NOTE + 2 * _MAX_EXTRA  # bytes; base64 takes 4/3
_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})")


class TlogProofError(SigningError):
    """Not a proof in the form of tlog-proof."""

    code: ClassVar[str] = "LOG_PROOF_MALFORMED"


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A proof as it was written. Nothing in it is verified yet, and `extra` never is by the proof itself."""

    index: int  # of the entry, from 0
    hashes: tuple[bytes, ...]  # from the leaf's sibling to the root's child
    checkpoint: bytes  # the signed note, byte for byte
    extra: bytes | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.index < 1 << 63:
            raise TlogProofError(f"index: expected 0 to {(1 << 63) - 1}, got {self.index}")
        if len(self.hashes) > _MAX_HASHES:
            raise TlogProofError(
                f"inclusion proof: expected at most {_MAX_HASHES} hashes, got {len(self.hashes)}"
            )
        for at, each in enumerate(self.hashes):
            if len(each) != HASH_SIZE:
                raise TlogProofError(
                    f"inclusion proof, hash {at}: expected {HASH_SIZE} bytes, got {len(each)}"
                )
        if not 1 <= len(self.checkpoint) <= MAX_NOTE:
            raise TlogProofError(f"checkpoint: expected 1 to {MAX_NOTE} bytes, got {len(self.checkpoint)}")
        if self.extra is not None and not 1 <= len(self.extra) <= _MAX_EXTRA:
            # Without extra data the line is left out; an empty line would be a second spelling of that.
            raise TlogProofError(
                f"extra data: expected 1 to {_MAX_EXTRA} bytes or None, got {len(self.extra)}"
            )


def format_tlog_proof(proof: TlogProof) -> bytes:
    """The proof as a file."""
    lines = [_HEADER]
    if proof.extra is not None:
        lines.append(f"extra {format_base64(proof.extra)}")
    lines.append(f"index {proof.index}")
    lines += map(format_base64, proof.hashes)
    return "\n".join([*lines, "", ""]).encode("ascii") + proof.checkpoint


def parse_tlog_proof(data: bytes) -> TlogProof:
    """Parse a proof; verify nothing. Formatting the result gives `data` back.

    Raises:
        TlogProofError: Another form; the message names the line.
    """
    if len(data) > _MAX_PROOF:
        raise TlogProofError(f"proof: expected at most {_MAX_PROOF} bytes, got {len(data)}")
    head, separator, checkpoint = data.partition(b"\n\n")
    if not separator:
        raise TlogProofError("proof: expected an empty line before the checkpoint, got none")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise TlogProofError(
            f"proof: expected ASCII before the checkpoint, got a byte at {error.start}"
        ) from error
    if lines[0] != _HEADER:
        raise TlogProofError(f"proof, line 1: expected {_HEADER!r}, got {lines[0][:80]!r}")
    extra: bytes | None = None
    at = 1
    if len(lines) > at and lines[at].startswith("extra "):
        extra = _parse_line(lines[at].removeprefix("extra "), at)
        at += 1
    index = _INDEX.fullmatch(lines[at]) if len(lines) > at else None
    if index is None:
        got = repr(lines[at][:80]) if len(lines) > at else "the end"
        raise TlogProofError(f"proof, line {at + 1}: expected index and a decimal, got {got}")
    hashes = tuple(_parse_line(line, number) for number, line in enumerate(lines[at + 1 :], start=at + 1))
    return TlogProof(int(index[1]), hashes, checkpoint, extra)


def _parse_line(text: str, at: int) -> bytes:
    try:
        return parse_base64(text, f"proof, line {at + 1}")
    except SigningError as error:
        raise TlogProofError(str(error)) from error
