"""Enrolment: an invitation is for one device and gives nothing; an admin's key adds the device's."""

from __future__ import annotations

import json
import logging
import threading
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import zxingcpp
from PIL import Image

from packtrace.signing.base64url import b64url
from packtrace.signing.keys import generate_private_key
from packtrace.signing.possession import sign_possession
from packtrace.tests.cli.command import call_well
from packtrace.tests.cli.test_token import keep
from packtrace.tests.ledger.node import Node as Played
from packtrace.tests.ledger.node import append_one
from packtrace.tests.scene import Party, Scene, ed25519_key, p256_key, pack_code
from packtrace.trace.device_words import device_words
from packtrace.trace.ledger.home import Home
from packtrace.trace.read_token import sign_read_token
from packtrace.trace.times import format_log_time
from packtrace.web.api.enrolment import GUESSES
from packtrace.web.enrolment.demonstration import NotDemonstrationError, confirm_by_itself
from packtrace.web.enrolment.invitations import MOST, WAITS_FOR
from packtrace.web.enrolment.seen import STEP

from .conftest import Served, check_problem
from .enrolling import INVITATION, REQUEST, V1, Phone, approve, bearer_of, devices, invite, invited, phone
from .live import found, serving
from .test_logs import HOSTILE


@pytest.fixture
def yard(served: Served) -> Party:
    """Who enrols a device."""
    return served.scene.dismantler


def test_a_device_is_enrolled_from_invitation_to_revocation(served: Served, yard: Party) -> None:
    device = phone(served, yard)
    looked = device.look().json or {}
    assert (looked["state"], looked["organisation"]["id"]) == ("open", yard.org)
    assert (looked["origin"], looked["subject"]) == (served.scene.origin, f"keys:{yard.id}")
    assert (device.ask().json or {})["state"] == "waiting"
    told = devices(served, yard)
    (request,) = told["requests"]
    assert (request["kid"], request["name"]) == (device.key.public.kid, "phone at the gate")
    assert request["proven"] and not told["invitations"] and told["admins"] == [yard.admin.public.kid]
    assert approve(served, yard, request).status == "accepted"
    assert (device.ask(request["possession"]).json or {})["state"] == "enrolled"
    told = devices(served, yard, device.key)  # with the device's own key, which reads now
    assert not told["requests"]
    own = told["devices"][-1]
    assert (own["kid"], own["name"], own["state"]) == (device.key.public.kid, "phone at the gate", "valid")
    append_one(served.ledger, served.scene.key_revoked(yard, device.key))
    assert (device.ask(request["possession"]).json or {})["state"] == "revoked"
    own = devices(served, yard)["devices"][-1]
    assert (own["state"], own["reason"]) == ("revoked", "lost") and own["revoked_at"] >= own["added_at"]
    refused = served.client.get(f"{V1}/devices", headers=bearer_of(served, yard, device.key))
    check_problem(refused, 401, "TOKEN_INVALID")


@pytest.mark.parametrize("kind", ["Ed25519", "P-256"])
def test_both_kinds_of_keys_are_enrolled(served: Served, yard: Party, kind: str) -> None:
    key = ed25519_key("a phone") if kind == "Ed25519" else p256_key("a phone")
    device = Phone(served, invited(served, yard), key)
    assert device.ask().status_code == 200
    assert approve(served, yard, devices(served, yard)["requests"][0]).status == "accepted"


def test_only_a_digest_of_the_secret_is_kept(served: Served, yard: Party) -> None:
    device = phone(served, yard)
    device.ask()
    secret = device.secret.encode()
    assert len(secret) >= 22  # 128 bits
    for path in served.played.home.path.rglob("*"):
        assert not path.is_file() or secret not in path.read_bytes(), path


