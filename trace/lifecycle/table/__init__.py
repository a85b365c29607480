"""The life cycle as one piece of data (LIFECYCLE). Where a row is silent, the statement is refused.

The table drives the ledger, the verifier, the templates and the documentation; its digest is part of the
rule set. It says who may sign a type, from which stages, and what becomes of stage, custody and offer.
What a row cannot say in these words is named in ``also``, a check of `conditions`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

import orjson

from .. import words
from .batteries import BATTERIES
from .handovers import HANDOVERS
from .lots import LOTS
from .notes import NOTES
from .registry import REGISTRY
from .row import By, Hold, Relation, Row
from .things import THINGS

__all__ = [
    "IN_USE_BARRED_TO",
    "ROWS",
    "SELF_REVOKING",
    "TABLE",
    "By",
    "Hold",
    "Relation",
    "Row",
    "format_table",
    "row_of",
]

TABLE: Final[tuple[Row, ...]] = (*REGISTRY, *BATTERIES, *HANDOVERS, *THINGS, *LOTS, *NOTES)

IN_USE_BARRED_TO: Final = (words.VEHICLE_DISMANTLER, words.PACK_DISMANTLER, words.RECYCLER)
"""Capacities in which nobody can hold a battery that is in use (LIFECYCLE, `handover.accepted`)."""

SELF_REVOKING: Final = ("key.revoked",)
"""What a suspended organisation may still say: that a key of its own is not to be trusted."""

ROWS: Final[dict[str, Row]] = {row.type: row for row in reversed(TABLE)}
"""Every type of event, with the first row that it has."""

_OF_LOTS: Final[dict[str, Row]] = {row.type: row for row in TABLE if row.chain == "lot"}


def row_of(kind: str, subject: str) -> Row:
    """The row of a type of event on the chain of this subject.

    Raises:
        KeyError: No such type.
    """
    if kind in _OF_LOTS and subject.startswith("lot:"):
        return _OF_LOTS[kind]
    return ROWS[kind]


def format_table() -> bytes:
    """The table as compact JSON: the part of the rule set that its digest covers."""
    return orjson.dumps(
        {
            "in_use": words.IN_USE,
            "in_use_barred_to": IN_USE_BARRED_TO,
            "rows": [asdict(row) for row in TABLE],
            "self_revoking": SELF_REVOKING,
        }
    )
