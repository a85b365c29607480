"""Proof of possession: whoever registers a key shows that it can sign with it, for this place and no other.

Without it an organisation could register a competitor's key, or one that nobody holds, and disown what it
signs. The proof covers the log, the chain that the key is to be registered in, the key, and the chain's head,
so it is of no use anywhere else, nor once that chain has moved on.
"""

from __future__ import annotations

from typing import Final

from .compact import format_compact
from .errors import SigningError
from .jws import POP, check_signature, parse_jws, sign_jws
from .keys import PublicKey, Signer

_LIMIT: Final = 2_048  # bytes of payload: two identifiers, two digests


class PossessionError(SigningError):
    """It was not shown that the registering party holds the key.

    Attributes:
        where: `proof`, or the member that differs.
        expected, got: What was asked for there, and what there is.
    """

    code = "KEY_NOT_PROVEN"

    def __init__(self, *, where: str, expected: str, got: str) -> None:
        super().__init__(f"proof of possession, {where}: expected {expected}, got {got}")
        self.where = where
        self.expected = expected
        self.got = got


def sign_possession(*, aud: str, sub: str, head: str | None, signer: Signer) -> str:
    """Prove that `signer` holds its key, for registration in one chain at one state.

    Args:
        aud: Origin of the log.
        sub: The chain in which the key is to be registered.
        head: Id of that chain's last event; None while the chain does not exist.
        signer: The key to be registered.
    """
    return sign_jws(format_compact(_claims(signer.public, aud, sub, head)), signer, POP)


def check_possession(text: str, *, key: PublicKey, aud: str, sub: str, head: str | None) -> None:
    """Check that the holder of `key` proved it for exactly this log, chain and head.

    Raises:
        PossessionError: Any of it differs, or the text is no proof at all.
    """
    try:
        jws = parse_jws(text, typ=POP, limit=_LIMIT)
        check_signature(jws, key)
    except SigningError as error:
        raise PossessionError(where="proof", expected=f"one signed by {key.kid}", got=str(error)) from error
    claims = _claims(key, aud, sub, head)
    for name in sorted(claims.keys() | jws.value.keys()):
        expected, got = claims.get(name), jws.value.get(name)
        if expected != got:
            raise PossessionError(where=f"member {name}", expected=_say(expected), got=_say(got))


def _claims(key: PublicKey, aud: str, sub: str, head: str | None) -> dict[str, str]:
    claims = {"aud": aud, "sub": sub, "kid": key.kid}
    return claims if head is None else claims | {"head": head}


def _say(value: object) -> str:
    return "no such member" if value is None else ascii(value)[:200]
