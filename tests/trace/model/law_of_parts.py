"""What is in what: repairs, parts that go in and come out, and taking apart."""

from __future__ import annotations

from .law import Answer, Event, State, World, follow, has_role, need, policy, rule
from .law_of_batteries import begin, check_apart
from .stages import (
    CUSTODIAL,
    ENDS,
    IN_PACK,
    MENDERS,
    OPENABLE,
    USABLE,
    check_capacity,
    check_custody,
    check_own_tag,
    check_safe,
    check_settled,
    check_stage,
    ended,
    gone_along,
    made_since_enrolment,
    maker_of,
    parse_code,
)


def check_lower(child: str, parent: str) -> None:
    """A child is of a lower level than its parent; a code that does not say is taken for what fits."""
    low, high = parse_code(child).get("level", 0), parse_code(parent).get("level", 2)
    need(low < high, "a child is of a lower level")


def check_no_others(world: World, part: str, parent: str) -> None:
    """No other battery that is still whole was made with this part; one that was exported may come back."""
    for sub, state in world["things"].items():
        whole = part in state.get("components", ()) and state["stage"] not in ENDS - {"exported"}
        need(sub == parent or not whole, "another battery was made with this part")


@rule("battery.repaired")
def repaired(world: World, event: Event, state: State) -> Answer:
    data, me = event["data"], event["iss"]
    check_stage(state, USABLE)
    check_custody(world, event)
    capacity = check_capacity(world, event, *MENDERS)
    out, into = data.get("took_out", []), data.get("put_in", [])
    moved = [*out, *into, *data.get("uncoded_in", []), *data.get("uncoded_out", [])]
    need(data["opened"] or not moved, "parts move only where it was opened")
    if data["opened"] and policy(world, "repair_needs_licence"):
        need(has_role(world, me, capacity, scope="open_packs"), "has no licence to open packs")
    check_apart(event["sub"], [*out, *into])
    need(set(out) <= set(state.get("parts", ())), "is not in it")
    kept = {
        name: (*(part for part in state.get(name, ()) if part not in out and part not in into), *into)
        for name in ("parts", "components")
    }
    demands = follow(event, "battery.taken_out", out, before=state)
    return {**state, **kept}, demands + follow(event, "battery.fitted", into)


def _check_leader(event: Event) -> None:
    leader, data = event["demand"]["leader"], event["data"]
    need((data["parent"], data["leader"]) == (leader["sub"], leader["id"]), "names another leader")


@rule("battery.fitted")
def fitted(world: World, event: Event, state: State) -> Answer:
    _check_leader(event)
    parent = event["data"]["parent"]
    check_stage(state, {"manufactured", "removed"})
    check_custody(world, event)
    check_safe(state)
    check_settled(world, event["sub"], origin=False)
    check_lower(event["sub"], parent)
    check_no_others(world, event["sub"], parent)
    return {**state, "stage": IN_PACK, "custodian": "parent", "parent": parent, "offer": None}, []


@rule("battery.taken_out")
def taken_out(world: World, event: Event, state: State) -> Answer:
    _check_leader(event)
    data, was = event["data"], event["demand"]["before"]
    check_stage(state, {IN_PACK})
    need(not gone_along(world, state) and state["parent"] == data["parent"], "is in another battery")
    need(data["capacity"] == was["capacity"], "in the capacity in which the parent is held")
    return {**state, "stage": "removed", "custodian": event["iss"], "capacity": data["capacity"]}, []


@rule("battery.dismantled")
def dismantled(world: World, event: Event, state: State) -> Answer:
    data = event["data"]
    check_stage(state, OPENABLE)
    check_custody(world, event)
    need(has_role(world, event["iss"], *CUSTODIAL, scope="open_packs"), "no licence covers opening packs")
    children = [child["battery"] for child in data["children"]]
    check_apart(event["sub"], children)
    lines = [residue["line"] for residue in data["residues"]]
    need(len(set(lines)) == len(lines), "each line once")
    after = ended(state, "dismantled", residues={each["line"]: each for each in data["residues"]})
    return after, follow(event, "battery.extracted", children, before=state)


@rule("battery.extracted")
def extracted(world: World, event: Event, state: State) -> Answer:
    sub, me, data, leader = event["sub"], event["iss"], event["data"], event["demand"]["leader"]
    parent, was = data["parent"], event["demand"]["before"]
    need((parent, data["dismantled"]) == (leader["sub"], leader["id"]), "names another leader")
    need(data["capacity"] == was["capacity"], "in the capacity in which the parent was held")
    check_lower(sub, parent)
    check_no_others(world, sub, parent)
    if state["stage"] == "-":
        check_own_tag(event)
        ours = not made_since_enrolment(world, sub) or was["maker"] == maker_of(world, sub)
        need(ours, "a maker's new part comes out of its own pack")
        state = begin(event)
    elif state["stage"] == IN_PACK:
        need(not gone_along(world, state) and state["parent"] == parent, "is in another battery")
    else:
        check_stage(state, {"manufactured", "removed"})
        need(state["maker"] and state["custodian"] == state["maker"], "is somebody else's")
        need(sub in was.get("components", ()), "the parent was not made with it")
    out = {
        "stage": was["stage"],
        "custodian": me,
        "capacity": was["capacity"],
        "parent": parent,
        "offer": None,
    }
    # A bad condition that is told here does not set damage: an incident or a registration does (ADR 15).
    return {**state, **out}, []
