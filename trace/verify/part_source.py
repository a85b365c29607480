"""Part of a log, entry by entry with proofs: the bundle of one battery, or a receipt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ...signing.errors import SigningError
from ...signing.note import MAX_NOTE
from ...signing.tlog_proof import TlogProof, parse_tlog_proof
from ..bundle.layout import (
    ABOUT,
    CHECKPOINT,
    FORMAT,
    RECEIPTS,
    VKEYS,
    is_rules_path,
    numbered,
    parse_evidence_path,
)
from ..codes.subjects import parse_subject
from ..errors import RefusedError, TraceError
from ..statement import parse_entry, parse_event_jws
from ..times import format_log_time
from .documents_source import BundledDocuments
from .evidence import Documents, SourceError, SourceMalformedError, SourceTooLargeError
from .files_source import LocalFiles
from .findings import Finding
from .heads import CHANGED_LINE_ENDS
from .log_source import damaged_rules, missing_vkeys, read_rules, read_vkey_files, unexpected_file
from .strict_json import check_members, parse_json_object

MAX_PROOF: Final = 1 << 22  # bytes
MAX_ABOUT: Final = 1 << 23  # bytes


_RECEIPT: Final[dict[str, type]] = {"id": str, "entry": str, "proof": str}
_ANSWER: Final[dict[str, type]] = {
    "status": str,
    "leaf_index": int,
    "recorded_at": str,
    "checkpoint": str,
    "events": list,
}
"""What a node's answer to a posted event may have beside the receipt."""

_ABOUT: Final[dict[str, type]] = {"format": str, "subject": str, "size": int, "leaves": list}


class BatteryFiles:
    """The evidence in a bundle of one battery."""

    live = False

    def __init__(self, files: LocalFiles) -> None:
        """Raises:
        TraceError: `bundle.json` is not one.
        """
        self.name = files.name
        self._files = files
        about = _about(files.read(ABOUT, MAX_ABOUT))
        self.subject: str | None = _subject(about["subject"])
        self._size: int = about["size"]
        self._leaves: list[int] = about["leaves"]

    def checkpoint(self) -> bytes:
        return self._files.read(CHECKPOINT, MAX_NOTE)

    def vkeys(self) -> bytes | None:
        return read_vkey_files(self._files)

    def unexpected(self, size: int) -> Iterator[Finding]:
        if self._size != size:
            yield Finding("BUNDLE_MALFORMED", f"size: expected {size}, got {self._size}", place=ABOUT)
        names = self._files.names()
        yield from missing_vkeys(names)
        yield from damaged_rules(self._files, names)
        # Whoever made the bundle can leave entries out of the list as well; what was lost later shows.
        listed = {f"{RECEIPTS}{leaf}" for leaf in self._leaves}
        for name in sorted(listed - {*names}):
            yield Finding("BUNDLE_INCOMPLETE", f"expected {name}, got none", place=name)
        for name in sorted({*names} - listed - {ABOUT, CHECKPOINT, *VKEYS}):
            if parse_evidence_path(name) is None and not is_rules_path(name):
                yield unexpected_file(name)

    def documents(self) -> Documents | None:
        return BundledDocuments(self._files)

    def rules(self, sha256: str) -> bytes | None:
        return read_rules(self._files, sha256)

    def proofs(self) -> Iterator[tuple[str, TlogProof]]:
        checkpoint = self.checkpoint()
        leaves = (numbered(name, RECEIPTS) for name in self._files.names())
        for leaf in sorted(leaf for leaf in leaves if leaf is not None):
            name = f"{RECEIPTS}{leaf}"
            proof = parse_proof(self._files.read(name, MAX_PROOF), name)
            if proof.index != leaf:
                raise RefusedError(
                    f"index: expected {leaf}, got {proof.index}", code="RECEIPT_MISMATCH", where=name
                )
            if proof.checkpoint != checkpoint:
                raise RefusedError(
                    "checkpoint: expected the bundle's, got another", code="RECEIPT_MISMATCH", where=name
                )
            yield name, proof


