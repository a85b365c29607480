"""`Idempotency-Key`: a request that is sent again is the same request, or is refused.

Keys of different senders are different keys, so that nobody can take another's. Events need no key: the same
bytes are answered with their first places. A key catches a client that takes one message for another, and
finds the job again whose link was lost with an answer.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, ClassVar, Final

from flask import Request
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    Table,
    Text,
    delete,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.sqlite import insert
from sqlmodel import Field

from ...trace.errors import RefusedError
from ..store import NodeRow

HEADER: Final = "Idempotency-Key"
KEY_PARAMETER: Final[dict[str, Any]] = {
    "in": "header",
    "name": HEADER,
    "description": "Yours for this request, say 128 random bits; with another request it is refused.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_CONTEXT: Final = b"packtrace-request/v1\n"
_KEY_CONTEXT: Final = b"packtrace-request-key/v1\n"
_MOST: Final = 1_000_000
"""Keys that are kept, of all senders: some 100 MB. The oldest go first, and with them a convenience."""


class KeyMalformedError(RefusedError):
    """The key is not one that can be kept."""

    code = "IDEMPOTENCY_KEY_INVALID"
    http_status: ClassVar[int] = 400


class KeyReusedError(RefusedError):
    """The key came before, with another request."""

    code = "IDEMPOTENCY_KEY_REUSED"
    http_status: ClassVar[int] = 422


class RequestKeyRow(NodeRow, table=True):
    """A key, and the request that it was sent with."""

    __tablename__ = "request_key"

    key: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))  # as `_key_digest`
    request: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # as `request_digest`
    job: str | None = Field(sa_column=Column(Text, nullable=True))  # that it began
    at: int = Field(sa_column=Column(Integer, nullable=False, index=True))  # seconds since 1970


_ROWS: Final[Table] = NodeRow.metadata.tables["request_key"]
_ROW_ID: Final = literal_column("request_key.rowid", Integer)  # of SQLite: grows with each row


def read_key(request: Request) -> str | None:
    """The key of a request, if it has one.

    Raises:
        KeyMalformedError: Not 1 to 255 visible ASCII characters, or more than one.
    """
    got = request.headers.getlist(HEADER)
    if not got:
        return None
    if len(got) > 1 or not _KEY.fullmatch(got[0]):
        raise KeyMalformedError(
            f"{HEADER}: expected 1 to 255 visible ASCII characters, got something else", where=HEADER
        )
    return got[0]


def request_digest(path: str, options: str, body_sha256: bytes) -> bytes:
    """What a key is bound to: where the request went, what it asked for, and its unpacked body."""
    said = f"{path}\n{options}\n".encode()
    return hashlib.sha256(_CONTEXT + len(said).to_bytes(4, "big") + said + body_sha256).digest()


def bind_key(
    connection: Connection,
    key: str,
    request: bytes,
    *,
    sender: str,
    now: int,
    days: int,
    job: str | None = None,
    most: int = _MOST,
) -> str | None:
    """Bind a key to a request, for some days from the first time.

    Args:
        connection: In a transaction of the node's own database.
        request: As `request_digest`.
        sender: Whose key it is, as `senders.sender`.
        now: Seconds since 1970.
        most: Keys that are kept.
        job: The job that is to begin, unless the key has begun one.

    Returns:
        The job of the key.

    Raises:
        KeyReusedError: It is bound to another request.
    """
    newest = select(func.max(_ROW_ID)).select_from(_ROWS).scalar_subquery()
    connection.execute(delete(_ROWS).where(_ROWS.c.at < now - days * 86_400))
    connection.execute(delete(_ROWS).where(newest - most >= _ROW_ID))
    digest = _key_digest(sender, key)
    row = connection.execute(select(_ROWS).where(_ROWS.c.key == digest)).one_or_none()
    if row is not None and row.request != request:
        raise KeyReusedError(
            f"{HEADER}: expected a new key for another request, got one that came with other bytes, options "
            "or another path",
            where=HEADER,
        )
    if row is not None and row.job:
        return str(row.job)
    values = {"key": digest, "request": request, "job": job, "at": now}
    statement = insert(_ROWS).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"job": job}))
    return job


def _key_digest(sender: str, key: str) -> bytes:
    said = sender.encode()
    return hashlib.sha256(_KEY_CONTEXT + len(said).to_bytes(4, "big") + said + key.encode("ascii")).digest()
