"""Undoing the last event, and correcting what one said."""

from __future__ import annotations

from datetime import timedelta

from ...codes.subjects import parse_subject
from ...times import later, show_time
from .. import words
from ..state import Batch, Battery, Demand, Lot, Notes, Past
from ..table import ROWS, row_of
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
    row = row_of(past.type, case.event.sub)
    if not row.voidable:
        case.refuse(
            "ILLEGAL_TRANSITION", expected="an event that can be voided", got=past.type, where="/data/event"
        )
    if case.demand is not None:
        if case.demand.voids != named:
            case.refuse("GROUP_INCOMPLETE", expected=case.demand.voids, got=named, where="/data/event")
    elif row.follows:
        case.refuse(
            "GROUP_INCOMPLETE",
            expected="the event that leads its group, voided first",
            got=past.type,
            where="/data/event",
        )
    if case.relation == "signer":
        _check_void_by_signer(case, past)
    _check_nothing_hangs_on_it(case, past)
    _check_batch_open(case, past)
    for reference in case.world.references_to(named):
        if reference.subject.startswith("notes:") or not _stands(
            case.world.past(reference.subject), reference.event
        ):
            continue
        kind = f"{reference.subject.partition(':')[0]}.voided"
        if kind not in ROWS:
            case.refuse(
                "ILLEGAL_TRANSITION",
                expected="an event on which nothing rests that can't be undone",
                got=f"one that {reference.subject} names",
                where="/data/event",
            )
        case.demands.append(
            Demand(kind, reference.subject, case.event.id, case.event.iss, voids=reference.event)
        )


def _check_void_by_signer(case: Case, past: Past) -> None:
    """The signer alone within the policy's hours; later with the consent of the other party."""
    if past.iss != case.event.iss:
        case.refuse("NOT_SIGNER", expected=past.iss, got=case.event.iss, where="/iss")
    hours = case.world.rules.policy.void_hours
    if case.demand is not None or case.at.recorded_at <= later(past.recorded_at, timedelta(hours=hours)):
        return
    agreed = case.event.data.get("agreed")
    if agreed is None:
        case.refuse(
            "VOID_TOO_LATE",
            expected=f"at most {hours} hours after {show_time(past.recorded_at)}, or the other's consent",
            got=show_time(case.at.recorded_at),
            where="/data/event",
        )
    other = _other_party(case, past)
    chain = case.world.chain(f"notes:{case.event.sub}")
    notes = chain.state if chain and isinstance(chain.state, Notes) else Notes()
    if not any(
        (each.event, each.voids, each.party) == (agreed, past.event, other) for each in notes.agreements
    ):
        case.refuse(
            "NOT_COUNTERPARTY",
            expected=f"a note.agreed by {other or 'another party, of which there is none,'} to undo it",
            got=agreed,
            where="/data/agreed",
        )


def _other_party(case: Case, past: Past) -> str:
    """Whom the event concerned beside its signer: who held the subject before, or to whom it was offered.

    An offer that had expired by then concerned nobody any more.
    """
    if past.type == "handover.offered":
        return case.holding.offer.consignee if case.holding.offer else ""
    before = past.before
    if not isinstance(before, Battery | Lot):
        return ""
    if past.type == "handover.accepted":
        return before.custodian
    stood = before.offer is not None and past.recorded_at < before.offer.expires_at
    return before.offer.consignee if before.offer and stood else ""


def _check_nothing_hangs_on_it(case: Case, past: Past) -> None:
    """A share is not undone without its split, nor the beginning of what another battery went over into."""
    state = case.state
    share = isinstance(state, Lot) and past.type == "lot.made" and state.source and not state.line
    if share and case.demand is None:
        case.refuse(
            "GROUP_INCOMPLETE",
            expected="the lot.split that leads its group, voided first",
            got=past.type,
            where="/data/event",
        )
    if past.before is not None or not isinstance(state, Battery):
        return
    for reference in case.world.references_to(case.event.sub):
        merged = case.battery_of(reference.subject)
        if merged and (merged.stage, merged.facts.into) == (words.MERGED, case.event.sub):
            case.refuse(
                "ILLEGAL_TRANSITION",
                expected=f"the identity.linked of {reference.subject} voided first",
                got=f"the beginning of the chain in which {reference.subject} goes on",
                where="/data/event",
            )


def _check_batch_open(case: Case, past: Past) -> None:
    """What a closed batch bound stays bound."""
    state = case.state
    batch = ""
    if past.type == "battery.recycled" and isinstance(state, Battery):
        batch = state.facts.batch
    elif past.type == "lot.charged" and isinstance(state, Lot):
        batch = state.charges[-1].batch
    chain = case.world.chain(batch) if batch else None
    if chain and isinstance(chain.state, Batch) and chain.state.closed:
        case.refuse("BATCH_CLOSED", expected="a batch that is open", got=batch, where="/data/event")


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
    if subject and past.type == "battery.recycled" and "mass" in case.event.data["set"]:
        _remark_closed_batch(case, subject.text)


def _remark_closed_batch(case: Case, subject: str) -> None:
    """A mass that is corrected after its batch was closed changes nothing there; both are told."""
    battery = case.battery_of(subject)
    if battery is None or battery.stage != words.RECYCLED:
        return
    chain = case.world.chain(battery.facts.batch)
    if chain and isinstance(chain.state, Batch) and chain.state.closed:
        case.remark(
            "CORRECTED_AFTER_CLOSE",
            f"{battery.facts.batch} was closed with {battery.facts.charged_g} g; "
            f"corrected to {case.event.data['set']['mass']['g']} g",
        )


def _stands(past: Past | None, event: str) -> bool:
    """Whether the event is among those that are not voided."""
    while past:
        if past.event == event:
            return True
        past = past.earlier
    return False
