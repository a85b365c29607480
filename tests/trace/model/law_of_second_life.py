"""Waste that is used again, products that are made of it, and one battery under two codes."""

from __future__ import annotations

from .law import Answer, Event, State, World, follow, has_role, need, rule, thing
from .law_of_batteries import begin, check_apart
from .stages import (
    IN_PACK,
    LIVE,
    NOBODY,
    STANDING,
    WASTE,
    check_capacity,
    check_custody,
    check_own_tag,
    check_safe,
    check_settled,
    check_stage,
    ended,
    maker_of,
    parse_code,
)


@rule("battery.requalified")
def requalified(world: World, event: Event, state: State) -> Answer:
    check_stage(state, WASTE)
    check_custody(world, event)
    capacity = check_capacity(world, event, "repurposer", "battery_maker")
    kinds = {document["kind"] for document in event["data"]["evidence"]}
    need({"report", "contract"} <= kinds, "test and contract")
    check_safe(state)
    check_settled(world, event["sub"])
    return {**state, "stage": "removed", "capacity": capacity}, []


@rule("battery.used_in")
def used_in(world: World, event: Event, state: State) -> Answer:
    product = event["data"]["product"]
    check_stage(state, {"removed"})
    check_custody(world, event, "repurposer")
    check_safe(state)
    check_settled(world, event["sub"])
    need(product != event["sub"] and thing(world, product)["stage"] == "-", "the product is begun already")
    return ended(state, "used_in", into=product), []


def uses(world: World, product: str, org: str) -> dict[str, str]:
    """The batteries that somebody used in a product, by the events that say so."""
    return {
        world["trails"][sub][-1]["id"]: sub
        for sub, state in world["things"].items()
        if (state["stage"], state.get("into")) == ("used_in", product)
        and world["trails"][sub][-1]["iss"] == org
    }


@rule("battery.repurposed")
def repurposed(world: World, event: Event, state: State) -> Answer:
    sub, me, data = event["sub"], event["iss"], event["data"]
    check_stage(state, {"-"})
    need(has_role(world, me, "repurposer"), "is no repurposer")
    check_own_tag(event)
    code = parse_code(sub)
    need(not code or (code["second_life"] and maker_of(world, sub) == me), "a re-coded product's own code")
    need("model" not in data or thing(world, data["model"]).get("owner") == me, "no model of its own")
    found = uses(world, sub, me)
    need(len(set(data["sources"])) == len(data["sources"]), "each source once")
    need(set(found) == set(data["sources"]), "cites every use that names it")
    need(not any(world["contested"].get(source) for source in found.values()), "an origin is contested")
    parts = data.get("put_in", [])
    check_apart(sub, parts)
    made = begin(
        event, stage="removed", capacity="repurposer", maker=me, use=data["intended_use"],
        label=data["label"], parts=tuple(parts), components=tuple(parts),
    )  # fmt: skip
    return made, follow(event, "battery.fitted", parts)


@rule("identity.linked")
def linked(world: World, event: Event, state: State) -> Answer:
    sub, me, other = event["sub"], event["iss"], event["data"]["battery"]
    check_stage(state, STANDING)
    check_custody(world, event)
    need(other != sub, "with another")
    need(state["stage"] != "in_vehicle" or not state.get("vehicle"), "is in a vehicle")
    need(not state.get("parts"), "has coded parts in it")
    need(not world["contested"].get(sub), "its origin is contested")
    rival = state.get("conflicts_with")
    settles = not rival or rival == other or thing(world, rival)["stage"] in ("-", "merged")
    need(settles, "a conflict is settled with the very battery that was named")
    there = thing(world, other)
    need(state.get("use", "traction") in ("traction", there.get("use")), "was made for another use")
    if there["stage"] == "-":
        return _merged(state, other), follow(event, "battery.registered", [other], before=state)
    need(there["stage"] in LIVE - {IN_PACK}, "the other has ended, or is in another")
    need(there["custodian"] in (me, NOBODY), "the other is somebody else's")
    need(state["stage"] not in WASTE or there["stage"] in WASTE, "waste stays waste")
    need(not state["damaged"] or there["damaged"], "the damage would be gone")
    return _merged(state, other), []


def _merged(state: State, other: str) -> State:
    return ended(state, "merged", into=other)
