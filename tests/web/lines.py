"""Short ways to post batches and to read their answers."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.test import TestResponse

from packtrace.tests.scene import Scene, pack_code
from packtrace.tests.web.conftest import Served

URL = "/api/v1/events/batch"
NDJSON = {"Content-Type": "application/x-ndjson"}


def made(scene: Scene, first: int, count: int) -> list[str]:
    """Events of packs that are made, which stand alone."""
    return [scene.manufactured(pack_code(number)) for number in range(first, first + count)]


def body(*lines: str | bytes) -> bytes:
    return b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in lines)


def post(served: Served, data: bytes, /, query: str = "", **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return served.client.post(URL + query, data=data, headers=NDJSON | named)


def outcomes(response: TestResponse) -> list[dict[str, Any]]:
    """The lines of an answer, which must be whole."""
    assert (response.status_code, response.mimetype) == (200, "application/x-ndjson"), response.data
    assert response.data.endswith(b"\n")
    return [json.loads(line) for line in response.data.splitlines()]


def told(response: TestResponse) -> list[tuple[int, str]]:
    """Number and status of each line."""
    return [(outcome["line"], outcome["status"]) for outcome in outcomes(response)]
