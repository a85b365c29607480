"""Templates and schemas: what there is to sign, and how much of it a stranger is told."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote

import orjson

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.tests.ledger.node import append_one
from packtrace.tests.scene import Party, event_id, pack_code
from packtrace.tests.web.conftest import Served, check_problem
from packtrace.tests.web.tokens import bearer
from packtrace.trace.lifecycle import words
from packtrace.trace.lifecycle.table import format_table
from packtrace.trace.template import PLACEHOLDER, find_placeholders

CODE = pack_code(1)
SUBJECT = f"battery:gbt34014:{CODE}"


def template(served: Served, kind: str, subject: str, who: Party | None = None, more: str = "") -> Any:
    url = f"/api/v1/statements/{kind}/template?subject={quote(subject)}{more}"
    answer = served.client.get(url, headers=bearer(served, who) if who else {})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store" and answer.headers["Vary"] == "Authorization"
    return answer.json


def offered(served: Served) -> str:
    """A pack is made, retired, and offered to the dismantler; the id of the offer."""
    scene = served.scene
    offer, _ = (groups := scene.life_of_a_pack(CODE))[3], groups
    for texts in groups[:4]:
        append_one(served.ledger, *texts)
    return event_id(offer[0])


def test_template_is_signed_and_submitted_as_it_is_once_it_is_filled_in(served: Served) -> None:
    scene = served.scene
    append_one(served.ledger, scene.manufactured(CODE))
    body = template(served, "battery.inspected", CODE, scene.maker)
    assert [pointer for pointer, _ in find_placeholders(body)] == ["/data/condition"]
    assert (body["seq"], body["prev"]) == (1, scene.heads[SUBJECT][1])
    assert (body["aud"], body["iss"]) == (served.ledger.origin, scene.maker.org)
    text = scene.sign(
        scene.maker,
        body["type"],
        body["sub"],
        body["data"] | {"condition": "intact"},
        nonce=body["nonce"],
        occurred_at=body["occurred_at"],
    )
    assert served.post(text).status_code == 201


def test_template_has_a_fresh_nonce_each_time(served: Served) -> None:
    nonces = {template(served, "battery.inspected", CODE)["nonce"] for _ in range(3)}
    assert len(nonces) == 3 and {len(parse_b64url(nonce)) for nonce in nonces} == {16}


def test_only_whom_it_concerns_is_told_what_the_log_knows(served: Served) -> None:
    scene, offer = served.scene, offered(served)
    told = template(served, "handover.accepted", SUBJECT, scene.dismantler)
    assert told["data"]["offer"] == offer and told["data"]["capacity"] == "pack_dismantler"
    for other in (None, scene.recycler, scene.garage):
        body = template(served, "handover.accepted", SUBJECT, other)
        assert (body["seq"], body["prev"]) == (told["seq"], told["prev"])
        assert body["data"]["offer"].startswith(PLACEHOLDER)
        assert body["data"]["capacity"].startswith(PLACEHOLDER)
        assert body["iss"] == other.org if other else body["iss"].startswith(PLACEHOLDER)
    # Whoever merely says that it signs is told no more.
    body = template(served, "handover.accepted", SUBJECT, None, f"&iss={scene.dismantler.org}")
    assert body["iss"] == scene.dismantler.org and body["data"]["offer"].startswith(PLACEHOLDER)
    # An offer that has run out concerns its consignee no more.
    served.played.now = served.played.now.replace(year=served.played.now.year + 1)
    late = template(served, "handover.accepted", SUBJECT, scene.dismantler)
    assert late["data"]["offer"].startswith(PLACEHOLDER)


def test_template_that_nobody_can_sign_is_refused(served: Served) -> None:
    url = "/api/v1/statements/{}/template?subject={}"
    check_problem(served.client.get(url.format("battery.eaten", CODE)), 404, "TYPE_UNKNOWN")
    check_problem(served.client.get(url.format("batch.closed", CODE)), 422, "SCHEMA_INVALID")
    check_problem(served.client.get(url.format("battery.inspected", "x")), 422, "BATTERY_CODE_INVALID")
    check_problem(
        served.client.get(url.format("battery.inspected", CODE) + "&iss=org:x"), 422, "PARTY_ID_INVALID"
    )
    check_problem(
        served.client.get("/api/v1/statements/battery.inspected/template"), 422, "PARAMETERS_INVALID"
    )
    bad = served.client.get(url.format("battery.inspected", CODE), headers={"Authorization": "Bearer x"})
    check_problem(bad, 401, "TOKEN_INVALID")


def test_schemas_are_the_bytes_that_the_rules_digest_covers(served: Served) -> None:
    rules = served.ledger.rules
    body: dict[str, Any] = served.client.get("/api/v1/schemas").json or {}
    assert body["rules"] == {"name": rules.name, "sha256": rules.sha256}
    assert {line["type"] for line in body["schemas"]} == set(rules.shapes.types)
    for line in body["schemas"]:
        answer = served.client.get(line["url"])
        assert answer.data == rules.parts[f"schemas/statements/{line['type']}.json"]
        digest = b64url(hashlib.sha256(answer.data).digest())
        assert answer.headers["ETag"] == f'"{digest}"' == f'"{line["sha256"]}"'
        assert answer.content_type == "application/schema+json"


def test_schema_that_one_has_is_not_sent_again(served: Served) -> None:
    url = "/api/v1/schemas/battery.manufactured"
    etag = served.client.get(url).headers["ETag"]
    again = served.client.get(url, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    other = served.client.get(url, headers={"If-None-Match": '"another"'})
    assert other.status_code == 200 and other.headers["Cache-Control"] == "no-cache"
    for name in ("battery.eaten", "..", "battery.manufactured.json"):
        check_problem(served.client.get(f"/api/v1/schemas/{name}"), 404, "TYPE_UNKNOWN")


def test_lifecycle_is_the_table_by_which_events_are_judged(served: Served) -> None:
    answer = served.client.get("/api/v1/lifecycle")
    body: Any = answer.json
    table = orjson.loads(format_table())
    assert answer.status_code == 200
    assert body["rows"] == table["rows"] and len(body["rows"]) > 70
    assert (body["in_use"], body["in_use_barred_to"]) == (table["in_use"], table["in_use_barred_to"])
    assert answer.headers["ETag"] == f'"{served.ledger.rules.sha256}"' == f'"{body["rules"]["sha256"]}"'
    again = served.client.get("/api/v1/lifecycle", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_lifecycle_names_every_stage_and_role_in_both_languages(served: Served) -> None:
    body: Any = served.client.get("/api/v1/lifecycle").json
    assert {each["stage"] for each in body["stages"]} == set(words.STAGES)
    assert [each["role"] for each in body["roles"]] == list(words.ROLES)
    for each in (*body["stages"], *body["roles"], *body["rows"]):
        assert each["en"].isascii() and not each["zh"].isascii(), each
    for each in body["roles"]:
        assert each.get("waste_stage") == (words.waste_stage(each["role"]) if each["custodial"] else None)
    assert body["policy"]["offer_least_days"] == served.ledger.rules.policy.offer_least_days
