"""How a battery's chain begins, how it is held and used, and how it leaves."""

from __future__ import annotations

from typing import Any

from .law import Answer, Event, State, World, by_registrar, follow, has_role, is_open, need, rule, thing
from .stages import (
    DISMANTLERS,
    INTAKE,
    LIVE,
    NOBODY,
    STANDING,
    UNSAFE,
    USABLE,
    WASTE,
    WORKSHOPS,
    check_capacity,
    check_custody,
    check_own_tag,
    check_safe,
    check_seen,
    check_settled,
    check_stage,
    ended,
    gone_along,
    holder,
    made_since_enrolment,
    maker_of,
    parse_code,
    waste_by,
)


def begin(event: Event, **state: Any) -> State:
    return {"custodian": event["iss"], "damaged": False, "maker": "", **state}


@rule("battery.manufactured")
def manufactured(world: World, event: Event, state: State) -> Answer:
    sub, me, data = event["sub"], event["iss"], event["data"]
    check_stage(state, {"-"})
    need(has_role(world, me, "battery_maker"), "is no battery maker")
    need(maker_of(world, sub) == me, "the vendor code is not its own")
    need(not parse_code(sub)["second_life"], "a re-coded product is not manufactured")
    need(thing(world, data["model"]).get("owner") == me, "no model of its own")
    named, parts = data.get("components", []), data.get("put_in", [])
    check_apart(sub, named)
    check_apart(sub, parts)
    for other in world["things"].values():
        need(not set(named) & set(other.get("components", ())), "another battery was made with a part of it")
    made = begin(
        event, stage="manufactured", capacity="battery_maker", maker=me, parts=tuple(parts),
        components=(*named, *(part for part in parts if part not in named)), label=data["label"],
    )  # fmt: skip
    return made, follow(event, "battery.fitted", parts)


def check_apart(sub: str, parts: list[str]) -> None:
    """Different things, and not the thing itself."""
    need(len(set(parts)) == len(parts) and sub not in parts, "each once, and not itself")


@rule("battery.registered")
def registered(world: World, event: Event, state: State) -> Answer:
    sub, me, data = event["sub"], event["iss"], event["data"]
    check_stage(state, {"-"})
    capacity = check_capacity(world, event)
    check_own_tag(event)
    need(data["basis"] != "label_unreadable" or sub.startswith("battery:tag:"), "is known by a tag")
    stage = waste_by(capacity) if data["stage"] == "waste" else data["stage"]
    need(not made_since_enrolment(world, sub), "its maker registers it")
    if stage == "manufactured":
        need(capacity == "importer" and data.get("evidence"), "only an importer, with evidence")
        need(sub not in world["heads"], "begins anew after a void, never as manufactured")
    if stage == "swap_pool":
        need(capacity == "swap_operator", "only a swap operator has a pool")
    if stage not in ("in_vehicle", "removed"):
        need(data["holder"] == "signer", "waste, a pool and what is new have a holder")
    other = data.get("conflicts_with")
    need(not other or (other != sub and other in world["heads"]), "conflicts with nothing")
    _check_linked(event, stage)
    return begin(
        event,
        stage=stage,
        custodian=me if data["holder"] == "signer" else NOBODY,
        capacity=capacity,
        conflicts_with=other,
        damaged=data.get("condition") in UNSAFE,
        site=data.get("site"),
    ), []


def _check_linked(event: Event, stage: str) -> None:
    """What begins because of a link begins as the linked one stood: stage, custody, capacity and damage."""
    data, demand = event["data"], event["demand"]
    need(("linked" in data) == bool(demand), "stands with its link")
    if demand:
        was = demand["before"]
        need(data["linked"] == demand["leader"]["id"], "names another link")
        need((stage, data["capacity"]) == (was["stage"], was["capacity"]), "as the linked one stood")
        need(data["holder"] == "signer", "held by who links it")
        need(not was["damaged"] or data.get("condition") in UNSAFE, "the damage goes along")


