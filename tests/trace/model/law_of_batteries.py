"""What may be said of a battery, and by whom."""

from __future__ import annotations

from typing import Any

from .law import (
    CUSTODIAL,
    DISMANTLERS,
    INTAKE,
    LIVE,
    NOBODY,
    NONE,
    OPENABLE,
    UNSAFE,
    USABLE,
    WASTE,
    WORKSHOPS,
    Demands,
    Event,
    State,
    World,
    check_capacity,
    check_lower,
    check_own_tag,
    check_seen,
    has_role,
    holder,
    made_since_enrolment,
    maker_of,
    need,
    parse_code,
    rule,
    thing,
    waste_by,
)

Answer = tuple[State, Demands]


def _needs_stage(state: State, stages: set[str]) -> None:
    need(state["stage"] in stages, f"stands at {state['stage']}")


def _needs_custody(world: World, event: Event, *roles: str) -> None:
    need(holder(world, event["sub"]) == event["iss"], "does not hold it")
    need(not roles or has_role(world, event["iss"], *roles), "has none of these roles")


def _follow(event: Event, type: str, subjects: list[str]) -> Demands:
    """One follower for each subject, by the same signer."""
    return [{"type": type, "sub": sub, "iss": event["iss"], "leader": event} for sub in subjects]


def _begin(world: World, event: Event, **state: Any) -> State:
    return {"custodian": event["iss"], "damaged": False, "maker": "", **state}


def _ended(state: State, stage: str, **more: Any) -> State:
    return {**state, "stage": stage, "custodian": NONE, "offer": None, **more}


def _check_safe(state: State) -> None:
    need(not state["damaged"], "is damaged")


def _check_unused(world: World, parts: list[str], parent: str) -> None:
    """A part makes one battery: nothing else was made with it."""
    need(len(set(parts)) == len(parts), "each part once")
    for part in parts:
        check_lower(part, parent)
        for sub, state in world["things"].items():
            made_with = part in state.get("components", ()) and state["stage"] != "-"
            need(sub == parent or not made_with, "another battery was made with this part")


# --- how a chain begins -------------------------------------------------------------------------------------


@rule("battery.manufactured")
def manufactured(world: World, event: Event, state: State) -> Answer:
    sub, me, data = event["sub"], event["iss"], event["data"]
    _needs_stage(state, {"-"})
    need(has_role(world, me, "battery_maker"), "is no battery maker")
    need(maker_of(world, sub) == me, "the vendor code is not its own")
    need(not parse_code(sub)["second_life"], "a re-coded product is not manufactured")
    need(thing(world, data["model"]).get("owner") == me, "no model of its own")
    return _begin(world, event, stage="manufactured", capacity="battery_maker", maker=me), []


@rule("battery.registered")
def registered(world: World, event: Event, state: State) -> Answer:
    sub, me, data = event["sub"], event["iss"], event["data"]
    _needs_stage(state, {"-"})
    capacity = check_capacity(world, event)
    check_own_tag(event)
    stage = waste_by(capacity) if data["stage"] == "waste" else data["stage"]
    need(not made_since_enrolment(world, sub), "its maker registers it")
    need(not parse_code(sub).get("second_life") or maker_of(world, sub) in ("", me), "its maker registers it")
    if stage == "manufactured":
        need(capacity == "importer" and data.get("evidence"), "only an importer, with evidence")
        need(not world["begun"].get(sub), "begins anew after a void, never as manufactured")
    if stage == "swap_pool":
        need(capacity == "swap_operator", "only a swap operator has a pool")
    if stage not in ("in_vehicle", "removed"):
        need(data["holder"] == "signer", "waste, a pool and what is new have a holder")
    return _begin(
        world,
        event,
        stage=stage,
        custodian=me if data["holder"] == "signer" else NOBODY,
        capacity=capacity,
        damaged=data.get("condition") in UNSAFE,
    ), []


@rule("battery.extracted")
def extracted(world: World, event: Event, state: State) -> Answer:
    sub, me, data, leader = event["sub"], event["iss"], event["data"], event["demand"]["leader"]
    parent = data["parent"]
    need((parent, data["dismantled"]) == (leader["sub"], leader["id"]), "names another leader")
    was = event["demand"]["before"]
    need(data["capacity"] == was["capacity"], "in the capacity in which the parent was held")
    check_own_tag(event)
    if state["stage"] == "-":
        if made_since_enrolment(world, sub):
            need(was["maker"] == maker_of(world, sub), "a maker's new part comes out of its own pack")
    else:
        need(False, "the parent was not made with it")
    return {
        **_begin(world, event),
        **state,
        "stage": was["stage"],
        "custodian": me,
        "capacity": was["capacity"],
        "parent": parent,
        "offer": None,
        "damaged": state.get("damaged", False) or data.get("condition") in UNSAFE,
    }, []


