"""Strict reading at the door: a fixed corpus of raw bytes against a node in a process of its own.

Nothing of it is taken, nothing of it makes the node fail, and every error has the one shape of errors.
"""

from __future__ import annotations

import gzip
import itertools
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import orjson
import pytest

from packtrace.signing.base64url import b64url
from packtrace.tests.scene import Scene, pack_code
from packtrace.tests.web import corpus
from packtrace.tests.web.live import Live, found
from packtrace.tests.web.wire import Answer, check_error, parse_answers, request, send
from packtrace.trace.read_token import sign_read_token

V1 = "/api/v1"
JSON = "application/json"
JOSE = "application/jose"
NDJSON = "application/x-ndjson"
EVENTS, BATCH, EXPLAIN, HEADS = f"{V1}/events", f"{V1}/events/batch", f"{V1}/explain", f"{V1}/heads"
HOOKS = (f"{V1}/webhooks", f"{V1}/webhooks/{'A' * 22}/replay")
TAKERS = (
    (EVENTS, JSON),
    (EVENTS, JOSE),
    (BATCH, NDJSON),
    (EXPLAIN, JSON),
    (HEADS, JSON),
    *((h, JSON) for h in HOOKS),
)
READERS = (
    "/batteries/{}", "/batteries/{}/events", "/subjects/{}", "/subjects/{}/events", "/events/{}",
    "/events/{}/receipt", "/jobs/{}", "/jobs/{}/result", "/organisations/{}", "/organisations/{}/keys",
    "/schemas/{}", "/statements/{}/template", "/webhooks/{}", "/{}",
)  # fmt: skip
ROOTS = ("/tile/{}", "/tile/0/{}", "/tile/entries/{}", "/rules/{}.json", "/{}", "{}")
ASKED = ("/batteries", "/feed", "/consistency", "/organisations", "/statements/battery.inspected/template")


class Door:
    """The node, and whoever knocks."""

    def __init__(self, live: Live, scene: Scene) -> None:
        self.live, self.scene = live, scene
        who, now = scene.maker, datetime.now(UTC)
        self.token = f"Bearer {sign_read_token(who.key, origin=scene.origin, org=who.org, at=now)}"
        self.size = self.log_size()

    def raw(self, data: bytes, wait_s: float = 10.0) -> list[Answer]:
        return parse_answers(send(self.live.port, data, wait_s=wait_s), to_head=data.startswith(b"HEAD "))

    def ask(self, method: str, target: str, body: bytes = b"", /, **headers: str) -> Answer:
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        (answer,) = self.raw(request(method, target, {"Authorization": self.token} | said, body))
        return answer

    def log_size(self) -> int:
        (answer,) = self.raw(request("GET", "/checkpoint"))
        return int(answer.body.split(b"\n")[1])


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    scene = Scene(origin="log.packtrace.example/live", purpose="production")
    live = Live(found(tmp_path_factory.mktemp("door") / "home", scene).path)
    yield Door(live, scene)
    live.stop()  # fails if there is a trace in what it logged


@pytest.fixture(autouse=True)
def _unharmed(door: Door) -> Iterator[None]:
    """Whatever is sent: the node is ready afterwards, and its log has not grown."""
    yield
    assert door.ask("GET", f"{V1}/health/ready").status == 200
    assert door.log_size() == door.size


def check_not_taken(path: str, answer: Answer) -> None:
    """Refused; by a batch line by line. An explanation may say of any text why it is no event."""
    if answer.status != 200:
        check_error(answer)
    elif path == BATCH:
        lines = [orjson.loads(line) for line in answer.body.splitlines()]
        assert {line["status"] for line in lines} <= {"refused"}, lines[:3]
    else:
        assert path == EXPLAIN and orjson.loads(answer.body)["status"] == "refused", (path, answer)


