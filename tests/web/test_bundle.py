"""The bundle of one battery that a node hands out: what the reader sees, and not one entry more."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from packtrace.signing.tlog_proof import parse_tlog_proof
from packtrace.tests.scene import Party, pack_code
from packtrace.tests.verify.small_log import trust_of
from packtrace.tests.web.conftest import Served, check_problem, on_both
from packtrace.tests.web.tenants import ASKERS, CODE, SUB, Tenants, record, settled
from packtrace.tests.web.tokens import bearer
from packtrace.trace.bundle.write import write_battery_bundle
from packtrace.trace.ledger.bundle_source import LedgerSource
from packtrace.trace.statement import Event, parse_entry, parse_event_jws, read_event
from packtrace.trace.verify.findings import Outcome
from packtrace.trace.verify.report import Report
from packtrace.trace.verify.verify_source import verify_source

BUNDLE = f"/api/v1/batteries/{CODE}/bundle"
NOT_JUDGED = {"BUNDLE_INCOMPLETE", "DEPENDS_ON_REFUTED"}  # UNCHECKED: what is missing, and what rests on it
REGISTRY = ("log:", "org:", "keys:", "model:")


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenants]:
    with settled(tmp_path_factory.mktemp("bundles")) as found:
        yield found


def events_in(data: bytes) -> list[Event]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        proofs = [archive.read(name) for name in archive.namelist() if name.startswith("receipts/")]
    entries = [parse_tlog_proof(proof).extra or b"" for proof in proofs]
    return [read_event(parse_event_jws(parse_entry(entry)[0])) for entry in entries]


def verified(data: bytes, folder: Path, served: Served) -> Report:
    path = folder / "bundle.zip"
    path.write_bytes(data)
    return verify_source(path, trust=trust_of(served.scene), checkpoints=())


@pytest.mark.parametrize("asker", [each for each in ASKERS if each not in ("stranger", "any", "elsewhere")])
def test_a_bundle_holds_what_its_reader_sees_and_nothing_else(tenants: Tenants, asker: str) -> None:
    answer = tenants.ask(asker, BUNDLE)
    assert (answer.status_code, answer.content_type) == (200, "application/zip")
    assert answer.headers["Cache-Control"] == "no-store" and answer.headers["Vary"] == "Authorization"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={CODE}.zip"
    events = events_in(answer.data)
    for event in events:
        if not event.sub.startswith(REGISTRY):
            assert tenants.ask(asker, f"/api/v1/events/{event.id}").status_code == 200, event.type
    shown = tenants.ask(asker, f"/api/v1/batteries/{CODE}/events").json
    assert shown and [event["id"] for event in shown["events"]] == [e.id for e in events if e.sub == SUB]
    notes = tenants.ask(asker, f"/api/v1/subjects/notes:{SUB}/events")
    seen = [event["id"] for event in notes.json["events"]] if notes.status_code == 200 and notes.json else []
    assert seen == [event.id for event in events if event.sub == f"notes:{SUB}"]


def test_those_bundles_differ(tenants: Tenants) -> None:
    """Else the test before would show nothing."""
    past, holder, consignee = (
        {event.id for event in events_in(tenants.ask(asker, BUNDLE).data)}
        for asker in ("past", "holder", "consignee")
    )
    assert holder - past == {tenants.pack[5], tenants.note}
    assert holder - consignee == {tenants.vehicle}


def test_whoever_sees_all_of_it_is_given_what_the_command_writes(tenants: Tenants, tmp_path: Path) -> None:
    ledger, asked = tenants.served.ledger, tenants.ask("region", BUNDLE)
    out = tmp_path / "exported.zip"
    about = {"rules": ledger.book.installed, "adopted": ledger.adopted()}
    vkeys = tenants.served.node.home.load_vkeys()
    write_battery_bundle(LedgerSource(ledger), out, subject=SUB, vkeys=vkeys, **about)  # type: ignore[arg-type]
    assert out.read_bytes() == asked.data == tenants.ask("holder", BUNDLE).data
    report = verified(asked.data, tmp_path, tenants.served)
    assert report.outcome is Outcome.VERIFIED and not report.findings


def test_a_bundle_without_what_the_reader_does_not_see_is_undecided(tenants: Tenants, tmp_path: Path) -> None:
    # The consignee sees the pack, and not the vehicle that it was in.
    report = verified(tenants.ask("consignee", BUNDLE).data, tmp_path, tenants.served)
    assert report.outcome is Outcome.UNDECIDED
    assert "BUNDLE_INCOMPLETE" in {finding.code for finding in report.findings} <= NOT_JUDGED
    # Who handed it on sees the history up to then, and all that it rests on.
    report = verified(tenants.ask("past", BUNDLE).data, tmp_path, tenants.served)
    assert report.outcome is Outcome.VERIFIED


@on_both
def test_every_part_in_a_whole_life_may_take_away_its_own_part_of_it(served: Served, tmp_path: Path) -> None:
    scene = served.scene
    record(served, *scene.life_of_a_pack(pack_code(1)))
    module = f"battery:gbt34014:{pack_code(1)[:3]}M{pack_code(1)[4:]}"
    outcomes: dict[tuple[str, str], str] = {}
    for sub in (SUB, module):
        for party in scene.members:
            answer = served.client.get(f"/api/v1/batteries/{sub}/bundle", headers=bearer(served, party))
            if answer.status_code == 403:
                continue
            told = served.client.get(f"/api/v1/batteries/{sub}/events", headers=bearer(served, party)).json
            ids = [event.id for event in events_in(answer.data) if event.sub == sub]
            assert told and ids == [event["id"] for event in told["events"]]
            assert_seen(served, party, events_in(answer.data))
            report = verified(answer.data, tmp_path, served)
            assert {finding.code for finding in report.findings} <= NOT_JUDGED, (
                party.name,
                sub,
                report.findings,
            )
            outcomes["pack" if sub == SUB else "module", party.name] = report.outcome.value
    assert outcomes == {
        ("pack", "maker"): "VERIFIED",
        ("pack", "dismantler"): "UNDECIDED",  # the vehicle is the maker's
        ("module", "dismantler"): "UNDECIDED",
        ("module", "recycler"): "UNDECIDED",  # the pack was never theirs
    }


def assert_seen(served: Served, party: Party, events: list[Event]) -> None:
    for event in events:
        answer = served.client.get(f"/api/v1/events/{event.id}", headers=bearer(served, party))
        assert answer.status_code == 200, (party.name, event.type)


def test_a_battery_that_no_checkpoint_covers_has_no_bundle_yet(served: Served) -> None:
    publisher = served.ledger._publisher
    published = publisher.publish
    publisher.publish = lambda now: None  # type: ignore[method-assign,assignment]
    record(served, (served.scene.manufactured(CODE),))
    headers = bearer(served, served.scene.maker)
    check_problem(served.client.get(BUNDLE, headers=headers), 503, "RECEIPT_PENDING")
    publisher.publish = published  # type: ignore[method-assign]
    served.ledger.recover()
    assert served.client.get(BUNDLE, headers=headers).status_code == 200


def test_strangers_and_who_has_no_part_in_it_are_given_none(tenants: Tenants) -> None:
    check_problem(tenants.ask("stranger", BUNDLE), 401, "TOKEN_REQUIRED")
    check_problem(tenants.ask("any", BUNDLE), 403, "NOT_PERMITTED")
    check_problem(tenants.ask("holder", "/api/v1/batteries/nothing/bundle"), 422, "BATTERY_CODE_INVALID")
