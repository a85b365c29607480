"""Holds: what an authority keeps where it is, and what that refuses."""

from __future__ import annotations

from typing import Any

from .law import Answer, Event, State, World, has_role, need, rule, thing
from .stages import IN_PACK, LIVE, holder

HELD_BACK = {
    "handover.accepted", "battery.installed", "battery.fitted", "battery.released", "battery.dismantled",
    "battery.used_in", "battery.recycled", "lot.charged", "battery.exported", "lot.exported",
    "battery.requalified", "battery.rebooked", "lot.rebooked", "battery.voided", "lot.voided",
}  # fmt: skip
"""What a hold refuses on the thing itself, on what it is in, on who holds it or acts, and on the batch."""
HELD_BACK_TOO = {"identity.linked", "lot.final"}
"""Not on the page's list; the table counts them among it, as both end a chain."""
PASSES = {
    "handover.declined", "handover.withdrawn", "battery.inspected", "battery.incident", "battery.lost",
    "battery.moved", "battery.found", "custody.assigned", "lot.assayed", "lot.lost",
}  # fmt: skip
HOLDABLE = ("battery:", "lot:", "batch:")


def is_held(world: World, sub: str) -> bool:
    return bool(world["holds"].get(sub))


def parents(world: World, state: State) -> list[str]:
    """The batteries in which one is, from the nearest outwards."""
    found = []
    while state["stage"] == IN_PACK:
        found.append(str(state["parent"]))
        state = thing(world, state["parent"])
    return found


def check_holds(world: World, event: Event, state: State) -> None:
    """Nothing goes on with what is held but what the page allows; an organisation under a hold does not do
    what the page lists."""
    name, sub = event["type"], event["sub"]
    if name in PASSES or not sub.startswith(HOLDABLE):
        return
    near = [sub, *parents(world, state)]
    far = [event["iss"], holder(world, sub), str(event["data"].get("batch"))]
    places = near + far if name in HELD_BACK | HELD_BACK_TOO else near
    need(not any(is_held(world, place) for place in places), "is held")


def covers(mine: str, other: str) -> bool:
    """Whether a region lies in another: CN, CN-440000 and CN-440300 are each within the one before."""
    if mine.startswith("CN-"):
        while mine.endswith("00"):
            mine = mine[:-2]
    return other == mine or other.startswith(mine if "-" in mine else mine + "-")


def regions_of(world: World, sub: str) -> list[str]:
    """Where a thing is, as far as the log knows: its holder's region and that of the site; an organisation's
    sites are all its."""
    kind, state = sub.partition(":")[0], thing(world, sub)
    org = world["orgs"].get({"org": sub, "batch": state.get("owner")}.get(kind) or holder(world, sub))
    if org is None:
        return []
    sites: dict[str, Any] = org["sites"]
    there = list(sites) if kind == "org" else [state.get("site")]
    return [org["region"], *(sites[site] for site in there if site in sites)]


def check_authority(world: World, event: Event, regions: list[str]) -> None:
    """A regulator whose region covers one of them. What nobody holds is any authority's."""
    need(has_role(world, event["iss"], "regulator"), "is no regulator")
    mine = world["orgs"][event["iss"]]["region"]
    need(not regions or any(covers(mine, region) for region in regions), "is in another region")


@rule("hold.placed")
def placed(world: World, event: Event, state: State) -> Answer:
    sub, me = event["sub"].removeprefix("notes:"), event["iss"]
    kind, at = sub.partition(":")[0], thing(world, sub)["stage"]
    need(kind in ("battery", "lot", "batch", "org") and sub in world["heads"], "nothing that can be held")
    if kind in ("battery", "lot"):
        need(at in LIVE | {"held"}, "is not there any more")
    check_authority(world, event, regions_of(world, sub))
    holds = world["holds"].get(sub, {})
    need(me not in holds.values(), "holds it already")
    world["holds"][sub] = {**holds, event["id"]: me}
    return {**state, "stage": "notes", "custodian": "none"}, []


@rule("hold.lifted")
def lifted(world: World, event: Event, state: State) -> Answer:
    sub, hold = event["sub"].removeprefix("notes:"), event["data"]["hold"]
    need(has_role(world, event["iss"], "regulator"), "is no regulator")
    holds = world["holds"].get(sub, {})
    need(holds.get(hold) == event["iss"], "no hold of its own")
    world["holds"][sub] = {name: who for name, who in holds.items() if name != hold}
    return {**state, "stage": "notes", "custodian": "none"}, []


@rule("site.inspected")
def inspected(world: World, event: Event, state: State) -> Answer:
    org = world["orgs"].get(event["sub"].removeprefix("notes:"))
    need(org, "is no organisation")
    site = event["data"]["site"]
    need(site in org["sites"], "has no such site")
    check_authority(world, event, [org["sites"][site]])
    return {**state, "stage": "notes", "custodian": "none"}, []
