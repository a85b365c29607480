"""The next statement of a chain, begun for its signer: whatever the log knows already is filled in.

What only the signer can say stands as a placeholder that tells what belongs there. A placeholder fits no
schema but that of a free text, so `find_placeholders` looks for them before anything is signed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from ..signing.base64url import b64url
from .codes.subjects import Subject, parse_subject
from .errors import RefusedError
from .lifecycle.batches import batch_inputs
from .lifecycle.state import Battery, Log, Past
from .lifecycle.table import ROWS
from .lifecycle.world import World
from .rules.problems import format_pointer
from .rules.ruleset import RuleSet
from .rules.shapes import VERSION
from .times import format_time

PLACEHOLDER: Final = "<fill in: "
LEADER_ID: Final = "<id of the first>"
"""Stands in a group, until that is signed, for the id of its first statement; fits no schema either."""

NONCE_BYTES: Final = 16


class TemplateError(RefusedError):
    """There is no such statement about such a subject."""

    code = "SCHEMA_INVALID"


def next_statement(
    world: World,
    kind: str,
    subject: str,
    *,
    occurred_at: datetime,
    nonce: bytes,
    iss: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The statement that goes on with a chain where it stands now.

    Args:
        world: What the log says so far.
        kind: The type of the statement.
        subject: The chain.
        occurred_at: UTC, whole seconds.
        nonce: 16 fresh random bytes.
        iss: Who signs; by default whoever the life cycle says may.
        data: What the statement says; by default what the log knows, and placeholders for what is required.

    Raises:
        TemplateError: The type is not known, or does not extend a chain of this kind.
        RefusedError: The subject has no syntax.
    """
    parsed = check_kind(world.rules, kind, subject)
    chain = world.chain(subject)
    if data is None:
        data = data_skeleton(world.rules, kind) | known_data(world, kind, subject)
    return {
        "v": VERSION,
        "aud": world.origin,
        "nonce": b64url(nonce),
        "type": kind,
        "sub": subject,
        "seq": chain.seq + 1 if chain else 0,
        **({"prev": chain.head} if chain else {}),
        "iss": iss or likely_signer(world, kind, parsed) or _placeholder("org:<scheme>:<id>, who signs this"),
        "occurred_at": format_time(occurred_at),
        "data": dict(data),
    }


def check_kind(rules: RuleSet, kind: str, subject: str) -> Subject:
    """Check that statements of this type are about subjects of this kind, and take the subject apart.

    Raises:
        TemplateError: They are not, or the type is not known.
        RefusedError: The subject has no syntax.
    """
    if kind not in ROWS or kind not in rules.shapes.types:
        raise TemplateError(f"type: expected one of {', '.join(ROWS)}, got {kind}", where="/type")
    parsed = parse_subject(subject)
    kinds = rules.shapes.kinds(kind)
    if parsed.kind not in kinds:
        expected = " or ".join(f"{each}:…" for each in kinds)
        raise TemplateError(f"sub: expected a subject {expected} for {kind}, got {subject}", where="/sub")
    return parsed


def likely_signer(world: World, kind: str, subject: Subject) -> str | None:
    """The organisation that the life cycle expects to say this; None where several could."""
    chain = world.chain(subject.text)
    battery = chain.state if chain and isinstance(chain.state, Battery) else Battery()
    for by in ROWS[kind].by:
        found: str | None = None
        match by.relation:
            case "registrar":
                log = world.chain(f"log:{world.origin}")
                found = log.state.registrars[0].org if log and isinstance(log.state, Log) else None
            case "admin" | "owner":
                found = f"org:{subject.party}"
            case "custodian":
                found = battery.custodian if battery.custodian.startswith("org:") else None
            case "consignee":
                found = battery.offer.consignee if battery.offer else None
            case "first" if subject.code and kind == "battery.manufactured":
                found = world.vendor(subject.code.vendor)
            case "signer":
                past = world.past(subject.text)
                found = past.iss if past else None
            case _:
                pass
        if found:
            return found
    return None


