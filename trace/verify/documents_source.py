"""The documents in a bundle, each hashed as it lies there: in a stream, and never one that is too long."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from ..bundle.layout import evidence_path, parse_evidence_path
from ..documents import MAX_DOCUMENT
from .evidence import SourceTooLargeError
from .files_source import LocalFiles


class BundledDocuments:
    """The files `evidence/<SHA-256>` of a bundle."""

    def __init__(self, files: LocalFiles) -> None:
        self._files = files

    def digests(self) -> Collection[bytes]:
        named = (parse_evidence_path(name) for name in self._files.names())
        return frozenset(sha256 for sha256 in named if sha256 is not None)

    def size(self, sha256: bytes) -> int:
        return self._files.size(evidence_path(sha256))

    def hash(self, sha256: bytes) -> bytes:
        name = evidence_path(sha256)
        size = self._files.size(name)
        if size > MAX_DOCUMENT:
            raise SourceTooLargeError(f"expected at most {MAX_DOCUMENT} bytes, got {size}", where=name)
        digest = hashlib.sha256()
        for chunk in self._files.chunks(name):
            size -= len(chunk)
            if size < 0:
                raise SourceTooLargeError("expected a file that stays as it is, got a longer one", where=name)
            digest.update(chunk)
        return digest.digest()