@rule("battery.taken_in")
def taken_in(world: World, event: Event, state: State) -> Answer:
    check_stage(state, {"in_vehicle", "removed", "lost"} | WASTE)
    need(state["custodian"] == NOBODY, "somebody holds it")
    capacity = check_capacity(world, event, *INTAKE)
    check_seen(world, event)
    stays = state["stage"] in ("in_vehicle", "removed") and capacity in ("dealer", "repairer")
    stage = state["stage"] if stays else waste_by(capacity)
    site = event["data"].get("site")
    return {**state, "stage": stage, "custodian": event["iss"], "capacity": capacity, "site": site}, []


@rule("battery.found")
def found(world: World, event: Event, state: State) -> Answer:
    check_stage(state, {"lost"})
    need(state["lost_by"] == event["iss"], "did not report it lost")
    before = state["before"]
    return {**state, "stage": before["stage"], "capacity": before["capacity"], "custodian": event["iss"]}, []


@rule("battery.released")
def released(world: World, event: Event, state: State) -> Answer:
    check_stage(state, {"in_vehicle", "removed"})
    check_custody(
        world, event,
        "battery_maker", "importer", "vehicle_maker", "dealer", "repairer", "swap_operator", "repurposer",
    )  # fmt: skip
    return {**state, "custodian": NOBODY}, []


@rule("battery.rebooked")
def rebooked(world: World, event: Event, state: State) -> Answer:
    check_stage(state, WASTE)
    check_custody(world, event)
    capacity = check_capacity(world, event)
    need(capacity != state["capacity"], "to another role")
    return {**state, "stage": waste_by(capacity), "capacity": capacity}, []


@rule("battery.lost")
def lost(world: World, event: Event, state: State) -> Answer:
    check_stage(state, STANDING)
    check_custody(world, event)
    before = {"stage": state["stage"], "capacity": state["capacity"]}
    gone = {"stage": "lost", "custodian": NOBODY, "offer": None, "before": before, "lost_by": event["iss"]}
    return {**state, **gone}, []


@rule("battery.installed")
def installed(world: World, event: Event, state: State) -> Answer:
    data = event["data"]
    check_stage(state, {"manufactured", "removed"})
    check_custody(world, event, *WORKSHOPS)
    need(parse_code(event["sub"]).get("level", 2) == 2, "a pack, not a part of one")
    need(1 <= data["position"] <= data["of"], "pack n of m")
    check_safe(state)
    check_settled(world, event["sub"])
    need(state.get("use", "traction") == "traction", "was made for another use")
    after = {**state, "stage": "in_vehicle", "vehicle": data["vehicle"], "of": data["of"]}
    return after, follow(event, "vehicle.fitted", [data["vehicle"]])


@rule("battery.removed")
def removed(world: World, event: Event, state: State) -> Answer:
    data = event["data"]
    check_stage(state, {"in_vehicle"})
    if state["custodian"] == NOBODY:
        capacity = check_capacity(world, event, *WORKSHOPS)
        check_seen(world, event)
    else:
        check_custody(world, event)
        capacity = check_capacity(world, event)
    vehicle = state.get("vehicle")
    need(data.get("vehicle") == vehicle, "the vehicle on record, if there is one")
    after = {**state, "stage": "removed", "custodian": event["iss"], "capacity": capacity, "vehicle": None}
    return after, follow(event, "vehicle.taken_out", [vehicle] if vehicle else [])


@rule("battery.pooled")
def pooled(world: World, event: Event, state: State) -> Answer:
    check_stage(state, {"manufactured", "removed"})
    check_custody(world, event, "swap_operator")
    check_safe(state)
    return {**state, "stage": "swap_pool"}, []


@rule("battery.unpooled")
def unpooled(world: World, event: Event, state: State) -> Answer:
    check_stage(state, {"swap_pool"})
    check_custody(world, event, "swap_operator")
    return {**state, "stage": "removed"}, []


