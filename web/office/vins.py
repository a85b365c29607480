"""Vehicles by their VIN: an index of keyed digests, made of what was disclosed when events were handed in.

The log knows no VIN: events withhold it. Whoever stands before a vehicle has it and must learn which packs
belong in it. The node finds the vehicle by HMAC-SHA-256 of the VIN under a key of its own, so that `node.db`
alone tells no VIN and can't be searched for one; with the key beside it the VINs of a country can be tried,
so both are kept like what they are made of, the disclosures in the ledger's database. A value that was erased
is not found again: each hit is held against the disclosure, and the index drops what has none.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
from collections.abc import Iterable
from typing import Any, ClassVar, Final

from sqlalchemy import Table, delete, func, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlmodel import Field

from ...signing.base64url import b64url, parse_b64url
from ...signing.disclosures import parse_disclosure
from ...signing.keyfile import KeyFileError, KeyFileUnsafeError
from ...trace.ledger.home import Home
from ...trace.ledger.ledger import Ledger
from ...trace.ledger.register import file_lock
from ...trace.ledger.tables import DISCLOSURE, ENTRY
from ..store import NodeRow, Store

POINTER: Final = "/data/vin"
CONTEXT: Final = b"packtrace-vin/v1\n"
KEY_BYTES: Final = 32

_STEP: Final = 10_000  # leaves in one transaction
_AT_ONCE: Final = 500  # ids in one query


class VinRow(NodeRow, table=True):
    """That an event on a vehicle's chain disclosed a VIN."""

    __tablename__ = "office_vin"

    event_id: str = Field(primary_key=True)
    subject: str
    digest: str = Field(index=True)  # HMAC-SHA-256 under the node's own key, base64url


class VinIndexedRow(NodeRow, table=True):
    """How far the index goes: one row."""

    __tablename__ = "office_vin_indexed"

    id: int = Field(primary_key=True)
    leaves: int


_VINS: Final[Table] = NodeRow.metadata.tables["office_vin"]
_INDEXED: Final[Table] = NodeRow.metadata.tables["office_vin_indexed"]


def load_vin_key(home: Home) -> bytes:
    """The key of ``keys/vin.key``; a new one, of mode 0600, where there is none yet.

    Whoever deletes the file gets another one, and the index has to be made anew, which `VinIndex` notices.

    Raises:
        KeyFileError, KeyFileUnsafeError: The file holds no such key, or others may read it.
    """
    path = home.keys / "vin.key"
    with file_lock(path.with_suffix(".lock")):  # two processes may begin to serve at one moment
        if not path.exists():
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(b64url(secrets.token_bytes(KEY_BYTES)))
                file.flush()
                os.fsync(file.fileno())
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise KeyFileUnsafeError(f"{path}: expected a file that its owner alone can read, got others too")
        try:
            key = parse_b64url(path.read_text(encoding="ascii").strip())
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise KeyFileError(f"{path}: expected {KEY_BYTES} bytes in base64url, got something else")
        return key


