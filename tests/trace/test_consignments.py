"""What travels together, what a wreck tells, and that the largest groups fit."""

from __future__ import annotations

from typing import Any

import pytest

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.signing.jws import EVENT, parse_jws
from packtrace.signing.merkle import leaf_hash, node_from_leaves, prove_inclusion, root_of
from packtrace.tests.scene import Party, event_id
from packtrace.tests.trace.firms import Firms, legacy
from packtrace.trace.errors import RefusedError
from packtrace.trace.lifecycle import words

PACK = legacy(1)
VEHICLE = "vehicle:AAAAAAAAAAAAAAAAAAAAAA"
MAX_PAYLOAD_BYTES = 32_768


@pytest.fixture
def firms() -> Firms:
    return Firms()


def load(firms: Firms, name: str = "c") -> str:
    return f"consignment:{firms.ann.id}/{name}"


def dispatched(firms: Firms, offers: list[str], **changes: Any) -> str:
    ids = sorted(parse_b64url(event_id(text)) for text in offers)
    data: dict[str, Any] = {
        "consignee": firms.bob.org,
        "offers": {"count": len(ids), "root": b64url(root_of([leaf_hash(each) for each in ids]))},
        "un_number": "UN3480", "packing": "normal", "safety_check": {"passed": True},
    }  # fmt: skip
    return firms.say(firms.ann, "consignment.dispatched", load(firms), **(data | changes))


def offers(firms: Firms, *numbers: int, to: Party | None = None) -> list[str]:
    texts = []
    for number in numbers:
        firms.have(firms.ann, legacy(number), stage="waste", role="collector")
        text = firms.offered(firms.ann, to or firms.bob, legacy(number), "recycler", consignment=load(firms))
        firms.court.admit(text)
        texts.append(text)
    return texts


def test_what_left_are_the_open_offers_that_name_the_consignment(firms: Firms) -> None:
    three = offers(firms, 1, 2, 3)
    for wrong in (three[:2], [*three, three[0]]):
        assert firms.answer(dispatched(firms, wrong)) == "CONSIGNMENT_MISMATCH"
    withdrawn = {"offer": event_id(three[2])}
    firms.did(firms.ann, "handover.withdrawn", legacy(3), **withdrawn)
    assert firms.answer(dispatched(firms, three)) == "CONSIGNMENT_MISMATCH"
    to_self = dispatched(firms, three[:2], consignee=firms.ann.org)
    assert firms.answer(to_self) == "WRONG_CONSIGNEE"
    to_another = dispatched(firms, three[:2], consignee=firms.scene.garage.org)
    assert firms.answer(to_another) == "WRONG_CONSIGNEE"
    assert firms.answer(dispatched(firms, three[:2])) == "accepted"
    assert firms.answer(dispatched(firms, three[:2])) == "ILLEGAL_TRANSITION"


def test_nobody_sends_in_anothers_name_nor_offers_with_its_load(firms: Firms) -> None:
    firms.have(firms.bob, PACK, stage="waste", role="collector")
    foreign = firms.offered(firms.bob, firms.ann, PACK, "recycler", consignment=load(firms))
    assert firms.answer(foreign) == "NOT_OWNER"
    stolen = firms.say(
        firms.bob, "consignment.dispatched", load(firms), consignee=firms.ann.org,
        offers={"count": 1, "root": "A" * 43}, un_number="none", packing="normal",
        safety_check={"passed": True},
    )  # fmt: skip
    assert firms.answer(stolen) == "NOT_OWNER"


def test_a_damaged_pack_does_not_travel_as_a_whole_one(firms: Firms) -> None:
    firms.have(firms.ann, PACK, stage="waste", role="collector", condition="leaking")
    text = firms.offered(firms.ann, firms.bob, PACK, "recycler", consignment=load(firms), packing="damaged")
    firms.court.admit(text)
    assert firms.answer(dispatched(firms, [text])) == "DAMAGED"
    assert firms.answer(dispatched(firms, [text], packing="damaged")) == "accepted"


