"""The rules of the life cycle, each with its forgery (LIFECYCLE, rules 1 to 8 and the rows of the table)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from packtrace.signing.base64url import b64url
from packtrace.signing.compact import format_compact
from packtrace.signing.disclosures import withhold
from packtrace.signing.jws import APPROVAL, EVENT, parse_jws, sign_jws
from packtrace.tests.scene import Scene, digest_of, ed25519_key, event_id, module_code, p256_key, pack_code
from packtrace.tests.trace.court import Court
from packtrace.trace.codes.label import label_digest
from packtrace.trace.errors import TraceError
from packtrace.trace.lifecycle import words
from packtrace.trace.lifecycle.conditions.origins import check_token
from packtrace.trace.lifecycle.keyring import approval_digest
from packtrace.trace.statement import parse_event_jws, read_event
from packtrace.trace.times import format_time

CODE = pack_code(1)
PACK = f"battery:gbt34014:{CODE}"
MODULE = f"battery:gbt34014:{module_code(CODE)}"
READ = {"read_by": "camera", "condition": "intact"}


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def court(scene: Scene) -> Court:
    return Court(scene)


def registered(scene: Scene, sub: str, who: Any, **changes: Any) -> str:
    data = {"stage": "waste", "capacity": who.roles[0], "holder": "signer", "basis": "legacy", **READ}
    return scene.sign(who, "battery.registered", sub, data | changes)


def legacy(number: int) -> str:
    """A code of a maker that nobody enrolled."""
    return f"battery:gbt34014:001PB240000003B3C{number:07d}"


# -- the straight road -------------------------------------------------------------------------------------


def test_a_pack_goes_from_manufacture_to_the_closed_batch(scene: Scene, court: Court) -> None:
    for group in scene.life_of_a_pack(CODE):
        court.admit(*group)
    assert court.battery(PACK).stage == words.DISMANTLED
    assert court.battery(MODULE).stage == words.RECYCLED
    assert court.battery(MODULE).custodian == words.NONE
    assert court.remarks == []


def test_the_same_events_folded_by_another_world_give_the_same_state(scene: Scene, court: Court) -> None:
    groups = scene.life_of_a_pack(CODE)
    for group in groups:
        court.admit(*group)
    again = Court(Scene())
    for group in again.scene.life_of_a_pack(CODE):
        again.admit(*group)
    assert again.world.chains == court.world.chains


# -- links -------------------------------------------------------------------------------------------------


def test_a_second_event_for_a_place_is_refused_and_told_the_head(scene: Scene, court: Court) -> None:
    court.admit(scene.manufactured(CODE))
    rival = scene.sign(scene.garage, "battery.inspected", PACK, {"condition": "intact"}, seq=0, prev="")
    assert court.refusal(rival) in ("PLACE_TAKEN", "SCHEMA_INVALID")
    with pytest.raises(Exception, match=court.world.chains[PACK].head) as refused:
        court.admit(scene.sign(scene.maker, "battery.manufactured", PACK, _made(), seq=0))
    assert getattr(refused.value, "finding_code", "") == "PLACE_TAKEN"
    assert getattr(refused.value, "head_seq", None) == 0


def test_an_event_that_leaves_a_gap_or_names_another_head_is_refused(scene: Scene, court: Court) -> None:
    court.admit(scene.manufactured(CODE))
    head = court.world.chains[PACK].head
    inspected = {"condition": "intact"}
    gap = scene.sign(scene.maker, "battery.inspected", PACK, inspected, seq=2, prev=head)
    other = scene.sign(scene.maker, "battery.inspected", PACK, inspected, seq=1, prev=digest_of("no"))
    assert court.refusal(gap) == "SEQUENCE_GAP"
    assert court.refusal(other) == "CHAIN_LINK_BROKEN"


def _made() -> dict[str, Any]:
    mass = {"g": 1, "basis": "nameplate"}
    return {"model": Scene().model, "chemistry": "LFP", "mass": mass, "label": digest_of("label")}


def test_a_chain_can_not_be_restarted(scene: Scene, court: Court) -> None:
    court.admit(scene.manufactured(CODE))
    restarted = scene.sign(scene.maker, "battery.manufactured", PACK, _made())
    assert court.refusal(restarted) == "ILLEGAL_TRANSITION"


# -- keys --------------------------------------------------------------------------------------------------


def test_only_a_key_of_the_organisation_for_this_use_signs(scene: Scene, court: Court) -> None:
    def made(key: Any) -> str:
        return court.refusal(scene.sign(scene.maker, "battery.manufactured", PACK, _made(), seq=0, key=key))

    assert made(ed25519_key("a stranger")) == "KEY_UNKNOWN"
    assert made(scene.garage.key) == "KEY_FOREIGN"
    assert made(scene.maker.admin) == "KEY_USE_FORBIDDEN"
    assert made(scene.maker.key) == "accepted"


def test_a_signing_key_adds_no_key_and_an_admin_key_of_another_adds_none(scene: Scene, court: Court) -> None:
    new = ed25519_key("new")
    text = scene.key_added(scene.maker, new)
    value = parse_jws(text, typ=EVENT).value
    scene.heads.clear()
    for key, code in ((scene.maker.key, "KEY_USE_FORBIDDEN"), (scene.garage.admin, "KEY_FOREIGN")):
        forged = sign_jws(format_compact(value), key, EVENT)
        assert court.refusal(forged) == code
    foreign = scene.sign(
        scene.garage, "key.added", value["sub"], value["data"], seq=value["seq"], prev=value["prev"],
        key=scene.garage.admin,
    )  # fmt: skip
    assert court.refusal(foreign) == "NOT_OWNER"
    assert court.refusal(text) == "accepted"


def test_a_key_acts_from_its_hour_until_before_its_last(scene: Scene, court: Court) -> None:
    key = ed25519_key("shift")
    start, end = court.now + timedelta(hours=1), court.now + timedelta(hours=2)
    court.admit(scene.manufactured(CODE))
    court.admit(scene.key_added(scene.maker, key, **{"from": format_time(start), "until": format_time(end)}))
    for at, code in (
        (start - timedelta(milliseconds=1), "KEY_NOT_VALID_AT_SIGNING"),
        (start, "accepted"),
        (end - timedelta(milliseconds=1), "accepted"),
        (end, "KEY_NOT_VALID_AT_SIGNING"),
    ):
        court.now = at
        heads = dict(scene.heads)
        got = court.refusal(scene.inspected(scene.maker, CODE, key=key))
        assert got == code
        if got != "accepted":
            scene.heads = heads


def test_a_key_limited_to_types_signs_no_other(scene: Scene, court: Court) -> None:
    key = ed25519_key("scanner")
    court.admit(scene.key_added(scene.maker, key, types=["battery.inspected"]))
    made = scene.sign(scene.maker, "battery.manufactured", PACK, _made(), seq=0, key=key)
    assert court.refusal(made) == "KEY_USE_FORBIDDEN"
    court.admit(scene.manufactured(CODE))
    assert court.refusal(scene.inspected(scene.maker, CODE, key=key)) == "accepted"


def test_a_revoked_key_signs_nothing_from_the_next_leaf_whatever_time_it_claims(
    scene: Scene, court: Court
) -> None:
    court.admit(scene.manufactured(CODE))
    court.admit(scene.key_revoked(scene.maker, scene.maker.key))
    late = scene.inspected(scene.maker, CODE, occurred_at=scene.at - timedelta(days=300))
    assert court.refusal(late) == "KEY_REVOKED_AT_SIGNING"


def test_the_registrar_revokes_an_admin_key_and_with_it_what_it_could_add(scene: Scene, court: Court) -> None:
    data = {"kid": scene.maker.admin.public.kid, "reason": "compromised"}
    court.admit(scene.sign(scene.registrar, "org.key_revoked", scene.maker.org, data))
    assert court.refusal(scene.key_added(scene.maker, ed25519_key("late"))) == "KEY_REVOKED_AT_SIGNING"


def test_one_key_belongs_to_one_organisation_for_good(scene: Scene, court: Court) -> None:
    stolen = scene.key_added(scene.garage, scene.maker.key)
    assert court.refusal(stolen) == "KEY_ALREADY_BOUND"
    scene = Scene()
    court = Court(scene)
    court.admit(scene.key_revoked(scene.maker, scene.maker.key))
    assert court.refusal(scene.key_added(scene.maker, scene.maker.key)) == "KEY_ALREADY_BOUND"


@pytest.mark.parametrize("changed", ["sub", "aud", "head", "key"])
def test_a_proof_of_possession_for_anything_else_proves_nothing(
    scene: Scene, court: Court, changed: str
) -> None:
    from packtrace.signing.possession import sign_possession

    key = ed25519_key("new")
    sub = f"keys:{scene.garage.id}"
    true = {"aud": scene.origin, "sub": sub, "head": scene.heads[sub][1], "signer": key}
    false = {
        "aud": "other.example",
        "sub": "keys:duns:111111111",
        "head": digest_of("no"),
        "key": ed25519_key("x"),
    }
    proof = sign_possession(**(true | {"signer" if changed == "key" else changed: false[changed]}))  # type: ignore[arg-type]
    text = scene.key_added(scene.garage, key, possession=proof)
    assert court.refusal(text) == "KEY_NOT_PROVEN"


def test_a_weak_key_is_never_registered(scene: Scene, court: Court) -> None:
    weak = {"crv": "Ed25519", "kty": "OKP", "x": b64url(bytes([1]) + bytes(31))}
    assert court.refusal(scene.key_added(scene.garage, ed25519_key("new"), jwk=weak)) == "KEY_WEAK"


def test_a_p256_key_signs_events(scene: Scene, court: Court) -> None:
    key = p256_key("phone")
    court.admit(scene.key_added(scene.maker, key))
    made = scene.sign(scene.maker, "battery.manufactured", PACK, _made(), key=key)
    assert court.refusal(made) == "accepted"


# -- organisations -----------------------------------------------------------------------------------------


def test_only_a_registrar_enrols_and_changes_organisations(scene: Scene, court: Court) -> None:
    newcomer = scene.party("newcomer", 9, "recycler")
    text = scene.enrolled(newcomer)
    value = parse_jws(text, typ=EVENT).value
    for party in (scene.recycler, newcomer):
        self_made = sign_jws(format_compact(value | {"iss": party.org}), party.key, EVENT)
        assert court.refusal(self_made) in ("KEY_USE_FORBIDDEN", "KEY_UNKNOWN")
    promoted = scene.sign(
        scene.recycler, "org.changed", scene.recycler.org, {"roles": [{"role": "battery_maker"}]}
    )
    assert court.refusal(promoted) == "KEY_USE_FORBIDDEN"
    assert court.refusal(text) == "accepted"


def test_a_suspended_organisation_says_nothing_but_that_its_key_is_lost(scene: Scene, court: Court) -> None:
    court.admit(scene.manufactured(CODE))
    court.admit(scene.sign(scene.registrar, "org.suspended", scene.maker.org, {"reason": "court order"}))
    heads = dict(scene.heads)
    assert court.refusal(scene.inspected(scene.maker, CODE)) == "PARTY_SUSPENDED"
    scene.heads = heads
    assert court.refusal(scene.key_revoked(scene.maker, scene.maker.key)) == "accepted"
    court.admit(scene.sign(scene.registrar, "org.reinstated", scene.maker.org, {"reason": "lifted"}))
    court.admit(scene.key_added(scene.maker, ed25519_key("fresh")))
    assert court.refusal(scene.inspected(scene.maker, CODE, key=ed25519_key("fresh"))) == "accepted"


def test_a_suspended_organisation_learns_from_no_refusal_how_a_battery_stands(
    scene: Scene, court: Court
) -> None:
    court.admit(scene.manufactured(CODE))
    court.admit(scene.sign(scene.registrar, "org.suspended", scene.garage.org, {"reason": "court order"}))
    out_of_stage, not_its_own = ("battery.unpooled", {}), ("battery.inspected", {"condition": "intact"})
    for kind, data in (out_of_stage, not_its_own):
        text = scene.sign(scene.garage, kind, PACK, data, seq=1)
        with pytest.raises(TraceError) as refused:
            court.above().admit(text)
        assert refused.value.finding_code == "PARTY_SUSPENDED"
        assert scene.maker.org not in refused.value.message


def test_only_the_ends_of_an_offer_are_told_to_whom_it_is(scene: Scene, court: Court) -> None:
    court.admit(scene.manufactured(CODE))
    offered, (accepted,) = scene.handed_over(PACK, scene.maker, scene.recycler, "vehicle_maker")
    court.admit(*offered)
    data = parse_jws(accepted, typ=EVENT).value["data"]
    with pytest.raises(TraceError) as refused:
        court.above().admit(
            scene.sign(scene.garage, "handover.accepted", PACK, data, seq=2, prev=event_id(offered[0]))
        )
    assert refused.value.finding_code == "NOT_CUSTODIAN" and scene.recycler.org not in refused.value.message


def test_a_role_is_held_from_its_hour_until_before_its_last(scene: Scene, court: Court) -> None:
    end = court.now + timedelta(hours=5)
    roles = [{"role": "battery_maker", "until": format_time(end)}]
    court.admit(scene.sign(scene.registrar, "org.changed", scene.maker.org, {"roles": roles}))
    court.now = end
    text = scene.manufactured(CODE)
    assert court.refusal(text) == "SIGNER_ROLE_FORBIDDEN"
    court.now = end - timedelta(milliseconds=1)
    assert court.refusal(text) == "accepted"


def test_a_vendor_code_is_one_makers(scene: Scene, court: Court) -> None:
    rival = scene.party("rival", 8, "battery_maker", vendor_codes=("04Q",))
    assert court.refusal(scene.enrolled(rival)) == "VENDOR_CODE_TAKEN"


# -- where batteries come from -----------------------------------------------------------------------------


def test_only_the_maker_manufactures_under_its_vendor_code(scene: Scene, court: Court) -> None:
    foreign = scene.sign(scene.maker, "battery.manufactured", legacy(1), _made())
    assert court.refusal(foreign) == "FOREIGN_VENDOR_CODE"


def test_a_battery_made_after_its_maker_was_enrolled_is_not_registered_by_others(
    scene: Scene, court: Court
) -> None:
    new = "battery:gbt34014:04QPB76836300JG9C0000001"  # made on 2026-09-12
    court.later(days=300)
    assert court.refusal(registered(scene, new, scene.dismantler)) == "MAKER_MUST_REGISTER"
    assert court.refusal(registered(scene, PACK, scene.dismantler)) == "accepted"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"stage": "waste", "holder": "nobody"}, "NOT_CUSTODIAN"),
        ({"stage": "manufactured"}, "ILLEGAL_TRANSITION"),
        ({"stage": "swap_pool"}, "WRONG_CAPACITY"),
        ({"stage": "dismantled"}, "SCHEMA_INVALID"),
        ({"capacity": "recycler"}, "SIGNER_ROLE_FORBIDDEN"),
        ({"basis": "label_unreadable"}, "ILLEGAL_TRANSITION"),
        ({"conflicts_with": PACK}, "REFERENCE_ABSENT"),
        ({}, "accepted"),
    ],
)
def test_a_registration_says_only_what_its_declarer_may(
    scene: Scene, court: Court, changes: dict[str, Any], code: str
) -> None:
    assert court.refusal(registered(scene, legacy(1), scene.dismantler, **changes)) == code


def test_a_tag_is_its_own_yards(scene: Scene, court: Court) -> None:
    tag = f"battery:tag:{scene.dismantler.id}/A-17"
    assert court.refusal(registered(scene, tag, scene.recycler, basis="label_unreadable")) == "FOREIGN_TAG"
    scene.heads.clear()
    assert court.refusal(registered(scene, tag, scene.dismantler, basis="label_unreadable")) == "accepted"


def test_taking_from_nobody_without_label_or_photo_is_remarked(scene: Scene, court: Court) -> None:
    token, _ = withhold("A" * 20, bytes(16))
    cases = (({}, True, False), ({"evidence": [_photo()]}, True, True), ({"token": token}, True, True))
    for number, (data, labelled, seen) in enumerate((*cases, ({"token": token}, False, False))):
        sub = legacy(number)
        label = {"label": label_digest(sub.split(":")[2], "A" * 20)} if labelled else {}
        court.admit(registered(scene, sub, scene.garage, stage="removed", holder="nobody", **label))
        court.remarks.clear()
        taken = {"capacity": "pack_dismantler", **READ, **data}
        court.admit(scene.sign(scene.dismantler, "battery.taken_in", sub, taken))
        assert [remark.code for remark in court.remarks] == ([] if seen else ["UNSEEN_LABEL"])
        assert court.battery(sub).stage == words.AT_DISMANTLER


def test_a_token_that_is_not_the_labels_is_refused_at_the_door(scene: Scene, court: Court) -> None:
    code = legacy(1).split(":")[2]
    label = label_digest(code, "A" * 20)
    court.admit(registered(scene, legacy(1), scene.garage, stage="removed", holder="nobody", label=label))
    slot, _ = withhold("A" * 20, bytes(16))
    taken = {"capacity": "pack_dismantler", **READ, "token": slot}
    event = read_event(parse_event_jws(scene.sign(scene.dismantler, "battery.taken_in", legacy(1), taken)))
    battery = court.battery(legacy(1))
    check_token(event, {"/data/token": "A" * 20}, battery)
    check_token(event, {}, battery)
    with pytest.raises(TraceError) as refused:
        check_token(event, {"/data/token": "B" * 20}, battery)
    assert refused.value.finding_code == "LABEL_MISMATCH"
    assert "B" * 20 not in str(refused.value)


def _photo() -> dict[str, Any]:
    return {"kind": "photo", "sha256": digest_of("photo"), "media_type": "image/jpeg", "bytes": 1000}


# -- handovers ---------------------------------------------------------------------------------------------


@pytest.fixture
def at_dismantler(scene: Scene, court: Court) -> Court:
    court.admit(registered(scene, PACK, scene.dismantler))
    return court


def offer(scene: Scene, court: Court, **changes: Any) -> str:
    data = {
        "consignee": scene.recycler.org,
        "capacity": "recycler",
        "expires_at": format_time(court.now + timedelta(days=10)),
    }
    return scene.sign(scene.dismantler, "handover.offered", PACK, data | changes)


def accept(scene: Scene, offered: str, **changes: Any) -> str:
    data = {"offer": event_id(offered), "capacity": "recycler", **READ}
    return scene.sign(scene.recycler, "handover.accepted", PACK, data | changes)


def test_an_offer_is_accepted_as_offered_and_not_otherwise(scene: Scene, at_dismantler: Court) -> None:
    offered = offer(scene, at_dismantler)
    at_dismantler.admit(offered)
    heads = dict(scene.heads)
    for changes, code in (
        ({"offer": digest_of("another")}, "NO_OPEN_OFFER"),
        ({"capacity": "collector"}, "SIGNER_ROLE_FORBIDDEN"),
    ):
        scene.heads = dict(heads)
        assert at_dismantler.refusal(accept(scene, offered, **changes)) == code
    scene.heads = dict(heads)
    assert at_dismantler.refusal(accept(scene, offered)) == "accepted"
    assert at_dismantler.battery(PACK).custodian == scene.recycler.org


def test_an_accept_in_another_capacity_than_offered_is_refused(scene: Scene, court: Court) -> None:
    roles = [{"role": "recycler"}, {"role": "collector"}]
    court.admit(scene.sign(scene.registrar, "org.changed", scene.recycler.org, {"roles": roles}))
    court.admit(registered(scene, PACK, scene.dismantler))
    offered = offer(scene, court)
    court.admit(offered)
    assert court.refusal(accept(scene, offered, capacity="collector")) == "WRONG_CAPACITY"


def test_an_offer_closes_at_its_hour_whatever_time_the_acceptance_claims(
    scene: Scene, at_dismantler: Court
) -> None:
    offered = offer(scene, at_dismantler)
    at_dismantler.admit(offered)
    at_dismantler.now += timedelta(days=10)
    late = accept(scene, offered)
    at_dismantler.now = at_dismantler.now.replace(microsecond=0)
    assert at_dismantler.refusal(late) == "NO_OPEN_OFFER"
    at_dismantler.now -= timedelta(milliseconds=1)
    assert at_dismantler.refusal(late) == "accepted"


def test_after_an_offer_expired_its_custodian_goes_on(scene: Scene, at_dismantler: Court) -> None:
    at_dismantler.admit(offer(scene, at_dismantler))
    opened = {"mass": {"g": 438000, "basis": "measured"}, "children": [], "residues": []}
    heads = dict(scene.heads)
    dismantled = scene.sign(scene.dismantler, "battery.dismantled", PACK, opened)
    scene.heads = heads
    assert at_dismantler.refusal(dismantled) == "OFFER_OPEN"
    at_dismantler.later(days=11)
    assert at_dismantler.refusal(dismantled) == "accepted"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"consignee": "org:duns:999999999"}, "WRONG_CONSIGNEE"),
        ({"expires_at": "2026-03-03T09:00:00Z"}, "OFFER_EXPIRY"),
        ({"expires_at": "2099-03-03T09:00:00Z"}, "OFFER_EXPIRY"),
        ({"expires_at": "2026-02-30T09:00:00Z"}, "TIME_INVALID"),
    ],
)
def test_an_offer_names_somebody_enrolled_and_a_time_that_yards_can_meet(
    scene: Scene, at_dismantler: Court, changes: dict[str, Any], code: str
) -> None:
    assert at_dismantler.refusal(offer(scene, at_dismantler, **changes)) == code


def test_an_offer_to_oneself_is_refused(scene: Scene, at_dismantler: Court) -> None:
    to_self = offer(scene, at_dismantler, consignee=scene.dismantler.org)
    assert at_dismantler.refusal(to_self) == "WRONG_CONSIGNEE"


def test_what_is_in_use_goes_to_no_recycler(scene: Scene, court: Court) -> None:
    court.admit(scene.manufactured(CODE))
    data = {
        "consignee": scene.recycler.org,
        "capacity": "recycler",
        "expires_at": format_time(court.now + timedelta(days=10)),
    }
    assert court.refusal(scene.sign(scene.maker, "handover.offered", PACK, data)) == "WRONG_CAPACITY"


def test_declined_and_withdrawn_leave_custody_where_it_was(scene: Scene, at_dismantler: Court) -> None:
    for who, type_, data in (
        (scene.recycler, "handover.declined", {"reason": "damaged"}),
        (scene.dismantler, "handover.withdrawn", {}),
    ):
        offered = offer(scene, at_dismantler)
        at_dismantler.admit(offered)
        at_dismantler.admit(scene.sign(who, type_, PACK, {"offer": event_id(offered), **data}))
        assert at_dismantler.battery(PACK).custodian == scene.dismantler.org
        assert at_dismantler.refusal(accept(scene, offered)) == "NO_OPEN_OFFER"
        scene.heads[PACK] = (at_dismantler.world.chains[PACK].seq, at_dismantler.world.chains[PACK].head)


def test_a_consignor_suspended_after_its_offer_is_remarked_and_does_not_bar(
    scene: Scene, at_dismantler: Court
) -> None:
    offered = offer(scene, at_dismantler)
    at_dismantler.admit(offered)
    at_dismantler.admit(
        scene.sign(scene.registrar, "org.suspended", scene.dismantler.org, {"reason": "licence lapsed"})
    )
    at_dismantler.admit(accept(scene, offered))
    assert [remark.code for remark in at_dismantler.remarks] == ["CONSIGNOR_SUSPENDED"]


# -- groups ------------------------------------------------------------------------------------------------


def test_a_group_is_whole_or_nothing(scene: Scene, court: Court) -> None:
    court.admit(scene.manufactured(CODE))
    installed, fitted = scene.installed(CODE)
    assert court.refusal(installed) == "GROUP_INCOMPLETE"
    assert court.refusal(fitted) == "GROUP_INCOMPLETE"
    assert court.refusal(fitted, installed) == "GROUP_INCOMPLETE"
    scene.manufactured(pack_code(2))
    assert court.refusal(installed, scene.inspected(scene.maker, pack_code(2))) != "accepted"
    assert court.refusal(installed, fitted) == "accepted"


def test_children_come_out_in_the_order_listed_and_none_is_left_out(
    scene: Scene, at_dismantler: Court
) -> None:
    modules = [f"battery:tag:{scene.dismantler.id}/m{number}" for number in range(3)]
    dismantled = scene.sign(
        scene.dismantler,
        "battery.dismantled",
        PACK,
        {
            "mass": {"g": 9000, "basis": "measured"},
            "children": [{"battery": module, "g": 3000} for module in modules],
            "residues": [],
        },
    )
    data = {
        "parent": PACK,
        "dismantled": event_id(dismantled),
        "capacity": "pack_dismantler",
        "mass": {"g": 3000, "basis": "measured"},
    }
    out = [scene.sign(scene.dismantler, "battery.extracted", module, data) for module in modules]
    assert at_dismantler.refusal(dismantled, out[0], out[1]) == "GROUP_INCOMPLETE"
    assert at_dismantler.refusal(dismantled, out[1], out[0], out[2]) == "GROUP_INCOMPLETE"
    assert at_dismantler.refusal(dismantled, *out) == "accepted"
    assert at_dismantler.battery(modules[2]).custodian == scene.dismantler.org


def test_a_child_of_somebody_elses_pack_is_not_extracted(scene: Scene, court: Court) -> None:
    court.admit(registered(scene, PACK, scene.dismantler))
    court.admit(registered(scene, MODULE, scene.recycler))
    dismantled = scene.sign(
        scene.dismantler,
        "battery.dismantled",
        PACK,
        {
            "mass": {"g": 9000, "basis": "measured"},
            "children": [{"battery": MODULE, "g": 9000}],
            "residues": [],
        },
    )
    data = {
        "parent": PACK,
        "dismantled": event_id(dismantled),
        "capacity": "pack_dismantler",
        "mass": {"g": 9000, "basis": "measured"},
    }
    extracted = scene.sign(scene.dismantler, "battery.extracted", MODULE, data)
    assert court.refusal(dismantled, extracted) == "ILLEGAL_TRANSITION"


def test_a_pack_without_a_recorded_vehicle_is_removed_without_a_group(scene: Scene, court: Court) -> None:
    court.admit(registered(scene, PACK, scene.garage, stage="in_vehicle"))
    data = {"capacity": "repairer", "read_by": "camera", "reason": "repair"}
    heads = dict(scene.heads)
    invented = scene.sign(
        scene.garage, "battery.removed", PACK, data | {"vehicle": "vehicle:AAAAAAAAAAAAAAAAAAAAAA"}
    )
    assert court.refusal(invented) == "WRONG_VEHICLE"
    scene.heads = heads
    assert court.refusal(scene.sign(scene.garage, "battery.removed", PACK, data)) == "accepted"


def opened(scene: Scene, sub: str, *children: str) -> tuple[str, ...]:
    """The dismantler opens what it holds, as a group."""
    mass = {"g": 9000, "basis": "measured"}
    data = {"mass": mass, "children": [{"battery": child, "g": 10} for child in children], "residues": []}
    dismantled = scene.sign(scene.dismantler, "battery.dismantled", sub, data)
    out = {"parent": sub, "dismantled": event_id(dismantled), "capacity": "pack_dismantler", "mass": mass}
    return (dismantled, *(scene.sign(scene.dismantler, "battery.extracted", each, out) for each in children))


def test_no_pack_comes_out_of_a_pack_and_no_module_out_of_a_module(scene: Scene, court: Court) -> None:
    junk = f"battery:tag:{scene.dismantler.id}/junk"
    for parent, child, code in (
        (junk, PACK, "COMPOSITION_CONFLICT"),
        (PACK, f"battery:gbt34014:{pack_code(2)}", "COMPOSITION_CONFLICT"),
        (MODULE, f"battery:gbt34014:{module_code(pack_code(2))}", "COMPOSITION_CONFLICT"),
        (PACK, MODULE, "accepted"),
    ):
        heads, before = dict(scene.heads), court.world
        basis = "label_unreadable" if parent == junk else "legacy"
        court.world = copied(court)
        court.admit(registered(scene, parent, scene.dismantler, basis=basis))
        assert court.refusal(*opened(scene, parent, child)) == code
        scene.heads, court.world = heads, before


def copied(court: Court) -> Any:
    """A world on top of the court's that can be dropped."""
    from packtrace.trace.lifecycle.world import Changes

    return Changes(court.world)


