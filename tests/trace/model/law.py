"""The law of the life cycle, told a second time from its page, in dictionaries and plain words.

Nothing here knows the table, the schemas or the judge: where they and this telling part, one of them has
misread the page. A world is a dictionary of dictionaries, none of which is changed once it is in a world, so
that a copy of the outer ones is a copy of all. An event is what its signer signed, with `id` and `kid`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

World = dict[str, Any]
Event = dict[str, Any]
State = dict[str, Any]
Demands = list[dict[str, Any]]
Answer = tuple[State, Demands]
Rule = Callable[[World, Event, State], Answer]

DAY = 86_400
RULES: dict[str, Rule] = {}


class Refused(Exception):
    """The law does not allow it. `code` is the reason's, where nothing else can come before it."""

    def __init__(self, why: str, code: str) -> None:
        super().__init__(why)
        self.code = code


def need(holds: object, why: str, code: str = "") -> None:
    if not holds:
        raise Refused(why, code)


def rule(*types: str) -> Callable[[Rule], Rule]:
    """Say that a function is the rule for these types."""

    def said(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(types, function))
        return function

    return said


def new_world(now: int, policies: dict[str, dict[str, int]]) -> World:
    """A world before its log is opened, with the policies of the rule sets that are at hand, by digest."""
    return {
        "now": now,
        "policies": policies,
        "size": 0,  # of the log, in entries
        "log": {},  # registrars, threshold, rules, sealed
        "keys": {},  # kid -> organisation, use, times, types, sites, whether it is revoked
        "orgs": {},  # name -> roles, vendors, region, sites, suspended, enrolled
        "things": {},  # subject -> state
        "heads": {},  # subject -> number and id of its last event
        "trails": {},  # subject -> the events that are not voided, each with the state before it
        "names": {},  # event -> the events of other chains that name it
        "holds": {},  # subject -> hold -> authority
        "contested": {},  # battery -> whether its maker contests its origin
        "agreed": {},  # note -> what it agrees to undo, and who says so
        "masses": {},  # event -> the grams that its signer says are the right ones
        "inputs": {},  # batch -> what was charged, voided since or not, with its subject and grams
        "loads": {},  # consignment -> what was offered with it, and the offers
        "unseen": {},  # (organisation, day) -> takings without label or photo
    }


def follow(event: Event, type: str, subjects: list[str], **more: Any) -> Demands:
    """One follower for each subject, by the same signer."""
    return [{"type": type, "sub": sub, "iss": event["iss"], "leader": event, **more} for sub in subjects]


def thing(world: World, sub: str) -> State:
    """What is so of a subject; a chain that has not begun has the stage `-`."""
    found: State = world["things"].get(sub) or {"stage": "-", "custodian": "none"}
    return found


def stands(world: World, sub: str, event: str) -> dict[str, Any] | None:
    """An event of a chain that is not voided; None where there is no such event."""
    return next((entry for entry in world["trails"].get(sub, ()) if entry["id"] == event), None)


def policy(world: World, name: str) -> int:
    """A number of the rule set that is in force."""
    return int(world["policies"][world["log"]["rules"]][name])


def seconds(text: str) -> int:
    """A time as seconds since 1970."""
    return int(datetime.fromisoformat(text).timestamp())


def is_open(world: World, offer: State | None) -> bool:
    """Whether an offer stands: until its time, and no moment longer."""
    return bool(offer) and world["now"] < offer["until"]  # type: ignore[index]


def owner(sub: str) -> str:
    """The organisation in whose name space a subject lies."""
    return "org:" + sub.partition(":")[2].partition("/")[0]


def by_registrar(world: World, event: Event) -> bool:
    """Whether a registrar's key signed."""
    return bool(world["keys"][event["kid"]]["use"] == "registrar")


def has_role(world: World, org: str, *roles: str, scope: str = "") -> bool:
    """Whether an organisation has one of these roles now, with a licence for this where that is asked."""
    grants = world["orgs"].get(org, {"roles": {}})["roles"]
    found = [grants[role] for role in roles if role in grants]
    return any(
        grant["from"] <= world["now"] < grant["until"] and (not scope or scope in grant["scope"])
        for grant in found
    )
