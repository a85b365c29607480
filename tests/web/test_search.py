"""`GET /api/v1/batteries`: everybody finds what the tiers allow, as the ledger has it."""

from __future__ import annotations

from typing import Any

import pytest

from packtrace.tests.ledger.node import append_one
from packtrace.tests.scene import event_id, module_code, pack_code
from packtrace.tests.web.conftest import Served, check_problem, on_both
from packtrace.tests.web.tenants import ASKERS, SUB, Tenants, record, settle
from packtrace.trace.times import format_time
from packtrace.web.api.search import search_index

URL = "/api/v1/batteries"


@pytest.fixture
def tenants(served: Served) -> Tenants:
    return settle(served)


def find(tenants: Tenants, asker: str, **query: str) -> list[dict[str, Any]]:
    """Every page of a search."""
    found: list[dict[str, Any]] = []
    while True:
        answer = tenants.served.client.get(URL, query_string=query, headers=tenants.header(asker))
        assert answer.status_code == 200, answer.text
        assert answer.headers["Cache-Control"] == "no-store" and answer.headers["Vary"] == "Authorization"
        body: dict[str, Any] = answer.json or {}
        found += body["batteries"]
        if "next" not in body:
            return found
        query["page"] = body["next"]


@on_both
def test_everybody_finds_what_is_theirs_to_find(tenants: Tenants) -> None:
    check_problem(tenants.ask("stranger", URL), 401, "TOKEN_REQUIRED")
    found = {asker: find(tenants, asker) for asker in ASKERS if asker != "stranger"}
    assert found["any"] == found["elsewhere"] == []
    for asker, tier in (
        ("past", "past"),
        ("holder", "holder"),
        ("consignee", "consignee"),
        ("region", "authority"),
    ):
        (row,) = found[asker]
        assert (row["battery"], row["tier"]) == (SUB, tier)
        assert (row["stage"], row["custodian"]) == ("at_dismantler", tenants.served.scene.dismantler.org)
        assert (row["seq"], row["head"]) == (5, tenants.pack[-1])
        assert ("region" in row, "batch" in row, "changed_at" in row) == (tier != "past",) * 3


@on_both
def test_each_filter_finds_what_it_says_and_nothing_else(tenants: Tenants) -> None:
    scene = tenants.served.scene
    now = tenants.served.played.now
    later = format_time(now.replace(day=now.day + 1))
    for name, good, bad in (
        ("stage", "at_dismantler", "manufactured"),
        ("custodian", scene.dismantler.org, scene.maker.org),
        ("custodian", scene.dismantler.id, "nobody"),
        ("region", "CN-440000", "CN-450000"),
        ("region", "CN", "DE"),
        ("region", "CN-440300", "CN-440100"),
        ("changed_after", "2026-01-01T00:00:00Z", later),
        ("changed_before", later, "2026-01-01T00:00:00Z"),
    ):
        assert len(find(tenants, "holder", **{name: good})) == 1, (name, good)
        assert find(tenants, "holder", **{name: bad}) == [], (name, bad)
    assert find(tenants, "holder", stage="at_dismantler", region="DE") == []


def test_past_holder_can_not_ask_for_what_it_does_not_see(tenants: Tenants) -> None:
    assert len(find(tenants, "past", stage="at_dismantler")) == 1
    for query in ({"region": "CN"}, {"changed_after": "2026-01-01T00:00:00Z"}):
        assert find(tenants, "past", **query) == []
    assert find(tenants, "past", batch=f"batch:{tenants.served.scene.recycler.id}/B1") == []


def test_wrong_filters_are_refused_with_their_reason(tenants: Tenants) -> None:
    for query, code in (
        ("stage=eaten", "PARAMETERS_INVALID"),
        ("stage=-", "PARAMETERS_INVALID"),
        ("limit=0", "PARAMETERS_INVALID"),
        ("limit=1001", "PARAMETERS_INVALID"),
        ("custodian=somebody", "PARTY_ID_INVALID"),
        ("region=cn", "REGION_INVALID"),
        ("batch=B1", "SUBJECT_INVALID"),
        ("changed_after=", "TIME_INVALID"),
        ("changed_before=yesterday", "TIME_INVALID"),
    ):
        answer = tenants.ask("holder", f"{URL}?{query}")
        assert answer.status_code == 422, query
        check_problem(answer, 422, code)
    for page in ("", "x", "A" * 60):
        check_problem(tenants.ask("holder", f"{URL}?page={page}"), 400, "PAGE_TOKEN_INVALID")


def test_pages_hold_every_battery_once_and_their_tokens_nothing_else(tenants: Tenants) -> None:
    scene = tenants.served.scene
    codes = [pack_code(number) for number in range(10, 17)]
    record(tenants.served, *((scene.manufactured(code),) for code in codes))
    expected = sorted([SUB, *(f"battery:gbt34014:{code}" for code in codes)])
    assert [row["battery"] for row in find(tenants, "past", limit="3")] == expected
    assert [row["battery"] for row in find(tenants, "region", limit="1")] == expected
    made = [row["battery"] for row in find(tenants, "past", limit="2", stage="manufactured")]
    assert made == expected[1:] or (SUB not in made and len(made) == 7)
    token = (tenants.ask("past", f"{URL}?limit=2").json or {})["next"]
    assert tenants.ask("past", f"{URL}?limit=5&page={token}").status_code == 200
    for asker, query in (("past", "&stage=manufactured"), ("region", ""), ("past", "&region=CN")):
        answer = tenants.ask(asker, f"{URL}?limit=2&page={token}{query}")
        check_problem(answer, 400, "PAGE_TOKEN_INVALID")


