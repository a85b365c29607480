"""base64url: one text for each byte string."""

from __future__ import annotations

import base64
import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packtrace.signing.base64url import Base64urlError, b64url, parse_b64url


@given(st.binary(max_size=100))
def test_parse_and_format_invert_each_other(data: bytes) -> None:
    text = b64url(data)
    assert text == base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert parse_b64url(text) == data


@given(st.text("AQgw-_+/=9z \n", max_size=9))
def test_a_text_is_accepted_only_if_encoding_again_gives_it_back(text: str) -> None:
    try:
        data = base64.b64decode(text.translate(str.maketrans("-_+/=", "+/!!!")) + "=" * (-len(text) % 4))
        canonical = base64.urlsafe_b64encode(data).decode().rstrip("=") == text
    except binascii.Error:
        canonical = False
    if canonical:
        assert b64url(parse_b64url(text)) == text
    else:
        with pytest.raises(Base64urlError):
            parse_b64url(text)


@pytest.mark.parametrize(
    "text",
    ["AB", "AAB", "A", "AAAAA", "AA==", "AA=", "A+A", "A/A", "AA A", "AA\n", "A\u0416", "\ud800", "A.A", "é"],
)
def test_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(Base64urlError) as caught:
        parse_b64url(text)
    assert caught.value.code == "NON_CANONICAL_ENCODING"
