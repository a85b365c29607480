"""Where a lot goes, and what remains of it."""

from __future__ import annotations

from msgspec.structs import replace

from ...statement import Event
from .. import words
from ..state import Charge, Lot
from ..table.row import Row
from .batteries import offer_of


def fold_lot(event: Event, row: Row, before: Lot) -> Lot:
    """The lot after an event that the rules allow."""
    data = event.data
    offer = before.offer if row.offer == "stays" else None
    match event.type:
        case "lot.made":
            source, line = source_of(event)
            return Lot(
                words.HELD, event.iss, data["capacity"], None, data["kind"], data.get("chemistry", ""),
                data["mass"]["g"], source, line, (), data.get("site", ""),
            )  # fmt: skip
        case "handover.offered":
            return replace(before, offer=offer_of(event))
        case "handover.accepted":
            return replace(
                before, custodian=event.iss, capacity=data["capacity"], offer=None, site=data.get("site", "")
            )
        case "custody.assigned":
            return replace(
                before,
                stage=words.HELD,
                custodian=data["party"],
                capacity=data["capacity"],
                offer=None,
                site="",
            )
        case "lot.rebooked":
            return replace(before, capacity=data["capacity"])
        case "lot.charged":
            charges = (*before.charges, Charge(event.id, data["batch"], data["mass"]["g"]))
            left = before.g - data["mass"]["g"]
            if left:
                return replace(before, g=left, charges=charges)
            return replace(before, g=0, charges=charges, stage=words.CHARGED, custodian=words.NONE)
        case "lot.lost":
            return replace(before, stage=words.LOST, custodian=words.NOBODY, capacity="", offer=None, site="")
        case _ if row.custody == "none":
            return replace(before, stage=row.stage, custodian=words.NONE, offer=None)
        case _:
            return replace(before, offer=offer)


def source_of(event: Event) -> tuple[str, str]:
    """What a ``lot.made`` cites: an event and its line, a batch and its output, or lots that go into it."""
    data = event.data
    if "dismantled" in data:
        return data["dismantled"], str(data["line"])
    if "batch" in data:
        return data["batch"], data["kind"]
    return data.get("split", ""), ""
