"""The server round the application."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Final

from waitress import create_server

from ..trace.ledger.errors import LedgerError, LedgerStoppedError
from ..trace.ledger.ledger import Ledger, system_clock
from .api.search import search_index
from .api.vehicles import vin_index
from .api.yard import yard_index
from .app import create_app, create_plain_app
from .door.slow_clients import IDLE_S, close_slow_clients
from .door.uploads import IN_MEMORY
from .logs import log_to_stderr
from .metrics import REQUESTS
from .node import Node
from .notices.dispatcher import Dispatcher
from .notices.outbound import Outbound
from .office.vins import VinIndex
from .reading.search_index import SearchIndex
from .reading.yard_index import YardIndex
from .tls.listen import Https, Yard

THREADS: Final = 64
"""As many requests are recorded together; a thread that waits for its receipt costs next to nothing."""

CONNECTIONS: Final = 1_000
"""A slow client holds a connection and no thread: bodies are read whole before a thread sees them."""

RECEIVE: Final = 1 << 17
"""Bytes at a time: a batch costs half as much to receive as with the server's own 8 KiB."""

_FILES: Final = 4_096
_LOOK_S: Final = 0.5
_LOG: Final = logging.getLogger("packtrace.web")


def serve_node(
    ledger: Ledger,
    *,
    host: str,
    port: int,
    ready: Callable[[str], object],
    begin: Callable[[Node], object] | None = None,
    public_entries: bool = False,
    proxies: int = 0,
    webhooks_to_private: bool = False,
    log_requests: bool = False,
    https: Https | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, or until the ledger stops itself, which only a new start can mend.

    Args:
        ledger: Open; it stays the caller's to close.
        public_entries: Whether everybody may read what the log holds.
        proxies: As `create_app`.
        webhooks_to_private: Whether notices go to addresses that are not public, as those of this machine.
        log_requests: One line for each in the log of the process.
        https: How a yard's own https is served; None for plain http.
        ready: Told the address once requests are taken.
        begin: Told the node before.

    Raises:
        LedgerStoppedError: It stopped itself.
        HomeError: What lies in the home is no authority.
        OSError: A port is taken.
    """
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it tells of every wait for a thread
    _allow_connections()
    log_to_stderr()
    REQUESTS.setLevel(logging.INFO if log_requests else logging.WARNING)
    with Yard.open(ledger.home, https, host, port) if https else nullcontext() as yard:
        node = Node.start(
            ledger.home,
            ledger,
            system_clock,
            public_entries=public_entries,
            webhooks_to_private=webhooks_to_private,
        )
        dispatcher = Dispatcher(
            ledger,
            node.webhooks,
            node.notice_key,
            Outbound(to_private=webhooks_to_private),
            node.clock,
            ledger.home.path / "notices.lock",
        )
        app = create_app(node, proxies=proxies, reach=yard.reach if yard else None)
        indexes = (search_index(app), yard_index(app), vin_index(app))
        indexing = threading.Thread(target=_bring_up, args=indexes, name="packtrace-index")
        try:
            indexing.start()
            sockets: dict[int, Any] = {}
            settings: dict[str, Any] = {
                "map": sockets,
                "threads": THREADS,
                "connection_limit": CONNECTIONS,
                "channel_timeout": IDLE_S,
                "cleanup_interval": 5,
                "asyncore_use_poll": True,  # select can't wait for more than 1,024 files
                "recv_bytes": RECEIVE,
                "inbuf_overflow": IN_MEMORY,
                "max_request_body_size": node.limits.job_bytes,
                "ident": "packtrace",
                "clear_untrusted_proxy_headers": not proxies,
            }
            server: Any
            if yard:
                server = yard.serve(app, create_plain_app(node, yard.reach), settings)
                url = yard.url
            else:
                server = create_server(app, host=host, port=port, **settings)
                close_slow_clients(sockets.values())
                url = f"http://{f'[{host}]' if ':' in host else host}:{server.effective_port}"
            dispatcher.start()
            if begin:
                begin(node)
            ready(url)
            if https and yard:
                https.tell(yard.reach)
            _run(server, ledger)
        finally:
            dispatcher.close()
            for index in indexes:
                index.close()
            indexing.join()
            node.close()
    if ledger.stopped:
        raise LedgerStoppedError(f"ledger: stopped by {ledger.stopped}; start the node anew")


def _run(server: Any, ledger: Ledger) -> None:
    signal.signal(signal.SIGTERM, _stop)
    ended = threading.Event()
    watch = threading.Thread(target=_stop_with, args=(ledger, ended), name="packtrace-watch")
    watch.start()
    try:
        server.run()
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        ended.set()
        server.close()
        watch.join()


def _stop(*_: object) -> None:
    raise SystemExit(0)


def _bring_up(*indexes: SearchIndex | YardIndex | VinIndex) -> None:
    """Take in what was recorded while nobody served; whoever asks takes in the rest."""
    try:
        for index in indexes:
            index.bring_up()
    except LedgerError as error:
        _LOG.error("index: %s", error.message)


def _stop_with(ledger: Ledger, ended: threading.Event) -> None:
    """End the server once the ledger writes no more: whoever keeps it running starts it anew."""
    while not ended.wait(_LOOK_S):
        if ledger.stopped:
            _LOG.error("ledger stopped: %s", ledger.stopped)
            signal.raise_signal(signal.SIGTERM)
            return


def _allow_connections() -> None:
    """Let the process have a file for each connection; many systems begin with 1,024."""
    try:
        import resource
    except ImportError:  # Windows has no such bound
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _FILES:
        most = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
