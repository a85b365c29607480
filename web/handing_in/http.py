"""Requests to a node over one connection that is kept, and the few of them that are sent again.

Sent again is only what is safe to be sent again: the same bytes, after a connection that failed, an answer
that can't be read, 429 or 503. Redirects are not followed, and no proxy is taken from the environment.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

from .errors import OutcomeUnknownError, RefusedByNodeError

FULL: Final = 507
"""Of the 5xx the one that says that nothing was recorded: the disk of the node is nearly full."""
JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
MAX_ANSWER: Final = 64 << 20
"""Bytes of an answer that is read whole."""

_PIECE: Final = 1 << 16
_FIRST_WAIT_S: Final = 0.5
_FAILURES: Final = (OSError, http.client.HTTPException)


@dataclass(frozen=True, slots=True)
class Retries:
    """How often, and how long apart, the same bytes are sent again."""

    attempts: int = 6
    longest_s: float = 30.0  # between two; a node that asks for more waits no longer than this for us

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.longest_s < 0:
            raise ValueError(f"retries: expected an attempt and no negative wait, got {self}")

    def wait_s(self, failed: int, asked_s: float | None, random: Callable[[], float]) -> float:
        """Until the next attempt.

        Args:
            failed: How many failed, from 1.
            asked_s: What `Retry-After` said.
            random: Something from 0 to 1, so that clients that failed together don't come back together.
        """
        if asked_s is not None:
            return min(asked_s, self.longest_s) * (1 + random() / 4)
        return float(min(_FIRST_WAIT_S * 2 ** (failed - 1), self.longest_s) * (1 + random()) / 2)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a node is."""

    secure: bool
    host: str
    port: int | None
    path: str  # before /api/v1, without a last slash

    @property
    def is_private(self) -> bool:
        """Whether nobody between can read what is sent: TLS, or this machine."""
        if self.secure or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_address(url: str) -> Address:
    """Read the URL of a node.

    Raises:
        ValueError: Not http or https, no host, or with a user, a query or a fragment.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError("url: expected http://host or https://host, got another text")
    if parts.query or parts.fragment:
        raise ValueError("url: expected the address of a node, got a query or a fragment")
    return Address(parts.scheme == "https", parts.hostname, parts.port, parts.path.rstrip("/"))


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that was read to its end."""

    status: int
    headers: Message
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get_content_type()

    def json(self) -> dict[str, Any]:
        """The body as one JSON object.

        Raises:
            OutcomeUnknownError: It is none, so the answer says nothing.
        """
        if self.media_type not in (JSON, PROBLEM):
            raise unreadable(JSON, f"{self.status} with {self.media_type}")
        return parse_object(self.body)

    def refusal(self) -> RefusedByNodeError | None:
        """The problem that it tells; None where none can be read, which says nothing."""
        try:
            problem = self.json() if self.media_type == PROBLEM else {}
        except OutcomeUnknownError:
            return None
        if not isinstance(problem.get("code"), str) or problem.get("status") != self.status:
            return None
        return RefusedByNodeError(self.status, problem)


