"""Documents and photos that events refer to: how a statement names one, and what its file is called.

A statement lists them in ``data.evidence``, a model in ``data.documents``, a correction in
``data.set.evidence``: kind, SHA-256, media type and size. That much is signed; the files themselves lie
beside the log, each under its SHA-256.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..signing.base64url import parse_b64url
from ..signing.errors import SigningError

KINDS: Final = (
    *("photo", "ticket", "certificate", "customs", "contract", "court", "report"),
    *("dismantling_manual", "fire_safety", "other"),
)
PATTERN_MEDIA_TYPE: Final = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+", re.ASCII)
MAX_MEDIA_TYPE: Final = 100  # characters

MAX_DOCUMENT: Final = 1 << 29
"""Bytes of a document at most: half an hour of video. Whoever verifies reads each of them whole."""

_SIZE: Final = 32  # bytes of a SHA-256
_FILE_NAME: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Document:
    """A document as a statement refers to it."""

    sha256: bytes
    size: int  # bytes
    kind: str
    media_type: str


def documents_of(payload: Mapping[str, Any]) -> Iterator[Document]:
    """The documents that a statement refers to. Of a statement in another shape, those that can be made out.

    Args:
        payload: What was signed; nothing is known of its shape.
    """
    for item in _items(payload):
        document = _document(item)
        if document is not None:
            yield document


def digests_of(payload: Mapping[str, Any]) -> list[str]:
    """The SHA-256 of each of these documents, as it is written."""
    return [
        item["sha256"]
        for item in _items(payload)
        if isinstance(item, dict) and type(item.get("sha256")) is str
    ]


def _items(payload: Mapping[str, Any]) -> list[Any]:
    """The elements of the lists in which documents stand."""
    data = payload.get("data")
    items: list[Any] = []
    if not isinstance(data, dict):
        return items
    for name in ("evidence", "documents"):
        listed = data.get(name)
        if isinstance(listed, list):
            items += listed
    corrected = data.get("set")
    if isinstance(corrected, dict) and isinstance(corrected.get("evidence"), list):
        items += corrected["evidence"]
    return items


def _document(item: object) -> Document | None:
    if not isinstance(item, dict):
        return None
    sha256, size = item.get("sha256"), item.get("bytes")
    if not isinstance(sha256, str) or type(size) is not int:
        return None
    try:
        digest = parse_b64url(sha256)
    except SigningError:
        return None
    if len(digest) != _SIZE:
        return None
    return Document(digest, size, str(item.get("kind", "")), str(item.get("media_type", "")))


def format_file_name(sha256: bytes) -> str:
    """What a document's file is called: 64 hexadecimal digits.

    Not base64url, in which events have it: there are file systems to which upper and lower case are the same.
    """
    return sha256.hex()


def parse_file_name(name: str) -> bytes | None:
    """The SHA-256 that a file is called by; None where the name is another one."""
    return bytes.fromhex(name) if _FILE_NAME.fullmatch(name) else None
