"""What may be said of vehicles, and of organisations."""

from __future__ import annotations

from .law import (
    NOBODY,
    Demands,
    Event,
    State,
    World,
    holder,
    need,
    rule,
    thing,
)

Answer = tuple[State, Demands]


def in_it(world: World, sub: str) -> list[str]:
    """The batteries that are in a vehicle: fitted, not taken out, and not retired or taken in since."""
    listed = thing(world, sub).get("batteries", ())
    return [
        name
        for name in listed
        if thing(world, name)["stage"] == "in_vehicle" and thing(world, name).get("vehicle") == sub
    ]


@rule("vehicle.fitted")
def fitted(world: World, event: Event, state: State) -> Answer:
    sub, me, data, leader = event["sub"], event["iss"], event["data"], event["demand"]["leader"]
    need((data["battery"], data["installed"]) == (leader["sub"], leader["id"]), "names another leader")
    need(data["packs"] == leader["data"]["of"], "the leader says another number of packs")
    if state["stage"] == "-":
        state = {
            "stage": "vehicle",
            "packs": data["packs"],
            "swap_model": data["swap_model"],
            "batteries": (),
        }
    need(state["stage"] == "vehicle", "is scrapped")
    first = (state["packs"], state["swap_model"])
    need((data["packs"], data["swap_model"]) == first, "the first fitting said otherwise")
    others = [name for name in in_it(world, sub) if name != leader["sub"]]
    need(len(others) < state["packs"], "is full")
    holders = {holder(world, name) for name in others}
    welcome = me in holders or state.get("last_by") in (None, me) or not holders - {NOBODY}
    need(welcome, "another's vehicle")
    listed = tuple(name for name in state["batteries"] if name != leader["sub"])
    return {**state, "batteries": (*listed, leader["sub"]), "last_by": me}, []


@rule("vehicle.taken_out")
def taken_out(world: World, event: Event, state: State) -> Answer:
    data, leader = event["data"], event["demand"]["leader"]
    need((data["battery"], data["removed"]) == (leader["sub"], leader["id"]), "names another leader")
    need(data["battery"] in state.get("batteries", ()), "was not in it")
    left = tuple(name for name in state["batteries"] if name != data["battery"])
    return {**state, "batteries": left, "last_by": event["iss"]}, []


def _change(world: World, event: Event, **change: object) -> Answer:
    need(event["iss"] == world["registrar"], "is no registrar")
    org = world["orgs"].get(event["sub"])
    need(org, "is not enrolled")
    world["orgs"][event["sub"]] = {**org, **change}
    return thing(world, event["sub"]), []


@rule("org.suspended")
def suspended(world: World, event: Event, state: State) -> Answer:
    need(not world["orgs"].get(event["sub"], {"suspended": True})["suspended"], "is suspended already")
    return _change(world, event, suspended=True)


@rule("org.reinstated")
def reinstated(world: World, event: Event, state: State) -> Answer:
    need(world["orgs"].get(event["sub"], {"suspended": False})["suspended"], "is not suspended")
    return _change(world, event, suspended=False)
