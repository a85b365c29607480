"""Waste that is used again, products made of it, what is repaired, and what crosses a border."""

from __future__ import annotations

from typing import Any

import pytest

from packtrace.tests.scene import Party, event_id, pack_code
from packtrace.tests.trace.firms import Firms, legacy, paper
from packtrace.trace.lifecycle import words

PACK, PART = legacy(1), legacy(2, "M")
VEHICLE = "vehicle:AAAAAAAAAAAAAAAAAAAAAA"
AGAIN = {"capacity": "repurposer", "operation": "re-used", "protection": "crate"}
MADE = {"chemistry": "LFP", "mass": {"g": 9, "basis": "measured"}, "label": "A" * 43}


@pytest.fixture
def firms() -> Firms:
    return Firms()


def installed(firms: Firms, who: Party, sub: str) -> str:
    leader = firms.say(who, "battery.installed", sub, vehicle=VEHICLE, position=1, of=1)
    told = {"battery": sub, "installed": event_id(leader), "packs": 1, "swap_model": False}
    return firms.answer(leader, firms.say(who, "vehicle.fitted", VEHICLE, **told))


def product(firms: Firms, who: Party, sub: str, sources: list[str], **changes: Any) -> str:
    data = {"category": "industrial", "intended_use": "backup", **MADE} | changes
    return firms.tried(who, "battery.repurposed", sub, sources=[event_id(s) for s in sources], **data)


# -- waste -------------------------------------------------------------------------------------------------


def test_waste_is_used_again_only_after_test_and_contract(firms: Firms) -> None:
    firms.have(firms.ann, PACK, stage="waste", role="repurposer")
    assert installed(firms, firms.ann, PACK) == "ILLEGAL_TRANSITION"
    for papers in (paper("report", "photo"), paper("contract", "photo")):
        assert firms.tried(firms.ann, "battery.requalified", PACK, **AGAIN, evidence=papers) == (
            "EVIDENCE_MISSING"
        )
    both = paper("report", "contract")
    assert firms.tried(firms.bob, "battery.requalified", PACK, **AGAIN, evidence=both) == "NOT_CUSTODIAN"
    assert firms.tried(firms.ann, "battery.requalified", PACK, **AGAIN, evidence=both) == "accepted"
    assert installed(firms, firms.ann, PACK) == "accepted"


def test_an_incident_bars_use_and_normal_packing_until_a_competent_inspection(firms: Firms) -> None:
    firms.have(firms.ann, PACK)
    firms.have(firms.ann, PART)
    firms.did(firms.ann, "battery.incident", PACK, kind="fire")
    assert installed(firms, firms.ann, PACK) == "DAMAGED"
    assert firms.tried(firms.ann, "battery.pooled", PACK) == "DAMAGED"
    assert firms.tried(firms.ann, "battery.used_in", PACK, product=legacy(9)) == "DAMAGED"
    firms.did(firms.ann, "battery.incident", PART, kind="water")
    leader = firms.repaired(firms.ann, PACK, put_in=[PART])
    assert firms.answer(leader, firms.fitted(firms.ann, PART, PACK, leader)) == "DAMAGED"
    assert firms.answer(firms.offered(firms.ann, firms.bob, PACK, "repairer")) == "DAMAGED"
    normal = firms.offered(firms.ann, firms.bob, PACK, "repairer", packing="normal")
    assert firms.answer(normal) == "DAMAGED"
    assert (
        firms.answer(firms.offered(firms.ann, firms.bob, PACK, "repairer", packing="damaged")) == "accepted"
    )
    cleared = {"clears_damage": True, "condition": "intact", "evidence": paper("report")}
    offer = firms.court.battery(PACK).offer
    assert offer is not None
    firms.did(firms.ann, "handover.withdrawn", PACK, offer=offer.id)
    seen = firms.did(firms.ann, "battery.inspected", PACK, condition="intact")
    assert firms.court.battery(PACK).facts.damaged, seen
    for forged, code in (
        ({"evidence": paper("photo")}, "EVIDENCE_MISSING"),
        ({"condition": "burnt"}, "DAMAGED"),
    ):
        assert firms.tried(firms.ann, "battery.inspected", PACK, **(cleared | forged)) == code  # type: ignore[arg-type]
    collector = firms.enrol("collector", 33, "collector", "recycler")
    firms.have(collector, legacy(3), stage="waste", role="collector")
    firms.did(collector, "battery.incident", legacy(3), kind="fire")
    assert firms.tried(collector, "battery.inspected", legacy(3), **cleared) == "SIGNER_ROLE_FORBIDDEN"
    assert firms.tried(firms.ann, "battery.inspected", PACK, **cleared) == "accepted"
    assert installed(firms, firms.ann, PACK) == "accepted"


