"""Whether a group of events may stand: what every rule of the law has in common, and then its rule."""

from __future__ import annotations

from typing import Any

from . import (
    law_of_batteries,
    law_of_custody,
    law_of_keys,
    law_of_loads,
    law_of_lots,
    law_of_notes,
    law_of_parts,
    law_of_registry,
    law_of_second_life,
    law_of_vehicles,
)
from .law import RULES, Demands, Event, World, is_open, need, seconds, thing
from .law_of_holds import check_holds
from .law_of_keys import check_key

FUTURE_S = 300
"""How far a party's clock may be ahead of the log's."""
LAWS = (
    law_of_batteries, law_of_custody, law_of_keys, law_of_loads, law_of_lots, law_of_notes, law_of_parts,
    law_of_registry, law_of_second_life, law_of_vehicles,
)  # fmt: skip
"""They say their rules when they are read."""
FOLLOWERS = {
    "battery.fitted", "battery.taken_out", "battery.extracted", "vehicle.fitted", "vehicle.taken_out",
    "lot.merged",
}  # fmt: skip
"""What stands only in a group, behind the event that demands it."""
WHILE_OFFERED = {
    "handover.accepted", "handover.declined", "handover.withdrawn", "battery.inspected", "battery.incident",
    "battery.lost", "custody.assigned", "battery.voided", "lot.assayed", "lot.lost", "lot.voided",
}  # fmt: skip
"""What an open offer allows. A void is among it: a stolen key's work is undone newest first, offers too. A
lot is assayed as a battery is inspected."""


def judge(world: World, group: list[Event]) -> World:
    """The world after a group of events, at the time that stands in the world.

    Raises:
        Refused: The law does not allow one of them, or something is missing at the end.
    """
    world = {name: dict(value) if isinstance(value, dict) else value for name, value in world.items()}
    wanted: Demands = []
    for event in group:
        demand = wanted.pop(0) if wanted else None
        wanted[:0] = _judge_one(world, event, demand)
    need(not wanted, "the group is not whole", "GROUP_INCOMPLETE")
    return world


def _judge_one(world: World, event: Event, demand: dict[str, Any] | None) -> Demands:
    name, sub, me = event["type"], event["sub"], event["iss"]
    event = {**event, "demand": demand}
    check_key(world, event)
    claimed = seconds(event["occurred_at"])
    need(claimed <= world["now"] + FUTURE_S, "is not yet", "TIME_IN_FUTURE")
    need(not world["log"].get("sealed"), "the log is sealed", "LOG_SEALED")
    check_link(world, event)
    check_group(event, demand)
    if me in world["orgs"] and name != "key.revoked":
        need(not world["orgs"][me]["suspended"], "is suspended")
    state = thing(world, sub)
    if is_open(world, state.get("offer")):
        need(name in WHILE_OFFERED, "an offer is open")
    check_holds(world, event, state)
    after, demands = RULES[name](world, event, state)
    if not name.endswith(".voided") and after["custodian"] != state["custodian"]:
        after = {**after, "site": event["data"].get("site")}  # Who held it before knew where it was.
    world["things"][sub] = after
    world["heads"][sub] = (world["heads"].get(sub, (-1, ""))[0] + 1, event["id"])
    world["size"] += 1
    if not name.endswith(".voided"):
        entry = {"id": event["id"], "type": name, "iss": me, "at": world["now"], "before": state}
        entry |= {"led": bool(demand), "consignee": event["data"].get("consignee")}
        world["trails"][sub] = (*world["trails"].get(sub, ()), entry)
        for target in named_by(event):
            world["names"][target] = (*world["names"].get(target, ()), (sub, event["id"]))
    return demands


def check_link(world: World, event: Event) -> None:
    """It stands where its chain ends, and names the event there."""
    number, head = world["heads"].get(event["sub"], (-1, None))
    need(event["seq"] > number, "another event is there", "PLACE_TAKEN")
    need(event["seq"] == number + 1, "leaves a gap", "SEQUENCE_GAP")
    need(event.get("prev") == head, "names another event before it", "CHAIN_LINK_BROKEN")


def check_group(event: Event, demand: dict[str, Any] | None) -> None:
    """An open group goes on with what is demanded, and what only follows stands in one (rule 1)."""
    if demand is None:
        need(event["type"] not in FOLLOWERS, "stands only in a group", "GROUP_INCOMPLETE")
        return
    same = (event["type"], event["sub"], event["iss"]) == (demand["type"], demand["sub"], demand["iss"])
    need(same, "another is demanded here", "GROUP_INCOMPLETE")
    if "voids" in demand:
        need(event["data"]["event"] == demand["voids"], "another event is to be voided here")


def named_by(event: Event) -> list[str]:
    """The events of other chains that this one rests on. Notes hinder nothing that they name."""
    if event["sub"].startswith("notes:"):
        return []
    data = event["data"]
    members = ("installed", "removed", "dismantled", "leader", "linked", "split")
    return [data[member] for member in members if member in data] + list(data.get("sources", ()))
