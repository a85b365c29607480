"""Withheld members: one slot, one value, one disclosure, and nothing else."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.signing.compact import format_compact, parse_compact
from packtrace.signing.disclosures import (
    MAX_DISCLOSURES,
    DisclosureFormatError,
    DisclosureMismatchError,
    check_disclosures,
    disclosed,
    find_slots,
    format_presentation,
    parse_disclosure,
    split_presentation,
    withhold,
)
from packtrace.signing.errors import SigningError

SALT = bytes(range(16))
VIN_SLOT, VIN = withhold("LSVAA4182E2184847", SALT)
PRICE_SLOT, PRICE = withhold({"amount": 5, "currency": "CNY"}, bytes(range(1, 17)))
_, STRANGER = withhold("LSVAA4182E2184847", bytes(range(2, 18)))
PAYLOAD = {"v": 1, "data": {"vin": VIN_SLOT, "lines": [{"price": PRICE_SLOT}, {"n": [1]}]}}


def test_the_digest_is_that_of_the_published_example() -> None:
    # RFC 9901, 4.2.2 and 4.2.4.2: written with a space, so its digest counts here and its spelling does not.
    text = "WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0"
    assert parse_b64url(text) == b'["lklxF5jMYlGTPUovMNIvCA", "FR"]'
    assert b64url(hashlib.sha256(text.encode()).digest()) == "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs"
    with pytest.raises(DisclosureFormatError, match="byte 26"):
        parse_disclosure(text)
    slot, ours = withhold("FR", parse_b64url("lklxF5jMYlGTPUovMNIvCA"))
    assert parse_b64url(ours) == b'["lklxF5jMYlGTPUovMNIvCA","FR"]'
    assert slot == [{"...": b64url(hashlib.sha256(ours.encode()).digest())}]


@given(
    st.text("ab 电池", max_size=9)
    | st.integers(-99, 99)
    | st.booleans()
    | st.lists(st.integers(0, 9), max_size=3),
    st.binary(min_size=16, max_size=40),
)
def test_a_withheld_value_comes_back(value: Any, salt: bytes) -> None:
    slot, text = withhold(value, salt)
    read = parse_disclosure(text)
    assert (read.value, read.salt, [{"...": read.digest}]) == (value, salt, slot)
    payload = parse_compact(format_compact({"data": {"x": slot}}))
    assert dict(check_disclosures(payload, [text])) == {"/data/x": read}
    assert disclosed(payload, [text]) == {"data": {"x": value}}


def test_slots_are_found_where_they_are_in_the_payloads_order() -> None:
    assert list(find_slots(PAYLOAD)) == [
        ("/data/vin", VIN_SLOT[0]["..."]),
        ("/data/lines/0/price", PRICE_SLOT[0]["..."]),
    ]
    assert list(find_slots({"v": 1, "list": [], "of": [{}]})) == []


@pytest.mark.parametrize("texts", [[VIN, PRICE], [PRICE, VIN], [parse_disclosure(VIN), PRICE]])
def test_each_slot_is_opened_by_its_own_disclosure_in_any_order(texts: list[Any]) -> None:
    opened = check_disclosures(PAYLOAD, texts)
    assert {pointer: item.text for pointer, item in opened.items()} == {
        "/data/vin": VIN,
        "/data/lines/0/price": PRICE,
    }
    assert disclosed(PAYLOAD, texts) == {
        "v": 1,
        "data": {
            "vin": "LSVAA4182E2184847",
            "lines": [{"price": {"amount": 5, "currency": "CNY"}}, {"n": [1]}],
        },
    }
    assert PAYLOAD["data"]["vin"] == VIN_SLOT  # type: ignore[index]  # the payload itself is not changed


@pytest.mark.parametrize(
    "texts", [[], [VIN], [VIN, PRICE, STRANGER], [VIN, STRANGER], [VIN, PRICE, VIN], [VIN, VIN], [STRANGER]]
)
def test_a_missing_a_foreign_or_a_repeated_disclosure_is_refused(texts: list[str]) -> None:
    for check in (check_disclosures, disclosed):
        with pytest.raises(DisclosureMismatchError) as caught:
            check(PAYLOAD, texts)
        assert caught.value.code == "DISCLOSURE_MISMATCH"


def test_a_digest_in_two_slots_is_refused() -> None:
    for payload in [{"a": VIN_SLOT, "b": VIN_SLOT}, {"a": [VIN_SLOT, VIN_SLOT]}]:
        with pytest.raises(DisclosureMismatchError, match="that of /a"):
            check_disclosures(payload, [VIN])
        with pytest.raises(DisclosureMismatchError):
            disclosed(payload, [VIN, VIN], partial=True)


def test_a_reader_with_some_disclosures_sees_the_other_slots_closed() -> None:
    assert disclosed(PAYLOAD, [VIN], partial=True) == {
        "v": 1,
        "data": {"vin": "LSVAA4182E2184847", "lines": [{"price": PRICE_SLOT}, {"n": [1]}]},
    }
    assert disclosed(PAYLOAD, [], partial=True) == PAYLOAD
    with pytest.raises(DisclosureMismatchError):
        disclosed(PAYLOAD, [STRANGER], partial=True)


@pytest.mark.parametrize(
    "payload",
    [
        {"...": VIN_SLOT[0]["..."]},
        {"a": VIN_SLOT[0]},
        {"a": [VIN_SLOT[0], VIN_SLOT[0]]},
        {"a": ["x", VIN_SLOT[0]]},
        {"a": [VIN_SLOT[0] | {"b": 1}]},
        {"a": [{"...": 5}]},
        {"a": [{"...": ["x"]}]},
        {"a": [{"...": ""}]},
        {"a": [{"...": b64url(bytes(31))}]},
        {"a": [{"...": "A" * 42 + "B"}]},
    ],
)
def test_the_slots_name_anywhere_else_is_refused(payload: dict[str, Any]) -> None:
    with pytest.raises(DisclosureFormatError) as caught:
        check_disclosures(payload, [VIN])
    assert caught.value.code == "DISCLOSURE_MALFORMED"


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"{}",
        b"[]",
        b'["AAECAwQFBgcICQoLDA0ODw"]',
        b'["AAECAwQFBgcICQoLDA0ODw","vin","x"]',
        b'["AAECAwQFBgcICQoLDA0O","x"]',
        b'["","x"]',
        b'["AAECAwQFBgcICQoLDA0ODx","x"]',
        b'["AAECAwQFBgcICQoLDA0ODw==","x"]',
        b'[5,"x"]',
        b'["AAECAwQFBgcICQoLDA0ODw", "x"]',
        b'["AAECAwQFBgcICQoLDA0ODw",1.5]',
        b'["AAECAwQFBgcICQoLDA0ODw",null]',
        b'["AAECAwQFBgcICQoLDA0ODw",[{"...":"x"}]]',
        b'["AAECAwQFBgcICQoLDA0ODw",{"a":{"...":"x"}}]',
        b'["AAECAwQFBgcICQoLDA0ODw","' + b"x" * 9_000 + b'"]',
    ],
)
def test_a_disclosure_of_another_form_is_refused(written: bytes) -> None:
    with pytest.raises(DisclosureFormatError):
        parse_disclosure(b64url(written))


def test_a_disclosure_is_canonical_base64url() -> None:
    for text in [VIN + "=", VIN + "\n", "é", "\ud800", VIN[:-1] + "."]:
        with pytest.raises(DisclosureFormatError):
            parse_disclosure(text)


@pytest.mark.parametrize("value", [1.5, None, "e\u0301", VIN_SLOT, {"a": VIN_SLOT}, "x" * 9_000, {"a b": 1}])
def test_what_could_not_be_read_is_not_withheld(value: Any) -> None:
    with pytest.raises(DisclosureFormatError):
        withhold(value, SALT)


def test_a_short_salt_is_refused() -> None:
    with pytest.raises(DisclosureFormatError, match="at least 16 bytes, got 15"):
        withhold("x", bytes(15))


def test_a_presentation_is_taken_apart_as_it_was_put_together() -> None:
    for disclosures in [(), (VIN,), (VIN, PRICE)]:
        assert split_presentation(format_presentation("a.b.c", disclosures)) == ("a.b.c", disclosures)
    assert format_presentation("a.b.c", [parse_disclosure(VIN), PRICE]) == f"a.b.c~{VIN}~{PRICE}~"
    assert split_presentation("a.b.c~") == split_presentation("a.b.c") == ("a.b.c", ())


@pytest.mark.parametrize(
    "text",
    [f"a.b.c~{VIN}", f"a.b.c~~{VIN}~", "a.b.c~~", f"a.b.c~{VIN}~a.b.c", "j~" + "d~" * (MAX_DISCLOSURES + 1)],
)
def test_a_presentation_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(DisclosureFormatError):
        split_presentation(text)


@given(st.text("~.aA-", max_size=20))
def test_an_arbitrary_presentation_is_read_or_refused_but_never_crashes(text: str) -> None:
    try:
        _, disclosures = split_presentation(text)
        check_disclosures(PAYLOAD, disclosures)
    except SigningError:
        return
    raise AssertionError("nothing in this alphabet opens the slots")
