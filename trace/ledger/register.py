"""Where the last signed checkpoint is kept, apart from the database.

There is one register for an origin, and every sequencer reaches it. A backup that is restored over the
database leaves it alone: the gap is seen, and nothing is signed that contradicts an earlier checkpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson
from filelock import FileLock

from ...signing.errors import SigningError
from ...signing.merkle import Frontier
from ...signing.std_base64 import format_base64, parse_base64
from .errors import CheckpointConflictError, FatalStorageError, LedgerDamagedError
from .home import save_durably


@dataclass(frozen=True, slots=True)
class Registered:
    """A signed checkpoint, and the tree that it is the head of as its complete subtrees."""

    note: bytes
    size: int
    frontier: bytes  # 32 bytes for each 1 bit of `size`, largest subtree first

    @property
    def tree(self) -> Frontier:
        """A frontier to go on from; a copy each time."""
        return Frontier.from_bytes(self.size, self.frontier)


class Register(Protocol):
    """A durable place for one checkpoint, which is replaced by comparing and swapping."""

    def load(self) -> Registered | None:
        """The checkpoint that is registered; None before the first."""
        ...

    def swap(self, old: bytes | None, new: Registered) -> None:
        """Replace the note `old` by `new`; durable on return.

        Raises:
            CheckpointConflictError: Another note than `old` is registered; nothing is changed.
            FatalStorageError: It is not known which of the two is on the disk.
        """
        ...


class FileRegister:
    """A register in a file of its own: written beside, synced, renamed, and the folder synced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = file_lock(path.with_name(f"{path.name}.lock"))

    def load(self) -> Registered | None:
        """As `Register.load`.

        Raises:
            LedgerDamagedError: The file holds something else.
        """
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return None
        return _parse_registered(data, str(self._path))

    def swap(self, old: bytes | None, new: Registered) -> None:
        """As `Register.swap`."""
        with self._lock:
            present = self.load()
            if (present.note if present else None) != old:
                size = present.size if present else 0
                raise CheckpointConflictError(
                    f"{self._path}: expected the checkpoint that was read before, got one of size {size}"
                )
            try:
                save_durably(self._path, _format_registered(new))
            except OSError as error:
                raise FatalStorageError(
                    f"{self._path}: expected the checkpoint of size {new.size} on the disk, got {error}"
                ) from error


def file_lock(path: Path) -> FileLock:
    """A lock that the system lets go of when its holder dies, for one thread at a time."""
    # A lock by mere existence of the file would outlive a killed process: better none than that.
    return FileLock(path, poll_interval=0.001, thread_local=False, fallback_to_soft=False)


def _format_registered(registered: Registered) -> bytes:
    frontier = [format_base64(each) for each in registered.tree.hashes]
    value = {"checkpoint": registered.note.decode("utf-8"), "size": registered.size, "frontier": frontier}
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)


def _parse_registered(data: bytes, where: str) -> Registered:
    try:
        value: Any = orjson.loads(data)
        hashes = [parse_base64(text, "frontier") for text in value["frontier"]]
        registered = Registered(value["checkpoint"].encode(), value["size"], b"".join(hashes))
        registered.tree  # noqa: B018 - the size and the number of hashes belong together
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, SigningError) as error:
        raise LedgerDamagedError(f"{where}: expected a registered checkpoint, got {error}") from error
    return registered
