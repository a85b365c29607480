"""Where a node sends nothing, whatever somebody names or a name server answers."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from packtrace.web.notices.outbound import (
    DeliveryError,
    DestinationError,
    Outbound,
    check_numeric,
    is_public,
    parse_destination,
)

from .receiver import Receiver, receiving

PRIVATE = [
    *("127.0.0.1", "127.8.9.10", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255"),  # noqa: S104
    *("192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.8", "198.18.0.1", "224.0.0.1", "239.1.2.3"),
    *(
        "240.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12::1",
    ),
    *("ff02::1", "ff0e::1", "fec0::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::7f00:1"),
    *("2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "100::1"),
    "2001:0:7f00:1::1",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]

NOT_URLS = [
    *("", "x", "//a.example/", "ftp://a.example/", "file:///etc/passwd", "gopher://a.example/", "http://"),
    *("http:///x", "http://a.example:0/", "http://a.example:65536/", "http://a.example:x/", "http://a b/"),
    *("http://user@a.example/", "http://user:word@a.example/", "http://a.example\\@b.example/"),
    *("http://a.example/#b", "http://a.example/\r\nX: y", "http://a.example/ä", "http://ä.example/"),
    *(
        "http://a.example/\t",
        "http://[::1",
        "http://[fe80::1%25eth0]/",
        "http://a_b$.example/",
        "javascript:1",
    ),
    "http://a.example/" + "x" * 2_000,
]
NUMBERS = ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "[::1]", "[::ffff:10.0.0.1]"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def answering(*addresses: str, port: int | None = None) -> Any:
    """A name server that knows one name."""

    def resolve(host: str, asked: int) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        for address in addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            place = (address, port or asked, 0, 0) if ":" in address else (address, port or asked)
            found.append((family, socket.SOCK_STREAM, 0, "", place))
        return found

    return resolve


@pytest.mark.parametrize("address", PRIVATE)
def test_no_address_that_is_not_public_is_sent_to(address: str) -> None:
    assert not is_public(address)
    for others in ((), ("8.8.8.8",)):  # one bad address is enough
        for found in ((address, *others), (*others, address)):
            with pytest.raises(DestinationError):
                Outbound(resolve=answering(*found), limit_s=1).post("http://a.example/", b"", "text/plain")


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_is_one(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("url", NOT_URLS)
def test_what_is_no_plain_url_of_http_is_refused(url: str) -> None:
    with pytest.raises(DestinationError) as refused:
        parse_destination(url)
    assert refused.value.code == "WEBHOOK_URL_REFUSED"


@pytest.mark.parametrize("host", NUMBERS)
def test_number_is_taken_for_the_address_that_it_is(host: str) -> None:
    destination = parse_destination(f"http://{host}/")
    with pytest.raises(DestinationError):
        check_numeric(destination)
    with pytest.raises(DestinationError):
        Outbound(limit_s=1).post(f"http://{host}/", b"", "text/plain")


def test_name_that_leads_to_this_machine_is_refused_when_something_is_sent(receiver: Receiver) -> None:
    check_numeric(parse_destination("http://localhost/"))
    with pytest.raises(DestinationError):
        Outbound().post(f"http://localhost:{receiver.server_port}/", b"", "text/plain")
    assert receiver.bodies == []


def test_connection_goes_to_the_address_that_was_looked_at(receiver: Receiver) -> None:
    """The name would lead elsewhere a moment later; it is not asked again."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> Any:
        asked.append(host)
        return answering("127.0.0.1", port=receiver.server_port)(host, port)

    Outbound(to_private=True, resolve=resolve).post("http://nowhere.invalid/a?b=c", b"body", "text/plain")
    ((path, headers),) = receiver.requests
    assert asked == ["nowhere.invalid"] and receiver.bodies == [b"body"]
    assert (path, headers["Host"], headers["Content-Type"]) == ("/a?b=c", "nowhere.invalid", "text/plain")


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 500, 503, "lost", "nonsense"])
def test_anything_but_2xx_is_no_delivery_and_a_redirect_is_not_followed(
    receiver: Receiver, status: int | str
) -> None:
    receiver.answers = [status]
    with pytest.raises(DeliveryError):
        Outbound(to_private=True).post(receiver.url, b"body", "text/plain")
    assert receiver.bodies == [b"body"]


@pytest.mark.parametrize("status", [200, 201, 202, 204, "long"])
def test_2xx_is_a_delivery_however_long_the_answer(receiver: Receiver, status: int | str) -> None:
    receiver.answers = [status]
    Outbound(to_private=True, limit_s=5).post(receiver.url, b"body", "text/plain")
    assert receiver.bodies == [b"body"]


def test_receiver_that_drips_is_given_up(receiver: Receiver) -> None:
    """Each byte comes in time; all of them together do not."""
    receiver.answers = ["drips"]
    began = time.monotonic()
    with pytest.raises(DeliveryError):
        Outbound(to_private=True, limit_s=0.5).post(receiver.url, b"body", "text/plain")
    assert time.monotonic() - began < 4


def test_host_that_nobody_knows_or_that_does_not_listen_is_no_delivery() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        port = taken.getsockname()[1]
        with pytest.raises(DeliveryError):
            Outbound(to_private=True, limit_s=2).post(f"http://127.0.0.1:{port}/", b"", "text/plain")
    with pytest.raises(DeliveryError):
        Outbound(resolve=answering()).post("http://nobody.invalid/", b"", "text/plain")


def test_certificate_of_another_is_no_delivery(receiver: Receiver) -> None:
    """What listens there does not even speak TLS."""
    url = receiver.url.replace("http:", "https:")
    with pytest.raises(DeliveryError):
        Outbound(to_private=True, limit_s=2).post(url, b"secret", "text/plain")
    assert receiver.bodies == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a host that is named nowhere.invalid, signed by itself; with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nowhere.invalid")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("nowhere.invalid")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(pem) + private)
    return path


@pytest.fixture
def over_tls(receiver: Receiver, certificate: Path) -> Receiver:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    receiver.socket = context.wrap_socket(receiver.socket, server_side=True, do_handshake_on_connect=False)
    return receiver


def outbound_over_tls(receiver: Receiver, certificate: Path | None, limit_s: float = 5) -> Outbound:
    context = ssl.create_default_context(cafile=certificate)
    resolve = answering("127.0.0.1", port=receiver.server_port)
    return Outbound(to_private=True, resolve=resolve, context=context, limit_s=limit_s)


def test_certificate_must_be_of_the_name_and_of_an_authority_that_is_trusted(
    over_tls: Receiver, certificate: Path
) -> None:
    trusting = outbound_over_tls(over_tls, certificate)
    trusting.post("https://nowhere.invalid/", b"body", "text/plain")
    assert over_tls.bodies == [b"body"]
    with pytest.raises(DeliveryError):
        trusting.post("https://elsewhere.invalid/", b"secret", "text/plain")
    with pytest.raises(DeliveryError):
        outbound_over_tls(over_tls, None).post("https://nowhere.invalid/", b"secret", "text/plain")
    assert over_tls.bodies == [b"body"]


def test_receiver_that_drips_over_tls_is_given_up(over_tls: Receiver, certificate: Path) -> None:
    over_tls.answers = ["drips"]
    began = time.monotonic()
    with pytest.raises(DeliveryError):
        outbound_over_tls(over_tls, certificate, 1).post("https://nowhere.invalid/", b"body", "text/plain")
    assert time.monotonic() - began < 5
