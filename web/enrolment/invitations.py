"""Invitations, and the requests of the devices that came with them: kept beside the log, none of it evidence.

An invitation is a secret for one device. It gives nothing by itself: its holder may ask, and an administrator
of the organisation adds the key, or does not. Of the secret only a hash is kept. The first key binds it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

import orjson
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    Row,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)
from sqlmodel import Field

from ...signing.base64url import b64url
from ...trace.errors import RefusedError
from ..store import NodeRow, Store

USES: Final = ("sign", "admin")
"""What a device may be invited for."""

GOOD_FOR: Final = timedelta(minutes=10)
"""Until a device has come; an administrator may take his time then."""
WAITS_FOR: Final = timedelta(days=7)
"""From the request on, while the organisation's admin key is at hand somewhere else."""
MOST: Final = 50
"""Invitations and requests of one organisation that are open."""
SECRET_BYTES: Final = 16

OPEN: Final = "open"
WAITING: Final = "waiting"
REFUSED: Final = "refused"

_CONTEXT: Final = b"packtrace-invitation/v1\n"
_ID_BYTES: Final = 16
_KEPT: Final = timedelta(days=30)
_MILLISECOND: Final = timedelta(milliseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class InvitationUnknownError(RefusedError):
    """No such invitation; the secret is not repeated."""

    code = "INVITATION_UNKNOWN"
    http_status: ClassVar[int] = 404


class InvitationExpiredError(RefusedError):
    """Nobody came with it in its time."""

    code = "INVITATION_EXPIRED"
    http_status: ClassVar[int] = 410


class InvitationUsedError(RefusedError):
    """Another device came with it first, or it was refused."""

    code = "INVITATION_USED"
    http_status: ClassVar[int] = 409


class InvitationsTooManyError(RefusedError):
    """The organisation has as many open as one may have."""

    code = "INVITATIONS_TOO_MANY"
    http_status: ClassVar[int] = 409


class InvitationRow(NodeRow, table=True):
    """An invitation, and the request that came with it. Times are milliseconds since 1970."""

    __tablename__ = "invitation"

    id: str = Field(sa_column=Column(Text, primary_key=True))
    secret: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))  # as `_digest`
    org: str = Field(sa_column=Column(Text, nullable=False, index=True))
    use: str = Field(sa_column=Column(Text, nullable=False))
    name: str = Field(sa_column=Column(Text, nullable=False))  # of the device; empty: as it says itself
    sites: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # JSON; so is `types`
    types: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    made_by: str = Field(sa_column=Column(Text, nullable=False))  # a kid; empty: at the home of the node
    created_at: int = Field(sa_column=Column(Integer, nullable=False))
    expires_at: int = Field(sa_column=Column(Integer, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    kid: str = Field(sa_column=Column(Text, nullable=False))  # of the device that came; empty until then
    jwk: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # JSON
    possession: str = Field(sa_column=Column(Text, nullable=False))
    asked_at: int = Field(sa_column=Column(Integer, nullable=False))  # 0 until then


INVITATION: Final[Table] = NodeRow.metadata.tables["invitation"]


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation as it stands, and whoever came with it."""

    id: str
    org: str
    use: str
    name: str
    sites: tuple[str, ...]  # at which the key may sign; all, where none is named
    types: tuple[str, ...]  # that it may sign; all, where none is named
    made_by: str
    created_at: datetime
    expires_at: datetime
    state: str
    kid: str
    jwk: Mapping[str, str]
    possession: str
    asked_at: datetime

    @classmethod
    def of(cls, row: Row[Any]) -> Invitation:
        """From a row of the table."""
        values = {name: getattr(row, name) for name in cls.__slots__}
        for name in ("created_at", "expires_at", "asked_at"):
            values[name] = _EPOCH + values[name] * _MILLISECOND
        for name in ("sites", "types"):
            values[name] = tuple(orjson.loads(values[name]))
        return cls(**values | {"jwk": orjson.loads(values["jwk"])})

    def stands(self, at: datetime) -> bool:
        """Whether a device may still come with it, or waits to be added."""
        if self.state == WAITING:
            return at < self.asked_at + WAITS_FOR
        return self.state == OPEN and at < self.expires_at

    def key_data(self) -> dict[str, Any]:
        """`data` of the ``key.added`` that it asks for."""
        said: dict[str, Any] = {"use": self.use, "jwk": dict(self.jwk), "possession": self.possession}
        more: dict[str, Any] = {"name": self.name, "types": list(self.types), "sites": list(self.sites)}
        return said | {member: value for member, value in more.items() if value}


class Invitations:
    """The invitations of a node."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def invite(
        self,
        org: str,
        *,
        use: str = "sign",
        name: str = "",
        sites: tuple[str, ...] = (),
        types: tuple[str, ...] = (),
        made_by: str = "",
        good_for: timedelta = GOOD_FOR,
    ) -> tuple[Invitation, str]:
        """Make one.

        Returns:
            The invitation, and its secret, which is told here alone.

        Raises:
            InvitationsTooManyError: The organisation has its number.
        """
        secret, now = b64url(secrets.token_bytes(SECRET_BYTES)), self._clock()
        made = {
            "id": b64url(secrets.token_bytes(_ID_BYTES)), "secret": _digest(secret),
            "org": org, "use": use, "name": name, "sites": orjson.dumps(sites), "types": orjson.dumps(types),
            "made_by": made_by, "created_at": _milliseconds(now), "expires_at": _milliseconds(now + good_for),
            "state": OPEN, "kid": "", "jwk": b"{}", "possession": "", "asked_at": 0,
        }  # fmt: skip
        with self._store.write() as connection:
            _forget(connection, now)
            standing = [each for each in _of(connection, org) if each.stands(now)]
            if len(standing) >= MOST:
                raise InvitationsTooManyError(
                    f"invitations: expected at most {MOST} of an organisation at a time, got one more"
                )
            connection.execute(insert(INVITATION).values(made))
            return _one(connection, INVITATION.c.id == made["id"]), secret

    def look(self, secret: str) -> Invitation:
        """The invitation of a secret, with which no device has come yet.

        Raises:
            InvitationUnknownError, InvitationExpiredError, InvitationUsedError: There is none.
        """
        with self._store.read() as connection:
            found = _find(connection, secret)
        _check_open(found, self._clock())
        return found

    def ask(self, secret: str, kid: str, jwk: Mapping[str, str], possession: str, name: str) -> Invitation:
        """A device comes with a secret, or comes again with the same key and a fresh proof.

        The caller has checked key and proof. The first key binds the invitation.

        Args:
            name: What the device is called, where the invitation does not say.

        Raises:
            InvitationUnknownError, InvitationExpiredError, InvitationUsedError: It is not for this device.
        """
        now = self._clock()
        with self._store.write() as connection:
            found = _find(connection, secret)
            if found.kid != kid:
                _check_open(found, now)
            elif found.state == REFUSED or not found.stands(now):
                return found
            values: dict[str, Any] = {"jwk": orjson.dumps(dict(jwk)), "possession": possession}
            if not found.kid:
                first = {"state": WAITING, "kid": kid, "asked_at": _milliseconds(now)}
                values |= first | {"name": found.name or name}
            connection.execute(update(INVITATION).where(INVITATION.c.id == found.id).values(values))
            return _one(connection, INVITATION.c.id == found.id)

    def known_to(self, secret: str, kid: str) -> Invitation | None:
        """The invitation that a device has bound, as it stands; None where it has bound none by this secret.

        Raises:
            InvitationUnknownError: There is no such invitation.
        """
        with self._store.read() as connection:
            found = _find(connection, secret)
        return found if found.kid == kid else None

    def of(self, org: str) -> list[Invitation]:
        """Those of an organisation that stand, oldest first; also of keys that have been added since."""
        now = self._clock()
        with self._store.read() as connection:
            return [each for each in _of(connection, org) if each.stands(now)]

    def all(self) -> list[Invitation]:
        """Those of everybody that stand, oldest first."""
        now = self._clock()
        order = (INVITATION.c.created_at, INVITATION.c.id)
        with self._store.read() as connection:
            found = [Invitation.of(row) for row in connection.execute(select(INVITATION).order_by(*order))]
        return [each for each in found if each.stands(now)]

    def refuse(self, org: str, invitation_id: str) -> None:
        """Take an invitation back, or turn its device away. A key that was added is revoked in the log.

        Raises:
            InvitationUnknownError: The organisation has no such one; others' are as unknown as none.
        """
        with self._store.write() as connection:
            mine = (INVITATION.c.id == invitation_id) & (INVITATION.c.org == org)
            if not connection.execute(update(INVITATION).where(mine).values(state=REFUSED)).rowcount:
                raise InvitationUnknownError(f"invitation: expected one of {org}, got another id")


def _check_open(found: Invitation, now: datetime) -> None:
    if found.state != OPEN:
        raise InvitationUsedError(
            "invitation: expected one that no other device came with, got one that is used"
        )
    if now >= found.expires_at:
        raise InvitationExpiredError(
            "invitation: expected one whose minutes are not over, got one that has expired: ask for another"
        )


def _find(connection: Connection, secret: str) -> Invitation:
    query = select(INVITATION).where(INVITATION.c.secret == _digest(secret))
    row = connection.execute(query).one_or_none()
    if row is None:
        raise InvitationUnknownError("invitation: expected one of this node, got another secret")
    return Invitation.of(row)


def _one(connection: Connection, where: Any) -> Invitation:
    return Invitation.of(connection.execute(select(INVITATION).where(where)).one())


def _of(connection: Connection, org: str) -> list[Invitation]:
    order = (INVITATION.c.created_at, INVITATION.c.id)
    query = select(INVITATION).where(INVITATION.c.org == org).order_by(*order)
    return [Invitation.of(row) for row in connection.execute(query)]


def _forget(connection: Connection, now: datetime) -> None:
    """Those that came to nothing, after a while."""
    connection.execute(delete(INVITATION).where(INVITATION.c.created_at < _milliseconds(now - _KEPT)))


def _digest(secret: str) -> bytes:
    """What is kept of a secret: random enough that nothing slower is called for."""
    return hashlib.sha256(_CONTEXT + secret.encode()).digest()


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND
