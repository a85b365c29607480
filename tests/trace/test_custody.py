"""Custody can't be seized: every type, in every stage, by a signer in every relation to the battery.

What is allowed is read off the table; a second, independent telling of the law (`may_touch`) says what must
never be allowed whatever the table says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from packtrace.signing.base64url import b64url
from packtrace.signing.compact import format_compact
from packtrace.signing.jws import EVENT, parse_jws, sign_jws
from packtrace.signing.keys import private_key_from_seed
from packtrace.trace.errors import RefusedError
from packtrace.trace.lifecycle import words
from packtrace.trace.lifecycle.judge import Step, judge
from packtrace.trace.lifecycle.keyring import find_key
from packtrace.trace.lifecycle.state import (
    Batch,
    Battery,
    Chain,
    Demand,
    Grant,
    Key,
    Keys,
    Log,
    Offer,
    Org,
    Past,
    State,
    Vehicle,
)
from packtrace.trace.lifecycle.table import ROWS, TABLE, Row
from packtrace.trace.lifecycle.world import Memory, index_registry
from packtrace.trace.rules.ruleset import load_rules
from packtrace.trace.statement import Event, Moment, read_event

ORIGIN = "packtrace.example/test"
NOW = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)
LEAF = 1000
ME = "org:duns:111111111"
OTHER = "org:duns:222222222"
REGISTRAR = "org:duns:333333333"
PACK = "battery:gbt34014:04QPB76836300JBC40000903"
MODULE = "battery:gbt34014:04QMB76836300JBC40000903"
VEHICLE = "vehicle:AAAAAAAAAAAAAAAAAAAAAA"
BATCH = "batch:duns:111111111/one"
DIGEST = b64url(bytes(32))
HEAD = b64url(hashlib.sha256(b"head").digest())
LEADER = b64url(hashlib.sha256(b"leader").digest())
RULES = load_rules()


def key_of(name: str) -> Any:
    return private_key_from_seed(hashlib.sha256(b"custody " + name.encode()).digest())


def org(name: str, roles: tuple[str, ...]) -> Org:
    grants = tuple(Grant(role, (words.OPEN_PACKS,), None, None) for role in roles)
    admin = Key(key_of(name + " admin").public, name, "admin")
    return Org(
        "", name, "CN-440300", grants, ("04Q",) if name == ME else (), (), admin, NOW - timedelta(days=9)
    )


def world_with(*chains: Chain, my_roles: tuple[str, ...] = words.CUSTODIAL) -> Memory:
    """A log in which ME and OTHER are enrolled and REGISTRAR registers, and these chains are as given."""
    world = Memory(ORIGIN, RULES)
    registrar = Key(key_of(REGISTRAR).public, REGISTRAR, "registrar")
    opened = Log("test", (registrar,), 1, (), (RULES.name, RULES.sha256))
    registry: list[tuple[str, State]] = [(f"log:{ORIGIN}", opened)]
    for name, roles in ((ME, my_roles), (OTHER, words.CUSTODIAL)):
        registry.append((name, org(name, roles)))
        registry.append(("keys:" + name[4:], Keys((Key(key_of(name).public, name, "sign"),))))
    for chain in (*(Chain(subject, 0, HEAD, state) for subject, state in registry), *chains):
        index_registry(None, chain, world.keys, world.vendors)
        world.chains[chain.subject] = chain
    return world


def signed(name: str, type_: str, sub: str, data: Mapping[str, Any], chain: Chain | None) -> Event:
    payload: dict[str, Any] = {"v": 1, "aud": ORIGIN, "nonce": "A" * 22, "type": type_, "sub": sub}
    payload["seq"] = chain.seq + 1 if chain else 0
    if chain:
        payload["prev"] = chain.head
    payload |= {"iss": name, "occurred_at": "2026-11-01T11:00:00Z", "data": dict(data)}
    jws = parse_jws(sign_jws(format_compact(payload), key_of(name), EVENT), typ=EVENT)
    RULES.shapes.check(jws.value)
    return read_event(jws)


EXPIRES = "2026-12-01T00:00:00Z"
DISMANTLER = words.PACK_DISMANTLER
MASS = {"g": 438000, "basis": "measured"}
READ = {"read_by": "camera", "condition": "intact"}


def data_for(type_: str, battery: Battery | None, capacity: str) -> dict[str, Any]:
    """The least that a lawful statement of this type says."""
    offer = battery.offer.id if battery and battery.offer else DIGEST
    return {
        "battery.manufactured": {"chemistry": "LFP", "mass": MASS, "label": DIGEST},
        "battery.registered": {
            "stage": "waste", "holder": "signer", "basis": "legacy", "read_by": "typed", "capacity": capacity,
        },
        "battery.taken_in": {"capacity": capacity, **READ},
        "battery.released": {"reason": "sold"},
        "handover.offered": {"consignee": OTHER, "capacity": "collector", "expires_at": EXPIRES},
        "handover.accepted": {"offer": offer, "capacity": capacity, **READ},
        "handover.declined": {"offer": offer, "reason": "other"},
        "handover.withdrawn": {"offer": offer},
        "battery.installed": {"vehicle": VEHICLE, "position": 1, "of": 1},
        "battery.removed": {"capacity": capacity, "read_by": "camera", "reason": "repair"},
        "battery.inspected": {"condition": "intact"},
        "battery.retired": {"capacity": capacity, "reason": "end_of_life"},
        "battery.dismantled": {"mass": MASS, "children": [], "residues": []},
        "battery.extracted": {"parent": PACK, "dismantled": LEADER, "capacity": DISMANTLER, "mass": MASS},
        "battery.recycled": {"batch": BATCH, "mass": MASS},
        "battery.voided": {"event": HEAD, "reason": "mis-scan"},
        "label.reissued": {"label": DIGEST, "reason": "damaged"},
    }[type_]  # fmt: skip


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
    "registrar",
    "dismantler of the parent",
    "dismantler of another parent",
]


def capacity_for(row: Row, relation: str) -> str:
    if row.type == "handover.accepted":
        return words.REPAIRER if relation == "consignee with another capacity" else words.COLLECTOR
    wanted = "nobody" if relation == "taker from nobody" else row.by[0].relation
    roles = next((by.roles for by in row.by if by.relation == wanted), row.by[0].roles)
    return roles[0] if roles else words.COLLECTOR


def situation(stage: str, relation: str) -> tuple[Battery | None, Past]:
    """A battery in the stage, to which ME stands in the relation; and its last event, to be voided."""
    custodian = {"custodian": ME, "custodian with an open offer": ME, "taker from nobody": words.NOBODY}.get(
        relation, OTHER
    )
    if stage in words.ENDED:
        custodian = words.NONE
    offer = Offer(LEADER, ME, words.COLLECTOR, NOW + timedelta(days=5))
    offers = {
        "custodian with an open offer": replace(offer, consignee=OTHER),
        "consignee": offer,
        "consignee with another capacity": offer,
        "consignee of an expired offer": replace(offer, expires_at=NOW),
        "stranger, offered to somebody else": replace(offer, consignee="org:duns:444444444"),
    }
    battery = Battery(
        stage=stage,
        custodian=custodian,
        capacity=words.COLLECTOR,
        offer=offers.get(relation) if stage not in words.ENDED else None,
        parent=PACK if stage == words.IN_PACK else "",
        maker=ME if relation == "maker" else OTHER,
        label=HEAD,
    )
    if stage == words.ABSENT:
        battery = Battery()
    signer = ME if relation in ("signer of the last event", "custodian") else OTHER
    return battery, Past(HEAD, "battery.inspected", signer, NOW - timedelta(hours=1), battery, None)


def attempt(row: Row, stage: str, relation: str) -> Step:
    battery, past = situation(stage, relation)
    dismantling = relation.startswith("dismantler")
    sub = MODULE if dismantling or row.type == "battery.extracted" else PACK
    chains = [Chain(VEHICLE, 0, HEAD, Vehicle()), Chain(BATCH, 0, HEAD, Batch(ME))]
    chain = Chain(sub, 3, HEAD, battery) if stage != words.ABSENT else None
    if chain:
        chains.append(chain)
    demand = None
    if dismantling:
        leader = LEADER if relation == "dismantler of the parent" else HEAD
        opened = Battery(
            words.DISMANTLED, words.NONE, words.PACK_DISMANTLER, maker=OTHER, components=(MODULE,)
        )
        chains.append(Chain(PACK, 5, LEADER, opened))
        demand = Demand("battery.extracted", MODULE, leader, ME)
    world = world_with(*chains)
    world.pasts[sub] = past
    signer = REGISTRAR if relation == "registrar" else ME
    event = signed(signer, row.type, sub, data_for(row.type, battery, capacity_for(row, relation)), chain)
    key = find_key(event, NOW, world)
    return judge(event, Moment(LEAF, NOW), key, world, demand)


def allowed_by_table(row: Row, stage: str, relation: str) -> bool:
    """What the row's columns say of this stage and relation."""
    by = {entry.relation for entry in row.by}
    if stage not in row.stages:
        return False
    offer_open = stage not in (words.ABSENT, *words.ENDED) and relation in (
        "custodian with an open offer", "consignee", "consignee with another capacity",
        "stranger, offered to somebody else",
    )  # fmt: skip
    if relation.startswith("dismantler") or "dismantler" in by:
        of_parent = relation == "dismantler of the parent" and "dismantler" in by
        child_free = stage in (
            words.ABSENT,
            words.IN_PACK,
        )  # elsewhere it is OTHER's, who is its maker: flagged
        return of_parent and (child_free or stage in (words.MANUFACTURED, words.REMOVED))
    if row.offer == "bars" and offer_open:
        return False
    if row.offer == "closed" and not offer_open:
        return False
    if relation == "registrar":
        return "registrar" in by
    if row.type == "battery.voided":
        return stage != words.ABSENT and relation in ("signer of the last event", "custodian")
    if stage == words.ABSENT:
        return "first" in by
    if stage in words.ENDED:
        return False
    if relation.startswith("custodian"):
        return "custodian" in by
    if relation.startswith("consignee") and offer_open:
        wrong_capacity = row.type == "handover.accepted" and relation == "consignee with another capacity"
        return "consignee" in by and not wrong_capacity
    if relation == "taker from nobody":
        return "nobody" in by
    return False


