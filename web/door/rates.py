"""How often one address, or one key, may ask: so many requests in each minute, counted in memory.

Flask-Limiter does more, and adds two thirds to what a small request costs; this adds a twentieth
(`docs/adr/0019`). A window is fixed, so that at its edge twice as many may pass. Each process counts for
itself.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections.abc import Callable
from typing import Final

from flask import Flask, current_app, request

from ...trace.errors import TraceError
from ...trace.read_token import ReadTokenError
from ..node import Node
from ..reading.access import reader

WINDOW_S: Final = 60.0
ITEMS: Final = 100  # codes or lines that count as one request
_EXTENSION: Final = "packtrace-rates"
_MOST_ADDRESS: Final = 64  # characters of what a proxy calls an address
_UNLIMITED: Final = "health"  # blueprint: a node under load must still be able to say how it is


class TooManyRequestsError(TraceError):
    """Nothing of the request was looked at."""

    code = "TOO_MANY_REQUESTS"
    http_status = 429

    def __init__(self, who: str, most: int, wait_s: float) -> None:
        super().__init__(f"requests: expected at most {most} a minute of one {who}, got more")
        self.retry_after_s = max(1, math.ceil(wait_s))


class Rates:
    """Counts what each of many asks in the minute that runs."""

    def __init__(self, most: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Args:
        most: Requests in a minute.
        """
        self.most = most
        self._monotonic = monotonic
        self._counts: dict[str, int] = {}
        self._ends = -math.inf
        self._counting = threading.Lock()

    def take(self, who: str, requests: int = 1) -> float:
        """Count a request, or what is as much as several; how long to wait in seconds, 0 if it is within."""
        now = self._monotonic()
        with self._counting:
            if now >= self._ends:
                self._counts.clear()  # so that memory holds one minute's askers
                self._ends = now + WINDOW_S
            count = self._counts[who] = self._counts.get(who, 0) + requests
            return self._ends - now if count > self.most else 0.0


def install_rates(app: Flask, node: Node) -> None:
    """Count every request but those after the node's health, before anything else is done about it."""
    addresses, keys = Rates(node.limits.requests_a_minute), Rates(node.limits.requests_a_minute)
    app.extensions[_EXTENSION] = addresses

    @app.before_request
    def check_rates() -> None:
        if request.blueprint == _UNLIMITED:
            return
        if wait_s := addresses.take(client_of(request.remote_addr or "")):
            raise TooManyRequestsError("address", addresses.most, wait_s)
        kid = _shown_key() if "Authorization" in request.headers else None
        if kid and (wait_s := keys.take(kid)):
            raise TooManyRequestsError("key", keys.most, wait_s)


def count_items(items: int) -> None:
    """Count a request that asks for many things at once as one more for each hundred of them.

    It is answered itself; whoever sends one after the other is told to wait, as by single requests.
    """
    addresses: Rates = current_app.extensions[_EXTENSION]
    addresses.take(client_of(request.remote_addr or ""), items // ITEMS)


def client_of(address: str) -> str:
    """What counts as one address: of IPv6 the network of 64 bits, all of which one client can use."""
    if ":" not in address:
        return address[:_MOST_ADDRESS]
    try:
        parsed = ipaddress.IPv6Address(address)
    except ValueError:
        return address[:_MOST_ADDRESS]
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((parsed.packed[:8] + bytes(8), 64)))


def _shown_key() -> str | None:
    """The key of a good token. A bad one counts for nobody: anybody can write another's key into it."""
    try:
        who = reader()
    except ReadTokenError:
        return None
    return who.kid if who else None
