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
from collections.abc import Iterable
from typing import Any, ClassVar, Final

from sqlalchemy import Table, delete, func, insert, select
from sqlmodel import Field

from ...signing.base64url import b64url, parse_b64url
from ...signing.disclosures import parse_disclosure
from ...signing.keyfile import KeyFileError, KeyFileUnsafeError
from ...trace.ledger.home import Home
from ...trace.ledger.ledger import Ledger
from ...trace.ledger.register import file_lock
from ...trace.ledger.tables import DISCLOSURE, ENTRY
from ..reading.following import Following
from ..store import NodeRow, Store

POINTER: Final = "/data/vin"
CONTEXT: Final = b"packtrace-vin/v1\n"
KEY_BYTES: Final = 32

_AT_ONCE: Final = 500  # ids in one query


class VinRow(NodeRow, table=True):
    """That an event on a vehicle's chain disclosed a VIN."""

    __tablename__ = "office_vin"

    event_id: str = Field(primary_key=True)
    subject: str
    digest: str = Field(index=True)  # HMAC-SHA-256 under the node's own key, base64url


_VINS: Final[Table] = NodeRow.metadata.tables["office_vin"]


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


class VinIndex(Following):
    """Finds vehicles, and forgets what was erased."""

    name = "vin"
    tables: ClassVar[tuple[Table, ...]] = (_VINS,)
    step = 10_000

    def __init__(self, store: Store, ledger: Ledger, key: bytes) -> None:
        # Rows under another key are of no use.
        mark = int.from_bytes(hmac.digest(key, b"packtrace-vin-index/v1", hashlib.sha256)[:6], "big")
        super().__init__(store, ledger, mark=mark)
        self._key = key

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
        with self._taking(start, stop) as connection:
            if connection and rows:
                connection.execute(insert(_VINS), rows)

    def _caught_up(self) -> None:
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
