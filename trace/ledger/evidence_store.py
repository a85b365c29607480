"""Documents beside the log, each under its SHA-256: written once, never changed, checked when read.

Nobody trusts the store. What a document must be, the signed event says; a file that is something else by now
is told as damaged and given to nobody.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar, Final

from ..bundle.enclosed import State
from ..documents import MAX_DOCUMENT, format_file_name, parse_file_name
from ..errors import RefusedError
from .errors import LedgerError
from .home import sync_folder

_CHUNK: Final = 1 << 20  # bytes that are in memory at once
_UNFINISHED: Final = ".new-"


class DocumentRefusedError(RefusedError):
    """The file can't be evidence: it is none, or empty, or longer than a document may be."""

    code: ClassVar[str] = "EVIDENCE_REFUSED"


class DocumentDamagedError(RefusedError):
    """What lies in a document's place is not that document."""

    code: ClassVar[str] = "EVIDENCE_MISMATCH"


class DocumentMissingError(LedgerError):
    """The store does not hold the document; others may."""

    code: ClassVar[str] = "EVIDENCE_MISSING"


@dataclass(frozen=True, slots=True)
class Stored:
    """A document that is in the store."""

    sha256: bytes
    size: int  # bytes


class EvidenceStore:
    """The files `<folder>/<first two digits>/<64 hexadecimal digits>`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, source: BinaryIO, where: str) -> Stored:
        """Take in a document; on return it is on the disk. One that is there already is left alone.

        Args:
            source: Read to its end, once, in pieces.
            where: What it is called in an error.

        Raises:
            DocumentRefusedError: Empty, or more than `MAX_DOCUMENT` bytes.
            DocumentDamagedError: Something else lies in its place; that is not overwritten.
            OSError: It can't be written.
        """
        self._check_folder(self._folder)
        self._make_folder(self._folder)
        handle, beside = tempfile.mkstemp(prefix=_UNFINISHED, dir=self._folder)
        try:
            with os.fdopen(handle, "wb") as file:
                stored = _copy(source, file, where)
                file.flush()
                os.fsync(file.fileno())
            try:
                self._check(stored.sha256)
            except DocumentMissingError:
                place = self._path(stored.sha256)
                self._make_folder(place.parent)
                os.replace(beside, place)  # Whoever else adds it at this moment adds the same bytes.
                sync_folder(place.parent)
        finally:
            Path(beside).unlink(missing_ok=True)
        return stored

    def state(self, sha256: bytes) -> State:
        """Whether a document is there, and still is what its name says. Reads all of it."""
        try:
            self._check(sha256)
        except DocumentMissingError:
            return "missing"
        except DocumentDamagedError:
            return "damaged"
        return "there"

    def size(self, sha256: bytes) -> int:
        """Bytes of a document.

        Raises:
            DocumentMissingError, DocumentDamagedError: As `chunks`.
        """
        with self._open(sha256) as file:
            return os.fstat(file.fileno()).st_size

    def chunks(self, sha256: bytes) -> Iterator[bytes]:
        """A document, piece by piece. It is the right one only if no error comes at the end.

        Raises:
            DocumentMissingError: It is not there.
            DocumentDamagedError: Something else lies in its place.
        """
        digest = hashlib.sha256()
        with self._open(sha256) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                yield chunk
        if digest.digest() != sha256:
            raise DocumentDamagedError(
                f"SHA-256: expected {sha256.hex()}, got {digest.hexdigest()}", where=str(self._path(sha256))
            )

    def remove(self, sha256: bytes) -> bool:
        """Delete a document, or whatever lies in its place; whether anything did."""
        path = self._path(sha256)
        self._check_folder(self._folder)
        self._check_folder(path.parent)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        sync_folder(path.parent)
        return True

    def digests(self) -> Iterator[bytes]:
        """What the store holds, in order; whether each is what its name says is for `state` to tell."""
        for path in self._paths():
            sha256 = parse_file_name(path.name)
            if sha256 is not None and path == self._path(sha256):
                yield sha256

    def strays(self) -> Iterator[Path]:
        """What lies in the store's folder and is no document: left by a crash, or by somebody."""
        for path in self._paths():
            sha256 = parse_file_name(path.name)
            if sha256 is None or path != self._path(sha256):
                yield path

    def _paths(self) -> Iterator[Path]:
        if not self._folder.is_dir():
            return
        for path in sorted(self._folder.iterdir()):
            if path.is_dir() and not path.is_symlink():
                yield from sorted(path.iterdir())
            else:
                yield path

    def _path(self, sha256: bytes) -> Path:
        name = format_file_name(sha256)
        return self._folder / name[:2] / name

    def _check(self, sha256: bytes) -> None:
        for _ in self.chunks(sha256):
            pass

    @contextmanager
    def _open(self, sha256: bytes) -> Iterator[BinaryIO]:
        path = self._path(sha256)
        for folder in (self._folder, path.parent):
            self._check_folder(folder)
        try:
            file = open_plain(path)
        except FileNotFoundError as error:
            raise DocumentMissingError(
                f"document: expected {sha256.hex()}, got none", where=str(path)
            ) from error
        except DocumentRefusedError as error:
            raise DocumentDamagedError(error.message, where=error.where) from error
        with file:
            yield file

    @staticmethod
    def _check_folder(folder: Path) -> None:
        if os.path.lexists(folder) and not stat.S_ISDIR(folder.lstat().st_mode):
            raise DocumentDamagedError("expected a folder, got a link or something else", where=str(folder))

    @staticmethod
    def _make_folder(folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(mode=0o700)
            sync_folder(folder.parent)


def open_plain(path: Path) -> BinaryIO:
    """Open a file to read it, if it is one.

    Raises:
        DocumentRefusedError: A link, a folder, a device or a pipe.
        OSError: Nothing is there, or it may not be read.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        raise DocumentRefusedError("expected a plain file, got a link or something else", where=str(path))
    # What lies there may have been changed since: a link is not followed, and a pipe not waited for.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(path, flags | getattr(os, "O_BINARY", 0))
    file = open(handle, "rb")  # noqa: SIM115  # whoever called closes it
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise DocumentRefusedError("expected a plain file, got something else", where=str(path))
    return file


def _copy(source: BinaryIO, file: BinaryIO, where: str) -> Stored:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        size += len(chunk)
        if size > MAX_DOCUMENT:
            break
        digest.update(chunk)
        file.write(chunk)
    if not 0 < size <= MAX_DOCUMENT:
        got = "more" if size else "none"
        raise DocumentRefusedError(f"document: expected 1 to {MAX_DOCUMENT} bytes, got {got}", where=where)
    return Stored(digest.digest(), size)
