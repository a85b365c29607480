"""Sources that somebody else made: zips, receipts, bundles of one battery, nodes, and what is none of these.

Nothing that a source holds makes the verifier raise, and nothing damaged is verified.
"""

from __future__ import annotations

import contextlib
import http.server
import io
import json
import os
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from packtrace.signing.checkpoint import Checkpoint
from packtrace.signing.disclosures import withhold
from packtrace.signing.merkle import leaf_hash, node_from_leaves, prove_inclusion
from packtrace.signing.tlog_proof import TlogProof, format_tlog_proof
from packtrace.tests.scene import Scene, event_id, module_code, pack_code
from packtrace.tests.verify.small_log import (
    SmallLog,
    entries_of_events,
    life,
    payload,
    trust_of,
)
from packtrace.trace.bundle.output import OutputExistsError
from packtrace.trace.bundle.write import write_battery_bundle, write_bundle
from packtrace.trace.errors import RefusedError
from packtrace.trace.ledger.home import Home
from packtrace.trace.statement import parse_entry, parse_event_jws
from packtrace.trace.verify.evidence import SourceError
from packtrace.trace.verify.findings import Outcome
from packtrace.trace.verify.pins import Pins
from packtrace.trace.verify.report import Report, format_text
from packtrace.trace.verify.verify_source import verify_source
from packtrace.trace.verify.web_source import WebFiles

PACK = f"battery:gbt34014:{pack_code(0)}"
MODULE = f"battery:gbt34014:{module_code(pack_code(0))}"


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


# -- zips --------------------------------------------------------------------------------------------------


def test_zip_is_verified_like_its_folder(tmp_path: Path) -> None:
    scene, log = life()
    report = verify_source(log.write(tmp_path / "log.zip"), trust=trust_of(scene))
    assert (report.outcome, codes(report), report.entries) == (Outcome.VERIFIED, [], log.size)


def test_same_log_gives_the_same_zip(tmp_path: Path) -> None:
    _, log = life()
    first, second = log.write(tmp_path / "1.zip"), log.write(tmp_path / "2.zip")
    assert first.read_bytes() == second.read_bytes()


