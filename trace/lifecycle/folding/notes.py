"""What stands in the notes on a subject."""

from __future__ import annotations

from msgspec.structs import replace

from ...statement import Event
from ..state import Agreement, Correction, Hold, Notes


def fold_notes(event: Event, before: Notes) -> Notes:
    """The notes after one more."""
    data, notes = event.data, replace(before, count=before.count + 1)
    match event.type:
        case "hold.placed":
            return replace(notes, holds=(*before.holds, Hold(event.id, event.iss)))
        case "hold.lifted":
            return replace(notes, holds=tuple(hold for hold in before.holds if hold.event != data["hold"]))
        case "origin.contested":
            return replace(notes, contested=event.id)
        case "origin.confirmed":
            return replace(notes, contested="")
        case "note.agreed" if data["to"] == "void":
            agreed = Agreement(event.id, data["event"], event.iss)
            return replace(notes, agreements=(*before.agreements, agreed))
        case "note.corrected" if "mass" in data["set"]:
            others = (each for each in before.corrections if each.event != data["event"])
            corrected = Correction(data["event"], data["set"]["mass"]["g"])
            return replace(notes, corrections=(*others, corrected))
        case _:
            return notes