def test_what_a_maker_has_in_stock_or_will_make_is_taken_out_of_no_other_pack(
    scene: Scene, court: Court
) -> None:
    court.later(days=300)
    junk = f"battery:tag:{scene.dismantler.id}/junk"
    stock, future = MODULE, "battery:gbt34014:04QMB76836300JG9C0000001"
    court.admit(scene.sign(scene.maker, "battery.manufactured", stock, _made()))
    for child, code in ((stock, "NOT_CUSTODIAN"), (future, "MAKER_MUST_REGISTER")):
        heads, before = dict(scene.heads), court.world
        court.world = copied(court)
        court.admit(registered(scene, junk, scene.dismantler, basis="label_unreadable"))
        assert court.refusal(*opened(scene, junk, child)) == code
        scene.heads, court.world = heads, before


def test_a_module_that_another_whole_pack_was_made_with_is_not_extracted_nor_listed_twice(
    scene: Scene, court: Court
) -> None:
    court.admit(scene.manufactured(CODE, components=[MODULE]))
    twice = scene.sign(
        scene.maker,
        "battery.manufactured",
        f"battery:gbt34014:{pack_code(2)}",
        _made() | {"components": [MODULE]},
    )
    assert court.refusal(twice) == "COMPOSITION_CONFLICT"
    junk = f"battery:tag:{scene.dismantler.id}/junk"
    court.admit(registered(scene, junk, scene.dismantler, basis="label_unreadable"))
    assert court.refusal(*opened(scene, junk, MODULE)) == "COMPOSITION_CONFLICT"


