"""Webhooks, and how far each has been told: kept beside the log."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from sqlalchemy import Column, Integer, Row, Table, Text, UniqueConstraint, delete, insert, select, update
from sqlmodel import Field

from ...signing.base64url import b64url
from ...trace.errors import RefusedError
from ..store import NodeRow, Store

ACTIVE: Final = "active"
PAUSED: Final = "paused"

MAX_OF_ONE: Final = 10  # webhooks of an organisation
FIRST_S: Final = 1
LONGEST_S: Final = 3_600
PATIENCE: Final = timedelta(days=7)

_ID_BYTES: Final = 16
_MILLISECOND: Final = timedelta(milliseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class WebhookUnknownError(RefusedError):
    """The organisation has no such webhook."""

    code = "WEBHOOK_UNKNOWN"
    http_status: ClassVar[int] = 404


class WebhooksTooManyError(RefusedError):
    """The organisation has as many as one may have."""

    code = "WEBHOOKS_TOO_MANY"
    http_status: ClassVar[int] = 409


class WebhookRow(NodeRow, table=True):
    """A webhook. Times are milliseconds since 1970."""

    __tablename__ = "webhook"
    __table_args__ = (UniqueConstraint("org", "url"),)

    id: str = Field(sa_column=Column(Text, primary_key=True))
    org: str = Field(sa_column=Column(Text, nullable=False))
    kid: str = Field(sa_column=Column(Text, nullable=False))  # key of whoever set it up, or replayed it
    url: str = Field(sa_column=Column(Text, nullable=False))
    after: int = Field(sa_column=Column(Integer, nullable=False))  # the first leaf that is not told yet
    version: int = Field(sa_column=Column(Integer, nullable=False))  # counts replays
    state: str = Field(sa_column=Column(Text, nullable=False))
    created_at: int = Field(sa_column=Column(Integer, nullable=False))
    next_at: int = Field(sa_column=Column(Integer, nullable=False))  # not before that
    failures: int = Field(sa_column=Column(Integer, nullable=False))  # since the last success
    failing_since: int | None = Field(sa_column=Column(Integer, nullable=True))
    delivered_at: int | None = Field(sa_column=Column(Integer, nullable=True))
    problem: str = Field(sa_column=Column(Text, nullable=False))  # of the last attempt; empty after a success


WEBHOOK: Final[Table] = NodeRow.metadata.tables["webhook"]


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook as it stands."""

    id: str
    org: str
    kid: str
    url: str
    after: int
    version: int
    state: str
    created_at: datetime
    next_at: datetime
    failures: int
    failing_since: datetime | None
    delivered_at: datetime | None
    problem: str

    @classmethod
    def of(cls, row: Row[Any]) -> Webhook:
        """From a row of the table."""
        values = {name: getattr(row, name) for name in cls.__slots__}
        for name in ("created_at", "next_at", "failing_since", "delivered_at"):
            values[name] = None if values[name] is None else _EPOCH + values[name] * _MILLISECOND
        return cls(**values)


