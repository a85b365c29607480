"""The files that a verifier keeps for itself: whom it trusts, and what it has seen."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packtrace.signing.note import format_vkey
from packtrace.tests.scene import Scene
from packtrace.tests.verify.small_log import trust_of
from packtrace.tests.verify.test_whole_log import ONE, witness
from packtrace.trace.errors import TraceError
from packtrace.trace.verify.pins import PinConflictError, Pins, format_pins, parse_pins
from packtrace.trace.verify.six_words import WORDS
from packtrace.trace.verify.trust import format_trust, parse_trust, six_words

SCENE = Scene()
LOG = (SCENE.origin, "keys")


def test_trust_file_says_what_it_was_made_of() -> None:
    plain = trust_of(SCENE)
    witnessed = trust_of(SCENE, quorum=ONE.name, witnesses=(ONE, witness("witness.example/two")))
    for trust in (plain, witnessed):
        parsed = parse_trust(format_trust(trust))
        assert format_trust(parsed) == format_trust(trust)
        assert (parsed.registrars, parsed.keys_digest) == (trust.registrars, trust.keys_digest)
        assert parsed.policy.witnesses == trust.policy.witnesses


def changed(**members: Any) -> bytes:
    return json.dumps(json.loads(format_trust(trust_of(SCENE))) | members).encode()


OTHER = format_vkey(Scene(origin="log.packtrace.example/other").log_key.vkeys[0])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        b"{",
        b"[" * 100_000,
        changed()[:-1] + b',"quorum":"none"}',
        changed(more=1),
        changed(origin="Upper.example"),
        changed(log_keys=[]),
        changed(log_keys=[OTHER]),
        changed(log_keys=["nonsense"]),
        changed(log_keys=[1]),
        changed(log_keys=json.loads(changed())["log_keys"] * 2),
        changed(registrars={"threshold": 0, "kids": ["a"]}),
        changed(registrars={"threshold": 2, "kids": ["a"]}),
        changed(registrars={"threshold": True, "kids": ["a"]}),
        changed(registrars={"threshold": 1.0, "kids": ["a"]}),
        changed(registrars={"threshold": 1, "kids": ["a", "a"]}),
        changed(quorum="nobody"),
        changed(witnesses={"one": 1}),
        changed(witnesses={"one": OTHER}),
        changed(groups={"g": {"threshold": 1, "members": ["nobody"]}}),
        changed(groups={"g": {"threshold": True, "members": []}}),
    ],
)
def test_trust_file_of_another_form_is_refused(data: bytes) -> None:
    with pytest.raises(TraceError):
        parse_trust(data)


def test_six_words_change_with_anything_that_is_trusted() -> None:
    trust = trust_of(SCENE)
    others = [
        replace(trust, registrars=frozenset({"somebody"})),
        replace(trust, registrars=trust.registrars | {"somebody"}, threshold=2),
        trust_of(SCENE, witnesses=(ONE,)),
        trust_of(SCENE, quorum=ONE.name, witnesses=(ONE,)),
        trust_of(Scene(origin="log.packtrace.example/other")),
    ]
    said = {six_words(each) for each in (trust, *others)}
    assert len(said) == 1 + len(others)
    assert all(len(words.split()) == 6 for words in said)


def test_words_are_256_different_ones() -> None:
    assert len(set(WORDS)) == len(WORDS) == 256
    assert all(word.isascii() and word.islower() for word in WORDS)


def test_six_words_of_a_trust_file_never_change() -> None:
    """People have written them down."""
    assert six_words(trust_of(SCENE)) == six_words(parse_trust(format_trust(trust_of(SCENE))))


@given(st.dictionaries(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32), max_size=5))
def test_pins_are_read_as_they_were_written(roots: dict[int, bytes]) -> None:
    pins = Pins({LOG: roots})
    assert parse_pins(format_pins(pins)) == pins


def test_pin_of_one_size_is_never_replaced() -> None:
    pins = Pins().with_pin(LOG, 5, bytes(32))
    assert pins.with_pin(LOG, 5, bytes(32)) == pins
    with pytest.raises(PinConflictError):
        pins.with_pin(LOG, 5, b"\x01" * 32)
    assert pins.with_pin(LOG, 7, bytes(32)).of(LOG).keys() == {5, 7}, "all sizes are kept"


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b'{"version":2,"logs":[]}',
        b'{"version":1,"logs":[{"origin":"a","log_keys":"b","roots":{"05":"' + b"A" * 43 + b'"}}]}',
        b'{"version":1,"logs":[{"origin":"a","log_keys":"b","roots":{"5":"AA"}}]}',
        b'{"version":1,"logs":[{"origin":"a","log_keys":"b","roots":{"5":5}}]}',
        b'{"version":1,"logs":[{"origin":"a","log_keys":"b"}]}',
        b'{"version":1,"logs":[7]}',
        b'{"version":1,"logs":[{"origin":"a","log_keys":"b","roots":{}},'
        b'{"origin":"a","log_keys":"b","roots":{}}]}',
    ],
)
def test_pins_of_another_form_are_refused(data: bytes) -> None:
    with pytest.raises(TraceError):
        parse_pins(data)


def test_pins_of_two_months_of_a_size_a_minute_are_read_again() -> None:
    pins = Pins({("log.example", "keys"): {size: bytes(32) for size in range(90_000)}})
    assert parse_pins(format_pins(pins)) == pins
