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
from .known_data import known_data
from .lifecycle.custody import holder_of
from .lifecycle.state import NO_BATTERY, Battery, Consignment, Log, Lot, Notes
from .lifecycle.table import ROWS, row_of
from .lifecycle.world import World
from .rules.problems import format_pointer
from .rules.ruleset import RuleSet
from .rules.shapes import VERSION
from .times import format_time

PLACEHOLDER: Final = "<fill in: "
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
    known: bool = True,
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
        known: Whether it may tell what the log knows; else only where the chain ends is filled in.

    Raises:
        TemplateError: The type is not known, or does not extend a chain of this kind.
        RefusedError: The subject has no syntax.
    """
    parsed = check_kind(world.rules, kind, subject)
    chain = world.chain(subject)
    if data is None:
        skeleton = data_skeleton(world.rules, kind)
        data = skeleton
        if known:
            data = skeleton | known_data(world, kind, subject, skeleton, format_time(occurred_at))
    if iss is None and known:
        iss = likely_signer(world, kind, parsed)
    return {
        "v": VERSION,
        "aud": world.origin,
        "nonce": b64url(nonce),
        "type": kind,
        "sub": subject,
        "seq": chain.seq + 1 if chain else 0,
        **({"prev": chain.head} if chain else {}),
        "iss": iss or _placeholder("org:<scheme>:<id>, who signs this"),
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
    state = chain.state if chain else None
    holding = state if isinstance(state, Battery | Lot) else NO_BATTERY
    for by in row_of(kind, subject.text).by:
        found: str | None = None
        match by.relation:
            case "registrar":
                log = world.chain(f"log:{world.origin}")
                found = log.state.registrars[0].org if log and isinstance(log.state, Log) else None
            case "admin" | "owner":
                found = f"org:{subject.party}"
            case "custodian":
                found = holder_of(world, holding)
            case "consignee":
                found = holding.offer.consignee if holding.offer else None
            case "reporter" if isinstance(state, Battery):
                found = state.facts.lost_by
            case "receiver" if isinstance(state, Consignment):
                found = state.consignee
            case "maker" if subject.inner and subject.inner.code:
                found = world.vendor(subject.inner.code.vendor)
            case "authority" if kind == "hold.lifted" and isinstance(state, Notes) and state.holds:
                found = state.holds[-1].authority
            case "first" if subject.code and kind == "battery.manufactured":
                found = world.vendor(subject.code.vendor)
            case "first" if subject.kind == "lot":
                found = f"org:{subject.party}"
            case "signer":
                past = world.past(subject.text)
                found = past.iss if past else None
            case _:
                pass
        if found and found.startswith("org:"):
            return found
    return None


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
