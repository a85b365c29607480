"""What somebody with a registered key and bad intent tries, and what an encoder with a bug sends.

The first half are single attacks; the second plays and mutates: whatever is thrown at the judge, it answers
with a `TraceError` or takes in what nobody can object to.
"""

from __future__ import annotations

import copy
import random
import traceback
from collections.abc import Iterator
from typing import Any, Final

import pytest

from packtrace.schemas.explain import explain
from packtrace.signing.base64url import b64url
from packtrace.signing.compact import format_compact
from packtrace.signing.disclosures import DisclosureFormatError, parse_disclosure, split_presentation
from packtrace.signing.errors import SigningError
from packtrace.signing.jws import EVENT, parse_jws, sign_jws
from packtrace.signing.keys import PrivateKey
from packtrace.tests.scene import VIN, Party, Scene, event_id, module_code, pack_code
from packtrace.tests.trace.court import Court
from packtrace.tests.trace.player import Player
from packtrace.trace.errors import TraceError
from packtrace.trace.lifecycle import words
from packtrace.trace.lifecycle.encoding import decode_state, encode_state
from packtrace.trace.lifecycle.state import Battery, Chain
from packtrace.trace.rules.shapes import ShapeError
from packtrace.trace.statement import read_event

CODE: Final = pack_code(1)
PACK: Final = f"battery:gbt34014:{CODE}"
LEGACY: Final = "battery:gbt34014:001PB240000003B3C0000001"  # of a maker that nobody enrolled
MASS: Final = {"g": 9000, "basis": "measured"}
NO_SUCH_DAY: Final = "battery:gbt34014:04QMB76836300JB2Y0000001"  # 30 February


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def court(scene: Scene) -> Court:
    return Court(scene)


def registered(scene: Scene, sub: str, who: Party, **changes: Any) -> str:
    data = {"stage": "waste", "capacity": who.roles[0], "holder": "signer", "basis": "legacy"}
    return scene.sign(who, "battery.registered", sub, data | {"read_by": "typed"} | changes)


def voided(scene: Scene, who: Party, sub: str, text: str) -> str:
    return scene.sign(who, "battery.voided", sub, {"event": event_id(text), "reason": "key stolen"})


# -- a stolen key, and a colluding consignee ---------------------------------------------------------------


def test_an_open_offer_can_be_undone_by_its_signer(scene: Scene, court: Court) -> None:
    court.admit(registered(scene, PACK, scene.dismantler))
    (offered,), (accepted,) = scene.handed_over(PACK, scene.dismantler, scene.recycler, "recycler")
    court.admit(offered)
    scene.heads[PACK] = (1, event_id(offered))
    court.admit(voided(scene, scene.dismantler, PACK, offered))
    assert court.battery(PACK).offer is None
    assert court.refusal(accepted) == "PLACE_TAKEN"


def test_the_registrar_undoes_acceptance_and_offer_before_a_thief_can_accept_again(
    scene: Scene, court: Court
) -> None:
    court.admit(registered(scene, PACK, scene.dismantler))
    (offered,), (accepted,) = scene.handed_over(PACK, scene.dismantler, scene.recycler, "recycler")
    court.admit(offered)
    court.admit(accepted)
    undone = [voided(scene, scene.registrar, PACK, text) for text in (accepted, offered)]
    court.admit(*undone)
    battery = court.battery(PACK)
    assert (battery.custodian, battery.offer) == (scene.dismantler.org, None)


def test_nobody_else_undoes_an_open_offer(scene: Scene, court: Court) -> None:
    court.admit(registered(scene, PACK, scene.dismantler))
    (offered,), _ = scene.handed_over(PACK, scene.dismantler, scene.recycler, "recycler")
    court.admit(offered)
    for thief in (scene.recycler, scene.garage):
        scene.heads[PACK] = (1, event_id(offered))
        assert court.refusal(voided(scene, thief, PACK, offered)) == "NOT_SIGNER"


# -- one code, two batteries -------------------------------------------------------------------------------


def test_the_second_battery_of_a_code_is_stored_and_handed_over_but_not_recycled(
    scene: Scene, court: Court
) -> None:
    tag, batch = f"battery:tag:{scene.recycler.id}/A-1", f"batch:{scene.recycler.id}/1"
    first = registered(scene, LEGACY, scene.dismantler)
    court.admit(first)
    court.admit(registered(scene, tag, scene.recycler, conflicts_with=LEGACY))
    court.admit(scene.sign(scene.recycler, "batch.opened", batch, {"process": "direct"}))
    recycled = scene.sign(scene.recycler, "battery.recycled", tag, {"batch": batch, "mass": MASS})
    assert court.refusal(recycled) == "ILLEGAL_TRANSITION"
    court.admit(voided(scene, scene.dismantler, LEGACY, first))  # so it was the other one that was wrong
    assert court.refusal(recycled) == "accepted"


