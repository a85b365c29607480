"""Notes: what those who do not hold a thing say of it, which moves no head but that of the notes."""

from __future__ import annotations

from typing import Any

from .law import Answer, Event, State, World, has_role, need, rule, stands, thing
from .stages import CUSTODIAL, NONE, holder, maker_of

NOTES: State = {"stage": "notes", "custodian": NONE}
WEIGHED = {
    "battery.manufactured", "battery.registered", "battery.taken_in", "handover.offered", "handover.accepted",
    "battery.inspected", "battery.repaired", "battery.dismantled", "battery.extracted", "battery.used_in",
    "battery.repurposed", "battery.recycled", "battery.exported", "lot.assayed",
}  # fmt: skip
"""Statements whose mass their signer may put right. What a lot is made of or charged with binds sums."""


def about(event: Event) -> str:
    return str(event["sub"].removeprefix("notes:"))


def check_known(world: World, event: Event) -> None:
    need(thing(world, about(event))["stage"] != "-", "the log knows of no such thing")


def _event(world: World, event: Event) -> dict[str, Any]:
    """The event of the subject that a note names, not voided."""
    found = stands(world, about(event), event["data"]["event"])
    need(found, "no such event there")
    return found or {}


@rule("note.corrected")
def corrected(world: World, event: Event, state: State) -> Answer:
    named, data = _event(world, event), event["data"]
    need(named["iss"] == event["iss"], "another's event")
    need(set(data["set"]) <= {"mass"} and named["type"] in WEIGHED, "is not correctable", "NOT_CORRECTABLE")
    world["masses"][named["id"]] = data["set"]["mass"]["g"]
    return {**state, **NOTES}, []


@rule("note.disputed")
def disputed(world: World, event: Event, state: State) -> Answer:
    check_known(world, event)
    if "event" in event["data"]:
        _event(world, event)
    return {**state, **NOTES}, []


@rule("note.agreed")
def agreed(world: World, event: Event, state: State) -> Answer:
    check_known(world, event)
    named = _event(world, event)
    need(named["iss"] != event["iss"], "agrees with itself")
    if event["data"]["to"] == "void":
        world["agreed"][event["id"]] = (named["id"], event["iss"])
    return {**state, **NOTES}, []


@rule("note.incident")
def incident(world: World, event: Event, state: State) -> Answer:
    check_known(world, event)
    return {**state, **NOTES}, []


@rule("custody.claimed")
def claimed(world: World, event: Event, state: State) -> Answer:
    sub, me = about(event), event["iss"]
    check_known(world, event)
    need(sub.startswith(("battery:", "lot:")), "is nothing that can be held")
    need(has_role(world, me, *CUSTODIAL), "can hold nothing")
    need(holder(world, sub) != me, "holds it")
    return {**state, **NOTES}, []


@rule("origin.contested", "origin.confirmed")
def origin(world: World, event: Event, state: State) -> Answer:
    sub, contests = about(event), event["type"] == "origin.contested"
    check_known(world, event)
    need(maker_of(world, sub) == event["iss"], "is not the code's maker")
    need(not thing(world, sub)["maker"], "was made in this log")
    need(contests or state.get("confirmed") is not True, "is confirmed already")
    world["contested"][sub] = contests
    return {**state, **NOTES, "confirmed": not contests}, []