def test_bundle_is_written_over_nothing_unless_asked(tmp_path: Path) -> None:
    _, log = life()
    for name in ("log.zip", "log"):
        out = log.write(tmp_path / name)
        with pytest.raises(OutputExistsError, match="not overwritten"):
            log.write(out)
        write_bundle(log, out, vkeys=log.vkeys, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.zip"]


def test_bundle_that_can_not_be_finished_leaves_nothing(tmp_path: Path) -> None:
    _, log = life()
    log.leaves[0] = bytes(70_000)  # longer than an entry can be
    with pytest.raises(Exception, match="65535"):
        log.write(tmp_path / "log")
    assert list(tmp_path.iterdir()) == []


def rezipped(source: Path, out: Path, change: Any = None, *, deflate: bool = False) -> Path:
    """The same members in a zip of one's own; `change` may add to it."""
    method = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(out, "w", method) as new:
        for member in old.infolist():
            new.writestr(member.filename, old.read(member))
        if change:
            change(new)
    return out


def link(archive: zipfile.ZipFile) -> None:
    member = zipfile.ZipInfo("tile/link")
    member.external_attr = 0o120777 << 16
    archive.writestr(member, "/etc/passwd")


HOSTILE = {
    "leads up": lambda archive: archive.writestr("../outside", b""),
    "leads up inside": lambda archive: archive.writestr("tile/../../outside", b""),
    "absolute": lambda archive: archive.writestr("/outside", b""),
    "drive": lambda archive: archive.writestr("C:outside", b""),
    "backslash": lambda archive: archive.writestr("tile\\..\\outside", b""),
    "link": link,
    "bomb": lambda archive: archive.writestr("bomb", bytes(5_000_000), zipfile.ZIP_DEFLATED),
    # Their decoders unpack a chunk whole, however little the member is said to hold.
    "bzip2": lambda archive: archive.writestr("tile/0/000", b"x", zipfile.ZIP_BZIP2),
    "lzma": lambda archive: archive.writestr("tile/0/000", b"x", zipfile.ZIP_LZMA),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_hostile_zip_is_refuted_before_anything_is_read(tmp_path: Path, how: str) -> None:
    scene, log = life()
    path = rezipped(log.write(tmp_path / "log.zip"), tmp_path / "bad.zip", HOSTILE[how])
    report = verify_source(path, trust=trust_of(scene))
    assert (codes(report)[0], report.outcome) == ("BUNDLE_MALFORMED", Outcome.REFUTED)
    assert report.entries == 0


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["checkpoint", "log.vkey", "checkpoints/9"])
def test_zip_with_a_name_twice_is_refuted(tmp_path: Path, name: str) -> None:
    """Which of the two a reader gets differs from one library to the next."""
    scene, log = life()
    original = log.write(tmp_path / "log.zip")
    path = rezipped(original, tmp_path / "bad.zip", lambda archive: archive.writestr(name, b"another"))
    report = verify_source(path, trust=trust_of(scene))
    assert (codes(report)[0], report.outcome) == ("BUNDLE_MALFORMED", Outcome.REFUTED)


def test_zip_that_somebody_compressed_again_is_verified(tmp_path: Path) -> None:
    scene, log = life()
    path = rezipped(log.write(tmp_path / "log.zip"), tmp_path / "deflated.zip", deflate=True)
    assert verify_source(path, trust=trust_of(scene)).outcome is Outcome.VERIFIED


def test_member_that_lies_about_its_size_is_not_verified(tmp_path: Path) -> None:
    scene, log = life()
    data = bytearray(log.write(tmp_path / "log.zip").read_bytes())
    directory = data.index(b"PK\x01\x02")  # the first member's record: sizes at 20 and 24
    data[directory + 24 : directory + 28] = (2**31).to_bytes(4, "little")
    (tmp_path / "bad.zip").write_bytes(data)
    assert verify_source(tmp_path / "bad.zip", trust=trust_of(scene)).outcome is not Outcome.VERIFIED


def small_zip(tmp_path: Path) -> tuple[Scene, bytes]:
    scene, log = life()
    return scene, SmallLog(log.key, log.leaves[:2]).write(tmp_path / "small.zip").read_bytes()


def test_zip_cut_at_any_byte_is_not_verified(tmp_path: Path) -> None:
    scene, data = small_zip(tmp_path)
    path, trust = tmp_path / "cut.zip", trust_of(scene)
    for length in range(0, len(data), 1 if len(data) < 2000 else 7):
        path.write_bytes(data[:length])
        report = verify_source(path, trust=trust)
        assert report.outcome is Outcome.UNDECIDED, length


def test_folder_cut_at_any_byte_of_its_entries_is_not_verified(tmp_path: Path) -> None:
    scene, log = life()
    folder = SmallLog(log.key, log.leaves[:2]).write(tmp_path / "bundle")
    path = folder / "tile" / "entries" / "000.p" / "2"
    whole, trust = path.read_bytes(), trust_of(scene)
    assert verify_source(folder, trust=trust).outcome is Outcome.VERIFIED
    for length in range(0, len(whole), 23):
        path.write_bytes(whole[:length])
        report = verify_source(folder, trust=trust)
        assert report.outcome is Outcome.REFUTED
        assert codes(report)[0] == "LOG_TILE_INVALID"


def test_link_in_a_folder_is_refuted(tmp_path: Path) -> None:
    scene, log = life()
    folder = log.write(tmp_path / "bundle")
    (folder / "log.vkey").rename(tmp_path / "elsewhere")
    (folder / "log.vkey").symlink_to(tmp_path / "elsewhere")
    report = verify_source(folder, trust=trust_of(scene))
    assert ("BUNDLE_MALFORMED" in codes(report), report.outcome) == (True, Outcome.REFUTED)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are a thing of POSIX")
def test_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    scene, log = life()
    folder = log.write(tmp_path / "bundle")
    (folder / "checkpoint").unlink()
    os.mkfifo(folder / "checkpoint")
    assert verify_source(folder, trust=trust_of(scene)).outcome is Outcome.REFUTED


@pytest.mark.parametrize(
    "content",
    [b"", b"hello\n", b"PK\x03\x04", b"{", b"[" * 100_000, b'{"id":1}', b"SQLite format 3\0", bytes(100)],
    ids=["empty", "text", "zip", "brace", "deep", "json", "sqlite", "zeros"],
)
def test_file_that_is_no_source_is_undecided(tmp_path: Path, content: bytes) -> None:
    scene, _ = life()
    path = tmp_path / "file"
    path.write_bytes(content)
    report = verify_source(path, trust=trust_of(scene))
    assert (report.outcome, report.exit_code) == (Outcome.UNDECIDED, 3)
    assert codes(report) == ["SOURCE_UNREADABLE"]
    format_text(report)


@pytest.mark.parametrize(
    "source",
    ["nowhere", "sqlite:///nowhere.db", "nul\0byte", "http://127.0.0.1:9/", "http://[/", "postgresql://127.0.0.1:9/x"],
)  # fmt: skip
def test_source_that_is_not_there_is_undecided(tmp_path: Path, source: str) -> None:
    scene, _ = life()
    report = verify_source(source, trust=trust_of(scene))
    assert report.outcome is Outcome.UNDECIDED
    assert codes(report)[0] == "SOURCE_UNREADABLE"


def test_empty_folder_is_undecided(tmp_path: Path) -> None:
    scene, _ = life()
    assert verify_source(tmp_path, trust=trust_of(scene)).outcome is Outcome.UNDECIDED


@pytest.mark.parametrize("size", [2**32 - 1, 2**62])
def test_checkpoint_that_claims_more_than_there_is_ends_soon(tmp_path: Path, size: int) -> None:
    """Such a size must cost neither memory nor hours."""
    scene, log = life()
    folder = log.write(tmp_path / "bundle")
    note = log.key.sign(Checkpoint(scene.origin, size, bytes(32)), time=1)
    (folder / "checkpoint").write_bytes(note)
    assert verify_source(folder, trust=trust_of(scene)).outcome is not Outcome.VERIFIED


# -- receipts ----------------------------------------------------------------------------------------------


def proof_of(log: SmallLog, leaf: int) -> TlogProof:
    node = node_from_leaves([leaf_hash(data) for data in log.leaves])
    return TlogProof(leaf, prove_inclusion(node, leaf, log.size), log.checkpoint(), log.leaves[leaf])


def test_receipt_alone_is_not_refuted_and_not_verified(tmp_path: Path) -> None:
    scene, log = life()
    path = tmp_path / "receipt"
    for leaf in (0, 9, log.size - 1):
        path.write_bytes(format_tlog_proof(proof_of(log, leaf)))
        report = verify_source(path, trust=trust_of(scene))
        assert report.outcome is Outcome.UNDECIDED
        assert codes(report)[0] == "RECEIPT_ALONE"
        assert "LOG_INCLUSION_INVALID" not in codes(report)


@pytest.mark.parametrize("forgery", ["index", "entry", "hash", "missing hash", "checkpoint"])
def test_forged_receipt_is_refuted(tmp_path: Path, forgery: str) -> None:
    scene, log = life()
    proof = proof_of(log, 9)
    changed = {
        "index": TlogProof(10, proof.hashes, proof.checkpoint, proof.extra),
        "entry": TlogProof(9, proof.hashes, proof.checkpoint, log.leaves[10]),
        "hash": TlogProof(9, (bytes(32), *proof.hashes[1:]), proof.checkpoint, proof.extra),
        "missing hash": TlogProof(9, proof.hashes[1:], proof.checkpoint, proof.extra),
        "checkpoint": TlogProof(9, proof.hashes, log.note(log.size - 1), proof.extra),
    }[forgery]
    path = tmp_path / "receipt"
    path.write_bytes(format_tlog_proof(changed))
    report = verify_source(path, trust=trust_of(scene))
    assert ("LOG_INCLUSION_INVALID" in codes(report), report.outcome) == (True, Outcome.REFUTED)


@pytest.mark.parametrize("form", ["proof", "json"])
def test_receipt_whose_line_ends_were_changed_is_undecided(tmp_path: Path, form: str) -> None:
    scene, log = life()
    path = tmp_path / "receipt"
    proof = format_tlog_proof(proof_of(log, 9)).replace(b"\n", b"\r\n")
    path.write_bytes(proof if form == "proof" else receipt_file(log, 9, proof=proof.decode()))
    report = verify_source(path, trust=trust_of(scene))
    assert (report.outcome, codes(report)) == (Outcome.UNDECIDED, ["SOURCE_UNREADABLE"])
    assert "line ends: expected LF, got CR LF" in next(iter(report.findings)).evidence
    path.write_bytes(proof.replace(b"index 9", b"index x"))
    assert verify_source(path, trust=trust_of(scene)).outcome is Outcome.REFUTED


def test_checkpoint_whose_line_ends_were_changed_is_undecided(tmp_path: Path) -> None:
    scene, log = life()
    folder = log.write(tmp_path / "bundle")
    note = log.checkpoint().replace(b"\n", b"\r\n")
    (folder / "checkpoint").write_bytes(note)
    report = verify_source(folder, trust=trust_of(scene))
    assert (report.outcome, codes(report)) == (Outcome.UNDECIDED, ["CHECKPOINT_MALFORMED", "NOTHING_CHECKED"])
    assert "got CR LF" in next(iter(report.findings)).evidence
    (folder / "checkpoint").write_bytes(note[:-2])
    assert verify_source(folder, trust=trust_of(scene)).outcome is Outcome.REFUTED


def receipt_file(log: SmallLog, leaf: int, **change: str) -> bytes:
    entry = log.leaves[leaf]
    whole = {
        "id": parse_event_jws(parse_entry(entry)[0]).id,
        "entry": entry.decode(),
        "proof": format_tlog_proof(proof_of(log, leaf)).decode(),
    }
    return json.dumps(whole | change).encode()


def test_receipt_as_the_api_gives_it_is_read(tmp_path: Path) -> None:
    scene, log = life()
    path = tmp_path / "receipt.json"
    path.write_bytes(receipt_file(log, 9))
    assert codes(verify_source(path, trust=trust_of(scene)))[0] == "RECEIPT_ALONE"


def test_receipt_whose_parts_are_of_different_events_is_refuted(tmp_path: Path) -> None:
    scene, log = life()
    path = tmp_path / "receipt.json"
    other = json.loads(receipt_file(log, 10))
    for member in ("id", "entry"):
        path.write_bytes(receipt_file(log, 9, **{member: other[member]}))
        report = verify_source(path, trust=trust_of(scene))
        assert (codes(report)[0], report.outcome) == ("RECEIPT_MISMATCH", Outcome.REFUTED)


def test_receipt_changed_at_any_byte_is_not_verified_and_never_an_exception(tmp_path: Path) -> None:
    scene, log = life()
    path, trust = tmp_path / "receipt", trust_of(scene)
    whole = format_tlog_proof(proof_of(log, 0))
    for at in range(0, len(whole), 61):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x5A]) + whole[at + 1 :])
        format_text(verify_source(path, trust=trust))


