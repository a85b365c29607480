"""What the compiled schemas refuse, and in which words."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from packtrace.schemas.members import CHAINS, HOLDING
from packtrace.signing.jws import EVENT, Jws
from packtrace.trace.errors import RefusedError, TraceError, UndecidedError
from packtrace.trace.rules.shapes import ShapeError, Shapes, UnknownVersionError, load_shapes
from packtrace.trace.statement import check_addressed, read_addressed, read_event
from packtrace.trace.times import SYNTAX_TIME

DIGEST = "A" * 43


@pytest.fixture(scope="module")
def shapes() -> Shapes:
    return load_shapes()


def accepted(**changes: Any) -> dict[str, Any]:
    """A statement that is right, with members of its data or envelope changed; `...` drops one."""
    value: dict[str, Any] = {
        "v": 1,
        "aud": "packtrace.example/cn",
        "nonce": "A" * 22,
        "type": "handover.accepted",
        "sub": "battery:gbt34014:04QPB76836300JBC40000903",
        "seq": 5,
        "prev": DIGEST,
        "iss": "org:lei:5493001KJTIIGC8Y1R12",
        "occurred_at": "2026-11-23T04:40:00Z",
        "data": {
            "offer": DIGEST,
            "capacity": "recycler",
            "mass": {"g": 438000, "basis": "measured"},
            "condition": "intact",
            "read_by": "camera",
        },
    }
    for name, change in changes.items():
        place = value if name in value else value["data"]
        if change is ...:
            del place[name]
        else:
            place[name] = change
    return value


def fitted(**data: Any) -> dict[str, Any]:
    return accepted(type="vehicle.fitted", sub="vehicle:" + "A" * 22) | {
        "data": {
            "battery": "battery:gbt34014:04QPB76836300JBC40000903",
            "installed": DIGEST,
            "packs": 1,
            "swap_model": False,
        }
        | data
    }


def test_a_right_statement_passes(shapes: Shapes) -> None:
    shapes.check(accepted())
    shapes.check(fitted(vin=[{"...": DIGEST}]))


@pytest.mark.parametrize(
    ("changes", "where", "detail"),
    [
        ({"nonce": ...}, "/nonce", "expected this member, got none"),
        ({"nonce": "A" * 21 + "B"}, "/nonce", "expected 16 bytes in base64url, got the text"),
        ({"note2": 1}, "/data/note2", "expected no such member, got one"),
        ({"prev": ...}, "/prev", "expected this member, got none"),
        ({"seq": 0}, "/prev", "expected no prev at seq 0, got one"),
        ({"seq": 2**53}, "/seq", "expected at most 9007199254740991, got the number 9007199254740992"),
        ({"seq": -1}, "/seq", "expected at least 0, got the number -1"),
        ({"v": True}, "/v", "expected 1, got true"),
        ({"capacity": "king"}, "/data/capacity", "expected one of battery_maker, "),
        ({"capacity": "carrier"}, "/data/capacity", "expected one of battery_maker, "),
        ({"offer": DIGEST + "\n"}, "/data/offer", "expected at most 43 characters, got 44"),
        (
            {"site": "yard\n"},
            "/data/site",
            "expected a site's name of A-Z a-z 0-9 . _ -, got the text 'yard\\n'",
        ),
        (
            {"mass": {"g": "438000", "basis": "measured"}},
            "/data/mass/g",
            "expected an integer, got the text '438000'",
        ),
        ({"mass": {"g": True, "basis": "measured"}}, "/data/mass/g", "expected an integer, got true"),
        ({"mass": None}, "/data/mass", "expected an object, got null"),
        ({"evidence": []}, "/data/evidence", "expected at least 1 elements, got an array of 0"),
        ({"evidence": [1] * 33}, "/data/evidence", "expected at most 32 elements, got an array of 33"),
        (
            {"iss": "lei:5493001KJTIIGC8Y1R12"},
            "/iss",
            "expected an organisation, org:<scheme>:<id>, got the text",
        ),
        ({"sub": "vehicle:" + "A" * 22}, "/sub", "expected a battery or a lot, got the text"),
        ({"type": 7}, "/type", "expected a type of statement, got the number 7"),
        ({"type": "a.b\n"}, "/type", "expected a type of statement, got the text"),
        ({"v": 0}, "/v", "expected 1, got the number 0"),
        ({"v": ...}, "/v", "expected 1, got null"),
    ],
)
def test_a_wrong_statement_is_refused_with_expected_got_and_where(
    shapes: Shapes, changes: dict[str, Any], where: str, detail: str
) -> None:
    with pytest.raises(ShapeError) as refused:
        shapes.check(accepted(**changes))
    found = {problem.pointer: problem.detail for problem in reversed(refused.value.problems)}
    assert found[where].startswith(detail)
    assert refused.value.finding_code == "SCHEMA_INVALID"
    assert isinstance(refused.value, RefusedError)


def test_all_problems_are_gathered_and_the_message_names_the_first(shapes: Shapes) -> None:
    with pytest.raises(ShapeError) as refused:
        shapes.check(accepted(offer=..., condition="sad", **{"a/b": 1}))
    assert {problem.pointer for problem in refused.value.problems} == {
        "/data/offer",
        "/data/condition",
        "/data/a~1b",
    }
    assert refused.value.where == refused.value.problems[0].pointer
    assert str(refused.value).endswith("(and 2 more)")


def test_a_refused_text_cannot_drown_the_message(shapes: Shapes) -> None:
    with pytest.raises(ShapeError) as refused:
        shapes.check(accepted(site="\u202e" + "x" * 30_000))
    assert len(str(refused.value)) < 300
    assert str(refused.value).isascii()


@pytest.mark.parametrize(
    "changes", [{"v": 2}, {"type": "battery.teleported"}, {"v": 2, "type": "battery.teleported"}]
)
def test_an_unknown_version_or_type_is_undecided_and_not_refused(
    shapes: Shapes, changes: dict[str, Any]
) -> None:
    with pytest.raises(UnknownVersionError) as undecided:
        shapes.check(accepted(**changes))
    assert undecided.value.finding_code == "UNKNOWN_EVENT_VERSION"
    assert isinstance(undecided.value, UndecidedError)
    assert not isinstance(undecided.value, RefusedError)


def test_a_slot_holds_exactly_one_digest(shapes: Shapes) -> None:
    for slot in (
        "LSVAA4182E2184847",
        [],
        [{"...": DIGEST}] * 2,
        [{"...": "A"}],
        [{"...": DIGEST, "x": 1}],
        ["x"],
    ):
        with pytest.raises(ShapeError):
            shapes.check(fitted(vin=slot))


def test_a_disclosed_value_must_fit_its_slot_and_is_never_repeated(shapes: Shapes) -> None:
    value = fitted(vin=[{"...": DIGEST}])
    shapes.check_disclosed(value, {"/data/vin": "LSVAA4182E2184847"})
    for wrong in ("LSVAA4182E218484I", "LSVAA4182E2184847\n", 17, None, {"secret": 1}):
        with pytest.raises(ShapeError) as refused:
            shapes.check_disclosed(value, {"/data/vin": wrong})
        assert refused.value.where == "/data/vin"
        assert "LSV" not in str(refused.value)
        assert "secret" not in str(refused.value)


def test_a_disclosure_without_a_slot_is_refused(shapes: Shapes) -> None:
    for value, pointer in ((fitted(), "/data/vin"), (fitted(vin=[{"...": DIGEST}]), "/data/packs")):
        with pytest.raises(ShapeError) as refused:
            shapes.check_disclosed(value, {pointer: "LSVAA4182E2184847"})
        assert refused.value.where == pointer


def test_remarks_say_what_is_referred_to_what_may_be_corrected_and_what_is_withheld(shapes: Shapes) -> None:
    assert shapes.kinds("note.corrected") == ("notes",)
    assert shapes.references("vehicle.fitted") == (("battery", "subject"), ("installed", "event"))
    assert shapes.correctable("handover.accepted") == {"mass", "condition", "not_measured", "evidence"}
    assert "offer" not in shapes.correctable("handover.accepted")
    assert shapes.withheld("vehicle.fitted") == {"/data/vin"}
    with pytest.raises(UnknownVersionError):
        shapes.kinds("battery.teleported")


def test_what_is_left_to_the_parsers_is_no_more_than_they_check(shapes: Shapes) -> None:
    # `shape_but_for_address` leaves out these three; a type that asked for more of one would be passed over.
    patterns = {kinds: CHAINS[kinds[0]][0] for kinds in map(shapes.kinds, shapes.types)}
    patterns["battery", "lot"] = HOLDING[0]
    for name, source in shapes.sources.items():
        members = json.loads(source)["properties"]
        assert members["sub"]["pattern"] == patterns[shapes.kinds(name)]
        assert members["iss"]["pattern"] == CHAINS["org"][0]
        assert members["occurred_at"]["pattern"] == f"^{SYNTAX_TIME}$"


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": "vehicle:" + "A" * 22},
        {"sub": "battery:gbt34014:04QPB76836300JBC4000090"},
        {"sub": "battery:gbt34014:04QPB76836300JBC40000903\n"},
        {"sub": ["battery:gbt34014:04QPB76836300JBC40000903"]},
        {"sub": ...},
        {"iss": "lei:5493001KJTIIGC8Y1R12"},
        {"iss": "org:org:lei:5493001KJTIIGC8Y1R12"},
        {"iss": "org:lei:5493001KJTIIGC8Y1R13"},
        {"iss": 7},
        {"occurred_at": "2026-11-23T04:40:00.000Z"},
        {"occurred_at": "2026-02-30T04:40:00Z"},
        {"occurred_at": "2026-11-23 04:40:00Z"},
        {"aud": "packtrace.example/eu"},
        {"prev": ...},
        {"seq": 0},
        {"seq": True},
        {"v": 2},
        {"v": True},
        {"type": "battery.teleported"},
        {"type": ["handover.accepted"]},
        {"capacity": "king"},
        {"note2": 1},
    ],
)
def test_the_short_way_refuses_as_the_checks_one_by_one(shapes: Shapes, changes: dict[str, Any]) -> None:
    origin = "packtrace.example/cn"
    jws = signed(accepted(**changes))
    with pytest.raises(TraceError) as short:
        read_addressed(jws, shapes, origin)
    with pytest.raises(TraceError) as long:
        check_one_by_one(jws, shapes, origin)
    assert (type(short.value), str(short.value)) == (type(long.value), str(long.value))
    assert read_addressed(signed(accepted()), shapes, origin).sub == accepted()["sub"]


def check_one_by_one(jws: Jws, shapes: Shapes, origin: str) -> None:
    shapes.check(jws.value)
    check_addressed(read_event(jws), origin)


def signed(value: dict[str, Any]) -> Jws:
    return Jws(b"", "Ed25519", "", EVENT, "", value, b"")


def test_checking_loads_neither_marshmallow_nor_a_database() -> None:
    code = (
        "import sys; from packtrace.trace.rules.ruleset import load_rules; rules = load_rules();"
        "[rules.shapes.kinds(name) for name in rules.shapes.types];"
        "print([name for name in sys.modules if name in ('marshmallow', 'sqlmodel', 'sqlalchemy', 'flask')])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
