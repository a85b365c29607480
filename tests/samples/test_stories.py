"""What the page of each sample tells is what its log says."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import cache
from typing import Any

from packtrace.sample_batches import bankrupt_yard, bus_fleet, second_life, shredder_to_salts
from packtrace.sample_batches import year_of_a_car_maker as year
from packtrace.sample_batches.author import Author
from packtrace.sample_batches.copies import Leaf
from packtrace.sample_batches.designs import Item
from packtrace.sample_batches.samples import BANKRUPT, BUSES, SALTS, SECOND_LIFE, YEAR, Sample
from packtrace.trace.lifecycle.custody import ended_with
from packtrace.trace.lifecycle.state import Battery, Lot
from packtrace.trace.statement import parse_entry
from packtrace.trace.times import parse_time


@cache
def told(sample: Sample) -> Author:
    return sample.tell()


@cache
def payloads(sample: Sample) -> list[dict[str, Any]]:
    return [Leaf(entry).payload for entry in told(sample).entries]


def said(sample: Sample, subject: str) -> list[str]:
    """The types of one chain's events, in order."""
    return [payload["type"] for payload in payloads(sample) if payload["sub"] == subject]


def battery(sample: Sample, subject: str) -> Battery:
    chain = told(sample).world.chain(subject)
    assert chain is not None and isinstance(chain.state, Battery)
    return chain.state


def stages(sample: Sample, items: tuple[Item, ...]) -> set[str]:
    return {battery(sample, item.subject).stage for item in items}


def test_recall_replaces_two_repairs_two_and_clears_two() -> None:
    recalled = [p["sub"] for p in payloads(YEAR) if p["type"] == "note.incident"]
    assert recalled == [f"notes:{item.subject}" for item in year.RECALLED]
    for item, spare in zip(year.REPLACED, year.SPARES, strict=True):
        assert said(YEAR, item.subject)[-1] == "battery.recycled"
        vehicles = [p["data"]["vehicle"] for p in payloads(YEAR) if p["type"] == "battery.installed"
                    and p["sub"] in (item.subject, spare.subject)]  # fmt: skip
        assert len(vehicles) == 2 and len(set(vehicles)) == 1, "the spare goes into the same car"
    repaired = [
        "battery.taken_in",
        "battery.incident",
        "battery.repaired",
        "battery.inspected",
        "battery.released",
    ]
    for item in year.REPAIRED:
        assert said(YEAR, item.subject)[-5:] == repaired
        assert not battery(YEAR, item.subject).facts.damaged
    for item in year.CLEARED:
        assert said(YEAR, item.subject)[-3:] == ["battery.taken_in", "battery.inspected", "battery.released"]
    assert stages(YEAR, (*year.REPAIRED, *year.CLEARED, *year.SPARES)) == {"in_vehicle"}


def test_used_spare_part_goes_on_in_another_car() -> None:
    cars = [p["data"]["vehicle"] for p in payloads(YEAR)
            if p["type"] == "battery.installed" and p["sub"] == year.DONOR.subject]  # fmt: skip
    assert len(set(cars)) == 2
    assert battery(YEAR, year.DONOR.subject).facts.vehicle == cars[1]
    assert stages(YEAR, (year.FAILED,)) == {"recycled"}
    assert battery(YEAR, year.STRIPPED.subject).stage == "in_vehicle", "its car was scrapped without it"


def test_bus_carries_four_packs_and_a_module_is_replaced_in_one_group() -> None:
    world = told(BUSES).world
    buses = {battery(BUSES, item.subject).facts.vehicle for item in bus_fleet.WITH_CODES}
    assert len(buses) == 1 and stages(BUSES, bus_fleet.WITH_CODES) == {"in_vehicle"}
    out, into = bus_fleet.modules(bus_fleet.WEAK)[2].subject, bus_fleet.SPARE_MODULES[0].subject
    at = next(at for at, p in enumerate(payloads(BUSES)) if p["type"] == "battery.repaired")
    group = [(p["type"], p["sub"]) for p in payloads(BUSES)[at : at + 3]]
    assert group[1:] == [("battery.taken_out", out), ("battery.fitted", into)]
    assert battery(BUSES, into).facts.parent == bus_fleet.WEAK.subject
    assert ended_with(world, battery(BUSES, into)) is None
    assert battery(BUSES, out).stage == "recycled"