# -- one battery -------------------------------------------------------------------------------------------


def battery(log: SmallLog, out: Path, subject: str = PACK) -> Path:
    write_battery_bundle(log, out, subject=subject, rules=Scene().rules, vkeys=log.vkeys)
    return out


@pytest.mark.parametrize("subject", [PACK, MODULE])
def test_bundle_of_one_battery_is_verified_without_the_others(tmp_path: Path, subject: str) -> None:
    scene, log = life(3)
    report = verify_source(battery(log, tmp_path / "one.zip", subject), trust=trust_of(scene))
    assert (report.outcome, codes(report)) == (Outcome.VERIFIED, []), format_text(report)
    subjects = {result.subject for result in report.subjects}
    others = {f"battery:gbt34014:{pack_code(number)}" for number in (1, 2)}
    assert subject in subjects and not subjects & others
    results = {result.subject: result for result in report.subjects}
    whole = [payload(leaf) for leaf in log.leaves if payload(leaf)["sub"] == subject]
    assert (results[subject].seq, results[subject].events) == (whole[-1]["seq"], len(whole))


def voided_life() -> tuple[Scene, SmallLog]:
    """An installation that is undone: the void leads that of the vehicle's event."""
    scene, code = Scene(), pack_code(0)
    texts = [*scene.founding(), scene.manufactured(code)]
    installed, fitted = scene.installed(code)
    vehicle = parse_event_jws(fitted.partition("~")[0]).value["sub"]
    texts += [installed, fitted]
    for type_, sub, undone in (("battery.voided", PACK, installed), ("vehicle.voided", vehicle, fitted)):
        data = {"event": event_id(undone), "reason": "mis-scan"}
        texts.append(scene.sign(scene.maker, type_, sub, data))
    texts.append(scene.inspected(scene.maker, code))
    return scene, SmallLog(scene.log_key, entries_of_events(texts))


