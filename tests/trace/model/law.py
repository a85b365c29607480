"""The law of the life cycle, told a second time from its page, in dictionaries and plain words.

Nothing here knows the table, the schemas or the judge: where they and this telling part, one of them has
misread the page. A world is a dictionary of dictionaries, none of which is changed once it is in a world, so
that a copy of the outer ones is a copy of all. An event is `{"type", "sub", "iss", "id", "data"}`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

World = dict[str, Any]
Event = dict[str, Any]
State = dict[str, Any]
Demands = list[dict[str, Any]]
Rule = Callable[[World, Event, State], tuple[State, Demands]]

NOBODY, NONE = "nobody", "none"

CUSTODIAL = {
    "battery_maker", "importer", "vehicle_maker", "dealer", "repairer", "swap_operator", "collector",
    "vehicle_dismantler", "pack_dismantler", "repurposer", "recycler",
}  # fmt: skip
INTAKE = {
    "dealer", "repairer", "collector", "vehicle_dismantler", "pack_dismantler", "repurposer", "recycler",
}  # fmt: skip
DISMANTLERS = {"vehicle_dismantler", "pack_dismantler"}
WORKSHOPS = {"vehicle_maker", "dealer", "repairer", "swap_operator"}
USABLE = {"manufactured", "in_vehicle", "removed", "swap_pool"}
IN_USE = USABLE | {"in_pack"}
WASTE = {"retired", "at_dismantler", "at_repurposer", "at_recycler"}
LIVE = IN_USE | WASTE | {"lost"}
OPENABLE = {"at_dismantler", "at_repurposer", "at_recycler"}
UNSAFE = {"damaged", "leaking", "burnt"}

WHILE_OFFERED = {
    "handover.accepted", "handover.declined", "handover.withdrawn", "battery.inspected", "battery.incident",
    "battery.lost", "custody.assigned", "battery.voided",
}  # fmt: skip
"""What an open offer allows. A void is among it: a stolen key's work is undone newest first, offers too."""
FOLLOWERS = {"battery.extracted", "vehicle.fitted", "vehicle.taken_out"}
"""What stands only in a group, behind the event that demands it."""

OFFER_DAYS = (3, 400)
VOID_HOURS = 72
UNSEEN_A_DAY = 20
DAY = 86_400

RULES: dict[str, Rule] = {}


class Refused(Exception):
    """The law does not allow it."""


def need(holds: object, why: str) -> None:
    if not holds:
        raise Refused(why)


def rule(*types: str) -> Callable[[Rule], Rule]:
    """Say that a function is the rule for these types."""

    def said(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(types, function))
        return function

    return said


def new_world(registrar: str, now: int) -> World:
    return {
        "registrar": registrar,
        "now": now,
        "orgs": {},  # name -> roles, vendors, region, sites, suspended, enrolled
        "things": {},  # subject -> state
        "trails": {},  # subject -> the events that are not voided, each with the state before it
        "names": {},  # event -> the events of other chains that name it
        "unseen": {},  # (organisation, day) -> takings without label or photo
        "begun": {},  # subject -> whether its chain had a beginning, voided since or not
    }


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
    need(not wanted, "the group is not whole")
    return world


def _judge_one(world: World, event: Event, demand: dict[str, Any] | None) -> Demands:
    name, sub, me = event["type"], event["sub"], event["iss"]
    if demand:
        need((name, sub, me) == (demand["type"], demand["sub"], demand["iss"]), "another is demanded here")
        if "voids" in demand:
            need(event["data"]["event"] == demand["voids"], "another event is to be voided here")
    else:
        need(name not in FOLLOWERS, "stands only in a group")
    event = {**event, "demand": demand}
    if me != world["registrar"]:
        need(me in world["orgs"], "is not enrolled")
        need(not world["orgs"][me]["suspended"], "is suspended")
    state = thing(world, sub)
    if state.get("offer") and world["now"] < state["offer"]["until"]:
        need(name in WHILE_OFFERED, "an offer is open")
    after, demands = RULES[name](world, event, state)
    world["things"][sub] = after
    world["begun"][sub] = True
    if not name.endswith(".voided"):
        entry = {"id": event["id"], "type": name, "iss": me, "at": world["now"], "before": state}
        entry["led"] = bool(demand)
        world["trails"][sub] = (*world["trails"].get(sub, ()), entry)
        for target in named_by(event):
            world["names"][target] = (*world["names"].get(target, ()), (sub, event["id"]))
    return demands


