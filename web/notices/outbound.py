"""Requests that the node makes because somebody else asked for them, and where they must not go.

Whoever may set up a webhook could have the node speak to what only the node can reach: itself, its network,
the metadata service of its cloud. So at each delivery every address of the name must be public, and the
connection goes to exactly an address that was looked at, whatever the name says a moment later. Redirects are
not followed, and no proxy is asked.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final
from urllib.parse import urlsplit

from ...trace.errors import RefusedError, TraceError

MAX_URL: Final = 2_000  # characters
MAX_ANSWER: Final = 1 << 16  # bytes of an answer that are read
_HOST: Final = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9.])?|[0-9A-Fa-f:.]+")
_VISIBLE: Final = re.compile(r"[!#-;=?-\[\]_a-z~]+")  # RFC 3986: what a URL is written with
_PORTS: Final = {"http": 80, "https": 443}
_TRIED: Final = 4  # addresses of one name
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_SPECIAL: Final = tuple(
    map(
        ip_network,
        (
            *("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "100::/64", "2001::/23", "2002::/16"),
            *("3fff::/20", "5f00::/16", "fec0::/10"),
        ),
    )
)
"""Of the registries of special addresses (RFC 6890), what the standard library took for global at some time:
protocol assignments, tunnels that carry another address in theirs, site-local ones."""

Resolve = Callable[[str, int], list[tuple[Any, ...]]]
"""resolve(host, port): as `socket.getaddrinfo` answers."""


class DestinationError(RefusedError):
    """The URL is not one to which the node sends."""

    code = "WEBHOOK_URL_REFUSED"


class DeliveryError(TraceError):
    """It did not arrive, or nobody knows whether it did: to be sent again."""

    code = "DELIVERY_FAILED"


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL, taken apart."""

    scheme: str
    host: str
    port: int
    target: str  # path and query


def parse_destination(url: str) -> Destination:
    """Take a URL apart.

    Raises:
        DestinationError: Not http or https, with credentials or a fragment, or not a URL.
    """
    try:
        parts = urlsplit(url) if len(url) <= MAX_URL and _VISIBLE.fullmatch(url) else None
        port = parts.port if parts else None
    except ValueError:
        parts = port = None
    if parts is None or parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise DestinationError(
            f"url: expected http://… or https://… of at most {MAX_URL} characters of ASCII, got another text",
            where="url",
        )
    if "@" in parts.netloc or parts.fragment:
        raise DestinationError("url: expected no credentials and no fragment, got some", where="url")
    if not _HOST.fullmatch(parts.hostname):
        raise DestinationError("url: expected the name or address of a host, got another text", where="url")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], target)


def is_public(text: str) -> bool:
    """Whether an address is one of the public internet, also where it stands for an IPv4 address."""
    try:
        address = ip_address(text)
    except ValueError:  # one with a scope, which is of a link
        return False
    return _is_public(address)


def check_numeric(destination: Destination) -> None:
    """A host that is written as a number, in any of the ways that are taken for one, is public.

    What a name leads to is looked at when something is sent.

    Raises:
        DestinationError: It is not.
    """
    try:
        found = socket.getaddrinfo(
            destination.host, destination.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
    except (OSError, UnicodeError):
        return
    _check_public(found)


class Outbound:
    """Posts to whom others named."""

    def __init__(
        self,
        *,
        to_private: bool = False,
        resolve: Resolve | None = None,
        limit_s: float = 20.0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Args:
        to_private: Whether to send to addresses that are not public as well.
        resolve: Looks names up; the system's own resolver by default.
        limit_s: For one request, everything in it but looking its host up.
        context: For TLS; by default the authorities that the system trusts.
        """
        self._to_private = to_private
        self._resolve: Resolve = resolve or _resolve
        self._limit_s = limit_s
        self._context = context or ssl.create_default_context()

    def post(self, url: str, body: bytes, content_type: str) -> None:
        """Post, and return once the answer is one of success (2xx).

        Raises:
            DestinationError: The URL, or an address of its host, is one to which nothing is sent.
            DeliveryError: No answer, or another one. The message says nothing of what the answer held.
        """
        destination = parse_destination(url)
        try:
            found = self._resolve(destination.host, destination.port)
        except (OSError, UnicodeError):
            found = []
        if not found:
            raise DeliveryError("url: expected an address of the host, got none")
        if not self._to_private:
            _check_public(found)
        status = self._ask(destination, found, body, content_type)
        if not 200 <= status < 300:
            raise DeliveryError(f"answer: expected 2xx, got {status}")

    def _ask(
        self, destination: Destination, found: list[tuple[Any, ...]], body: bytes, content_type: str
    ) -> int:
        headers = {"Content-Type": content_type, "User-Agent": "packtrace", "Connection": "close"}
        context = self._context if destination.scheme == "https" else None
        connection = _Pinned(destination, found[:_TRIED], self._limit_s, context)
        try:
            with _given_up_after(self._limit_s, connection):
                connection.request("POST", destination.target, body, headers)
                answer = connection.getresponse()
                status = answer.status
                with contextlib.suppress(OSError, http.client.HTTPException):
                    answer.read(MAX_ANSWER)  # so that a polite server is not cut off; it says nothing here
            return status
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DeliveryError(f"answer: expected one, got {type(error).__name__}") from error
        finally:
            connection.close()


class _Pinned(http.client.HTTPConnection):
    """A connection to addresses that were looked at; the name is for request and certificate alone."""

    def __init__(
        self,
        destination: Destination,
        found: list[tuple[Any, ...]],
        limit_s: float,
        context: ssl.SSLContext | None,
    ) -> None:
        super().__init__(destination.host, destination.port, timeout=limit_s)
        self.default_port = _PORTS[destination.scheme]
        self._found = found
        self._context = context

    def connect(self) -> None:
        """To the first address that answers."""
        refused: OSError | None = None
        for family, kind, protocol, _, address in self._found:
            self.sock = socket.socket(family, kind, protocol)
            self.sock.settimeout(self.timeout)
            try:
                self.sock.connect(address)
                break
            except OSError as error:
                self.sock.close()
                refused = error
        else:
            raise refused or OSError("no address")
        if self._context:
            self.sock = self._context.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()


@contextlib.contextmanager
def _given_up_after(limit_s: float, connection: http.client.HTTPConnection) -> Iterator[None]:
    """End the connection after a time, whatever it is doing: a byte a second would outlast any timeout."""

    def end() -> None:
        with contextlib.suppress(OSError, AttributeError):
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    timer = threading.Timer(limit_s, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _resolve(host: str, port: int) -> list[tuple[Any, ...]]:
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


def _check_public(found: list[tuple[Any, ...]]) -> None:
    for *_, address in found:
        if not is_public(str(address[0])):
            raise DestinationError(
                "url: expected a host whose every address is public, got one that has another", where="url"
            )


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped
        if inner is None and address in _NAT64:
            inner = IPv4Address(address.packed[12:])
        if inner is not None:
            return _is_public(inner)
    return address.is_global and not (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or any(address in network for network in _SPECIAL if network.version == address.version)
    )