def test_bundle_of_a_battery_holds_the_groups_of_what_was_undone(tmp_path: Path) -> None:
    scene, log = voided_life()
    whole = verify_source(log.write(tmp_path / "log"), trust=trust_of(scene))
    assert (whole.outcome, codes(whole)) == (Outcome.VERIFIED, []), format_text(whole)
    report = verify_source(battery(log, tmp_path / "one"), trust=trust_of(scene))
    assert (report.outcome, codes(report)) == (Outcome.VERIFIED, []), format_text(report)


def shared_vehicle() -> tuple[Scene, SmallLog, list[str]]:
    """Two packs in one vehicle, the first taken out and the place given to a third."""
    scene = Scene()
    packs = [f"battery:gbt34014:{pack_code(number)}" for number in range(3)]
    texts = [*scene.founding(), *(scene.manufactured(pack_code(number)) for number in range(3))]
    vehicle = "vehicle:AAAAAAAAAAAAAAAAAAAAAA"

    def fit(pack: str, position: int) -> None:
        said = {"vehicle": vehicle, "position": position, "of": 2}
        texts.append(scene.sign(scene.maker, "battery.installed", pack, said))
        slot, _ = withhold("VIN", bytes(16))
        said = {
            "battery": pack,
            "installed": event_id(texts[-1]),
            "vin": slot,
            "packs": 2,
            "swap_model": False,
        }
        texts.append(scene.sign(scene.maker, "vehicle.fitted", vehicle, said))

    fit(packs[0], 1)
    fit(packs[1], 2)
    said = {"vehicle": vehicle, "capacity": "vehicle_maker", "read_by": "camera", "reason": "repair"}
    texts.append(scene.sign(scene.maker, "battery.removed", packs[0], said))
    said = {"battery": packs[0], "removed": event_id(texts[-1])}
    texts.append(scene.sign(scene.maker, "vehicle.taken_out", vehicle, said))
    fit(packs[2], 1)
    return scene, SmallLog(scene.log_key, entries_of_events(texts)), packs


