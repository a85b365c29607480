"""What a reader of each tier is told of a battery, its events and what they withhold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from packtrace.signing.disclosures import parse_disclosure
from packtrace.tests.scene import VIN, digest_of, event_id, pack_code

from .conftest import Served, check_problem
from .tenants import ASKERS, CODE, SALT, SUB, VEHICLE, Tenants, record, settle, settled

API = "/api/v1"


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenants]:
    """The story, for tests that only read."""
    with settled(tmp_path_factory.mktemp("tenants")) as found:
        yield found


@pytest.fixture
def alone(served: Served) -> Tenants:
    """The story, for a test that goes on with it."""
    return settle(served)


def body(tenants: Tenants, asker: str, path: str) -> dict[str, Any]:
    answer = tenants.ask(asker, API + path)
    assert answer.status_code == 200, answer.data
    assert answer.headers["Cache-Control"] == "no-store" and "Authorization" in answer.headers["Vary"]
    return answer.json or {}


PUBLIC = {
    *("subject", "origin", "seq", "head", "tier", "log", "stage", "stage_name", "status", "damaged"),
    *("chemistry", "maker", "model", "into", "label"),
}


def test_the_passport_tells_a_stranger_of_the_battery_and_of_nobody_who_holds_it(tenants: Tenants) -> None:
    said = body(tenants, "stranger", f"/batteries/{CODE}")
    assert said.keys() == PUBLIC
    assert (said["stage"], said["status"], said["damaged"]) == ("at_dismantler", "waste", False)
    assert said["chemistry"] == "LFP" and said["model"]["mass_g"] == 438_000
    assert said["label"] == digest_of(f"label {CODE}"), "by which a scanned label is checked"
    assert said["maker"]["name_en"] == "maker" and (said["seq"], said["head"]) == (5, tenants.pack[-1])
    assert said["log"]["checkpoint"].encode() == tenants.served.ledger.checkpoint()
    assert said["log"]["size"] == tenants.served.ledger.size
    text = json.dumps({name: value for name, value in said.items() if name != "maker"})
    assert not any(party.org in text for party in tenants.parties.values() if party)
    assert VEHICLE not in text and VIN not in text


def test_an_enrolled_organisation_learns_who_holds_it_and_what_it_may_do(tenants: Tenants) -> None:
    said = body(tenants, "any", f"/batteries/{CODE}")
    assert said.keys() == PUBLIC | {
        *("custodian", "capacity", "condition", "label", "offered", "on_hold", "origin_contested", "steps"),
    }
    scene = tenants.served.scene
    assert said["custodian"]["id"] == scene.dismantler.org and said["capacity"] == "pack_dismantler"
    assert said["offered"] is True and said["steps"] == []


@pytest.mark.parametrize(
    ("asker", "expected"),
    [
        ("holder", {"handover.withdrawn"}),
        ("consignee", {"handover.accepted", "handover.declined"}),
        ("past", set()),
        ("region", set()),
    ],
)
def test_each_is_told_the_steps_that_are_theirs(tenants: Tenants, asker: str, expected: set[str]) -> None:
    steps = {step["type"] for step in body(tenants, asker, f"/batteries/{CODE}")["steps"]}
    assert expected <= steps and ("handover.accepted" in steps) is (asker == "consignee")


@pytest.mark.parametrize(
    ("asker", "tier", "seen"),
    [
        ("past", "past", 5),
        ("holder", "holder", 6),
        ("consignee", "consignee", 6),
        ("region", "authority", 6),
    ],
)
def test_the_chain_is_seen_up_to_the_event_by_which_ones_own_part_ended(
    tenants: Tenants, asker: str, tier: str, seen: int
) -> None:
    said = body(tenants, asker, f"/batteries/{CODE}/events")
    assert [each["id"] for each in said["events"]] == tenants.pack[:seen]
    assert (said["tier"], said["complete"], said["seq"]) == (tier, seen == 6, 5)
    assert "next" not in said


@pytest.mark.parametrize(
    ("asker", "code"),
    [("stranger", "TOKEN_REQUIRED"), ("any", "NOT_PERMITTED"), ("elsewhere", "NOT_PERMITTED")],
)
def test_who_has_no_part_in_a_battery_sees_none_of_its_events(
    tenants: Tenants, asker: str, code: str
) -> None:
    status = 401 if asker == "stranger" else 403
    for path in [f"/batteries/{CODE}/events", f"/subjects/{SUB}/events", f"/subjects/{VEHICLE}/events"]:
        check_problem(tenants.ask(asker, API + path), status, code)
    for event in [*tenants.pack, tenants.vehicle]:
        for path in (f"/events/{event}", f"/events/{event}/receipt"):
            answer = tenants.ask(asker, API + path)
            check_problem(answer, status, code)
            assert b"eyJ" not in answer.data


def test_an_event_is_seen_one_by_one_as_it_is_in_its_chain(tenants: Tenants) -> None:
    for asker in ASKERS[2:6]:
        seen = {each["id"] for each in body(tenants, asker, f"/batteries/{CODE}/events")["events"]}
        for event in tenants.pack:
            for tail in ("", "/receipt"):
                answer = tenants.ask(asker, f"{API}/events/{event}{tail}")
                assert answer.status_code == (200 if event in seen else 403), (asker, event, tail)


def test_a_vin_is_shown_to_who_signed_it_and_to_the_authority(tenants: Tenants) -> None:
    path = f"/events/{tenants.vehicle}"
    for asker in ("past", "region"):  # who fitted it, and the authority where that was
        (slot,) = body(tenants, asker, path)["withheld"]
        assert slot["pointer"] == "/data/vin" and slot["state"] == "disclosed" and slot["value"] == VIN
        assert parse_disclosure(slot["disclosure"]).value == VIN
    for asker in ("stranger", "any", "holder", "consignee", "elsewhere"):
        answer = tenants.ask(asker, API + path)
        assert answer.status_code == {"stranger": 401, "holder": 200}.get(asker, 403), asker
        assert VIN.encode() not in answer.data and SALT.encode() not in answer.data


def test_a_value_that_is_withheld_from_a_reader_is_told_so_and_not_shown(
    alone: Tenants, served: Served
) -> None:
    """The garage fits another pack into the same vehicle: it sees the chain up to there, the VIN not."""
    scene, code = served.scene, pack_code(2)
    sub = f"battery:gbt34014:{code}"
    made = scene.manufactured(code)
    handed = scene.handed_over(sub, scene.maker, scene.garage, "repairer")
    installed = scene.sign(
        scene.garage, "battery.installed", sub, {"vehicle": VEHICLE, "position": 1, "of": 1}
    )
    data = {"battery": sub, "installed": event_id(installed), "packs": 1, "swap_model": False}
    fitted = scene.sign(scene.garage, "vehicle.fitted", VEHICLE, data)
    record(served, (made,), *handed, (installed, fitted))
    first, second = body(alone, "any", f"/subjects/{VEHICLE}/events")["events"]
    assert first["withheld"] == [{"pointer": "/data/vin", "state": "withheld"}]
    assert second["id"] == event_id(fitted)


def test_an_offer_that_has_expired_names_nobody(alone: Tenants, served: Served) -> None:
    assert alone.ask("consignee", f"{API}/batteries/{CODE}/events").status_code == 200
    served.played.now += timedelta(days=30)
    check_problem(alone.ask("consignee", f"{API}/batteries/{CODE}/events"), 403, "NOT_PERMITTED")
    assert body(alone, "consignee", f"/batteries/{CODE}")["offered"] is False


def test_an_offer_that_was_withdrawn_names_nobody(alone: Tenants, served: Served) -> None:
    scene = served.scene
    record(served, (scene.sign(scene.dismantler, "handover.withdrawn", SUB, {"offer": alone.pack[-1]}),))
    check_problem(alone.ask("consignee", f"{API}/batteries/{CODE}/events"), 403, "NOT_PERMITTED")


def test_notes_are_seen_as_their_battery_is_and_a_note_by_who_signed_it(
    alone: Tenants, served: Served
) -> None:
    path = f"/subjects/notes:{SUB}/events"
    for asker in ("holder", "consignee", "region", "any"):  # the last one signed it
        assert [each["id"] for each in body(alone, asker, path)["events"]] == [alone.note]
    for asker in ("past", "elsewhere"):  # it was said after the maker had handed the pack on
        check_problem(alone.ask(asker, API + path), 403, "NOT_PERMITTED")
    check_problem(alone.ask("stranger", API + path), 401, "TOKEN_REQUIRED")
    scene = served.scene
    other = scene.sign(scene.maker, "note.incident", f"notes:{SUB}", {"kind": "fire", "note": "another"})
    record(served, (other,))
    assert [each["id"] for each in body(alone, "any", path)["events"]] == [alone.note]
    assert [each["id"] for each in body(alone, "past", path)["events"]] == [event_id(other)]


def test_the_registry_and_models_are_public_and_keys_are_for_the_enrolled(
    alone: Tenants, served: Served
) -> None:
    scene = served.scene
    for subject in (f"log:{scene.origin}", scene.maker.org, scene.model):
        assert body(alone, "stranger", f"/subjects/{subject}/events")["complete"] is True
    keys = f"/subjects/keys:{scene.maker.id}/events"
    check_problem(alone.ask("stranger", API + keys), 401, "TOKEN_REQUIRED")
    assert len(body(alone, "any", keys)["events"]) == 1


def test_where_any_chain_ends_is_public_and_nothing_else_of_it(tenants: Tenants) -> None:
    for subject in (VEHICLE, f"notes:{SUB}"):
        for asker in ("stranger", "any"):
            said = body(tenants, asker, f"/subjects/{subject}")
            assert said.keys() == {"subject", "origin", "seq", "head", "tier", "log"}


def test_a_history_comes_in_pages_that_lead_on_and_grant_nothing(alone: Tenants, served: Served) -> None:
    path, ids, query = f"/batteries/{CODE}/events", [], "?limit=2"
    while query:
        said = body(alone, "holder", path + query)
        ids += [each["id"] for each in said["events"]]
        query = f"?limit=2&page={said['next']}" if "next" in said else ""
        assert said["complete"] is True
    assert ids == alone.pack
    token = body(alone, "holder", f"{path}?limit=5")["next"]
    assert body(alone, "holder", f"{path}?page={token}")["events"][0]["id"] == alone.pack[5]
    check_problem(alone.ask("any", f"{API}{path}?page={token}"), 403, "NOT_PERMITTED")
    assert body(alone, "past", f"{path}?page={token}")["events"] == []  # the same place, of less
    for wrong in ("x", "", token[:-1], "bnVsbA", "W10", "x" * 500):
        check_problem(alone.ask("holder", f"{API}{path}?page={wrong}"), 400, "PAGE_TOKEN_INVALID")
    check_problem(
        alone.ask("holder", f"{API}/subjects/notes:{SUB}/events?page={token}"), 400, "PAGE_TOKEN_INVALID"
    )
    for limit in ("0", "1001", "x", "-1"):
        check_problem(alone.ask("holder", f"{API}{path}?limit={limit}"), 422, "PARAMETERS_INVALID")


def test_a_battery_is_found_as_it_is_scanned_and_by_its_subject(tenants: Tenants) -> None:
    for name in (CODE, CODE.lower(), f"]Q1{CODE}", SUB):
        assert body(tenants, "stranger", f"/batteries/{name}")["subject"] == SUB
    assert body(tenants, "stranger", f"/subjects/{SUB}")["subject"] == SUB
    check_problem(tenants.ask("stranger", f"{API}/batteries/{pack_code(77)}"), 404, "SUBJECT_UNKNOWN")
    for name in ("x", "battery:gbt34014:x", "%00", "battery:tag:%00", "a" * 3000):
        assert tenants.ask("stranger", f"{API}/batteries/{name}").status_code == 422, name
        assert tenants.ask("stranger", f"{API}/subjects/{name}").status_code == 422, name


def test_a_name_that_is_a_word_of_the_address_is_a_name(alone: Tenants, served: Served) -> None:
    scene = served.scene
    batch = f"batch:{scene.recycler.id}/events"
    record(served, (scene.sign(scene.recycler, "batch.opened", batch, {"process": "hydrometallurgical"}),))
    assert body(alone, "consignee", f"/subjects/{batch}")["owner"] == scene.recycler.org
    assert body(alone, "consignee", f"/subjects/{batch}/events")["complete"] is True
    assert body(alone, "stranger", f"/subjects/{batch}").keys() == {
        *("subject", "origin", "seq", "head", "tier", "log")
    }
    check_problem(alone.ask("holder", f"{API}/subjects/{batch}/events"), 403, "NOT_PERMITTED")


@pytest.mark.parametrize("name", ["x" * 43, "x", "%00" * 43, "é" * 43, "A" * 43, "..", "a" * 5000])
def test_an_event_that_is_not_there_is_not_found(tenants: Tenants, name: str) -> None:
    for asker in ("stranger", "holder"):
        for tail in ("", "/receipt"):
            answer = tenants.ask(asker, f"{API}/events/{name}{tail}")
            assert answer.status_code == 404, answer.data


def test_a_bad_token_is_not_answered_as_a_stranger(tenants: Tenants) -> None:
    answer = tenants.served.client.get(f"{API}/batteries/{CODE}", headers={"Authorization": "Bearer x.y.z"})
    check_problem(answer, 401, "TOKEN_INVALID")


def test_a_receipt_fetched_again_is_the_one_that_was_given(alone: Tenants, served: Served) -> None:
    text = served.scene.manufactured(pack_code(9))
    given = served.post(text).json or {}
    again = body(alone, "past", f"/events/{given['id']}/receipt")
    assert {**again, "status": ""} == {**given, "status": ""}


def test_a_holder_is_told_on_what_its_next_statement_depends(tenants: Tenants) -> None:
    said = body(tenants, "holder", f"/batteries/{CODE}")
    assert {name: said[name] for name in ("conflicts_with", "use", "packs", "site")} == {
        "conflicts_with": "",
        "use": "",
        "packs": 1,
        "site": "",
    }
    assert said["on_hold"] is False