def test_the_secret_is_in_no_line_and_no_answer_but_its_own(
    served: Served, yard: Party, caplog: pytest.LogCaptureFixture
) -> None:
    device = phone(served, yard)
    unknown = Phone(served, "A" * 22, device.key)
    with caplog.at_level(logging.DEBUG):
        looked = device.look()
        proof = device.prove(looked.json or {})
        answers = [looked, device.ask("x"), device.ask(proof, name="\x00"), device.ask(proof)]
        answers += [device.look(), unknown.look(), device.ask("x")]
        answers.append(served.client.post(INVITATION, json={"secret": [device.secret]}))
        answers.append(served.client.post(INVITATION, json={device.secret: device.secret}))
    answers.append(served.client.get(f"{V1}/devices", headers=bearer_of(served, yard)))
    for answer in answers:
        said = answer.data + str(answer.headers).encode()
        assert device.secret.encode() not in said and unknown.secret.encode() not in said
    assert device.secret not in caplog.text


# An invitation is for one device, and for a while.


def test_an_invitation_that_was_used_takes_no_second_device(served: Served, yard: Party) -> None:
    first = phone(served, yard, "first")
    told = first.look().json or {}
    second = Phone(served, first.secret, ed25519_key("second"))
    assert first.ask().status_code == 200
    check_problem(second.ask(second.prove(told)), 409, "INVITATION_USED")
    check_problem(second.look(), 409, "INVITATION_USED")
    (request,) = devices(served, yard)["requests"]
    assert request["kid"] == first.key.public.kid
    approve(served, yard, request)
    check_problem(second.ask(second.prove(told)), 409, "INVITATION_USED")


