"""An event without history: the short way through accepts nothing that the checks one by one refuse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packtrace.signing.compact import format_compact
from packtrace.signing.jws import EVENT, parse_jws, sign_jws
from packtrace.tests.scene import ed25519_key
from packtrace.trace.errors import TraceError
from packtrace.trace.rules.shapes import load_shapes
from packtrace.trace.statement import _read_plain, check_addressed, read_addressed, read_event

SHAPES = load_shapes()
KEY = ed25519_key("reader")
ORIGIN = "packtrace.example/cn"
DIGEST = "A" * 43
RIGHT: dict[str, Any] = {
    "v": 1,
    "aud": ORIGIN,
    "nonce": "A" * 22,
    "type": "battery.released",
    "sub": "battery:gbt34014:04QPB76836300JBC40000903",
    "seq": 5,
    "prev": DIGEST,
    "iss": "org:lei:5493001KJTIIGC8Y1R12",
    "occurred_at": "2026-11-23T04:40:00Z",
    "data": {"reason": "sold"},
}
# Values that are right in one place and wrong in another, and those that are nearly right.
ODD = [
    *(0, 1, 2, -1, 2**53 - 1, True, "", "A" * 43, "A" * 22, "A" * 42 + "B", [], {}, [{"...": DIGEST}]),
    *("packtrace.example", "log.packtrace.example", "org:uscc:914403000000000000", "org:duns:123456789"),
    *("lei:5493001KJTIIGC8Y1R12", "org:lei:5493001KJTIIGC8Y1R13", "orglei:5493001KJTIIGC8Y1R12"),
    *("battery:gbt34014:04QPB76836300JBB20000903", "battery:gbt40098:ABCDEFGH", "lot:duns:123456789/a"),
    *("notes:battery:gbt34014:04QPB76836300JBC40000903", "vehicle:" + "A" * 22, "04QPB76836300JBC40000903"),
    *(
        "2026-02-29T00:00:00Z",
        "2026-11-23T04:40:00.123Z",
        "1969-12-31T23:59:59Z",
        "2026-11-23T04:40:00+00:00",
    ),
    *("battery.retired", "battery.unheard_of", "note.agreed", "sold", {"reason": "lost"}, {"reason": "sold"}),
]


def signed(value: dict[str, Any]) -> Any:
    return parse_jws(sign_jws(format_compact(value), KEY, EVENT), typ=EVENT)


@settings(max_examples=500)
@given(
    st.dictionaries(st.sampled_from([*RIGHT, "note"]), st.sampled_from([None, *ODD]), max_size=3),
    st.sampled_from([ORIGIN, "packtrace.example", "Not an origin"]),
)
def test_the_short_way_accepts_nothing_that_the_checks_refuse(changes: dict[str, Any], origin: str) -> None:
    value = {name: member for name, member in (RIGHT | changes).items() if member is not None}
    jws = signed(value)
    short = _read_plain(jws, SHAPES, origin)
    try:
        SHAPES.check(jws.value)
        event = read_event(jws)
        check_addressed(event, origin)
    except TraceError as error:
        assert short is None
        with pytest.raises(type(error)) as caught:
            read_addressed(jws, SHAPES, origin)
        assert str(caught.value) == str(error)
    else:
        assert short == event == read_addressed(jws, SHAPES, origin)  # and it is the way of what is right


@pytest.mark.parametrize(
    "change",
    [
        {"sub": "battery:gbt34014:04QPB76836300JBB20000903x"},
        {"sub": "vehicle:" + "A" * 22},
        {"iss": "lei:5493001KJTIIGC8Y1R12"},
        {"iss": "org:lei:5493001KJTIIGC8Y1R13"},
        {"occurred_at": "2026-11-23T04:40:00.123Z"},
        {"occurred_at": "2026-02-29T00:00:00Z"},
        {"aud": "packtrace.example"},
        {"seq": 0},
        {"prev": None},
        {"v": True},
        {"data": {"reason": "lost"}},
    ],
)
def test_each_member_that_the_short_way_reads_is_refused_when_wrong(change: dict[str, Any]) -> None:
    value = {name: member for name, member in (RIGHT | change).items() if member is not None}
    assert _read_plain(signed(RIGHT), SHAPES, ORIGIN) is not None
    assert _read_plain(signed(value), SHAPES, ORIGIN) is None
    with pytest.raises(TraceError):
        read_addressed(signed(value), SHAPES, ORIGIN)


@pytest.mark.parametrize("name", sorted(SHAPES.types))
def test_every_schema_leaves_when_prev_is_there_to_one_rule(name: str) -> None:
    assert SHAPES.kinds(name)  # compiled: a schema with another rule is refused then
