"""Requests as bytes, over a socket: what no client library would send."""

from __future__ import annotations

import socket
from collections import Counter
from dataclasses import dataclass
from typing import Final

import orjson

ANSWERED: Final = Counter[int]()
"""Answers by status, of everything that was sent; 0 where the node closed the connection without one."""


@dataclass(frozen=True)
class Answer:
    """One answer as it came."""

    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes


def send(port: int, data: bytes, *, wait_s: float = 10.0, source: str = "127.0.0.1") -> bytes:
    """Send bytes, and read until the other end closes, or has said nothing for a while."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), timeout=wait_s, source_address=(source, 0)) as wire:
        try:
            wire.sendall(data)
        except OSError:  # it has answered and closed already
            pass
        try:
            while piece := wire.recv(1 << 16):
                got += piece
        except OSError:
            pass
    return got


def parse_answers(data: bytes, *, to_head: bool = False) -> list[Answer]:
    """The answers of a connection, each whole."""
    answers: list[Answer] = []
    ANSWERED[0] += not data
    while data:
        head, found, data = data.partition(b"\r\n\r\n")
        assert found, head
        start, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(start.split(" ")[1])
        if status == 100:
            continue
        if headers.get("transfer-encoding") == "chunked":
            body, data = _parse_chunks(data)
        else:
            size = 0 if to_head or status in (204, 304) else int(headers["content-length"])
            assert len(data) >= size
            body, data = data[:size], data[size:]
        answers.append(Answer(status, headers, body))
        ANSWERED[status] += 1
    return answers


def _parse_chunks(data: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        body, data = body + data[:length], data[length + 2 :]
        if not length:
            return body, data


def request(
    method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b"", *, host: str = "node"
) -> bytes:
    """A request, well framed whatever it holds; the connection ends with it."""
    said = {"Host": host, "Connection": "close"} | (headers or {})
    if body or method == "POST":
        said.setdefault("Content-Length", str(len(body)))
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def check_error(answer: Answer) -> None:
    """An answer that is an error has the one shape of errors (RFC 9457)."""
    assert 400 <= answer.status < 500, (answer.status, answer.body[:300])
    assert answer.headers["content-type"] == "application/problem+json", answer
    said = orjson.loads(answer.body)
    assert said["status"] == answer.status and said["code"] and said["title"] and said["detail"], said
    assert said["type"] == f"/api/v1/docs#{said['code']}"
