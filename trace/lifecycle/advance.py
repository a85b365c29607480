"""What an event makes of the state of its own subject. It judges nothing: `judge` has done so.

The new state follows from the old one, the event and the log's clock alone, so that a chain can be folded
again without the rest of the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from ...signing.keys import PublicKey, parse_public_jwk
from ..statement import Event
from ..times import parse_time
from . import words
from .state import NO_BATTERY, Batch, Battery, Grant, Key, Keys, Log, Notes, Offer, Org, Past, State, Vehicle
from .table import ROWS


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
    if event.type.endswith(".voided"):
        return past.before if past else None
    match ROWS[event.type].chain:
        case "battery":
            return _battery(event, cast(Battery, state) if state else NO_BATTERY)
        case "vehicle":
            return _vehicle(event, cast(Vehicle, state) if state else Vehicle())
        case "batch":
            return Batch(owner=event.iss, closed=event.type == "batch.closed")
        case "org":
            return _org(event, recorded_at, cast(Org, state))
        case "keys":
            return _keys(event, cast(Keys, state) if state else Keys())
        case "log":
            return _log(event)
        case _:
            return Notes(count=(cast(Notes, state).count if state else 0) + 1)


def advance_past(event: Event, recorded_at: datetime, state: State | None, past: Past | None) -> Past | None:
    """The events that are not voided, after this one; ``state`` is the state before it."""
    if event.type.endswith(".voided"):
        return past.earlier if past else None
    return Past(event.id, event.type, event.iss, recorded_at, state, past)


def _battery(event: Event, before: Battery) -> Battery:
    """Where stage, custody and the facts of a battery go, by the columns of its row."""
    row = ROWS[event.type]
    data = event.data
    capacity = data.get("capacity", before.capacity) if row.acts_as else before.capacity
    stage = before.stage
    if row.stage == "waste":
        stage = words.waste_stage(capacity)
    elif row.stage == "waste_or_same":
        stage = words.waste_stage(capacity) if before.stage in (*words.WASTE, words.LOST) else before.stage
    elif row.stage == "intake":
        in_use = before.stage in words.IN_USE and capacity in (words.DEALER, words.REPAIRER)
        stage = before.stage if in_use else words.waste_stage(capacity)
    elif row.stage == "declared":
        stage = words.waste_stage(capacity) if data["stage"] == "waste" else data["stage"]
    elif row.stage == "parent":
        stage = words.waste_stage(capacity)
    elif row.stage != "same":
        stage = row.stage

    custodian = before.custodian
    if row.custody in ("signer", "consignee") or (row.custody == "declared" and data["holder"] == "signer"):
        custodian = event.iss
    elif row.custody in ("nobody", "declared"):
        custodian = words.NOBODY
    elif row.custody == "none":
        custodian = words.NONE
    if custodian == words.NOBODY:  # Of an ended battery the last capacity stays: its children go on in it.
        capacity = ""

    offer = before.offer if row.offer == "stays" else None
    vehicle, packs, parent = before.vehicle, before.packs, before.parent
    maker, declared_by, components = before.maker, before.declared_by, before.components
    conflicts_with = before.conflicts_with
    batch, charged_g = before.batch, before.charged_g
    match event.type:
        case "battery.manufactured":
            capacity = words.BATTERY_MAKER
            maker, components = event.iss, tuple(data.get("components", ()))
        case "battery.registered":
            declared_by, conflicts_with = event.iss, data.get("conflicts_with", "")
        case "battery.installed":
            vehicle, packs = data["vehicle"], data["of"]
        case "battery.removed":
            vehicle, packs = "", 0
        case "battery.extracted":
            parent = data["parent"]
        case "battery.recycled":
            batch, charged_g = data["batch"], data["mass"]["g"]
        case "handover.offered":
            offer = Offer(event.id, data["consignee"], data["capacity"], parse_time(data["expires_at"]))
    return Battery(
        stage=stage,
        custodian=custodian,
        capacity=capacity,
        offer=offer,
        vehicle=vehicle,
        packs=packs,
        parent=parent,
        maker=maker,
        declared_by=declared_by,
        conflicts_with=conflicts_with,
        label=data.get("label", before.label),
        condition=data.get("condition", before.condition),
        batch=batch,
        charged_g=charged_g,
        components=components,
    )


def _vehicle(event: Event, before: Vehicle) -> Vehicle:
    battery = event.data["battery"]
    if event.type == "vehicle.taken_out":
        left = tuple(other for other in before.batteries if other != battery)
        return replace(before, batteries=left, last_by=event.iss)
    return Vehicle(
        packs=event.data["packs"],
        swap_model=event.data["swap_model"],
        batteries=tuple(dict.fromkeys((*before.batteries, battery))),
        last_by=event.iss,
    )


def _org(event: Event, recorded_at: datetime, before: Org) -> Org:
    data = event.data
    match event.type:
        case "org.suspended":
            return replace(before, suspended=True)
        case "org.reinstated":
            return replace(before, suspended=False)
        case "org.key_revoked":
            return replace(before, revoked=(*before.revoked, data["kid"]))
        case "org.changed":
            return replace(before, **_particulars(data))
        case _:
            admin = Key(parse_public_jwk(data["admin"]["jwk"]), event.sub, "admin")
            given = {"vendor_codes": (), "sites": (), **_particulars(data)}
            return Org(admin=admin, enrolled_at=recorded_at, **given)


def _particulars(data: Mapping[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if "name" in data:
        given["name_zh"] = data["name"].get("zh", "")
        given["name_en"] = data["name"].get("en", "")
    if "region" in data:
        given["region"] = data["region"]
    if "roles" in data:
        given["roles"] = tuple(
            Grant(
                role["role"],
                tuple(role["licence"]["scope"]) if "licence" in role else (),
                _optional_time(role.get("from"), "/data/roles"),
                _optional_time(role.get("until"), "/data/roles"),
            )
            for role in data["roles"]
        )
    if "vendor_codes" in data:
        given["vendor_codes"] = tuple(data["vendor_codes"])
    if "sites" in data:
        given["sites"] = tuple(site["site"] for site in data["sites"])
    return given


def _keys(event: Event, before: Keys) -> Keys:
    data = event.data
    if event.type == "key.revoked":
        return replace(before, revoked=(*before.revoked, data["kid"]))
    key = Key(
        public=parse_public_jwk(data["jwk"]),
        org="org:" + event.sub.removeprefix("keys:"),
        use=data["use"],
        valid_from=_optional_time(data.get("from"), "/data/from"),
        until=_optional_time(data.get("until"), "/data/until"),
        types=tuple(data.get("types", ())),
        name=data.get("name", ""),
    )
    return replace(before, keys=(*before.keys, key))


def _log(event: Event) -> Log:
    data = event.data
    return Log(
        purpose=data["purpose"],
        registrars=tuple(
            Key(public, registrar["org"], "registrar") for registrar, public in registrar_keys(data)
        ),
        threshold=data["threshold"],
        log_keys=tuple(data["log_keys"]),
        rules=(data["rules"]["name"], data["rules"]["sha256"]),
    )


def registrar_keys(data: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], PublicKey]]:
    """The registrars that ``log.opened`` names, each with its key."""
    return [(registrar, parse_public_jwk(registrar["jwk"])) for registrar in data["registrars"]]


def _optional_time(text: str | None, where: str) -> datetime | None:
    return None if text is None else parse_time(text, where)