class VinIndex:
    """Brings itself up to date, and finds."""

    tables: ClassVar[tuple[Table, ...]] = (_VINS, _INDEXED)

    def __init__(self, store: Store, ledger: Ledger, key: bytes) -> None:
        self._store = store
        self._ledger = ledger
        self._key = key
        self._indexing = threading.Lock()
        self._closing = False

    def close(self) -> None:
        """Let whoever brings it up to date end soon."""
        self._closing = True

    def bring_up(self, most: int | None = None) -> bool:
        """Take in what is under the newest checkpoint, and drop what was erased; whether that was all.

        Args:
            most: Leaves; all, by default.
        """
        taken = 0
        size = self._ledger.published().size
        while not self._closing:
            with self._indexing:
                at = self._indexed(size)
                if at >= size:
                    self._drop_erased()
                    return True
                if most is not None and taken >= most:
                    return False
                stop = min(at + _STEP, size)
                self._take_in(at, stop)
            taken += stop - at
        return False

    def find(self, vin: str) -> list[str]:
        """The vehicles of which somebody said that they have this VIN, as far as that is not erased."""
        query = select(_VINS.c.event_id, _VINS.c.subject).where(_VINS.c.digest == self._digest(vin))
        with self._store.read() as connection:
            rows = connection.execute(query).all()
        said = self._disclosed([row.event_id for row in rows])
        found = {row.subject for row in rows if said.get(row.event_id) == vin}
        self._forget([row.event_id for row in rows if row.event_id not in said])
        return sorted(found)

    def _digest(self, vin: str) -> str:
        return b64url(hmac.digest(self._key, CONTEXT + vin.encode("ascii"), hashlib.sha256))

    def _mark(self) -> int:
        """Of this key, as a number: rows under another key are of no use."""
        return int.from_bytes(hmac.digest(self._key, b"packtrace-vin-index/v1", hashlib.sha256)[:6], "big")

    def _indexed(self, size: int) -> int:
        """How many leaves it has taken in under this key; none of a log that is shorter, which is another."""
        with self._store.read() as connection:
            rows = connection.execute(select(_INDEXED.c.id, _INDEXED.c.leaves)).all()
        if not rows:
            return 0
        if len(rows) == 1 and rows[0].id == self._mark() and rows[0].leaves <= size:
            return int(rows[0].leaves)
        with self._store.write() as connection:
            for table in self.tables:
                connection.execute(delete(table))
        return 0

    def _take_in(self, start: int, stop: int) -> None:
        query = (
            select(ENTRY.c.event_id, ENTRY.c.subject, DISCLOSURE.c.disclosure)
            .join(DISCLOSURE, DISCLOSURE.c.event_id == ENTRY.c.event_id)
            .where(
                ENTRY.c.leaf_index >= start,
                ENTRY.c.leaf_index < stop,
                DISCLOSURE.c.pointer == POINTER,
                ENTRY.c.subject.startswith("vehicle:"),
            )
        )
        with self._ledger.read() as connection:
            found = connection.execute(query).all()
        rows = [
            {
                "event_id": row.event_id,
                "subject": row.subject,
                "digest": self._digest(str(parse_disclosure(row.disclosure).value)),
            }
            for row in found
        ]
        with self._store.write() as connection:
            present = connection.execute(select(_INDEXED.c.leaves)).scalar_one_or_none() or 0
            if present != start:
                return  # another process was faster
            if rows:
                connection.execute(insert(_VINS), rows)
            row = {"id": self._mark(), "leaves": stop}
            statement = upsert(_INDEXED).values(row)
            connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=row))

    def _drop_erased(self) -> None:
        """Drop rows whose disclosure is no more. More rows than disclosures: something was erased."""
        with self._store.read() as connection:
            have = connection.execute(select(func.count()).select_from(_VINS)).scalar_one()
        with self._ledger.read() as connection:
            are = select(func.count()).select_from(DISCLOSURE).where(DISCLOSURE.c.pointer == POINTER)
            if have <= connection.execute(are).scalar_one():
                return
        with self._store.read() as connection:
            ids = list(connection.execute(select(_VINS.c.event_id)).scalars())
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            said = self._disclosed(some)
            self._forget([each for each in some if each not in said])

    def _disclosed(self, ids: list[str]) -> dict[str, str]:
        """What these events disclosed, as far as it is still there."""
        if not ids:
            return {}
        query = select(DISCLOSURE.c.event_id, DISCLOSURE.c.disclosure).where(
            DISCLOSURE.c.event_id.in_(ids), DISCLOSURE.c.pointer == POINTER
        )
        with self._ledger.read() as connection:
            rows: Iterable[Any] = connection.execute(query).all()
        return {row.event_id: str(parse_disclosure(row.disclosure).value) for row in rows}

    def _forget(self, ids: list[str]) -> None:
        if ids:
            with self._store.write() as connection:
                connection.execute(delete(_VINS).where(_VINS.c.event_id.in_(ids)))