def test_what_is_inside_is_found_by_whoever_gets_the_outermost(tenants: Tenants) -> None:
    """Though nothing is said on its own chain, and also while it is only offered."""
    scene = tenants.served.scene
    code = pack_code(40)
    pack, module = f"battery:gbt34014:{code}", f"battery:gbt34014:{module_code(code)}"
    record(tenants.served, (scene.manufactured(module_code(code)),))
    made = scene.manufactured(code, put_in=[module])
    fitted = {"parent": pack, "leader": event_id(made)}
    record(tenants.served, (made, scene.sign(scene.maker, "battery.fitted", module, fitted)))
    assert find(tenants, "any") == []
    offered, accepted = scene.handed_over(pack, scene.maker, scene.garage, "dealer")
    record(tenants.served, offered)
    assert {row["battery"]: row["tier"] for row in find(tenants, "any")} == {
        pack: "consignee",
        module: "consignee",
    }
    record(tenants.served, accepted)
    found = {row["battery"]: row for row in find(tenants, "any", custodian=scene.garage.org)}
    assert {pack, module} == found.keys() and found[module]["stage"] == "in_pack"


def test_recycler_finds_what_went_into_its_batch(tenants: Tenants) -> None:
    scene = tenants.served.scene
    code = pack_code(50)
    record(tenants.served, *scene.life_of_a_pack(code))
    batch = f"batch:{scene.recycler.id}/{code}"
    (row,) = find(tenants, "consignee", batch=batch)
    assert row["battery"] == f"battery:gbt34014:{module_code(code)}"
    assert (row["tier"], row["stage"], row["custodian"], row["batch"]) == ("past", "recycled", "none", batch)
    assert find(tenants, "holder", batch=batch) == []  # who handed it over does not see where it went


def test_search_follows_the_log_from_one_question_to_the_next(tenants: Tenants) -> None:
    scene = tenants.served.scene
    assert len(find(tenants, "consignee", custodian=scene.recycler.org)) == 0
    accepted = {
        "offer": tenants.pack[-1],
        "capacity": "recycler",
        "mass": {"g": 438_000, "basis": "measured", "scale_g": 500},
        "condition": "intact",
        "read_by": "camera",
    }
    append_one(tenants.served.ledger, scene.sign(scene.recycler, "handover.accepted", SUB, accepted))
    (row,) = find(tenants, "consignee", custodian=scene.recycler.org)
    assert (row["tier"], row["stage"]) == ("holder", "at_recycler")
    assert find(tenants, "consignee", stage="at_dismantler") == []


def test_index_that_was_tampered_with_can_only_leave_out(tenants: Tenants) -> None:
    assert len(find(tenants, "holder")) == 1
    store, scene = tenants.served.node.store, tenants.served.scene
    with store.write() as connection:
        run = connection.exec_driver_sql
        run("UPDATE search_battery SET stage='manufactured', custodian='nobody', region='DE-BY', batch='x'")
        run("INSERT INTO search_part VALUES (?, ?)", (scene.garage.org, SUB))
        run("INSERT INTO search_place VALUES (?, 'DE-BY')", (SUB,))
        for number in (90, 91):
            forged = (f"battery:gbt34014:{pack_code(number)}", "retired", "nobody", "CN", "", 0)
            run("INSERT INTO search_battery VALUES (?, ?, ?, ?, ?, ?)", forged)
            run("INSERT INTO search_part VALUES (?, ?)", (scene.dismantler.org, forged[0]))
        run("INSERT INTO search_battery VALUES ('org:x', 'retired', '', '', '', 0)")
        run("INSERT INTO search_part VALUES (?, 'lot:uscc:91440300MA5000001X/x')", (scene.dismantler.org,))
    assert find(tenants, "any") == find(tenants, "elsewhere") == []
    (row,) = find(tenants, "holder")
    assert (row["stage"], row["custodian"]) == ("at_dismantler", scene.dismantler.org)
    assert row["region"] == "CN-440300"
    assert find(tenants, "holder", stage="manufactured") == find(tenants, "holder", region="DE-BY") == []
    assert find(tenants, "holder", stage="retired") == []


def test_index_is_made_again_when_it_is_lost_or_of_another_log(tenants: Tenants) -> None:
    index = search_index(tenants.served.app)
    assert len(find(tenants, "holder")) == 1
    for leaves in (None, 10**9):
        with tenants.served.node.store.write() as connection:
            connection.exec_driver_sql("DELETE FROM search_part")
            connection.exec_driver_sql("DELETE FROM followed WHERE name = 'search'")
            if leaves:
                connection.exec_driver_sql("INSERT INTO followed VALUES ('search', 0, ?)", (leaves,))
        assert len(find(tenants, "holder")) == 1
    assert index.bring_up()


def test_search_that_would_wait_for_long_says_when_to_come_back(
    tenants: Tenants, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("packtrace.web.reading.search_index.SearchIndex.step", 5)
    monkeypatch.setattr("packtrace.web.api.search.CATCH_UP", 5)
    answer = tenants.ask("holder", URL)
    check_problem(answer, 503, "SEARCH_NOT_READY")
    assert int(answer.headers["Retry-After"]) >= 1
    while tenants.ask("holder", URL).status_code == 503:
        pass
    assert len(find(tenants, "holder")) == 1


def test_organisation_that_moves_takes_what_it_holds_along(tenants: Tenants) -> None:
    scene = tenants.served.scene
    assert find(tenants, "elsewhere") == []
    moved = scene.sign(scene.registrar, "org.changed", scene.dismantler.org, {"region": "DE-BY"})
    outcome = append_one(tenants.served.ledger, moved)
    assert outcome.error is None, outcome.error
    (row,) = find(tenants, "elsewhere", region="DE")
    assert (row["battery"], row["region"]) == (SUB, "DE-BY")