def some(*lists: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """Of all that can be put together every seventh, with each of each list; all with PACKTRACE_FUZZ."""
    step = 1 if "PACKTRACE_FUZZ" in os.environ else 7
    for number, each in enumerate(itertools.product(*lists)):
        if number % step == 0:
            yield each


@pytest.mark.parametrize(("path", "kind"), TAKERS)
def test_body_that_is_not_the_object_asked_for_is_refused(door: Door, path: str, kind: str) -> None:
    for name, body in (corpus.NO_JSON | corpus.NO_REQUEST).items():
        answer = door.ask("POST", path, body, Content_Type=kind)
        check_not_taken(path, answer)
        assert path == BATCH or answer.status != 200, name


def test_text_that_is_no_event_is_refused_and_may_be_explained(door: Door) -> None:
    for text in corpus.NO_EVENT.values():
        for path, kind in ((EVENTS, JOSE), (BATCH, NDJSON), (EXPLAIN, JOSE)):
            check_not_taken(path, door.ask("POST", path, text, Content_Type=kind))
        told = text.decode("latin-1")
        for member in ({"event": told}, {"events": [told, told]}, {"event": told, "disclosures": [told]}):
            for path, kind in ((EVENTS, JSON), (BATCH, NDJSON), (EXPLAIN, JSON)):
                check_not_taken(path, door.ask("POST", path, orjson.dumps(member), Content_Type=kind))
        heads = door.ask("POST", HEADS, orjson.dumps({"codes": [told, None, 1, [], {}]}), Content_Type=JSON)
        assert heads.status in (200, 413), heads
        assert heads.status == 413 or all("problem" in each for each in orjson.loads(heads.body)["heads"])


def test_signed_bytes_that_are_no_statement_are_refused_and_may_be_explained(door: Door) -> None:
    signer = door.scene.maker.key
    head = door.scene.manufactured(pack_code(1)).partition(".")[0]
    for payload in (corpus.NO_JSON | corpus.NO_REQUEST).values():
        if len(payload) < 30_000:
            said = f"{head}.{b64url(payload)}"
            signed = f"{said}.{b64url(signer.sign(said.encode()))}"
            headless = f"{b64url(payload)}.{signed.partition('.')[2]}"
            for text in (signed, headless):
                for path, kind in ((EVENTS, JOSE), (BATCH, NDJSON), (EXPLAIN, JOSE)):
                    check_not_taken(path, door.ask("POST", path, text.encode(), Content_Type=kind))


@pytest.mark.parametrize(("path", "kind"), TAKERS)
def test_packed_body_that_is_not_what_it_says_is_refused(door: Door, path: str, kind: str) -> None:
    for encoding, body in corpus.PACKED.values():
        check_not_taken(path, door.ask("POST", path, body, Content_Type=kind, Content_Encoding=encoding))


@pytest.mark.parametrize("path", [EVENTS, BATCH, EXPLAIN, HEADS, *HOOKS])
def test_body_of_another_media_type_is_refused(door: Door, path: str) -> None:
    for kind in corpus.TYPES:
        answer = door.ask("POST", path, b'{"event":"x.y.z"}', Content_Type=kind)
        check_error(answer)
        assert answer.status in (400, 415), kind


@pytest.mark.parametrize("name", corpus.HEADERS)
def test_no_header_makes_the_node_fail(door: Door, name: str) -> None:
    asked: list[tuple[str, str, dict[str, str], bytes]] = [
        ("GET", path, {}, b"")
        for path in (*(f"{V1}{each}" for each in ASKED), "/checkpoint", "/tile/0/000.p/1")
    ]
    asked += [("POST", path, {"Content-Type": kind}, b'{"event":"x.y.z"}') for path, kind in TAKERS]
    for value, (method, target, headers, body) in some(corpus.HEADERS[name], asked):
        wait_s = 0.3 if name == "Connection" else 10.0  # it stays open
        for answer in door.raw(request(method, target, headers | {name: value}, body), wait_s):
            assert answer.status < 500, (target, value, answer.body)
            if answer.status >= 400:
                check_error(answer)
            elif method == "POST" and answer.status == 200:
                check_not_taken(target, answer)


def test_path_that_leads_nowhere_is_a_problem_of_the_client(door: Door) -> None:
    for tail, path in some(corpus.TAILS, [*(f"{V1}{each}" for each in READERS), *ROOTS]):
        for answer in door.raw(request("GET", path.replace("{}", tail), {"Authorization": door.token})):
            if set(unquote(tail)) != {"/"} or answer.status != 200:  # slashes alone are the first page
                check_error(answer)


def test_page_that_leads_nowhere_is_told_as_a_page_to_a_browser(door: Door) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "zh-CN,zh;q=0.9"}
    tails = (*corpus.TAILS, *(f"x?{query}" for query in corpus.QUERIES))
    places = ("/p/{}", "/p/x.{}", "/static/{}", "/static/any/{}", "/scan/{}", "/consignments/{}", "/{}")
    for tail, path in some(tails, places):
        for answer in door.raw(request("GET", path.replace("{}", tail), browser)):
            assert answer.status < 500, (path, tail, answer.body)
            if answer.status >= 400 and not answer.headers["content-type"].startswith("text/html"):
                check_error(answer)  # what the server refused, or a program would ask for