def named_by(event: Event) -> list[str]:
    """The events of other chains that this one rests on."""
    members = ("installed", "removed", "dismantled")
    return [event["data"][member] for member in members if member in event["data"]]


def thing(world: World, sub: str) -> State:
    """What is so of a subject; a chain that has not begun has the stage `-`."""
    found: State = world["things"].get(sub) or {"stage": "-", "custodian": NONE}
    return found


def has_role(world: World, org: str, *roles: str, scope: str = "") -> bool:
    """Whether an organisation has one of these roles now, with a licence for this where that is asked."""
    for role in roles:
        grant = world["orgs"].get(org, {"roles": {}})["roles"].get(role)
        if (
            grant
            and grant["from"] <= world["now"] < grant["until"]
            and (not scope or scope in grant["scope"])
        ):
            return True
    return False


def holder(world: World, sub: str) -> str:
    """Who holds a battery or lot; what is in a pack is held by whoever holds that, while that is live."""
    state = thing(world, sub)
    if state["stage"] != "in_pack":
        return str(state["custodian"])
    return holder(world, state["parent"]) if thing(world, state["parent"])["stage"] in LIVE else NONE


def waste_by(capacity: str) -> str:
    """The waste stage that follows a capacity."""
    if capacity in DISMANTLERS:
        return "at_dismantler"
    return {"recycler": "at_recycler", "repurposer": "at_repurposer"}.get(capacity, "retired")


def same_or_waste(state: State, capacity: str) -> str:
    """Waste follows the capacity; what is in use stays as it is."""
    return waste_by(capacity) if state["stage"] in WASTE else str(state["stage"])


def parse_code(sub: str) -> dict[str, Any]:
    """Vendor, level and date of a GB/T 34014 code; empty for any other."""
    scheme, _, code = sub.removeprefix("battery:").partition(":")
    if scheme != "gbt34014":
        return {}
    date = code[14:17] if len(code) == 24 else code[7:10]
    letters = "0123456789ABCDEFGHJKLMNPRSTVWXY"
    level = code[3] if len(code) == 24 else code[18]
    day = 31 if date[2] == "0" else letters.index(date[2])
    made = (2010 + letters.index(date[0]), letters.index(date[1]), day)
    return {"vendor": code[:3], "level": "CMP".index(level), "made": made, "second_life": len(code) == 19}


def maker_of(world: World, sub: str) -> str:
    """The enrolled organisation to which the vendor code was allotted, or nothing."""
    vendor = parse_code(sub).get("vendor")
    for name, org in world["orgs"].items():
        if vendor in org["vendors"]:
            return str(name)
    return ""


def made_since_enrolment(world: World, sub: str) -> bool:
    """Whether the code is an enrolled maker's and its date is after that one's enrolment."""
    maker = maker_of(world, sub)
    return bool(maker) and parse_code(sub)["made"] > world["orgs"][maker]["enrolled"]


def check_lower(child: str, parent: str) -> None:
    """A child is of a lower level than its parent, where both codes say which they are."""
    low, high = parse_code(child).get("level"), parse_code(parent).get("level")
    need(low is None or high is None or low < high, "a child is of a lower level")
    need(child != parent, "nothing is in itself")


def check_own_tag(event: Event) -> None:
    """A tag is a yard's own."""
    sub = event["sub"]
    if sub.startswith("battery:tag:"):
        need(
            sub.removeprefix("battery:tag:").partition("/")[0] == event["iss"].removeprefix("org:"), "own tag"
        )


def check_seen(world: World, event: Event) -> None:
    """Taking from nobody without the label or a photo is limited in rate."""
    data = event["data"]
    if any(document["kind"] == "photo" for document in data.get("evidence", ())):
        return
    day = (event["iss"], world["now"] // DAY)
    seen = world["unseen"].get(day, 0)
    need(seen < UNSEEN_A_DAY, "too many unseen labels in a day")
    world["unseen"][day] = seen + 1


def check_capacity(world: World, event: Event, *allowed: str) -> str:
    """The capacity that the signer names is a role that it has."""
    capacity = str(event["data"]["capacity"])
    need(not allowed or capacity in allowed, "this capacity may not")
    need(capacity in CUSTODIAL and has_role(world, event["iss"], capacity), "has no such role")
    return capacity
