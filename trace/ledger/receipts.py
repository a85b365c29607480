"""Receipts: that the log has an event, shown by a proof that stands alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from ...signing.errors import SigningError
from ...signing.merkle import check_inclusion, leaf_hash, prove_inclusion
from ...signing.tiles import TileReader
from ...signing.tlog_proof import TlogProof, format_tlog_proof
from .among import among, is_among
from .errors import EventUnknownError, LedgerDamagedError, LedgerError, ReceiptPendingError
from .register import Registered
from .rows import read_tile
from .tables import ENTRY

_ENTRIES: Final = select(ENTRY.c.event_id, ENTRY.c.leaf_index, ENTRY.c.entry).where(
    is_among(ENTRY.c.event_id)
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """That the log has an event: the entry, and a proof that stands alone (c2sp.org/tlog-proof@v1)."""

    id: str
    leaf_index: int
    entry: bytes
    proof: bytes
    checkpoint: bytes  # the one in the proof


def load_receipts(
    connection: Connection, registered: Registered | None, event_ids: Sequence[str]
) -> list[Receipt | LedgerError]:
    """The receipts of events, against one checkpoint; each is checked before it is given out.

    Args:
        connection: Sees at least the rows that the checkpoint covers.
        registered: The newest checkpoint.
        event_ids: Not more than a query can name, some ten thousand.

    Returns:
        For each event its receipt, or why there is none: EventUnknownError, where the log has no such event;
        ReceiptPendingError, where no checkpoint covers it yet; LedgerDamagedError, where the stored tiles do
        not prove it.
    """
    rows = {row.event_id: row for row in connection.execute(_ENTRIES, among(event_ids))}
    if registered is None:
        return [_missing(event_id, rows.get(event_id)) for event_id in event_ids]
    size, root = registered.size, registered.tree.root()
    reader = TileReader(lambda tile: read_tile(connection, tile), size)

    def receipt(event_id: str) -> Receipt | LedgerError:
        row = rows.get(event_id)
        if row is None or row.leaf_index >= size:
            return _missing(event_id, row)
        index: int = row.leaf_index
        try:
            hashes = prove_inclusion(reader.node, index, size)
            check_inclusion(hashes, index, size, leaf_hash(row.entry), root)
        except SigningError as error:
            return LedgerDamagedError(f"proof of entry {index}: {error}")
        proof = format_tlog_proof(TlogProof(index, hashes, registered.note, row.entry))
        return Receipt(event_id, index, row.entry, proof, registered.note)

    return [receipt(event_id) for event_id in event_ids]


def _missing(event_id: str, row: Any) -> LedgerError:
    if row is None:
        return EventUnknownError(f"event: expected one that is in the log, got {event_id}")
    return ReceiptPendingError(f"checkpoint: expected one over entry {row.leaf_index}, got none yet")