def test_of_phones_that_race_for_an_invitation_one_wins(served: Served, yard: Party) -> None:
    secret = invited(served, yard)
    racers = [Phone(served, secret, ed25519_key(f"racer {n}")) for n in range(8)]
    told = racers[0].look().json or {}
    proofs = [racer.prove(told) for racer in racers]
    begin, statuses = threading.Barrier(len(racers)), [0] * len(racers)

    def race(n: int) -> None:
        client = served.app.test_client()
        body = {"secret": secret, "jwk": racers[n].key.public.jwk(), "possession": proofs[n]}
        begin.wait()
        statuses[n] = client.post(REQUEST, json=body).status_code

    threads = [threading.Thread(target=race, args=(n,)) for n in range(len(racers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [409] * 7
    (request,) = devices(served, yard)["requests"]
    assert request["kid"] == racers[statuses.index(200)].key.public.kid


def test_an_invitation_expires_after_ten_minutes_but_not_a_device_that_came(
    served: Served, yard: Party
) -> None:
    late, early = phone(served, yard, "late"), phone(served, yard, "early")
    told = late.look().json or {}
    assert early.ask().status_code == 200
    served.played.now += timedelta(minutes=9, seconds=59)
    assert late.look().status_code == 200
    served.played.now += timedelta(seconds=1)
    check_problem(late.look(), 410, "INVITATION_EXPIRED")
    check_problem(late.ask(late.prove(told)), 410, "INVITATION_EXPIRED")
    (request,) = devices(served, yard)["requests"]
    assert (early.ask(request["possession"]).json or {})["state"] == "waiting"
    served.played.now += WAITS_FOR
    assert devices(served, yard)["requests"] == []
    assert (early.ask(request["possession"]).json or {})["state"] == "expired"


def test_an_invitation_is_taken_back_by_its_organisation_alone(served: Served, yard: Party) -> None:
    made = invite(served, yard).json or {}
    url, others = f"{V1}/invitations/{made['id']}", served.scene.recycler
    check_problem(served.client.delete(url, headers=bearer_of(served, others)), 404, "INVITATION_UNKNOWN")
    check_problem(served.client.delete(url), 401, "TOKEN_REQUIRED")
    assert devices(served, others)["invitations"] == []
    device = Phone(served, made["secret"], ed25519_key("x"))
    proof = device.prove(device.look().json or {})
    assert device.ask(proof).status_code == 200
    assert served.client.delete(url, headers=bearer_of(served, yard)).status_code == 204
    assert (device.ask(proof).json or {})["state"] == "refused"
    assert devices(served, yard)["requests"] == []


def test_the_link_is_told_with_its_symbol_where_the_address_is_safe(served: Served, yard: Party) -> None:
    made = invite(served, yard, url="https://yard.example:8443/").json or {}
    assert made["link"] == f"https://yard.example:8443/enrol#{made['secret']}"
    side = len(made["symbol"])
    picture = Image.new("L", (side, side))
    picture.putdata([255 * (each == "0") for row in made["symbol"] for each in row])
    (read,) = zxingcpp.read_barcodes(picture.resize((side * 5, side * 5), Image.Resampling.NEAREST))
    assert read.text == made["link"]
    for url in ("http://192.0.2.7", "https://a@b.example", "javascript:alert(1)", "https://x/y", "https://["):
        check_problem(invite(served, yard, url=url), 422, "INVITATION_REFUSED")
    assert invite(served, yard, url="http://127.0.0.1:8321").status_code == 201


def test_an_organisation_has_no_more_invitations_open_than_fifty(served: Served, yard: Party) -> None:
    for _ in range(MOST):
        invited(served, yard)
    check_problem(invite(served, yard), 409, "INVITATIONS_TOO_MANY")
    invited(served, served.scene.recycler)
    served.played.now += timedelta(minutes=10)
    invited(served, yard)


def test_secrets_are_not_guessed_by_the_thousand(served: Served, yard: Party) -> None:
    device = phone(served, yard)
    for n in range(GUESSES + 1):
        check_problem(Phone(served, f"guess {n}", device.key).look(), 404, "INVITATION_UNKNOWN")
    answer = device.look()
    check_problem(answer, 429, "TOO_MANY_REQUESTS")
    assert int(answer.headers["Retry-After"]) >= 1
    there = {"REMOTE_ADDR": "192.0.2.7"}
    assert (
        served.client.post(INVITATION, json={"secret": device.secret}, environ_base=there).status_code == 200
    )


# What a device proves, it proves for this key, log, organisation and head.


@pytest.mark.parametrize("member", ["aud", "sub", "head", "no head", "signer"])
def test_a_proof_of_something_else_is_none(served: Served, yard: Party, member: str) -> None:
    device, others = phone(served, yard), served.scene.recycler
    told = device.look().json or {}
    other: dict[str, Any] = {
        "aud": {"aud": "log.packtrace.example/other"},
        "sub": {"sub": f"keys:{others.id}"},
        "head": {"head": served.scene.heads[f"keys:{others.id}"][1]},
        "no head": {"head": None},
        "signer": {"signer": ed25519_key("somebody")},
    }[member]
    answer = device.ask(device.prove(told, **other))
    assert check_problem(answer, 422, "KEY_NOT_PROVEN")["head"] == told["head"]
    assert device.look().status_code == 200  # nothing was bound


def test_a_proof_of_another_device_is_of_no_use(served: Served, yard: Party) -> None:
    mine, theirs = phone(served, yard, "mine"), phone(served, yard, "theirs")
    proof = theirs.prove(theirs.look().json or {})
    theirs.ask(proof)
    check_problem(mine.ask(proof), 422, "KEY_NOT_PROVEN")
    # With its key, too: the proof is of that key, and the request would be for it, which words would show.
    again = served.client.post(
        REQUEST, json={"secret": mine.secret, "jwk": theirs.key.public.jwk(), "possession": proof}
    )
    assert again.status_code == 200
    kids = [each["kid"] for each in devices(served, yard)["requests"]]
    assert kids == [theirs.key.public.kid] * 2


def test_a_device_that_waits_proves_itself_anew_when_the_chain_moves(served: Served, yard: Party) -> None:
    first, second = phone(served, yard, "first"), phone(served, yard, "second")
    first.ask()
    old = second.prove(second.look().json or {})
    second.ask(old)
    asked = {each["kid"]: each for each in devices(served, yard)["requests"]}
    one, two = asked[first.key.public.kid], asked[second.key.public.kid]
    assert approve(served, yard, one).status == "accepted"
    (waiting,) = devices(served, yard)["requests"]
    assert waiting["proven"] is False
    outcome = approve(served, yard, two)
    assert outcome.error and outcome.error.finding_code == "KEY_NOT_PROVEN"
    told = second.ask(old).json or {}
    assert told["state"] == "waiting" and told["head"] == devices(served, yard)["head"]
    assert second.ask(second.prove(told)).status_code == 200
    (waiting,) = devices(served, yard)["requests"]
    assert waiting["proven"] is True
    assert approve(served, yard, waiting).status == "accepted"
    assert (second.ask(old).json or {})["state"] == "enrolled"


def test_only_the_key_that_bound_it_renews_a_request(served: Served, yard: Party) -> None:
    device = phone(served, yard)
    told = device.look().json or {}
    device.ask()
    thief = Phone(served, device.secret, ed25519_key("thief"))
    check_problem(thief.ask(thief.prove(told)), 409, "INVITATION_USED")
    forged = sign_possession(aud=told["origin"], sub=told["subject"], head=told["head"], signer=thief.key)
    body = {"secret": device.secret, "jwk": device.key.public.jwk(), "possession": forged}
    check_problem(served.client.post(REQUEST, json=body), 422, "KEY_NOT_PROVEN")


def test_a_key_that_somebody_has_registered_is_refused(served: Served, yard: Party) -> None:
    for taken in (served.scene.recycler.key, yard.key, yard.admin, served.scene.registrar.key):
        device = Phone(served, invited(served, yard), taken)
        check_problem(device.ask(), 422, "KEY_ALREADY_BOUND")


def test_a_key_that_is_registered_elsewhere_meanwhile_is_not_enrolled(served: Served, yard: Party) -> None:
    device, others = phone(served, yard), served.scene.recycler
    proof = device.prove(device.look().json or {})
    device.ask(proof)
    append_one(served.ledger, served.scene.key_added(others, device.key))
    assert (device.ask(proof).json or {})["state"] == "waiting"
    outcome = approve(served, yard, devices(served, yard)["requests"][0])
    assert outcome.error and outcome.error.finding_code == "KEY_ALREADY_BOUND"


def test_a_weak_key_is_refused(served: Served, yard: Party, vectors: Path) -> None:
    secret = invited(served, yard)
    rows = json.loads((vectors / "ed25519/weak-public-keys.json").read_text())
    for row in rows[:3]:
        jwk = {"crv": "Ed25519", "kty": "OKP", "x": b64url(bytes.fromhex(row["public_key_hex"]))}
        body = {"secret": secret, "jwk": jwk, "possession": "x"}
        check_problem(served.client.post(REQUEST, json=body), 422, "KEY_WEAK")
    private = {**ed25519_key("x").public.jwk(), "d": "AAAA"}
    answer = served.client.post(REQUEST, json={"secret": secret, "jwk": private, "possession": "x"})
    check_problem(answer, 422, "KEY_MALFORMED")
    assert b"AAAA" not in answer.data


# Who may do what.


def test_an_invitation_alone_gives_nothing(served: Served, yard: Party) -> None:
    device = phone(served, yard)
    device.ask()
    answer = served.client.get(f"{V1}/devices", headers=bearer_of(served, yard, device.key))
    check_problem(answer, 401, "TOKEN_INVALID")
    pack = f"battery:gbt34014:{pack_code(1)}"
    text = served.scene.sign(yard, "battery.inspected", pack, {"condition": "intact"}, key=device.key)
    check_problem(served.post(text), 422, "KEY_UNKNOWN")


def test_an_admin_of_another_organisation_adds_no_key(served: Served, yard: Party) -> None:
    phone(served, yard).ask()
    (request,) = devices(served, yard)["requests"]
    others = served.scene.recycler
    assert approve(served, yard, request, by=others.admin).status == "refused"
    scene, subject = served.scene, f"keys:{yard.id}"
    data = {name: request[name] for name in ("use", "jwk", "possession")}
    text = scene.sign(
        others, "key.added", subject, data, key=others.admin, seq=1, prev=devices(served, yard)["head"]
    )
    assert append_one(served.ledger, text).status == "refused"
    # Nor to its own: the proof is for the organisation that invited.
    text = scene.sign(others, "key.added", f"keys:{others.id}", data, key=others.admin)
    outcome = append_one(served.ledger, text)
    assert outcome.error and outcome.error.finding_code == "KEY_NOT_PROVEN"


def test_a_key_that_signs_adds_no_key_and_invites_no_admin(served: Served, yard: Party) -> None:
    check_problem(invite(served, yard, use="admin"), 403, "NOT_PERMITTED")
    phone(served, yard).ask()
    outcome = approve(served, yard, devices(served, yard)["requests"][0], by=yard.key)
    assert outcome.error and outcome.error.finding_code == "KEY_USE_FORBIDDEN"


def test_the_invitation_says_what_the_key_is_for_and_no_request_changes_it(
    served: Served, yard: Party
) -> None:
    device = phone(served, yard)
    for more in ({"use": "admin"}, {"types": ["battery.recycled"]}, {"org": served.scene.recycler.org}):
        told = device.look().json or {}
        check_problem(device.ask(device.prove(told), **more), 400, "BODY_MALFORMED")
    device.ask()
    (request,) = devices(served, yard)["requests"]
    assert request["use"] == "sign"
    said = {"origin": served.scene.origin, "org": yard.org, "kid": request["kid"]}
    assert device_words(use="sign", **said) != device_words(use="admin", **said)


def test_an_admin_key_is_enrolled_by_another_and_adds_keys_then(served: Served, yard: Party) -> None:
    office = phone(served, yard, "office", key=yard.admin, use="admin")
    office.ask()
    (request,) = devices(served, yard, yard.admin)["requests"]
    assert request["use"] == "admin" and approve(served, yard, request).status == "accepted"
    assert office.key.public.kid in devices(served, yard, office.key)["admins"]
    phone(served, yard, key=office.key).ask()
    assert approve(served, yard, devices(served, yard)["requests"][0], by=office.key).status == "accepted"
    append_one(served.ledger, served.scene.key_revoked(yard, office.key))
    assert devices(served, yard)["admins"] == [yard.admin.public.kid]
    phone(served, yard, "third").ask()
    refused = approve(served, yard, devices(served, yard)["requests"][0], by=office.key)
    assert refused.error and refused.error.finding_code == "KEY_REVOKED_AT_SIGNING"


def test_when_a_device_was_last_seen_is_told_to_its_own(served: Served, yard: Party) -> None:
    def seen(asker: Party) -> str | None:
        return devices(served, asker, asker.admin)["devices"][0].get("seen_at")

    assert seen(yard) is None
    first = served.played.now
    served.client.get("/api/v1/feed", headers=bearer_of(served, yard))
    assert seen(yard) == format_log_time(first)
    served.played.now += STEP - timedelta(seconds=1)
    served.client.get("/api/v1/feed", headers=bearer_of(served, yard))
    assert seen(yard) == format_log_time(first)
    served.played.now += timedelta(seconds=1)
    served.client.get("/api/v1/feed", headers=bearer_of(served, yard))
    assert seen(yard) == format_log_time(first + STEP)
    forged = bearer_of(served, served.scene.recycler, ed25519_key("nobody"))
    served.client.get("/api/v1/feed", headers=forged)
    assert seen(served.scene.recycler) is None


def test_an_admin_key_asks_about_devices_and_about_nothing_else(served: Served, yard: Party) -> None:
    header = bearer_of(served, yard, yard.admin)
    assert served.client.get(f"{V1}/devices", headers=header).status_code == 200
    for path in ("batteries", "feed", "webhooks", f"subjects/keys:{yard.id}/events"):
        check_problem(served.client.get(f"{V1}/{path}", headers=header), 401, "TOKEN_INVALID")


def test_a_key_that_only_reads_invites_nobody(served: Served, yard: Party) -> None:
    reads = ed25519_key("reads")
    append_one(served.ledger, served.scene.key_added(yard, reads, use="read"))
    check_problem(invite(served, yard, key=reads), 403, "NOT_PERMITTED")
    made = invite(served, yard).json or {}
    answer = served.client.delete(f"{V1}/invitations/{made['id']}", headers=bearer_of(served, yard, reads))
    check_problem(answer, 403, "NOT_PERMITTED")
    assert len(devices(served, yard, reads)["invitations"]) == 1


def test_a_suspended_organisation_invites_nobody(served: Served, yard: Party) -> None:
    scene = served.scene
    device = phone(served, yard)
    append_one(served.ledger, scene.sign(scene.registrar, "org.suspended", yard.org, {"reason": "fraud"}))
    check_problem(invite(served, yard), 401, "TOKEN_INVALID")
    assert (device.ask().json or {})["organisation"]["suspended"] is True


@pytest.mark.parametrize(
    "wishes",
    [
        {"use": "read"},
        {"use": "registrar"},
        {"types": ["battery.eaten"]},
        {"sites": ["Nowhere"]},
        {"name": ""} | {"name": "x" * 101},
        {"name": "a\u202eb"},
        {"name": "e\u0301"},
    ],
    ids=str,
)
def test_nobody_is_invited_for_what_the_log_would_refuse(
    served: Served, yard: Party, wishes: dict[str, Any]
) -> None:
    check_problem(invite(served, yard, key=yard.admin, **wishes), 422, "INVITATION_REFUSED")


def test_sites_and_types_of_the_invitation_bind_the_key(served: Served) -> None:
    scene = served.scene
    yard = scene.party("two gates", 9, "collector")
    sites = [{"site": "North", "region": "CN-440300"}, {"site": "South", "region": "CN-440300"}]
    append_one(served.ledger, scene.enrolled(yard, sites=sites))
    append_one(served.ledger, scene.key_added(yard, yard.key))
    check_problem(
        invite(served, yard, key=yard.admin, use="admin", sites=["North"]), 422, "INVITATION_REFUSED"
    )
    phone(served, yard, sites=["North"], types=["handover.accepted"], name="gate").ask()
    assert approve(served, yard, devices(served, yard)["requests"][0]).status == "accepted"
    own = devices(served, yard)["devices"][-1]
    assert (own["sites"], own["types"], own["name"]) == (["North"], ["handover.accepted"], "gate")


def test_a_hostile_name_is_refused_or_told_as_it_is(served: Served, yard: Party) -> None:
    device = phone(served, yard)
    told = device.look().json or {}
    for name in ("x" * 101, "a\x00b", "a\u202eb", "\ufeff", "e\u0301", HOSTILE[:20]):
        check_problem(device.ask(device.prove(told), name=name), 422, "INVITATION_REFUSED")
    inert = "<img src=x onerror=alert(1)>\"'&amp;{{7*7}}"
    assert device.ask(name=inert).status_code == 200
    answer = served.client.get(f"{V1}/devices", headers=bearer_of(served, yard))
    assert answer.content_type == "application/json" and (answer.json or {})["requests"][0]["name"] == inert
    assert approve(served, yard, (answer.json or {})["requests"][0]).status == "accepted"


def test_a_name_that_the_invitation_gives_is_not_the_devices_to_choose(served: Served, yard: Party) -> None:
    device = phone(served, yard, name="Gate 1")
    device.ask(name="Head office")
    assert devices(served, yard)["requests"][0]["name"] == "Gate 1"


@pytest.mark.parametrize(
    "body",
    [{}, {"secret": 1}, {"secret": "x", "more": 1}, [], {"secret": "x", "jwk": "{}", "possession": "x"}],
    ids=str,
)
def test_other_bodies_are_refused(served: Served, body: Any) -> None:
    for url in (INVITATION, REQUEST):
        check_problem(served.client.post(url, json=body), 400, "BODY_MALFORMED")


def test_what_others_are_told_of_a_secret_is_told_by_no_cache(served: Served, yard: Party) -> None:
    device = phone(served, yard)
    for answer in (device.look(), device.ask(), invite(served, yard)):
        assert answer.headers["Cache-Control"] == "no-store"


# A log of samples confirms by itself, and no other does.


@pytest.fixture
def production(tmp_path: Path) -> Iterator[Served]:
    played = Played(Home.create(tmp_path / "other", Scene().origin), Scene(purpose="production"))
    made = Served(played, played.create())
    yield made
    made.close()
    played.close()


def test_no_log_but_one_for_demonstration_adds_keys_by_itself(production: Served) -> None:
    yard = production.scene.dismantler
    with pytest.raises(NotDemonstrationError):
        confirm_by_itself(production.node, {yard.org: yard.admin}, lambda _: None)
    device = phone(production, yard)
    assert (device.ask().json or {})["state"] == "waiting"


def test_a_log_for_demonstration_adds_the_key_of_whom_it_invited_itself(served: Served, yard: Party) -> None:
    told = []
    served.node.confirm = confirm_by_itself(served.node, {yard.org: yard.admin}, told.append)
    _, secret = served.node.invitations.invite(yard.org, good_for=timedelta(days=365))
    served.played.now += timedelta(days=1)
    device = Phone(served, secret, generate_private_key("Ed25519"))
    proof = device.prove(device.look().json or {})
    answer = device.ask(proof)
    assert (answer.json or {}).get("state") == "enrolled", answer.data
    assert [each.kid for each in told] == [device.key.public.kid]
    assert (device.ask(proof).json or {})["state"] == "enrolled"
    thief = Phone(served, secret, ed25519_key("second"))
    check_problem(thief.ask(proof), 409, "INVITATION_USED")


def test_it_adds_no_key_that_somebody_else_invited_and_no_admin(served: Served, yard: Party) -> None:
    served.node.confirm = confirm_by_itself(served.node, {yard.org: yard.admin}, lambda _: None)
    assert (phone(served, yard).ask().json or {})["state"] == "waiting"  # invited by a device of the yard
    for org, use in ((yard.org, "admin"), (served.scene.recycler.org, "sign")):
        _, secret = served.node.invitations.invite(org, use=use)
        device = Phone(served, secret, ed25519_key(f"{org} {use}"))
        assert (device.ask().json or {})["state"] == "waiting"


def test_the_trust_file_of_the_node_comes_with_the_invitation(served: Served, yard: Party) -> None:
    device = phone(served, yard)
    assert (device.look().json or {})["trust"] is None
    served.played.home.trust.write_bytes(orjson.dumps({"origin": served.scene.origin}))
    assert (device.look().json or {})["trust"] == f'{{"origin":"{served.scene.origin}"}}'


def test_the_command_approves_beside_a_node_that_runs(tmp_path: Path) -> None:
    scene = Scene(purpose="production")
    home, yard = found(tmp_path / "home", scene), scene.dismantler
    keep(home.path, yard.admin)
    with serving(home.path) as url:
        made = call_well("--home", home.path, "device", "invite", yard.org, "--url", url, "--json")
        secret = json.loads(made)["link"].partition("#")[2]
        key = ed25519_key("gate")
        told = post(f"{url}{INVITATION}", {"secret": secret})
        proof = sign_possession(aud=told["origin"], sub=told["subject"], head=told["head"], signer=key)
        body = {"secret": secret, "jwk": key.public.jwk(), "possession": proof, "name": "Gate"}
        assert post(f"{url}{REQUEST}", body)["state"] == "waiting"
        words = device_words(origin=scene.origin, org=yard.org, kid=key.public.kid, use="sign")
        call_well("--home", home.path, "device", "approve", words)
        assert post(f"{url}{REQUEST}", body)["state"] == "enrolled"
        call_well("--home", home.path, "device", "revoke", key.public.kid, "--reason", "left_use")
        assert post(f"{url}{REQUEST}", body)["state"] == "revoked"


def post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(url, orjson.dumps(body), {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # of loopback
        told: dict[str, Any] = json.load(answer)
        return told


def test_a_token_of_another_log_or_time_invites_nobody(served: Served, yard: Party) -> None:
    now = served.played.clock()
    for origin, at in (("log.example/other", now), (served.scene.origin, now - timedelta(hours=1))):
        text = sign_read_token(yard.key, origin=origin, org=yard.org, at=at)
        answer = served.client.post(f"{V1}/invitations", json={}, headers={"Authorization": f"Bearer {text}"})
        check_problem(answer, 401, "TOKEN_INVALID")
    others = served.scene.recycler
    check_problem(invite(served, yard, key=others.key), 401, "TOKEN_INVALID")
