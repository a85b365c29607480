"""The register: one durable checkpoint, replaced by comparing and swapping."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from packtrace.signing.merkle import leaf_hash
from packtrace.trace.ledger.errors import CheckpointConflictError, FatalStorageError
from packtrace.trace.ledger.register import FileRegister, Registered

ONE = Registered(b"one\n", 1, leaf_hash(b"1"))
TWO = Registered("two, 第二\n".encode(), 3, leaf_hash(b"2") + leaf_hash(b"3"))


@pytest.fixture
def register(tmp_path: Path) -> FileRegister:
    return FileRegister(tmp_path / "checkpoint")


def test_what_is_swapped_in_is_loaded_again(register: FileRegister, tmp_path: Path) -> None:
    assert register.load() is None
    register.swap(None, ONE)
    register.swap(ONE.note, TWO)
    assert register.load() == FileRegister(tmp_path / "checkpoint").load() == TWO
    assert TWO.tree.size == 3


@pytest.mark.parametrize("old", [None, b"", b"two\n"])
def test_swap_of_another_checkpoint_changes_nothing(register: FileRegister, old: bytes | None) -> None:
    register.swap(None, ONE)
    with pytest.raises(CheckpointConflictError):
        register.swap(old, TWO)
    assert register.load() == ONE


def test_first_swap_wants_an_empty_register(register: FileRegister) -> None:
    with pytest.raises(CheckpointConflictError):
        register.swap(ONE.note, TWO)
    assert register.load() is None


@pytest.mark.parametrize("call", [1, 2])
def test_sync_that_fails_is_fatal(register: FileRegister, monkeypatch: pytest.MonkeyPatch, call: int) -> None:
    """The first sync is the file's, before the rename; the second the folder's, after it."""
    register.swap(None, ONE)
    calls = 0

    def fsync(_descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == call:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(FatalStorageError):
        register.swap(ONE.note, TWO)
    assert register.load() == (ONE if call == 1 else TWO)
