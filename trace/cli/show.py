"""`packtrace show`: the history of a subject as the log tells it, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import click

from ...signing.keys import parse_public_jwk
from ..errors import RefusedError
from ..ledger.ledger import Ledger
from ..lifecycle.folding import advance, advance_past
from ..lifecycle.state import Batch, Battery, Org, Past, State, Vehicle
from ..lifecycle.table import ROWS
from ..lifecycle.words import NOBODY, NONE
from ..lifecycle.world import World
from ..statement import Event, parse_entry, parse_event_jws, read_event
from ..times import format_log_time, format_time
from ..verify.report import plain_text
from .ledger_access import read_ledger
from .place import Place, place_options
from .subject_input import parse_subject_input

MAX_SHOWN: Final = 100
"""Characters of a text; the JSON has the whole."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a chain with its place in the log and the state after it."""

    event: Event
    leaf_index: int
    recorded_at: datetime
    after: State | None


class SubjectUnknownError(RefusedError):
    """The log says nothing of the subject."""

    code = "REFERENCE_ABSENT"


@click.command()
@click.argument("code", metavar="CODE")
@click.option("--json", "as_json", is_flag=True, help="One object.")
@place_options
@click.pass_obj
def show(place: Place, code: str, as_json: bool) -> None:
    """Tell the history of a battery by its CODE as scanned, or of any other subject.

    This is what the log in the home says; `packtrace verify` says whether to believe it.
    """
    subject = parse_subject_input(code)
    with read_ledger(place) as ledger:
        chain = list(read_chain(ledger, subject))
        if not chain:
            raise SubjectUnknownError(
                f"subject: expected one that is in the log of {ledger.origin}, got {subject}"
            )
        notes = [] if subject.startswith("notes:") else list(read_chain(ledger, f"notes:{subject}"))
        world = ledger.world()
        if as_json:
            click.echo(json.dumps(_as_object(subject, chain, notes, world), ensure_ascii=False, indent=2))
        else:
            click.echo("\n".join(as_text(subject, chain, notes, world)))


def read_chain(ledger: Ledger, subject: str) -> Iterator[Told]:
    """The events of a chain in order, each with the state after it."""
    state: State | None = None
    past: Past | None = None
    for leaf_index, entry in ledger.entries_of(subject):
        text, recorded_at = parse_entry(entry)
        event = read_event(parse_event_jws(text))
        before, state = state, advance(event, recorded_at, state, past)
        past = advance_past(event, recorded_at, before, past)
        yield Told(event, leaf_index, recorded_at, state)


def format_subject_now(subject: str, state: State | None, world: World) -> list[str]:
    """Where a subject stands, in a few lines."""
    lines = [subject]
    match state:
        case Battery():
            held = _holder(state.custodian, state.capacity, world)
            lines.append(f"  stage      {state.stage}, {held}")
            if state.facts.condition:
                lines.append(f"  condition  {state.facts.condition}")
            if state.offer:
                until = format_time(state.offer.expires_at)
                who = f"{name_of(state.offer.consignee, world)} as {state.offer.capacity}"
                lines.append(f"  offered    to {who}, until {until}")
            for word, other in (
                ("vehicle", state.facts.vehicle),
                ("parent", state.facts.parent),
                ("batch", state.facts.batch),
            ):
                if other:
                    lines.append(f"  {word:<10} {other}")
            lines += [f"  component  {other}" for other in state.facts.components]
        case Vehicle():
            lines.append(f"  batteries  {', '.join(state.batteries) or 'none'}, of {state.packs}")
        case Batch():
            lines.append(
                f"  batch of   {name_of(state.owner, world)}, {'closed' if state.closed else 'open'}"
            )
        case Org():
            lines.append(f"  name       {name_of(subject, world)}{', suspended' if state.suspended else ''}")
        case None:
            lines.append("  its events are void")
        case _:
            pass
    return lines