def may_touch(row: Row, before: Battery | None, relation: str, step: Step) -> bool:
    """The law in other words: what somebody holds, nobody else moves, ends, opens or takes."""
    after = step.chain.state
    assert isinstance(after, Battery)
    if before is None or before.custodian in (ME, words.NOBODY, words.NONE):
        return True
    if relation == "consignee":
        return row.type in ("handover.accepted", "handover.declined", "battery.inspected")
    if relation == "consignee with another capacity":
        return row.type in ("handover.declined", "battery.inspected")
    if relation == "dismantler of the parent":
        return row.type == "battery.extracted" and (before.parent == PACK or before.custodian == before.maker)
    if relation in ("registrar", "signer of the last event"):
        return row.type == "battery.voided" and after.custodian == before.custodian
    return False


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("row", BATTERY_ROWS, ids=lambda row: row.type)
def test_who_may_sign_what_in_every_stage_is_what_the_table_says(row: Row, relation: str) -> None:
    for stage in words.STAGES:
        if stage == words.ABSENT and relation not in ("stranger", "dismantler of the parent", "registrar"):
            continue  # nobody stands in another relation to what does not exist
        before, _ = situation(stage, relation)
        try:
            step = attempt(row, stage, relation)
        except RefusedError as error:
            assert not allowed_by_table(row, stage, relation), f"{row.type}, {stage}, {relation}: {error}"
            assert error.where, f"{row.type}, {stage}, {relation}: {error} names no place"
        else:
            assert allowed_by_table(row, stage, relation), f"{row.type}, {stage}, {relation}: allowed"
            assert may_touch(row, before if stage != words.ABSENT else None, relation, step), (
                f"{row.type}, {stage}, {relation}: seized"
            )


