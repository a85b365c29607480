"""A document is kept because a recorded event names it: nothing else is, whoever brings it."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from packtrace.signing.base64url import b64url
from packtrace.tests.scene import event_id, pack_code
from packtrace.tests.web.conftest import Served, check_problem
from packtrace.tests.web.tenants import record
from packtrace.tests.web.tokens import bearer
from packtrace.web.door.headers import DATA

V1 = "/api/v1"
PHOTO = b"\xff\xd8\xff<script>alert(1)</script>" * 400
DIGEST = b64url(hashlib.sha256(PHOTO).digest())


@pytest.fixture
def event(served: Served) -> str:
    """The id of an event that names the photo."""
    return named(served, 1)


def named(served: Served, number: int, **changes: Any) -> str:
    item = {"kind": "photo", "sha256": DIGEST, "media_type": "image/jpeg", "bytes": len(PHOTO)} | changes
    made = served.scene.manufactured(pack_code(number), evidence=[item])
    record(served, (made,))
    return event_id(made)


def hand_in(
    served: Served, event: str, data: bytes = PHOTO, digest: str = DIGEST, **headers: str
) -> TestResponse:
    return served.client.post(f"{V1}/events/{event}/evidence/{digest}", data=data, headers=headers)


def files(served: Served) -> list[Path]:
    folder = served.played.home.evidence
    return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []


def test_what_an_event_names_is_taken_from_anybody_and_given_to_who_sees_the_event(
    served: Served, event: str
) -> None:
    path = f"{V1}/events/{event}/evidence/{DIGEST}"
    headers = bearer(served, served.scene.maker)
    check_problem(served.client.get(path, headers=headers), 404, "EVIDENCE_ABSENT")
    assert hand_in(served, event).status_code == 201
    assert hand_in(served, event, b"anything: it is there").status_code == 200
    answer = served.client.get(path, headers=headers)
    assert answer.data == PHOTO
    assert answer.content_type == "application/octet-stream", "whatever the event says"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"] == DATA
    check_problem(served.client.get(path), 401, "TOKEN_REQUIRED")
    check_problem(served.client.get(path, headers=bearer(served, served.scene.garage)), 403, "NOT_PERMITTED")


def test_packed_on_the_way_it_is_the_same_document(served: Served, event: str) -> None:
    packed = {"Content-Encoding": "gzip"}
    assert hand_in(served, event, gzip.compress(PHOTO), **packed).status_code == 201


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (PHOTO[:-1], 422, "EVIDENCE_MISMATCH"),
        (PHOTO[:-1] + b"X", 422, "EVIDENCE_MISMATCH"),
        (b"", 422, "EVIDENCE_MISMATCH"),
        (PHOTO + b"X", 413, "BODY_TOO_LARGE"),
        (b"X" * (1 << 20), 413, "BODY_TOO_LARGE"),
    ],
)
def test_anything_else_is_refused_and_nothing_of_it_is_kept(
    served: Served, event: str, data: bytes, status: int, code: str
) -> None:
    check_problem(hand_in(served, event, data), status, code)
    assert files(served) == []


def test_nothing_is_kept_that_no_event_names(served: Served, event: str) -> None:
    other = b64url(hashlib.sha256(b"malware").digest())
    check_problem(hand_in(served, event, b"malware", other), 404, "EVIDENCE_NOT_NAMED")
    check_problem(hand_in(served, "A" * 43), 404, "EVENT_UNKNOWN")
    check_problem(hand_in(served, event, digest="..%2f..%2fetc"), 404, "NOT_FOUND")
    assert files(served) == []


def test_a_signer_who_states_another_size_leaves_nothing(served: Served) -> None:
    event = named(served, 2, bytes=len(PHOTO) + 1)
    check_problem(hand_in(served, event), 422, "EVIDENCE_MISMATCH")
    assert files(served) == []


def test_more_than_the_node_takes_is_refused_whatever_the_event_says(served: Served) -> None:
    object.__setattr__(served.node.limits, "document_bytes", 100)
    event = named(served, 2)
    check_problem(hand_in(served, event), 413, "BODY_TOO_LARGE")


def test_a_damaged_file_is_given_to_nobody(served: Served, event: str) -> None:
    hand_in(served, event)
    (path,) = files(served)
    path.write_bytes(PHOTO[::-1])
    answer = served.client.get(
        f"{V1}/events/{event}/evidence/{DIGEST}", headers=bearer(served, served.scene.maker)
    )
    check_problem(answer, 404, "EVIDENCE_ABSENT")
