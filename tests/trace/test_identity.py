"""One battery, two chains: a link launders nothing, and what was linked is not left hanging."""

from __future__ import annotations

from typing import Any

import pytest

from packtrace.tests.scene import event_id
from packtrace.tests.trace.firms import Firms, legacy, paper
from packtrace.trace.lifecycle import words

FOUND = legacy(1)


@pytest.fixture
def firms() -> Firms:
    return Firms()


def tag(firms: Firms, name: str = "a") -> str:
    return f"battery:tag:{firms.ann.id}/{name}"


def linked(firms: Firms, sub: str, other: str) -> str:
    return firms.say(firms.ann, "identity.linked", sub, battery=other, basis="code_found")


def begun(firms: Firms, other: str, leader: str, **data: Any) -> str:
    said = {"stage": "removed", "capacity": "repairer", "holder": "signer", "basis": "legacy"}
    said |= {"read_by": "typed", "linked": event_id(leader)}
    return firms.say(firms.ann, "battery.registered", other, **(said | data))


def test_a_tag_goes_on_under_the_code_that_was_found(firms: Firms) -> None:
    firms.have(firms.ann, tag(firms), basis="label_unreadable")
    leader = linked(firms, tag(firms), FOUND)
    follower = begun(firms, FOUND, leader)
    assert firms.court.refusal(leader) == "GROUP_INCOMPLETE"
    firms.court.admit(leader, follower)
    old, new = firms.court.battery(tag(firms)), firms.court.battery(FOUND)
    assert (old.stage, old.custodian, old.facts.into) == (words.MERGED, words.NONE, FOUND)
    assert (new.stage, new.custodian) == (words.REMOVED, firms.ann.org)
    assert firms.tried(firms.ann, "battery.inspected", tag(firms), condition="intact") == "PACK_TERMINAL"


@pytest.mark.parametrize(
    ("forged", "code"),
    [
        ({"stage": "removed"}, "ILLEGAL_TRANSITION"),
        ({"capacity": "recycler"}, "ILLEGAL_TRANSITION"),
        ({"holder": "nobody"}, "NOT_CUSTODIAN"),
        ({"linked": "A" * 43}, "REFERENCE_ABSENT"),
        ({}, "accepted"),
    ],
)
def test_waste_is_not_made_usable_by_another_code(firms: Firms, forged: dict[str, Any], code: str) -> None:
    firms.have(firms.ann, tag(firms), stage="waste", role="collector")
    leader = linked(firms, tag(firms), FOUND)
    said = {"stage": "waste", "capacity": "collector"} | forged
    assert firms.answer(leader, begun(firms, FOUND, leader, **said)) == code


def test_waste_is_linked_to_no_chain_that_is_in_use(firms: Firms) -> None:
    firms.have(firms.ann, FOUND)
    firms.have(firms.ann, tag(firms), stage="waste", role="collector")
    assert firms.answer(linked(firms, tag(firms), FOUND)) == "ILLEGAL_TRANSITION"
    firms.did(firms.ann, "battery.retired", FOUND, capacity="collector", reason="end_of_life")
    assert firms.answer(linked(firms, tag(firms), FOUND)) == "accepted"


def test_an_incident_a_contest_and_an_open_conflict_are_not_left_behind(firms: Firms) -> None:
    own = "battery:gbt34014:0ANPB76836300JBC40000001"
    for sub in (FOUND, own, tag(firms, "b")):
        firms.have(firms.ann, sub)
    firms.did(firms.ann, "battery.incident", FOUND, kind="fire")
    assert firms.answer(linked(firms, FOUND, tag(firms, "b"))) == "DAMAGED"
    leader = linked(firms, FOUND, tag(firms, "c"))
    assert firms.answer(leader, begun(firms, tag(firms, "c"), leader)) == "DAMAGED"
    firms.did(firms.ann, "origin.contested", f"notes:{own}", reason="not ours")
    assert firms.answer(linked(firms, own, tag(firms, "b"))) == "ORIGIN_CONTESTED"
    firms.have(firms.ann, tag(firms, "d"), conflicts_with=FOUND)
    assert firms.answer(linked(firms, tag(firms, "d"), tag(firms, "b"))) == "ILLEGAL_TRANSITION"
    firms.did(firms.ann, "battery.incident", tag(firms, "d"), kind="fire")
    assert firms.answer(linked(firms, tag(firms, "d"), FOUND)) == "accepted"  # so it is decided


def test_nobody_links_what_another_holds_what_has_ended_or_its_own_chain(firms: Firms) -> None:
    firms.have(firms.ann, tag(firms))
    firms.have(firms.bob, FOUND)
    assert firms.answer(linked(firms, tag(firms), FOUND)) == "NOT_CUSTODIAN"
    assert firms.answer(linked(firms, FOUND, tag(firms))) == "NOT_CUSTODIAN"
    assert firms.answer(linked(firms, tag(firms), tag(firms))) == "COMPOSITION_CONFLICT"
    gone = legacy(2)
    firms.have(firms.ann, gone)
    firms.did(firms.ann, "battery.exported", gone, destination="DE", reason="sold")
    assert firms.answer(linked(firms, tag(firms), gone)) == "ILLEGAL_TRANSITION"


