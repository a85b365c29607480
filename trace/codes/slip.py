"""The handover slip of a truck: the address that its QR symbol opens, and the token in it.

Nobody keeps the token. It is derived from the nonce of the event with which the consignment was dispatched:
16 random bytes that only those know who may read that event (DESIGN, section 9) and whoever holds the slip
has a digest of. So a slip can be printed again, on the phone without a network too, and nobody guesses it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final

from ..errors import RefusedError
from .label import TOKEN_RANDOM_BYTES, format_token, is_token, parse_host
from .party import SYNTAX_PARTY
from .subjects import SYNTAX_NAME, parse_subject

CONTEXT: Final = b"packtrace-slip/v1"
PATH: Final = "/c/"

_KIND: Final = "consignment:"
_PRINTED: Final = re.compile(rf"(?P<party>{SYNTAX_PARTY})/(?P<name>{SYNTAX_NAME})\.(?P<token>[^./]*)")


class SlipError(RefusedError):
    """What was scanned or typed is no slip's address; the message never repeats a token."""

    code = "SUBJECT_INVALID"


@dataclass(frozen=True, slots=True)
class Slip:
    """What a slip's address says."""

    subject: str  # the consignment
    token: str = field(repr=False)


def slip_token(subject: str, nonce: str) -> str:
    """The token of a slip: the first 100 bits of SHA-256 over context, subject and nonce, with LF between.

    Args:
        subject: The consignment.
        nonce: Of its ``consignment.dispatched``, as it stands there.
    """
    digest = hashlib.sha256(b"\n".join((CONTEXT, subject.encode(), nonce.encode()))).digest()
    return format_token(digest[:TOKEN_RANDOM_BYTES])


def slip_url(host: str, subject: str, token: str) -> str:
    """What the symbol on a slip says.

    Raises:
        RefusedError: A part that is not of its form.
    """
    if parse_subject(subject).kind != "consignment" or not is_token(token):
        raise SlipError("slip: expected a consignment and a token of 20 characters, got something else")
    return f"https://{parse_host(host)}{PATH}{subject.removeprefix(_KIND)}.{token}"


def read_slip(text: str) -> Slip:
    """Read what stands behind ``/c/`` in a slip's address. The token's case does not matter, the name's does.

    Raises:
        RefusedError: Anything else.
    """
    match = _PRINTED.fullmatch(text) if text.isascii() else None
    token = match["token"].upper() if match else ""
    if match is None or not is_token(token):
        raise SlipError("slip: expected <organisation>/<name>.<token of 20 of A-Z 2-7>, got something else")
    return Slip(parse_subject(f"{_KIND}{match['party']}/{match['name']}").text, token)


def is_slip_of(slip: Slip, nonce: str) -> bool:
    """Whether the token is that of the consignment that was dispatched with this nonce."""
    return hmac.compare_digest(slip.token, slip_token(slip.subject, nonce))
