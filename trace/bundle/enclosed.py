"""The documents that go into a bundle with the entries that refer to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Literal, Protocol

from ..documents import documents_of
from ..statement import parse_entry, parse_event_jws
from .layout import evidence_path
from .output import Content

State = Literal["there", "missing", "damaged"]


class DocumentStore(Protocol):
    """Where documents are kept."""

    def state(self, sha256: bytes) -> State:
        """Whether the document is there, and still is what its name says."""

    def chunks(self, sha256: bytes) -> Iterator[bytes]:
        """A document that is there. Where it is another by now, TraceError is raised before its end."""


class Enclosed:
    """Takes documents into a bundle, and tells afterwards which ones."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store
        self.states: dict[bytes, State] = {}
        """What became of each document that the entries refer to; those that are there are taken in."""

    def files_for(self, entries: Iterable[bytes]) -> dict[str, Content]:
        """The files of the documents to which these entries refer, each once."""
        files: dict[str, Content] = {}
        for entry in entries:
            text, _ = parse_entry(entry)
            for document in documents_of(parse_event_jws(text).value):
                sha256 = document.sha256
                if sha256 not in self.states:
                    self.states[sha256] = self._store.state(sha256)
                if self.states[sha256] == "there":
                    files[evidence_path(sha256)] = partial(self._store.chunks, sha256)
        return files