def test_a_battery_in_a_vehicle_or_with_coded_parts_is_not_linked(firms: Firms) -> None:
    part = legacy(3, "M")
    for sub in (FOUND, part, tag(firms)):
        firms.have(firms.ann, sub)
    leader = firms.repaired(firms.ann, FOUND, put_in=[part])
    firms.court.admit(leader, firms.fitted(firms.ann, part, FOUND, leader))
    assert firms.answer(linked(firms, FOUND, tag(firms))) == "ILLEGAL_TRANSITION"
    assert firms.answer(linked(firms, tag(firms), part)) == "ILLEGAL_TRANSITION"
    vehicle = "vehicle:AAAAAAAAAAAAAAAAAAAAAA"
    installed = firms.say(firms.ann, "battery.installed", tag(firms), vehicle=vehicle, position=1, of=1)
    told = {"battery": tag(firms), "installed": event_id(installed), "packs": 1, "swap_model": False}
    firms.court.admit(installed, firms.say(firms.ann, "vehicle.fitted", vehicle, **told))
    assert firms.answer(linked(firms, tag(firms), legacy(9))) == "ILLEGAL_TRANSITION"


def test_a_product_for_a_storehouse_is_not_made_one_for_the_road_by_a_link(firms: Firms) -> None:
    product = f"battery:tag:{firms.ann.id}/product"
    firms.have(firms.ann, FOUND)
    firms.have(firms.ann, tag(firms))
    used = firms.did(firms.ann, "battery.used_in", FOUND, product=product)
    firms.did(
        firms.ann, "battery.repurposed", product, sources=[event_id(used)], category="industrial",
        intended_use="backup", chemistry="LFP", mass={"g": 1, "basis": "measured"}, label="A" * 43,
    )  # fmt: skip
    assert firms.answer(linked(firms, product, tag(firms))) == "ILLEGAL_TRANSITION"
    leader = linked(firms, product, legacy(9))
    assert firms.answer(leader, begun(firms, legacy(9), leader)) == "ILLEGAL_TRANSITION"


def test_the_chain_that_a_battery_went_over_into_is_not_voided_away_from_under_it(firms: Firms) -> None:
    firms.have(firms.ann, tag(firms), stage="waste", role="collector")
    leader = linked(firms, tag(firms), FOUND)
    follower = begun(firms, FOUND, leader, stage="waste", capacity="collector")
    firms.court.admit(leader, follower)
    undo = firms.void(firms.ann, FOUND, follower)
    assert firms.answer(undo) == "ILLEGAL_TRANSITION"
    undo = firms.void(firms.ann, tag(firms), leader)
    assert firms.court.refusal(undo) == "GROUP_INCOMPLETE"
    assert firms.answer(undo, firms.void(firms.ann, FOUND, follower)) == "accepted"
    assert firms.court.battery(tag(firms)).stage == words.RETIRED


def test_a_chain_that_stood_before_is_not_voided_away_from_under_what_was_linked_to_it(firms: Firms) -> None:
    first = firms.have(firms.ann, FOUND, stage="waste", role="collector")
    firms.have(firms.ann, tag(firms), stage="waste", role="collector")
    leader = linked(firms, tag(firms), FOUND)
    firms.court.admit(leader)
    assert firms.answer(firms.void(firms.ann, FOUND, first)) == "ILLEGAL_TRANSITION"
    firms.court.admit(firms.void(firms.ann, tag(firms), leader))
    assert firms.answer(firms.void(firms.ann, FOUND, first)) == "accepted"


def test_a_share_of_a_lot_is_not_undone_without_the_split(firms: Firms) -> None:
    firms.have(firms.ann, FOUND, stage="waste", role="pack_dismantler")
    opened = firms.opened(firms.ann, FOUND)
    firms.court.admit(*opened)
    whole, parts = f"lot:{firms.ann.id}/w", [f"lot:{firms.ann.id}/{name}" for name in "xy"]
    made: dict[str, Any] = {"capacity": "pack_dismantler", "kind": "cells"}
    mass = {"g": 90, "basis": "measured"}
    source = {"parent": FOUND, "dismantled": event_id(opened[0]), "line": 1}
    firms.did(firms.ann, "lot.made", whole, **made, **source, mass=mass)
    shares = [{"lot": part, "g": 45} for part in parts]
    leader = firms.say(firms.ann, "lot.split", whole, into=shares)
    made |= {"split": event_id(leader), "mass": mass | {"g": 45}}
    group = (leader, *(firms.say(firms.ann, "lot.made", part, **made) for part in parts))
    firms.court.admit(*group)
    assert firms.answer(firms.void(firms.ann, parts[0], group[1])) == "GROUP_INCOMPLETE"
    undo = [firms.void(firms.ann, sub, text) for sub, text in zip((whole, *parts), group, strict=True)]
    assert firms.answer(*undo) == "accepted"
    assert firms.lot(whole).g == 90


def test_a_lost_battery_is_found_by_who_lost_it_and_no_longer_once_it_was_taken_in(firms: Firms) -> None:
    firms.have(firms.ann, FOUND, stage="waste", role="repurposer")
    firms.did(firms.ann, "battery.lost", FOUND, reason="stolen")
    assert firms.court.battery(FOUND).custodian == words.NOBODY
    assert firms.tried(firms.bob, "battery.found", FOUND, read_by="typed") == "NOT_CUSTODIAN"
    lost = firms.court
    firms.court = lost.above()
    firms.did(firms.ann, "battery.found", FOUND, read_by="typed")
    battery = firms.court.battery(FOUND)
    assert (battery.stage, battery.custodian, battery.capacity) == (
        "at_repurposer", firms.ann.org, "repurposer",
    )  # fmt: skip
    firms.court = lost
    firms.rewind()
    taken = firms.say(
        firms.bob, "battery.taken_in", FOUND, capacity="dealer", read_by="camera", condition="intact",
        evidence=paper("photo"),
    )  # fmt: skip
    firms.court.admit(taken)
    assert firms.codes() == ["LOST_THEN_TAKEN_IN"]
    assert firms.court.battery(FOUND).stage == words.RETIRED  # what was lost comes back as waste
    assert firms.court.refusal(firms.say(firms.ann, "battery.found", FOUND, read_by="typed")) == (
        "ILLEGAL_TRANSITION"
    )
