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

from .conftest import Served
from .tenants import Tenants, settle


@pytest.fixture
def tenants(served: Served) -> Tenants:
    return settle(served)


def slots(tenants: Tenants, asker: str) -> list[dict[str, Any]]:
    answer = tenants.ask(asker, f"/api/v1/events/{tenants.vehicle}")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = (answer.json or {})["withheld"]
    return found


def test_erased_is_told_from_withheld(tenants: Tenants, served: Served) -> None:
    states = [[slot["state"] for slot in slots(tenants, asker)] for asker in ("past", "region", "holder")]
    assert states == [["disclosed"], ["disclosed"], ["withheld"]]
    erase(served.played.home, event_id=tenants.vehicle)
    for asker in ("past", "region"):
        assert slots(tenants, asker) == [{"pointer": "/data/vin", "state": "erased"}]
    assert slots(tenants, "holder") == [{"pointer": "/data/vin", "state": "withheld"}]


@pytest.mark.parametrize("way", ["json", "batch"])
def test_what_came_in_over_http_leaves_every_file_and_does_not_come_back(served: Served, way: str) -> None:
    scene, code = served.scene, pack_code(1)
    served.post(scene.manufactured(code))
    group = scene.installed(code)
    jws, (disclosure,) = split_presentation(group[1])
    salt = parse_b64url(disclosure).split(b'"')[1]
    assert send(served, way, group).status_code in (200, 201)
    assert holders(served, disclosure.encode()), "it can be found before"
    erase(served.played.home, event_id=event_id(jws))
    assert send(served, way, group).status_code == 200
    for trace in (disclosure.encode(), disclosure[10:40].encode(), salt, VIN.encode()):
        assert holders(served, trace) == []


def send(served: Served, way: str, group: tuple[str, ...]) -> TestResponse:
    """Send a group in, as a client does that will be not sure whether it did."""
    path, kind = ("/batch", "application/x-ndjson") if way == "batch" else ("", "application/json")
    headers = {"Content-Type": kind, "Idempotency-Key": '"k1"'}
    body = orjson.dumps({"events": list(group)}) + b"\n"
    return served.client.post(f"/api/v1/events{path}", data=body, headers=headers)


def holders(served: Served, trace: bytes) -> list[str]:
    """The files of the home in which it stands: ledger.db, node.db, their WALs, jobs/ and all others."""
    files = [path for path in served.played.home.path.rglob("*") if path.is_file()]
    assert {"ledger.db", "ledger.db-wal", "ledger.db-shm", "node.db"} <= {path.name for path in files}
    return [path.name for path in files if trace in path.read_bytes()]
