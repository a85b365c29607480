"""What an event makes of the state of its own subject. It judges nothing: `judge` has done so.

The new state follows from the old one, the event and the log's clock alone, so that a chain can be folded
again without the rest of the log.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from ...statement import Event
from ..state import (
    NO_BATTERY,
    NO_LOT,
    Batch,
    Battery,
    Consignment,
    Keys,
    Log,
    Lot,
    Model,
    Notes,
    Org,
    Past,
    State,
    Vehicle,
)
from ..table import Row, row_of
from .batteries import fold_battery
from .lots import fold_lot
from .notes import fold_notes
from .registry import fold_keys, fold_log, fold_org
from .things import fold_batch, fold_consignment, fold_model, fold_vehicle

__all__ = ["advance", "advance_past", "fold"]


def advance(event: Event, recorded_at: datetime, state: State | None, past: Past | None) -> State | None:
    """The state of the subject after the event.

    Args:
        event: An event whose type the table knows.
        recorded_at: The log's clock at its leaf.
        state: The state before it; None where the chain is absent.
        past: The events before it that are not voided; only a void looks at them.

    Returns:
        The new state; None where the voided event began a chain that has no state without it.
    """
    return fold(event, row_of(event.type, event.sub), recorded_at, state, past)


def fold(
    event: Event, row: Row, recorded_at: datetime, state: State | None, past: Past | None
) -> State | None:
    """As `advance`, for whoever has the event's row at hand."""
    if row.chain == "battery" and row.stage != "before":  # nearly every event
        return fold_battery(event, row, cast(Battery, state) if state else NO_BATTERY)
    if event.type.endswith(".voided"):
        return past.before if past else None
    match row.chain:
        case "vehicle":
            return fold_vehicle(event, cast(Vehicle, state) if state else Vehicle())
        case "lot":
            return fold_lot(event, row, cast(Lot, state) if state else NO_LOT)
        case "notes":
            return fold_notes(event, cast(Notes, state) if state else Notes())
        case "consignment":
            return fold_consignment(event, cast(Consignment | None, state))
        case "batch":
            return fold_batch(event, cast(Batch | None, state))
        case "model":
            return fold_model(event, cast(Model | None, state))
        case "org":
            return fold_org(event, recorded_at, cast(Org, state))
        case "keys":
            return fold_keys(event, cast(Keys, state) if state else Keys())
        case _:
            return fold_log(event, cast(Log | None, state))


def advance_past(event: Event, recorded_at: datetime, state: State | None, past: Past | None) -> Past | None:
    """The events that are not voided, after this one; ``state`` is the state before it."""
    if event.type.endswith(".voided"):
        return past.earlier if past else None
    return Past(event.id, event.type, event.iss, event.jws.kid, recorded_at, state, past)