# --- custody ------------------------------------------------------------------------------------------------


@rule("battery.taken_in")
def taken_in(world: World, event: Event, state: State) -> Answer:
    _needs_stage(state, {"in_vehicle", "removed", "lost"} | WASTE)
    need(state["custodian"] == NOBODY, "somebody holds it")
    capacity = check_capacity(world, event, *INTAKE)
    check_seen(world, event)
    stays = state["stage"] in ("in_vehicle", "removed") and capacity in ("dealer", "repairer")
    stage = state["stage"] if stays else waste_by(capacity)
    return {**state, "stage": stage, "custodian": event["iss"], "capacity": capacity}, []


@rule("battery.found")
def found(world: World, event: Event, state: State) -> Answer:
    _needs_stage(state, {"lost"})
    need(state["lost_by"] == event["iss"], "did not report it lost")
    before = state["before"]
    return {**state, "stage": before["stage"], "capacity": before["capacity"], "custodian": event["iss"]}, []


@rule("battery.released")
def released(world: World, event: Event, state: State) -> Answer:
    _needs_stage(state, {"in_vehicle", "removed"})
    _needs_custody(
        world, event,
        "battery_maker", "importer", "vehicle_maker", "dealer", "repairer", "swap_operator", "repurposer",
    )  # fmt: skip
    return {**state, "custodian": NOBODY}, []


@rule("battery.rebooked")
def rebooked(world: World, event: Event, state: State) -> Answer:
    _needs_stage(state, WASTE)
    _needs_custody(world, event)
    capacity = check_capacity(world, event)
    need(capacity != state["capacity"], "to another role")
    return {**state, "stage": waste_by(capacity), "capacity": capacity}, []


@rule("battery.lost")
def lost(world: World, event: Event, state: State) -> Answer:
    _needs_stage(state, LIVE - {"in_pack", "lost"})
    _needs_custody(world, event)
    before = {"stage": state["stage"], "capacity": state["capacity"]}
    return {
        **state,
        "stage": "lost",
        "custodian": NOBODY,
        "offer": None,
        "before": before,
        "lost_by": event["iss"],
    }, []


# --- use ----------------------------------------------------------------------------------------------------


@rule("battery.installed")
def installed(world: World, event: Event, state: State) -> Answer:
    data = event["data"]
    _needs_stage(state, {"manufactured", "removed"})
    _needs_custody(world, event, *WORKSHOPS)
    need(parse_code(event["sub"]).get("level", 2) == 2, "a pack, not a part of one")
    need(1 <= data["position"] <= data["of"], "pack n of m")
    _check_safe(state)
    after = {**state, "stage": "in_vehicle", "vehicle": data["vehicle"], "of": data["of"]}
    return after, _follow(event, "vehicle.fitted", [data["vehicle"]])


@rule("battery.removed")
def removed(world: World, event: Event, state: State) -> Answer:
    data = event["data"]
    _needs_stage(state, {"in_vehicle"})
    if state["custodian"] == NOBODY:
        capacity = check_capacity(world, event, *WORKSHOPS)
        check_seen(world, event)
    else:
        _needs_custody(world, event)
        capacity = check_capacity(world, event)
    vehicle = state.get("vehicle")
    need(data.get("vehicle") == vehicle, "the vehicle on record, if there is one")
    after = {**state, "stage": "removed", "custodian": event["iss"], "capacity": capacity, "vehicle": None}
    return after, _follow(event, "vehicle.taken_out", [vehicle] if vehicle else [])


@rule("battery.pooled")
def pooled(world: World, event: Event, state: State) -> Answer:
    _needs_stage(state, {"manufactured", "removed"})
    _needs_custody(world, event, "swap_operator")
    _check_safe(state)
    return {**state, "stage": "swap_pool"}, []


@rule("battery.unpooled")
def unpooled(world: World, event: Event, state: State) -> Answer:
    _needs_stage(state, {"swap_pool"})
    _needs_custody(world, event, "swap_operator")
    return {**state, "stage": "removed"}, []