def known_data(world: World, kind: str, subject: str) -> dict[str, Any]:
    """Members of ``data`` that follow from the log."""
    chain = world.chain(subject)
    state = chain.state if chain else None
    past: Past | None = world.past(subject) if kind.endswith(".voided") else None
    if past:
        return {"event": past.event}
    if kind == "batch.closed":
        return {"inputs": batch_inputs(world, subject)}
    if not isinstance(state, Battery):
        return {}
    match kind:
        case "handover.accepted" if state.offer:
            return {"offer": state.offer.id, "capacity": state.offer.capacity}
        case "handover.declined" | "handover.withdrawn" if state.offer:
            return {"offer": state.offer.id}
        case "battery.removed":
            known = {"capacity": state.capacity} if state.capacity else {}
            return known | ({"vehicle": state.facts.vehicle} if state.facts.vehicle else {})
        case "battery.retired" if state.capacity:
            return {"capacity": state.capacity}
        case "battery.dismantled" if state.facts.components:
            (child,) = data_skeleton(world.rules, kind)["children"]
            return {"children": [child | {"battery": part} for part in state.facts.components]}
        case _:
            return {}


def group_data(leader: Mapping[str, Any], capacity: str, kind: str) -> dict[str, Any]:
    """Members of ``data`` of a statement that follows another in its group.

    Args:
        leader: The statement that leads the group. Its id, which signing gives it, is told as `LEADER_ID`.
        capacity: In which its signer holds the battery before it.
        kind: The type of the statement that follows.
    """
    match kind:
        case "battery.extracted":
            return {"parent": leader["sub"], "dismantled": LEADER_ID, "capacity": capacity}
        case "vehicle.fitted":
            return {"battery": leader["sub"], "installed": LEADER_ID, "packs": leader["data"]["of"]}
        case "vehicle.taken_out":
            return {"battery": leader["sub"], "removed": LEADER_ID}
        case _:
            return {"reason": leader["data"]["reason"]}


def may_be_empty(rules: RuleSet, kind: str) -> tuple[str, ...]:
    """The required lists of a type's ``data`` that may have no element, if somebody says so."""
    schema = _data_schema(rules, kind)
    return tuple(
        name for name in schema.get("required", ()) if schema["properties"][name].get("minItems") == 0
    )


def data_skeleton(rules: RuleSet, kind: str) -> dict[str, Any]:
    """The required members of a type's ``data``, each with a placeholder that says what belongs there."""
    skeleton: dict[str, Any] = _skeleton(_data_schema(rules, kind))
    return skeleton


def optional_members(rules: RuleSet, kind: str) -> tuple[str, ...]:
    """The members of a type's ``data`` that the skeleton leaves out."""
    schema = _data_schema(rules, kind)
    return tuple(name for name in schema["properties"] if name not in _skeleton(schema))


def find_placeholders(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str, str]]:
    """The JSON Pointer and the text of every placeholder that nobody has filled in."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from find_placeholders(item, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from find_placeholders(item, (*path, index))
    elif isinstance(value, str) and value.startswith(PLACEHOLDER):
        yield format_pointer(path), value


def _data_schema(rules: RuleSet, kind: str) -> dict[str, Any]:
    schema: dict[str, Any] = orjson.loads(rules.shapes.sources[kind])["properties"]["data"]
    return schema


def _skeleton(schema: Mapping[str, Any]) -> Any:
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return _placeholder(f"one of {', '.join(map(str, schema['enum']))}")
    match schema.get("type"):
        case "object":
            properties: Mapping[str, Any] = schema["properties"]
            names = schema.get("required") or list(properties)[: schema.get("minProperties", 0)]
            return {name: _skeleton(properties[name]) for name in names}
        case "array":
            # One element at least, so that nobody signs by oversight that there is none.
            return [_skeleton(schema["items"])] * max(1, schema.get("minItems", 0))
        case "integer":
            return _placeholder(f"an integer from {schema['minimum']} to {schema['maximum']}")
        case "boolean":
            return _placeholder("true or false")
        case _:
            least, most = schema.get("minLength", 0), schema.get("maxLength", 0)
            return _placeholder(schema.get("description") or f"a text of {least} to {most} characters")


def _placeholder(what: str) -> str:
    return f"{PLACEHOLDER}{what}>"
