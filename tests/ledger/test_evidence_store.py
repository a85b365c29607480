"""The store of documents: what goes in comes out, or nothing does."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tracemalloc
from pathlib import Path

import pytest

from packtrace.trace.documents import MAX_DOCUMENT
from packtrace.trace.ledger.evidence_store import (
    DocumentDamagedError,
    DocumentMissingError,
    DocumentRefusedError,
    EvidenceStore,
    Stored,
    open_plain,
)

CONTENT = b"\xff\xd8\xff a photo"
SHA256 = hashlib.sha256(CONTENT).digest()


@pytest.fixture
def store(tmp_path: Path) -> EvidenceStore:
    return EvidenceStore(tmp_path / "evidence")


def path_in(tmp_path: Path, sha256: bytes = SHA256) -> Path:
    return tmp_path / "evidence" / sha256.hex()[:2] / sha256.hex()


def add(store: EvidenceStore, content: bytes = CONTENT) -> Stored:
    return store.add(io.BytesIO(content), "a file")


def test_document_comes_out_as_it_went_in(store: EvidenceStore, tmp_path: Path) -> None:
    assert add(store) == Stored(SHA256, len(CONTENT))
    assert b"".join(store.chunks(SHA256)) == CONTENT
    assert (store.state(SHA256), store.size(SHA256)) == ("there", len(CONTENT))
    assert path_in(tmp_path).read_bytes() == CONTENT, "its name is its hash"
    assert list(store.digests()) == [SHA256]


def test_document_is_readable_by_its_owner_alone(store: EvidenceStore, tmp_path: Path) -> None:
    add(store)
    assert stat.S_IMODE(path_in(tmp_path).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "evidence").stat().st_mode) == 0o700


def test_same_document_is_stored_once(store: EvidenceStore, tmp_path: Path) -> None:
    add(store)
    before = path_in(tmp_path).stat()
    add(store)
    after = path_in(tmp_path).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns), "it is left alone"
    assert [path.name for path in (tmp_path / "evidence").iterdir()] == [SHA256.hex()[:2]]


def test_nothing_is_left_of_a_document_that_can_not_be_read_to_its_end(
    store: EvidenceStore, tmp_path: Path
) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError("the card was pulled out")
            return super().read(5)

    with pytest.raises(OSError, match="pulled out"):
        store.add(Broken(CONTENT), "a card")
    assert list((tmp_path / "evidence").iterdir()) == []


def test_name_appears_only_when_the_content_is_on_the_disk(
    store: EvidenceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    real_sync, real_replace = os.fsync, os.replace

    def fsync(handle: int) -> None:
        synced.append(os.fstat(handle).st_mode)
        real_sync(handle)

    def replace(old: str, new: Path) -> None:
        assert any(map(stat.S_ISREG, synced)), "the content comes first"
        synced.clear()
        real_replace(old, new)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    add(store)
    assert [stat.S_ISDIR(mode) for mode in synced] == [True], "then the name"


def test_empty_document_is_refused(store: EvidenceStore) -> None:
    with pytest.raises(DocumentRefusedError, match=rf"expected 1 to {MAX_DOCUMENT} bytes, got none"):
        add(store, b"")


def test_document_that_is_too_long_is_refused_and_not_held(store: EvidenceStore, tmp_path: Path) -> None:
    with (tmp_path / "long").open("w+b") as file:
        file.truncate(MAX_DOCUMENT + 1)  # sparse
        tracemalloc.start()
        try:
            with pytest.raises(DocumentRefusedError, match="got more"):
                store.add(file, "long")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 8 << 20
    assert list((tmp_path / "evidence").iterdir()) == []


def test_document_without_end_is_read_no_further_than_the_bound(store: EvidenceStore) -> None:
    class Endless(io.BytesIO):
        given = 0

        def read(self, size: int | None = -1, /) -> bytes:
            assert size is not None and 0 < size <= 1 << 20
            assert self.given <= MAX_DOCUMENT, "more was asked for"
            self.given += size
            return bytes(size)

    with pytest.raises(DocumentRefusedError, match="got more"):
        store.add(Endless(), "a device")


def test_missing_document_is_told(store: EvidenceStore) -> None:
    assert store.state(SHA256) == "missing"
    assert list(store.digests()) == list(store.strays()) == []
    with pytest.raises(DocumentMissingError, match=f"expected {SHA256.hex()}, got none"):
        list(store.chunks(SHA256))


@pytest.mark.parametrize("content", [b"", CONTENT[:-1], CONTENT + b"\0", b"another"])
def test_document_that_changed_is_damaged_and_neither_served_nor_overwritten(
    store: EvidenceStore, tmp_path: Path, content: bytes
) -> None:
    add(store)
    path_in(tmp_path).write_bytes(content)
    assert store.state(SHA256) == "damaged"
    with pytest.raises(DocumentDamagedError, match=f"expected {SHA256.hex()}"):
        list(store.chunks(SHA256))
    with pytest.raises(DocumentDamagedError):
        add(store)
    assert path_in(tmp_path).read_bytes() == content


@pytest.mark.parametrize("what", ["link", "dangling link", "folder", "pipe"])
def test_what_is_no_plain_file_is_damaged(store: EvidenceStore, tmp_path: Path, what: str) -> None:
    add(store)
    path = path_in(tmp_path)
    path.rename(tmp_path / "elsewhere")
    match what:
        case "link":
            path.symlink_to(tmp_path / "elsewhere")
        case "dangling link":
            path.symlink_to(tmp_path / "nothing")
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
    assert store.state(SHA256) == "damaged"
    with pytest.raises(DocumentDamagedError):
        add(store)
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("which", ["evidence", f"evidence/{SHA256.hex()[:2]}"])
def test_link_in_place_of_a_folder_leads_nowhere(store: EvidenceStore, tmp_path: Path, which: str) -> None:
    add(store)
    (tmp_path / which).rename(tmp_path / "elsewhere")
    (tmp_path / which).symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    before = (tmp_path / "elsewhere").stat().st_mtime_ns
    assert store.state(SHA256) == "damaged"
    with pytest.raises(DocumentDamagedError):
        add(store)
    assert (tmp_path / "elsewhere").stat().st_mtime_ns == before, "nothing is written there"


@pytest.mark.parametrize("what", ["link", "folder", "pipe"])
def test_only_a_plain_file_is_opened(tmp_path: Path, what: str) -> None:
    path = tmp_path / "given"
    match what:
        case "link":
            (tmp_path / "real").write_bytes(CONTENT)
            path.symlink_to(tmp_path / "real")
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)  # to open it would wait for a writer
    with pytest.raises(DocumentRefusedError, match="expected a plain file"):
        open_plain(path)


def test_what_does_not_belong_in_the_store_is_listed(store: EvidenceStore, tmp_path: Path) -> None:
    add(store)
    folder = tmp_path / "evidence"
    misplaced = folder / "zz"
    misplaced.mkdir()
    names = [folder / ".new-left", path_in(tmp_path).with_name("photo.jpg"), misplaced / SHA256.hex()]
    for path in names:
        path.write_bytes(CONTENT)
    assert list(store.strays()) == sorted(names)
    assert list(store.digests()) == [SHA256]