def test_a_module_of_a_pack_that_left_the_country_is_not_extracted_from_another(
    scene: Scene, court: Court
) -> None:
    court.admit(scene.manufactured(CODE, components=[MODULE]))
    left = {"destination": "DE", "reason": "sold"}
    court.admit(scene.sign(scene.maker, "battery.exported", PACK, left))
    junk = f"battery:tag:{scene.dismantler.id}/junk"
    court.admit(registered(scene, junk, scene.dismantler, basis="label_unreadable"))
    assert court.refusal(*opened(scene, junk, MODULE)) == "COMPOSITION_CONFLICT"


def test_a_part_that_does_not_come_out_is_remarked(scene: Scene, court: Court) -> None:
    for number, children in ((1, ()), (2, (f"battery:gbt34014:{module_code(pack_code(2))}",))):
        code = pack_code(number)
        sub, module = f"battery:gbt34014:{code}", f"battery:gbt34014:{module_code(code)}"
        court.admit(scene.manufactured(code, components=[module]))
        court.admit(
            scene.sign(scene.maker, "battery.retired", sub, {"capacity": "battery_maker", "reason": "recall"})
        )
        offered, accepted = (
            text for (text,) in scene.handed_over(sub, scene.maker, scene.dismantler, "pack_dismantler")
        )
        court.admit(offered)
        court.admit(accepted)
        court.remarks.clear()
        court.admit(*opened(scene, sub, *children))
        assert [remark.code for remark in court.remarks] == ([] if children else ["CHILD_MISSING"])


