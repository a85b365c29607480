"""The label on a battery: what of it stands in the chain, and what only who sees it can know.

A label carries the battery's code and a token of 100 random bits (DESIGN, section 8). The chain holds a
digest of both, so that a scan can be checked offline while the token stays out of the log.
"""

from __future__ import annotations

import hashlib
from typing import Final

from ...signing.base64url import b64url

PATTERN_TOKEN: Final = "^[A-Z2-7]{20}$"  # noqa: S105 -- the form of a token, base32 of 100 bits
CONTEXT: Final = b"packtrace-label/v1"


def label_digest(code: str, token: str) -> str:
    """The digest of a label, base64url: SHA-256 over context, code and token, with LF between them.

    Args:
        code: As printed: what follows ``battery:<scheme>:`` in the subject.
        token: 20 characters of base32.
    """
    return b64url(hashlib.sha256(b"\n".join((CONTEXT, code.encode(), token.encode()))).digest())
