"""Custody can't be seized: every type, in every stage, by a signer in every relation to the battery.

What is allowed is told here a second time, by hand, from the page (LIFECYCLE) and not from the table
(`LAW`); a third telling (`may_touch`) says what must never be allowed whatever either of them says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

import pytest
from msgspec.structs import replace

from packtrace.signing.base64url import b64url
from packtrace.signing.compact import format_compact
from packtrace.signing.jws import EVENT, parse_jws, sign_jws
from packtrace.signing.keys import PrivateKey, private_key_from_seed
from packtrace.trace.errors import RefusedError
from packtrace.trace.lifecycle import words
from packtrace.trace.lifecycle.judge import Step, judge
from packtrace.trace.lifecycle.keyring import find_key
from packtrace.trace.lifecycle.state import (
    Batch,
    Battery,
    Chain,
    Demand,
    Facts,
    Grant,
    Key,
    Keys,
    Log,
    Model,
    Offer,
    Org,
    Past,
    Reference,
    Site,
    State,
    Vehicle,
)
from packtrace.trace.lifecycle.table import ROWS, TABLE, Row
from packtrace.trace.lifecycle.words import (
    BATTERY_MAKER,
    CUSTODIAL,
    DEALER,
    IMPORTER,
    INTAKE,
    PACK_DISMANTLER,
    RECYCLER,
    REPAIRER,
    REPURPOSER,
    SWAP_OPERATOR,
    VEHICLE_DISMANTLER,
    VEHICLE_MAKER,
)
from packtrace.trace.lifecycle.world import Changes, Memory, index_registry
from packtrace.trace.rules.ruleset import load_rules
from packtrace.trace.statement import Event, Moment, read_event

ORIGIN = "packtrace.example/test"
NOW = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)
LEAF = 1000
ME, OTHER, THIRD = "org:duns:111111111", "org:duns:222222222", "org:duns:444444444"
REGISTRAR = "org:duns:333333333"
PACK = "battery:gbt34014:04QPB76836300JBC40000903"
MODULE = "battery:gbt34014:04QMB76836300JBC40000903"
WHOLE = "battery:gbt34014:04QPB76836300JBC40000904"  # the pack in which the module is, or was
PRODUCT = "battery:tag:duns:111111111/product"
SOURCE, TAG = "battery:tag:duns:111111111/source", "battery:tag:duns:111111111/found"
VEHICLE = "vehicle:AAAAAAAAAAAAAAAAAAAAAA"
BATCH = "batch:duns:111111111/one"
MODEL = "model:duns:111111111/m"
DIGEST = b64url(bytes(32))
HEAD = b64url(hashlib.sha256(b"head").digest())
LEADER = b64url(hashlib.sha256(b"leader").digest())
RULES = load_rules()


class Given(Changes):
    """A world in which chains stand as a test says, with pasts that nobody played."""

    def __init__(self, below: Memory) -> None:
        super().__init__(below)
        self.pasts: dict[str, Past] = {}

    def past(self, subject: str) -> Past | None:
        return self.pasts.get(subject)


@cache
def key_of(name: str) -> PrivateKey:
    return private_key_from_seed(hashlib.sha256(b"custody " + name.encode()).digest())


def org(name: str, roles: tuple[str, ...]) -> Org:
    admin = Key(key_of(name + " admin").public, name, "admin")
    return Org(
        name_zh="",
        name_en=name,
        region="CN-440300",
        roles=tuple(Grant(role, (words.OPEN_PACKS,)) for role in roles),
        admin=admin,
        enrolled_at=NOW - timedelta(days=9),
        vendor_codes=("04Q",) if name == ME else (),
        sites=(Site("yard", "CN-440300"),),
    )


@cache
def registry(my_roles: tuple[str, ...]) -> Memory:
    """A log in which ME, OTHER and THIRD are enrolled and REGISTRAR registers."""
    world = Memory(ORIGIN, RULES)
    registrar = Key(key_of(REGISTRAR).public, REGISTRAR, "registrar")
    opened = Log("test", (registrar,), 1, (), (RULES.name, RULES.sha256))
    states: list[tuple[str, State]] = [(f"log:{ORIGIN}", opened)]
    for name, roles in ((ME, my_roles), (OTHER, CUSTODIAL), (THIRD, CUSTODIAL)):
        states.append((name, org(name, roles)))
        states.append(("keys:" + name[4:], Keys((Key(key_of(name).public, name, "sign"),))))
    for subject, state in states:
        chain = Chain(subject, 0, HEAD, state)
        index_registry(None, chain, world.keys, world.vendors)
        world.chains[subject] = chain
    return world


def world_with(*chains: Chain, my_roles: tuple[str, ...] = CUSTODIAL) -> Given:
    """The registry, and these chains as they are given."""
    world = Given(registry(my_roles))
    world.chains.update((chain.subject, chain) for chain in chains)
    return world


@cache
def signed_text(name: str, payload: bytes) -> str:
    return sign_jws(payload, key_of(name), EVENT)


def signed(name: str, type_: str, sub: str, data: Mapping[str, Any], chain: Chain | None) -> Event:
    payload: dict[str, Any] = {"v": 1, "aud": ORIGIN, "nonce": "A" * 22, "type": type_, "sub": sub}
    payload["seq"] = chain.seq + 1 if chain else 0
    if chain:
        payload["prev"] = chain.head
    payload |= {"iss": name, "occurred_at": "2026-11-01T11:00:00Z", "data": dict(data)}
    jws = parse_jws(signed_text(name, format_compact(payload)), typ=EVENT)
    RULES.shapes.check(jws.value)
    return read_event(jws)


EXPIRES = "2026-12-01T00:00:00Z"
MASS = {"g": 438000, "basis": "measured"}
READ = {"read_by": "camera", "condition": "intact"}


def paper(kind: str) -> dict[str, Any]:
    return {"kind": kind, "sha256": DIGEST, "media_type": "application/pdf", "bytes": 1}


def data_for(type_: str, battery: Battery | None, capacity: str) -> dict[str, Any]:
    """The least that a lawful statement of this type says."""
    offer = battery.offer.id if battery and battery.offer else DIGEST
    made = {"chemistry": "LFP", "mass": MASS, "label": DIGEST}
    return {
        "battery.manufactured": {"model": MODEL, **made},
        "battery.registered": {
            "stage": "waste", "holder": "signer", "basis": "legacy", "read_by": "typed", "capacity": capacity,
        },
        "identity.linked": {"battery": TAG, "basis": "code_found"},
        "battery.taken_in": {"capacity": capacity, **READ},
        "battery.found": {"read_by": "typed"},
        "battery.released": {"reason": "sold"},
        "handover.offered": {"consignee": THIRD, "capacity": "collector", "expires_at": EXPIRES},
        "handover.accepted": {"offer": offer, "capacity": capacity, **READ},
        "handover.declined": {"offer": offer, "reason": "other"},
        "handover.withdrawn": {"offer": offer},
        "custody.assigned": {"party": THIRD, "capacity": "collector", "basis": "court", "reason": "ruled"},
        "battery.rebooked": {"capacity": capacity},
        "battery.installed": {"vehicle": VEHICLE, "position": 1, "of": 1},
        "battery.removed": {"capacity": capacity, "read_by": "camera", "reason": "repair"},
        "battery.pooled": {},
        "battery.unpooled": {},
        "battery.repaired": {"capacity": capacity, "work": "software", "opened": False},
        "battery.fitted": {"parent": WHOLE, "leader": LEADER},
        "battery.taken_out": {"parent": WHOLE, "leader": LEADER, "capacity": REPAIRER},
        "battery.inspected": {"condition": "intact"},
        "battery.moved": {"site": "yard"},
        "battery.incident": {"kind": "drop"},
        "battery.retired": {"capacity": capacity, "reason": "end_of_life"},
        "battery.requalified": {
            "capacity": capacity, "operation": "re-used", "protection": "crate",
            "evidence": [paper("report"), paper("contract")],
        },
        "battery.dismantled": {"mass": MASS, "children": [], "residues": []},
        "battery.extracted": {
            "parent": WHOLE, "dismantled": LEADER, "capacity": PACK_DISMANTLER, "mass": MASS,
        },
        "battery.used_in": {"product": PRODUCT},
        "battery.repurposed": {
            "sources": [LEADER], "category": "industrial", "intended_use": "backup", **made,
        },
        "battery.recycled": {"batch": BATCH, "mass": MASS},
        "battery.exported": {"destination": "DE", "reason": "sold", "evidence": [paper("customs")]},
        "battery.returned": {"capacity": capacity, "stage": "removed", "read_by": "typed"},
        "battery.lost": {"reason": "stolen"},
        "battery.voided": {"event": HEAD, "reason": "mis-scan"},
        "label.reissued": {"label": DIGEST, "reason": "damaged"},
    }[type_]  # fmt: skip


# -- the law, told by hand ---------------------------------------------------------------------------------

MADE, RIDES, LOOSE_PART, POOL = "manufactured", "in_vehicle", "removed", "swap_pool"
INSIDE, LOST = "in_pack", "lost"
USABLE: Final = {MADE, RIDES, LOOSE_PART, POOL}
WASTE: Final = {"retired", "at_dismantler", "at_repurposer", "at_recycler"}
OPENED_AT: Final = {"at_dismantler", "at_repurposer", "at_recycler"}
ENDED: Final = {"dismantled", "recycled", "used_in", "merged", "exported"}
ALL: Final = USABLE | WASTE | ENDED | {INSIDE, LOST}
ANY_ROLE: Final = CUSTODIAL

HOLDER: Final[dict[str, tuple[set[str], tuple[str, ...]]]] = {
    "identity.linked": (USABLE | WASTE, ANY_ROLE),
    "battery.released": (
        {RIDES, LOOSE_PART},
        (BATTERY_MAKER, IMPORTER, VEHICLE_MAKER, DEALER, REPAIRER, SWAP_OPERATOR, REPURPOSER),
    ),
    "handover.offered": (USABLE | WASTE, ANY_ROLE),
    "handover.withdrawn": (USABLE | WASTE, ANY_ROLE),
    "battery.rebooked": (WASTE, ANY_ROLE),
    "battery.installed": ({MADE, LOOSE_PART}, (VEHICLE_MAKER, DEALER, REPAIRER, SWAP_OPERATOR)),
    "battery.removed": ({RIDES}, ANY_ROLE),
    "battery.pooled": ({MADE, LOOSE_PART}, (SWAP_OPERATOR,)),
    "battery.unpooled": ({POOL}, (SWAP_OPERATOR,)),
    "battery.repaired": (
        USABLE,
        (BATTERY_MAKER, VEHICLE_MAKER, DEALER, REPAIRER, REPURPOSER, SWAP_OPERATOR),
    ),
    "battery.fitted": ({MADE, LOOSE_PART}, ANY_ROLE),
    "battery.taken_out": ({INSIDE}, ANY_ROLE),
    "battery.inspected": (USABLE | WASTE | {INSIDE}, ANY_ROLE),
    "battery.moved": (USABLE | WASTE, ANY_ROLE),
    "label.reissued": (USABLE | WASTE, ANY_ROLE),
    "battery.incident": (USABLE | WASTE, ANY_ROLE),
    "battery.retired": (USABLE, ANY_ROLE),
    "battery.requalified": (WASTE, (REPURPOSER, BATTERY_MAKER)),
    "battery.dismantled": (OPENED_AT, ANY_ROLE),
    "battery.used_in": ({LOOSE_PART}, (REPURPOSER,)),
    "battery.recycled": ({"at_recycler"}, (RECYCLER,)),
    "battery.exported": (USABLE | WASTE, ANY_ROLE),
    "battery.lost": (USABLE | WASTE, ANY_ROLE),
}
"""What whoever holds a battery may say: in which stages, and in which roles."""

TAKER: Final[dict[str, tuple[set[str], tuple[str, ...]]]] = {
    "battery.taken_in": ({RIDES, LOOSE_PART, LOST} | WASTE, INTAKE),
    "battery.removed": ({RIDES}, (VEHICLE_MAKER, DEALER, REPAIRER, SWAP_OPERATOR)),
    "battery.inspected": (USABLE | WASTE | {LOST}, (REPAIRER, VEHICLE_DISMANTLER, PACK_DISMANTLER)),
    "battery.exported": (USABLE | WASTE, (DEALER, IMPORTER)),
}
"""What may be said of a battery that nobody holds."""

BEGINS: Final[dict[str, tuple[str, ...]]] = {
    "battery.manufactured": (BATTERY_MAKER,),
    "battery.registered": ANY_ROLE,
    "battery.repurposed": (REPURPOSER,),
}
COMES_BACK: Final = (IMPORTER, *INTAKE)
UNDER_OFFER: Final = {
    "handover.withdrawn", "battery.inspected", "battery.incident", "battery.lost",
}  # fmt: skip
"""What the consignor may still say while its offer is open."""

BATTERY_ROWS = [row for row in TABLE if row.chain == "battery"]
RELATIONS = [
    "custodian",
    "custodian with an open offer",
    "consignee",
    "consignee of an expired offer",
    "consignee with another capacity",
    "stranger",
    "stranger, offered to somebody else",
    "maker",
    "signer of the last event",
    "taker from nobody",
    "reporter of the loss",
    "registrar",
    "registrar, of what nobody holds",
    "dismantler of the parent",
    "dismantler of another parent",
]
OFFERED = {
    "custodian with an open offer",
    "consignee",
    "consignee with another capacity",
    "stranger, offered to somebody else",
}


def lawful(type_: str, stage: str, relation: str) -> bool:
    """Whether somebody with every role may say it, as the page tells it."""
    offer_open = relation in OFFERED and stage in USABLE | WASTE
    nobodys = stage == LOST or (
        stage in USABLE | WASTE and relation in ("taker from nobody", "registrar, of what nobody holds")
    )
    if relation.startswith("registrar"):
        return (
            (type_ == "battery.voided" and stage in ALL)
            or (type_ == "custody.assigned" and stage in USABLE | WASTE | {LOST})
            or (type_ == "battery.exported" and nobodys and stage != LOST)
        )
    if type_ == "battery.extracted":
        return relation == "dismantler of the parent" and stage in {"-", INSIDE, MADE, LOOSE_PART}
    if relation.startswith("dismantler") and type_ not in ("battery.fitted", "battery.taken_out"):
        return False  # the open group asks for something else
    if type_ == "battery.voided":
        return stage in ALL and relation in ("custodian", "signer of the last event")
    if stage == "-":
        return type_ in BEGINS
    if stage in ENDED:
        return type_ == "battery.returned" and stage == "exported"
    if type_ == "battery.found":
        return stage == LOST and relation == "reporter of the loss"
    if nobodys:
        return type_ in TAKER and stage in TAKER[type_][0]
    if relation == "custodian":
        return type_ != "handover.withdrawn" and type_ in HOLDER and stage in HOLDER[type_][0]
    if relation == "custodian with an open offer":
        if not offer_open:
            return type_ in HOLDER and stage in HOLDER[type_][0]
        return type_ in UNDER_OFFER and stage in HOLDER[type_][0]
    if relation.startswith("consignee") and offer_open:
        other_capacity = relation == "consignee with another capacity"
        return type_ in ("handover.declined", "battery.inspected") or (
            type_ == "handover.accepted" and not other_capacity
        )
    return False


def may_touch(type_: str, before: Battery | None, relation: str, step: Step) -> bool:
    """The law in other words: what somebody holds, nobody else moves, ends, opens or takes."""
    after = step.chain.state
    assert isinstance(after, Battery)
    if before is None or before.custodian in (ME, words.NOBODY, words.NONE):
        return True
    if before.custodian == words.PARENT and relation.startswith("custodian"):
        return True
    if relation == "consignee":
        return type_ in ("handover.accepted", "handover.declined", "battery.inspected")
    if relation == "consignee with another capacity":
        return type_ in ("handover.declined", "battery.inspected")
    if relation == "dismantler of the parent":
        inside, makers = before.facts.parent == WHOLE, before.custodian == before.facts.maker
        return type_ == "battery.extracted" and (inside or makers)
    if relation == "registrar" and type_ == "custody.assigned":
        return after.custodian == THIRD
    if relation.startswith("registrar") or relation == "signer of the last event":
        return type_ == "battery.voided" and after.custodian == before.custodian
    return False


# -- every case --------------------------------------------------------------------------------------------


def subject_of(type_: str) -> str:
    return {"battery.installed": PACK, "battery.repurposed": PRODUCT}.get(type_, MODULE)


def capacity_for(type_: str, relation: str) -> str:
    if type_ == "handover.accepted":
        return REPAIRER if relation == "consignee with another capacity" else words.COLLECTOR
    taking = relation in ("taker from nobody", "reporter of the loss")
    told = TAKER if taking and type_ in TAKER else HOLDER
    roles = told[type_][1] if type_ in told else BEGINS.get(type_, INTAKE)
    return REPAIRER if REPAIRER in roles else roles[0]  # the battery is held as a collector's


def situation(stage: str, relation: str) -> tuple[Battery, Past]:
    """A battery in the stage, to which ME stands in the relation; and its last event, to be voided."""
    nobodys = relation in ("taker from nobody", "registrar, of what nobody holds")
    custodian = ME if relation.startswith("custodian") else words.NOBODY if nobodys else OTHER
    custodian = words.PARENT if stage == INSIDE else words.NOBODY if stage == LOST else custodian
    if stage in ENDED:
        custodian = words.NONE
    offer = Offer(LEADER, ME, words.COLLECTOR, NOW + timedelta(days=5))
    offers = {
        "custodian with an open offer": replace(offer, consignee=OTHER),
        "consignee": offer,
        "consignee with another capacity": offer,
        "consignee of an expired offer": replace(offer, expires_at=NOW),
        "stranger, offered to somebody else": replace(offer, consignee=THIRD),
    }
    facts = Facts(
        maker=ME if relation == "maker" else OTHER,
        label=HEAD,
        parent=WHOLE if stage == INSIDE else "",
        before=LOOSE_PART if stage in (LOST, "exported") else "",
        lost_by=ME if relation == "reporter of the loss" else OTHER if stage == LOST else "",
    )
    open_in = stage in USABLE | WASTE
    battery = Battery(stage, custodian, words.COLLECTOR, offers.get(relation) if open_in else None, facts)
    signer = ME if relation in ("signer of the last event", "custodian") else OTHER
    kid = key_of(signer).public.kid
    past = Past(HEAD, "battery.inspected", signer, kid, NOW - timedelta(hours=1), battery, None)
    return (Battery() if stage == "-" else battery), past


def around(relation: str, sub: str) -> list[Chain]:
    """What else the log holds: a vehicle, a batch, a model, a source, and the parent."""
    mine = relation.startswith("custodian")
    whole = Battery(LOOSE_PART, ME if mine else OTHER, REPAIRER)
    if relation.startswith("dismantler"):
        whole = Battery("dismantled", "none", PACK_DISMANTLER, None, Facts(maker=OTHER, components=(sub,)))
    return [
        Chain(VEHICLE, 0, HEAD, Vehicle()),
        Chain(BATCH, 0, HEAD, Batch(ME)),
        Chain(MODEL, 0, HEAD, Model(ME)),
        Chain(SOURCE, 4, LEADER, Battery("used_in", "none", REPURPOSER, None, Facts(into=PRODUCT))),
        Chain(TAG, 4, HEAD, Battery("retired", ME, words.COLLECTOR)),
        Chain(WHOLE, 5, LEADER, whole),
    ]


def attempt(
    type_: str, stage: str, relation: str, *, capacity: str = "", my_roles: tuple[str, ...] = CUSTODIAL
) -> tuple[Battery, Step]:
    battery, past = situation(stage, relation)
    sub = subject_of(type_)
    chain = Chain(sub, 3, HEAD, battery) if stage != "-" else None
    world = world_with(*around(relation, sub), *([chain] if chain else []), my_roles=my_roles)
    if chain:
        world.pasts[sub] = past
    world.pasts[SOURCE] = Past(LEADER, "battery.used_in", ME, "", NOW, None, None)
    world.references[PRODUCT] = [Reference(PRODUCT, 1, SOURCE, LEADER)]
    demand = None
    if type_ in ("battery.fitted", "battery.taken_out"):
        demand = Demand(type_, sub, LEADER, ME)
    elif relation.startswith("dismantler"):
        leader = LEADER if relation == "dismantler of the parent" else HEAD
        demand = Demand("battery.extracted", sub, leader, ME)
    signer = REGISTRAR if relation.startswith("registrar") else ME
    data = data_for(type_, battery, capacity or capacity_for(type_, relation))
    event = signed(signer, type_, sub, data, chain)
    return battery, judge(event, Moment(LEAF, NOW), find_key(event, NOW, world), world, demand)


@pytest.mark.parametrize("row", BATTERY_ROWS, ids=lambda row: row.type)
def test_who_may_sign_what_in_every_stage_is_what_the_law_says(row: Row) -> None:
    allowed = 0
    for relation in RELATIONS:
        for stage in words.STAGES:
            if stage == "-" and relation not in ("stranger", "dismantler of the parent", "registrar"):
                continue  # nobody stands in another relation to what does not exist
            told = f"{row.type}, {stage}, {relation}"
            try:
                before, step = attempt(row.type, stage, relation)
            except RefusedError as error:
                assert not lawful(row.type, stage, relation), f"{told}: {error}"
                assert error.where, f"{told}: {error} names no place"
            else:
                allowed += 1
                assert lawful(row.type, stage, relation), f"{told}: allowed"
                known = before if stage != "-" else None
                assert may_touch(row.type, known, relation, step), f"{told}: seized"
    assert allowed, "a row that nobody can use holds nothing"


CASES: Final = [
    *((name, "custodian", stages, roles) for name, (stages, roles) in HOLDER.items() if roles != ANY_ROLE),
    *((name, "taker from nobody", stages, roles) for name, (stages, roles) in TAKER.items()),
    *((name, "stranger", {"-"}, roles) for name, roles in BEGINS.items()),
    ("battery.returned", "stranger", {"exported"}, COMES_BACK),
]


@pytest.mark.parametrize(("name", "relation", "stages", "roles"), CASES)
def test_only_the_roles_of_the_row_may_sign(
    name: str, relation: str, stages: set[str], roles: tuple[str, ...]
) -> None:
    for stage in sorted(stages):
        for role in CUSTODIAL:
            barred = name == "battery.returned" and role in (VEHICLE_DISMANTLER, PACK_DISMANTLER, RECYCLER)
            if role in roles and not barred:
                attempt(name, stage, relation, capacity=role, my_roles=(role,))
                continue
            with pytest.raises(RefusedError) as refused:
                attempt(name, stage, relation, capacity=role, my_roles=(role,))
            expected = "WRONG_CAPACITY" if barred else "SIGNER_ROLE_FORBIDDEN"
            assert refused.value.finding_code == expected, (stage, role)


def test_opening_a_pack_without_the_licence_is_refused() -> None:
    battery = Battery(words.AT_DISMANTLER, ME, PACK_DISMANTLER)
    chain = Chain(PACK, 3, HEAD, battery)
    world = Memory(ORIGIN, RULES)
    world.chains.update(registry(CUSTODIAL).chains)
    world.keys.update(registry(CUSTODIAL).keys)
    unlicensed = replace(org(ME, ()), roles=(Grant(PACK_DISMANTLER, ("storage",)),))
    world.chains |= {ME: Chain(ME, 0, HEAD, unlicensed), PACK: chain}
    event = signed(ME, "battery.dismantled", PACK, data_for("battery.dismantled", battery, ""), chain)
    with pytest.raises(RefusedError) as refused:
        judge(event, Moment(LEAF, NOW), find_key(event, NOW, world), world, None)
    assert refused.value.finding_code == "SIGNER_ROLE_FORBIDDEN"


def test_every_type_of_the_table_has_a_shape_and_the_other_way_round() -> None:
    assert set(ROWS) == RULES.shapes.types
    assert {(row.type, row.chain) for row in TABLE} == {
        (name, kind) for name in RULES.shapes.types for kind in RULES.shapes.kinds(name)
    }
