"""What becomes of models, vehicles, consignments and batches."""

from __future__ import annotations

from sys import intern

from msgspec.structs import replace

from ...statement import Event
from ..state import Batch, Consignment, Model, Output, Vehicle


def fold_vehicle(event: Event, before: Vehicle) -> Vehicle:
    """What is in the vehicle."""
    data = event.data
    if event.type == "vehicle.scrapped":
        return replace(before, scrapped=True, last_by=event.iss)
    battery = intern(data["battery"])
    if event.type == "vehicle.taken_out":
        left = tuple(other for other in before.batteries if other != battery)
        return replace(before, batteries=left, last_by=event.iss)
    return Vehicle(
        packs=data["packs"],
        swap_model=data["swap_model"],
        batteries=tuple(dict.fromkeys((*before.batteries, battery))),
        last_by=event.iss,
    )


def fold_model(event: Event, before: Model | None) -> Model:
    """What is true of the model; a member that is not given stays."""
    data = event.data
    known = before or Model(event.iss)
    return Model(
        known.owner,
        data.get("chemistry", known.chemistry),
        data.get("mass_g", known.mass_g),
        data.get("energy_wh", known.energy_wh),
    )


def fold_consignment(event: Event, before: Consignment | None) -> Consignment:
    """Who sends what travels, to whom, and whether it is there."""
    if before is None:
        return Consignment(event.iss, event.data["consignee"])
    return replace(before, arrived=True)


def fold_batch(event: Event, before: Batch | None) -> Batch:
    """Whose batch it is, and what came out once it is closed."""
    data = event.data
    if before is None:
        return Batch(event.iss, site=data.get("site", ""))
    outputs: dict[str, int] = {}
    for each in data["outputs"]:
        outputs[each["kind"]] = outputs.get(each["kind"], 0) + each["g"]
    return replace(before, closed=True, outputs=tuple(Output(kind, g) for kind, g in outputs.items()))
