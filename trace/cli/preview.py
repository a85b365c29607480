"""What the log would say to a statement that nobody has signed, or even filled in, yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ...signing.compact import format_compact
from ...signing.jws import EVENT, sign_jws
from ...signing.keys import PublicKey, generate_private_key
from ..errors import RefusedError
from ..lifecycle.judge import check_standing, judge
from ..lifecycle.keyring import key_use, log_state
from ..lifecycle.state import Key
from ..lifecycle.table import row_of
from ..lifecycle.world import World, keys_in
from ..rules.problems import Problem
from ..rules.shapes import ShapeError
from ..statement import Event, Moment, parse_event_jws, read_event
from ..template import PLACEHOLDER, find_placeholders
from .sign import withhold_members

Follower = tuple[str, str]
"""The type of a statement that must stand in the same group, and its subject."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of a statement as the log stands."""

    refusal: RefusedError | None  # None also where it can't be told before more is filled in
    followers: tuple[Follower, ...]


def shape_problems(world: World, statement: Mapping[str, Any]) -> tuple[Problem, ...]:
    """What the schema says against a statement, but for the places that are still to be filled in."""
    payload, _, shown = withhold_members(statement, world.rules)
    left = {pointer for pointer, _ in find_placeholders(statement)}
    try:
        world.rules.shapes.check(payload)
        world.rules.shapes.check_disclosed(payload, shown)
    except ShapeError as error:
        return tuple(problem for problem in error.problems if problem.pointer not in left)
    return ()


def preview(world: World, statement: Mapping[str, Any]) -> Preview:
    """Ask the log's own judge about a statement whose shape is right wherever it is filled in."""
    payload, _, _ = withhold_members(statement, world.rules)
    left = {pointer for pointer, _ in find_placeholders(statement)}
    followers = tuple(_followers(statement, world))
    throwaway = generate_private_key("Ed25519")  # for the form: whose key signs is not what is asked here
    event = read_event(parse_event_jws(sign_jws(format_compact(payload), throwaway, EVENT)))
    now = Moment(0, datetime.now(UTC))
    key = Key(_registered(event.iss, world) or throwaway.public, event.iss, _use(event, world))
    try:
        if _is_whole(world, payload):
            step = judge(event, now, key, world, None)
            followers = tuple((demand.type, demand.subject) for demand in step.demands)
        else:
            check_standing(event, now, key, world, None)
    except RefusedError as error:
        if error.where in left and error.finding_code != "NO_OPEN_OFFER":
            return Preview(None, followers)
        return Preview(error, followers)
    return Preview(None, followers)


def _is_whole(world: World, payload: dict[str, Any]) -> bool:
    """Whether a judge may read it: a free text that is still to be filled in does not matter to one."""
    try:
        world.rules.shapes.check(payload)
    except ShapeError:
        return False
    return True


def _registered(party: str, world: World) -> PublicKey | None:
    """Some key of a party, by which the registry is asked what it says of whoever signs."""
    for subject in (f"keys:{party.removeprefix('org:')}", party, f"log:{world.origin}"):
        chain = world.chain(subject)
        for key in keys_in(chain) if chain else ():
            if key.org == party:
                return key.public
    return None


def _use(event: Event, world: World) -> str:
    """What the key would be for with which this is signed."""
    uses = [key_use(by) for by in row_of(event.type, event.sub).by]
    is_registrar = event.iss in {key.org for key in log_state(world).registrars}
    return next((use for use in uses if use != "registrar" or is_registrar), "sign")


def _followers(statement: Mapping[str, Any], world: World) -> Iterator[Follower]:
    """The rest of the group, as far as the statement itself names it."""
    data = statement["data"]
    for follows, named in _named(statement["type"], data):
        for subject in named if isinstance(named, list) else [named]:
            if isinstance(subject, str) and not subject.startswith(PLACEHOLDER):
                chain = world.chain(subject)
                if follows != "battery.registered" or chain is None or chain.state is None:
                    yield follows, subject


def _named(kind: str, data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The types that follow, in their order, each with the subjects that the statement names for it."""
    match kind:
        case "battery.installed":
            yield "vehicle.fitted", data.get("vehicle")
        case "battery.removed":
            yield "vehicle.taken_out", data.get("vehicle")
        case "battery.dismantled":
            yield "battery.extracted", _each(data["children"], "battery")
        case "battery.repaired" | "battery.manufactured" | "battery.repurposed":
            yield "battery.taken_out", data.get("took_out")
            yield "battery.fitted", data.get("put_in")
        case "identity.linked":
            yield "battery.registered", data["battery"]
        case "lot.split":
            yield "lot.made", _each(data["into"], "lot")
        case "lot.made":
            yield "lot.merged", data.get("lots")


def _each(items: Any, name: str) -> list[Any]:
    return [item.get(name) for item in items if isinstance(item, dict)] if isinstance(items, list) else []
