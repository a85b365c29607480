"""Both listeners of a node that serves a yard: https, and plain http for the page that leads there."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from flask import Flask
from waitress import create_server

from ...trace.ledger.home import Home
from ...trace.ledger.ledger import system_clock
from ..door.slow_clients import TimedChannel
from .channel import TlsChannel
from .keeping import Certificates
from .names import names_of_this_machine
from .page import Reach

_LOOPBACK_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")
_PLAIN_BODY: Final = 1 << 16  # nothing is taken there
_PLAIN_THREADS: Final = 4

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def open_listener(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Args:
        host: An address, or nothing for all of this machine's, of IPv4 and of IPv6.

    Raises:
        OSError: The port is taken, or not for this user.
    """
    if not host and socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


@dataclass(frozen=True, slots=True)
class Https:
    """How a yard's own https is to be served.

    Attributes:
        http_port: Of the page for phones that don't trust the authority yet; 0 for any.
        names: That this machine has beside its own.
        tell: Told how the node is reached, once requests are taken.
    """

    http_port: int
    names: tuple[str, ...]
    tell: Callable[[Reach], object]


@dataclass(frozen=True, slots=True)
class Yard:
    """What is open to serve a yard's network."""

    reach: Reach
    https: socket.socket
    http: socket.socket

    @classmethod
    @contextmanager
    def open(cls, home: Home, wanted: Https, host: str, port: int) -> Iterator[Yard]:
        """Take both ports, and see that there are an authority and a certificate.

        Args:
            host: The address to listen at; empty for all of this machine's.

        Raises:
            HomeError: What lies in the home is no authority, or it may not vouch for a name.
            OSError: A port is taken, or the disk refused.
        """
        with open_listener(host, port) as https, open_listener(host, wanted.http_port) as http:
            certificates = Certificates(home, partial(names_of_this_machine, wanted.names), system_clock)
            for name in wanted.names:
                certificates.authority.check_may_vouch_for(name)
            reach = Reach(certificates, https.getsockname()[1], http.getsockname()[1])
            certificates.start()
            try:
                yield cls(reach, https, http)
            finally:
                certificates.close()

    @property
    def url(self) -> str:
        """Where others reach this node; this machine itself where nobody else can."""
        shown = self.reach.certificates.shown()
        return self.reach.address(shown[0] if shown else "localhost")

    def serve(self, secure: Flask, plain: Flask, settings: dict[str, Any]) -> Any:
        """Make the servers of both ports, which share one loop.

        Args:
            settings: As waitress takes them, for https.

        Returns:
            The server of https, whose `run` runs both.
        """
        answer = _by_scheme(secure, plain)
        server = create_server(answer, sockets=[self.https], url_scheme="https", **settings)
        lesser = settings | {"threads": _PLAIN_THREADS, "max_request_body_size": _PLAIN_BODY}
        beside = create_server(plain, sockets=[self.http], url_scheme="http", **lesser)
        server.channel_class, beside.channel_class = TlsChannel, TimedChannel
        server.tls, server.plain_adj = self.reach.certificates, beside.adj
        return server


def _by_scheme(secure: Wsgi, plain: Wsgi) -> Wsgi:
    """Answer plain http on the port of https with the page alone, but for this machine itself: nothing of
    that is on a wire, and browsers take it for as good as https.
    """

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["wsgi.url_scheme"] == "https" or _is_from_here(environ):
            return secure(environ, start_response)
        return plain(environ, start_response)

    return answer


def _is_from_here(environ: dict[str, Any]) -> bool:
    """Whether a browser of this machine asks by a name of this machine; another name may be a trick of a page
    that the browser was led to (DNS rebinding), or be passed on by a proxy.
    """
    host = str(environ.get("HTTP_HOST", "")).lower().rpartition(":")
    name = host[0] if host[0] and host[2].isdigit() else "".join(host)
    try:
        address = ipaddress.ip_address(str(environ.get("REMOTE_ADDR", "")))
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback and name in _LOOPBACK_HOSTS
