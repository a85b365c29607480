"""What an organisation polls: every notice once or more, in order, and none of another's."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from packtrace.tests.scene import VIN, pack_code
from packtrace.web.notices.feed import format_cursor

from .conftest import Served, check_problem, on_both
from .tenants import SUB, Tenants, record, settle

FEED = "/api/v1/feed"


@pytest.fixture
def tenants(served: Served) -> Tenants:
    return settle(served)


def feed(tenants: Tenants, asker: str, **query: object) -> dict[str, Any]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    answer = tenants.ask(asker, f"{FEED}?{asked}")
    assert answer.status_code == 200, answer.data
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.json or {}


def told(said: dict[str, Any]) -> list[str]:
    """The notices of the pack, by what happened."""
    return [each["type"] for each in said["notices"] if each["subject"].endswith(SUB)]


@on_both
def test_each_hears_of_what_concerns_it_and_of_nothing_else(tenants: Tenants) -> None:
    life = ["battery.manufactured", "battery.installed", "battery.retired", "handover.offered",
            "handover.accepted"]  # fmt: skip
    assert told(feed(tenants, "past")) == life
    assert told(feed(tenants, "holder")) == [*life[-2:], "handover.offered", "note.incident"]
    assert told(feed(tenants, "consignee")) == ["handover.offered", "note.incident"]
    assert told(feed(tenants, "any")) == ["note.incident"]
    assert told(feed(tenants, "region")) == told(feed(tenants, "elsewhere")) == []


def test_notice_says_where_the_battery_stands_and_holds_nothing_of_the_event(tenants: Tenants) -> None:
    last = feed(tenants, "consignee")["notices"][-2]
    assert last.keys() == {
        *("leaf_index", "id", "subject", "seq", "type", "iss", "recorded_at"),
        *("stage", "custodian_is_you", "offered_to_you"),
    }
    assert (last["id"], last["seq"], last["subject"]) == (tenants.pack[-1], 5, SUB)
    assert (last["stage"], last["custodian_is_you"], last["offered_to_you"]) == ("at_dismantler", False, True)
    assert feed(tenants, "holder")["notices"][-1]["custodian_is_you"] is True
    played = tenants.served.played
    played.now = played.now.replace(day=21)  # the offer has expired
    assert feed(tenants, "consignee")["notices"][-1]["offered_to_you"] is False
    for asker in ("past", "holder", "region"):
        text = json.dumps(feed(tenants, asker))
        assert VIN not in text and "smoke" not in text


@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
def test_pages_give_every_notice_once_and_an_equal_cursor_gives_the_same_again(
    tenants: Tenants, limit: int
) -> None:
    whole = feed(tenants, "past")["notices"]
    assert [each["leaf_index"] for each in whole] == sorted({each["leaf_index"] for each in whole})
    got: list[Any] = []
    said = feed(tenants, "past", limit=limit)
    while True:
        got += said["notices"]
        again = feed(tenants, "past", after=said["next"], limit=limit)
        assert feed(tenants, "past", after=said["next"], limit=limit) == again
        if said["complete"] and not again["notices"]:
            break
        said = again
    assert got == whole and again["next"] == said["next"] == format_cursor(said["size"])


def test_what_comes_later_comes_after_the_cursor(tenants: Tenants) -> None:
    said = feed(tenants, "past")
    record(tenants.served, (tenants.served.scene.manufactured(pack_code(2)),))
    later = feed(tenants, "past", after=said["next"])
    assert [each["type"] for each in later["notices"]] == ["battery.manufactured"]
    assert later["size"] == said["size"] + 1


def test_what_no_checkpoint_covers_is_not_told_yet(tenants: Tenants, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notice promises what could still be lost, unless a checkpoint is signed over it."""
    served = tenants.served
    said, published = feed(tenants, "past"), served.ledger.published()
    record(served, (served.scene.manufactured(pack_code(2)),))
    monkeypatch.setattr(served.ledger, "published", lambda: published)
    assert feed(tenants, "past", after=said["next"]) == said | {"notices": []}


def test_feed_is_for_whoever_shows_a_token(tenants: Tenants) -> None:
    check_problem(tenants.ask("stranger", FEED), 401, "TOKEN_REQUIRED")
    header = tenants.header("past")
    tenants.served.played.now += timedelta(hours=1)
    check_problem(tenants.served.client.get(FEED, headers=header), 401, "TOKEN_INVALID")


@pytest.mark.parametrize("cursor", ["x", "5", "WyJhZnRlciIsMV0=", "WyJhZnRlciIsLTFd", "é", "A" * 60])
def test_what_is_no_cursor_is_refused(tenants: Tenants, cursor: str) -> None:
    check_problem(tenants.ask("past", f"{FEED}?after={cursor}"), 422, "CURSOR_INVALID")


def test_cursor_beyond_the_log_is_of_another_one(tenants: Tenants) -> None:
    size = tenants.served.ledger.published().size
    assert feed(tenants, "past", after=format_cursor(size))["notices"] == []
    check_problem(tenants.ask("past", f"{FEED}?after={format_cursor(size + 1)}"), 422, "CURSOR_INVALID")


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "1_0"])
def test_limit_is_bounded(tenants: Tenants, limit: str) -> None:
    check_problem(tenants.ask("past", f"{FEED}?limit={limit}"), 422, "PARAMETERS_INVALID")
