"""Requests that nobody would think of: made of the document by schemathesis, and of good ones by mutation.

The short form runs with the other tests; `make fuzz` sends PACKTRACE_FUZZ requests in all.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import orjson
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from packtrace.tests.ledger.node import Node as Played
from packtrace.tests.scene import Scene, event_id, pack_code
from packtrace.tests.web import corpus, wire
from packtrace.tests.web.conftest import Served
from packtrace.tests.web.live import Live, found
from packtrace.tests.web.schema_fuzz import PHASES, fuzz
from packtrace.tests.web.tokens import bearer
from packtrace.tests.web.wire import check_error, parse_answers, send
from packtrace.trace.ledger.home import Home
from packtrace.trace.read_token import sign_read_token
from packtrace.web.limits import Limits

WHOLE: Final = int(os.environ.get("PACKTRACE_FUZZ", "0"))
OF_SCHEMA: Final = WHOLE // 2
MUTATED: Final = max(400, WHOLE - WHOLE // 2)
V1: Final = "/api/v1"


@pytest.fixture
def unlimited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A node that takes as many requests as come, with a pack on it."""
    played = Played(Home.create(tmp_path_factory.mktemp("fuzz") / "home", Scene().origin))
    served = Served(played, played.create(), Limits(requests_a_minute=1 << 40))
    assert served.post(served.scene.manufactured(pack_code(1))).status_code == 201
    yield served
    served.close()
    played.close()


@pytest.mark.filterwarnings("default")  # the library's own
def test_schemathesis_finds_nothing(unlimited: Served) -> None:
    token = bearer(unlimited, unlimited.scene.maker)["Authorization"]
    statuses, phases, number = Counter[int](), Counter[str](), 1
    while number == 1 or statuses.total() < OF_SCHEMA:
        result = fuzz(unlimited.app, token, examples=10 if WHOLE else 1, seed=number)
        assert not result.failures, "\n\n".join(f"{name}\n{said}" for name, said in result.failures.items())
        assert not result.errors, result.errors
        assert max(result.statuses) < 500, result.statuses
        number += 1
        statuses += result.statuses
        phases += result.phases
    wire.ANSWERED.update(statuses)
    assert set(phases) >= set(PHASES), phases  # each has sent something
    assert {200, 201, 400, 401, 404, 405, 415, 422} <= set(statuses)
    assert unlimited.client.get(f"{V1}/health/ready").status_code == 200


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    scene = Scene(origin="log.packtrace.example/live", purpose="production")
    running = Live(found(tmp_path_factory.mktemp("mutated") / "home", scene).path)
    yield running
    running.stop()  # fails if there is a trace in what it logged


def good_requests() -> list[bytes]:
    """Requests that the node takes, but for their tokens that grow old."""
    scene = Scene(origin="log.packtrace.example/live", purpose="production")
    scene.founding()
    who, now = scene.maker, datetime.now(UTC)
    token = sign_read_token(who.key, origin=scene.origin, org=who.org, at=now, seconds=900)
    asks = {"Authorization": f"Bearer {token}"}
    made = [scene.manufactured(pack_code(number)) for number in range(3)]
    group = scene.installed(pack_code(0))
    said = [
        ("events", "application/jose", made[0].encode()),
        ("events", "application/json", orjson.dumps({"event": made[1], "disclosures": []})),
        ("events", "application/json", orjson.dumps({"events": group})),
        (
            "events/batch",
            "application/x-ndjson",
            "\n".join((*made, orjson.dumps({"events": group}).decode())).encode(),
        ),
        ("events/batch?on_error=rollback", "application/x-ndjson", made[2].encode()),
        ("explain?language=java", "application/jose", made[0].encode()),
        ("explain", "application/json", orjson.dumps({"event": group[0]})),
        ("heads", "application/json", orjson.dumps({"codes": [pack_code(1), scene.maker.org, scene.model]})),
        (
            "webhooks",
            "application/json",
            b'{"url":"https://mes.maker.example/hook","after":"WyJhZnRlciIsMF0"}',
        ),
        (f"webhooks/{'A' * 22}/replay", "application/json", b'{"after":"WyJhZnRlciIsMF0"}'),
    ]
    posts = [
        wire.request("POST", f"{V1}/{path}", asks | {"Content-Type": kind, "Idempotency-Key": "k" * 16}, body)
        for path, kind, body in said
    ]
    subject = f"battery:gbt34014:{pack_code(1)}"
    paths = [
        f"/batteries/{pack_code(1)}", f"/batteries/{subject}/events?limit=5", f"/subjects/{scene.model}",
        f"/events/{event_id(made[0])}", f"/events/{event_id(made[0])}/receipt",
        "/feed?after=WyJhZnRlciIsMF0&limit=3",
        "/batteries?stage=in_use&custodian=nobody&region=CN-440000&changed_after=2026-01-01T00:00:00Z",
        f"/organisations/{scene.maker.org}/keys", "/consistency?from=1&to=5", "/schemas/battery.inspected",
        f"/statements/battery.inspected/template?subject={subject}&iss={scene.maker.org}",
        "/webhooks", "/node",
    ]  # fmt: skip
    gets = [wire.request("GET", f"{V1}{path}", asks) for path in paths]
    return (
        posts
        + gets
        + [wire.request("GET", "/tile/0/000.p/1"), wire.request("GET", "/checkpoint", asks)]
        + [
            wire.request("GET", f"/p/{pack_code(1)}.AAAA", {"Accept": kind})
            for kind in ("text/html", "application/ld+json")
        ]
    )