def test_pool_keeps_four_of_five_and_no_swap_is_an_event() -> None:
    assert Counter(battery(BUSES, item.subject).stage for item in bus_fleet.POOL) == {
        "swap_pool": 4,
        "recycled": 1,
    }
    fitted = {p["data"]["battery"] for p in payloads(BUSES) if p["type"] == "vehicle.fitted"}
    assert fitted.isdisjoint(item.subject for item in bus_fleet.POOL)
    scrapped = [p["data"] for p in payloads(BUSES) if p["type"] == "vehicle.scrapped"]
    assert [(len(each["present"]), each["swap_model"]) for each in scrapped] == [(4, False), (0, True)]


def test_each_cabinet_is_made_of_eight_requalified_modules_under_a_new_code() -> None:
    for cabinet in second_life.CABINETS:
        assert len(cabinet.code) == 19 and cabinet.code.endswith("RP")
        made = next(p for p in payloads(SECOND_LIFE)
                    if (p["sub"], p["type"]) == (cabinet.subject, "battery.repurposed"))  # fmt: skip
        used = [p["sub"] for p in payloads(SECOND_LIFE)
                if p["type"] == "battery.used_in" and p["data"]["product"] == cabinet.subject]  # fmt: skip
        assert len(used) == len(made["data"]["sources"]) == 8
        for module in used:
            assert said(SECOND_LIFE, module)[-2:] == ["battery.requalified", "battery.used_in"]
    assert battery(SECOND_LIFE, second_life.RETURNED.subject).stage == "recycled"


def test_a_cabinet_leaves_the_country_and_comes_back_as_it_left() -> None:
    assert said(SECOND_LIFE, second_life.ABROAD.subject)[-2:] == ["battery.exported", "battery.returned"]
    assert battery(SECOND_LIFE, second_life.ABROAD.subject).stage == "removed"


def test_a_module_that_fails_its_test_has_no_second_life() -> None:
    weak = {p["sub"] for p in payloads(SECOND_LIFE)
            if p["type"] == "battery.inspected" and p["data"]["soh_permille"] < 700}  # fmt: skip
    assert len(weak) == 5
    assert {battery(SECOND_LIFE, module).stage for module in weak} == {"recycled"}


def _lot(subject: str) -> Lot:
    chain = told(SALTS).world.chain(subject)
    assert chain is not None and isinstance(chain.state, Lot)
    return chain.state


def test_black_mass_is_leached_to_the_last_gram_and_never_an_output_point() -> None:
    closed = {p["sub"]: p["data"] for p in payloads(SALTS) if p["type"] == "batch.closed"}
    made = sum(each["g"] for batch in shredder_to_salts.MECHANICAL for each in closed[batch]["outputs"]
               if each["kind"] == "black_mass")  # fmt: skip
    assert made == sum(closed[batch]["inputs"]["g"] for batch in shredder_to_salts.LEACHING)
    final = [p["sub"] for p in payloads(SALTS) if p["type"] == "lot.final"]
    assert final and "black_mass" not in {_lot(subject).kind for subject in final}
    assert {_lot(subject).custodian for subject in final} == {"none"}


