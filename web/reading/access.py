"""Who asks: a stranger, or an organisation that shows a bearer token (RFC 6750, 2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import g, request

from ...trace.errors import RefusedError
from ...trace.read_token import USES, Reader, ReadTokenError, check_read_token
from ..node import this_node

__all__ = [
    "Member",
    "NotPermittedError",
    "Reader",
    "TokenRequiredError",
    "known_reader",
    "reader",
    "require_member",
    "require_reader",
    "require_signer",
]

_SCHEME: Final = "Bearer "
_KEPT: Final = "packtrace_reader"
_NONE: Final = "Authorization: expected Bearer and a token, got none"

MEMBERS: Final = (*USES, "admin")
"""Uses of the keys that may ask about the devices of their organisation."""


class TokenRequiredError(RefusedError):
    """What is asked for is not for strangers."""

    code = "TOKEN_REQUIRED"
    http_status = 401


class NotPermittedError(RefusedError):
    """What is asked for is not for this organisation."""

    code = "NOT_PERMITTED"
    http_status = 403


@dataclass(frozen=True, slots=True)
class Member:
    """A key of an organisation that asks about its devices."""

    org: str
    kid: str
    use: str  # sign, read or admin


def reader() -> Reader | None:
    """Who asks in this request; None for a stranger, who shows no token.

    Raises:
        ReadTokenError: A token is shown, or something in its place, and it is not good: it does not count as
            none, so that nobody takes what strangers see for all there is.
    """
    if _KEPT not in g:
        setattr(g, _KEPT, _read())
    found: Reader | None = g.get(_KEPT)
    return found


def known_reader() -> Reader | None:
    """Who was found to ask in this request; None where nobody was, or nobody looked."""
    found: Reader | None = g.get(_KEPT)
    return found


def require_reader() -> Reader:
    """Who asks, where strangers have nothing to ask.

    Raises:
        TokenRequiredError: No token is shown.
        ReadTokenError: As `reader`.
    """
    found = reader()
    if found is None:
        raise TokenRequiredError(_NONE, where="Authorization")
    return found


def require_signer() -> Reader:
    """Who asks, with a key that may act for the organisation and not only read.

    Raises:
        TokenRequiredError, ReadTokenError: As `require_reader`.
        NotPermittedError: The key may only read.
    """
    who = require_reader()
    signer = this_node().ledger.world().signer(who.kid)
    if signer is None or signer.key.use != "sign":
        raise NotPermittedError(
            "token, kid: expected a key for sign, got one for read", where="Authorization"
        )
    return who


def require_member() -> Member:
    """Who asks about the devices of an organisation: with any key of it, also one that is for them alone.

    Raises:
        TokenRequiredError: No token is shown.
        ReadTokenError: The token is not good.
    """
    node = this_node()
    who = _read(MEMBERS)
    if who is None:
        raise TokenRequiredError(_NONE, where="Authorization")
    signer = node.ledger.world().signer(who.kid)
    return Member(who.org, who.kid, signer.key.use if signer else "read")


def _read(uses: tuple[str, ...] = USES) -> Reader | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    if header[: len(_SCHEME)].lower() != _SCHEME.lower():
        raise ReadTokenError("Authorization: expected Bearer and a token, got another scheme")
    node = this_node()
    return check_read_token(header[len(_SCHEME) :], node.ledger.world(), node.clock(), uses=uses)