@pytest.mark.parametrize("number", range(3))
def test_bundle_of_a_battery_knows_what_became_of_the_others_in_its_vehicle(
    tmp_path: Path, number: int
) -> None:
    """The third finds room only because the first has left."""
    scene, log, packs = shared_vehicle()
    whole = verify_source(log.write(tmp_path / "log"), trust=trust_of(scene))
    assert (whole.outcome, codes(whole)) == (Outcome.VERIFIED, []), format_text(whole)
    report = verify_source(battery(log, tmp_path / "one", packs[number]), trust=trust_of(scene))
    assert (report.outcome, codes(report)) == (Outcome.VERIFIED, []), format_text(report)


@pytest.mark.parametrize("subject", ["", "log:log.packtrace.example/test", f"notes:{PACK}", "no subject"])
def test_bundle_of_one_battery_is_of_a_battery(tmp_path: Path, subject: str) -> None:
    """Else the registry alone, or any part of it, would be a bundle that is VERIFIED."""
    scene, log = life()
    out = tmp_path / "pack"
    write_battery_bundle(log, out, subject=PACK, rules=scene.rules, vkeys=log.vkeys)
    about = json.loads((out / "bundle.json").read_text())
    (out / "bundle.json").write_text(json.dumps(about | {"subject": subject}))
    report = verify_source(out, trust=trust_of(scene))
    assert (codes(report)[0], report.outcome) == ("BUNDLE_MALFORMED", Outcome.REFUTED)


def test_report_on_a_bundle_of_one_battery_says_which_and_how_far(tmp_path: Path) -> None:
    """A sender may hand over another battery's, or leave out the end."""
    scene, log = life()
    out = tmp_path / "pack"
    write_battery_bundle(log, out, subject=PACK, rules=scene.rules, vkeys=log.vkeys)
    report = verify_source(out, trust=trust_of(scene))
    (chain,) = (each for each in report.subjects if each.subject == PACK)
    assert f"{PACK} up to seq {chain.seq}, event {chain.head}; later events" in format_text(report)


def test_bundle_of_an_unknown_battery_is_not_written(tmp_path: Path) -> None:
    _, log = life()
    with pytest.raises(RefusedError, match="in the log"):
        battery(log, tmp_path / "one", f"battery:gbt34014:{pack_code(77)}")


