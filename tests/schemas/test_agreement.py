"""marshmallow, which declares and explains, and the compiled files, which decide, accept exactly the same."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from marshmallow import fields

from packtrace.schemas.envelope import envelope_of
from packtrace.schemas.explain import explain
from packtrace.schemas.fields import Choice, Flag, Many, Part, Shape, Text, Whole, Withheld, names_of
from packtrace.schemas.members import Name
from packtrace.schemas.registry import OrgChanged
from packtrace.schemas.statements import STATEMENTS
from packtrace.trace.errors import TraceError
from packtrace.trace.rules.shapes import load_shapes

SHAPES = load_shapes()

PHASES = (Phase.generate,)  # shrinking a whole statement takes minutes; the message names the one that failed

Place = tuple[Any, Any]  # a container and the name or position in it

WRONG_ANYWHERE: tuple[Any, ...] = (None, {}, [[]], [None], {"...": 1})
"""What no member of any statement may be."""

MAYBE_WRONG: tuple[Any, ...] = (
    True, False, 0, 1, -1, 64, 65, 2**53 - 1, 2**53, "", "0", "1", "438000", "\n", "a\n", "\u0661\u0662",
    "A" * 43, "A" * 44, "x" * 500, "x" * 501, "\U0001f50b" * 500,
    [], [1], ["x"] * 300, [{"...": "A" * 43}], {"g": 1},
)  # fmt: skip

ADDED = ("prev", "note", "_schema", "site", "from", "valid_from", "...")


@cache
def texts(pattern: str | None, least: int, most: int) -> st.SearchStrategy[str]:
    if pattern is None:
        return st.text(
            st.characters(exclude_categories=["Cs"]), min_size=least, max_size=min(most, least + 20)
        )
    return st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True).filter(
        lambda text: least <= len(text) <= most and not text.endswith("\n")
    )


def values(field: fields.Field[Any]) -> st.SearchStrategy[Any]:
    """Values that a field declares to be right."""
    match field:
        case Text():
            return texts(field.pattern, field.least, field.most)
        case Whole():
            return st.integers(field.least, field.most)
        case Flag():
            return st.booleans()
        case Choice():
            return st.sampled_from(field.words)
        case Many():
            return st.lists(
                values(field.inner), min_size=field.least, max_size=min(field.most, field.least + 1)
            )
        case Part():
            assert isinstance(field.schema, Shape)
            return objects(field.schema)
        case Withheld():
            digests = texts("^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$", 43, 43)
            return st.builds(lambda digest: [{"...": digest}], digests)
    raise AssertionError(field)


def objects(shape: Shape) -> st.SearchStrategy[dict[str, Any]]:
    members = names_of(shape)
    required = {name: values(field) for name, field in members.items() if field.required}
    optional = {name: values(field) for name, field in members.items() if not field.required}
    made = st.fixed_dictionaries(required, optional=optional)
    return made.filter(lambda value: len(value) >= shape.at_least) if shape.at_least else made


@cache
def statements(name: str) -> st.SearchStrategy[dict[str, Any]]:
    digest = texts("^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$", 43, 43)

    def link(value: dict[str, Any], prev: str) -> dict[str, Any]:
        value.pop("prev", None)
        return value if value["seq"] == 0 else value | {"prev": prev}

    return st.builds(link, objects(envelope_of(name)), digest)


def places(value: Any) -> Iterator[Place]:
    """Every place in a statement, so that each can be spoilt."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in list(steps):
        yield value, step
        yield from places(inner)


def accepted_by_files(value: dict[str, Any]) -> bool:
    try:
        SHAPES.check(value)
    except TraceError:
        return False
    return True


def check_both_accept(value: dict[str, Any]) -> None:
    assert explain(value) == []
    SHAPES.check(value)


def check_both_refuse(value: dict[str, Any]) -> None:
    assert explain(value), value
    assert not accepted_by_files(value), value


def check_agreement(value: dict[str, Any]) -> None:
    assert (explain(value) == []) == accepted_by_files(value), (value, explain(value))


def spoil_text(draw: st.DrawFn, text: str) -> str:
    at = draw(st.integers(0, len(text)))
    change = draw(st.sampled_from(["\n", "", "\u0660", "\u212a", "\u017f", "A", "0", "-", "\x00", " "]))
    cut = draw(st.integers(0, 1))
    return text[:at] + change + text[at + cut :]


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, Any]:
    """A statement with up to two changes, each of which may or may not matter."""
    value = copy.deepcopy(draw(statements(draw(st.sampled_from(sorted(STATEMENTS))))))
    for _ in range(draw(st.integers(1, 2))):
        container, step = draw(st.sampled_from(list(places(value))))
        old = container[step]
        match draw(st.sampled_from(["drop", "add", "other", "near"])):
            case "drop":
                del container[step]
            case "add" if isinstance(container, dict):
                container[draw(st.sampled_from(ADDED))] = old
            case "near" if isinstance(old, str):
                container[step] = spoil_text(draw, old)
            case "near" if type(old) is int:
                container[step] = draw(st.sampled_from([old - 1, old + 1, -old, str(old), bool(old), 0]))
            case "near" if isinstance(old, list):
                container[step] = old * draw(st.sampled_from([0, 2, 300]))
            case _:
                container[step] = draw(st.sampled_from(MAYBE_WRONG + WRONG_ANYWHERE))
    return value