@pytest.mark.parametrize(
    "row", [row for row in BATTERY_ROWS if any(by.roles for by in row.by)], ids=lambda row: row.type
)
def test_only_the_roles_of_the_row_may_sign(row: Row) -> None:
    for by in row.by:
        for role in words.CUSTODIAL:
            allowed = role in by.roles or not by.roles
            stage = words.IN_VEHICLE if words.IN_VEHICLE in row.stages else row.stages[0]
            relation = {
                "custodian": "custodian",
                "nobody": "taker from nobody",
                "consignee": "consignee",
            }.get(by.relation, "stranger")
            battery, _ = situation(stage, relation)
            chain = Chain(PACK, 3, HEAD, battery) if stage != words.ABSENT else None
            capacity = words.COLLECTOR if row.type == "handover.accepted" else role
            if row.type == "handover.accepted" and battery and battery.offer:
                battery = replace(battery, offer=replace(battery.offer, capacity=role), stage=words.RETIRED)
                chain, capacity = Chain(PACK, 3, HEAD, battery), role
            chains = [Chain(BATCH, 0, HEAD, Batch(ME)), *([chain] if chain else [])]
            world = world_with(*chains, my_roles=(role,))
            event = signed(ME, row.type, PACK, data_for(row.type, battery, capacity), chain)
            key = find_key(event, NOW, world)
            if allowed:
                judge(event, Moment(LEAF, NOW), key, world, None)
            else:
                with pytest.raises(RefusedError) as refused:
                    judge(event, Moment(LEAF, NOW), key, world, None)
                assert refused.value.finding_code == "SIGNER_ROLE_FORBIDDEN"


def test_opening_a_pack_without_the_licence_is_refused() -> None:
    battery = Battery(words.AT_DISMANTLER, ME, words.PACK_DISMANTLER)
    chain = Chain(PACK, 3, HEAD, battery)
    world = world_with(chain)
    unlicensed = replace(org(ME, ()), roles=(Grant(words.PACK_DISMANTLER, ("storage",), None, None),))
    world.chains[ME] = Chain(ME, 0, HEAD, unlicensed)
    event = signed(ME, "battery.dismantled", PACK, data_for("battery.dismantled", battery, ""), chain)
    with pytest.raises(RefusedError) as refused:
        judge(event, Moment(LEAF, NOW), find_key(event, NOW, world), world, None)
    assert refused.value.finding_code == "SIGNER_ROLE_FORBIDDEN"


def test_every_type_of_the_table_has_a_shape_and_the_other_way_round() -> None:
    assert set(ROWS) == RULES.shapes.types
    assert all(RULES.shapes.kind(row.type) == row.chain for row in TABLE)