def test_query_is_answered_or_refused_whatever_it_holds(door: Door) -> None:
    for query, path in some(corpus.QUERIES, (*ASKED, f"/events/{'A' * 43}", "/batteries/x/events", "/node")):
        answer = door.ask("GET", f"{V1}{path}?{query}")
        assert answer.status < 500, (path, query)
        if answer.status >= 400:
            check_error(answer)
    for query, (path, kind) in some(corpus.QUERIES, TAKERS):
        check_not_taken(path, door.ask("POST", f"{path}?{query}", b'{"event":"x.y.z"}', Content_Type=kind))


def test_method_that_a_route_does_not_have_is_refused(door: Door) -> None:
    for method in ("TRACE", "CONNECT", "PUT", "PATCH", "DELETE", "QUERY", "X" * 500, "get", "G@T"):
        for path in (EVENTS, f"{V1}/node", "/checkpoint", f"{V1}/batteries/x"):
            answer = door.ask(method, path)
            check_error(answer)
            assert answer.status == 400 or (answer.status == 405 and answer.headers["allow"])


HEAD = b"POST /api/v1/events HTTP/1.1\r\nHost: node\r\nContent-Type: application/jose\r\n"


def framed(door: Door) -> dict[str, bytes]:
    """Requests whose frame is broken; each carries an event that would be recorded, were it read."""
    event = door.scene.manufactured(pack_code(1)).encode()
    size = b"%d" % len(event)
    length = b"Content-Length: " + size + b"\r\n"
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(event), event)
    coded = b"Transfer-Encoding: chunked\r\n"
    smuggled = HEAD + length + b"Connection: close\r\n\r\n" + event
    return {
        "length and chunks": HEAD + length + coded + b"\r\n" + chunk,
        "chunks and length": HEAD + coded + length + b"\r\n" + chunk,
        "chunks that end before a second request": HEAD + length + coded + b"\r\n0\r\n\r\n" + smuggled,
        "two lengths": HEAD + length + b"Content-Length: 0\r\n\r\n" + event,
        "two lengths that agree": HEAD + length * 2 + b"\r\n" + event,
        "a list of lengths": HEAD + b"Content-Length: %b, %b\r\n\r\n%b" % (size, size, event),
        "a negative length": HEAD + b"Content-Length: -1\r\n\r\n" + event,
        "a length with a plus": HEAD + b"Content-Length: +%b\r\n\r\n%b" % (size, event),
        "a length in hex": HEAD + b"Content-Length: 0x%x\r\n\r\n%b" % (len(event), event),
        "a length of no number": HEAD + b"Content-Length: x\r\n\r\n" + event,
        "a length of nothing": HEAD + b"Content-Length: \r\n\r\n" + event,
        "a length of full-width digits": HEAD + "Content-Length: １\r\n\r\n".encode() + event,
        "a length of 5,000 digits": HEAD + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n" + event,
        "a length beyond all limits": HEAD + b"Content-Length: 999999999999\r\n\r\n" + event,
        "a length beyond that of an event": HEAD + b"Content-Length: 5000000\r\n\r\n" + bytes(5_000_000),
        "a space before a colon": HEAD + b"Content-Length : " + size + b"\r\n\r\n" + event,
        "a folded length": HEAD + b"Content-Length:\r\n " + size + b"\r\n\r\n" + event,
        "a folded header": HEAD + length + b"X-A: b\r\n c\r\n\r\n" + event,
        "a folded start": b"POST /api/v1/events HTTP/1.1\r\n X: y\r\n" + length + b"\r\n" + event,
        "a header without a colon": HEAD + length + b"X-A\r\n\r\n" + event,
        "a header without a name": HEAD + length + b": x\r\n\r\n" + event,
        "a header with a NUL": HEAD + length + b"X-A: a\0b\r\n\r\n" + event,
        "a bare carriage return": HEAD + length + b"X-A: a\rX-B: b\r\n\r\n" + event,
        "a bare line feed": HEAD + length + b"X-A: a\nX-B: b\r\n\r\n" + event,
        "two hosts": HEAD + length + b"Host: other\r\n\r\n" + event,
        "no host": HEAD.replace(b"Host: node\r\n", b"") + length + b"\r\n" + event,
        "two media types": HEAD + length + b"Content-Type: application/json\r\n\r\n" + event,
        "a head of 300 KB": HEAD + length + b"X-A: " + b"a" * 300_000 + b"\r\n\r\n" + event,
        "300 KB of small headers": HEAD + length + b"X-A: aaaaaaaaaaaaaaaa\r\n" * 15_000 + b"\r\n" + event,
        "another coding": HEAD + b"Transfer-Encoding: gzip\r\n\r\n" + chunk,
        "a coding before chunks": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + chunk,
        "a coding behind chunks": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n" + chunk,
        "chunks with a vertical tab": HEAD + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + chunk,
        "chunks told twice": HEAD + coded * 2 + b"\r\n" + chunk,
        "chunks in HTTP/1.0": HEAD.replace(b"1.1", b"1.0") + coded + b"\r\n" + chunk,
        "a chunk of no number": HEAD + coded + b"\r\nZZ\r\n" + event + b"\r\n0\r\n\r\n",
        "a chunk of a negative size": HEAD + coded + b"\r\n-5\r\n" + event + b"\r\n0\r\n\r\n",
        "a chunk in 0x": HEAD + coded + b"\r\n0x%x\r\n%b\r\n0\r\n\r\n" % (len(event), event),
        "a chunk of an underscored size": HEAD + coded + b"\r\n1_0\r\n" + event + b"\r\n0\r\n\r\n",
        "a chunk longer than it says": HEAD + coded + b"\r\n3\r\n" + event + b"\r\n0\r\n\r\n",
        "HTTP/0.9": b"GET /api/v1/node\r\n\r\n",
        "HTTP/0.9 with a body": b"POST /api/v1/events\r\n" + length + b"\r\n" + event,
        "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "HTTP/2.0 in the start line": HEAD.replace(b"HTTP/1.1", b"HTTP/2.0") + length + b"\r\n" + event,
        "HTTP/9.9": HEAD.replace(b"HTTP/1.1", b"HTTP/9.9") + length + b"\r\n" + event,
        "http/1.1": HEAD.replace(b"HTTP/1.1", b"http/1.1") + length + b"\r\n" + event,
        "no version": HEAD.replace(b" HTTP/1.1", b"") + length + b"\r\n" + event,
        "no target": HEAD.replace(b" /api/v1/events", b"") + length + b"\r\n" + event,
        "a space in the target": HEAD.replace(b"/events", b"/ events") + length + b"\r\n" + event,
        "two spaces": HEAD.replace(b"POST ", b"POST  ") + length + b"\r\n" + event,
        "a target that is no address": HEAD.replace(b"/api", b"http://[/api") + length + b"\r\n" + event,
        "TLS": bytes.fromhex("16030100a5010000a10303") + bytes(150) + b"\r\n\r\n",
        "rubbish": bytes(range(256)) * 4 + b"\r\n\r\n",
    }  # fmt: skip


