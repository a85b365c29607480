"""Stages, roles and codes, and what follows from them alone."""

from __future__ import annotations

from typing import Any

from .law import Event, State, World, has_role, need, policy, thing

NOBODY, NONE, IN_PACK = "nobody", "none", "in_pack"

CUSTODIAL = {
    "battery_maker", "importer", "vehicle_maker", "dealer", "repairer", "swap_operator", "collector",
    "vehicle_dismantler", "pack_dismantler", "repurposer", "recycler",
}  # fmt: skip
INTAKE = {
    "dealer", "repairer", "collector", "vehicle_dismantler", "pack_dismantler", "repurposer", "recycler",
}  # fmt: skip
DISMANTLERS = {"vehicle_dismantler", "pack_dismantler"}
WORKSHOPS = {"vehicle_maker", "dealer", "repairer", "swap_operator"}
MENDERS = {"battery_maker", "vehicle_maker", "dealer", "repairer", "repurposer", "swap_operator"}
USABLE = {"manufactured", "in_vehicle", "removed", "swap_pool"}
IN_USE = USABLE | {IN_PACK}
WASTE = {"retired", "at_dismantler", "at_repurposer", "at_recycler"}
LIVE = IN_USE | WASTE | {"lost"}
STANDING = USABLE | WASTE
ENDS = {"dismantled", "recycled", "used_in", "merged", "exported"}
OPENABLE = {"at_dismantler", "at_repurposer", "at_recycler"}
UNSAFE = {"damaged", "leaking", "burnt"}


def holder(world: World, sub: str) -> str:
    """Who holds a battery or lot; what is in a pack is held by whoever holds that, while that is live."""
    state = thing(world, sub)
    return holder(world, state["parent"]) if state["stage"] == IN_PACK else str(state["custodian"])


def gone_along(world: World, state: State) -> bool:
    """Whether a battery has ended with the one it is in: a parent takes it along, unless it is dismantled."""
    while state["stage"] == IN_PACK:
        state = thing(world, state["parent"])
        if state["stage"] in ENDS - {"dismantled"}:
            return True
    return False


def waste_by(capacity: str) -> str:
    """The waste stage that follows a capacity."""
    if capacity in DISMANTLERS:
        return "at_dismantler"
    return {"recycler": "at_recycler", "repurposer": "at_repurposer"}.get(capacity, "retired")


def ended(state: State, stage: str, **more: Any) -> State:
    return {**state, "stage": stage, "custodian": NONE, "offer": None, **more}


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
    return next((str(name) for name, org in world["orgs"].items() if vendor in org["vendors"]), "")


def made_since_enrolment(world: World, sub: str) -> bool:
    """Whether the code is an enrolled maker's and its date is after that one's enrolment."""
    maker = maker_of(world, sub)
    return bool(maker) and parse_code(sub)["made"] > world["orgs"][maker]["enrolled"]


def check_stage(state: State, stages: set[str]) -> None:
    need(state["stage"] in stages, f"stands at {state['stage']}")


def check_custody(world: World, event: Event, *roles: str) -> None:
    need(holder(world, event["sub"]) == event["iss"], "does not hold it")
    need(not roles or has_role(world, event["iss"], *roles), "has none of these roles")


def check_capacity(world: World, event: Event, *allowed: str) -> str:
    """The capacity that the signer names is a role that it has."""
    capacity = str(event["data"]["capacity"])
    need(not allowed or capacity in allowed, "this capacity may not")
    need(capacity in CUSTODIAL and has_role(world, event["iss"], capacity), "has no such role")
    return capacity


def check_own_tag(event: Event) -> None:
    """A tag is a yard's own."""
    tag = event["sub"].removeprefix("battery:tag:")
    own = tag == event["sub"] or tag.partition("/")[0] == event["iss"].removeprefix("org:")
    need(own, "another's tag")


def check_seen(world: World, event: Event) -> None:
    """Taking from nobody without the label or a photo is limited in rate (rule 4)."""
    if any(document["kind"] == "photo" for document in event["data"].get("evidence", ())):
        return
    day = (event["iss"], world["now"] // 86_400)
    seen = world["unseen"].get(day, 0)
    need(seen < policy(world, "unseen_labels_a_day"), "too many unseen labels in a day", "UNSEEN_LABEL_LIMIT")
    world["unseen"][day] = seen + 1


def check_safe(state: State) -> None:
    """An incident bars use until an inspection clears it."""
    need(not state["damaged"], "is damaged")


def check_settled(world: World, sub: str, *, origin: bool = True) -> None:
    """Its maker does not contest where it comes from, and nothing else has its code."""
    need(not origin or not world["contested"].get(sub), "its origin is contested")
    other = thing(world, sub).get("conflicts_with")
    undecided = other and thing(world, other)["stage"] not in ("-", "merged")
    need(not undecided, "its code is another's as well")