@pytest.mark.parametrize("name", STATEMENTS)
@settings(max_examples=6, phases=PHASES)
@given(data=st.data())
def test_a_statement_made_from_its_shape_is_accepted_by_both(name: str, data: st.DataObject) -> None:
    check_both_accept(data.draw(statements(name)))


@settings(max_examples=300, phases=PHASES)
@given(value=spoilt())
def test_both_say_the_same_of_a_spoilt_statement(value: dict[str, Any]) -> None:
    check_agreement(value)


@pytest.mark.parametrize("name", STATEMENTS)
@settings(max_examples=1, phases=PHASES)
@given(data=st.data())
def test_null_an_unknown_member_or_a_wrong_kind_is_refused_by_both_at_every_place(
    name: str, data: st.DataObject
) -> None:
    value = data.draw(statements(name))
    for container, step in list(places(value)):
        old = container[step]
        for wrong in WRONG_ANYWHERE:
            if wrong == old:
                continue
            container[step] = wrong
            if not (wrong == {} and step == "data"):
                check_both_refuse(value)
            check_agreement(value)
        if isinstance(old, str):
            for changed in (old + "\n", "\n" + old, old[:-1] + "\u0661", "\u212a" + old[1:]):
                container[step] = changed
                check_agreement(value)  # free text may end in a new line, and nothing else
            container[step] = old + "x" * 5000
            check_both_refuse(value)
        if type(old) is int:
            for wrong in (str(old), -1, 2**53, True, False):
                container[step] = wrong
                check_both_refuse(value)
        container[step] = old
        if isinstance(old, dict):
            old["unknown"] = 1
            check_both_refuse(value)
            del old["unknown"]


@pytest.mark.parametrize("name", STATEMENTS)
@settings(max_examples=2, phases=PHASES)
@given(data=st.data())
def test_a_missing_required_member_is_refused_by_both(name: str, data: st.DataObject) -> None:
    value = data.draw(statements(name))
    envelope = envelope_of(name)
    for container, shape in ((value, envelope), (value["data"], STATEMENTS[name][1]())):
        for member in [member for member, field in names_of(shape).items() if field.required]:
            kept = container.pop(member)
            check_both_refuse(value)
            container[member] = kept


@settings(max_examples=30, phases=PHASES)
@given(value=st.sampled_from(sorted(STATEMENTS)).flatmap(statements))
def test_prev_is_there_exactly_from_the_second_event_on(value: dict[str, Any]) -> None:
    first = {name: member for name, member in value.items() if name != "prev"} | {"seq": 0}
    check_both_accept(first)
    check_both_accept(first | {"seq": 1, "prev": "A" * 43})
    check_both_refuse(first | {"prev": "A" * 43})
    check_both_refuse(first | {"seq": 1})


@pytest.mark.parametrize("shape", [Name(), OrgChanged()])
def test_an_object_of_optional_members_needs_one_of_them(shape: Shape) -> None:
    assert shape.json_schema()["minProperties"] == 1
    assert shape.validate({}) != {}


def test_the_explanation_points_at_each_place() -> None:
    value = {
        "v": 1,
        "aud": "packtrace.example/cn",
        "nonce": "A" * 22,
        "type": "handover.declined",
        "sub": "battery:gbt34014:04QPB76836300JBC40000903",
        "seq": 1,
        "iss": "org:duns:123456789",
        "occurred_at": "2026-11-23T04:40:00Z",
        "data": {
            "offer": "A" * 43,
            "reason": "tired",
            "evidence": [{"kind": "photo", "bytes": True, "a/b": 1}],
        },
    }
    assert {problem.pointer for problem in explain(value)} == {
        "/data/reason",
        "/data/evidence/0/bytes",
        "/data/evidence/0/sha256",
        "/data/evidence/0/media_type",
        "/data/evidence/0/a~1b",
    }


def test_an_unknown_version_or_type_is_explained_by_itself() -> None:
    assert [problem.pointer for problem in explain({"v": 2, "type": "org.changed"})] == ["/v"]
    assert [problem.pointer for problem in explain({"v": 1, "type": "org.vanished"})] == ["/type"]