def test_the_second_battery_of_a_code_goes_into_no_vehicle_and_keeps_its_mark_when_handed_over(
    scene: Scene, court: Court
) -> None:
    tag = f"battery:tag:{scene.garage.id}/A-1"
    court.admit(registered(scene, LEGACY, scene.dismantler))
    court.admit(registered(scene, tag, scene.garage, stage="removed", conflicts_with=LEGACY))
    (offered,), (accepted,) = scene.handed_over(tag, scene.garage, scene.maker, "vehicle_maker")
    court.admit(offered)
    court.admit(accepted)
    data = {"vehicle": "vehicle:AAAAAAAAAAAAAAAAAAAAAA", "position": 1, "of": 1}
    installed = scene.sign(scene.maker, "battery.installed", tag, data)
    data = {"battery": tag, "installed": event_id(installed), "packs": 1, "swap_model": False}
    fitted = scene.sign(scene.maker, "vehicle.fitted", "vehicle:AAAAAAAAAAAAAAAAAAAAAA", data)
    assert court.refusal(installed, fitted) == "ILLEGAL_TRANSITION"


# -- what would be found wrong only later ------------------------------------------------------------------


def test_a_day_that_does_not_exist_is_refused_wherever_it_stands(scene: Scene, court: Court) -> None:
    data = {"kid": scene.maker.key.public.kid, "reason": "lost", "compromised_since": "2026-02-30T00:00:00Z"}
    own = scene.sign(scene.maker, "key.revoked", f"keys:{scene.maker.id}", data, key=scene.maker.admin)
    registrars = scene.sign(scene.registrar, "org.key_revoked", scene.maker.org, data)
    assert [court.refusal(text) for text in (own, registrars)] == ["TIME_INVALID"] * 2


def test_a_subject_that_can_not_exist_is_refused_wherever_it_stands(scene: Scene, court: Court) -> None:
    nobody = "uscc:914403000000000000"  # its check character does not fit
    assert court.refusal(scene.manufactured(CODE, components=[NO_SUCH_DAY])) == "SUBJECT_INVALID"
    scene.heads.pop(PACK)
    court.admit(registered(scene, PACK, scene.dismantler))
    (offered,), _ = scene.handed_over(PACK, scene.dismantler, scene.recycler, "recycler")
    value = parse_jws(offered, typ=EVENT).value
    value["data"]["consignment"] = f"consignment:{nobody}/c"
    forged = sign_jws(format_compact(value), scene.dismantler.key, EVENT)
    assert court.refusal(forged) == "SUBJECT_INVALID"


def test_a_registrar_of_no_possible_organisation_opens_no_log() -> None:
    scene = Scene()
    court = Court(scene, found=False)
    key = scene._new_key(scene.registrar.key, f"log:{scene.origin}")
    for org, code in (("org:uscc:914403000000000000", "SUBJECT_INVALID"), (scene.registrar.org, "accepted")):
        scene.heads.clear()
        registrars = [{"org": scene.registrar.org, **key}]
        if org != scene.registrar.org:
            other = scene.maker.key
            registrars.append({"org": org, **scene._new_key(other, f"log:{scene.origin}")})
        assert court.refusal(scene.log_opened(registrars=registrars)) == code


def test_a_code_of_the_future_is_remarked_whoever_brings_it(scene: Scene, court: Court) -> None:
    of_2036 = "battery:gbt34014:001PB240000000T1C0000001"
    for sub, codes in ((LEGACY, []), (of_2036, ["CODE_DATE_IN_FUTURE"])):
        court.admit(registered(scene, sub, scene.dismantler))
        assert [remark.code for remark in court.remarks] == codes


# -- an integrator who forgot to withhold ------------------------------------------------------------------


@pytest.mark.parametrize("shown", [VIN, [VIN], [[VIN]], [{"...": VIN}]], ids=str)
def test_a_value_that_should_be_withheld_is_in_no_message(scene: Scene, court: Court, shown: Any) -> None:
    court.admit(scene.manufactured(CODE))
    installed, fitted = scene.installed(CODE)
    value = parse_jws(split_presentation(fitted)[0], typ=EVENT).value
    value["data"]["vin"] = shown
    with pytest.raises(ShapeError) as refused:
        court.admit(installed, sign_jws(format_compact(value), scene.maker.key, EVENT))
    assert refused.value.where.startswith("/data/vin")
    assert VIN not in f"{refused.value} {refused.value.problems}"
    assert VIN not in str(explain(value))


@pytest.mark.parametrize("broken", ['["{salt}",{vin}]', '["{salt}",{{"{vin}?":1}}]', '["{salt}","{vin}" ]'])
def test_a_disclosure_that_can_not_be_read_is_repeated_in_no_message(broken: str) -> None:
    text = b64url(broken.format(salt=b64url(bytes(16)), vin=VIN).encode())
    with pytest.raises(DisclosureFormatError) as refused:
        parse_disclosure(text)
    shown = "".join(traceback.format_exception(refused.value))
    assert not any(VIN[at : at + 4] in shown for at in range(len(VIN) - 3))


# -- played at random --------------------------------------------------------------------------------------


