"""`POST /explain`: the rule that a refused event broke, and what to sign in its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.signing.compact import format_compact, parse_compact
from packtrace.signing.jws import EVENT, sign_jws
from packtrace.signing.keys import PrivateKey
from packtrace.tests.scene import event_id, pack_code
from packtrace.tests.web.conftest import Served, check_problem

CODE = pack_code(1)
SUBJECT = f"battery:gbt34014:{CODE}"


def explained(served: Served, text: str, **query: str) -> dict[str, Any]:
    answer = served.client.post(
        "/api/v1/explain", data=text, query_string=query, headers={"Content-Type": "application/jose"}
    )
    assert answer.status_code == 200, answer.data
    body: dict[str, Any] = answer.json or {}
    return body


def signed_raw(payload: bytes, key: PrivateKey) -> str:
    """A JWS over bytes that our own writer would not write."""
    header = format_compact({"alg": "Ed25519", "kid": key.public.kid, "typ": EVENT})
    signing_input = f"{b64url(header)}.{b64url(payload)}"
    return f"{signing_input}.{b64url(key.sign(signing_input.encode()))}"


def signed_again(served: Served, said: dict[str, Any]) -> int:
    """Sign what is offered, and submit it."""
    payload = said["next"]["payload"].encode()
    assert said["next"]["base64url"] == b64url(payload)
    return served.post(sign_jws(payload, served.scene.maker.key, EVENT)).status_code


def test_taken_place_is_explained_with_a_payload_that_is_accepted_once_signed(served: Served) -> None:
    assert served.post(served.scene.manufactured(CODE)).status_code == 201
    scene = served.scene
    seq, head = scene.heads[SUBJECT]
    stale = scene.inspected(scene.maker, CODE, seq=0)
    said = explained(served, stale)
    assert said["status"] == "refused"
    assert [reason["code"] for reason in said["reasons"]] == ["PLACE_TAKEN"]
    value = parse_compact(said["next"]["payload"].encode())
    assert (value["sub"], value["seq"], value["prev"]) == (SUBJECT, seq + 1, head)
    assert said["next"]["remaining"] == []
    assert signed_again(served, said) == 201


def test_form_that_an_encoder_breaks_is_explained_to_the_byte_in_the_callers_language(
    served: Served,
) -> None:
    good = served.scene.manufactured(CODE)
    payload = parse_b64url(good.split(".")[1])
    bad = payload.replace(b'"data":{', b'"data": {')
    at = bad.index(b": {") + 1
    said = explained(served, signed_raw(bad, served.scene.maker.key), language="go")
    (reason,) = said["reasons"]
    assert (reason["code"], reason["byte"]) == ("NON_CANONICAL_ENCODING", at)
    assert reason["expected"] and reason["got"] and '"data": {' in reason["context"]
    assert reason["fix"].startswith("Go:") and "Python" not in reason["fix"]
    assert signed_again(served, said) == 201


def test_floats_and_nulls_are_mended_where_that_loses_nothing(served: Served) -> None:
    value = json.loads(parse_b64url(served.scene.manufactured(CODE).split(".")[1]))
    value["prev"] = None
    value["v"] = 1.0
    text = signed_raw(json.dumps(value).encode(), served.scene.maker.key)
    said = explained(served, text)
    assert said["next"]["remaining"] == [] and signed_again(served, said) == 201


def test_what_only_the_author_can_mend_is_told_of_the_mended_payload_too(served: Served) -> None:
    said = explained(served, served.scene.manufactured(CODE, label="short", model="nonsense"))
    for reasons in (said["reasons"], said["next"]["remaining"]):
        assert {reason["where"] for reason in reasons} >= {"/data/label", "/data/model"}
        assert all(reason["code"] == "SCHEMA_INVALID" and reason["rule"]["step"] for reason in reasons)


def test_der_signature_is_recognised(served: Served) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    head, payload, _ = served.scene.manufactured(CODE).split(".")
    der = private.sign(f"{head}.{payload}".encode(), ec.ECDSA(hashes.SHA256()))
    (reason,) = explained(served, f"{head}.{payload}.{b64url(der)}", language="java")["reasons"]
    assert "P1363" in reason["fix"] and "DER" not in reason["got"]


def test_state_of_a_chain_is_not_told_to_whoever_forges_a_signature(served: Served) -> None:
    """The judge says who holds what; a stranger learns no more of it than the head, which is public."""
    scene = served.scene
    assert served.post(scene.manufactured(CODE)).status_code == 201
    honest = scene.inspected(scene.garage, CODE)  # who does not hold it: the judge names the custodian
    assert scene.maker.org in json.dumps(explained(served, honest))
    head, payload, _ = honest.split(".")
    forged = f"{head}.{payload}.{b64url(bytes(range(64)))}"
    said = explained(served, forged)
    assert [reason["code"] for reason in said["reasons"]] == ["SIGNATURE_INVALID"]
    assert scene.maker.org not in json.dumps(said)


def test_known_and_acceptable_events_are_called_so_and_nothing_is_recorded(served: Served) -> None:
    text = served.scene.manufactured(CODE)
    size = served.ledger.size
    assert explained(served, text) == {"status": "acceptable", "reasons": []}
    assert served.ledger.size == size
    assert served.post(text).status_code == 201
    assert explained(served, text)["status"] == "known"
    assert event_id(text) == (served.post(text).json or {})["id"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "a.b.c",
        "..",
        "eyJ9.e30.x",
        "💥.💥.💥",
        "A" * 70_000,
        "e30.bnVsbA.AAAA",
        "e30." + "W1tb" * 9_000 + ".A",
    ],
)
def test_anything_at_all_is_answered(served: Served, text: str) -> None:
    said = explained(served, text)
    assert said["status"] == "refused" and said["reasons"][0]["detail"]


def test_several_events_and_unknown_languages_are_refused(served: Served) -> None:
    several = served.client.post("/api/v1/explain", json={"events": ["a", "b"]})
    check_problem(several, 400, "BODY_MALFORMED")
    wrong = served.client.post("/api/v1/explain?language=cobol", data="x", content_type="application/jose")
    check_problem(wrong, 422, "PARAMETERS_INVALID")
