"""Standard base64 (RFC 4648, section 4), one text for each value: what C2SP formats use.

The decoder of the standard library passes over unused bits at the end; two texts would then mean one hash or
one signature, and a copy with another last letter would still verify. Here only the text that encoding gives
back is accepted.
"""

from __future__ import annotations

import base64
import binascii

from .errors import SigningError


def format_base64(data: bytes) -> str:
    """Encode with padding, without line breaks."""
    return base64.b64encode(data).decode("ascii")


def parse_base64(text: str, what: str) -> bytes:
    """Decode canonical base64.

    Args:
        text: The encoded value alone.
        what: Its name, for the message.

    Raises:
        SigningError: Another alphabet, white space, missing padding or unused bits that are not zero.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise SigningError(f"{what}: expected standard base64, got {text[:60]!r}") from error
    if format_base64(data) != text:
        raise SigningError(
            f"{what}: expected {format_base64(data)[:60]!r}, the canonical form, got {text[:60]!r}"
        )
    return data