def test_damaged_waste_is_not_requalified(firms: Firms) -> None:
    firms.have(firms.ann, PACK, stage="waste", role="repurposer", condition="burnt")
    papers = paper("report", "contract")
    assert firms.tried(firms.ann, "battery.requalified", PACK, **AGAIN, evidence=papers) == "DAMAGED"


# -- products ----------------------------------------------------------------------------------------------


def test_a_product_cites_every_source_once_and_only_the_makers_own(firms: Firms) -> None:
    sub = f"battery:tag:{firms.ann.id}/product"
    used = []
    for number in (1, 2):
        firms.have(firms.ann, legacy(number))
        used.append(firms.did(firms.ann, "battery.used_in", legacy(number), product=sub))
    firms.have(firms.bob, legacy(3))
    foreign = firms.did(firms.bob, "battery.used_in", legacy(3), product=sub)
    assert product(firms, firms.ann, sub, used[:1]) == "REFERENCE_ABSENT"
    assert product(firms, firms.ann, sub, [*used, used[0]]) == "REFERENCE_ABSENT"
    assert product(firms, firms.ann, sub, [*used, foreign]) == "REFERENCE_ABSENT"
    assert product(firms, firms.bob, sub, [foreign]) == "FOREIGN_TAG"
    assert product(firms, firms.ann, sub, used) == "accepted"
    firms.have(firms.ann, legacy(4))
    assert firms.tried(firms.ann, "battery.used_in", legacy(4), product=sub) == "ILLEGAL_TRANSITION"
    assert firms.tried(firms.ann, "battery.used_in", legacy(4), product=legacy(4)) == "ILLEGAL_TRANSITION"


def test_a_product_has_a_nineteen_character_code_of_its_own_maker(firms: Firms) -> None:
    for sub, code in (
        (f"battery:gbt34014:{pack_code(7)}", "FOREIGN_VENDOR_CODE"),
        ("battery:gbt34014:0ANPB76836300JBC40000007", "FOREIGN_VENDOR_CODE"),
    ):
        firms.have(firms.ann, legacy(1))
        used = firms.did(firms.ann, "battery.used_in", legacy(1), product=sub)
        assert product(firms, firms.ann, sub, [used]) == code
        firms.court.admit(firms.void(firms.ann, legacy(1), used))
        head = firms.court.world.past(legacy(1))
        assert head is not None
        undo = firms.say(firms.ann, "battery.voided", legacy(1), event=head.event, reason="again")
        firms.court.admit(undo)


def test_a_product_for_a_storehouse_goes_into_no_vehicle(firms: Firms) -> None:
    for use, code in (("backup", "ILLEGAL_TRANSITION"), ("traction", "accepted")):
        source, sub = legacy(5 if use == "backup" else 6), f"battery:tag:{firms.ann.id}/{use}"
        firms.have(firms.ann, source)
        used = firms.did(firms.ann, "battery.used_in", source, product=sub)
        assert product(firms, firms.ann, sub, [used], intended_use=use) == "accepted"
        assert installed(firms, firms.ann, sub) == code


def test_a_contested_source_is_in_no_product(firms: Firms) -> None:
    own, sub = "battery:gbt34014:0ANPB76836300JBC40000001", f"battery:tag:{firms.bob.id}/p"
    firms.have(firms.bob, own)
    used = firms.did(firms.bob, "battery.used_in", own, product=sub)
    firms.did(firms.ann, "origin.contested", f"notes:{own}", reason="not ours")
    assert product(firms, firms.bob, sub, [used]) == "ORIGIN_CONTESTED"


