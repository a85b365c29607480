"""Bearer tokens: who reads, and every way in which a token is none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.signing.compact import format_compact
from packtrace.signing.jws import EVENT, NOTICE, POP, READ, sign_jws
from packtrace.signing.keys import PrivateKey
from packtrace.tests.scene import Party, Scene, ed25519_key, p256_key
from packtrace.tests.trace.court import Court
from packtrace.trace.read_token import Reader, ReadTokenError, check_read_token, sign_read_token
from packtrace.trace.times import format_time


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def court(scene: Scene) -> Court:
    return Court(scene)


def claims(court: Court, party: Party, **changes: Any) -> dict[str, Any]:
    now = int(court.now.timestamp())
    value = {"aud": court.scene.origin, "iss": party.org, "iat": now, "exp": now + 300} | changes
    return {name: each for name, each in value.items() if each is not None}


def made(court: Court, party: Party, key: PrivateKey | None = None, typ: str = READ, **changes: Any) -> str:
    """A token that may say what none says."""
    return sign_jws(format_compact(claims(court, party, **changes)), key or party.key, typ)


def read(court: Court, text: str) -> Reader:
    return check_read_token(text, court.world, court.now)


def refusal(court: Court, text: str) -> str:
    with pytest.raises(ReadTokenError) as caught:
        read(court, text)
    error = caught.value
    assert error.finding_code == "TOKEN_INVALID"
    assert not any(part in error.message for part in text.split(".")[1:] if part)
    return error.message


def test_a_token_names_its_organisation_with_its_roles_and_region(court: Court, scene: Scene) -> None:
    text = sign_read_token(scene.garage.key, origin=scene.origin, org=scene.garage.org, at=court.now)
    found = read(court, text)
    assert (found.org, found.kid) == (scene.garage.org, scene.garage.key.public.kid)
    assert found.roles == ("repairer", "dealer")
    assert found.region == "CN-440300"
    assert not found.is_authority and not found.is_registrar and found.regions == ()


def test_members_may_stand_in_any_order(court: Court, scene: Scene) -> None:
    value = claims(court, scene.garage)
    turned = format_compact({name: value[name] for name in reversed(value)})
    assert read(court, sign_jws(turned, scene.garage.key, READ)).org == scene.garage.org


def test_an_authority_covers_its_region_and_what_lies_in_it(court: Court, scene: Scene) -> None:
    court.admit(scene.enrolled(scene.regulator, region="CN-440000"))
    court.admit(scene.key_added(scene.regulator, scene.regulator.key))
    found = read(court, made(court, scene.regulator))
    assert found.is_authority and found.regions == ("CN-440000",)
    assert found.covers("CN-440300") and found.covers("CN-440000")
    assert not found.covers("CN-110000") and not found.covers("CN") and not found.covers("DE-BY")


def test_who_is_no_authority_covers_nothing(court: Court, scene: Scene) -> None:
    assert not read(court, made(court, scene.maker)).covers("CN-440300")


def test_a_role_that_has_ended_gives_nothing(court: Court, scene: Scene) -> None:
    over = format_time(court.now - timedelta(days=1))
    roles = [{"role": "regulator", "until": over}, {"role": "carrier"}]
    court.admit(scene.enrolled(scene.regulator, roles=roles))
    court.admit(scene.key_added(scene.regulator, scene.regulator.key))
    found = read(court, made(court, scene.regulator))
    assert found.roles == ("carrier",) and not found.is_authority


@pytest.mark.parametrize("key", [ed25519_key("reads"), p256_key("reads")], ids=["Ed25519", "P-256"])
def test_a_key_for_reading_reads_and_signs_nothing(court: Court, scene: Scene, key: PrivateKey) -> None:
    court.admit(scene.key_added(scene.maker, key, use="read"))
    assert read(court, made(court, scene.maker, key)).org == scene.maker.org
    assert court.refusal(scene.sign(scene.maker, "model.published", scene.model + "/2", {}, key=key)) != (
        "accepted"
    )


def test_a_key_that_may_sign_few_types_reads_for_its_organisation(court: Court, scene: Scene) -> None:
    key = ed25519_key("phone")
    court.admit(scene.key_added(scene.garage, key, types=["battery.inspected"]))
    assert read(court, made(court, scene.garage, key)).org == scene.garage.org


def test_a_token_of_another_log_is_refused(court: Court, scene: Scene) -> None:
    assert "another log" in refusal(court, made(court, scene.garage, aud="other.example/log"))


@pytest.mark.parametrize(
    ("begins", "ends", "good"),
    [
        (-900, 0, True),
        (-900, -59, True),
        (-900, -60, False),
        (60, 360, True),
        (61, 361, False),
        (0, 900, True),
        (0, 901, False),
        (0, 0, False),
        (10, 5, False),
    ],
)
def test_a_token_is_of_minutes_and_clocks_may_differ_by_one(
    court: Court, scene: Scene, begins: int, ends: int, good: bool
) -> None:
    now = int(court.now.timestamp())
    text = made(court, scene.garage, iat=now + begins, exp=now + ends)
    if good:
        assert read(court, text).org == scene.garage.org
    else:
        assert "expected" in refusal(court, text)


@pytest.mark.parametrize("seconds", [0, -1, 901])
def test_no_token_is_made_that_none_would_take(scene: Scene, court: Court, seconds: int) -> None:
    with pytest.raises(ValueError, match="expected 1 to 900"):
        sign_read_token(
            scene.garage.key, origin=scene.origin, org=scene.garage.org, at=court.now, seconds=seconds
        )


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": None},
        {"iss": None},
        {"iat": None},
        {"exp": None},
        {"sub": "battery:gbt34014:X"},
        {"nbf": 1},
        {"iat": "1"},
        {"exp": True},
        {"iat": -1, "exp": 9007199254740991},
    ],
    ids=str,
)
def test_a_token_says_four_things_and_nothing_else(
    court: Court, scene: Scene, changes: dict[str, Any]
) -> None:
    refusal(court, made(court, scene.garage, **changes))


@pytest.mark.parametrize("typ", [EVENT, POP, NOTICE])
def test_what_was_signed_for_another_purpose_is_no_token(court: Court, scene: Scene, typ: str) -> None:
    assert "typ" in refusal(court, made(court, scene.garage, typ=typ))


def test_an_event_of_the_log_is_no_token(court: Court, scene: Scene) -> None:
    assert "typ" in refusal(court, scene.manufactured("04QPB76836300JBC40000001"))


@pytest.mark.parametrize("alg", ["none", "HS256", "RS256", "ES256"])
def test_another_algorithm_than_the_key_has_is_refused(court: Court, scene: Scene, alg: str) -> None:
    header, payload, signature = made(court, scene.garage).split(".")
    said = parse_b64url(header).replace(b'"Ed25519"', f'"{alg}"'.encode())
    refusal(court, f"{b64url(said)}.{payload}.{signature}")
    refusal(court, f"{b64url(said)}.{payload}.")


def test_a_changed_token_is_refused(court: Court, scene: Scene) -> None:
    header, payload, signature = made(court, scene.garage).split(".")
    other = b64url(format_compact(claims(court, scene.maker)))
    assert "signature" in refusal(court, f"{header}.{other}.{signature}").lower()
    refusal(court, f"{header}.{payload}.{signature[:-2]}AA")


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "~", "é", "x" * 5_000, "a" * 100_000])
def test_what_is_no_jws_is_no_token(court: Court, text: str) -> None:
    with pytest.raises(ReadTokenError):
        read(court, text)


def test_a_key_that_nobody_registered_is_refused(court: Court, scene: Scene) -> None:
    assert "registered" in refusal(court, made(court, scene.garage, ed25519_key("nobody's")))


def test_a_key_of_another_organisation_is_refused(court: Court, scene: Scene) -> None:
    assert "iss" in refusal(court, made(court, scene.recycler, scene.garage.key))


def test_an_admin_key_reads_nothing(court: Court, scene: Scene) -> None:
    assert "one for admin" in refusal(court, made(court, scene.garage, scene.garage.admin))


def test_a_registrars_key_reads_nothing(court: Court, scene: Scene) -> None:
    assert "one for registrar" in refusal(court, made(court, scene.registrar))


def test_a_revoked_key_reads_nothing_though_its_token_is_of_before(court: Court, scene: Scene) -> None:
    text = made(court, scene.garage)
    assert read(court, text).org == scene.garage.org
    court.admit(scene.key_revoked(scene.garage, scene.garage.key))
    assert "revoked" in refusal(court, text)


def test_a_key_reads_within_its_time_alone(court: Court, scene: Scene) -> None:
    key = ed25519_key("for a day")
    begins, ends = court.now + timedelta(hours=1), court.now + timedelta(hours=2)
    span = {"from": format_time(begins), "until": format_time(ends)}
    court.admit(scene.key_added(scene.garage, key, **span))
    verdicts = []
    for now in (begins - timedelta(seconds=1), begins, ends - timedelta(seconds=1), ends):
        court.now = now
        try:
            read(court, made(court, scene.garage, key))
            verdicts.append(True)
        except ReadTokenError:
            verdicts.append(False)
    assert verdicts == [False, True, True, False]


def test_a_suspended_organisation_reads_nothing_until_it_is_reinstated(court: Court, scene: Scene) -> None:
    text = made(court, scene.garage)
    court.admit(scene.sign(scene.registrar, "org.suspended", scene.garage.org, {"reason": "court order"}))
    assert "suspended" in refusal(court, text)
    court.admit(scene.sign(scene.registrar, "org.reinstated", scene.garage.org, {"reason": "appeal"}))
    assert read(court, text).org == scene.garage.org


def test_within_its_minutes_a_token_is_good_again(court: Court, scene: Scene) -> None:
    """Nothing is kept of tokens: a copy is as good as the original until both expire."""
    text = made(court, scene.garage)
    assert read(court, text) == read(court, text)
    court.now += timedelta(seconds=361)
    assert "expired" in refusal(court, text)