class Wire:
    """One connection to one node, for one thread at a time."""

    def __init__(
        self,
        address: Address,
        *,
        timeout_s: float,
        tls: ssl.SSLContext | None,
        retries: Retries,
        sleep: Callable[[float], object],
        random: Callable[[], float],
    ) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._tls = tls
        self._retries = retries
        self._sleep = sleep
        self._random = random
        self._connection: http.client.HTTPConnection | None = None

    def close(self) -> None:
        """Let go of the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        readable: Callable[[Reply], object] = Reply.json,
    ) -> Reply:
        """Send a request, again if need be, and return an answer of 2xx that could be read.

        Args:
            path: From the root of the node.
            readable: Raises `OutcomeUnknownError` for a body that says nothing; then it is asked again.

        Raises:
            RefusedByNodeError: The node said why it did nothing.
            OutcomeUnknownError: No attempt had an answer that could be read.
        """
        for wait in self.attempts():
            try:
                with self.open(method, path, body=body, headers=headers) as response:
                    reply = Reply(response.status, response.headers, read_whole(response))
                check_success(reply)
                readable(reply)
            except (OutcomeUnknownError, RefusedByNodeError) as error:
                wait(error)
            else:
                return reply
        raise AssertionError("the last attempt returns or raises")

    def attempts(self) -> Iterator[Callable[[RefusedByNodeError | OutcomeUnknownError], None]]:
        """For each attempt what to call when it failed: that waits for the next one, or raises."""
        for failed in range(1, self._retries.attempts + 1):

            def wait(error: RefusedByNodeError | OutcomeUnknownError, failed: int = failed) -> None:
                self.close()
                passing = error.passing if isinstance(error, OutcomeUnknownError) else error.status == 429
                if failed == self._retries.attempts or not passing:
                    raise error
                self._sleep(self._retries.wait_s(failed, error.retry_after_s, self._random))

            yield wait

    @contextmanager
    def open(
        self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        """Send a request once, and give the answer to be read to its end.

        Raises:
            OutcomeUnknownError: The connection failed; also while the answer is read.
        """
        response: http.client.HTTPResponse | None = None
        try:
            response = self._send(method, path, body, dict(headers or {}))
            yield response
        except _FAILURES as error:
            got = str(error) or type(error).__name__
            raise OutcomeUnknownError(
                f"{method} {path}: expected an answer, got {got[:200]}",
                passing=not isinstance(error, ssl.SSLCertVerificationError),
            ) from error
        finally:
            if response is None or not response.isclosed():
                # What is left of the answer would be taken for the next one.
                self.close()
                if response is not None:
                    response.close()

    def _send(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        kept = self._connection
        if kept is not None:
            try:
                kept.request(method, path, body, headers)
                return kept.getresponse()
            except (ConnectionError, http.client.RemoteDisconnected):
                self.close()  # The server let go of a connection that was idle: no attempt is lost.
        self._connection = self._connect()
        self._connection.request(method, path, body, headers)
        return self._connection.getresponse()

    def _connect(self) -> http.client.HTTPConnection:
        where = self._address
        if where.secure:
            context = self._tls or ssl.create_default_context()
            return http.client.HTTPSConnection(
                where.host, where.port, timeout=self._timeout_s, context=context
            )
        return http.client.HTTPConnection(where.host, where.port, timeout=self._timeout_s)


def read_whole(response: http.client.HTTPResponse, limit: int = MAX_ANSWER) -> bytes:
    """The body to its end.

    Raises:
        OutcomeUnknownError: It is cut, or longer than the limit.
    """
    pieces = []
    size = 0
    while piece := response.read(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise unreadable(f"at most {limit} bytes", "more")
    if response.length:  # The library reads a body that is cut without a word, if asked for a piece of it.
        raise unreadable(f"{response.length} bytes more", "the end")
    return b"".join(pieces)


def check_success(reply: Reply) -> None:
    """Check that an answer is of 2xx.

    Raises:
        RefusedByNodeError: It says why nothing was done.
        OutcomeUnknownError: It is neither, or says that the node itself failed.
    """
    if 200 <= reply.status < 300:
        return
    refusal = reply.refusal()
    asked = _seconds(reply.headers.get("Retry-After")) if reply.status in (429, 503) else None
    if refusal is not None and (reply.status < 500 or reply.status == FULL):
        refusal.retry_after_s = asked
        raise refusal
    got = f"{reply.status}, " + (f"{refusal.finding_code}: {refusal.detail}" if refusal else reply.media_type)
    # Of 4xx, and of what a proxy made up, nothing gets better by being sent again at once.
    passing = reply.status in (429, 503)
    raise OutcomeUnknownError(
        f"answer: expected 2xx or a problem, got {got}", passing=passing, retry_after_s=asked
    )


def parse_object(data: bytes) -> dict[str, Any]:
    """Read one JSON object in UTF-8, each member once.

    Raises:
        OutcomeUnknownError: Anything else, which says nothing.
    """
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise unreadable("one JSON object", str(error)[:200]) from error
    if not isinstance(value, dict):
        raise unreadable("one JSON object", type(value).__name__)
    return value


def unreadable(expected: str, got: str) -> OutcomeUnknownError:
    """An answer that says nothing."""
    return OutcomeUnknownError(f"answer: expected {expected}, got {got}")


def _seconds(text: str | None) -> float | None:
    """What `Retry-After` asks for; a date, or anything else, is left to the client's own waits."""
    return float(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a member twice")
    return value


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)
