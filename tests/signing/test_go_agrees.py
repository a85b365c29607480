"""What we publish, read by programs that we did not write: Go's x/mod/sumdb, and Sigstore's client."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint
from sigstore.errors import VerificationError

from packtrace.signing.checkpoint import Checkpoint, CosignerKey, sign_cosignature, with_signatures
from packtrace.signing.merkle import Frontier, leaf_hash, prove_consistency, prove_inclusion
from packtrace.signing.note import format_note, format_vkey, parse_note
from packtrace.signing.tiles import (
    ENTRIES,
    TileBuilder,
    TileId,
    TileReader,
    format_entry_bundle,
    parse_tile_path,
    tiles_of,
)
from packtrace.signing.tlog_proof import TlogProof, format_tlog_proof
from packtrace.tests.deterministic_signer import DeterministicLogSigner, published_seed

PROGRAM = Path(__file__).parents[1] / "third_party" / "check_log.go"
GOCODE = Path("/usr/share/gocode")  # where Debian puts Go sources; its x/mod needs no network
SIGNER = DeterministicLogSigner.published("log.packtrace.example/test")
WITNESS = CosignerKey("w1.packtrace.example", Ed25519PrivateKey.from_private_bytes(published_seed("w1")))
TIME = 1_795_000_000

Check = Callable[[Path], tuple[int, str]]


@pytest.fixture(scope="module")
def check_log(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """The Go program, built; it gives its exit code and what it printed."""
    go = shutil.which("go")
    if go is None or not (GOCODE / "src/golang.org/x/mod/sumdb").is_dir():
        reason = "no Go with x/mod: apt-get install golang-go golang-golang-x-mod-dev"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("go")
    program = folder / "check_log"
    home = {"GO111MODULE": "off", "GOPATH": str(GOCODE), "GOCACHE": str(folder / "cache"), "GOFLAGS": "-p=2"}
    subprocess.run([go, "build", "-o", program, PROGRAM], check=True, env={**os.environ, **home}, timeout=120)

    def run(log: Path) -> tuple[int, str]:
        done = subprocess.run([program, log], capture_output=True, text=True, timeout=60)
        assert "panic" not in done.stderr, done.stderr
        return done.returncode, done.stdout

    return run


@pytest.fixture(scope="module")
def log_of_300(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with full and partial tiles on two levels. Copy it before changing it."""
    return write_log(tmp_path_factory.mktemp("log"), 300)


