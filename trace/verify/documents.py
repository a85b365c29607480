"""Step 8, documents: where a file comes with an event that refers to it, it is the one that was signed.

Nothing is read but what an event refers to, in the size that it says: a bundle can't make its reader hash
whatever somebody put into it.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from ..bundle.layout import evidence_path
from ..documents import Document, digests_of, documents_of
from ..errors import TraceError, UndecidedError
from .evidence import Documents, SourceMalformedError, SourceTooLargeError
from .findings import Finding, Findings

MAX_HASHED: Final = 1 << 38
"""Bytes of documents that are hashed in one verification: about five minutes."""

_PARTS: Final = 8  # in which documents that did not come along are counted


class DocumentMismatchError(UndecidedError):
    """A file is not the document that was signed, which thus is missing; of the event this says nothing."""

    code: ClassVar[str] = "EVIDENCE_MISMATCH"

    def __init__(self, *, expected: str, got: str) -> None:
        super().__init__(f"expected {expected}, got {got}")


@dataclass(frozen=True, slots=True)
class DocumentTally:
    """How many documents the events refer to, how many of these came with them, and how many match."""

    referred: int = 0
    given: int = 0
    matching: int = 0


NO_DOCUMENTS: Final = DocumentTally()


class DocumentCheck:
    """The documents of one source, compared with what the events say of them."""

    def __init__(self, given: Documents | None, findings: Findings, *, most: int = MAX_HASHED) -> None:
        """Args:
        given: The documents that the source holds; None where it can't hold any.
        findings: Where findings go.
        most: Bytes that are hashed in all.
        """
        self._documents = given
        self._given = frozenset(given.digests()) if given else frozenset()
        self._findings = findings
        self._room = most
        self._referred: set[bytes] = set()
        self._counted = array("q")
        self._wrong: set[bytes] = set()  # of those that are given
        self._hashed: dict[bytes, TraceError | None] = {}  # with what came of it

    def check(self, payload: Mapping[str, Any], subject: str | None, leaf: int, event_id: str) -> None:
        """Compare the documents of one event.

        Args:
            payload: What was signed, in whatever shape.
        """
        if not self._given:
            # Only counted then, by the eight bytes of this process's own hash: memory grows with them.
            self._counted.extend(map(hash, digests_of(payload)))
            return
        for document in documents_of(payload):
            sha256 = document.sha256
            self._referred.add(sha256)
            if self._documents is None or sha256 not in self._given:
                continue
            try:
                self._check(self._documents, document)
            except TraceError as error:
                self._wrong.add(sha256)
                self._findings.add(
                    Finding.from_error(
                        error,
                        subject=subject,
                        leaf_index=leaf,
                        event_id=event_id,
                        place=evidence_path(sha256),
                    )
                )

    def finish(self) -> None:
        """Say which files no event refers to. Nothing of them was read."""
        for sha256 in sorted(self._given - self._referred):
            place = evidence_path(sha256)
            self._findings.add(Finding("BUNDLE_UNEXPECTED_FILE", "no event refers to it", place=place))

    @property
    def tally(self) -> DocumentTally:
        """The count, each document once."""
        if not self._given:
            return DocumentTally(referred=_count_distinct(self._counted))
        given = len(self._given & self._referred)
        return DocumentTally(len(self._referred), given, given - len(self._wrong))

    def _check(self, documents: Documents, document: Document) -> None:
        """The file is the one that was signed.

        Raises:
            DocumentMismatchError: It is another one, or damaged.
            UndecidedError: It can't be read, or not within bounds.
        """
        size = documents.size(document.sha256)
        if size != document.size:
            raise DocumentMismatchError(expected=f"{document.size} bytes", got=str(size))
        if document.sha256 not in self._hashed:  # It is read once, whoever refers to it.
            self._hashed[document.sha256] = self._why_other(documents, document)
        error = self._hashed[document.sha256]
        if error is not None:
            raise error.with_traceback(None)  # which would grow each time

    def _why_other(self, documents: Documents, document: Document) -> TraceError | None:
        self._room -= document.size
        if self._room < 0:
            return SourceTooLargeError("expected fewer bytes of documents in all; this one was not read")
        try:
            got = documents.hash(document.sha256)
        except SourceMalformedError as error:  # A damaged member of a zip, as a damaged file in a folder.
            return DocumentMismatchError(expected="a document that can be read", got=error.message)
        except UndecidedError as error:
            return error
        if got == document.sha256:
            return None
        return DocumentMismatchError(expected=f"SHA-256 {document.sha256.hex()}", got=got.hex())


def _count_distinct(numbers: array[int]) -> int:
    """How many numbers there are, each once: part by part, as one set of all takes ten times their room."""
    return sum(len({number for number in numbers if number % _PARTS == part}) for part in range(_PARTS))
