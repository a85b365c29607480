"""Bearer tokens of the organisations of a scene."""

from __future__ import annotations

from packtrace.tests.scene import Party
from packtrace.tests.web.conftest import Served
from packtrace.trace.read_token import sign_read_token


def bearer(served: Served, who: Party) -> dict[str, str]:
    """The header by which somebody shows who reads."""
    now = served.played.clock()
    text = sign_read_token(who.key, origin=served.ledger.origin, org=who.org, at=now)
    return {"Authorization": f"Bearer {text}"}
