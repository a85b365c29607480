"""The files of a bundle, from a folder or a zip that somebody else made: bounded, and nothing but files."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from .evidence import SourceError, SourceIncompleteError, SourceMalformedError, SourceTooLargeError

MAX_FILES: Final = 2_000_000
MAX_MEMBERS: Final = 500_000
MAX_TOTAL: Final = 1 << 40  # bytes that the members of a zip may say they have
MAX_RATIO: Final = 100  # of a member's size to what it takes in the zip
_RATIO_FREE: Final = 1 << 20  # bytes below which the ratio does not matter
_CHUNK: Final = 1 << 20  # bytes that are read at once


class Files(Protocol):
    """Named files that can be read."""

    @property
    def name(self) -> str:
        """What the whole is called in a report."""

    def names(self) -> Collection[str] | None:
        """The names of all of them; None where they can't be listed."""

    def read(self, name: str, limit: int) -> bytes:
        """The content of a file of at most `limit` bytes. Raises TraceError for anything else."""


class LocalFiles(Files, Protocol):
    """Files on this machine, which may be too long to be held in memory."""

    def names(self) -> Collection[str]:
        """The names of all of them."""

    def size(self, name: str) -> int:
        """Bytes of a file. Raises TraceError where it is none."""

    def chunks(self, name: str) -> Iterator[bytes]:
        """The content of a file, piece by piece. Raises TraceError where it is none, or damaged."""


class FolderFiles:
    """The files in a folder. Links are refused: they lead to what is not in the bundle."""

    def __init__(self, root: Path) -> None:
        self.name = str(root)
        self._root = root
        self._resolved = root.resolve()
        self._names: frozenset[str] | None = None

    def names(self) -> Collection[str]:
        if self._names is None:
            self._names = frozenset(self._walk())
        return self._names

    def _walk(self) -> set[str]:
        found: set[str] = set()

        def refuse(error: OSError) -> None:
            raise SourceError(f"{self.name}: {error.strerror}") from error

        for folder, subfolders, files in os.walk(self._root, onerror=refuse):
            for name in (*subfolders, *files):
                path = Path(folder) / name
                mode = path.lstat().st_mode
                relative = path.relative_to(self._root).as_posix()
                if not stat.S_ISDIR(mode):
                    found.add(relative)
                if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
                    raise SourceMalformedError(f"{relative}: expected a plain file, got a link or a device")
            if len(found) > MAX_FILES:
                raise SourceTooLargeError(f"{self.name}: expected at most {MAX_FILES} files, got more")
        return found

    def read(self, name: str, limit: int) -> bytes:
        with self._errors(name), self._plain(name).open("rb") as file:
            data = file.read(limit + 1)
        return _bounded(data, name, limit)

    def size(self, name: str) -> int:
        with self._errors(name):
            return self._plain(name).stat().st_size

    def chunks(self, name: str) -> Iterator[bytes]:
        with self._errors(name), self._plain(name).open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def _plain(self, name: str) -> Path:
        """The path of a file that is no link, and to which none leads."""
        path = self._root / name
        if not stat.S_ISREG(path.lstat().st_mode) or path.resolve() != self._resolved / name:
            raise SourceMalformedError(f"{name}: expected a plain file, got a link or something else")
        return path

    @staticmethod
    @contextmanager
    def _errors(name: str) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, NotADirectoryError) as error:
            raise SourceIncompleteError(f"{name}: expected a file, got none", where=name) from error
        except (OSError, ValueError) as error:
            raise SourceError(f"{name}: {getattr(error, 'strerror', None) or error}", where=name) from error


class ZipFiles:
    """The members of a zip. What the zip says about them is checked first, what it holds when it is read."""

    def __init__(self, path: Path) -> None:
        """Raises:
        SourceError: Not a zip.
        SourceMalformedError: A name that leads out of the bundle or occurs twice, a link, or a member that is
            encrypted, compressed in an unusual way, or grows beyond reason.
        SourceTooLargeError: Too many members, or too large.
        """
        self.name = str(path)
        try:
            self._archive = zipfile.ZipFile(path)
        except _ZIP_ERRORS as error:
            raise SourceError(f"{path.name}: expected a zip, got something else ({error})") from error
        members = self._archive.infolist()
        if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_TOTAL:
            raise SourceTooLargeError(
                f"{path.name}: expected at most {MAX_MEMBERS} members and {MAX_TOTAL} bytes, got more"
            )
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in members:
            name = member.filename
            _check_member(member)
            if name in self._members:
                raise SourceMalformedError(f"{name[:80]!r}: expected each name once, got it twice")
            if not member.is_dir():
                self._members[name] = member

    def names(self) -> Collection[str]:
        return self._members.keys()

    def read(self, name: str, limit: int) -> bytes:
        member = self._member(name)
        try:
            with self._archive.open(member) as file:
                data = file.read(limit + 1)
        except _ZIP_ERRORS as error:
            raise SourceMalformedError(f"{name}: expected a member that can be read, got {error}") from error
        return _bounded(data, name, limit)

    def size(self, name: str) -> int:
        return self._member(name).file_size

    def chunks(self, name: str) -> Iterator[bytes]:
        member = self._member(name)
        try:
            with self._archive.open(member) as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
        except _ZIP_ERRORS as error:
            raise SourceMalformedError(f"{name}: expected a member that can be read, got {error}") from error

    def _member(self, name: str) -> zipfile.ZipInfo:
        member = self._members.get(name)
        if member is None:
            raise SourceIncompleteError(f"{name}: expected a file, got none", where=name)
        return member


_ZIP_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
)
"""What `zipfile` raises for a damaged archive; `RuntimeError` is a member that needs a password."""


def _check_member(member: zipfile.ZipInfo) -> None:
    name = member.filename
    shown = repr(name[:80])
    parts = name.removesuffix("/").split("/")
    if "\\" in name or ":" in name or any(part in ("", ".", "..") for part in parts):
        raise SourceMalformedError(
            f"{shown}: expected a name inside the bundle, got one that leads out of it"
        )
    mode = member.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise SourceMalformedError(f"{shown}: expected a plain file, got a link or a device")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # The other decoders give out whatever a chunk grows to, whatever size the member is said to have.
        raise SourceMalformedError(
            f"{shown}: expected a member stored or deflated, got compression method {member.compress_type}"
        )
    if member.flag_bits & 1:
        raise SourceMalformedError(f"{shown}: expected a member without a password, got one with")
    if member.file_size > _RATIO_FREE and member.file_size > MAX_RATIO * member.compress_size:
        raise SourceMalformedError(
            f"{shown}: expected at most {MAX_RATIO} times the {member.compress_size} bytes that it takes, "
            f"got {member.file_size}"
        )


def _bounded(data: bytes, name: str, limit: int) -> bytes:
    if len(data) > limit:
        raise SourceTooLargeError(f"{name}: expected at most {limit} bytes, got more", where=name)
    return data