def test_nobody_fits_a_pack_beside_somebody_elses(scene: Scene, court: Court) -> None:
    court.admit(scene.manufactured(CODE))
    court.admit(*scene.installed(CODE))
    vehicle = court.battery(PACK).facts.vehicle
    junk = f"battery:tag:{scene.garage.id}/junk"
    registered_junk = registered(
        scene, junk, scene.garage, stage="removed", capacity="repairer", basis="label_unreadable"
    )
    court.admit(registered_junk)

    def fit(packs: int, *, of: int, swap: bool = False) -> tuple[str, str]:
        data = {"vehicle": vehicle, "position": 1, "of": of}
        installed = scene.sign(scene.garage, "battery.installed", junk, data)
        fitted = {"battery": junk, "installed": event_id(installed), "packs": packs, "swap_model": swap}
        return installed, scene.sign(scene.garage, "vehicle.fitted", vehicle, fitted)

    heads = dict(scene.heads)
    assert court.refusal(*fit(64, of=64, swap=True)) == "NOT_CUSTODIAN"
    scene.heads = dict(heads)
    court.admit(scene.sign(scene.maker, "battery.released", PACK, {"reason": "sold"}))
    heads = dict(scene.heads)
    for args, of in (((64,), 64), ((1,), 1), ((2,), 1)):
        scene.heads = dict(heads)
        assert court.refusal(*fit(*args, of=of)) == "COMPOSITION_CONFLICT"