class Webhooks:
    """The webhooks of a node."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def create(self, org: str, kid: str, url: str, after: int) -> tuple[Webhook, bool]:
        """Set one up; the one that is there, where the organisation has one of this URL.

        Args:
            after: The first leaf to tell of.

        Returns:
            The webhook, and whether it is new.

        Raises:
            WebhooksTooManyError: The organisation has its number.
        """
        with self._store.write() as connection:
            query = select(WEBHOOK).where(WEBHOOK.c.org == org)
            rows = [Webhook.of(row) for row in connection.execute(query)]
            for known in rows:
                if known.url == url:
                    return known, False
            if len(rows) >= MAX_OF_ONE:
                raise WebhooksTooManyError(
                    f"webhooks: expected at most {MAX_OF_ONE} of an organisation, got one more"
                )
            now = _milliseconds(self._clock())
            made = {
                "id": b64url(secrets.token_bytes(_ID_BYTES)),
                "org": org, "kid": kid, "url": url, "after": after, "version": 0, "state": ACTIVE,
                "created_at": now, "next_at": now, "failures": 0, "problem": "",
            }  # fmt: skip
            connection.execute(insert(WEBHOOK).values(made))
            row = connection.execute(select(WEBHOOK).where(WEBHOOK.c.id == made["id"])).one()
            return Webhook.of(row), True

    def of(self, org: str) -> list[Webhook]:
        """Those of an organisation, oldest first."""
        query = select(WEBHOOK).where(WEBHOOK.c.org == org).order_by(WEBHOOK.c.created_at, WEBHOOK.c.id)
        with self._store.read() as connection:
            return [Webhook.of(row) for row in connection.execute(query)]

    def get(self, org: str, webhook_id: str) -> Webhook:
        """One of an organisation.

        Raises:
            WebhookUnknownError: It has no such one; others' are as unknown as none.
        """
        found = next((each for each in self.of(org) if each.id == webhook_id), None)
        if found is None:
            raise WebhookUnknownError(f"webhook: expected one of {org}, got another id")
        return found

    def delete(self, org: str, webhook_id: str) -> None:
        """Take one away; what is on its way may still arrive.

        Raises:
            WebhookUnknownError: As `get`.
        """
        self.get(org, webhook_id)
        with self._store.write() as connection:
            connection.execute(delete(WEBHOOK).where(WEBHOOK.c.id == webhook_id, WEBHOOK.c.org == org))

    def replay(self, org: str, webhook_id: str, kid: str, after: int) -> Webhook:
        """Tell one again from a leaf on, at once and also if it was paused; whoever asks answers for it now.

        Raises:
            WebhookUnknownError: As `get`.
        """
        self.get(org, webhook_id)
        values = {
            "after": after, "version": WEBHOOK.c.version + 1, "kid": kid, "state": ACTIVE,
            "next_at": _milliseconds(self._clock()), "failures": 0, "failing_since": None, "problem": "",
        }  # fmt: skip
        with self._store.write() as connection:
            connection.execute(update(WEBHOOK).where(WEBHOOK.c.id == webhook_id).values(values))
        return self.get(org, webhook_id)

    def due(self) -> list[Webhook]:
        """Those that may be told something now, the longest waiting first."""
        query = (
            select(WEBHOOK)
            .where(WEBHOOK.c.state == ACTIVE, WEBHOOK.c.next_at <= _milliseconds(self._clock()))
            .order_by(WEBHOOK.c.next_at, WEBHOOK.c.id)
        )
        with self._store.read() as connection:
            return [Webhook.of(row) for row in connection.execute(query)]

    def delivered(self, webhook: Webhook, after: int) -> Webhook | None:
        """It was told everything before a leaf; durable on return.

        Returns:
            The webhook as it then stands; None where it was replayed or deleted meanwhile, which holds.
        """
        now = _milliseconds(self._clock())
        return self._update(
            webhook,
            after=after, next_at=now, failures=0, failing_since=None, delivered_at=now, problem="",
        )  # fmt: skip

    def failed(self, webhook: Webhook, problem: str) -> None:
        """It was not told: again after a while that doubles, and no more after days of that."""
        now = self._clock()
        since = webhook.failing_since or now
        wait = timedelta(seconds=min(FIRST_S << min(webhook.failures, 20), LONGEST_S))
        self._update(
            webhook,
            next_at=_milliseconds(now + wait), failures=webhook.failures + 1, problem=problem,
            failing_since=_milliseconds(since), state=PAUSED if now - since >= PATIENCE else ACTIVE,
        )  # fmt: skip

    def pause(self, webhook: Webhook, problem: str) -> None:
        """Nothing is sent to it until somebody replays it."""
        self._update(webhook, state=PAUSED, problem=problem)

    def _update(self, webhook: Webhook, **values: object) -> Webhook | None:
        same = (WEBHOOK.c.id == webhook.id) & (WEBHOOK.c.version == webhook.version)
        with self._store.write() as connection:
            connection.execute(update(WEBHOOK).where(same).values(values))
            row = connection.execute(select(WEBHOOK).where(same)).one_or_none()
            return Webhook.of(row) if row else None


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND
