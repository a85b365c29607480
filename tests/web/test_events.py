"""`POST /api/v1/events`: what is recorded, known, in the way of another, or refused."""

from __future__ import annotations

import json
from pathlib import Path

from packtrace.signing.policy import NONE, Policy
from packtrace.tests.ledger.node import resigned
from packtrace.tests.scene import event_id, pack_code
from packtrace.tests.web.conftest import Served, check_problem, on_both
from packtrace.trace.verify.findings import Outcome
from packtrace.trace.verify.trust import Trust
from packtrace.trace.verify.verify_source import verify_source

CODE = pack_code(1)


def test_a_recorded_event_is_answered_with_a_receipt_that_the_verifier_takes(
    served: Served, tmp_path: Path
) -> None:
    text = served.scene.manufactured(CODE)
    answer = served.post(text)
    assert answer.status_code == 201
    body = answer.json or {}
    assert body["id"] == event_id(text) and body["status"] == "accepted"
    assert answer.headers["Location"] == f"/api/v1/events/{body['id']}"
    assert body["checkpoint"].encode() == served.ledger.checkpoint()
    file = tmp_path / "receipt.json"
    file.write_bytes(answer.data)
    kid = served.scene.registrar.key.public.kid
    trust = Trust(served.scene.origin, frozenset({kid}), 1, Policy(NONE, served.scene.log_key.vkeys))
    report = verify_source(file, trust=trust)
    assert report.outcome is not Outcome.REFUTED
    for name, forged in (("leaf_index", 3), ("checkpoint", "x"), ("recorded_at", "2026-01-01T00:00:00.000Z")):
        file.write_text(json.dumps(body | {name: forged}))
        found = verify_source(file, trust=trust)
        assert [each.code for each in found.findings] == ["RECEIPT_MISMATCH"], name


def test_the_same_event_again_is_known_also_under_another_signature(served: Served) -> None:
    text = served.scene.manufactured(CODE)
    first = served.post(text)
    for again in (text, resigned(text, served.scene.maker.key)):
        answer = served.post(again)
        assert answer.status_code == 200
        body = answer.json or {}
        assert body["status"] == "known" and body["id"] == (first.json or {})["id"]


@on_both
def test_a_taken_place_is_answered_with_the_head(served: Served) -> None:
    first = served.scene.manufactured(CODE)
    assert served.post(first).status_code == 201
    del served.scene.heads[f"battery:gbt34014:{CODE}"]
    body = check_problem(served.post(served.scene.manufactured(CODE)), 409, "PLACE_TAKEN")
    assert (body["head_seq"], body["head"]) == (0, event_id(first))


def test_a_refusal_gives_every_reason(served: Served) -> None:
    text = served.scene.manufactured(CODE, model="nonsense", label="short")
    body = check_problem(served.post(text), 422, "SCHEMA_INVALID")
    assert {each["pointer"] for each in body["errors"]} >= {"/data/model", "/data/label"}


def test_a_refused_group_is_answered_with_the_event_that_is_meant(served: Served) -> None:
    assert served.post(served.scene.manufactured(CODE)).status_code == 201
    installed, fitted = served.scene.installed(CODE)
    answer = served.client.post("/api/v1/events", json={"events": [installed, fitted.partition("~")[0]]})
    assert check_problem(answer, 422, "DISCLOSURE_MISMATCH")["event"] == 1
