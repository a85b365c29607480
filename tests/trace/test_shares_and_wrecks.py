"""A lot that is split, a part that is taken out, a vehicle that is scrapped: what leaders bind."""

from __future__ import annotations

from typing import Any

import pytest

from packtrace.tests.scene import Party, Scene, digest_of, event_id, module_code, pack_code
from packtrace.tests.trace.court import Court
from packtrace.trace.lifecycle import words
from packtrace.trace.lifecycle.state import Lot

CODE = pack_code(1)
PACK = f"battery:gbt34014:{CODE}"
MODULE = f"battery:gbt34014:{module_code(CODE)}"
LICENCE = {"number": "1", "scope": [words.OPEN_PACKS]}


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def court(scene: Scene) -> Court:
    return Court(scene)


def lot(court: Court, scene: Scene, name: str) -> Lot:
    chain = court.world.chain(f"lot:{scene.dismantler.id}/{name}")
    assert chain is not None and isinstance(chain.state, Lot)
    return chain.state


def casing(scene: Scene, court: Court) -> str:
    """A lot of 38 kg of casing, of a pack that the dismantler opened."""
    for group in scene.life_of_a_pack(CODE)[:6]:
        court.admit(*group)
    chain = court.world.chain(PACK)
    assert chain is not None and court.battery(PACK).stage == words.DISMANTLED
    sub = f"lot:{scene.dismantler.id}/casing"
    data = {
        "capacity": "pack_dismantler", "kind": "casing", "mass": {"g": 38_000, "basis": "measured"},
        "parent": PACK, "dismantled": chain.head, "line": 1,
    }  # fmt: skip
    court.admit(scene.sign(scene.dismantler, "lot.made", sub, data))
    return sub


def split(scene: Scene, sub: str, masses: dict[str, int], **changes: Any) -> tuple[str, ...]:
    """Into lots of these masses; `changes` are made in what the last one says."""
    party = scene.dismantler
    names = {name: f"lot:{party.id}/{name}" for name in masses}
    into = [{"lot": names[name], "g": g} for name, g in masses.items()]
    leader = scene.sign(party, "lot.split", sub, {"into": into})
    texts = [leader]
    for name, g in masses.items():
        data: dict[str, Any] = {
            "capacity": "pack_dismantler", "kind": "casing", "mass": {"g": g, "basis": "measured"},
            "split": event_id(leader),
        }  # fmt: skip
        if name == list(masses)[-1]:
            data |= changes
        texts.append(scene.sign(party, "lot.made", names[name], data))
    return tuple(texts)


def test_a_lot_is_split_into_shares_that_say_their_mass(scene: Scene, court: Court) -> None:
    sub = casing(scene, court)
    court.admit(*split(scene, sub, {"a": 30_000, "b": 8_000}))
    assert lot(court, scene, "casing").stage == words.SPLIT
    assert (lot(court, scene, "a").g, lot(court, scene, "b").g) == (30_000, 8_000)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"mass": {"g": 80_000, "basis": "measured"}}, "MASS_MISMATCH"),
        ({"mass": {"g": 7_999, "basis": "measured"}}, "MASS_MISMATCH"),
        ({"kind": "copper"}, "WRONG_KIND"),
        ({"capacity": "vehicle_dismantler"}, "WRONG_CAPACITY"),
        ({"split": digest_of("another")}, "REFERENCE_ABSENT"),
    ],
)
def test_a_share_is_of_its_lot_and_has_its_mass(
    scene: Scene, court: Court, changes: dict[str, Any], code: str
) -> None:
    sub = casing(scene, court)
    assert court.refusal(*split(scene, sub, {"a": 30_000, "b": 8_000}, **changes)) == code


def test_shares_are_the_whole_lot(scene: Scene, court: Court) -> None:
    sub = casing(scene, court)
    assert court.refusal(*split(scene, sub, {"a": 30_000, "b": 8_001})) == "MASS_MISMATCH"


def wreck(scene: Scene, sub: str, **changes: Any) -> str:
    data = {"packs": 1, "swap_model": False, "present": [], "missing": [], **changes}
    return scene.sign(scene.dismantler, "vehicle.scrapped", sub, data)


def in_vehicle(scene: Scene, court: Court, *, released: bool) -> str:
    """A vehicle with one pack in it; the vehicle's subject."""
    court.admit(scene.manufactured(CODE))
    court.admit(*scene.installed(CODE))
    if released:
        court.admit(scene.sign(scene.maker, "battery.released", PACK, {"reason": "sold"}))
    return court.battery(PACK).facts.vehicle


def test_a_vehicle_in_which_somebody_else_holds_a_pack_is_not_scrapped(scene: Scene, court: Court) -> None:
    vehicle = in_vehicle(scene, court, released=False)
    assert court.refusal(wreck(scene, vehicle, present=[PACK])) == "NOT_CUSTODIAN"


def test_a_scrapped_vehicle_tells_of_every_pack_once(scene: Scene, court: Court) -> None:
    vehicle = in_vehicle(scene, court, released=True)
    heads = dict(scene.heads)
    assert court.refusal(wreck(scene, vehicle)) == "COMPOSITION_CONFLICT"
    scene.heads = dict(heads)
    assert court.refusal(wreck(scene, vehicle, present=[PACK, PACK])) == "COMPOSITION_CONFLICT"
    scene.heads = dict(heads)
    missing = [{"battery": PACK, "why": "stolen"}]
    court.admit(wreck(scene, vehicle, missing=missing))
    assert court.remarks[-1].code == "VEHICLE_WITHOUT_PACK"
    assert court.refusal(wreck(scene, vehicle, present=[PACK])) == "ILLEGAL_TRANSITION"


def garage_with_licence(scene: Scene, court: Court) -> Party:
    roles = [{"role": role, "licence": LICENCE} for role in scene.garage.roles]
    changed = scene.sign(scene.registrar, "org.changed", scene.garage.org, {"roles": roles})
    court.admit(changed)
    return scene.garage


def test_a_module_that_is_taken_out_is_held_in_the_capacity_of_its_parent(scene: Scene, court: Court) -> None:
    """And whoever repairs in another capacity holds the pack as before."""
    garage = garage_with_licence(scene, court)
    court.admit(scene.manufactured(module_code(CODE)))
    made = scene.manufactured(CODE, put_in=[MODULE])
    court.admit(
        made, scene.sign(scene.maker, "battery.fitted", MODULE, {"parent": PACK, "leader": event_id(made)})
    )
    assert (court.battery(MODULE).stage, court.battery(MODULE).custodian) == (words.IN_PACK, words.PARENT)
    for group in scene.handed_over(PACK, scene.maker, garage, "dealer"):
        court.admit(*group)
    repaired = scene.sign(
        garage,
        "battery.repaired",
        PACK,
        {"capacity": "repairer", "work": "parts_replaced", "opened": True, "took_out": [MODULE]},
    )
    out = {"parent": PACK, "leader": event_id(repaired), "capacity": "dealer"}
    heads = dict(scene.heads)
    assert court.refusal(repaired) == "GROUP_INCOMPLETE"
    as_repairer = scene.sign(garage, "battery.taken_out", MODULE, out | {"capacity": "repairer"})
    assert court.refusal(repaired, as_repairer) == "WRONG_CAPACITY"
    scene.heads = heads
    court.admit(repaired, scene.sign(garage, "battery.taken_out", MODULE, out))
    module = court.battery(MODULE)
    assert (module.stage, module.custodian, module.capacity) == (words.REMOVED, garage.org, "dealer")
    assert court.battery(PACK).capacity == "dealer"
    assert court.battery(PACK).facts.parts == ()