def test_a_pack_retired_in_its_vehicle_makes_room_for_another(scene: Scene, court: Court) -> None:
    court.admit(scene.manufactured(CODE))
    court.admit(*scene.installed(CODE))
    vehicle = court.battery(PACK).facts.vehicle
    retired = {"capacity": "vehicle_maker", "reason": "recall"}
    court.admit(scene.sign(scene.maker, "battery.retired", PACK, retired))
    court.admit(scene.manufactured(pack_code(2)))
    other = f"battery:gbt34014:{pack_code(2)}"
    installed = scene.sign(
        scene.maker, "battery.installed", other, {"vehicle": vehicle, "position": 1, "of": 1}
    )
    data = {"battery": other, "installed": event_id(installed), "packs": 1, "swap_model": False}
    assert court.refusal(installed, scene.sign(scene.maker, "vehicle.fitted", vehicle, data)) == "accepted"


def test_what_is_taken_in_unseen_is_limited_by_the_day(scene: Scene, court: Court) -> None:
    most = scene.rules.policy.unseen_labels_a_day
    taken = {"capacity": "pack_dismantler", **READ}
    for number in range(most + 1):
        sub = legacy(number)
        court.admit(registered(scene, sub, scene.garage, stage="removed", holder="nobody"))
        text = scene.sign(scene.dismantler, "battery.taken_in", sub, taken)
        assert court.refusal(text) == ("accepted" if number < most else "UNSEEN_LABEL_LIMIT")
    court.later(days=1)
    assert court.refusal(text) == "accepted"


