"""A rule set from somebody else decides neither where a verifier connects nor whether it comes to an end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from packtrace.tests.scene import Scene, pack_code
from packtrace.trace.rules.policy import MAX_VALUE, PolicyError, load_policy_source, parse_policy
from packtrace.trace.rules.ruleset import RulesUnknownError, format_rules, load_rules, parse_rules
from packtrace.trace.rules.shapes import ShapeError
from packtrace.trace.statement import parse_event_jws, read_addressed

INSTALLED = load_rules()
PART = "schemas/statements/battery.inspected.json"


def with_number(name: str, value: int) -> bytes:
    policy = json.loads(load_policy_source())
    policy["values"][name]["value"] = value
    return json.dumps(policy).encode()


@pytest.mark.parametrize("name", [source.name for source in INSTALLED.policy.sources])
def test_a_number_with_which_no_date_can_be_reckoned_is_no_policy(name: str) -> None:
    with pytest.raises(PolicyError, match=str(MAX_VALUE)):
        parse_policy(with_number(name, MAX_VALUE + 1))


def test_the_largest_number_is_one() -> None:
    assert parse_policy(with_number("void_hours", MAX_VALUE)).void_hours == MAX_VALUE


@pytest.mark.parametrize(
    ("path", "keyword", "value"),
    [
        ((), "$schema", "http://127.0.0.1:9/schema"),
        ((), "$id", "http://127.0.0.1:9/id"),
        ((), "$ref", "http://127.0.0.1:9/ref"),
        ((), "$dynamicRef", "#a"),
        (("properties", "data"), "$schema", "http://127.0.0.1:9/schema"),
        (("properties", "data"), "$id", "http://127.0.0.1:9/id"),
        (("properties", "data"), "$ref", "file:///"),
    ],
)
def test_an_adopted_schema_leads_nowhere(path: tuple[str, ...], keyword: str, value: str) -> None:
    file: dict[str, Any] = json.loads(format_rules(INSTALLED))
    schema = json.loads(file["parts"][PART])
    inner = schema
    for step in path:
        inner = inner[step]
    inner[keyword] = value
    file["parts"][PART] = json.dumps(schema)
    with pytest.raises(RulesUnknownError, match=r"keyword \$"):
        parse_rules(json.dumps(file).encode(), INSTALLED)


def test_a_pattern_that_would_take_the_memory_is_no_schema() -> None:
    file: dict[str, Any] = json.loads(format_rules(INSTALLED))
    schema = json.loads(file["parts"][PART])
    schema["properties"]["nonce"]["pattern"] = "(?:(?:a{1000}){1000}){100}"
    file["parts"][PART] = json.dumps(schema)
    with pytest.raises(RulesUnknownError):
        parse_rules(json.dumps(file).encode(), INSTALLED)


@pytest.mark.parametrize("member", ["sub", "iss", "occurred_at"])
def test_what_an_adopted_schema_asks_of_an_address_is_looked_at(member: str) -> None:
    """Reading takes a short way where a schema asks no more of an address than its parsers do."""
    file: dict[str, Any] = json.loads(format_rules(INSTALLED))
    schema = json.loads(file["parts"][PART])
    schema["properties"][member]["pattern"] = "^never this$"
    file["parts"][PART] = json.dumps(schema)
    narrowed = parse_rules(json.dumps(file).encode(), INSTALLED)
    scene = Scene()
    scene.manufactured(pack_code(1))
    jws = parse_event_jws(scene.inspected(scene.maker, pack_code(1)))
    assert read_addressed(jws, INSTALLED.shapes, scene.origin).type == "battery.inspected"
    with pytest.raises(ShapeError, match=f"/{member}"):
        read_addressed(jws, narrowed.shapes, scene.origin)