class ReceiptFile:
    """The evidence in a receipt: a tlog-proof with the entry in it, or ``{"id","entry","proof"}``."""

    live = False
    subject = None

    def __init__(self, path: Path) -> None:
        """Raises:
        TraceError: The file is not a receipt.
        """
        self.name = str(path)
        try:
            with path.open("rb") as file:
                data = file.read(MAX_PROOF + 1)
        except OSError as error:
            raise SourceError(f"{path.name}: {error.strerror}") from error
        if len(data) > MAX_PROOF:
            raise SourceTooLargeError(f"{path.name}: expected at most {MAX_PROOF} bytes, got more")
        self._proof = _receipt(data, path.name)

    def checkpoint(self) -> bytes:
        return self._proof.checkpoint

    def vkeys(self) -> bytes | None:
        return None

    def unexpected(self, size: int) -> Iterator[Finding]:
        yield Finding("RECEIPT_ALONE")

    def documents(self) -> Documents | None:
        return None

    def rules(self, sha256: str) -> bytes | None:
        return None

    def proofs(self) -> Iterator[tuple[str, TlogProof]]:
        yield "proof", self._proof


def parse_proof(data: bytes, where: str) -> TlogProof:
    """Parse an inclusion proof that carries its entry.

    Raises:
        RefusedError: Another form, or no entry in it.
    """
    try:
        proof = parse_tlog_proof(data)
    except SigningError as error:
        if b"\r\n" in data and _is_proof(data.replace(b"\r\n", b"\n")):
            raise SourceError(f"{where}: {CHANGED_LINE_ENDS}", where=where) from error
        raise RefusedError(str(error), code=error.code, where=where) from error
    if proof.extra is None:
        raise RefusedError("extra: expected the entry, got nothing", code="LOG_PROOF_MALFORMED", where=where)
    return proof


def _is_proof(data: bytes) -> bool:
    try:
        parse_tlog_proof(data)
    except SigningError:
        return False
    return True


def _receipt(data: bytes, where: str) -> TlogProof:
    if not data.startswith(b"{"):
        if not data.startswith(b"c2sp.org/tlog-proof@"):
            raise SourceError(f"{where}: expected a bundle, a receipt or a database, got another file")
        return parse_proof(data, where)
    given = parse_json_object(data, where)
    named = {name: kind for name, kind in _ANSWER.items() if name in given}
    check_members(given, _RECEIPT | named, where)
    proof = parse_proof(given["proof"].encode("utf-8", "surrogatepass"), where)
    entry = given["entry"].encode("utf-8", "surrogatepass")
    _check_answer(given, proof, where)
    if proof.extra != entry:
        raise RefusedError(
            "entry: expected the entry that is proven, got another", code="RECEIPT_MISMATCH", where=where
        )
    try:
        text, _ = parse_entry(entry)
        event_id = parse_event_jws(text).id
    except TraceError:
        return proof  # What is wrong with the entry is said when it is replayed.
    if given["id"] != event_id:
        raise RefusedError(
            f"id: expected {event_id}, got {given['id'][:60]}", code="RECEIPT_MISMATCH", where=where
        )
    return proof


def _check_answer(given: dict[str, Any], proof: TlogProof, where: str) -> None:
    """What the answer of a node repeats outside the proof is what the proof says."""
    try:
        recorded_at = format_log_time(parse_entry(proof.extra or b"")[1])
    except TraceError:
        recorded_at = ""  # What is wrong with the entry is said when it is replayed.
    said = {
        "leaf_index": proof.index,
        "checkpoint": proof.checkpoint.decode("utf-8", "replace"),
        "recorded_at": recorded_at,
    }
    for name, expected in said.items():
        if given.get(name, expected) != expected:
            raise RefusedError(
                f"{name}: expected what is proven, {str(expected)[:60]!r}, got {str(given[name])[:60]!r}",
                code="RECEIPT_MISMATCH",
                where=where,
            )


def _about(data: bytes) -> dict[str, Any]:
    about = check_members(parse_json_object(data, ABOUT), _ABOUT, ABOUT)
    if about["format"] != FORMAT:
        raise SourceMalformedError(f"format: expected {FORMAT}, got {about['format'][:60]}", where=ABOUT)
    leaves = about["leaves"]
    if not all(type(leaf) is int for leaf in leaves) or leaves != sorted({*leaves}):
        raise SourceMalformedError("leaves: expected leaf indexes, each once and ascending", where=ABOUT)
    return about


def _subject(text: str) -> str:
    """Whose bundle it is: a battery's, or the registry alone would pass for a bundle that says something."""
    try:
        subject = parse_subject(text)
    except RefusedError as error:
        raise SourceMalformedError(f"subject: {error.message}", where=ABOUT) from error
    if subject.kind != "battery":
        raise SourceMalformedError(f"subject: expected a battery, got {text[:100]}", where=ABOUT)
    return text
