"""The notices of one organisation in the order of the log, as far as a signed checkpoint goes.

A notice says that there is an event and where its subject stands by now; it holds nothing of what the event
says. A cursor is a leaf index in disguise: it moves only forward, so that nothing is skipped and what comes
again can be told by its leaf.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import select

from ...signing.base64url import Base64urlError, b64url, parse_b64url
from ...trace.errors import RefusedError
from ...trace.ledger.ledger import Ledger
from ...trace.ledger.tables import CONCERN, ENTRY
from ...trace.lifecycle.custody import holder_of
from ...trace.lifecycle.state import Battery, Lot
from ...trace.lifecycle.world import World
from ...trace.statement import parse_entry, parse_event_jws
from ...trace.times import format_log_time

_MARK: Final = "after"
_LIMIT: Final = 64  # characters of a cursor

Notice = dict[str, Any]


class CursorError(RefusedError):
    """The text is no cursor of this log."""

    code = "CURSOR_INVALID"


@dataclass(frozen=True, slots=True)
class Feed:
    """Some notices, and where to go on."""

    notices: list[Notice]
    next: int  # the first leaf that was not looked at
    size: int  # how far the checkpoint goes

    @property
    def is_complete(self) -> bool:
        """Whether these are all that there are by now."""
        return self.next == self.size


def format_cursor(leaf: int) -> str:
    """The cursor that begins at a leaf."""
    return b64url(orjson.dumps([_MARK, leaf]))


def parse_cursor(text: str, size: int) -> int:
    """The leaf at which a cursor begins.

    Args:
        size: How far the log goes: a cursor beyond it is of another one.

    Raises:
        CursorError: Not a cursor, or one beyond the log.
    """
    try:
        value = orjson.loads(parse_b64url(text)) if len(text) <= _LIMIT else None
    except (Base64urlError, ValueError):
        value = None
    match value:
        case [str(mark), int(leaf)] if mark == _MARK and leaf >= 0 and format_cursor(leaf) == text:
            if leaf > size:
                raise CursorError(
                    f"after: expected at most leaf {size}, where this log ends, got {leaf}", where="after"
                )
            return leaf
        case _:
            raise CursorError("after: expected a cursor of an answer before, got another text", where="after")


def read_feed(ledger: Ledger, org: str, after: int, limit: int, at: datetime) -> Feed:
    """The next notices of an organisation.

    Args:
        after: The first leaf to look at.
        limit: The most notices.
        at: Now, for offers that expire.

    Raises:
        ReceiptPendingError: Nothing is signed yet.
    """
    # First the checkpoint, then the rows: what it covers was committed before it was signed.
    size = ledger.published().size
    query = (
        select(ENTRY.c.leaf_index, ENTRY.c.entry)
        .join(CONCERN, CONCERN.c.leaf_index == ENTRY.c.leaf_index)
        .where(CONCERN.c.org == org, CONCERN.c.leaf_index >= after, CONCERN.c.leaf_index < size)
        .order_by(CONCERN.c.leaf_index)
        .limit(limit)
    )
    with ledger.read() as connection:
        rows = connection.execute(query).all()
    world = ledger.world()
    notices = [_notice(row.leaf_index, row.entry, org, world, at) for row in rows]
    return Feed(notices, rows[-1].leaf_index + 1 if len(rows) == limit else max(size, after), size)


def _notice(leaf: int, entry: bytes, org: str, world: World, at: datetime) -> Notice:
    text, recorded_at = parse_entry(entry)
    jws = parse_event_jws(text)
    said = jws.value
    return {
        "leaf_index": leaf,
        "id": jws.id,
        "subject": said["sub"],
        "seq": said["seq"],
        "type": said["type"],
        "iss": said["iss"],
        "recorded_at": format_log_time(recorded_at),
    } | _standing(said["sub"].removeprefix("notes:"), org, world, at)


def _standing(subject: str, org: str, world: World, at: datetime) -> Notice:
    """Where a battery or lot stands now, and whether the next step is the organisation's."""
    chain = world.chain(subject)
    state = chain.state if chain else None
    if not isinstance(state, Battery | Lot):
        return {}
    offer = state.offer if state.offer and at < state.offer.expires_at else None
    return {
        "stage": state.stage,
        "custodian_is_you": holder_of(world, state) == org,
        "offered_to_you": offer is not None and offer.consignee == org,
    }
