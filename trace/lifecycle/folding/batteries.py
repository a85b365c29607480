"""Where stage, custody and the facts of a battery go, by the columns of its row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from sys import intern
from typing import Any, Final

from msgspec.structs import replace

from ...statement import Event
from ...times import parse_time
from .. import words
from ..state import Battery, Facts, Offer, Residue
from ..table.row import Row


def fold_battery(event: Event, row: Row, before: Battery) -> Battery:
    """The battery after an event that the rules allow."""
    data = event.data
    acts = intern(data.get("capacity", before.capacity)) if row.acts_as else before.capacity
    stage = _stage(row, data, before, acts)
    custodian, capacity = before.custodian, acts
    match row.custody:
        case "same" if row.stage == "same":
            capacity = before.capacity  # Whoever repairs as something else holds it as before.
        case "same":
            pass
        case "signer":
            custodian = event.iss
            capacity = _capacity_of_signer(event.type, before, acts)
        case "consignee":
            custodian = event.iss
        case "parent":
            custodian, capacity = words.PARENT, ""
        case "none":
            custodian = words.NONE  # The last capacity stays: its children go on in it.
        case "nobody":
            custodian, capacity = words.NOBODY, ""
        case "named":
            custodian, capacity = data["party"], data["capacity"]
        case "declared":
            custodian = event.iss if data["holder"] == "signer" else words.NOBODY
            capacity = acts if data["holder"] == "signer" else ""
    offer = before.offer if row.offer == "stays" else None
    if event.type == "handover.offered":
        offer = offer_of(event)
    change = _CHANGES.get(event.type)
    facts = change(before.facts, event, before) if change else before.facts
    condition = data.get("condition")
    if condition is not None and condition != facts.condition:
        facts = replace(facts, condition=intern(condition))
    if custodian != before.custodian and facts.site != data.get("site", ""):
        facts = replace(facts, site=intern(data.get("site", "")))  # Who held it before knew where it was.
    return Battery(stage, custodian, capacity, offer, facts)


def offer_of(event: Event) -> Offer:
    """The offer that a ``handover.offered`` makes."""
    data = event.data
    return Offer(
        event.id,
        intern(data["consignee"]),
        intern(data["capacity"]),
        parse_time(data["expires_at"], "/data/expires_at"),
        data.get("consignment", ""),
    )


def stage_assigned(stage: str, capacity: str) -> str:
    """The stage of what comes into a capacity by handover or assignment: what is in use stays."""
    return words.waste_stage(capacity) if stage in (*words.WASTE, words.LOST) else stage


def _stage(row: Row, data: Mapping[str, Any], before: Battery, capacity: str) -> str:
    match row.stage:
        case "same":
            return before.stage
        case "waste" | "parent":
            return words.waste_stage(capacity)
        case "waste_or_same":
            return stage_assigned(before.stage, data["capacity"])
        case "intake":
            stays = before.stage in words.IN_USE and capacity in (words.DEALER, words.REPAIRER)
            return before.stage if stays else words.waste_stage(capacity)
        case "declared":
            return words.waste_stage(capacity) if data["stage"] == "waste" else str(data["stage"])
        case "restored":
            return before.facts.before
        case "returned":
            left_as_waste = before.facts.before in words.WASTE
            return words.waste_stage(capacity) if left_as_waste else str(data["stage"])
        case stage:
            return stage


def _capacity_of_signer(kind: str, before: Battery, acts: str) -> str:
    """The capacity in which the signer holds what it has made, found or taken out."""
    match kind:
        case "battery.manufactured":
            return words.BATTERY_MAKER
        case "battery.repurposed":
            return words.REPURPOSER
        case "battery.found":
            return before.facts.before_capacity
        case _:
            return acts


def _manufactured(facts: Facts, event: Event, before: Battery) -> Facts:
    data = event.data
    fitted = tuple(data.get("put_in", ()))
    listed = data.get("components_list", {})
    return replace(
        facts,
        maker=event.iss,
        model=intern(data.get("model", "")),
        label=data["label"],
        components=tuple(dict.fromkeys((*data.get("components", ()), *fitted))),
        components_root=listed.get("root", ""),
        components_count=listed.get("count", 0),
        parts=fitted,
    )


def _repurposed(facts: Facts, event: Event, before: Battery) -> Facts:
    made = _manufactured(facts, event, before)
    return replace(made, use=event.data["intended_use"], status=words.REPURPOSED)


def _registered(facts: Facts, event: Event, before: Battery) -> Facts:
    data = event.data
    return replace(
        facts,
        declared_by=event.iss,
        conflicts_with=data.get("conflicts_with", ""),
        label=data.get("label", ""),
        damaged=data.get("condition") in words.UNSAFE,
    )


def _repaired(facts: Facts, event: Event, before: Battery) -> Facts:
    put_in, took_out = event.data.get("put_in", ()), event.data.get("took_out", ())
    if not put_in and not took_out:
        return facts
    components = (part for part in facts.components if part not in took_out)
    parts = (part for part in facts.parts if part not in took_out)
    return replace(
        facts,
        components=tuple(dict.fromkeys((*components, *put_in))),
        parts=tuple(dict.fromkeys((*parts, *put_in))),
    )


def _dismantled(facts: Facts, event: Event, before: Battery) -> Facts:
    residues = (Residue(each["line"], intern(each["kind"]), each["g"]) for each in event.data["residues"])
    return replace(facts, residues=tuple(residues))


def _extracted(facts: Facts, event: Event, before: Battery) -> Facts:
    return replace(facts, parent=event.data["parent"], label=event.data.get("label", facts.label))


def _gone(facts: Facts, event: Event, before: Battery) -> Facts:
    """Lost or exported: what it was before is kept for its return."""
    lost_by = event.iss if event.type == "battery.lost" else ""
    return replace(facts, before=before.stage, before_capacity=before.capacity, lost_by=lost_by)


def _back(facts: Facts, event: Event, before: Battery) -> Facts:
    """Found, taken in or returned: what it was before is no longer of interest."""
    if not (facts.before or facts.lost_by):
        return facts
    return replace(facts, before="", before_capacity="", lost_by="")


def _charged(facts: Facts, event: Event, before: Battery) -> Facts:
    return replace(facts, batch=intern(event.data["batch"]), charged_g=event.data["mass"]["g"])


def _inspected(facts: Facts, event: Event, before: Battery) -> Facts:
    return replace(facts, damaged=False) if facts.damaged and event.data.get("clears_damage") else facts


_CHANGES: Final[dict[str, Callable[[Facts, Event, Battery], Facts]]] = {
    "battery.manufactured": _manufactured,
    "battery.repurposed": _repurposed,
    "battery.registered": _registered,
    "identity.linked": lambda facts, event, _: replace(facts, into=event.data["battery"]),
    "battery.taken_in": _back,
    "battery.found": _back,
    "battery.returned": lambda facts, event, before: replace(  # in which vehicle, nobody has said
        _back(facts, event, before), vehicle="", packs=0
    ),
    "custody.assigned": _back,
    "battery.installed": lambda facts, event, _: replace(
        facts, vehicle=intern(event.data["vehicle"]), packs=event.data["of"]
    ),
    "battery.removed": lambda facts, event, _: replace(facts, vehicle="", packs=0),
    "battery.repaired": _repaired,
    "battery.fitted": lambda facts, event, _: replace(facts, parent=event.data["parent"]),
    "battery.taken_out": lambda facts, event, _: replace(facts, parent=""),
    "battery.inspected": _inspected,
    "battery.moved": lambda facts, event, _: replace(facts, site=intern(event.data["site"])),
    "label.reissued": lambda facts, event, _: replace(facts, label=event.data["label"]),
    "battery.incident": lambda facts, event, _: replace(facts, damaged=True),
    "battery.requalified": lambda facts, event, _: replace(facts, status=event.data["operation"]),
    "battery.dismantled": _dismantled,
    "battery.extracted": _extracted,
    "battery.used_in": lambda facts, event, _: replace(facts, into=event.data["product"]),
    "battery.recycled": _charged,
    "battery.exported": _gone,
    "battery.lost": _gone,
}
"""What changes beside stage, custody and offer."""
