"""A yard's own https on the real server, asked by curl, OpenSSL and Python."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from packtrace.tests.conftest import lacks
from packtrace.tests.labels.printed import read
from packtrace.tests.labels.test_formats import svg_picture
from packtrace.tests.scene import Scene, pack_code
from packtrace.tests.web.live import end, found, start
from packtrace.trace.read_token import sign_read_token
from packtrace.trace.verify.six_words import words_of
from packtrace.web.tls.channel import HANDSHAKE_S

HALF_OPEN = 200
HOST = "packs.yard.internal"


@dataclass
class YardNode:
    """`packtrace serve --https` in a process of its own."""

    home: Path
    said: list[str] = field(init=False)
    https: int = 0
    http: int = 0

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.process = start(
            self.home.parent,
            *("serve", "--home", str(self.home), "--https", "--https-name", HOST),
            *("--port", str(self.https), "--http-port", str(self.http)),
        )
        assert self.process.stdout
        self.said = []
        while not self.said or not self.said[-1].startswith("  The page"):
            self.said.append(self.process.stdout.readline().rstrip())
            assert self.process.poll() is None, self.process.communicate(timeout=30)
        self.https = int(self.said[0].rpartition(":")[2])
        (page,) = (line for line in self.said if line.startswith("  new phone"))
        self.http = int(page.rpartition(":")[2].removesuffix("/https"))

    @property
    def authority(self) -> Path:
        """The certificate alone, as a phone has it."""
        path = self.home.parent / "authority.crt"
        pem = (self.home / "https" / "authority.pem").read_bytes()
        path.write_bytes(x509.load_pem_x509_certificate(pem).public_bytes(Encoding.PEM))
        return path

    @property
    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority))

    def curl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        if shutil.which("curl") is None:
            lacks("no curl: apt-get install curl")
        resolve = [
            "--resolve",
            f"{HOST}:{self.https}:127.0.0.1",
            "--resolve",
            f"other.internal:{self.https}:127.0.0.1",
        ]
        command = ["curl", "-sS", "--max-time", "20", *resolve, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def ask(self, path: str = "/api/v1/node", **options: object) -> tuple[int, bytes]:
        """Over https, by a name of the machine."""
        connection = http.client.HTTPSConnection("localhost", self.https, timeout=20, context=self.trusting)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def plain(
        self,
        path: str,
        port: int,
        *,
        method: str = "GET",
        host: str = HOST,
        agent: str = "",
        source: str = "",
    ) -> tuple[int, dict[str, str], bytes]:
        """Over plain http, as from another machine."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=20, source_address=(source, 0) if source else None
        )
        try:
            connection.request(
                method, path, headers={"Host": f"{host}:{port}", "User-Agent": agent, "Accept": "text/html"}
            )
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene(origin="log.packtrace.example/yard", purpose="production")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, scene: Scene) -> Iterator[YardNode]:
    running = YardNode(found(tmp_path_factory.mktemp("yard") / "home", scene).path)
    yield running
    if running.process.poll() is None:
        end(running.process)


def test_curl_that_trusts_the_authority_is_answered(node: YardNode) -> None:
    for name in ("localhost", "127.0.0.1", HOST):
        done = node.curl("--cacert", str(node.authority), f"https://{name}:{node.https}/api/v1/node")
        assert json.loads(done.stdout)["origin"] == "log.packtrace.example/yard", done.stderr


def test_curl_without_the_authority_or_by_another_name_is_not(node: YardNode) -> None:
    distrusting = node.curl(f"https://{HOST}:{node.https}/api/v1/node")
    assert distrusting.returncode == 60 and distrusting.stdout == ""
    other = node.curl("--cacert", str(node.authority), f"https://other.internal:{node.https}/api/v1/node")
    assert other.returncode == 60 and other.stdout == ""