def write_log(folder: Path, size: int) -> Path:
    """A log of `size` entries as a node publishes it, with receipts and earlier checkpoints."""
    entries = [f'{{"event":"事件 {number}"}}'.encode() for number in range(size)]
    leaves = [leaf_hash(entry) for entry in entries]
    stored: dict[tuple[int, int], bytes] = {}
    builder = TileBuilder(0, lambda level, index: stored[level, index])
    for at in range(0, size, 100):
        stored |= builder.extend(leaves[at : at + 100])
    for tile in tiles_of(size):
        path = folder / tile.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(tile.level, int):
            path.write_bytes(stored[tile.level, tile.index])
        else:
            start = tile.index * 256
            path.write_bytes(format_entry_bundle(entries[start : start + tile.width]))

    checkpoint = _checkpoint(leaves)
    (folder / "checkpoint").write_bytes(checkpoint)
    (folder / "vkey").write_text(format_vkey(SIGNER.vkeys[0]))
    (folder / "witness").write_text(format_vkey(WITNESS.vkey))
    reader = TileReader(lambda tile: (folder / tile.path).read_bytes(), size)
    (folder / "receipts").mkdir()
    for index in {0, size // 3, size // 2, size - 1}:
        proof = TlogProof(index, prove_inclusion(reader.node, index, size), checkpoint, entries[index])
        (folder / "receipts" / str(index)).write_bytes(format_tlog_proof(proof))
    (folder / "older").mkdir()
    for old in {1, (size + 1) // 2, size}:
        (folder / "older" / str(old)).write_bytes(_checkpoint(leaves[:old]))
        lines = [base64.b64encode(each).decode() for each in prove_consistency(reader.node, old, size)]
        (folder / "older" / f"{old}.proof").write_text("\n".join(lines))
    return folder


def _checkpoint(leaves: list[bytes]) -> bytes:
    frontier = Frontier()
    frontier.extend(leaves)
    note = parse_note(SIGNER.sign(Checkpoint(SIGNER.origin, frontier.size, frontier.root()), time=TIME))
    return format_note(with_signatures(note, [sign_cosignature(note, WITNESS, TIME)]))


@pytest.mark.parametrize("size", [1, 2, 7, 255, 256, 257, 600])
def test_go_accepts_our_log(check_log: Check, tmp_path: Path, size: int) -> None:
    log = write_log(tmp_path / "log", size)
    receipts = len(list((log / "receipts").iterdir()))
    older = len(list((log / "older").glob("*.proof")))
    assert check_log(log) == (0, f"entries {size}, receipts {receipts}, older checkpoints {older}\n")


@pytest.mark.parametrize(
    ("file", "at", "complaint"),
    [
        ("checkpoint", -10, "note: invalid signature"),
        # x/mod before 0.40 does not hold the first tiles against their parents (CVE-2026-56865), so that its
        # reader takes this one; our program then finds that it is not the entries'.
        ("tile/0/000", 0, ("tiles: ", "leaf 0: ")),
        ("tile/0/001.p/44", 40, "tiles: "),
        ("tile/1/000.p/1", 0, "tiles: "),
        ("tile/entries/000", 10, "root of the entries"),
        ("tile/entries/001.p/44", 10, "root of the entries"),
        ("receipts/100", 100, "inclusion of 100"),
        ("older/150.proof", 10, "consistency from 150"),
        ("older/150", 30, "note: invalid signature"),
    ],
)
def test_go_refuses_our_log_with_one_byte_changed(
    check_log: Check, log_of_300: Path, tmp_path: Path, file: str, at: int, complaint: str | tuple[str, ...]
) -> None:
    """So that its agreement means something: it looks at each of these files."""
    log = shutil.copytree(log_of_300, tmp_path / "log")
    data = bytearray((log / file).read_bytes())
    # A digit or letter becomes another one, so that what is text stays text.
    data[at] = ord("A") if data[at] != ord("A") else ord("B")
    (log / file).write_bytes(data)
    code, printed = check_log(log)
    assert (code, printed.startswith(complaint)) == (1, True), printed


def test_log_has_every_file_that_the_layout_names_and_no_other(log_of_300: Path) -> None:
    files = [path for path in (log_of_300 / "tile").rglob("*") if path.is_file()]
    written = {path.relative_to(log_of_300).as_posix() for path in files}
    assert {parse_tile_path(path) for path in written} == set(tiles_of(300))
    assert TileId(ENTRIES, 1, 44).path in written


@pytest.mark.parametrize("size", [1, 2, 7, 300])
def test_sigstore_accepts_our_proofs_and_reads_our_checkpoints(tmp_path: Path, size: int) -> None:
    log = write_log(tmp_path / "log", size)
    note = (log / "checkpoint").read_text("utf-8")
    signed = SignedCheckpoint.from_text(note)
    assert (signed.checkpoint.origin, signed.checkpoint.log_size) == (SIGNER.origin, size)
    assert [each.name for each in signed.signed_note.signatures] == [
        SIGNER.origin,
        SIGNER.origin,
        WITNESS.name,
    ]
    root = bytes.fromhex(signed.checkpoint.log_hash)
    reader = TileReader(lambda tile: (log / tile.path).read_bytes(), size)
    for index in {0, size // 2, size - 1}:
        body = f'{{"event":"事件 {index}"}}'.encode()
        hashes = prove_inclusion(reader.node, index, size)
        verify_merkle_inclusion(_entry(index, size, root, hashes, body))
        with pytest.raises(VerificationError):
            verify_merkle_inclusion(_entry(index, size, root, hashes, body + b" "))


def _entry(index: int, size: int, root: bytes, hashes: tuple[bytes, ...], body: bytes) -> SimpleNamespace:
    """The members of Sigstore's log entry that its Merkle check reads; the rest is about artifacts."""
    proof = SimpleNamespace(log_index=index, tree_size=size, root_hash=root, hashes=list(hashes))
    return SimpleNamespace(_inner=SimpleNamespace(inclusion_proof=proof, canonicalized_body=body))
