"""What kind of file a document is, told by its first bytes, and by its name where those say nothing.

A type that has a signature is only ever given to a file that bears it: the name of a file is its sender's.
The table is our own, because the one of the standard library differs from machine to machine.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

HEAD: Final = 32
"""Bytes of a file's beginning that are looked at."""

UNKNOWN: Final = "application/octet-stream"

_SIGNATURES: Final = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (8, b"WEBP", "image/webp"),
    (0, b"%PDF-", "application/pdf"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypheix", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypqt  ", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),  # other brands of ISO/IEC 14496-12
)
"""Where the bytes stand, which they are, and the type; the first that fits holds."""

_ZIP: Final = b"PK\x03\x04"
_ZIPS: Final = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".ofd": "application/ofd",  # GB/T 33190, in which Chinese invoices come
}
_WITHOUT_SIGNATURE: Final = {
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".html": "text/html",
    ".htm": "text/html",
    ".json": "application/json",
    ".xml": "application/xml",
    ".eml": "message/rfc822",
}


def guess_media_type(head: bytes, name: str) -> str:
    """The media type of a file (RFC 6838), or ``application/octet-stream``.

    Args:
        head: Its first `HEAD` bytes, or all.
        name: What it is called.
    """
    suffix = PurePath(name).suffix.lower()
    if head.startswith(_ZIP):
        return _ZIPS.get(suffix, "application/zip")
    for at, signature, media_type in _SIGNATURES:
        if head.startswith(signature, at):
            return media_type
    return _WITHOUT_SIGNATURE.get(suffix, UNKNOWN)
