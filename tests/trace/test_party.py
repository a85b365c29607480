"""Organisation ids: one text for one firm."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.cn import uscc
from stdnum.iso7064 import mod_97_10

from packtrace.trace.codes.party import PATTERN_PARTY, PartyId, PartyIdError, format_party, parse_party

VALID = ["uscc:91110000600037341L", "lei:213800KUD8LAJWSQ9D15", "duns:150483782"]

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
bodies = st.from_regex(f"[0-9]{{8}}[{USCC_ALPHABET}]{{9}}", fullmatch=True)
usccs = bodies.map(lambda body: PartyId("uscc", body + uscc.calc_check_digit(body)))
leis = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=18, max_size=18).map(
    lambda body: PartyId("lei", body + mod_97_10.calc_check_digits(body))
)
dunses = st.text("0123456789", min_size=9, max_size=9).map(lambda digits: PartyId("duns", digits))


@pytest.mark.parametrize("text", VALID)
def test_valid_id_is_parsed_and_formatted_unchanged(text: str) -> None:
    party = parse_party(text)
    assert format_party(party) == str(party) == text
    assert f"{party.scheme}:{party.value}" == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "uscc",
        "uscc:",
        "org:uscc:91110000600037341L",
        "vat:DE136695976",
        "uscc:91110000600037341M",  # check character
        "uscc:91110000600037341l",
        "uscc:9111 0000600037341L",
        "uscc:91110000-60003734-1L",
        "uscc:91110000600037341L\n",
        " uscc:91110000600037341L",
        "USCC:91110000600037341L",
        "uscc:91440300MA5EXAMPLO",  # the letter O is not in the alphabet
        "uscc:\uff191110000600037341L",
        "uscc:\u0669\u0661110000600037341L",
        "lei:213800KUD8LXJWSQ9D15",  # check digits
        "lei:213800kud8lajwsq9d15",
        "duns:15048378",
        "duns:1504837820",
        "duns:15-048-3782",
        "uscc:" + "9" * 100_000,
    ],
)
def test_anything_but_the_one_normal_form_is_refused(text: str) -> None:
    with pytest.raises(PartyIdError) as caught:
        parse_party(text)
    assert caught.value.code == "PARTY_ID_INVALID"
    assert caught.value.expected
    assert len(str(caught.value)) < 300


def test_second_check_digits_of_one_lei_are_refused() -> None:
    """97 divides 99 - 02, 98 - 01 and 97 - 00: all six satisfy the bare congruence."""
    refused = 0
    for number in range(400):
        body = f"2138{number:014d}"
        good = mod_97_10.calc_check_digits(body)
        alias = {"97": "00", "98": "01", "02": "99"}.get(good)
        if alias is None:
            continue
        assert mod_97_10.is_valid(body + alias)
        parse_party(f"lei:{body}{good}")
        with pytest.raises(PartyIdError, match="02 to 98"):
            parse_party(f"lei:{body}{alias}")
        refused += 1
    assert refused >= 3


@given(usccs | leis | dunses)
def test_format_and_parse_invert_each_other(party: PartyId) -> None:
    text = format_party(party)
    assert parse_party(text) == party
    assert re.search(PATTERN_PARTY, text)


@given(usccs | leis, st.integers(0, 17), st.sampled_from(USCC_ALPHABET))
def test_one_changed_character_is_refused(party: PartyId, at: int, letter: str) -> None:
    """Of a LEI, one letter for another or one digit for another: a letter counts as two digits there."""
    changed = party.value[:at] + letter + party.value[at + 1 :]
    assume(changed != party.value)
    assume(party.scheme == "uscc" or party.value[at].isdigit() == letter.isdigit())
    with pytest.raises(PartyIdError):
        parse_party(f"{party.scheme}:{changed}")


def test_value_that_does_not_fit_its_scheme_is_not_formatted() -> None:
    with pytest.raises(PartyIdError):
        format_party(PartyId("uscc", "150483782"))


@given(st.text(max_size=30) | st.from_regex(PATTERN_PARTY))
def test_arbitrary_text_raises_nothing_but_the_named_error(text: str) -> None:
    try:
        assert str(parse_party(text)) == text
    except PartyIdError as error:
        assert error.where
