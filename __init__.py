"""Packtrace: traceability for EV traction batteries.

The folders of the repository are the sub-packages (docs/adr/0001): `packtrace.signing` signs and proves,
`packtrace.trace` knows batteries and their rules, `packtrace.schemas` reads untrusted input, `packtrace.web`
serves it. `packtrace.Client` talks to a node; it is imported when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .web.client import Client

__all__ = ["Client"]


def __getattr__(name: str) -> Any:
    if name == "Client":
        from .web.client import Client

        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
