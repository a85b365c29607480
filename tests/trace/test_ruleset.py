"""A rule set has one digest, which every part of it changes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from packtrace.signing.base64url import b64url
from packtrace.trace.rules.policy import PolicyError, load_policy_source, parse_policy
from packtrace.trace.rules.ruleset import load_rules, rules_digest


def test_the_digest_covers_context_names_and_contents_each_with_its_length() -> None:
    preimage = (
        b"packtrace-rules/v1\n"
        b"\x00\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x00\x00\x00\x00\x00\x02xy"
        b"\x00\x00\x00\x00\x00\x00\x00\x01b\x00\x00\x00\x00\x00\x00\x00\x00"
    )
    assert rules_digest({"b": b"", "a": b"xy"}) == b64url(hashlib.sha256(preimage).digest())


def test_no_part_can_be_renamed_moved_or_glued_without_another_digest() -> None:
    parts = [
        {"a": b"xy", "b": b""},
        {"a": b"x", "b": b"y"},
        {"a": b"xy"},
        {"ab": b"xy"},
        {"a": b"", "b": b"xy"},
        {},
    ]
    assert len({rules_digest(part) for part in parts}) == len(parts)


def test_the_installed_rules_know_every_type_of_the_life_cycle_and_no_other() -> None:
    rules = load_rules()
    assert {(row.type, row.chain) for row in rules.table} == {
        (name, kind) for name in rules.shapes.types for kind in rules.shapes.kinds(name)
    }
    assert rules.name == "packtrace-rules/1"
    assert len(rules.sha256) == 43
    assert rules.sha256 == load_rules().sha256


def test_every_number_of_the_policy_has_a_source_and_a_mark() -> None:
    policy = parse_policy(load_policy_source())
    assert [source.name for source in policy.sources] == list(json.loads(load_policy_source())["values"])
    assert all(source.text and source.mark in ("confirmed", "assumed") for source in policy.sources)
    assert (policy.offer_least_days, policy.offer_most_days, policy.void_hours) == (3, 400, 72)


def spoil(**changes: Any) -> bytes:
    document = json.loads(load_policy_source())
    for name, change in changes.items():
        if change is ...:
            del document["values"][name]
        else:
            document["values"][name] = change
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"[]",
        b'{"version":2,"values":{}}',
        b'{"version":1,"values":[]}',
        spoil(void_hours=...),
        spoil(void_days=3),
        spoil(void_hours=72),
        spoil(void_hours={"value": True, "mark": "assumed", "source": "x"}),
        spoil(void_hours={"value": -1, "mark": "assumed", "source": "x"}),
        spoil(void_hours={"value": 72, "mark": "certain", "source": "x"}),
        spoil(void_hours={"value": 72, "mark": "assumed", "source": ""}),
        spoil(offer_least_days={"value": 401, "mark": "assumed", "source": "x"}),
    ],
)
def test_a_policy_with_a_number_missing_added_or_unsourced_is_refused(source: bytes) -> None:
    with pytest.raises(PolicyError):
        parse_policy(source)
