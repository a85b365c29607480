"""`packtrace show`: the history of a subject as the log tells it, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import click

from ...signing.keys import parse_public_jwk
from ..errors import RefusedError
from ..history import Told, history_object, read_chain
from ..lifecycle.custody import holder_of
from ..lifecycle.state import (
    Batch,
    Battery,
    Consignment,
    Facts,
    Log,
    Lot,
    Model,
    Notes,
    Offer,
    Org,
    State,
    Vehicle,
)
from ..lifecycle.table import row_of
from ..lifecycle.words import NOBODY, NONE, PARENT
from ..lifecycle.world import World
from ..times import format_log_time, format_time
from ..verify.report import plain_text
from .ledger_access import read_ledger
from .place import Place, place_options
from .subject_input import parse_subject_input

MAX_SHOWN: Final = 100
"""Characters of a text; the JSON has the whole."""


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
        chain = list(read_chain(ledger.entries_of(subject)))
        if not chain:
            raise SubjectUnknownError(
                f"subject: expected one that is in the log of {ledger.origin}, got {subject}"
            )
        on_notes = [] if subject.startswith("notes:") else ledger.entries_of(f"notes:{subject}")
        notes = list(read_chain(on_notes))
        world = ledger.world()
        if as_json:
            click.echo(json.dumps(history_object(subject, chain, notes, world), ensure_ascii=False, indent=2))
        else:
            click.echo("\n".join(as_text(subject, chain, notes, world)))


def format_subject_now(subject: str, state: State | None, world: World) -> list[str]:
    """Where a subject stands, in a few lines."""
    return [subject, *_where_it_stands(subject, state, world), *_what_notes_say(subject, world)]


def _where_it_stands(subject: str, state: State | None, world: World) -> list[str]:
    lines: list[str] = []
    match state:
        case Battery():
            lines.append(f"  stage      {state.stage}, {_held(state, world)}")
            lines += _offer(state.offer, world)
            lines += [f"  {word:<10} {told}" for word, told in _facts(state.facts)]
        case Lot():
            lines.append(f"  stage      {state.stage}, {_held(state, world)}")
            lines.append(f"  material   {format_mass(state.g)} {state.kind} {state.chemistry}".rstrip())
            lines += _offer(state.offer, world)
            if state.source:
                lines.append(f"  from       {state.source} {state.line}".rstrip())
            lines += [f"  charged    {format_mass(each.g)} into {each.batch}" for each in state.charges]
        case Vehicle():
            lines.append(f"  batteries  {', '.join(state.batteries) or 'none'}, of {state.packs}")
            if state.swap_model:
                lines.append("  swap model its packs belong to a pool")
            if state.scrapped:
                lines.append("  scrapped   yes")
        case Model():
            lines.append(f"  model of   {name_of(state.owner, world)}")
            energy = f", {state.energy_wh:,} Wh" if state.energy_wh else ""
            lines.append(f"  each       {state.chemistry}, {format_mass(state.mass_g)}{energy}")
        case Consignment():
            way = f"{name_of(state.consignor, world)} to {name_of(state.consignee, world)}"
            lines.append(f"  travels    from {way}, {'arrived' if state.arrived else 'on its way'}")
        case Batch():
            lines.append(
                f"  batch of   {name_of(state.owner, world)}, {'closed' if state.closed else 'open'}"
            )
            lines += [f"  output     {format_mass(each.g)} {each.kind}" for each in state.outputs]
        case Notes():
            lines.append(f"  remarks    {state.count}")
            lines += _notes(state, world)
        case Log():
            lines.append(f"  log        {state.purpose}{', sealed' if state.sealed else ''}")
        case Org():
            lines.append(f"  name       {name_of(subject, world)}{', suspended' if state.suspended else ''}")
        case None:
            lines.append("  its events are void")
        case _:
            pass
    return lines


def _held(state: Battery | Lot, world: World) -> str:
    """By whom; what is inside another is held by whoever holds that one."""
    if isinstance(state, Battery) and state.custodian == PARENT:
        return f"{_holder(holder_of(world, state), '', world)} with {state.facts.parent}"
    return _holder(state.custodian, state.capacity, world)


def _offer(offer: Offer | None, world: World) -> Iterator[str]:
    if offer:
        who = f"{name_of(offer.consignee, world)} as {offer.capacity}"
        yield f"  offered    to {who}, until {format_time(offer.expires_at)}"
        if offer.consignment:
            yield f"  with       {offer.consignment}"


def _facts(facts: Facts) -> Iterator[tuple[str, str]]:
    """What is worth telling of a battery beside stage and custodian, each with its word."""
    told = (
        ("condition", facts.condition),
        ("damaged", "by an incident that no inspection has cleared" if facts.damaged else ""),
        ("status", facts.status),
        ("use", facts.use),
        ("model", facts.model),
        ("site", facts.site),
        ("vehicle", facts.vehicle),
        ("parent", facts.parent),
        ("batch", facts.batch),
        ("into", facts.into),
        ("before", facts.before),
        ("same code", facts.conflicts_with),
    )
    yield from ((word, text) for word, text in told if text)
    parts = {*facts.parts}
    yield from (("component", each) for each in facts.components if each not in parts)
    yield from (("part", each) for each in facts.parts)
    if facts.components_root:
        yield "components", f"{facts.components_count} listed elsewhere, root {facts.components_root}"


def _what_notes_say(subject: str, world: World) -> list[str]:
    """What others remarked, as far as it bears on what may happen next."""
    chain = world.chain(f"notes:{subject}")
    return list(_notes(chain.state, world)) if chain and isinstance(chain.state, Notes) else []


def _notes(notes: Notes, world: World) -> Iterator[str]:
    for hold in notes.holds:
        yield f"  held by    {name_of(hold.authority, world)}, hold {hold.event}"
    if notes.contested:
        yield f"  contested  by its maker, in {notes.contested}"
    for one in notes.corrections:
        yield f"  corrected  {format_mass(one.g)} for event {one.event}"
    for agreed in notes.agreements:
        yield f"  agreed     {name_of(agreed.party, world)} that event {agreed.voids} is undone"


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
    event, row = told.event, row_of(told.event.type, told.event.sub)
    yield f"{event.seq:>4}  {event.type}  {row.zh} {row.en}"
    yield f"      claimed {format_time(event.occurred_at)}, recorded {format_log_time(told.recorded_at)}"
    yield f"      by {name_of(event.iss, world)}, {event.iss}"
    for name, value in event.data.items():
        text = _value(name, value, world)
        if text:
            yield f"      {name}: {text}"
    if isinstance(told.after, Battery | Lot):
        yield f"      then {told.after.stage}, {_held(told.after, world)}"
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
    return f"held by {name_of(custodian, world)}{f' as {capacity}' if capacity else ''}"