def test_a_battery_has_one_chain_whatever_scheme_is_claimed(scene: Scene, court: Court) -> None:
    for scheme in ("gbt40098", "iso15459"):
        ghost = f"battery:{scheme}:{CODE}"
        assert court.refusal(registered(scene, ghost, scene.dismantler)) == "SUBJECT_INVALID"


# -- batches -----------------------------------------------------------------------------------------------


def test_nobody_charges_a_foreign_or_closed_batch_and_inputs_are_what_was_charged(
    scene: Scene, court: Court
) -> None:
    other = scene.party("rival", 8, "recycler")
    court.admit(scene.enrolled(other))
    court.admit(scene.key_added(other, other.key))
    mine, theirs = f"batch:{scene.recycler.id}/1", f"batch:{other.id}/1"
    stolen = scene.sign(scene.recycler, "batch.opened", theirs, {"process": "direct"}, seq=0)
    assert court.refusal(stolen) == "NOT_OWNER"
    court.admit(scene.sign(scene.recycler, "batch.opened", mine, {"process": "direct"}))
    court.admit(scene.sign(other, "batch.opened", theirs, {"process": "direct"}))
    court.admit(registered(scene, PACK, scene.recycler))
    charged = {"mass": {"g": 400, "basis": "measured"}}
    heads = dict(scene.heads)
    for batch, code in ((theirs, "NOT_CUSTODIAN"), (f"{mine}0", "REFERENCE_ABSENT")):
        scene.heads = dict(heads)
        text = scene.sign(scene.recycler, "battery.recycled", PACK, charged | {"batch": batch})
        assert court.refusal(text) == code
    scene.heads = dict(heads)
    recycled = scene.sign(scene.recycler, "battery.recycled", PACK, charged | {"batch": mine})
    court.admit(recycled)
    assert court.refusal(scene.sign(scene.recycler, "battery.recycled", PACK, charged | {"batch": mine})) == (
        "PACK_TERMINAL"
    )
    heads = dict(scene.heads)
    for events, g in (([], 400), ([recycled], 401), ([recycled, recycled], 400)):
        scene.heads = dict(heads)
        assert court.refusal(scene.batch_closed(mine, events, g)) == "BATCH_INPUTS_MISMATCH"
    scene.heads = dict(heads)
    court.admit(scene.batch_closed(mine, [recycled], 400))
    void = scene.sign(
        scene.recycler,
        "battery.voided",
        PACK,
        {"event": event_id(recycled), "reason": "oops"},
        seq=2,
        prev=event_id(recycled),
    )
    assert court.refusal(void) == "BATCH_CLOSED"


