"""Erasing what events withhold: gone from every file, with nothing of the log changed."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.signing.disclosures import split_presentation, withhold
from packtrace.tests.ledger.node import Node, append_one
from packtrace.tests.scene import VIN, Scene, event_id, pack_code
from packtrace.tests.verify.small_log import trust_of
from packtrace.trace.errors import RefusedError
from packtrace.trace.ledger.erasing import Erased, Slot, erase
from packtrace.trace.ledger.errors import ErasureIncompleteError, EventUnknownError
from packtrace.trace.ledger.evidence_store import EvidenceStore
from packtrace.trace.ledger.home import Home
from packtrace.trace.ledger.ledger import Ledger, Submission
from packtrace.trace.verify.findings import Outcome
from packtrace.trace.verify.verify_source import verify_source

PACKS = 40  # so that disclosures lie on more than one page
MANY = [pack_code(number) for number in range(1, PACKS + 1)]


def fitted_packs(node: Node, codes: list[str]) -> tuple[Ledger, list[str]]:
    """A ledger with packs in vehicles whose VINs are withheld, and the texts that fitted them."""
    ledger, fitted = node.create(), []
    for code in codes:
        assert append_one(ledger, node.scene.manufactured(code)).status == "accepted"
        group = node.scene.installed(code)
        node.now += timedelta(seconds=2)  # a checkpoint of its own
        assert append_one(ledger, *group).status == "accepted"
        fitted.append(group[1])
    return ledger, fitted


def traces(text: str) -> set[bytes]:
    """What could be left of a disclosure: any sixteen characters of it, and what they stand for."""
    _, (disclosure,) = split_presentation(text)
    pieces = {disclosure[at : at + 16].encode() for at in range(len(disclosure) - 15)}
    salt = parse_b64url(disclosure).split(b'"')[1]
    return pieces | {salt, VIN.encode()}


def files_with(folder: Path, wanted: set[bytes]) -> set[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.name for path in files if any(each in path.read_bytes() for each in wanted)}


def disclosures(node: Node) -> set[tuple[str, str]]:
    return {(row[0], row[1]) for row in node.execute("SELECT event_id, pointer FROM disclosure")}


@pytest.fixture
def sqlite_node(tmp_path: Path) -> Iterator[Node]:
    """A node whose files are looked into."""
    made = Node(Home.create(tmp_path / "home", Scene().origin))
    yield made
    made.close()


def test_value_and_salt_leave_every_file_while_the_ledger_is_open(sqlite_node: Node, tmp_path: Path) -> None:
    node = sqlite_node
    _ledger, fitted = fitted_packs(node, MANY)
    gone, kept = fitted[7], fitted[8]
    assert "ledger.db-wal" in files_with(node.home.path, traces(gone) - {VIN.encode()})
    erased = erase(node.home, event_id=event_id(gone))
    assert erased == Erased((Slot(event_id(gone), "/data/vin"),), (), (), ())
    # Every vehicle has the same VIN here: what tells the disclosures apart is the salt.
    of_its_own = {each for each in traces(gone) if each not in traces(kept)}
    assert len(of_its_own) > 20
    assert files_with(node.home.path, of_its_own) == set()
    with contextlib.closing(sqlite3.connect(node.home.path / "ledger.db")) as database:
        database.execute("VACUUM INTO ?", (str(tmp_path / "backup.db"),))
    assert files_with(tmp_path, of_its_own) == set()
    assert files_with(tmp_path, traces(kept)) >= {"ledger.db", "backup.db"}
    node.close()
    assert files_with(tmp_path, of_its_own) == set()


def test_nothing_else_is_erased_and_the_log_goes_on(node: Node) -> None:
    ledger, fitted = fitted_packs(node, MANY[:3])
    entries, before = list(ledger.entries(0, ledger.size)), ledger.receipt(event_id(fitted[1]))
    erase(node.home, event_id=event_id(fitted[1]))
    assert disclosures(node) == {(event_id(text), "/data/vin") for text in (fitted[0], fitted[2])}
    assert list(ledger.entries(0, ledger.size)) == entries
    assert ledger.receipt(event_id(fitted[1])) == before
    assert append_one(ledger, node.scene.manufactured(pack_code(99))).status == "accepted"


def test_what_is_erased_verifies_as_before(node: Node, tmp_path: Path) -> None:
    ledger, fitted = fitted_packs(node, MANY[:2])
    receipt = ledger.receipt(event_id(fitted[0]))
    proof = tmp_path / "receipt.tlog-proof"
    proof.write_bytes(receipt.proof)
    trust, source = trust_of(node.scene), node.home.db or str(node.home.path / "ledger.db")
    for _ in range(2):
        report = verify_source(source, trust=trust)
        assert report.outcome is Outcome.VERIFIED, [*report.findings]
        assert verify_source(proof, trust=trust).outcome is not Outcome.REFUTED
        erase(node.home, event_id=event_id(fitted[0]))


def test_the_same_event_sent_in_again_is_known_and_brings_nothing_back(node: Node) -> None:
    ledger, fitted = fitted_packs(node, MANY[:1])
    group = ledger.append([Submission((fitted[0],))])[0]
    assert group.status == "known"
    erase(node.home, event_id=event_id(fitted[0]))
    for open_ledger in (ledger, node.open()):
        assert append_one(open_ledger, fitted[0]).status == "known"
    assert disclosures(node) == set()


def test_another_value_can_not_take_the_place_of_an_erased_one(node: Node) -> None:
    ledger, fitted = fitted_packs(node, MANY[:1])
    erase(node.home, event_id=event_id(fitted[0]))
    _, other = withhold("LSVAA4187E2184848", b"\x01" * 16)
    outcome = append_one(ledger, f"{split_presentation(fitted[0])[0]}~{other}~")
    assert outcome.error is not None and outcome.error.finding_code == "DISCLOSURE_MISMATCH"
    assert disclosures(node) == set()


def test_a_chain_is_erased_as_a_whole_and_twice_does_no_harm(node: Node) -> None:
    _ledger, fitted = fitted_packs(node, MANY[:2])
    vehicle = (
        f"vehicle:{b64url(hashlib.sha256(f'packtrace published test key: {MANY[0]}'.encode()).digest()[:16])}"
    )
    slot = Slot(event_id(fitted[0]), "/data/vin")
    assert erase(node.home, subject=vehicle) == Erased((slot,), (), (), ())
    assert erase(node.home, subject=vehicle, pointer="/data/vin") == Erased((), (slot,), (), ())
    assert len(disclosures(node)) == 1


def test_what_is_not_there_can_not_be_erased(node: Node) -> None:
    _ledger, fitted = fitted_packs(node, MANY[:1])
    with pytest.raises(EventUnknownError):
        erase(node.home, event_id="x" * 43)
    with pytest.raises(EventUnknownError):
        erase(node.home, subject="vehicle:" + "A" * 22)
    with pytest.raises(RefusedError, match="/data/packs"):
        erase(node.home, event_id=event_id(fitted[0]), pointer="/data/packs")
    assert len(disclosures(node)) == 1


def test_documents_are_deleted_only_if_somebody_asks(node: Node, tmp_path: Path) -> None:
    ledger, scene = node.create(), node.scene
    store = EvidenceStore(node.home.evidence)
    file = tmp_path / "photo.jpg"
    file.write_bytes(b"a number plate")
    with file.open("rb") as opened:
        stored = store.add(opened, "photo.jpg")
    document = {
        "kind": "photo",
        "sha256": b64url(stored.sha256),
        "bytes": stored.size,
        "media_type": "image/jpeg",
    }
    assert append_one(ledger, scene.manufactured(MANY[0])).status == "accepted"
    sub = f"battery:gbt34014:{MANY[0]}"
    inspected = scene.sign(
        scene.maker, "battery.inspected", sub, {"condition": "intact", "evidence": [document]}
    )
    assert append_one(ledger, inspected).status == "accepted"
    assert erase(node.home, event_id=event_id(inspected)).documents == ()
    assert store.state(stored.sha256) == "there"
    erased = erase(node.home, event_id=event_id(inspected), evidence=True)
    assert erased.documents == (stored.sha256.hex(),) and store.state(stored.sha256) == "missing"


def test_input_of_a_job_that_still_holds_it_is_named(node: Node) -> None:
    _ledger, fitted = fitted_packs(node, MANY[:2])
    jobs = node.home.path / "jobs"
    jobs.mkdir()
    (jobs / "waiting").write_bytes(b"\n" * ((1 << 20) - 30) + fitted[0].encode() + b"\n")
    (jobs / "other").write_text(fitted[1])
    assert erase(node.home, event_id=event_id(fitted[0])).waiting == (jobs / "waiting",)


def test_somebody_who_reads_all_the_while_is_told_of(
    sqlite_node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = sqlite_node
    _ledger, fitted = fitted_packs(node, MANY[:2])
    monkeypatch.setattr("packtrace.trace.ledger.database._BUSY_S", 0.2)
    with contextlib.closing(sqlite3.connect(node.home.path / "ledger.db", isolation_level=None)) as reading:
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM disclosure").fetchall()
        with pytest.raises(ErasureIncompleteError, match="do the same again"):
            erase(node.home, event_id=event_id(fitted[0]))
    assert files_with(node.home.path, traces(fitted[0]) - traces(fitted[1])) != set()
    erased = erase(node.home, event_id=event_id(fitted[0]))
    assert erased.slots == () and len(erased.bare) == 1
    assert files_with(node.home.path, traces(fitted[0]) - traces(fitted[1])) == set()
