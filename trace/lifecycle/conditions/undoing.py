"""Undoing the last event, and correcting what one said."""

from __future__ import annotations

from datetime import timedelta

from ...codes.subjects import parse_subject
from ...times import show_time
from ..state import Batch, Demand, Past
from ..table import ROWS
from .case import Case


def voids(case: Case) -> None:
    """What is voided is the last event not yet voided, and nothing builds on it (``battery.voided``)."""
    named = case.event.data["event"]
    past = case.world.past(case.event.sub)
    if past is None or past.event != named:
        case.refuse(
            "NOT_LAST_EVENT",
            expected=past.event if past else "an event to undo; there is none",
            got=named,
            where="/data/event",
        )
    if not ROWS[past.type].voidable:
        case.refuse(
            "ILLEGAL_TRANSITION", expected="an event that can be voided", got=past.type, where="/data/event"
        )
    if case.demand is not None:
        if case.demand.voids != named:
            case.refuse("GROUP_INCOMPLETE", expected=case.demand.voids, got=named, where="/data/event")
    elif ROWS[past.type].follows:
        case.refuse(
            "GROUP_INCOMPLETE",
            expected=f"the {ROWS[past.type].follows} that leads its group, voided first",
            got=past.type,
            where="/data/event",
        )
    if case.relation == "signer":
        _check_void_by_signer(case, past)
    state = case.battery
    if past.type == "battery.recycled":
        batch = case.world.chain(state.batch)
        if batch and isinstance(batch.state, Batch) and batch.state.closed:
            case.refuse(
                "BATCH_CLOSED", expected="a battery whose batch is open", got=state.batch, where="/data/event"
            )
    for reference in case.world.references_to(named):
        if reference.subject.startswith("notes:") or not _stands(
            case.world.past(reference.subject), reference.event
        ):
            continue
        kind = reference.subject.partition(":")[0]
        case.demands.append(
            Demand(f"{kind}.voided", reference.subject, case.event.id, case.event.iss, voids=reference.event)
        )


def _check_void_by_signer(case: Case, past: Past) -> None:
    if past.iss != case.event.iss:
        case.refuse("NOT_SIGNER", expected=past.iss, got=case.event.iss, where="/iss")
    hours = case.world.rules.policy.void_hours
    if case.demand is None and case.at.recorded_at > past.recorded_at + timedelta(hours=hours):
        case.refuse(
            "VOID_TOO_LATE",
            expected=f"at most {hours} hours after {show_time(past.recorded_at)}",
            got=show_time(case.at.recorded_at),
            where="/data/event",
        )


def correctable(case: Case) -> None:
    """The signer of an event gives members of it another value; only such as its shape marks."""
    subject = parse_subject(case.event.sub).inner
    past = case.world.past(subject.text) if subject else None
    while past and past.event != case.event.data["event"]:
        past = past.earlier
    if past is None:
        case.refuse(
            "REFERENCE_ABSENT",
            expected=f"an event of {subject.text if subject else '?'}, not voided",
            got=case.event.data["event"],
            where="/data/event",
        )
    if past.iss != case.event.iss:
        case.refuse("NOT_SIGNER", expected=past.iss, got=case.event.iss, where="/iss")
    allowed = case.world.rules.shapes.correctable(past.type)
    for member in case.event.data["set"]:
        if member not in allowed:
            case.refuse(
                "NOT_CORRECTABLE",
                expected=f"one of {', '.join(sorted(allowed)) or 'no member'} of {past.type}",
                got=member,
                where=f"/data/set/{member}",
            )


def _stands(past: Past | None, event: str) -> bool:
    """Whether the event is among those that are not voided."""
    while past:
        if past.event == event:
            return True
        past = past.earlier
    return False