def test_bundle_of_one_battery_with_any_receipt_left_out_is_not_verified(tmp_path: Path) -> None:
    """But for the last event of a chain: that there is a later one only the whole log shows."""
    scene, log = life()
    folder = battery(log, tmp_path / "one")
    ends = {payload(leaf)["sub"]: at for at, leaf in enumerate(log.leaves)}
    about = folder / "bundle.json"
    said = json.loads(about.read_bytes())
    unnoticed = set()
    for path in sorted((folder / "receipts").iterdir()):
        data = path.read_bytes()
        path.unlink()
        lost = verify_source(folder, trust=trust_of(scene))
        assert lost.outcome is not Outcome.VERIFIED, f"{path.name} was lost"
        left = [leaf for leaf in said["leaves"] if leaf != int(path.name)]
        about.write_bytes(json.dumps(said | {"leaves": left}).encode())
        report = verify_source(folder, trust=trust_of(scene))
        about.write_bytes(json.dumps(said).encode())
        if report.outcome is Outcome.VERIFIED:
            unnoticed.add(int(path.name))
        path.write_bytes(data)
    assert unnoticed <= set(ends.values())
    assert max(at for at in ends.values() if at in unnoticed) <= ends[PACK] + 1
    assert not unnoticed & {0, 1, 2}, "the registry on which the pack rests"


@pytest.mark.parametrize(
    "forgery", ["index", "entry", "checkpoint", "name", "subject", "size", "about", "extra"]
)
def test_forged_bundle_of_one_battery_is_not_verified(tmp_path: Path, forgery: str) -> None:
    scene, log = life()
    folder = battery(log, tmp_path / "one")
    proof = proof_of(log, 9)
    path, about = folder / "receipts" / "9", folder / "bundle.json"
    said = json.loads(about.read_bytes())
    match forgery:
        case "index":
            path.write_bytes(format_tlog_proof(TlogProof(10, proof.hashes, proof.checkpoint, proof.extra)))
        case "entry":
            path.write_bytes(format_tlog_proof(TlogProof(9, proof.hashes, proof.checkpoint, log.leaves[10])))
        case "extra":
            path.write_bytes(format_tlog_proof(TlogProof(9, proof.hashes, proof.checkpoint)))
        case "checkpoint":
            path.write_bytes(format_tlog_proof(TlogProof(9, proof.hashes, log.note(9), proof.extra)))
        case "name":
            path.rename(folder / "receipts" / "09")
        case "subject":
            about.write_bytes(json.dumps(said | {"subject": f"battery:gbt34014:{pack_code(5)}"}).encode())
        case "size":
            about.write_bytes(json.dumps(said | {"size": 3}).encode())
        case "about":
            about.write_bytes(b'{"format":"packtrace-bundle/1","format":"packtrace-bundle/1"}')
    report = verify_source(folder, trust=trust_of(scene))
    assert report.outcome is not Outcome.VERIFIED


def test_bundle_of_one_battery_is_compared_with_pins_of_its_size(tmp_path: Path) -> None:
    scene, log = life()
    trust = trust_of(scene)
    folder = battery(log, tmp_path / "one")
    name = (trust.origin, trust.keys_digest)
    root = verify_source(folder, trust=trust).root
    same = verify_source(folder, trust=trust, pins=Pins().with_pin(name, log.size, root))
    assert same.outcome is Outcome.VERIFIED
    split = verify_source(folder, trust=trust, pins=Pins().with_pin(name, log.size, bytes(32)))
    assert codes(split) == ["TREE_SPLIT_VIEW"]
    other = verify_source(folder, trust=trust, pins=Pins().with_pin(name, 5, bytes(32)))
    assert (codes(other), other.outcome) == (["PIN_NOT_COMPARED"], Outcome.UNDECIDED)
    older = verify_source(folder, trust=trust, pins=Pins().with_pin(name, log.size + 1, bytes(32)))
    assert (codes(older), older.outcome) == (["OLDER_THAN_PIN"], Outcome.UNDECIDED)


# -- nodes -------------------------------------------------------------------------------------------------


