"""Request bodies: bounded, unpacked within bounds, and JSON read as strictly as everything that is signed.

Flask's own reader of JSON fails on ten thousand nested arrays, and takes NaN, repeated members and half
characters for good, so nothing here calls it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any, Final

import orjson
from flask import Request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from ...trace.errors import RefusedError

JSON: Final = "application/json"
_CHUNK: Final = 1 << 16
_GZIP: Final = 31  # zlib's name for a gzip frame with the largest window
_ENCODINGS: Final = ("", "identity", "gzip", "x-gzip")


class BodyError(RefusedError):
    """The body is not what the request is to carry; nothing of it was looked at further."""

    code = "BODY_MALFORMED"


class BodyTooLargeError(BodyError):
    """More bytes than are taken, packed or unpacked."""

    code = "BODY_TOO_LARGE"


class MediaTypeError(BodyError):
    """A media type or an encoding that is not taken here.

    Attributes:
        accepted: Those that are.
    """

    code = "MEDIA_TYPE_UNSUPPORTED"

    def __init__(self, message: str, *, accepted: tuple[str, ...], where: str) -> None:
        super().__init__(message, where=where)
        self.accepted = accepted


def media_type(request: Request, *accepted: str) -> str:
    """The media type of the body, without its parameters.

    Raises:
        MediaTypeError: None of those that are accepted.
    """
    got = request.mimetype
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if got not in accepted or charset not in ("utf-8", "us-ascii"):
        shown = request.headers.get("Content-Type", "")[:80] or "none"
        raise MediaTypeError(
            f"Content-Type: expected {' or '.join(accepted)}, got {shown}",
            accepted=accepted,
            where="Content-Type",
        )
    return got


def body_chunks(request: Request, limit: int) -> Iterator[bytes]:
    """The body piece by piece, unpacked; never more than `limit` bytes of it.

    Raises:
        MediaTypeError: Packed in a way that is not known.
        BodyTooLargeError: There are more bytes.
        BodyError: It ends before its end, or is not packed as it says.
    """
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise MediaTypeError(
            f"Content-Encoding: expected gzip or none, got {encoding[:40]}",
            accepted=("gzip",),
            where="Content-Encoding",
        )
    # A packed body is at most a thousandth longer than what is in it.
    request.max_content_length = limit + limit // 1000 + 1_024
    pieces = _raw_chunks(request, limit)
    taken = 0
    for piece in _unpacked(pieces) if encoding.endswith("gzip") else pieces:
        taken += len(piece)
        if taken > limit:
            raise _too_large(limit)
        yield piece


def read_body(request: Request, limit: int) -> bytes:
    """The whole body, unpacked.

    Raises:
        BodyError: As `body_chunks`.
    """
    return b"".join(body_chunks(request, limit))


def read_json(request: Request, limit: int) -> dict[str, Any]:
    """The body as one JSON object.

    Raises:
        MediaTypeError: It does not say that it is JSON.
        BodyError: As `body_chunks` and `parse_body_json`.
    """
    media_type(request, JSON)
    return parse_body_json(read_body(request, limit))


def parse_body_json(data: bytes) -> dict[str, Any]:
    """Read one JSON object: UTF-8 without a byte order mark, each member once, whole characters.

    Raises:
        BodyError: Anything else.
    """
    try:
        orjson.loads(data)  # refuses NaN, half characters, other encodings and what is nested without end
        value = json.loads(data, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        why = "one nested too deep" if isinstance(error, RecursionError) else str(error)[:200]
        raise BodyError(f"body: expected one JSON object in UTF-8, got {why}", where="body") from None
    if not isinstance(value, dict):
        raise BodyError("body: expected one JSON object, got another value", where="body")
    return value


def _raw_chunks(request: Request, limit: int) -> Iterator[bytes]:
    try:
        while piece := request.stream.read(_CHUNK):
            yield piece
    except RequestEntityTooLarge:
        raise _too_large(limit) from None
    except (ClientDisconnected, OSError) as error:
        got = "its end before" if isinstance(error, ClientDisconnected) else type(error).__name__
        raise BodyError(
            f"body: expected as many bytes as Content-Length says, got {got}", where="body"
        ) from None


def _unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack piece by piece, never more of it than a piece at a time."""
    unpacker = zlib.decompressobj(_GZIP)
    for piece in pieces:
        waiting = piece
        while waiting:
            if unpacker.eof:  # another frame may follow
                unpacker = zlib.decompressobj(_GZIP)
            try:
                yield unpacker.decompress(waiting, _CHUNK)
            except zlib.error as error:
                raise BodyError(f"body: expected gzip, got {error}", where="body") from None
            waiting = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    if not unpacker.eof:
        raise BodyError("body: expected the end of the gzip frame, got its middle", where="body")


def _too_large(limit: int) -> BodyTooLargeError:
    return BodyTooLargeError(f"body: expected at most {limit} bytes, got more", where="body")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a member twice")
    return value