@rule("battery.inspected")
def inspected(world: World, event: Event, state: State) -> Answer:
    me, data = event["iss"], event["data"]
    _needs_stage(state, LIVE)
    offer = state.get("offer")
    holds = holder(world, event["sub"])
    if holds == NOBODY:
        need(has_role(world, me, "repairer", "vehicle_dismantler", "pack_dismantler"), "may not inspect")
    else:
        other_side = bool(offer) and world["now"] < offer["until"] and offer["consignee"] == me
        need(holds == me or other_side, "may not inspect")
    clears = data.get("clears_damage", False)
    if clears:
        clearers = ("battery_maker", "vehicle_maker", "repairer", "pack_dismantler", "repurposer")
        need(has_role(world, me, *clearers), "may not clear damage")
        need(any(paper["kind"] == "report" for paper in data.get("evidence", ())), "no report")
        need(data["condition"] not in UNSAFE, "is still damaged")
    return {**state, "damaged": state["damaged"] and not clears}, []


@rule("label.reissued")
def reissued(world: World, event: Event, state: State) -> Answer:
    _needs_stage(state, LIVE - {"in_pack"})
    _needs_custody(world, event)
    return state, []


@rule("battery.incident")
def incident(world: World, event: Event, state: State) -> Answer:
    _needs_stage(state, LIVE - {"in_pack"})
    _needs_custody(world, event)
    return {**state, "damaged": True}, []


@rule("battery.retired")
def retired(world: World, event: Event, state: State) -> Answer:
    _needs_stage(state, USABLE)
    _needs_custody(world, event)
    capacity = check_capacity(world, event)
    return {**state, "stage": waste_by(capacity), "capacity": capacity}, []


# --- ends and second life -----------------------------------------------------------------------------------


@rule("battery.requalified")
def requalified(world: World, event: Event, state: State) -> Answer:
    _needs_stage(state, WASTE)
    _needs_custody(world, event)
    capacity = check_capacity(world, event, "repurposer", "battery_maker")
    kinds = {document["kind"] for document in event["data"]["evidence"]}
    need("contract" in kinds and kinds & {"report", "certificate"}, "test and contract")
    _check_safe(state)
    return {**state, "stage": "removed", "capacity": capacity}, []


@rule("battery.dismantled")
def dismantled(world: World, event: Event, state: State) -> Answer:
    data = event["data"]
    _needs_stage(state, OPENABLE)
    _needs_custody(world, event)
    need(has_role(world, event["iss"], *CUSTODIAL, scope="open_packs"), "no licence covers opening packs")
    children = [child["battery"] for child in data["children"]]
    _check_unused(world, children, event["sub"])
    lines = [residue["line"] for residue in data["residues"]]
    need(len(set(lines)) == len(lines), "each line once")
    demands = _follow(event, "battery.extracted", children)
    after = _ended(state, "dismantled", residues={residue["line"]: residue for residue in data["residues"]})
    return after, [{**demand, "before": state} for demand in demands]


@rule("battery.recycled")
def recycled(world: World, event: Event, state: State) -> Answer:
    data, me = event["data"], event["iss"]
    _needs_stage(state, {"at_recycler"})
    _needs_custody(world, event, "recycler")
    batch = thing(world, data["batch"])
    need(batch["stage"] == "open" and batch["owner"] == me, "no open batch of its own")
    return _ended(state, "recycled", batch=data["batch"], charged=data["mass"]["g"]), []


@rule("battery.exported")
def exported(world: World, event: Event, state: State) -> Answer:
    data, me = event["data"], event["iss"]
    _needs_stage(state, USABLE | WASTE)
    if state["custodian"] == NOBODY:
        registrar = me == world["registrar"]
        need(registrar or has_role(world, me, "dealer", "importer"), "may not export it")
        papers = {document["kind"] for document in data.get("evidence", ())}
        need("customs" in papers, "no customs paper")
    else:
        _needs_custody(world, event)
    before = {"stage": state["stage"], "capacity": state["capacity"]}
    return _ended(state, "exported", before=before), []


@rule("battery.returned")
def returned(world: World, event: Event, state: State) -> Answer:
    stage = event["data"]["stage"]
    _needs_stage(state, {"exported"})
    capacity = check_capacity(world, event, "importer", *INTAKE)
    left_as_waste = state["before"]["stage"] in WASTE
    need((stage == "waste") == left_as_waste, "as waste if it left as waste, else not")
    barred = capacity in DISMANTLERS | {"recycler"}
    need(left_as_waste or not barred, "in use, it goes to no dismantler or recycler")
    check_seen(world, event)
    stage = waste_by(capacity) if left_as_waste else stage
    # In which vehicle it comes back, if in one, nobody has said.
    return {**state, "stage": stage, "custodian": event["iss"], "capacity": capacity, "vehicle": None}, []
