"""Proof of possession: for one key, one log, one chain, one head."""

from __future__ import annotations

from typing import Any

import pytest

from packtrace.signing.compact import format_compact
from packtrace.signing.jws import EVENT, POP, parse_jws, sign_jws
from packtrace.signing.keys import PrivateKey, private_key_from_scalar, private_key_from_seed
from packtrace.signing.possession import PossessionError, check_possession, sign_possession

KEY = private_key_from_seed(bytes(range(32)))
OTHER = private_key_from_seed(bytes(range(1, 33)))
PLACE: dict[str, Any] = {
    "aud": "packtrace.example/cn",
    "sub": "keys:uscc:91440300MA5EXAMPL0",
    "head": "h" * 43,
}


@pytest.mark.parametrize("key", [KEY, private_key_from_scalar(7)], ids=["Ed25519", "P-256"])
@pytest.mark.parametrize("head", ["h" * 43, None])
def test_a_proof_holds_for_what_it_was_made_for(key: PrivateKey, head: str | None) -> None:
    place = PLACE | {"head": head}
    text = sign_possession(**place, signer=key)
    check_possession(text, key=key.public, **place)
    claims = parse_jws(text, typ=POP).value
    assert claims["kid"] == key.public.kid
    assert ("head" in claims) == (head is not None)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"aud": "packtrace.example/eu"}, "member aud"),
        ({"sub": "keys:uscc:91440300MA5EXAMPL1"}, "member sub"),
        ({"head": "i" * 43}, "member head"),
        ({"head": None}, "member head"),
    ],
)
def test_a_proof_for_another_place_is_refused(change: dict[str, Any], where: str) -> None:
    for signed, wanted in [(PLACE, PLACE | change), (PLACE | change, PLACE)]:
        text = sign_possession(**signed, signer=KEY)
        with pytest.raises(PossessionError) as caught:
            check_possession(text, key=KEY.public, **wanted)
        assert caught.value.code == "KEY_NOT_PROVEN"
        assert caught.value.where == where


def test_a_proof_by_another_key_is_refused() -> None:
    with pytest.raises(PossessionError, match="proof: expected one signed by"):
        check_possession(sign_possession(**PLACE, signer=OTHER), key=KEY.public, **PLACE)


@pytest.mark.parametrize(
    "change", [{"kid": OTHER.public.kid}, {"extra": 1}, {"aud": 5}, {"head": True}, {"sub": ["x"]}]
)
def test_other_claims_than_the_four_are_refused(change: dict[str, Any]) -> None:
    claims = {**PLACE, "kid": KEY.public.kid} | change
    with pytest.raises(PossessionError):
        check_possession(sign_jws(format_compact(claims), KEY, POP), key=KEY.public, **PLACE)


def test_a_missing_claim_is_refused() -> None:
    claims = {**PLACE, "kid": KEY.public.kid}
    for name in claims:
        rest = {other: value for other, value in claims.items() if other != name}
        with pytest.raises(PossessionError, match=f"member {name}: .* got no such member"):
            check_possession(sign_jws(format_compact(rest), KEY, POP), key=KEY.public, **PLACE)


def test_an_event_is_no_proof_and_neither_is_any_other_text() -> None:
    event = sign_jws(format_compact({**PLACE, "kid": KEY.public.kid}), KEY, EVENT)
    proof = sign_possession(**PLACE, signer=KEY)
    for text in [event, "", "a.b.c", proof[:-1], proof + "A", "\ud800", proof.replace(".", "", 1)]:
        with pytest.raises(PossessionError):
            check_possession(text, key=KEY.public, **PLACE)
