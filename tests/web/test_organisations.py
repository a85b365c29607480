"""Who is enrolled with which keys, the node described, and tokens of pages that open nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from packtrace.signing.keys import parse_public_jwk
from packtrace.signing.note import format_vkey
from packtrace.tests.ledger.node import append_one
from packtrace.tests.scene import Party, ed25519_key, p256_key
from packtrace.tests.web.conftest import Served, check_problem
from packtrace.trace.times import format_log_time
from packtrace.web.limits import Limits
from packtrace.web.reading.page_tokens import PageTokenError, PageTokens

URL = "/api/v1/organisations"


def states(served: Served, who: Party) -> dict[str, str]:
    answer = served.client.get(f"{URL}/{who.org}/keys")
    assert answer.status_code == 200
    keys: list[dict[str, Any]] = (answer.json or {})["keys"]
    assert all(parse_public_jwk(key["jwk"]).kid == key["kid"] for key in keys)
    return {key["kid"]: key["state"] for key in keys}


def test_organisation_is_told_with_its_names_in_both_languages(served: Served) -> None:
    scene = served.scene
    other = scene.party("other", 8, "pack_dismantler")
    append_one(served.ledger, scene.enrolled(other, name={"zh": "某拆解厂", "en": "A yard"}))
    for name in (other.org, other.id):
        body: dict[str, Any] = served.client.get(f"{URL}/{name}").json or {}
        assert body["id"] == other.org and body["name"] == {"zh": "某拆解厂", "en": "A yard"}
        (role,) = body["roles"]
        assert (role["role"], role["valid"], role["scope"]) == ("pack_dismantler", True, ["open_packs"])
    check_problem(served.client.get(f"{URL}/{scene.party('x', 9).org}"), 404, "ORGANISATION_UNKNOWN")
    check_problem(served.client.get(f"{URL}/{scene.party('x', 9).org}/keys"), 404, "ORGANISATION_UNKNOWN")
    check_problem(served.client.get(f"{URL}/uscc:91440300MA5000001X"), 404, "ORGANISATION_UNKNOWN")
    check_problem(served.client.get(f"{URL}/nobody/keys"), 404, "ORGANISATION_UNKNOWN")


def test_every_key_is_told_with_its_state_now(served: Served) -> None:
    scene = served.scene
    maker = scene.maker
    later, gone = ed25519_key("later"), p256_key("gone")
    soon = format_log_time(served.played.now + timedelta(days=1))[:19] + "Z"
    append_one(served.ledger, scene.key_added(maker, later, **{"from": soon}))
    append_one(served.ledger, scene.key_added(maker, gone))
    append_one(served.ledger, scene.key_revoked(maker, gone))
    assert states(served, maker) == {
        maker.admin.public.kid: "valid",
        maker.key.public.kid: "valid",
        later.public.kid: "not_yet_valid",
        gone.public.kid: "revoked",
    }
    served.played.now += timedelta(days=2)
    assert states(served, maker)[later.public.kid] == "valid"
    assert states(served, scene.registrar) == {scene.registrar.key.public.kid: "valid"}


def test_list_goes_on_where_the_page_before_ended(served: Served) -> None:
    served.node.limits = Limits(page=3)
    first: dict[str, Any] = served.client.get(URL).json or {}
    second: dict[str, Any] = served.client.get(f"{URL}?page={first['next']}").json or {}
    ids = [each["id"] for each in first["organisations"] + second["organisations"]]
    assert ids == sorted(party.org for party in served.scene.members) and "next" not in second


def test_token_of_a_page_that_was_changed_in_any_character_is_refused(served: Served) -> None:
    served.node.limits = Limits(page=1)
    token: str = (served.client.get(URL).json or {})["next"]
    for at, old in enumerate(token):
        forged = f"{token[:at]}{'A' if old != 'A' else 'B'}{token[at + 1 :]}"
        check_problem(served.client.get(f"{URL}?page={forged}"), 400, "PAGE_TOKEN_INVALID")
    for forged in ("", "x", token[:-1], token + "A", f"{token}=", "é", "A" * 5_000):
        check_problem(served.client.get(URL, query_string={"page": forged}), 400, "PAGE_TOKEN_INVALID")


def test_token_opens_its_own_query_alone_also_after_a_restart(served: Served) -> None:
    tokens = PageTokens(served.node.store)
    token = tokens.seal("stage=retired", "battery:x")
    assert PageTokens(served.node.store).open("stage=retired", token) == "battery:x"
    for query in ("stage=retired&region=CN", "stage=retire", ""):
        with pytest.raises(PageTokenError):
            tokens.open(query, token)
    with pytest.raises(PageTokenError):  # what belongs to the query is not taken for the place
        tokens.open("stage=retiredbattery", tokens.seal("stage=retired", "battery:x"))


def test_node_says_which_log_it_is_and_what_it_takes(served: Served) -> None:
    body: dict[str, Any] = served.client.get("/api/v1/node").json or {}
    assert (body["origin"], body["size"]) == (served.ledger.origin, served.ledger.size)
    assert body["vkeys"] == [format_vkey(vkey) for vkey in served.scene.log_key.vkeys]
    assert body["rules"]["sha256"] == served.ledger.rules.sha256
    assert body["limits"]["heads"] == served.limits.heads and body["sealed"] is False
    assert str(served.played.home.path) not in str(body)
