"""A receiver of webhooks on loopback, which answers as it is told to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver(ThreadingHTTPServer):
    """Keeps every body that came, in order; answers by `answers` and then with 200."""

    daemon_threads = True

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.answers: list[int | str] = []  # a status, or what goes wrong
        self.lock = threading.Lock()
        self.at_once = self.most_at_once = 0
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        receiver = self.server
        with receiver.lock:
            receiver.at_once += 1
            receiver.most_at_once = max(receiver.most_at_once, receiver.at_once)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with receiver.lock:
            receiver.bodies.append(body)
            receiver.requests.append((self.path, dict(self.headers)))
            answer = receiver.answers.pop(0) if receiver.answers else 200
        try:
            self._answer(answer)
        finally:
            with receiver.lock:
                receiver.at_once -= 1

    def _answer(self, answer: int | str) -> None:
        match answer:
            case "lost":  # dealt with, and nobody hears of it
                self.connection.shutdown(socket.SHUT_RDWR)
            case "nonsense":
                self.wfile.write(b"HTTP/9 hello\r\n\r\n")
            case "slow":  # long enough for anybody else to look as well
                threading.Event().wait(2)
                self._answer(200)
            case "drips":  # a byte now and then, for ever
                stop = threading.Event()
                try:
                    while not stop.wait(0.1):
                        self.wfile.write(b"x")
                        self.wfile.flush()
                except OSError:
                    pass
            case "long":  # says yes, and then talks without end
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
                try:
                    for _ in range(100):
                        self.wfile.write(bytes(1 << 16))
                except OSError:
                    pass
            case int(status):
                self.send_response(status)
                if status in (301, 302, 307, 308):
                    self.send_header("Location", f"{self.server.url}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens."""
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()
