"""The server as it is deployed: slow clients, a kill at any moment, an orderly end."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from packtrace.signing.policy import NONE, Policy
from packtrace.tests.scene import Scene, event_id, pack_code
from packtrace.tests.web.live import Live, found
from packtrace.trace.verify.findings import Outcome
from packtrace.trace.verify.trust import Trust
from packtrace.trace.verify.verify_source import verify_source
from packtrace.web.door.slow_clients import GRACE_S

SLOW = 200
HEAD = b"POST /api/v1/events HTTP/1.1\r\nHost: node\r\n"
BODY = HEAD + b"Content-Type: application/jose\r\nContent-Length: 4000\r\n\r\n"


@pytest.fixture
def scene() -> Scene:
    return Scene(origin="log.packtrace.example/live", purpose="production")


@pytest.fixture
def live(tmp_path: Path, scene: Scene) -> Iterator[Live]:
    running = Live(found(tmp_path / "home", scene).path)
    yield running
    if running.process.poll() is None:
        running.stop()


def post(live: Live, text: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=30)
    try:
        connection.request("POST", "/api/v1/events", text, {"Content-Type": "application/jose"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_requests_are_served_beside_clients_that_are_slow_with_head_and_body(
    live: Live, scene: Scene
) -> None:
    slow = [socket.create_connection(("127.0.0.1", live.port)) for _ in range(2 * SLOW)]
    stop = threading.Event()

    def trickle() -> None:
        for number, connection in enumerate(slow):
            connection.sendall(HEAD if number % 2 else BODY)
        while not stop.wait(1):
            for number, connection in enumerate(slow):
                connection.sendall(b"X-Slow: y\r\n" if number % 2 else b"x")

    trickling = threading.Thread(target=trickle)
    trickling.start()
    try:
        time.sleep(1)
        began = time.monotonic()
        answers = [post(live, scene.manufactured(pack_code(number)))[0] for number in range(10)]
        took = time.monotonic() - began
    finally:
        stop.set()
        trickling.join()
        for connection in slow:
            connection.close()
    assert answers == [201] * 10
    assert took < GRACE_S / 2  # they were still there


def test_request_that_does_not_arrive_in_time_loses_its_connection(live: Live) -> None:
    with socket.create_connection(("127.0.0.1", live.port), timeout=60) as slow:
        slow.sendall(BODY)
        began = time.monotonic()
        ended = False
        while not ended and time.monotonic() < began + GRACE_S + 10:
            time.sleep(1)
            try:
                slow.sendall(b"x")
            except OSError:
                ended = True
        assert ended and time.monotonic() - began >= GRACE_S - 1


def test_every_receipt_holds_after_a_kill_at_any_moment(live: Live, scene: Scene, tmp_path: Path) -> None:
    kid = scene.registrar.key.public.kid
    trust = Trust(scene.origin, frozenset({kid}), 1, Policy(NONE, scene.log_key.vkeys))
    receipts: list[dict[str, Any]] = []
    texts = iter([scene.manufactured(pack_code(number)) for number in range(1_000, 5_000)])
    sent: list[str] = []
    taking = threading.Lock()

    def work() -> None:
        try:
            while True:
                with taking:
                    text = next(texts)
                    sent.append(text)
                status, body = post(live, text)
                if status == 201:
                    receipts.append(body)
        except (OSError, http.client.HTTPException, ValueError):
            return  # no answer that can be read says nothing

    for moment in (0.3, 0.7, 1.1):
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(moment)
        live.kill()
        for thread in threads:
            thread.join()
        live.start()
    assert len(receipts) > 10
    for text in sent:  # what was not answered is recorded now, or was all along
        assert post(live, text)[0] in (200, 201)
    live.stop()
    report = verify_source(live.home, trust=trust, may_connect=True)
    assert report.outcome is Outcome.VERIFIED
    for receipt in receipts[:: max(1, len(receipts) // 20)]:
        file = tmp_path / "receipt.json"
        file.write_text(json.dumps(receipt))
        checkpoints = [receipt["checkpoint"].encode()]
        assert verify_source(file, trust=trust).outcome is not Outcome.REFUTED
        assert verify_source(live.home, trust=trust, checkpoints=checkpoints).outcome is Outcome.VERIFIED
    entries = {receipt["id"] for receipt in receipts}
    again = {event_id(text) for text in sent}
    assert entries <= again


def test_what_was_taken_in_is_answered_before_the_end(live: Live, scene: Scene) -> None:
    answers: list[int] = []
    threads = [
        threading.Thread(
            target=lambda text: answers.append(post(live, text)[0]), args=(scene.manufactured(pack_code(n)),)
        )
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    live.stop()
    assert answers == [201] * 20


def test_requests_are_told_by_route_and_never_with_a_token(tmp_path: Path, scene: Scene) -> None:
    live = Live(found(tmp_path / "home", scene).path, ("--log-requests",))
    token = "ABCDEFGHIJKLMNOPQR27"
    for path in (f"/p/{pack_code(1)}.{token}", "/api/v1/health/live"):
        connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=30)
        connection.request("GET", path)
        connection.getresponse().read()
        connection.close()
    live.process.send_signal(signal.SIGTERM)
    _, said = live.process.communicate(timeout=60)
    lines = [line for line in said.splitlines() if " request " in line]
    assert len(lines) == 2 and "GET /p/<path:text> status=404 ms=" in lines[0]
    assert token not in said and pack_code(1) not in said
