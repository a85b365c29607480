"""The bearer token with which an organisation reads: a JWS of minutes, by a key that the log has registered.

There is no password, no session and nothing to keep: whoever can sign for the organisation, or holds a key
that may only read, makes one when it asks. Within its minutes it can be shown again by whoever saw it, so it
travels over TLS alone, opens nothing but reading, and is bound to one log.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ..signing.compact import format_compact
from ..signing.errors import SigningError
from ..signing.jws import READ, Jws, check_signature, parse_jws, sign_jws
from ..signing.keys import Signer as Signing
from .codes.region import parse_region
from .errors import RefusedError
from .lifecycle import words
from .lifecycle.state import Signer
from .lifecycle.world import World

MAX_SECONDS: Final = 900
"""Between ``iat`` and ``exp``."""
LEEWAY_S: Final = 60
"""By which the clocks of reader and node may differ."""
USES: Final = ("sign", "read")
"""Of the keys that make tokens: an admin's and a registrar's key change the registry, and read nothing."""

_LIMIT: Final = 1_024  # bytes of payload: two names, two numbers
_MEMBERS: Final = frozenset({"aud", "iss", "iat", "exp"})


class ReadTokenError(RefusedError):
    """The token lets nobody read; what is wrong is said, the token is not repeated."""

    code = "TOKEN_INVALID"


@dataclass(frozen=True, slots=True)
class Reader:
    """An organisation that has shown by a token that it is the one who reads."""

    org: str
    kid: str
    roles: tuple[str, ...]  # those that are valid now
    region: str  # where it is enrolled

    @property
    def is_authority(self) -> bool:
        """Whether it is an authority of its region."""
        return words.REGULATOR in self.roles

    @property
    def is_registrar(self) -> bool:
        return words.REGISTRAR in self.roles

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions of which it is the authority."""
        return (self.region,) if self.is_authority else ()

    def covers(self, region: str) -> bool:
        """Whether it is the authority of a region, or of one in which that lies."""
        return any(parse_region(own).covers(parse_region(region)) for own in self.regions)


def sign_read_token(signer: Signing, *, origin: str, org: str, at: datetime, seconds: int = 300) -> str:
    """Make a token.

    Args:
        signer: A key of the organisation that is registered for `sign` or `read`.
        origin: The log that is to be read.
        org: As ``org:uscc:…``.
        at: Now.
        seconds: For how long; at most 900.

    Raises:
        ValueError: For longer, or for no time.
    """
    if not 0 < seconds <= MAX_SECONDS:
        raise ValueError(f"seconds: expected 1 to {MAX_SECONDS}, got {seconds}")
    now = int(at.timestamp())
    return sign_jws(
        format_compact({"aud": origin, "iss": org, "iat": now, "exp": now + seconds}), signer, READ
    )


def check_read_token(text: str, world: World, at: datetime, *, uses: Collection[str] = USES) -> Reader:
    """Who reads, as a token shows.

    Args:
        text: The token.
        world: The log at this moment: a key that is revoked reads nothing from the next leaf on.
        at: Now.
        uses: Of the keys that may ask for this.

    Raises:
        ReadTokenError: It is not a token of this log, of this time, by a key in force of an organisation in
            good standing.
    """
    try:
        jws = parse_jws(text, typ=READ, limit=_LIMIT)
        signer = world.signer(jws.kid)
        if signer is None:
            raise ReadTokenError(f"token, kid: expected a key registered in the log, got {jws.kid}")
        check_signature(jws, signer.key.public)
    except SigningError as error:
        raise ReadTokenError(f"token: {error}") from error
    _check_claims(jws, world.origin, at)
    return _reader(jws, signer, at, uses)


def _check_claims(jws: Jws, origin: str, at: datetime) -> None:
    said = jws.value
    if said.keys() != _MEMBERS:
        got = ", ".join(sorted(said)[:10]) or "none"
        raise ReadTokenError(f"token: expected exactly the members aud, iss, iat, exp, got {got}")
    if said["aud"] != origin:
        raise ReadTokenError(f"token, aud: expected {origin}, got another log")
    begins, ends = _seconds(said, "iat"), _seconds(said, "exp")
    if not 0 < ends - begins <= MAX_SECONDS:
        raise ReadTokenError(
            f"token, exp: expected at most {MAX_SECONDS} s after iat, got {ends - begins} s after it"
        )
    now = int(at.timestamp())
    if begins > now + LEEWAY_S:
        raise ReadTokenError(f"token, iat: expected at most {now + LEEWAY_S}, got {begins}")
    if ends <= now - LEEWAY_S:
        raise ReadTokenError(f"token, exp: expected more than {now - LEEWAY_S}, got {ends}: it has expired")


def _seconds(said: dict[str, Any], name: str) -> int:
    value = said[name]
    if type(value) is not int:
        raise ReadTokenError(f"token, {name}: expected seconds since 1970, got another kind of value")
    return value


def _reader(jws: Jws, signer: Signer, at: datetime, uses: Collection[str]) -> Reader:
    """The organisation of the key, once key and organisation are found to be good for reading."""
    key, org = signer.key, signer.org
    if jws.value["iss"] != key.org:
        raise ReadTokenError(f"token, iss: expected {key.org}, whose key {jws.kid} is, got another")
    if signer.revoked:
        raise ReadTokenError(f"token, kid: expected a key in force, got {jws.kid}, which is revoked")
    if (key.valid_from and at < key.valid_from) or (key.until and at >= key.until):
        raise ReadTokenError(f"token, kid: expected a key within its time, got {jws.kid}")
    if key.use not in uses:
        raise ReadTokenError(f"token, kid: expected a key for {' or '.join(uses)}, got one for {key.use}")
    if org is None or org.suspended:
        got = "one that is suspended" if org else "one that is not enrolled"
        raise ReadTokenError(f"token, iss: expected an organisation in good standing, got {got}")
    return Reader(key.org, jws.kid, tuple(grant.role for grant in org.roles if grant.valid(at)), org.region)
