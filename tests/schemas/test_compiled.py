"""The committed JSON Schema files are those that the shapes compile to, and closed at every level."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from packtrace.schemas.compiled import FOLDER, compile_statement, format_files, save_files
from packtrace.schemas.members import CHAINS
from packtrace.schemas.notes import Correction
from packtrace.schemas.statements import STATEMENTS
from packtrace.trace.codes.subjects import parse_subject


def walk(schema: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a schema, the members of ``properties`` among them."""
    if isinstance(schema, dict):
        yield schema
        for inner in schema.values():
            yield from walk(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from walk(inner)


def strings(schema: Any, keyword: str) -> list[str]:
    return [part[keyword] for part in walk(schema) if isinstance(part.get(keyword), str)]


def test_committed_files_are_what_the_shapes_compile_to() -> None:
    assert {file.name: file.read_bytes() for file in FOLDER.iterdir()} == format_files()


def test_a_file_of_a_type_that_is_no_more_is_removed(tmp_path: Any) -> None:
    (tmp_path / "battery.forgotten.json").write_text("{}")
    save_files(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {f"{name}.json" for name in STATEMENTS}


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_object_is_closed_and_every_array_text_and_integer_bounded(name: str) -> None:
    for part in walk(compile_statement(name)):
        match part.get("type"):
            case "object":
                assert part["additionalProperties"] is False
            case "array":
                assert isinstance(part["maxItems"], int)
            case "string":
                assert isinstance(part["maxLength"], int)
            case "integer":
                assert part["minimum"] >= 0
                assert part["maximum"] <= 2**53 - 1


@pytest.mark.parametrize("name", STATEMENTS)
def test_patterns_mean_the_same_to_both_engines(name: str) -> None:
    for pattern in strings(compile_statement(name), "pattern"):
        # A bar outside of brackets would set one of the anchors free.
        depth, inside = 0, False
        for at, char in enumerate(pattern):
            escaped = pattern[at - 1] == "\\"
            inside = not escaped and (char == "[" or (inside and char != "]"))
            depth += 0 if inside or escaped else (char == "(") - (char == ")")
            assert depth > 0 or inside or char != "|"
        assert pattern[0] == "^"
        assert pattern[-1] == "$"
        # Classes by letter differ in what is a digit or a word; these pairs are set operations in Rust.
        assert not re.search(r"\\[dDwWsSbB]|--|&&|~~|\[\[", pattern)
        assert pattern.isascii()


@pytest.mark.parametrize("name", STATEMENTS)
def test_remarks_stand_only_at_direct_members_of_data(name: str) -> None:
    schema = compile_statement(name)
    remarks = ("x-reference", "x-correctable", "x-disclosed")
    direct = list(schema["properties"]["data"]["properties"].values())
    everywhere = [part for part in walk(schema) if any(remark in part for remark in remarks)]
    assert everywhere == [part for part in direct if any(remark in part for remark in remarks)]


def test_a_correction_may_set_exactly_what_some_statement_marks_correctable() -> None:
    declared = Correction().json_schema()["properties"]
    marked: dict[str, Any] = {}
    for name in STATEMENTS:
        for member, schema in compile_statement(name)["properties"]["data"]["properties"].items():
            if schema.pop("x-correctable", False):
                assert marked.setdefault(member, schema) == schema
    assert marked == declared


@pytest.mark.parametrize(
    "subject",
    [
        "log:packtrace.example/cn",
        "org:lei:5493001KJTIIGC8Y1R12",
        "keys:lei:5493001KJTIIGC8Y1R12",
        "model:lei:5493001KJTIIGC8Y1R12/NMC-1",
        "battery:gbt34014:04QPB76836300JBC40000903",
        "battery:tag:lei:5493001KJTIIGC8Y1R12/yard-7",
        "vehicle:AAAAAAAAAAAAAAAAAAAAAA",
        "consignment:lei:5493001KJTIIGC8Y1R12/C1",
        "batch:lei:5493001KJTIIGC8Y1R12/2026-11",
        "notes:battery:gbt34014:04QPB76836300JBC40000903",
        "notes:vehicle:AAAAAAAAAAAAAAAAAAAAAA",
    ],
)
def test_a_subject_has_the_pattern_of_its_own_kind_only(subject: str) -> None:
    kind = parse_subject(subject).kind
    assert [name for name, (pattern, _) in CHAINS.items() if re.fullmatch(pattern, subject)] == [kind]


def test_notes_on_notes_a_log_or_keys_have_no_pattern() -> None:
    pattern, _ = CHAINS["notes"]
    for inner in ("notes:org:duns:123456789", "log:packtrace.example", "keys:duns:123456789"):
        assert re.fullmatch(pattern, f"notes:{inner}") is None


def test_files_are_plain_json_with_members_as_declared() -> None:
    schema = json.loads(format_files()["handover.accepted.json"])
    assert schema["x-chain"] == ["battery", "lot"]
    assert list(schema["properties"]) == [
        "v", "aud", "nonce", "type", "sub", "seq", "prev", "iss", "occurred_at", "data",
    ]  # fmt: skip
    assert schema["properties"]["data"]["properties"]["mass"]["x-correctable"] is True
