"""What a key touched that its owner no longer trusts (LIFECYCLE, `key.revoked`): it adds warnings only."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from msgspec import Struct

from ..lifecycle.state import Battery, Lot, Vehicle
from ..lifecycle.world import Memory
from ..statement import Event
from ..times import parse_time, show_time
from .findings import Finding

_REVOCATIONS: Final = ("key.revoked", "org.key_revoked")
_SHOWN: Final = 20  # subjects in one finding
_NOT_TOUCHED: Final = ("org:", "keys:", "log:", "notes:", "unseen:")


class Revocation(Struct, frozen=True):
    """That a key was revoked, and since when it may have been in other hands."""

    kid: str
    since: datetime
    subject: str
    leaf: int
    event: str


def parse_revocation(event: Event, leaf: int) -> Revocation | None:
    """What a revocation says of the time before it; None where it says nothing, or is none."""
    if event.type not in _REVOCATIONS or "compromised_since" not in event.data:
        return None
    since = parse_time(event.data["compromised_since"], "/data/compromised_since")
    return Revocation(event.data["kid"], since, event.sub, leaf, event.id)


def list_touched(world: Memory, revocation: Revocation) -> Finding | None:
    """What was signed with the key since then and stands, and what came of it: children, products, batches,
    lots. None where nothing was."""
    signed = world.trails.signed_with(revocation.kid, revocation.since)
    direct = sorted(subject for subject in signed if not subject.startswith(_NOT_TOUCHED))
    if not direct:
        return None
    further = sorted(_downstream(world, direct))
    evidence = f"since {show_time(revocation.since)} the key signed on {_listed(direct)}"
    if further:
        evidence += f"; what came of these: {_listed(further)}"
    return Finding("KEY_COMPROMISED", evidence, revocation.subject, revocation.leaf, revocation.event)


def _downstream(world: Memory, touched: Iterable[str]) -> set[str]:
    """What came of the subjects, and of that, and so on."""
    seen = set(touched)
    queue = deque(seen)
    found: set[str] = set()
    while queue:
        for other in _came_of(world, queue.popleft()):
            if other and other not in seen:
                seen.add(other)
                found.add(other)
                queue.append(other)
    return found


def _came_of(world: Memory, subject: str) -> Iterator[str]:
    """What one went into, and what came out of it; not what else went there."""
    chain = world.chain(subject)
    state = chain.state if chain else None
    if isinstance(state, Battery):
        yield from (state.facts.batch, state.facts.into)
    elif isinstance(state, Lot):
        yield from (charge.batch for charge in state.charges)
        past = world.past(subject)
        for reference in world.references_to(past.event) if past else ():
            yield reference.subject
    for reference in world.references_to(subject):
        named = world.chain(reference.subject)
        other = named.state if named else None
        if isinstance(other, Battery):
            went = other.facts.parent == subject or subject in other.facts.components
        elif isinstance(other, Vehicle):
            went = subject in other.batteries
        else:
            went = isinstance(other, Lot) and (subject.startswith("battery:") or other.source == subject)
        if went:
            yield reference.subject


def _listed(subjects: list[str]) -> str:
    more = f" and {len(subjects) - _SHOWN} more" if len(subjects) > _SHOWN else ""
    return f"{len(subjects)}: {', '.join(subjects[:_SHOWN])}{more}"