_PIECES: Final = [
    *(body for body in corpus.NO_JSON.values() if len(body) < 200),
    *(tail.encode("latin-1") for tail in corpus.TAILS if len(tail) < 200),
    *(query.encode() for query in corpus.QUERIES if len(query) < 200),
    *(b"\r\n", b"\r\n\r\n", b"\0", b"\xff", b"%00", b"~", b".", b'"', b"\\ud800", b"9" * 400, b"[" * 3_000),
]


@st.composite
def mutated(draw: st.DrawFn, requests: list[bytes]) -> bytes:
    """A good request with a few bytes flipped, taken out, doubled, or put in; mostly in a frame that fits."""
    request = draw(st.sampled_from(requests))
    head, _, body = request.partition(b"\r\n\r\n")
    where = (
        draw(st.sampled_from(("body", "body", "path", "head")))
        if body
        else draw(st.sampled_from(("path", "head")))
    )
    line, _, rest = head.partition(b"\r\n")
    said = {"body": body, "path": line, "head": rest}[where]
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(said)))
        to = min(len(said), at + draw(st.integers(0, 40)))
        match draw(st.integers(0, 4)):
            case 0:
                said = said[:at] + draw(st.sampled_from(_PIECES)) + said[at:]
            case 1:
                said = said[:at] + said[to:]
            case 2:
                said = said[:to] + said[at:]
            case 3:
                said = said[:at] + draw(st.binary(min_size=1, max_size=8)) + said[to:]
            case 4 if at < len(said):
                said = said[:at] + bytes([said[at] ^ (1 << draw(st.integers(0, 7)))]) + said[at + 1 :]
    if where == "body":
        sized = [each for each in head.split(b"\r\n") if not each.lower().startswith(b"content-length:")]
        return b"\r\n".join((*sized, b"Content-Length: %d" % len(said), b"", said))
    parts = (said, rest) if where == "path" else (line, said)
    return b"\r\n".join((*parts, b"", body))


def test_mutated_requests_are_answered_without_a_failure(live: Live) -> None:
    state = {"left": MUTATED, "requests": good_requests(), "round": 0}

    def hold(data: bytes) -> None:
        number = state["left"] = state["left"] - 1
        source = f"127.{1 + number % 200}.{1 + number // 200 % 250}.1"  # each address has its limit
        for answer in parse_answers(send(live.port, data, wait_s=0.2, source=source)):
            assert answer.status < 500, (answer.status, answer.body)
            for_browser = b"Accept: " in data and answer.headers["content-type"].startswith("text/html")
            if answer.status >= 400 and not for_browser:
                check_error(answer)

    while state["left"] > 0:
        state["round"] += 1
        state["requests"] = good_requests()  # with a token that is fresh

        @seed(state["round"])
        @settings(
            max_examples=min(2_000, state["left"]), deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(mutated(state["requests"]))
        def one_round(data: bytes) -> None:
            hold(data)

        one_round()
    (ready,) = parse_answers(send(live.port, wire.request("GET", f"{V1}/health/ready")))
    assert ready.status == 200