def moved(before: dict[str, Chain], after: dict[str, Chain]) -> Iterator[tuple[str, Battery, Battery]]:
    """The batteries that somebody enrolled held, and of which custody or stage changed."""
    for sub, chain in after.items():
        old = before[sub].state if sub in before else None
        if chain is before.get(sub) or not isinstance(old, Battery):
            continue
        new = chain.state if isinstance(chain.state, Battery) else Battery()
        held = old.custodian not in (words.NOBODY, words.NONE)
        if held and (old.custodian, old.stage) != (new.custodian, new.stage):
            yield sub, old, new


@pytest.mark.parametrize("seed", range(12))
def test_no_game_takes_a_battery_from_who_holds_it(seed: int) -> None:
    """Custody or stage of what somebody holds changes by its own word, by the offer it made, or flagged."""
    player = Player(1000 + seed)
    court = player.court
    taken_in = 0
    for group in player.moves(200):
        before, remarks = dict(court.world.chains), len(court.remarks)
        code = court.refusal(*group)
        if code != "accepted":
            assert court.world.chains == before
            continue
        taken_in += 1
        events = {event.sub: event for event in (read_event(parse_jws(text, typ=EVENT)) for text in group)}
        flagged = {remark.code for remark in court.remarks[remarks:]}
        for sub, old, new in moved(before, court.world.chains):
            event = events[sub]
            own = event.iss == old.custodian
            offered = event.type == "handover.accepted" and old.offer and old.offer.consignee == event.iss
            undone = event.type == "battery.voided"
            child = event.type == "battery.extracted" and "CHILD_ELSEWHERE" in flagged
            ruled = event.type == "custody.assigned" and "CUSTODY_ASSIGNED" in flagged
            assert own or offered or undone or child or ruled, (event.type, old, new)
            assert old.stage not in words.ENDED or undone
    assert taken_in > 5  # a game that only refuses would prove nothing


def mutated(value: dict[str, Any], chance: random.Random, atoms: list[Any]) -> dict[str, Any]:
    """A payload with one to three of its members left out, exchanged or of another kind."""
    value = copy.deepcopy(value)
    for _ in range(chance.choice((1, 1, 2, 3))):
        target: Any = value
        while True:
            place = chance.choice(list(target) if isinstance(target, dict) else range(len(target)))
            if isinstance(target[place], dict | list) and target[place] and chance.random() < 0.8:
                target = target[place]
            else:
                break
        if chance.random() < 0.2:
            del target[place]
        else:
            target[place] = copy.deepcopy(chance.choice(atoms))
        if not value:
            break
    return value


def atoms_of(value: Any) -> Iterator[Any]:
    """Every value in a payload, with those in it."""
    yield value
    if isinstance(value, dict):
        for item in value.values():
            yield from atoms_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from atoms_of(item)


STRANGE: Final[list[Any]] = [
    0, -1, 2**53 - 1, 1 - 2**53, "", "x" * 600, "é", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z",
    "1970-01-01T00:00:00Z", "2026-03-02T24:00:00Z", [], {}, [[]], [{}], True, False, NO_SUCH_DAY,
    "org:duns:111111111", "org:lei:000000000000000000AA", "keys:duns:111111111",
    "battery:tag:duns:111111111/a",
    "notes:battery:tag:duns:111111111/a", "vehicle:AAAAAAAAAAAAAAAAAAAAAA", "log:x", "nobody", "none", "-",
    "battery.voided", "note.corrected",
]  # fmt: skip


def test_whatever_a_registered_key_signs_is_answered_and_leaves_nothing_when_refused() -> None:
    """Any other exception than the domain's own escapes from here and fails the test."""
    chance = random.Random(20260302)
    scene = Scene()
    court = Court(scene, found=False)
    groups = [(text,) for text in scene.founding()] + scene.life_of_a_pack(CODE)
    keys: dict[str, PrivateKey] = {
        key.public.kid: key for party in (scene.registrar, *scene.members) for key in (party.key, party.admin)
    }
    plain = [[parse_jws(split_presentation(text)[0], typ=EVENT) for text in group] for group in groups]
    atoms = [*STRANGE, *(atom for group in plain for jws in group for atom in atoms_of(jws.value))]
    accepted = refused = 0
    for group, lawful in zip(plain, groups, strict=True):
        for _ in range(1000):
            texts = [jws.text for jws in group]
            place = chance.randrange(len(texts))
            value = mutated(group[place].value, chance, atoms)
            try:
                texts[place] = sign_jws(format_compact(value), keys[group[place].kid], EVENT)
            except SigningError:
                continue  # larger than a payload may be
            trial = court.above()
            try:
                trial.admit(*texts)
            except (TraceError, SigningError) as error:
                assert str(error)
                assert not trial.world.chains
                refused += 1
                continue
            accepted += 1
            for sub, chain in trial.world.chains.items():
                assert decode_state(sub.partition(":")[0], encode_state(chain.state)) == chain.state
        court.admit(*lawful)
    assert accepted > 200
    assert refused > 15_000
    assert court.battery(f"battery:gbt34014:{module_code(CODE)}").stage == words.RECYCLED