@pytest.mark.parametrize("whose", ["foreign", "unpublished"])
def test_a_battery_is_made_to_a_model_that_its_maker_published(firms: Firms, whose: str) -> None:
    name = firms.scene.model if whose == "foreign" else f"model:{firms.ann.id}/m"
    sub = "battery:gbt34014:0ANPB76836300JBC40000001"
    made = firms.tried(firms.ann, "battery.manufactured", sub, model=name, **MADE)
    assert made == ("FOREIGN_MODEL" if whose == "foreign" else "REFERENCE_ABSENT")
    published = {"name": {"en": "m"}, "category": "ev", "chemistry": "LFP", "level": "pack", "mass_g": 9}
    assert firms.tried(firms.ann, "model.published", firms.scene.model, **published) == "NOT_OWNER"


# -- repairs -----------------------------------------------------------------------------------------------


def test_a_repair_is_one_group_of_what_came_out_then_what_went_in(firms: Firms) -> None:
    other = legacy(3, "M")
    for sub in (PACK, PART, other):
        firms.have(firms.ann, sub)
    leader = firms.repaired(firms.ann, PACK, put_in=[PART], uncoded_in=[{"kind": "bms", "count": 1}])
    firms.court.admit(leader, firms.fitted(firms.ann, PART, PACK, leader))
    inside = firms.court.battery(PART)
    assert (inside.stage, inside.custodian) == (words.IN_PACK, words.PARENT)
    leader = firms.repaired(firms.ann, PACK, took_out=[PART], put_in=[other])
    told = {"parent": PACK, "leader": event_id(leader), "capacity": "repairer"}
    out = firms.say(firms.ann, "battery.taken_out", PART, **told)
    into = firms.fitted(firms.ann, other, PACK, leader)
    for group in ((leader, into, out), (leader, out), (leader, into), (out,), (into,)):
        assert firms.court.refusal(*group) == "GROUP_INCOMPLETE"
    firms.court.admit(leader, out, into)
    assert firms.court.battery(PACK).facts.parts == (other,)
    assert firms.court.battery(PART).custodian == firms.ann.org


def test_nobody_takes_or_fits_what_is_anothers_or_is_not_in_there(firms: Firms) -> None:
    for who, sub in ((firms.ann, PACK), (firms.bob, PART)):
        firms.have(who, sub)
    leader = firms.repaired(firms.ann, PACK, put_in=[PART])
    assert firms.answer(leader, firms.fitted(firms.ann, PART, PACK, leader)) == "NOT_CUSTODIAN"
    leader = firms.repaired(firms.ann, PACK, put_in=[PART])
    assert firms.answer(leader, firms.fitted(firms.bob, PART, PACK, leader)) == "GROUP_INCOMPLETE"
    assert firms.answer(firms.repaired(firms.ann, PACK, took_out=[PART])) == "COMPOSITION_CONFLICT"
    assert firms.answer(firms.repaired(firms.ann, PACK, put_in=[PACK])) == "COMPOSITION_CONFLICT"
    assert firms.answer(firms.repaired(firms.ann, PACK, put_in=[PART], opened=False)) == "SCHEMA_INVALID"


def test_a_pack_is_opened_for_repair_by_licence_only(firms: Firms) -> None:
    carol = firms.scene.party("carol", 33, "repairer")
    firms.court.admit(firms.scene.enrolled(carol))
    firms.court.admit(firms.scene.key_added(carol, carol.key))
    firms.have(carol, PACK)
    for said in ({}, {"uncoded_out": [{"kind": "cell", "count": 1}]}):
        assert firms.answer(firms.repaired(carol, PACK, **said)) == "SIGNER_ROLE_FORBIDDEN"
    assert firms.answer(firms.repaired(carol, PACK, opened=False, work="software")) == "accepted"


def within(firms: Firms) -> None:
    for sub in (PACK, PART):
        firms.have(firms.ann, sub)
    leader = firms.repaired(firms.ann, PACK, put_in=[PART])
    firms.court.admit(leader, firms.fitted(firms.ann, PART, PACK, leader))


