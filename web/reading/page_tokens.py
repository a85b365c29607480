"""Page tokens: where the next page begins, sealed so that a token opens nothing but its own query.

The token is opaque to whoever gets it. It holds the name after which the page begins, and a code
by a key of this node over that name, the query, and who asks. Another query, another
asker or another byte, and it is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import ClassVar, Final

from sqlalchemy import Table, insert, select
from sqlmodel import Field

from ...signing.base64url import b64url, parse_b64url
from ...signing.errors import SigningError
from ...trace.errors import RefusedError
from ..store import NodeRow, Store

_CONTEXT: Final = b"packtrace-page/v1\n"
_TAG: Final = 16  # bytes; nothing but a place in a list can be forged
_MOST: Final = 400  # characters of a token


class PageTokenError(RefusedError):
    """The page token is not one that this node gave for this query: begin again without it."""

    code: ClassVar[str] = "PAGE_TOKEN_INVALID"
    http_status = 400


class PageKeyRow(NodeRow, table=True):
    """The one key of the node's page tokens."""

    __tablename__ = "page_key"

    id: int = Field(primary_key=True)
    key: bytes


_KEYS: Final[Table] = NodeRow.metadata.tables["page_key"]


class PageTokens:
    """Seals and opens them. The processes of a node share the key, and so does the node after a restart."""

    def __init__(self, store: Store) -> None:
        with store.write() as connection:
            key = connection.execute(select(_KEYS.c.key)).scalar_one_or_none()
            if key is None:
                key = secrets.token_bytes(32)
                connection.execute(insert(_KEYS).values(id=1, key=key))
        self._key: bytes = key

    def seal(self, query: str, after: str) -> str:
        """The token of the page that begins after this name.

        Args:
            query: Everything that the answer depends on, who asks included, in one text.
        """
        return b64url(self._tag(query, after) + after.encode())

    def open(self, query: str, token: str) -> str:
        """The name after which the page begins.

        Raises:
            PageTokenError: Not a token of this node for this query.
        """
        try:
            data = parse_b64url(token) if len(token) <= _MOST else b""
            after = data[_TAG:].decode()
        except (SigningError, UnicodeDecodeError):
            data, after = b"", ""
        if not hmac.compare_digest(data[:_TAG], self._tag(query, after)):
            raise PageTokenError(
                "page: expected a token that this query was answered with, got another", where="page"
            )
        return after

    def _tag(self, query: str, after: str) -> bytes:
        text = query.encode()
        said = _CONTEXT + len(text).to_bytes(8, "big") + text + after.encode()
        return hmac.digest(self._key, said, hashlib.sha256)[:_TAG]
