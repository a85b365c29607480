"""What was erased: the API says so to whom it would have been disclosed, and no file of the home has it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from packtrace.signing.base64url import parse_b64url
from packtrace.signing.disclosures import split_presentation
from packtrace.tests.scene import VIN, event_id, pack_code
from packtrace.trace.ledger.erasing import erase

from .conftest import Served, on_both
from .tenants import Tenants, settle
from .test_jobs import ended, hold, taken


@pytest.fixture
def tenants(served: Served) -> Tenants:
    return settle(served)


def slots(tenants: Tenants, asker: str) -> list[dict[str, Any]]:
    answer = tenants.ask(asker, f"/api/v1/events/{tenants.vehicle}")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = (answer.json or {})["withheld"]
    return found


@on_both
def test_erased_is_told_from_withheld(tenants: Tenants, served: Served) -> None:
    states = [[slot["state"] for slot in slots(tenants, asker)] for asker in ("past", "region", "holder")]
    assert states == [["disclosed"], ["disclosed"], ["withheld"]]
    erase(served.played.home, event_id=tenants.vehicle)
    for asker in ("past", "region"):
        assert slots(tenants, asker) == [{"pointer": "/data/vin", "state": "erased"}]
    assert slots(tenants, "holder") == [{"pointer": "/data/vin", "state": "withheld"}]


@pytest.mark.parametrize("way", ["json", "batch", "job"])
def test_what_came_in_over_http_leaves_every_file_and_does_not_come_back(served: Served, way: str) -> None:
    scene, code = served.scene, pack_code(1)
    served.post(scene.manufactured(code))
    group = scene.installed(code)
    jws, (disclosure,) = split_presentation(group[1])
    salt = parse_b64url(disclosure).split(b'"')[1]
    assert send(served, way, group).status_code in (200, 201, 202)
    assert holders(served, disclosure.encode()), "it can be found before"
    erase(served.played.home, event_id=event_id(jws))
    assert send(served, way, group).status_code in (200, 202)
    for trace in (disclosure.encode(), disclosure[10:40].encode(), salt, VIN.encode()):
        assert holders(served, trace) == []


def test_a_job_that_waits_with_the_event_in_it_is_named(served: Served) -> None:
    scene, code = served.scene, pack_code(1)
    served.post(scene.manufactured(code))
    group = scene.installed(code)
    assert send(served, "json", group).status_code == 201
    hold(served)
    body = orjson.dumps({"events": list(group)}) + b"\n"
    headers = {"Content-Type": "application/x-ndjson", "Prefer": "respond-async"}
    assert served.client.post("/api/v1/events/batch", data=body, headers=headers).status_code == 202
    (waiting,) = erase(served.played.home, event_id=event_id(group[1])).waiting
    assert waiting.parent == served.played.home.path / "jobs" and waiting.is_file()


def send(served: Served, way: str, group: tuple[str, ...]) -> TestResponse:
    """Send a group in, as a client does that will not be sure whether it did; back once it is recorded."""
    path, kind = ("", "application/json") if way == "json" else ("/batch", "application/x-ndjson")
    headers = {"Content-Type": kind, "Idempotency-Key": '"k1"'}
    headers |= {"Prefer": "respond-async"} if way == "job" else {}
    body = orjson.dumps({"events": list(group)}) + b"\n"
    answer = served.client.post(f"/api/v1/events{path}", data=body, headers=headers)
    if way == "job":
        ended(served, taken(answer))
    return answer


def holders(served: Served, trace: bytes) -> list[str]:
    """The files of the home in which it stands: ledger.db, node.db, their WALs, jobs/ and all others."""
    files = [path for path in served.played.home.path.rglob("*") if path.is_file()]
    assert {"ledger.db", "ledger.db-wal", "ledger.db-shm", "node.db"} <= {path.name for path in files}
    return [path.name for path in files if trace in path.read_bytes()]
