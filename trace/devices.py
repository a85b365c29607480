"""The devices of an organisation: every key that its own chain added, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from .history import Told
from .lifecycle.state import Key, Keys, Org
from .lifecycle.world import World


@dataclass(frozen=True, slots=True)
class Device:
    """A key that an organisation added."""

    key: Key
    added_at: datetime  # as the log recorded it
    revoked_at: datetime | None = None  # by the organisation; a registrar's revocation is in another chain
    reason: str = ""
    compromised_since: str = ""


def keys_subject(org: str) -> str:
    """The chain in which an organisation's devices are registered."""
    return "keys:" + org.removeprefix("org:")


def read_devices(chain: Iterable[Told]) -> list[Device]:
    """The devices that a chain of keys tells of, in its order."""
    found: dict[str, Device] = {}
    for told in chain:
        data = told.event.data
        if told.event.type == "key.added" and isinstance(told.after, Keys):
            key = told.after.keys[-1]
            found[key.public.kid] = Device(key, told.recorded_at)
        elif told.event.type == "key.revoked" and data["kid"] in found:
            found[data["kid"]] = replace(
                found[data["kid"]],
                revoked_at=told.recorded_at,
                reason=data["reason"],
                compromised_since=data.get("compromised_since", ""),
            )
    return list(found.values())


def revoked_kids(world: World, org: str) -> set[str]:
    """Ids of the keys of an organisation that were revoked, by itself or by a registrar."""
    chains = [world.chain(name) for name in (org, keys_subject(org))]
    return {
        kid
        for chain in chains
        if chain and isinstance(chain.state, Org | Keys)
        for kid in chain.state.revoked
    }


def key_state(key: Key, *, revoked: bool, at: datetime) -> str:
    """How a key stands: valid, revoked, not_yet_valid or expired."""
    if revoked:
        return "revoked"
    if key.valid_from and at < key.valid_from:
        return "not_yet_valid"
    return "expired" if key.until and at >= key.until else "valid"