def name_of(org: str, world: World) -> str:
    """An organisation by its names, or by its id where it has none here."""
    chain = world.chain(org)
    if chain is None or not isinstance(chain.state, Org):
        return org
    return " ".join(filter(None, (chain.state.name_zh, chain.state.name_en)))


def as_text(subject: str, chain: list[Told], notes: list[Told], world: World) -> Iterator[str]:
    """The history of a subject for people: where it stands, then event by event.

    A text of a party may hold a line feed; it is written out, or its writer could add lines to the history.
    """
    lines = [*format_subject_now(subject, chain[-1].after, world), ""]
    for told in chain:
        lines += _event_lines(told, world)
    if notes:
        lines += ["", "notes"]
        for told in notes:
            lines += _event_lines(told, world)
    yield from map(plain_text, lines)


def _event_lines(told: Told, world: World) -> Iterator[str]:
    event, row = told.event, ROWS[told.event.type]
    yield f"{event.seq:>4}  {event.type}  {row.zh} {row.en}"
    yield f"      claimed {format_time(event.occurred_at)}, recorded {format_log_time(told.recorded_at)}"
    yield f"      by {name_of(event.iss, world)}, {event.iss}"
    for name, value in event.data.items():
        text = _value(name, value, world)
        if text:
            yield f"      {name}: {text}"
    if isinstance(told.after, Battery):
        yield f"      then {told.after.stage}, {_holder(told.after.custodian, told.after.capacity, world)}"
    yield f"      leaf {told.leaf_index}, event {event.id}"


def _value(name: str, value: Any, world: World) -> str:
    """A member of a statement in words; nothing for what only machines read."""
    match value:
        case {"g": int(), "basis": str()}:
            scale = f", scale of {format_mass(value['scale_g'])}" if "scale_g" in value else ""
            return f"{format_mass(value['g'])} {value['basis']}{scale}"
        case {"g": int(), **rest}:
            return " ".join([*(str(item) for item in rest.values()), format_mass(value["g"])])
        case [{"...": str()}]:
            return "withheld"
        case {"jwk": dict(jwk)}:
            return _value("jwk", jwk, world)
        case dict() if name == "jwk":
            return f"key {parse_public_jwk(value).kid}"
        case dict():
            return ", ".join(f"{key} {_value(key, item, world)}" for key, item in value.items())
        case list():
            return "; ".join(_value(name, item, world) for item in value) or "none"
        case bool():
            return "yes" if value else "no"
        case str() if name == "possession":
            return ""
        case str() if value.startswith("org:"):
            return name_of(value, world)
        case int() if name == "g":
            return format_mass(value)
        case _:
            text = str(value)
            return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def format_mass(grams: int) -> str:
    """A mass in kilograms, exact to the gram."""
    kilograms, rest = divmod(grams, 1_000)
    return f"{kilograms:,}.{rest:03d}".rstrip("0").rstrip(".") + " kg"


def _holder(custodian: str, capacity: str, world: World) -> str:
    if custodian == NOBODY:
        return "held by nobody who is enrolled"
    if custodian == NONE:
        return "ended"
    return f"held by {name_of(custodian, world)} as {capacity}"


def _as_object(subject: str, chain: list[Told], notes: list[Told], world: World) -> Mapping[str, Any]:
    state = chain[-1].after
    now: dict[str, Any] = {}
    if isinstance(state, Battery):
        now = {
            "stage": state.stage,
            "custodian": state.custodian,
            "capacity": state.capacity,
            "condition": state.facts.condition,
            "vehicle": state.facts.vehicle,
            "parent": state.facts.parent,
            "batch": state.facts.batch,
            "components": list(state.facts.components),
        }
    return {
        "subject": subject,
        "origin": world.origin,
        "seq": chain[-1].event.seq,
        "head": chain[-1].event.id,
        **now,
        "events": [_event_object(told) for told in chain],
        "notes": [_event_object(told) for told in notes],
    }


def _event_object(told: Told) -> dict[str, Any]:
    event = told.event
    after = told.after if isinstance(told.after, Battery) else None
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
