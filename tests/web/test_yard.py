"""What an organisation takes along: what it holds, is offered, owns or has on the road, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.signing.merkle import leaf_hash, root_of
from packtrace.tests.scene import Party, digest_of, event_id, pack_code
from packtrace.tests.web.conftest import Served, check_problem, on_both
from packtrace.tests.web.tenants import CODE, SUB, Tenants, record, settled
from packtrace.tests.web.tokens import bearer
from packtrace.trace.times import format_time

V1 = "/api/v1"


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenants]:
    with settled(tmp_path_factory.mktemp("yard")) as found:
        yield found


def yard(served: Served, party: Party, **query: Any) -> dict[str, Any]:
    answer = served.client.get(f"{V1}/yard", query_string=query, headers=bearer(served, party))
    assert answer.status_code == 200, answer.data
    body: dict[str, Any] = answer.json or {}
    return body


def subjects(served: Served, party: Party) -> dict[str, str]:
    return {item["subject"]: item["part"] for item in yard(served, party)["items"]}


def test_holder_and_consignee_have_it_and_nobody_else(tenants: Tenants) -> None:
    served, scene = tenants.served, tenants.served.scene
    assert subjects(served, scene.dismantler) == {SUB: "held"}
    assert subjects(served, scene.recycler) == {SUB: "offered"}
    for party in (scene.maker, scene.garage, scene.regulator):
        assert subjects(served, party) == {}


def test_line_says_what_the_battery_itself_says_and_where_the_next_event_stands(tenants: Tenants) -> None:
    for party in (tenants.served.scene.dismantler, tenants.served.scene.recycler):
        (item,) = yard(tenants.served, party)["items"]
        headers = bearer(tenants.served, party)
        alone = tenants.served.client.get(f"{V1}/batteries/{CODE}", headers=headers).json or {}
        assert {name: item[name] for name in item if name not in ("part", "since")} == {
            name: alone[name] for name in alone if name != "log"
        }
        assert (item["seq"], item["head"]) == (5, tenants.pack[5])
        assert item["label"] == digest_of(f"label {CODE}")
        assert item["offer"]["consignee"] == tenants.served.scene.recycler.org


def test_it_waits_since_it_was_taken_over_or_offered(tenants: Tenants) -> None:
    scene, played = tenants.served.scene, tenants.served.played
    entries = dict(enumerate(tenants.served.ledger.entries_of(SUB)))
    at = {seq: entry.decode().rpartition('"recorded_at":"')[2][:24] for seq, (_, entry) in entries.items()}
    assert yard(tenants.served, scene.dismantler)["items"][0]["since"] == at[4]
    assert yard(tenants.served, scene.recycler)["items"][0]["since"] == at[5]
    assert played.clock()


def test_own_roles_and_sites_are_told(served: Served) -> None:
    scene = served.scene
    depot = scene.party("depot", 9, "collector")
    enrolled = scene.enrolled(depot, sites=[{"site": "north", "region": "CN-440300"}])
    record(served, (enrolled,), (scene.key_added(depot, depot.key),))
    own = yard(served, depot)["organisation"]
    assert own["id"] == depot.org and [role["role"] for role in own["roles"]] == ["collector"]
    assert own["sites"] == [{"name": "north", "region": "CN-440300"}]


def test_a_yard_is_paged_and_a_page_opens_for_its_own_reader_alone(served: Served) -> None:
    scene = served.scene
    codes = [pack_code(number) for number in range(1, 8)]
    record(served, *((scene.manufactured(code),) for code in codes))
    found, page = [], {}
    for _ in range(4):
        body = yard(served, scene.maker, limit=2, **page)
        found += [item["subject"] for item in body["items"]]
        if "next" not in body:
            break
        page = {"page": body["next"]}
    assert found == [f"battery:gbt34014:{code}" for code in codes]
    headers = bearer(served, scene.garage)
    answer = served.client.get(f"{V1}/yard", query_string=page, headers=headers)
    check_problem(answer, 400, "PAGE_TOKEN_INVALID")


@on_both
def test_what_was_handed_on_or_has_expired_is_gone(served: Served) -> None:
    scene, code = served.scene, pack_code(1)
    sub = f"battery:gbt34014:{code}"
    record(served, (scene.manufactured(code),))
    assert subjects(served, scene.maker) == {sub: "held"}
    retired = scene.sign(
        scene.maker, "battery.retired", sub, {"capacity": "vehicle_maker", "reason": "recall"}
    )
    (offered,), (accepted,) = scene.handed_over(sub, scene.maker, scene.dismantler, "pack_dismantler")
    record(served, (retired,), (offered,))
    assert subjects(served, scene.dismantler) == {sub: "offered"}
    record(served, (accepted,))
    assert subjects(served, scene.dismantler) == {sub: "held"}
    assert subjects(served, scene.maker) == {}
    expires = format_time(served.played.now + timedelta(days=8))
    data = {"consignee": scene.recycler.org, "capacity": "recycler", "expires_at": expires}
    record(served, (scene.sign(scene.dismantler, "handover.offered", sub, data),))
    assert subjects(served, scene.recycler) == {sub: "offered"}
    served.played.now += timedelta(days=8)
    assert subjects(served, scene.recycler) == {}, "nobody may accept it any more"


def test_consignments_on_the_way_and_open_batches_are_there(served: Served) -> None:
    scene, code = served.scene, pack_code(1)
    sub, load = f"battery:gbt34014:{code}", f"consignment:{scene.maker.id}/7"
    batch = f"batch:{scene.recycler.id}/2"
    retired = {"capacity": "vehicle_maker", "reason": "recall"}
    offer = {
        "consignee": scene.dismantler.org,
        "capacity": "pack_dismantler",
        "expires_at": format_time(served.played.now + timedelta(days=8)),
        "consignment": load,
    }
    record(served, (scene.manufactured(code),), (scene.sign(scene.maker, "battery.retired", sub, retired),))
    offered = scene.sign(scene.maker, "handover.offered", sub, offer)
    leaves = [leaf_hash(parse_b64url(event_id(offered)))]
    dispatched = {
        "consignee": scene.dismantler.org,
        "offers": {"count": 1, "root": b64url(root_of(leaves))},
        "un_number": "UN3480",
        "packing": "normal",
        "safety_check": {"passed": True},
    }
    record(served, (offered,), (scene.sign(scene.maker, "consignment.dispatched", load, dispatched),))
    assert subjects(served, scene.maker) == {sub: "held", load: "sent"}
    assert subjects(served, scene.dismantler) == {sub: "offered", load: "expected"}
    record(served, (scene.sign(scene.recycler, "batch.opened", batch, {"process": "hydrometallurgical"}),))
    assert subjects(served, scene.recycler) == {batch: "own"}


def test_a_forged_index_puts_nothing_into_a_yard(tenants: Tenants) -> None:
    served, scene = tenants.served, tenants.served.scene
    assert subjects(served, scene.garage) == {}
    with sqlite3.connect(served.played.home.path / "node.db") as connection:
        for subject in (SUB, "battery:gbt34014:" + pack_code(77), "org:x", f"model:{scene.maker.id}/LFP-438"):
            connection.execute("INSERT INTO yard_part VALUES (?, ?)", (scene.garage.org, subject))
    assert subjects(served, scene.garage) == {}
    with sqlite3.connect(served.played.home.path / "node.db") as connection:
        connection.execute("DELETE FROM yard_part WHERE org = ?", (scene.garage.org,))
