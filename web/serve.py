"""The server round the application."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable
from typing import Any, Final

from waitress import create_server

from ..trace.ledger.ledger import Ledger, system_clock
from .app import create_app
from .node import Node

THREADS: Final = 16
CONNECTIONS: Final = 1_000
"""A slow client holds a connection and no thread: bodies are read whole before a thread sees them."""


def serve_node(
    ledger: Ledger,
    *,
    host: str,
    port: int,
    ready: Callable[[str], object],
    public_entries: bool = False,
) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        ledger: Open; it stays the caller's to close.
        public_entries: Whether everybody may read what the log holds.
        ready: Told the address once requests are taken.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    node = Node.start(ledger.home, ledger, system_clock, public_entries=public_entries)
    try:
        server: Any = create_server(
            create_app(node),
            host=host,
            port=port,
            threads=THREADS,
            connection_limit=CONNECTIONS,
            max_request_body_size=node.limits.job_bytes,
            ident="packtrace",
            clear_untrusted_proxy_headers=True,
        )
        shown = f"[{host}]" if ":" in host else host
        ready(f"http://{shown}:{server.effective_port}")
        signal.signal(signal.SIGTERM, _stop)
        try:
            server.run()
        except (KeyboardInterrupt, SystemExit):
            pass
        finally:
            server.close()
    finally:
        node.close()


def _stop(*_: object) -> None:
    raise SystemExit(0)
