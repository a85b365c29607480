"""What a source must give to be verified, wherever it lies. Nothing that it gives is believed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import ClassVar, Protocol

from ...signing.tlog_proof import TlogProof
from ..errors import TraceError, UndecidedError
from ..lifecycle.world import Memory
from .concerns import Concerns
from .findings import Finding


class SourceError(UndecidedError):
    """The source, or a part of it, can't be read."""

    code: ClassVar[str] = "SOURCE_UNREADABLE"


class SourceIncompleteError(UndecidedError):
    """Something that belongs in the source is not there."""

    code: ClassVar[str] = "BUNDLE_INCOMPLETE"


class SourceTooLargeError(UndecidedError):
    """A part of the source exceeds what is safe to read."""

    code: ClassVar[str] = "SOURCE_TOO_LARGE"


class SourceMalformedError(TraceError):
    """The source is damaged, or made to do harm."""

    code: ClassVar[str] = "BUNDLE_MALFORMED"


class Documents(Protocol):
    """Files that lie beside the entries, each called by its SHA-256."""

    def digests(self) -> Collection[bytes]:
        """What they are called."""

    def size(self, sha256: bytes) -> int:
        """Bytes of the file of this name."""

    def hash(self, sha256: bytes) -> bytes:
        """The SHA-256 of what the file of this name holds."""


class Evidence(Protocol):
    """What every kind of source has. Every method raises `TraceError` for what it can't read."""

    @property
    def name(self) -> str:
        """What the source is called in a report."""

    @property
    def live(self) -> bool:
        """A node or a ledger, which can be rolled back; a bundle can only be old."""

    def checkpoint(self) -> bytes:
        """The signed head that the source is to be verified against."""

    def vkeys(self) -> bytes | None:
        """The verifier keys that the source says are the log's, one a line: a convenience."""

    def unexpected(self, size: int) -> Iterator[Finding]:
        """What is in the source and does not belong there, in a log of that size."""

    def documents(self) -> Documents | None:
        """The documents that came along; None from a source that can't hold any."""

    def rules(self, sha256: str) -> bytes | None:
        """The file with the rule set that is said to have this digest; None where there is none."""


class LogEvidence(Evidence, Protocol):
    """A whole log."""

    def checkpoints(self) -> Iterator[tuple[str, bytes]]:
        """Every stored checkpoint: the size by which it is filed, and the note."""

    def count(self, size: int) -> int:
        """How many entries there are, in a source whose checkpoint has that size."""

    def entries(self, count: int) -> Iterator[Sequence[bytes]]:
        """The entries from the first on, some hundred at a time."""

    def tile(self, level: int, index: int, width: int) -> bytes | None:
        """A stored hash tile; None from a source that keeps none."""

    @property
    def has_tables(self) -> bool:
        """Whether there are tables to compare."""

    def compare(
        self, world: Memory, concerns: Concerns, skip: Collection[str], size: int, frontier: bytes
    ) -> Iterator[Finding]:
        """Step 11: derived tables against the world that the entries give, but for chains not judged."""


class PartEvidence(Evidence, Protocol):
    """Some entries, each with its inclusion proof."""

    @property
    def subject(self) -> str | None:
        """Whose chain is whole in it; None for a receipt alone."""

    def proofs(self) -> Iterator[tuple[str, TlogProof]]:
        """The proofs with their entries in `extra`, in the order of leaves; each with the file's name."""