def test_what_is_inside_another_follows_it_and_says_nothing_of_its_own(firms: Firms) -> None:
    within(firms)
    for kind, data in (
        ("battery.moved", {"site": "yard"}),
        ("battery.lost", {"reason": "stolen"}),
        ("battery.retired", {"capacity": "collector", "reason": "other"}),
        ("battery.exported", {"destination": "DE", "reason": "sold"}),
        ("label.reissued", {"label": "A" * 43, "reason": "damaged"}),
    ):
        assert firms.tried(firms.ann, kind, PART, **data) == "ILLEGAL_TRANSITION", kind  # type: ignore[arg-type]
    assert firms.answer(firms.offered(firms.ann, firms.bob, PART, "repairer")) == "ILLEGAL_TRANSITION"
    firms.handed(firms.ann, firms.bob, PACK, "repairer")
    assert firms.tried(firms.ann, "battery.inspected", PART, condition="intact") == "NOT_CUSTODIAN"
    assert firms.tried(firms.bob, "battery.inspected", PART, condition="intact") == "accepted"


def test_what_is_inside_ends_with_its_parent_and_comes_back_with_it(firms: Firms) -> None:
    within(firms)
    firms.did(firms.ann, "battery.exported", PACK, destination="DE", reason="sold")
    assert firms.tried(firms.ann, "battery.inspected", PART, condition="intact") == "PACK_TERMINAL"
    back = {"capacity": "repairer", "stage": "removed", "read_by": "typed", "evidence": paper("photo")}
    firms.did(firms.bob, "battery.returned", PACK, **back)
    assert firms.tried(firms.bob, "battery.inspected", PART, condition="intact") == "accepted"
    firms.did(firms.bob, "battery.retired", PACK, capacity="recycler", reason="other")
    batch = f"batch:{firms.bob.id}/b"
    firms.did(firms.bob, "batch.opened", batch, process="direct")
    recycled = firms.did(firms.bob, "battery.recycled", PACK, batch=batch, mass={"g": 9, "basis": "measured"})
    assert firms.tried(firms.bob, "battery.inspected", PART, condition="intact") == "PACK_TERMINAL"
    firms.court.admit(firms.void(firms.bob, PACK, recycled))
    assert firms.tried(firms.bob, "battery.inspected", PART, condition="intact") == "accepted"


def test_a_part_of_waste_comes_out_by_dismantling_only(firms: Firms) -> None:
    within(firms)
    firms.did(firms.ann, "battery.retired", PACK, capacity="pack_dismantler", reason="other")
    assert firms.answer(firms.repaired(firms.ann, PACK, took_out=[PART])) == "ILLEGAL_TRANSITION"
    assert firms.answer(*firms.opened(firms.ann, PACK, PART)) == "accepted"
    assert firms.court.battery(PART).stage == words.AT_DISMANTLER


# -- pools, sites, borders ---------------------------------------------------------------------------------


def test_a_pool_is_entered_and_left_and_sold_from_only_outside(firms: Firms) -> None:
    firms.have(firms.ann, PACK, role="swap_operator")
    assert firms.tried(firms.ann, "battery.unpooled", PACK) == "ILLEGAL_TRANSITION"
    firms.did(firms.ann, "battery.pooled", PACK)
    assert firms.tried(firms.ann, "battery.released", PACK, reason="sold") == "ILLEGAL_TRANSITION"
    assert firms.tried(firms.bob, "battery.unpooled", PACK) == "NOT_CUSTODIAN"
    assert firms.tried(firms.ann, "battery.unpooled", PACK) == "accepted"


def test_a_battery_is_moved_between_own_enrolled_sites(firms: Firms) -> None:
    firms.have(firms.ann, PACK)
    assert firms.tried(firms.ann, "battery.moved", PACK, site="elsewhere") == "FOREIGN_SITE"
    assert firms.tried(firms.ann, "battery.moved", PACK, site="yard") == "accepted"
    assert firms.court.battery(PACK).facts.site == "yard"