# -- undoing -----------------------------------------------------------------------------------------------


def void(scene: Scene, who: Any, sub: str, text: str, **changes: Any) -> str:
    kind = sub.partition(":")[0]
    return scene.sign(who, f"{kind}.voided", sub, {"event": event_id(text), "reason": "mis-scan"} | changes)


def test_the_last_event_is_undone_by_its_signer_within_the_hours(scene: Scene, at_dismantler: Court) -> None:
    offered = offer(scene, at_dismantler)
    at_dismantler.admit(offered)
    before = at_dismantler.battery(PACK)
    accepted = accept(scene, offered)
    at_dismantler.admit(accepted)
    heads = dict(scene.heads)
    assert at_dismantler.refusal(void(scene, scene.recycler, PACK, offered)) == "NOT_LAST_EVENT"
    scene.heads = dict(heads)
    assert at_dismantler.refusal(void(scene, scene.dismantler, PACK, accepted)) == "NOT_SIGNER"
    scene.heads = dict(heads)
    undo = void(scene, scene.recycler, PACK, accepted)
    now = at_dismantler.now
    at_dismantler.now = now + timedelta(hours=scene.rules.policy.void_hours, milliseconds=1)
    assert at_dismantler.refusal(undo) == "VOID_TOO_LATE"
    at_dismantler.now = now + timedelta(hours=scene.rules.policy.void_hours)
    at_dismantler.admit(undo)
    assert at_dismantler.battery(PACK) == before  # the offer is open again
    assert at_dismantler.refusal(void(scene, scene.recycler, PACK, undo)) != "accepted"


def test_a_voided_beginning_leaves_a_chain_that_only_the_maker_makes_anew(scene: Scene, court: Court) -> None:
    wrong = registered(scene, PACK, scene.dismantler)
    court.admit(wrong)
    court.admit(void(scene, scene.dismantler, PACK, wrong))
    heads = dict(scene.heads)
    again = registered(scene, PACK, scene.garage, capacity="repairer")
    assert court.refusal(again) == "accepted"
    assert [remark.code for remark in court.remarks] == ["REGISTERED_AFTER_VOID"]
    scene.heads = heads
    assert scene.heads[PACK][0] == 1


def test_a_group_is_undone_as_a_group(scene: Scene, court: Court) -> None:
    court.admit(scene.manufactured(CODE))
    installed, fitted = scene.installed(CODE)
    court.admit(installed, fitted)
    vehicle = court.battery(PACK).facts.vehicle
    heads = dict(scene.heads)
    undo, half = void(scene, scene.maker, PACK, installed), void(scene, scene.maker, vehicle, fitted)
    assert court.refusal(undo) == "GROUP_INCOMPLETE"
    assert court.refusal(half) == "GROUP_INCOMPLETE"
    scene.heads = heads
    assert court.refusal(undo, half) == "accepted"
    assert court.battery(PACK).stage == words.MANUFACTURED
    assert court.world.chains[vehicle].state is None


def test_an_opened_pack_is_whole_again_only_if_nothing_came_after_on_its_children(
    scene: Scene, court: Court
) -> None:
    groups = scene.life_of_a_pack(CODE)
    for group in groups[:6]:
        court.admit(*group)
    dismantled, extracted = groups[5]
    assert court.battery(PACK).stage == words.DISMANTLED
    for sub, text in ((PACK, dismantled), (MODULE, extracted)):
        scene.heads[sub] = (court.world.chains[sub].seq, event_id(text))
    undo = void(scene, scene.dismantler, PACK, dismantled)
    half = void(scene, scene.dismantler, MODULE, extracted)
    alone = void(scene, scene.dismantler, MODULE, extracted, reason="alone")
    assert court.refusal(alone) == "SEQUENCE_GAP"
    assert court.refusal(half) == "GROUP_INCOMPLETE"
    court.admit(*groups[6])  # the module is offered on
    assert court.refusal(undo, half) == "PLACE_TAKEN"


def threshold_two(scene: Scene) -> tuple[Court, Any, Any]:
    """A log of three registrar keys, two of which must stand behind a joint act; and the other two keys."""
    second, third = ed25519_key("second registrar"), ed25519_key("third registrar")
    sub = f"log:{scene.origin}"
    keys = (scene.registrar.key, second, third)
    registrars = [{"org": scene.registrar.org, **scene._new_key(key, sub)} for key in keys]
    court = Court(scene, found=False)
    court.admit(scene.log_opened(registrars=registrars, threshold=2))
    return court, second, third


def approved(scene: Scene, text: str, *keys: Any, **claims: str) -> str:
    """The same statement of the registrar, with the approvals of these keys."""
    value = parse_jws(text, typ=EVENT).value
    claim = {"aud": scene.origin, "statement": approval_digest(value)} | claims
    approvals = [sign_jws(format_compact(claim), key, APPROVAL) for key in keys]
    signed = value | {"data": value["data"] | {"approvals": approvals}}
    again = sign_jws(format_compact(signed), scene.registrar.key, EVENT)
    scene.heads[value["sub"]] = (value["seq"], event_id(again))
    return again


def test_the_registrar_undoes_what_a_stolen_key_did_with_as_many_approvals_as_asked(scene: Scene) -> None:
    court, second, _ = threshold_two(scene)
    court.admit(approved(scene, scene.enrolled(scene.dismantler), second))
    court.admit(scene.key_added(scene.dismantler, scene.dismantler.key))
    stolen = registered(scene, PACK, scene.dismantler)
    court.admit(stolen)
    court.later(days=30)
    bare = void(scene, scene.registrar, PACK, stolen)
    nobody, other = ed25519_key("nobody"), digest_of("another")
    assert court.refusal(bare) == "REGISTRY_QUORUM_UNMET"
    assert court.refusal(approved(scene, bare, scene.registrar.key)) == "REGISTRY_QUORUM_UNMET"
    assert court.refusal(approved(scene, bare, second, second)) == "accepted"
    court, second, third = threshold_two(Scene())
    again = court.scene
    court.admit(approved(again, again.enrolled(again.dismantler), second))
    court.admit(again.key_added(again.dismantler, again.dismantler.key))
    stolen = registered(again, PACK, again.dismantler)
    court.admit(stolen)
    bare = void(again, again.registrar, PACK, stolen)
    assert court.refusal(approved(again, bare, nobody)) == "APPROVAL_INVALID"
    assert court.refusal(approved(again, bare, second, aud="other.example")) == "APPROVAL_INVALID"
    assert court.refusal(approved(again, bare, second, statement=other)) == "APPROVAL_INVALID"
    assert court.refusal(approved(again, bare, third)) == "accepted"


