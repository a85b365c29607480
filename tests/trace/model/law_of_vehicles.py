"""What may be said of vehicles."""

from __future__ import annotations

from .law import Answer, Event, State, World, has_role, need, rule, thing
from .stages import NOBODY, holder


def in_it(world: World, sub: str) -> list[str]:
    """The batteries that are in a vehicle: fitted, not taken out, and not retired or taken in since."""
    listed = thing(world, sub).get("batteries", ())
    at = {name: thing(world, name) for name in listed}
    return [name for name in listed if (at[name]["stage"], at[name].get("vehicle")) == ("in_vehicle", sub)]


def _check_as_first_fitted(state: State, event: Event) -> None:
    data = event["data"]
    first = (state.get("packs", data["packs"]), state.get("swap_model", data["swap_model"]))
    need((data["packs"], data["swap_model"]) == first, "the first fitting said otherwise")


@rule("vehicle.fitted")
def fitted(world: World, event: Event, state: State) -> Answer:
    sub, me, data, leader = event["sub"], event["iss"], event["data"], event["demand"]["leader"]
    need((data["battery"], data["installed"]) == (leader["sub"], leader["id"]), "names another leader")
    need(data["packs"] == leader["data"]["of"], "the leader says another number of packs")
    need(state["stage"] != "scrapped", "is scrapped")
    _check_as_first_fitted(state, event)
    others = [name for name in in_it(world, sub) if name != leader["sub"]]
    need(len(others) < data["packs"], "is full")
    holders = {holder(world, name) for name in others}
    welcome = me in holders or state.get("last_by") == me or not holders - {NOBODY}
    need(welcome, "another's vehicle")
    listed = tuple(name for name in state.get("batteries", ()) if name != leader["sub"])
    first = {
        "stage": "vehicle",
        "custodian": "none",
        "packs": data["packs"],
        "swap_model": data["swap_model"],
    }
    return {**first, "batteries": (*listed, leader["sub"]), "last_by": me}, []


@rule("vehicle.taken_out")
def taken_out(world: World, event: Event, state: State) -> Answer:
    data, leader = event["data"], event["demand"]["leader"]
    need((data["battery"], data["removed"]) == (leader["sub"], leader["id"]), "names another leader")
    need(data["battery"] in state.get("batteries", ()), "was not in it")
    left = tuple(name for name in state["batteries"] if name != data["battery"])
    return {**state, "batteries": left, "last_by": event["iss"]}, []


@rule("vehicle.scrapped")
def scrapped(world: World, event: Event, state: State) -> Answer:
    sub, me, data = event["sub"], event["iss"], event["data"]
    need(has_role(world, me, "vehicle_dismantler"), "is no vehicle dismantler")
    need(state["stage"] in ("-", "vehicle"), "is scrapped already")
    if state["stage"] == "vehicle":
        _check_as_first_fitted(state, event)
    named = [*data["present"], *(gone["battery"] for gone in data["missing"] if "battery" in gone)]
    need(len(set(named)) == len(named), "each battery once")
    if not data["swap_model"]:
        there = in_it(world, sub)
        need(all(holder(world, name) in (me, NOBODY) for name in there), "another holds a pack in it")
        need(set(there) <= set(named), "what is on record is present, or missing and why")
        enough = len(data["present"]) + len(data["missing"]) >= data["packs"]
        need(enough, "as many as belong in it are present, or missing and why")
    return {**state, "stage": "scrapped", "custodian": "none", "last_by": me}, []