WAITS = {
    "a body that is short": HEAD + b"Content-Length: 4000\r\n\r\nx",
    "chunks without an end": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello",
    "a head without an end": HEAD,
    "nothing": b"",
    "line feeds alone": HEAD.replace(b"\r\n", b"\n") + b"Content-Length: 5\n\nx.y.z",
    "line ends alone": b"\r\n" * 100,
}


def test_request_whose_frame_is_broken_is_refused_whole(door: Door) -> None:
    for name, data in framed(door).items():
        answers = door.raw(data, wait_s=3.0)
        for answer in answers:
            assert answer.status in (400, 404, 413, 415, 422, 431), (name, answers)
            check_error(answer)
        assert len(answers) == 1, name


def test_request_that_is_not_whole_is_not_acted_on(door: Door) -> None:
    for name, data in WAITS.items():
        assert door.raw(data, wait_s=0.3) == [], name


def test_what_follows_a_broken_request_is_not_read(door: Door) -> None:
    event = door.scene.manufactured(pack_code(1)).encode()
    good = HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(event), event)
    broken = HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    (answer,) = door.raw(broken + good)
    check_error(answer)


def test_requests_behind_each_other_are_answered_in_order(door: Door) -> None:
    asked = (
        b"GET /api/v1/health/live HTTP/1.1\r\nHost: node\r\n\r\nGET /no/page HTTP/1.1\r\nHost: node\r\n\r\n"
    )
    assert [answer.status for answer in door.raw(asked * 10 + request("GET", "/checkpoint"))] == [
        200,
        404,
    ] * 10 + [200]
    (none,) = door.raw(request("HEAD", "/api/v1/node"))
    assert none.status == 200


def test_the_same_bytes_in_a_good_frame_are_taken(tmp_path_factory: pytest.TempPathFactory) -> None:
    # What the tests above send would be recorded: else they would hold of a node that refuses everything.
    scene = Scene(origin="log.packtrace.example/live", purpose="production")
    live = Live(found(tmp_path_factory.mktemp("good") / "home", scene).path)
    one, two, three = (scene.manufactured(pack_code(number)).encode() for number in (1, 2, 3))
    packed = gzip.compress(two)
    for data in (
        HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(one), one),
        HEAD
        + b"Connection: close\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
        % (len(packed), packed),
        HEAD
        + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
        % (len(three), three),
    ):
        (answer,) = parse_answers(send(live.port, data))
        assert answer.status == 201
    live.stop()
