"""The history of a subject: its events in order, each with the state after it, and all of it for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .lifecycle.folding import advance, advance_past
from .lifecycle.state import (
    Batch,
    Battery,
    Consignment,
    Lot,
    Model,
    Notes,
    Past,
    State,
    Vehicle,
    eu_status,
)
from .lifecycle.world import World
from .statement import Event, parse_entry, parse_event_jws, read_event
from .times import format_log_time, format_time


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a chain with its place in the log and the state after it."""

    event: Event
    leaf_index: int
    recorded_at: datetime
    after: State | None


def read_chain(entries: Iterable[tuple[int, bytes]]) -> Iterator[Told]:
    """The events of a chain in order, each with the state after it.

    Args:
        entries: Leaf index and entry of each, from the chain's first on.
    """
    state: State | None = None
    past: Past | None = None
    for leaf_index, entry in entries:
        text, recorded_at = parse_entry(entry)
        event = read_event(parse_event_jws(text))
        before, state = state, advance(event, recorded_at, state, past)
        past = advance_past(event, recorded_at, before, past)
        yield Told(event, leaf_index, recorded_at, state)


def history_object(subject: str, chain: list[Told], notes: list[Told], world: World) -> Mapping[str, Any]:
    """Where a subject stands, and what was said on its chain and in its notes."""
    return {
        "subject": subject,
        "origin": world.origin,
        "seq": chain[-1].event.seq,
        "head": chain[-1].event.id,
        **state_object(chain[-1].after),
        **bearing_object(subject, world),
        "events": [event_object(told) for told in chain],
        "notes": [event_object(told) for told in notes],
    }


def state_object(state: State | None) -> dict[str, Any]:
    """Where the subject stands, for programs."""
    match state:
        case Battery(facts=facts):
            return {
                **_holding(state),
                "condition": facts.condition,
                "damaged": facts.damaged,
                "status": eu_status(state),
                "model": facts.model,
                "vehicle": facts.vehicle,
                "parent": facts.parent,
                "batch": facts.batch,
                "into": facts.into,
                "before": facts.before,
                "components": list(facts.components),
                "parts": list(facts.parts),
            }
        case Lot():
            charges = [{"event": each.event, "batch": each.batch, "g": each.g} for each in state.charges]
            return {**_holding(state), "kind": state.kind, "g": state.g, "charges": charges}
        case Vehicle():
            said = {"packs": state.packs, "swap_model": state.swap_model, "scrapped": state.scrapped}
            return said | {"batteries": list(state.batteries)}
        case Model():
            return {
                "owner": state.owner,
                "chemistry": state.chemistry,
                "mass_g": state.mass_g,
                "energy_wh": state.energy_wh,
            }
        case Consignment():
            return {
                "consignor": state.consignor,
                "consignee": state.consignee,
                "arrived": state.arrived,
            }
        case Batch():
            outputs = [{"kind": each.kind, "g": each.g} for each in state.outputs]
            return {"owner": state.owner, "closed": state.closed, "outputs": outputs}
        case _:
            return {}


def _holding(state: Battery | Lot) -> dict[str, Any]:
    return {"stage": state.stage, "custodian": state.custodian, "capacity": state.capacity}


def bearing_object(subject: str, world: World) -> dict[str, Any]:
    """The holds in force on the subject, and the event by which its maker contests its origin."""
    chain = world.chain(subject if subject.startswith("notes:") else f"notes:{subject}")
    notes = chain.state if chain and isinstance(chain.state, Notes) else Notes()
    holds = [{"event": hold.event, "authority": hold.authority} for hold in notes.holds]
    return {"holds": holds, "contested": notes.contested}


def event_object(told: Told) -> dict[str, Any]:
    """An event with its place, both times, and where its subject stood after it."""
    event = told.event
    after = told.after if isinstance(told.after, Battery | Lot) else None
    return {
        "seq": event.seq,
        "type": event.type,
        "id": event.id,
        "leaf_index": told.leaf_index,
        "iss": event.iss,
        "occurred_at": format_time(event.occurred_at),
        "recorded_at": format_log_time(told.recorded_at),
        "data": event.data,
    } | ({"stage": after.stage, "custodian": after.custodian} if after else {})
