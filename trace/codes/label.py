"""The label on a battery: what of it stands in the chain, and what only who sees it can know.

A label carries the battery's code and a token of 100 random bits (DESIGN, section 8). The chain holds a
digest of both, so that a scan can be checked offline while the token stays out of the log.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Final

from ...signing.base64url import b64url
from ..errors import RefusedError
from .quote import quote

PATTERN_TOKEN: Final = "^[A-Z2-7]{20}$"  # noqa: S105 -- the form of a token, base32 of 100 bits
CONTEXT: Final = b"packtrace-label/v1"
TOKEN_RANDOM_BYTES: Final = 13  # of which 100 bits are used
PATH: Final = "/p/"

MAX_HOST: Final = 60  # characters; each makes the symbol denser, and all of them stand on the label
_DNS_LABEL: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
SYNTAX_HOST: Final = rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*(?::[1-9][0-9]{{0,4}})?"
_HOST: Final = re.compile(SYNTAX_HOST)
_TOKEN: Final = re.compile("[A-Z2-7]{20}")
# What the codes of every scheme are made of: an address can carry each of these as it is.
_CODE: Final = re.compile("[A-Za-z0-9][A-Za-z0-9._/:-]*")


class LabelError(RefusedError):
    """No label can be made of this."""

    code = "BATTERY_CODE_INVALID"


def label_digest(code: str, token: str) -> str:
    """The digest of a label, base64url: SHA-256 over context, code and token, with LF between them.

    Args:
        code: As printed: what follows ``battery:<scheme>:`` in the subject.
        token: 20 characters of base32.
    """
    return b64url(hashlib.sha256(b"\n".join((CONTEXT, code.encode(), token.encode()))).digest())


def format_token(random: bytes) -> str:
    """A token: the first 100 of the random bits, in base32.

    Args:
        random: 13 fresh random bytes.
    """
    if len(random) != TOKEN_RANDOM_BYTES:
        raise LabelError(f"token: expected {TOKEN_RANDOM_BYTES} random bytes, got {len(random)}")
    return base64.b32encode(random)[:20].decode("ascii")


def is_token(text: str) -> bool:
    """Whether the text has the form of a token."""
    return _TOKEN.fullmatch(text) is not None


def parse_host(text: str) -> str:
    """The host of labels, lower case: a name, perhaps with a port.

    Raises:
        LabelError: Anything else; a scheme or a path before all.
    """
    host = text.lower() if text.isascii() else text
    if len(host) > MAX_HOST or not _HOST.fullmatch(host):
        raise LabelError(
            f"host: expected a name such as packs.example, without https:// and path, got {quote(text)}"
        )
    return host


def label_url(host: str, code: str, token: str) -> str:
    """What the symbol on a label says: the shortest address of the battery's public page.

    Args:
        host: As `parse_host` gives it.
        code: As printed.
        token: As `format_token` gives it.

    Raises:
        LabelError: A part that is not of its form; the message does not repeat a token.
    """
    if not _CODE.fullmatch(code):
        raise LabelError(f"code: expected a battery's code, got {quote(code)}")
    if not is_token(token):
        raise LabelError("token: expected 20 of A-Z 2-7, got something else")
    return f"https://{parse_host(host)}{PATH}{code}.{token}"