def test_waste_is_rebooked_to_another_own_role_only(firms: Firms) -> None:
    collector = firms.enrol("collector", 33, "collector", "pack_dismantler")
    firms.have(collector, PACK, stage="waste", role="collector")
    for role, code in (
        ("collector", "WRONG_CAPACITY"),
        ("recycler", "SIGNER_ROLE_FORBIDDEN"),
        ("pack_dismantler", "accepted"),
    ):
        assert firms.tried(collector, "battery.rebooked", PACK, capacity=role) == code
    assert firms.court.battery(PACK).stage == words.AT_DISMANTLER


@pytest.mark.parametrize("left", ["waste", "removed"])
def test_what_left_as_waste_comes_back_as_waste_and_what_did_not_does_not(firms: Firms, left: str) -> None:
    firms.have(firms.ann, PACK, stage=left)
    firms.did(firms.ann, "battery.exported", PACK, destination="DE", reason="sold")
    said = {"capacity": "importer", "read_by": "typed"}
    for stage in ("waste", "removed"):
        fits = stage == left
        base = firms.court
        firms.court = base.above()
        got = firms.tried(firms.bob, "battery.returned", PACK, stage=stage, **said)
        assert got == ("accepted" if fits else "ILLEGAL_TRANSITION")
        firms.court = base
        firms.rewind()
    barred = {"capacity": "recycler", "read_by": "typed"}
    got = firms.tried(firms.bob, "battery.returned", PACK, stage=left, **barred)
    assert got == ("accepted" if left == "waste" else "WRONG_CAPACITY")


def test_what_nobody_holds_leaves_with_a_customs_paper_and_a_registrar_exports_nothing_else(
    firms: Firms,
) -> None:
    registrar = firms.scene.registrar
    gone = {"destination": "DE", "reason": "with_vehicle"}
    firms.have(firms.ann, legacy(3))
    assert firms.tried(registrar, "battery.exported", legacy(3), **gone, evidence=paper("customs")) == (
        "NOT_CUSTODIAN"
    )
    for number, who in ((4, firms.bob), (5, registrar)):
        sub = legacy(number)
        firms.have(firms.ann, sub, stage="in_vehicle", holder="nobody")
        assert firms.tried(who, "battery.exported", sub, **gone) == "EVIDENCE_MISSING"
        assert firms.tried(who, "battery.exported", sub, **gone, evidence=paper("customs")) == "accepted"


def test_a_battery_that_comes_back_is_in_no_vehicle_that_the_log_knows(firms: Firms) -> None:
    """Else a pack that left would stand again in a car that has another one by now."""
    firms.have(firms.ann, PACK)
    assert installed(firms, firms.ann, PACK) == "accepted"
    firms.did(firms.ann, "battery.retired", PACK, capacity="repurposer", reason="other")
    papers = paper("report", "contract")
    firms.did(firms.ann, "battery.requalified", PACK, **AGAIN, evidence=papers)
    firms.have(firms.ann, legacy(3))
    assert installed(firms, firms.ann, legacy(3)) == "accepted"
    firms.did(firms.ann, "battery.exported", PACK, destination="DE", reason="sold")
    back = {"capacity": "importer", "read_by": "typed", "stage": "in_vehicle"}
    firms.did(firms.bob, "battery.returned", PACK, **back)
    assert firms.court.battery(PACK).facts.vehicle == ""


def test_a_court_gives_what_is_held_to_whom_it_names(firms: Firms) -> None:
    firms.have(firms.ann, PACK)
    firms.court.admit(firms.offered(firms.ann, firms.bob, PACK, "repairer"))
    ruled = {"party": firms.bob.org, "basis": "court", "reason": "ruled"}
    registrar = firms.scene.registrar
    for role, code in (("recycler", "WRONG_CAPACITY"), ("dealer", "accepted")):
        assert firms.tried(registrar, "custody.assigned", PACK, **ruled, capacity=role) == code
    battery = firms.court.battery(PACK)
    assert (battery.stage, battery.custodian, battery.offer) == (words.REMOVED, firms.bob.org, None)
    assert (
        firms.tried(registrar, "custody.assigned", PACK, **ruled, capacity="dealer") == "ILLEGAL_TRANSITION"
    )
    assert firms.tried(firms.ann, "battery.moved", PACK, site="yard") == "NOT_CUSTODIAN"