def test_one_registrar_of_two_enrols_changes_and_suspends_nobody(scene: Scene) -> None:
    court, second, _ = threshold_two(scene)
    alone = scene.enrolled(scene.maker)
    assert court.refusal(alone) == "REGISTRY_QUORUM_UNMET"
    court.admit(approved(scene, alone, second))
    for type_, data in (
        ("org.changed", {"vendor_codes": []}),
        ("org.suspended", {"reason": "a grudge"}),
    ):
        heads = dict(scene.heads)
        text = scene.sign(scene.registrar, type_, scene.maker.org, data)
        assert court.refusal(text) == "REGISTRY_QUORUM_UNMET"
        scene.heads = heads
    suspended = scene.sign(scene.registrar, "org.suspended", scene.maker.org, {"reason": "both agree"})
    court.admit(approved(scene, suspended, second))
    reinstated = scene.sign(scene.registrar, "org.reinstated", scene.maker.org, {"reason": "alone"})
    assert court.refusal(reinstated) == "REGISTRY_QUORUM_UNMET"


# -- corrections -------------------------------------------------------------------------------------------


def test_a_correction_is_the_signers_own_and_only_of_what_may_be_corrected(
    scene: Scene, at_dismantler: Court
) -> None:
    event = at_dismantler.world.chains[PACK].head
    notes = f"notes:{PACK}"

    def corrected(who: Any, **changes: Any) -> str:
        data = {"event": event, "set": {"condition": "damaged"}, "reason": "seen in daylight"} | changes
        return at_dismantler.refusal(scene.sign(who, "note.corrected", notes, data, seq=0))

    assert corrected(scene.recycler) == "NOT_SIGNER"
    assert corrected(scene.dismantler, event=digest_of("no")) == "REFERENCE_ABSENT"
    assert corrected(scene.dismantler, set={"energy_wh": 1}) == "NOT_CORRECTABLE"
    assert corrected(scene.dismantler, set={"capacity": "recycler"}) == "SCHEMA_INVALID"
    before = at_dismantler.battery(PACK)
    assert corrected(scene.dismantler) == "accepted"
    assert at_dismantler.battery(PACK) == before


def test_a_second_beginning_is_refused_in_words(scene: Scene, court: Court) -> None:
    court.admit(scene.manufactured(CODE))
    expected = r"expected a chain that has not begun before battery\.manufactured, got manufactured"
    with pytest.raises(TraceError, match=expected):
        court.admit(scene.manufactured(CODE))


# -- time and place ----------------------------------------------------------------------------------------


def test_a_claim_from_the_future_is_refused(scene: Scene, court: Court) -> None:
    tolerance = timedelta(seconds=scene.rules.policy.future_tolerance_s)
    scene.at = court.now + tolerance + timedelta(seconds=1)
    assert court.refusal(scene.manufactured(CODE)) == "TIME_IN_FUTURE"
    scene.heads.pop(PACK)
    scene.at = court.now + tolerance
    assert court.refusal(scene.manufactured(CODE)) == "accepted"


@pytest.mark.parametrize(
    ("where", "make"),
    [
        ("/occurred_at", lambda scene: _on(scene, NO_DAY)),
        ("/data/expires_at", lambda scene: scene.sign(scene.dismantler, "handover.offered", PACK, LATE)),
        ("/data/until", lambda scene: scene.key_added(scene.maker, ed25519_key("x"), until=FEBRUARY)),
        ("/data/roles", lambda scene: scene.enrolled(scene.party("new", 9, "recycler"), roles=ROLE)),
    ],
)
def test_a_day_that_does_not_exist_is_refused_with_its_place(
    scene: Scene, at_dismantler: Court, where: str, make: Any
) -> None:
    with pytest.raises(TraceError) as refused:
        at_dismantler.admit(make(scene))
    assert (refused.value.finding_code, refused.value.where) == ("TIME_INVALID", where)


def _on(scene: Scene, changes: dict[str, str]) -> str:
    text = scene.sign(scene.dismantler, "battery.inspected", PACK, {"condition": "intact"})
    return sign_jws(format_compact(parse_jws(text, typ=EVENT).value | changes), scene.dismantler.key, EVENT)


FEBRUARY = "2026-02-30T00:00:00Z"
NO_DAY = {"occurred_at": FEBRUARY}
LATE = {"consignee": Scene().recycler.org, "capacity": "recycler", "expires_at": FEBRUARY}
ROLE = [{"role": "recycler", "until": FEBRUARY}]


def test_a_statement_for_another_log_is_refused(scene: Scene, court: Court) -> None:
    made = scene.sign(scene.maker, "battery.manufactured", PACK, _made(), aud="log.packtrace.example/other")
    assert court.refusal(made) == "WRONG_AUDIENCE"


def test_a_log_opens_once_and_with_its_own_registrars(scene: Scene) -> None:
    court = Court(scene, found=False)
    early = Scene().enrolled(scene.maker)
    assert court.refusal(early) == "KEY_UNKNOWN"
    opened = scene.log_opened()
    court.admit(opened)
    usurper = Scene()
    usurper.registrar.key = ed25519_key("usurper")
    usurper.heads = dict(scene.heads)
    assert court.refusal(usurper.log_opened()) == "ILLEGAL_TRANSITION"


def test_a_log_with_other_rules_is_undecided_not_wrong(scene: Scene) -> None:
    court = Court(scene, found=False)
    other = {"name": "packtrace-rules/9", "sha256": digest_of("other rules")}
    assert court.refusal(scene.log_opened(rules=other)) == "RULES_UNKNOWN"