def test_a_load_that_failed_its_check_says_what_was_done(firms: Firms) -> None:
    one = offers(firms, 1)
    assert firms.answer(dispatched(firms, one, safety_check={"passed": False})) == "DAMAGED"
    treated = {"passed": False, "treated": "discharged"}
    assert firms.answer(dispatched(firms, one, safety_check=treated)) == "accepted"


def test_only_the_consignee_says_what_arrived_once_and_only_what_was_sent_is_missing(firms: Firms) -> None:
    two = offers(firms, 1, 2)
    said: dict[str, Any] = {"arrived": 1, "missing": [legacy(2)], "unexpected": []}
    with pytest.raises(RefusedError, match="consignment that was dispatched") as refused:
        firms.court.admit(firms.say(firms.bob, "consignment.arrived", load(firms), **said))
    assert refused.value.finding_code == "NOT_OWNER"
    firms.rewind()
    firms.court.admit(dispatched(firms, two))
    late = firms.have(firms.ann, legacy(3), stage="waste", role="collector")
    assert late
    added = firms.offered(firms.ann, firms.bob, legacy(3), "recycler", consignment=load(firms))
    assert firms.answer(added) == "accepted"  # its holder offers late
    for who in (firms.ann, firms.scene.garage):
        assert firms.tried(who, "consignment.arrived", load(firms), **said) == "NOT_OWNER"
    never = said | {"missing": [legacy(9)]}
    assert firms.tried(firms.bob, "consignment.arrived", load(firms), **never) == "REFERENCE_ABSENT"
    firms.codes()
    assert firms.tried(firms.bob, "consignment.arrived", load(firms), **said) == "accepted"
    assert firms.codes() == ["CONSIGNMENT_DIFFERS"]
    assert firms.court.battery(legacy(2)).custodian == firms.ann.org  # what is missing stays the consignor's
    assert firms.tried(firms.bob, "consignment.arrived", load(firms), **said) == "ILLEGAL_TRANSITION"
    firms.have(firms.ann, legacy(4), stage="waste", role="collector")
    after = firms.offered(firms.ann, firms.bob, legacy(4), "recycler", consignment=load(firms))
    assert firms.answer(after) == "CONSIGNMENT_CLOSED"


def test_a_load_on_its_way_to_one_is_not_offered_to_another(firms: Firms) -> None:
    firms.court.admit(dispatched(firms, offers(firms, 1)))
    firms.have(firms.ann, legacy(2), stage="waste", role="collector")
    other = firms.offered(firms.ann, firms.scene.recycler, legacy(2), "recycler", consignment=load(firms))
    assert firms.answer(other) == "CONSIGNMENT_CLOSED"


# -- wrecks ------------------------------------------------------------------------------------------------


def fitted(firms: Firms, sub: str, *, swap: bool = False) -> str:
    leader = firms.say(firms.ann, "battery.installed", sub, vehicle=VEHICLE, position=1, of=1)
    told = {"battery": sub, "installed": event_id(leader), "packs": 1, "swap_model": swap}
    return firms.answer(leader, firms.say(firms.ann, "vehicle.fitted", VEHICLE, **told))


@pytest.mark.parametrize("swap", [False, True])
def test_a_vehicle_is_scrapped_once_and_every_pack_told_but_a_pools(firms: Firms, swap: bool) -> None:
    for sub in (PACK, legacy(2)):
        firms.have(firms.ann, sub)
    assert fitted(firms, PACK, swap=swap) == "accepted"
    said: dict[str, Any] = {"packs": 1, "swap_model": swap, "present": [], "missing": []}
    silent = firms.tried(firms.ann, "vehicle.scrapped", VEHICLE, **said)
    assert silent == ("accepted" if swap else "COMPOSITION_CONFLICT")
    if swap:
        return
    other = said | {"swap_model": True}
    assert firms.tried(firms.ann, "vehicle.scrapped", VEHICLE, **other) == "COMPOSITION_CONFLICT"
    twice = said | {"present": [PACK], "missing": [{"battery": PACK, "why": "stolen"}]}
    assert firms.tried(firms.ann, "vehicle.scrapped", VEHICLE, **twice) == "COMPOSITION_CONFLICT"
    missing = said | {"missing": [{"battery": PACK, "why": "stolen"}]}
    firms.codes()
    scrapped = firms.did(firms.ann, "vehicle.scrapped", VEHICLE, **missing)
    assert firms.codes() == ["VEHICLE_WITHOUT_PACK"]
    assert firms.tried(firms.ann, "vehicle.scrapped", VEHICLE, **missing) == "ILLEGAL_TRANSITION"
    assert fitted(firms, legacy(2)) == "ILLEGAL_TRANSITION"
    assert firms.answer(firms.void(firms.bob, VEHICLE, scrapped)) == "NOT_SIGNER"
    assert firms.answer(firms.void(firms.ann, VEHICLE, scrapped)) == "accepted"
    assert firms.tried(firms.ann, "vehicle.scrapped", VEHICLE, **missing) == "accepted"