@contextmanager
def served(folder: Path, *, status: int = 200, location: str = "") -> Iterator[str]:
    """A server of files on this machine."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(folder))

        def do_GET(self) -> None:
            if status == 200:
                super().do_GET()
                return
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_server_that_a_home_names_is_not_asked_unless_the_home_is_ones_own(tmp_path: Path) -> None:
    """Whoever sends the folder would learn who verifies it, and the password that PGPASSWORD holds."""
    scene, _ = life()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        db = f"postgresql://127.0.0.1:{server.getsockname()[1]}/x?connect_timeout=2"
        Home.create(tmp_path / "home", scene.origin, db=db).register.write_bytes(b'{"checkpoint":""}')
        report = verify_source(tmp_path / "home", trust=trust_of(scene))
        assert (codes(report)[0], report.outcome) == ("SOURCE_UNREADABLE", Outcome.UNDECIDED)
        with pytest.raises(TimeoutError):
            server.accept()


def test_node_is_verified_over_http(tmp_path: Path) -> None:
    scene, log = life()
    with served(log.write(tmp_path / "log")) as url:
        report = verify_source(url, trust=trust_of(scene))
    assert (report.outcome, codes(report), report.entries) == (Outcome.VERIFIED, [], log.size)


def test_node_that_is_behind_the_pin_was_rolled_back(tmp_path: Path) -> None:
    scene, log = life()
    trust = trust_of(scene)
    older = SmallLog(log.key, log.leaves[:15])
    pins = Pins().with_pin((trust.origin, trust.keys_digest), log.size, bytes(32))
    with served(older.write(tmp_path / "log")) as url:
        report = verify_source(url, trust=trust, pins=pins)
        given = verify_source(url, trust=trust, checkpoints=[log.checkpoint()])
    assert (codes(report), report.outcome) == (["LOG_ROLLED_BACK"], Outcome.REFUTED)
    assert (codes(given), given.outcome) == (["LOG_ROLLED_BACK"], Outcome.REFUTED)


@pytest.mark.parametrize("status", [302, 403, 500])
def test_node_that_answers_otherwise_is_undecided(tmp_path: Path, status: int) -> None:
    """A redirection is not followed: nobody named that place."""
    scene, log = life()
    folder = log.write(tmp_path / "log")
    with served(folder) as honest, served(folder, status=status, location=f"{honest}/checkpoint") as url:
        report = verify_source(url, trust=trust_of(scene))
    assert report.outcome is Outcome.UNDECIDED
    assert "SOURCE_UNREADABLE" in codes(report)


def test_server_that_says_a_byte_now_and_then_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            client, _ = server.accept()
            with client, contextlib.suppress(OSError):
                client.recv(4096)
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                for _ in range(1000):
                    client.sendall(b"x")
                    time.sleep(0.02)  # the drip itself

        thread = threading.Thread(target=drip)
        thread.start()
        files = WebFiles(f"http://127.0.0.1:{server.getsockname()[1]}", file_s=0.2)
        with pytest.raises(SourceError, match="within"):
            files.read("checkpoint", 4096)
        thread.join()


# -- the verifier itself -----------------------------------------------------------------------------------


def test_verifier_loads_neither_web_server_nor_database_library() -> None:
    code = (
        "import sys; from packtrace.trace.verify import verify_source; "
        "from packtrace.trace.bundle import write; "
        "names = {'flask', 'sqlmodel', 'sqlalchemy', 'marshmallow', 'psycopg', 'alembic', 'click', 'rich'}; "
        "print(sorted(names & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout == "[]\n"


def test_members_are_read_no_further_than_they_may_be(tmp_path: Path) -> None:
    """A file that is far too long costs what the limit allows, no more."""
    scene, log = life()
    folder = log.write(tmp_path / "bundle")
    with (folder / "checkpoint").open("wb") as file:
        file.seek(1 << 34)
        file.write(b"\n")
    report = verify_source(folder, trust=trust_of(scene))
    assert (codes(report)[0], report.outcome) == ("SOURCE_TOO_LARGE", Outcome.UNDECIDED)


def test_zip_holds_plain_members_of_fixed_date(tmp_path: Path) -> None:
    _, log = life()
    with zipfile.ZipFile(io.BytesIO(log.write(tmp_path / "log.zip").read_bytes())) as archive:
        members = archive.infolist()
    assert [member.filename for member in members] == sorted(member.filename for member in members)
    assert {(member.date_time, member.external_attr) for member in members} == {
        ((1980, 1, 1, 0, 0, 0), 0o100644 << 16)
    }
