"""A node's answers on their way to a client, and what can happen to them there."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Spoil = Callable[[int, bytes], bytes]
"""spoil(number of the request from 0, answer): what of it, or in its place, goes to the client."""


@dataclass
class Spoiled:
    """A proxy before a node: each answer is spoiled, and the connection cut."""

    node: int  # port
    spoil: Spoil
    tls: ssl.SSLContext | None = None
    added: bytes = b""  # headers, for each request
    requests: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        port = self._listening.getsockname()[1]
        self.url = f"{'https' if self.tls else 'http'}://127.0.0.1:{port}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self.tls:
                try:
                    client = self.tls.wrap_socket(client, server_side=True)
                except OSError:  # a client that does not trust us
                    client.close()
                    continue
            with client:
                request = _read_request(client)
                if not request:
                    continue
                self.requests.append(request)
                client.sendall(self.spoil(len(self.requests) - 1, self._ask(request)))

    def _ask(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.node)) as node:
            node.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n" + self.added, 1))
            return b"".join(iter(lambda: node.recv(1 << 16), b""))

    def close(self) -> None:
        """Take no more connections; the address is nobody's then."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=30)
        self._listening.close()


def _read_request(client: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = client.recv(1 << 16)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    sizes = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    left = (int(sizes[0].partition(b":")[2]) if sizes else 0) - len(body)
    while left > 0:
        piece = client.recv(1 << 16)
        data, left = data + piece, left - len(piece)
    return data


@contextmanager
def spoiled(node: int, spoil: Spoil, **more: Any) -> Iterator[Spoiled]:
    """The proxy, for as long as it is needed."""
    proxy = Spoiled(node, spoil, **more)
    try:
        yield proxy
    finally:
        proxy.close()


def as_it_is(number: int, data: bytes) -> bytes:
    """Nothing is spoiled."""
    return data


def answer(status: str, body: bytes, kind: str = "application/json", *more: str) -> bytes:
    """An answer of HTTP."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *more, "", ""]
    return "\r\n".join(lines).encode() + body


def changed(data: bytes, change: Callable[[dict[str, Any]], dict[str, Any]]) -> bytes:
    """An answer with another JSON object in it, and a length that fits."""
    head, _, body = data.partition(b"\r\n\r\n")
    status = head.split(b"\r\n")[0].removeprefix(b"HTTP/1.1 ").decode()
    return answer(status, json.dumps(change(json.loads(body))).encode())