def test_salts_recover_what_the_conditions_of_2024_ask_of_a_dry_ton() -> None:
    """Nickel, cobalt and manganese 98 %, lithium 90 %, by the assays of whoever leaches."""
    outputs = Counter[str]()
    inputs = 0
    for payload in payloads(SALTS):
        if payload["type"] == "batch.closed" and payload["sub"] in shredder_to_salts.LEACHING:
            inputs += payload["data"]["inputs"]["g"]
            outputs.update({each["kind"]: each["g"] for each in payload["data"]["outputs"]})
    dry = inputs * (1000 - shredder_to_salts.ASSAY["moisture_permille"]) // 1000
    for metal, kind, least in (
        ("ni", "nickel_sulfate", 980), ("co", "cobalt_sulfate", 980), ("mn", "manganese_sulfate", 980),
        ("li", "lithium_carbonate", 900),
    ):  # fmt: skip
        there = dry * shredder_to_salts.ASSAY[f"{metal}_permille"]
        assert least <= outputs[kind] * 1000 * 1000 // there <= 1000, metal


def test_trouble_in_the_yard_is_remarked_and_the_log_stands() -> None:
    assert Counter(remark.code for _, remark in told(BANKRUPT).remarks) == {
        "CONSIGNMENT_DIFFERS": 1,
        "LOST_THEN_TAKEN_IN": 1,
        "CUSTODY_CLAIMED": 1,
        "HOLD_PLACED": 2,
        "REGISTERED_AFTER_VOID": 1,
        "CONTEST_RAISED": 2,
        "CONSIGNOR_SUSPENDED": 1,
        "CUSTODY_ASSIGNED": 8,
        "KEY_ADDED_BY_REGISTRAR": 1,
    }


def test_what_a_stolen_phone_signed_is_undone_newest_first_by_both_registrars() -> None:
    pack = bankrupt_yard.BY_THIEF.subject
    chain = [p for p in payloads(BANKRUPT) if p["sub"] == pack]
    assert [p["type"] for p in chain[1:5]] == [
        "handover.offered", "handover.accepted", "battery.voided", "battery.voided",
    ]  # fmt: skip
    ids = {p["nonce"]: leaf.id for leaf in map(Leaf, told(BANKRUPT).entries) for p in [leaf.payload]}
    assert [p["data"]["event"] for p in chain[3:5]] == [ids[chain[2]["nonce"]], ids[chain[1]["nonce"]]]
    assert all(len(p["data"]["approvals"]) == 1 for p in chain[3:5])


def test_late_void_names_the_consent_of_the_other_side() -> None:
    pack = bankrupt_yard.SENT_BACK.subject
    voided = next(p for p in payloads(BANKRUPT) if (p["sub"], p["type"]) == (pack, "battery.voided"))
    agreed = next(leaf for leaf in map(Leaf, told(BANKRUPT).entries) if leaf.id == voided["data"]["agreed"])
    assert (agreed.payload["type"], agreed.payload["iss"]) == ("note.agreed", bankrupt_yard.YARD.org)
    assert agreed.payload["data"]["event"] == voided["data"]["event"]


def test_hold_stands_between_offer_and_acceptance() -> None:
    stolen = bankrupt_yard.NOT_THERE.subject
    both = [p["type"] for p in payloads(BANKRUPT) if p["sub"] in (stolen, f"notes:{stolen}")]
    at = both.index("hold.placed")
    assert both[at - 1 : at + 4] == [
        "handover.offered", "hold.placed", "battery.inspected", "hold.lifted", "handover.accepted",
    ]  # fmt: skip


def test_tag_goes_over_into_the_code_that_was_registered_twice() -> None:
    assert said(BANKRUPT, bankrupt_yard.TAG)[-1] == "identity.linked"
    chain = said(BANKRUPT, bankrupt_yard.MISREAD.subject)
    assert chain[:3] == ["battery.registered", "battery.voided", "battery.registered"]


def test_nobody_claims_a_thing_a_day_before_it_is_recorded() -> None:
    """Nor one that the log's clock has not reached."""
    for sample in (YEAR, BUSES, SECOND_LIFE, SALTS, BANKRUPT):
        for payload, entry in zip(payloads(sample), told(sample).entries, strict=True):
            late = parse_entry(entry)[1] - parse_time(payload["occurred_at"], "")
            assert timedelta(0) <= late < timedelta(days=1)