def test_nothing_older_than_tls_1_2_is_spoken(node: YardNode) -> None:
    if shutil.which("openssl") is None:
        lacks("no openssl: apt-get install openssl")
    for version, spoken in (("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)):
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{node.https}", "-CAfile", str(node.authority)]
            + ["-verify_return_error", "-verify_hostname", HOST, "-cipher", "DEFAULT@SECLEVEL=0", version],
            input="",
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        assert ("Verify return code: 0 (ok)" in done.stdout and done.returncode == 0) is spoken, done.stderr


def test_events_are_recorded_over_https_and_large_requests_and_answers_come_whole(
    node: YardNode, scene: Scene
) -> None:
    lines = [json.dumps({"event": scene.manufactured(pack_code(number))}) for number in range(60)]
    lines[7] = lines[7].replace(": ", ":" + " " * (3 << 20), 1)  # longer than any buffer on the way
    body = "\n".join(lines).encode()
    connection = http.client.HTTPSConnection("localhost", node.https, timeout=60, context=node.trusting)
    try:
        connection.request("POST", "/api/v1/events/batch", body, {"Content-Type": "application/x-ndjson"})
        answer = connection.getresponse()
        outcomes = [json.loads(line) for line in answer.read().splitlines()]
        assert answer.status == 200 and [each["status"] for each in outcomes] == ["accepted"] * 60, outcomes[
            :1
        ]
        connection.request(
            "GET", "/api/v1/openapi.json"
        )  # the same connection, and an answer of many records
        assert len(json.loads(connection.getresponse().read())["paths"]) > 20
    finally:
        connection.close()


def test_the_end_of_an_answer_is_told_as_tls_asks(node: YardNode) -> None:
    with (
        socket.create_connection(("127.0.0.1", node.https), timeout=20) as raw,
        node.trusting.wrap_socket(raw, server_hostname="localhost", suppress_ragged_eofs=False) as secure,
    ):
        secure.sendall(b"GET /checkpoint HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        told = b""
        while piece := secure.recv(65_536):  # an end without close_notify would raise
            told += piece
    assert told.startswith(b"HTTP/1.1 200 ")


def test_half_open_handshakes_hold_nobody_up_and_are_ended(node: YardNode) -> None:
    hello = bytes.fromhex("160301020001")  # a record that is never sent whole
    half = [socket.create_connection(("127.0.0.1", node.https)) for _ in range(HALF_OPEN)]
    try:
        began = time.monotonic()
        for number, connection in enumerate(half):
            if number % 2:
                connection.sendall(hello)
        slowest = 0.0
        for _ in range(10):
            asked = time.monotonic()
            assert node.ask()[0] == 200
            slowest = max(slowest, time.monotonic() - asked)
        assert slowest < 5
        for connection in half:
            connection.settimeout(max(0.1, began + HANDSHAKE_S + 20 - time.monotonic()))
            assert connection.recv(1) == b""  # closed by the node
    finally:
        for connection in half:
            connection.close()
    assert node.ask()[0] == 200


@pytest.mark.parametrize(
    "bytes_",
    [
        b"\x16\x03\x01\x00\x05hello",
        b"\x16" * 40,
        b"\x00\xff garbage\r\n\r\n",
        b"SSH-2.0-x\r\n",
        b"\x80\x2e\x01",
    ],
)
def test_what_is_no_handshake_ends_its_own_connection_and_no_other(node: YardNode, bytes_: bytes) -> None:
    with socket.create_connection(("127.0.0.1", node.https), timeout=30) as connection:
        connection.sendall(bytes_)
        told = b""
        try:
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(4_096):
                told += piece
        except OSError:  # it was reset before or after what we sent
            pass
    assert b" 200 " not in told and b" 5" not in told[:13]
    assert node.ask()[0] == 200


def test_plain_http_shows_one_page_and_leads_to_it_from_everywhere(node: YardNode) -> None:
    for port in (node.http, node.https):  # also where somebody leaves the s out
        for path in ("/", "/scan", "/p/04QPB76836300JBC40000903", "/outbox?x=1"):
            status, headers, _ = node.plain(path, port)
            assert (status, headers["Location"]) == (303, "/https")
        status, headers, body = node.plain("/scan", port, method="POST")
        assert status == 303
        status, headers, body = node.plain("/https?lang=zh", port)
        assert status == 200 and "核对六个单词" in body.decode() and "Set-Cookie" not in headers


def test_programs_are_refused_over_plain_http_rather_than_led_to_a_page(node: YardNode) -> None:
    for path in ("/api/v1/node", "/checkpoint", "/tile/0/000", "/metrics"):
        status, _, body = node.plain(path, node.http)
        assert (status, json.loads(body)["code"]) == (403, "HTTPS_REQUIRED"), path
    assert node.plain("/api/v1/node", node.https)[0] == 403


def test_this_machine_itself_needs_no_https_and_no_other_name_passes_for_it(node: YardNode) -> None:
    assert node.plain("/api/v1/node", node.https, host="localhost")[0] == 200
    assert node.plain("/api/v1/node", node.https, host="127.0.0.1")[0] == 200
    for rebound in ("evil.example", "localhost.evil.example", HOST, "192.168.7.9"):
        assert node.plain("/api/v1/node", node.https, host=rebound)[0] == 403
    assert node.plain("/api/v1/node", node.http, host="localhost")[0] == 403  # the page's own port has no API


def test_the_page_tells_what_the_office_computer_tells(node: YardNode) -> None:
    _, _, body = node.plain(
        "/https?lang=en", node.http, agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)"
    )
    page = body.decode()
    certificate = x509.load_pem_x509_certificate(node.authority.read_bytes())
    digest = certificate.fingerprint(SHA256())
    words = words_of(digest[:6])
    assert f"  six words  {' '.join(words)}" in node.said
    assert all(f"<span>{word}</span>" in page for word in words)
    assert all(f"<span>{byte:02X}</span>" in page for byte in digest)
    assert page.count("<details open>") == 1 and "<details open>\n<summary>iPhone" in page
    assert "WeChat" not in page
    _, _, body = node.plain("/https?lang=en", node.http, agent="Android MicroMessenger/8.0")
    assert "WeChat" in body.decode()


def test_every_form_of_the_certificate_is_the_authoritys(node: YardNode) -> None:
    own = x509.load_pem_x509_certificate(node.authority.read_bytes())
    forms = {"cer": x509.load_der_x509_certificate, "crt": x509.load_pem_x509_certificate}
    for form, parse in forms.items():
        status, headers, body = node.plain(f"/https/packtrace-yard.{form}", node.http)
        assert (status, headers["Content-Type"]) == (200, "application/x-x509-ca-cert")
        assert parse(body) == own and b"PRIVATE" not in body
    status, headers, body = node.plain("/https/packtrace-yard.mobileconfig", node.http)
    assert (status, headers["Content-Type"]) == (200, "application/x-apple-aspen-config")
    assert b"PRIVATE" not in body
    assert node.plain("/https/packtrace-yard.pem", node.http)[0] == 404
    assert node.plain("/https/..%2fauthority.pem", node.http)[0] in (303, 404)


def test_both_symbols_are_read_back_as_the_addresses_that_they_stand_for(node: YardNode) -> None:
    for name, address in (
        ("plain", f"http://{HOST}:{node.http}/https"),
        ("begin", f"https://{HOST}:{node.https}/scan"),
    ):
        status, headers, body = node.plain(f"/https/{name}.svg", node.http)
        assert (status, headers["Content-Type"]) == (200, "image/svg+xml")
        assert read(svg_picture(body.decode())) == [address]


def test_an_address_that_somebody_puts_into_the_request_is_never_shown(node: YardNode) -> None:
    _, _, body = node.plain("/https?lang=en", node.http, host="evil.example")
    assert b"evil.example" not in body


def test_the_address_behind_the_handshake_is_the_one_that_counts(node: YardNode, scene: Scene) -> None:
    def send(source: str, number: int) -> int:
        """Without a token senders, and so the keys of their requests, are told apart by address."""
        raw = socket.create_connection(("127.0.0.1", node.https), timeout=20, source_address=(source, 0))
        connection = http.client.HTTPConnection("localhost")
        with node.trusting.wrap_socket(raw, server_hostname="localhost") as connection.sock:
            headers = {"Content-Type": "application/jose", "Idempotency-Key": "one-key"}
            connection.request("POST", "/api/v1/events", first if number == 1 else second, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status

    first, second = (scene.manufactured(pack_code(number)) for number in (901, 902))
    assert send("127.0.0.2", 1) == 201
    assert send("127.0.0.2", 2) == 422  # its own key, with another request
    assert send("127.0.0.3", 2) == 201


def test_the_authority_survives_a_kill_and_so_does_the_certificate(node: YardNode) -> None:
    folder = node.home / "https"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "authority.pem.1.new").write_bytes(b"what a kill while it was written leaves")
    node.process.kill()
    node.process.communicate(timeout=30)
    node.start()
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".pem"} == before
    assert node.ask()[0] == 200


def test_https_and_a_proxy_exclude_each_other(node: YardNode) -> None:
    process = start(node.home.parent, "serve", "--home", str(node.home), "--https", "--behind-proxy", "1")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 2 and "--behind-proxy" in said


def test_a_name_that_the_authority_was_not_made_for_is_refused_at_the_start(node: YardNode) -> None:
    process = start(
        node.home.parent,
        "serve",
        "--home",
        str(node.home),
        "--https",
        "--https-name",
        "bank.example",
        "--port",
        "0",
    )
    _, said = process.communicate(timeout=30)
    assert process.returncode != 0 and "got bank.example" in said


def test_an_invitation_made_in_the_office_leads_phones_to_the_yards_address(
    node: YardNode, scene: Scene
) -> None:
    yard = scene.dismantler
    token = sign_read_token(yard.key, origin=scene.origin, org=yard.org, at=datetime.now(UTC))
    connection = http.client.HTTPConnection("127.0.0.1", node.https, timeout=20)
    body = json.dumps({"url": f"http://localhost:{node.https}"})
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    connection.request("POST", "/api/v1/invitations", body, {"Host": f"localhost:{node.https}"} | headers)
    answer = connection.getresponse()
    made = json.load(answer)
    connection.close()
    assert answer.status == 201, made
    assert made["link"] == f"{node.said[0].removeprefix('serving ')}/enrol#{made['secret']}"
    assert made["link"].startswith("https://") and "localhost" not in made["link"]
