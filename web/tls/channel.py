"""TLS on the connections of waitress, which has none: in its own loop, without a further thread or copy.

A handshake is a step of the loop like any other, so that a client which does not end its own holds a
connection and nothing else, for a bounded time. The first byte tells TLS from plain http: who typed an
address without https is answered on the same port, by the page that says how to go on.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from typing import Any, Final

from ..door.slow_clients import TimedChannel

HANDSHAKE_S: Final = 10.0
_HANDSHAKE: Final = b"\x16"  # the first record of TLS (RFC 8446, 5.1); no method of HTTP begins so
_RECORD: Final = 1 << 14  # bytes in a record of TLS (RFC 8446, 5.1)
_WAITING: Final = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
_PEEK: Final = socket.MSG_PEEK


class TlsChannel(TimedChannel):
    """A connection that begins with a handshake, or with a request of plain http.

    waitress reads in its loop and writes in the loop or in the thread of a request; OpenSSL takes one at a
    time.
    """

    adj: Any
    socket: Any
    server: Any

    def __init__(self, server: Any, sock: Any, addr: Any, adj: Any, map: Any = None) -> None:
        super().__init__(server, sock, addr, adj, map=map)
        self._ends = time.monotonic() + HANDSHAKE_S
        self._begun = self._shaken = self._plain = self._wants_write = False
        self._one = threading.Lock()

    def readable(self) -> bool:
        """Whether to wait for bytes; asked by the loop in each turn, so that it also ends what takes too
        long.
        """
        if not (self._shaken or self._plain) and time.monotonic() > self._ends:
            self.will_close = True
        return bool(super().readable())

    def writable(self) -> bool:
        """Whether there is something to send, or a handshake that waits to."""
        return bool(super().writable() or self._wants_write)

    def handle_write(self) -> None:
        """Go on with the handshake, or send."""
        if self._wants_write and not self.will_close:
            self.handle_read()
        else:
            super().handle_write()

    def handle_read(self) -> None:
        """Take in what has come, and give the bytes in it to the parser."""
        self._wants_write = False
        try:
            if not self._begun:
                self._begin()
            if self._plain:
                super().handle_read()
                return
            with self._one:
                if not self._shaken:
                    self.socket.do_handshake()
                    self._shaken = True
                data = self.socket.recv(
                    self.adj.recv_bytes
                )  # one record, so that none waits unseen in OpenSSL
        except ssl.SSLWantWriteError:
            self._wants_write = True
            return
        except (ssl.SSLWantReadError, BlockingIOError):
            return
        except OSError:  # what is no handshake, an alert, or a connection that was cut
            data = b""
        if data:
            self.last_activity = time.time()
            self.received(data)
        else:
            self.handle_close()

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send as much as goes now, a record at a time."""
        if self._plain or not self._begun:
            return int(super().send(data, do_close=do_close))
        try:
            with self._one:
                return int(self.socket.send(data[:_RECORD]))
        except _WAITING:
            return 0
        except OSError:
            if do_close:
                self.handle_close()
            return 0

    def handle_close(self) -> None:
        """Say that nothing follows, as TLS asks (RFC 8446, 6.1), and close."""
        if self._shaken and self.connected:
            try:
                with self._one:
                    self.socket.unwrap()
            except (OSError, ValueError):  # it would wait for the other side, or that is gone
                pass
        super().handle_close()

    def _begin(self) -> None:
        """Look at the first byte.

        Raises:
            OSError: There is none yet, or the connection was cut.
        """
        first = self.socket.recv(1, _PEEK)
        self._begun = True
        if first == _HANDSHAKE:
            self.socket = self.server.tls.context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        else:
            self._plain = True
            self.adj = self.server.plain_adj  # by which requests know that they came without TLS
