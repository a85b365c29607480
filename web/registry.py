"""The organisations that the log enrolled, read from its tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, select

from ..trace.ledger.tables import CHAIN
from ..trace.lifecycle.encoding import decode_state
from ..trace.lifecycle.state import Org

_FIRST: Final = "org:"
_BEYOND: Final = "org;"  # the character after the colon: every organisation lies between


def organisations(
    connection: Connection, *, after: str = "", limit: int | None = None
) -> Iterator[tuple[str, Org]]:
    """Enrolled organisations in the order of their subjects, from the one after `after` on."""
    query = (
        select(CHAIN.c.subject, CHAIN.c.state)
        .where(CHAIN.c.subject > max(after, _FIRST), CHAIN.c.subject < _BEYOND)
        .order_by(CHAIN.c.subject)
        .limit(limit)
    )
    for row in connection.execute(query):
        state = decode_state("org", row.state)
        if isinstance(state, Org):  # not one whose enrolment is void
            yield row.subject, state


def regions(connection: Connection) -> set[str]:
    """Every region in which an organisation, or a site of one, is enrolled."""
    found = set()
    for _, org in organisations(connection):
        found.add(org.region)
        found.update(site.region for site in org.sites)
    return found
