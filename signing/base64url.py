"""base64url in its one canonical spelling (RFC 4648, section 5, as RFC 7515 uses it).

No padding, and the bits that the last character has to spare are zero.  Python's decoders are lenient: they
read `AB` as they read `AA` and skip what is not in the alphabet, so two texts would carry one signature.
Here exactly one text is accepted for each byte string; a test compares with encoding again.
"""

from __future__ import annotations

import binascii

from msgspec.json import Decoder

from .errors import SigningError

_TO_URL = bytes.maketrans(b"+/", b"-_")
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# To plain base64; what is outside the alphabet becomes one character that decoders would skip.
_OUTSIDE = ord("!")
_FROM_URL = bytes(byte if byte in _ALPHABET else _OUTSIDE for byte in range(256)).translate(
    bytes.maketrans(b"-_", b"+/")
)
# What may stand last, by length modulo 4: two characters leave four bits to spare, three leave two.
_LAST = (_ALPHABET, b"", _ALPHABET[::16], _ALPHABET[::4])
# How plain base64 ends as a JSON text, in which form the fastest decoder at hand takes it.
_END = (b'"', b"", b'=="', b'="')
_decode = Decoder(bytes).decode


class Base64urlError(SigningError):
    """The text is not the canonical base64url of any byte string."""

    code = "NON_CANONICAL_ENCODING"

    def __init__(self, got: str) -> None:
        super().__init__(f"expected unpadded canonical base64url, got {got}")
        self.got = got


def b64url(data: bytes) -> str:
    """Encode without padding; `parse_b64url` gives `data` back."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def parse_b64url(text: str) -> bytes:
    """Decode canonical base64url; `b64url` of the result is `text`.

    Raises:
        Base64urlError: A character outside `A-Za-z0-9-_`, padding, a length that no byte string has, or
            spare bits that are not zero.
    """
    try:
        encoded = text.encode("ascii")
    except UnicodeEncodeError as error:
        raise Base64urlError(f"U+{ord(text[error.start]):04X} at character {error.start}") from None
    return parse_b64url_bytes(encoded)


def parse_b64url_bytes(encoded: bytes) -> bytes:
    """Decode canonical base64url that is at hand as ASCII bytes; see `parse_b64url`."""
    if not encoded:
        return b""
    over = len(encoded) % 4
    plain = encoded.translate(_FROM_URL)
    if encoded[-1] not in _LAST[over] or _OUTSIDE in plain:
        raise Base64urlError(_describe(encoded))
    return _decode(b'"' + plain + _END[over])


def _describe(encoded: bytes) -> str:
    for at, byte in enumerate(encoded):
        if byte not in _ALPHABET:
            name = ascii(chr(byte)) if byte < 0x80 else f"byte 0x{byte:02x}"
            return f"{name} at character {at}"
    if len(encoded) % 4 == 1:
        return f"{len(encoded)} characters, a length that no byte string has"
    return f"last character {chr(encoded[-1])!r}, whose unused bits are not zero"