# -- large -------------------------------------------------------------------------------------------------


def size(text: str) -> int:
    return len(parse_jws(text, typ=EVENT).payload)


def test_a_cell_of_four_thousand_is_proven_to_be_in_its_packs_list(firms: Firms) -> None:
    pack = "battery:gbt34014:0ANPB76836300JBC40000001"
    cells = [f"battery:gbt34014:0ANCB76836300JBC4{number:07d}" for number in range(4000)]
    lines = [leaf_hash(cell.encode()) for cell in cells]
    published = {"name": {"en": "m"}, "category": "ev", "chemistry": "LFP", "level": "pack", "mass_g": 9}
    model = f"model:{firms.ann.id}/m"
    firms.did(firms.ann, "model.published", model, **published)
    listed = {"count": 4000, "root": b64url(root_of(lines))}
    made = firms.did(
        firms.ann, "battery.manufactured", pack, model=model, chemistry="LFP", label="A" * 43,
        mass={"g": 9, "basis": "nameplate"}, components_list=listed,
    )  # fmt: skip
    assert size(made) < MAX_PAYLOAD_BYTES
    firms.did(firms.ann, "battery.retired", pack, capacity="pack_dismantler", reason="other")
    path = [b64url(each) for each in prove_inclusion(node_from_leaves(lines), 1234, 4000)]
    proof = {"index": 1234, "count": 4000, "hashes": path}

    def out(cell: str, **data: Any) -> str:
        return firms.answer(*firms.opened(firms.ann, pack, cell, **data))

    assert out(cells[1233], listed=proof) == "COMPOSITION_CONFLICT"
    assert out(cells[1234], listed=proof | {"index": 1235}) == "COMPOSITION_CONFLICT"
    assert out(cells[1234], listed=proof | {"count": 4001}) == "COMPOSITION_CONFLICT"
    assert out(cells[1234], listed=proof | {"hashes": path[:-1]}) == "COMPOSITION_CONFLICT"
    firms.codes()
    assert out(cells[1234], listed=proof) == "accepted"
    assert firms.codes() == []


def test_two_hundred_modules_come_out_in_one_group_that_fits(firms: Firms) -> None:
    firms.have(firms.ann, PACK, stage="waste", role="pack_dismantler")
    group = firms.opened(firms.ann, PACK, *(legacy(number, "M") for number in range(200)))
    assert max(size(text) for text in group) < MAX_PAYLOAD_BYTES
    assert firms.answer(*group) == "accepted"
    assert firms.court.battery(legacy(199, "M")).stage == words.AT_DISMANTLER


def test_five_hundred_packs_travel_under_one_statement_that_fits(firms: Firms) -> None:
    text = dispatched(firms, offers(firms, *range(500)))
    assert size(text) < MAX_PAYLOAD_BYTES
    assert firms.answer(text) == "accepted"
    said = {"arrived": 300, "missing": [legacy(number) for number in range(200)], "unexpected": []}
    arrived = firms.say(firms.bob, "consignment.arrived", load(firms), **said)
    assert size(arrived) < MAX_PAYLOAD_BYTES
    assert firms.answer(arrived) == "accepted"