@rule("battery.inspected")
def inspected(world: World, event: Event, state: State) -> Answer:
    me, data = event["iss"], event["data"]
    check_stage(state, LIVE)
    need(not gone_along(world, state), "ended with what it is in")
    offer, holds = state.get("offer"), holder(world, event["sub"])
    if holds == NOBODY:
        need(has_role(world, me, "repairer", "vehicle_dismantler", "pack_dismantler"), "may not inspect")
    else:
        other_side = is_open(world, offer) and offer is not None and offer["consignee"] == me
        need(holds == me or other_side, "may not inspect")
    clears = data.get("clears_damage", False)
    if clears:
        clearers = ("battery_maker", "vehicle_maker", "repairer", "pack_dismantler", "repurposer")
        need(has_role(world, me, *clearers), "may not clear damage")
        need(any(paper["kind"] == "report" for paper in data.get("evidence", ())), "no report")
        need(data["condition"] not in UNSAFE, "is still damaged")
    return {**state, "damaged": state["damaged"] and not clears}, []


@rule("battery.moved")
def moved(world: World, event: Event, state: State) -> Answer:
    check_stage(state, STANDING)
    check_custody(world, event)
    need(event["data"]["site"] in world["orgs"][event["iss"]]["sites"], "to a site of its own")
    return {**state, "site": event["data"]["site"]}, []


@rule("label.reissued")
def reissued(world: World, event: Event, state: State) -> Answer:
    check_stage(state, STANDING)
    check_custody(world, event)
    need(event["data"]["label"] != state.get("label"), "is the label of record")
    return {**state, "label": event["data"]["label"]}, []


@rule("battery.incident")
def incident(world: World, event: Event, state: State) -> Answer:
    check_stage(state, STANDING)
    check_custody(world, event)
    return {**state, "damaged": True}, []


@rule("battery.retired")
def retired(world: World, event: Event, state: State) -> Answer:
    check_stage(state, USABLE)
    check_custody(world, event)
    capacity = check_capacity(world, event)
    return {**state, "stage": waste_by(capacity), "capacity": capacity}, []


@rule("battery.recycled")
def recycled(world: World, event: Event, state: State) -> Answer:
    check_stage(state, {"at_recycler"})
    check_custody(world, event, "recycler")
    check_settled(world, event["sub"], origin=False)
    charge(world, event)
    return ended(state, "recycled", batch=event["data"]["batch"]), []


def charge(world: World, event: Event) -> None:
    """Into the signer's own open batch, which counts it."""
    batch, g = event["data"]["batch"], event["data"]["mass"]["g"]
    there = thing(world, batch)
    need(there["stage"] == "open" and there["owner"] == event["iss"], "no open batch of its own")
    world["inputs"][batch] = (*world["inputs"].get(batch, ()), (event["sub"], event["id"], g))


@rule("battery.exported")
def exported(world: World, event: Event, state: State) -> Answer:
    data, me = event["data"], event["iss"]
    check_stage(state, STANDING)
    check_settled(world, event["sub"])
    if state["custodian"] == NOBODY:
        may = by_registrar(world, event) or has_role(world, me, "dealer", "importer")
        need(may, "may not export it")
        papers = {document["kind"] for document in data.get("evidence", ())}
        need("customs" in papers, "no customs paper")
    else:
        check_custody(world, event)
        need(not by_registrar(world, event), "a registrar exports what nobody holds")
    before = {"stage": state["stage"], "capacity": state["capacity"]}
    return ended(state, "exported", before=before), []


@rule("battery.returned")
def returned(world: World, event: Event, state: State) -> Answer:
    data = event["data"]
    check_stage(state, {"exported"})
    capacity = check_capacity(world, event, "importer", *INTAKE)
    left_as_waste = state["before"]["stage"] in WASTE
    need((data["stage"] == "waste") == left_as_waste, "as waste if it left as waste, else not")
    barred = capacity in DISMANTLERS | {"recycler"}
    need(left_as_waste or not barred, "in use, it goes to no dismantler or recycler")
    check_seen(world, event)
    back = {"stage": waste_by(capacity) if left_as_waste else data["stage"], "custodian": event["iss"]}
    # In which vehicle it comes back, if in one, nobody has said.
    return {**state, **back, "capacity": capacity, "vehicle": None, "site": data.get("site")}, []
