"""Records that came too late: shared by the devices of one organisation, signed again once, and then gone."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from packtrace.tests.ledger.node import append_one
from packtrace.tests.scene import VIN, Party, ed25519_key, event_id, pack_code
from packtrace.tests.web.conftest import Served, check_problem
from packtrace.tests.web.tenants import record
from packtrace.tests.web.tokens import bearer
from packtrace.trace.read_token import sign_read_token
from packtrace.web.parked import store

V1 = "/api/v1"
CODE = pack_code(1)
SUB = f"battery:gbt34014:{CODE}"


def late(served: Served, party: Party | None = None) -> str:
    """An event whose place was taken."""
    scene = served.scene
    party = party or scene.maker
    record(served, (scene.manufactured(CODE),))
    seq, head = scene.heads[SUB]
    text = scene.inspected(party, CODE, seq=seq + 1, prev=head)
    record(served, (scene.inspected(scene.maker, CODE),))
    assert append_one(served.ledger, text).status == "refused"
    return text


def park(served: Served, party: Party, *events: str, **changes: Any) -> TestResponse:
    body = {"events": list(events), "code": "PLACE_TAKEN", "detail": "seq: taken"} | changes
    return served.client.post(f"{V1}/parked", json=body, headers=bearer(served, party))


def parked(served: Served, party: Party) -> list[dict[str, Any]]:
    answer = served.client.get(f"{V1}/parked", headers=bearer(served, party))
    assert answer.status_code == 200
    found: list[dict[str, Any]] = (answer.json or {})["parked"]
    return found


def take(served: Served, headers: dict[str, str], parked_id: str, *ids: str) -> TestResponse:
    return served.client.post(f"{V1}/parked/{parked_id}/take", json={"as": list(ids)}, headers=headers)


def second_device(served: Served) -> dict[str, str]:
    """The token of another phone of the maker."""
    scene, key = served.scene, ed25519_key("maker second phone")
    record(served, (scene.key_added(scene.maker, key),))
    now = served.played.clock()
    text = sign_read_token(key, origin=served.ledger.origin, org=scene.maker.org, at=now)
    return {"Authorization": f"Bearer {text}"}


def test_a_record_is_shared_as_it_was_signed_with_every_device_of_its_organisation(served: Served) -> None:
    text = late(served)
    answer = park(served, served.scene.maker, text)
    assert answer.status_code == 201 and answer.headers["Location"] == f"{V1}/parked/{event_id(text)}"
    again = park(served, served.scene.maker, text, code="SEQUENCE_GAP")
    assert again.status_code == 200 and (again.json or {})["code"] == "PLACE_TAKEN", "it stays as it was"
    answer = served.client.get(f"{V1}/parked", headers=second_device(served))
    (found,) = (answer.json or {})["parked"]
    assert (found["events"], found["settled"], found["taken"]) == ([text], False, None)
    assert found["kid"] == served.scene.maker.key.public.kid


def test_another_organisation_sees_none_of_it_and_can_neither_take_nor_remove_it(served: Served) -> None:
    text = late(served)
    park(served, served.scene.maker, text)
    assert parked(served, served.scene.recycler) == []
    headers = bearer(served, served.scene.recycler)
    check_problem(take(served, headers, event_id(text), "A" * 43), 404, "PARKED_UNKNOWN")
    answer = served.client.delete(f"{V1}/parked/{event_id(text)}", headers=headers)
    check_problem(answer, 404, "PARKED_UNKNOWN")
    assert len(parked(served, served.scene.maker)) == 1


def test_nobody_parks_what_another_signed_or_nobody_did(served: Served) -> None:
    text = late(served)
    scene = served.scene
    check_problem(park(served, scene.recycler, text), 403, "NOT_PERMITTED")
    in_my_name = scene.inspected(scene.recycler, CODE, seq=1, prev=scene.heads[SUB][1], iss=scene.maker.org)
    check_problem(park(served, scene.maker, in_my_name), 422, "KEY_UNKNOWN")
    forged = text.rpartition(".")[0] + "." + in_my_name.rpartition(".")[2]
    check_problem(park(served, scene.maker, forged), 422, "SIGNATURE_INVALID")
    unknown = scene.inspected(scene.maker, CODE, seq=1, prev=scene.heads[SUB][1], key=ed25519_key("thief"))
    check_problem(park(served, scene.maker, unknown), 422, "KEY_UNKNOWN")
    for wrong in ("x.y.z", "", text + "~x~"):
        assert park(served, scene.maker, wrong).status_code == 422
    assert parked(served, scene.maker) == []


def test_a_revoked_key_parks_nothing_more(served: Served) -> None:
    scene, key = served.scene, ed25519_key("maker second phone")
    text = late(served)
    record(served, (scene.key_added(scene.maker, key),))
    stolen = scene.inspected(scene.maker, CODE, seq=1, prev=scene.heads[SUB][1], key=key)
    record(served, (scene.key_revoked(scene.maker, key),))
    check_problem(park(served, scene.maker, stolen), 422, "KEY_UNKNOWN")
    assert park(served, scene.maker, text).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"events": []},
        {"events": "x"},
        {"code": "no code"},
        {"code": 7},
        {"detail": "x" * 1_001},
        {"more": "x"},
        {"events": [7]},
    ],
)
def test_a_body_of_another_shape_is_refused(served: Served, body: dict[str, Any]) -> None:
    whole = {"events": ["x.y.z"], "code": "PLACE_TAKEN", "detail": ""} | body if body else body
    answer = served.client.post(f"{V1}/parked", json=whole, headers=bearer(served, served.scene.maker))
    check_problem(answer, 400, "BODY_MALFORMED")


def test_one_device_at_a_time_signs_it_again_and_another_after_an_hour(served: Served) -> None:
    text = late(served)
    park(served, served.scene.maker, text)
    first, second = bearer(served, served.scene.maker), second_device(served)
    assert take(served, first, event_id(text), "A" * 43).status_code == 200
    check_problem(take(served, second, event_id(text), "B" * 43), 409, "PARKED_TAKEN")
    answer = take(served, first, event_id(text), "C" * 43)
    assert (answer.json or {})["taken"]["as"] == ["C" * 43], "who has it may change its mind"
    served.played.now += timedelta(minutes=61)
    now = served.played.clock()
    key = ed25519_key("maker second phone")
    token = sign_read_token(key, origin=served.ledger.origin, org=served.scene.maker.org, at=now)
    answer = take(served, {"Authorization": f"Bearer {token}"}, event_id(text), "B" * 43)
    assert answer.status_code == 200 and (answer.json or {})["taken"]["kid"] == key.public.kid


def test_what_was_signed_in_its_place_settles_it_and_its_text_is_gone(served: Served) -> None:
    scene = served.scene
    text = late(served)
    park(served, scene.maker, text)
    again = scene.inspected(scene.maker, CODE)
    take(served, bearer(served, scene.maker), event_id(text), event_id(again))
    assert not parked(served, scene.maker)[0]["settled"]
    record(served, (again,))
    (found,) = parked(served, scene.maker)
    assert found["settled"] and found["events"] == [] and found["taken"]["as"] == [event_id(again)]
    with sqlite3.connect(served.played.home.path / "node.db") as connection:
        (said,) = connection.execute("SELECT events FROM parked").fetchall()
    assert said == ("[]",)
    headers = bearer(served, scene.maker)
    check_problem(take(served, headers, event_id(text), "B" * 43), 409, "PARKED_TAKEN")
    served.played.now += timedelta(days=31)
    assert parked(served, scene.maker) == []


def test_what_the_log_has_after_all_is_settled_at_once(served: Served) -> None:
    scene = served.scene
    made = scene.manufactured(CODE)
    record(served, (made,))
    answer = park(served, scene.maker, made)
    assert (
        answer.status_code == 201 and (answer.json or {})["settled"] and (answer.json or {})["events"] == []
    )


def test_withheld_values_are_for_the_organisation_alone_and_gone_with_the_text(served: Served) -> None:
    scene = served.scene
    record(served, (scene.manufactured(CODE),))
    group = scene.installed(CODE)
    assert park(served, scene.maker, *group).status_code == 201
    disclosure = group[1].split("~")[1]
    assert parked(served, scene.maker)[0]["events"][1].split("~")[1] == disclosure
    for party in (scene.recycler, scene.dismantler):
        assert disclosure not in str(parked(served, party))
    record(served, group)
    assert parked(served, scene.maker)[0]["settled"]
    home = served.played.home.path
    for path in home.glob("node.db*"):
        assert disclosure.encode() not in path.read_bytes(), path.name
    assert VIN


def test_an_organisation_parks_only_so_much(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_OF_ONE", 1)
    scene = served.scene
    text = late(served)
    assert park(served, scene.maker, text).status_code == 201
    other = scene.inspected(scene.maker, CODE, seq=1, prev=scene.heads[SUB][1])
    check_problem(park(served, scene.maker, other), 409, "PARKED_TOO_MANY")
    assert park(served, scene.maker, text).status_code == 200
    headers = bearer(served, scene.maker)
    assert served.client.delete(f"{V1}/parked/{event_id(text)}", headers=headers).status_code == 204
    assert park(served, scene.maker, other).status_code == 201


def test_a_key_that_may_only_read_changes_nothing(served: Served) -> None:
    scene, key = served.scene, ed25519_key("maker reader")
    text = late(served)
    park(served, scene.maker, text)
    record(served, (scene.key_added(scene.maker, key, use="read"),))
    now = served.played.clock()
    token = sign_read_token(key, origin=served.ledger.origin, org=scene.maker.org, at=now)
    headers = {"Authorization": f"Bearer {token}"}
    check_problem(take(served, headers, event_id(text), "A" * 43), 403, "NOT_PERMITTED")
    answer = served.client.delete(f"{V1}/parked/{event_id(text)}", headers=headers)
    check_problem(answer, 403, "NOT_PERMITTED")
