"""The organisations that the log enrolled, and the keys that it registered: all of it is public."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from ...trace.devices import key_state, revoked_kids
from ...trace.ledger.tables import CHAIN
from ...trace.lifecycle.encoding import decode_state
from ...trace.lifecycle.state import Key, Log, Org
from ...trace.lifecycle.world import World, keys_in
from ...trace.times import format_log_time

_FIRST: Final = "org:"
_BEYOND: Final = "org;"  # the character after the colon: every organisation lies between


def organisations(
    connection: Connection, *, after: str = "", limit: int | None = None
) -> Iterator[tuple[str, Org]]:
    """Enrolled organisations in the order of their subjects, from the one after `after` on."""
    query = (
        select(CHAIN.c.subject, CHAIN.c.state)
        .where(CHAIN.c.subject > max(after, _FIRST), CHAIN.c.subject < _BEYOND)
        .order_by(CHAIN.c.subject)
        .limit(limit)
    )
    for row in connection.execute(query):
        state = decode_state("org", row.state)
        if isinstance(state, Org):  # not one whose enrolment is void
            yield row.subject, state


def regions(connection: Connection) -> set[str]:
    """Every region in which an organisation, or a site of one, is enrolled."""
    found = set()
    for _, org in organisations(connection):
        found.add(org.region)
        found.update(site.region for site in org.sites)
    return found


def organisation_object(subject: str, org: Org, at: datetime) -> dict[str, Any]:
    """An organisation for programs.

    Args:
        at: Now, for roles that begin or end.
    """
    return {
        "id": subject,
        "name": {"zh": org.name_zh, "en": org.name_en},
        "region": org.region,
        "roles": [
            {"role": grant.role, "scope": list(grant.scope), "valid": grant.valid(at)}
            | _span(grant.valid_from, grant.until)
            for grant in org.roles
        ],
        "vendor_codes": list(org.vendor_codes),
        "enrolled_at": format_log_time(org.enrolled_at),
        "suspended": org.suspended,
    }


def keys_of(world: World, org: str, at: datetime) -> list[dict[str, Any]]:
    """Every key that the log ever knew as this organisation's, for programs: revoked and expired ones too.

    Args:
        org: As ``org:uscc:…``.
        at: Now.
    """
    chains = [world.chain(name) for name in (f"log:{world.origin}", org, "keys:" + org.removeprefix("org:"))]
    revoked = revoked_kids(world, org)
    keys = [
        (key, _is_former(key, chain.state))
        for chain in chains
        if chain
        for key in keys_in(chain)
        if key.org == org
    ]
    return [_key_object(key, key.public.kid in revoked, former, at) for key, former in keys]


def _is_former(key: Key, state: object) -> bool:
    return isinstance(state, Log) and key in state.former


def _key_object(key: Key, revoked: bool, former: bool, at: datetime) -> dict[str, Any]:
    state = key_state(key, revoked=revoked, at=at)
    if former and not revoked:
        state = "replaced"
    said = {"kid": key.public.kid, "jwk": key.public.jwk(), "use": key.use, "state": state}
    limits = {"types": list(key.types), "sites": list(key.sites)}
    return said | _span(key.valid_from, key.until) | {name: some for name, some in limits.items() if some}


def _span(valid_from: datetime | None, until: datetime | None) -> dict[str, str | None]:
    """Half-open: valid while from <= now < until; null where it has no such end."""
    return {
        "from": format_log_time(valid_from) if valid_from else None,
        "until": format_log_time(until) if until else None,
    }
