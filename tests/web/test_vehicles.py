"""Vehicles by their VIN: found by who may need it, and by nobody else; nothing keeps or repeats a VIN."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from packtrace.signing.disclosures import format_presentation, withhold
from packtrace.signing.keyfile import KeyFileError, KeyFileUnsafeError
from packtrace.tests.deterministic_signer import published_seed
from packtrace.tests.scene import VIN, Party, event_id, pack_code
from packtrace.tests.web.conftest import Served, check_problem, on_both
from packtrace.tests.web.tenants import CODE, SUB, VEHICLE, Tenants, record, settle
from packtrace.tests.web.tokens import bearer
from packtrace.trace.codes.vin import VinError, is_checked, parse_vin
from packtrace.trace.ledger.erasing import erase
from packtrace.web.api.vehicles import ROLES
from packtrace.web.app import create_app
from packtrace.web.node import Node
from packtrace.web.office.vins import VinIndex, load_vin_key

PATH = "/api/v1/vehicles/find"
PUBLISHED = ("1M8GDM9AXKP042788", "11111111111111111", "1HGCM82633A004352")  # their check digits hold


@pytest.fixture
def tenants(served: Served) -> Tenants:
    return settle(served)


def find(served: Served, who: Party | None, vin: Any = VIN, **more: Any) -> TestResponse:
    headers = bearer(served, who) if who else {}
    return served.client.post(PATH, json={"vin": vin} | more, headers=headers)


def index(served: Served) -> VinIndex:
    return VinIndex(served.node.store, served.ledger, load_vin_key(served.played.home))


@on_both
def test_who_stands_before_a_vehicle_learns_which_packs_must_be_in_it(served: Served) -> None:
    record(served, (served.scene.manufactured(CODE),), served.scene.installed(CODE))
    answer = find(served, served.scene.dismantler, vin=f" {VIN[:9].lower()} {VIN[9:]} ")
    assert answer.status_code == 200, answer.data
    said = answer.json or {}
    assert said["check_digit"] is is_checked(VIN)
    (vehicle,) = said["vehicles"]
    (pack,) = vehicle.pop("batteries")
    heads = served.scene.heads
    assert vehicle == {
        "subject": VEHICLE,
        "seq": 0,
        "head": heads[VEHICLE][1],
        "packs": 1,
        "swap_model": False,
        "scrapped": False,
    }
    assert (pack["subject"], pack["seq"], pack["head"]) == (SUB, *heads[SUB])
    assert (pack["stage"], pack["in_it"], pack["custodian"]) == ("in_vehicle", True, served.scene.maker.org)
    assert VIN not in answer.text


def test_a_pack_that_went_on_is_not_expected_in_the_vehicle(tenants: Tenants, served: Served) -> None:
    ((vehicle,),) = [(find(served, served.scene.dismantler).json or {})["vehicles"]]
    (pack,) = vehicle["batteries"]
    assert (pack["in_it"], pack["stage"]) == (False, "at_dismantler")


def test_who_has_no_need_of_it_is_told_nothing(tenants: Tenants, served: Served) -> None:
    scene = served.scene
    check_problem(find(served, None), 401, "TOKEN_REQUIRED")
    check_problem(find(served, scene.recycler), 403, "NOT_PERMITTED")
    refused = check_problem(find(served, tenants.parties["elsewhere"]), 404, "VEHICLE_UNKNOWN")
    assert refused == check_problem(
        find(served, tenants.parties["elsewhere"], vin=PUBLISHED[0]), 404, "VEHICLE_UNKNOWN"
    )  # an authority of elsewhere does not learn that it is on record
    assert find(served, tenants.parties["region"]).status_code == 200
    assert {"vehicle_maker", "dealer", "repairer", "swap_operator", "vehicle_dismantler"} == ROLES


def test_a_vin_is_in_no_address_log_message_or_file_of_the_node(
    tenants: Tenants, served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert find(served, served.scene.dismantler).status_code == 200
    for wrong in (f"{VIN}7", VIN[:-1], f"{VIN[:-1]}O", [VIN], {"x": VIN}, f"{VIN}\u00e9"):
        answer = find(served, served.scene.dismantler, vin=wrong)
        check_problem(answer, 422, "VIN_INVALID")
        assert VIN[:10] not in answer.text
    check_problem(find(served, served.scene.dismantler, more=VIN), 400, "BODY_MALFORMED")
    assert VIN not in caplog.text
    home = served.played.home.path
    holding = [path.name for path in home.rglob("*") if path.is_file() and VIN.encode() in path.read_bytes()]
    assert [name for name in holding if name.startswith("node.db")] == []
    assert (home / "keys" / "vin.key").stat().st_mode & 0o777 == 0o600


@on_both
def test_an_erased_vin_is_found_no_more_and_its_digest_goes(tenants: Tenants, served: Served) -> None:
    assert find(served, served.scene.dismantler).status_code == 200
    erase(served.played.home, event_id=tenants.vehicle)
    check_problem(find(served, served.scene.dismantler), 404, "VEHICLE_UNKNOWN")
    assert rows(served) == []


def test_the_index_drops_what_was_erased_though_nobody_asks_for_it(tenants: Tenants, served: Served) -> None:
    assert index(served).bring_up()
    assert [row[0] for row in rows(served)] == [tenants.vehicle]
    erase(served.played.home, event_id=tenants.vehicle)
    assert index(served).bring_up()
    assert rows(served) == []


def rows(served: Served) -> list[tuple[str, ...]]:
    with served.node.store.read() as connection:
        return [tuple(row) for row in connection.exec_driver_sql("SELECT * FROM office_vin")]


def test_digests_are_of_this_node_alone_and_another_key_makes_them_anew(
    tenants: Tenants, served: Served
) -> None:
    first = index(served)
    first.bring_up()
    ((_, _, digest),) = rows(served)
    (served.played.home.keys / "vin.key").unlink()
    second = index(served)
    assert second.find(VIN) == []  # rows of the other key are not mistaken for its own
    assert second.bring_up() and second.find(VIN) == [VEHICLE]
    ((_, _, other),) = rows(served)
    assert other != digest


def test_a_key_that_others_may_read_is_not_used(served: Served) -> None:
    path = served.played.home.keys / "vin.key"
    path.chmod(0o644)
    with pytest.raises(KeyFileUnsafeError):
        load_vin_key(served.played.home)
    path.chmod(0o600)
    path.write_text("short")
    with pytest.raises(KeyFileError):
        load_vin_key(served.played.home)


def test_look_ups_of_one_organisation_are_few(served: Served) -> None:
    node = Node.start(
        served.played.home, served.ledger, served.played.clock, replace(served.limits, vins_a_minute=3)
    )
    client = create_app(node).test_client()
    try:
        ask = [
            client.post(PATH, json={"vin": VIN}, headers=bearer(served, who)).status_code
            for who in [served.scene.dismantler] * 4 + [served.scene.garage]
        ]
    finally:
        node.close()
    assert ask == [404, 404, 404, 429, 404]


def test_two_vehicles_that_claim_one_vin_are_both_told(served: Served) -> None:
    scene = served.scene
    record(served, (scene.manufactured(CODE),), scene.installed(CODE))
    second = f"vehicle:{'B' * 21}A"
    slot, disclosure = withhold(VIN, published_seed("another salt")[:16])
    data = {"packs": 1, "swap_model": False, "present": [], "missing": [{"why": "not_said"}], "vin": slot}
    scrapped = scene.sign(scene.dismantler, "vehicle.scrapped", second, data)
    assert served.post(format_presentation(scrapped, [disclosure])).status_code == 201
    found = (find(served, scene.dismantler).json or {})["vehicles"]
    assert {vehicle["subject"]: vehicle["scrapped"] for vehicle in found} == {VEHICLE: False, second: True}


def test_what_was_voided_is_no_vehicle(served: Served) -> None:
    scene = served.scene
    slot, disclosure = withhold(VIN, published_seed("another salt")[:16])
    vehicle = f"vehicle:{'B' * 21}A"
    data = {"packs": 1, "swap_model": False, "present": [], "missing": [{"why": "not_said"}], "vin": slot}
    scrapped = scene.sign(scene.dismantler, "vehicle.scrapped", vehicle, data)
    assert served.post(format_presentation(scrapped, [disclosure])).status_code == 201
    said = {"event": event_id(scrapped), "reason": "mistaken"}
    record(served, (scene.sign(scene.dismantler, "vehicle.voided", vehicle, said),))
    check_problem(find(served, scene.dismantler), 404, "VEHICLE_UNKNOWN")
    assert pack_code(1) == CODE


@pytest.mark.parametrize("vin", PUBLISHED)
def test_a_check_digit_holds_and_no_changed_character_passes_for_it(vin: str) -> None:
    assert is_checked(parse_vin(vin))
    assert not is_checked(vin[:8] + ("1" if vin[8] != "1" else "2") + vin[9:])


@given(st.text(max_size=50))
def test_any_text_is_a_vin_or_refused(text: str) -> None:
    try:
        vin = parse_vin(text)
    except VinError as error:
        assert len(text) < 5 or text not in error.message
    else:
        assert len(vin) == 17 and parse_vin(vin) == vin and isinstance(is_checked(vin), bool)
