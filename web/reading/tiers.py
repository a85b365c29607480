"""Which events of a chain a reader sees, and which withheld values (DESIGN, section 9). What no rule gives is
not seen.

Somebody's part in a chain is read off the chain itself: who held the subject after which event, who signed,
whom the open offer names. Nothing is kept beside it, so nobody has to remember to take a right away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from ...trace.codes.subjects import Subject
from ...trace.history import Told
from ...trace.lifecycle.conditions.case import org_of
from ...trace.lifecycle.custody import parent_of
from ...trace.lifecycle.state import Batch, Battery, Consignment, Lot, State, Vehicle
from ...trace.lifecycle.words import IN_PACK
from ...trace.lifecycle.world import World
from ...trace.read_token import Reader

ReadChain = Callable[[str], Sequence[Told]]
"""Gives the events of a chain in order; none where it has not begun."""

_NONE: Final = -1
_ALL: Final = 1 << 62

PUBLIC: Final = ("log", "org", "model")
"""Kinds of chain whose events everybody sees: who registers, who is enrolled as what, what a model is."""
FOR_ENROLLED: Final = ("keys",)
"""Kinds whose events every enrolled organisation sees. A key's name tells a device, and perhaps a person."""


class Tier(StrEnum):
    """What somebody is to a subject."""

    STRANGER = "stranger"  # shows no token
    ENROLLED = "enrolled"  # an organisation that has no part in it
    PAST = "past"  # held it once, or signed in its chain; sees it up to the event by which that ended
    CONSIGNEE = "consignee"  # is named by the open offer
    HOLDER = "holder"  # holds it, or it is theirs
    AUTHORITY = "authority"  # of the region of somebody who holds it or held it


@dataclass(frozen=True, slots=True)
class View:
    """What one reader sees of one chain."""

    tier: Tier
    org: str  # who reads; empty for a stranger
    until: int  # leaf index of the last event that is seen beside their own; -1 where none is
    opens: bool  # whether withheld values of others' events are shown

    @property
    def is_whole(self) -> bool:
        """Whether every event is seen, also one that is recorded tomorrow."""
        return self.until == _ALL

    def sees(self, told: Told) -> bool:
        """Whether the event is seen. Who signed one sees it, whatever became of the subject."""
        return told.leaf_index <= self.until or self._signed(told)

    def shows_values(self, told: Told) -> bool:
        """Whether the values that the event withholds are shown."""
        return self._signed(told) or (self.opens and self.sees(told))

    def _signed(self, told: Told) -> bool:
        return bool(self.org) and told.event.iss == self.org


def view_of(subject: Subject, read: ReadChain, world: World, reader: Reader | None, at: datetime) -> View:
    """What a reader sees of the chain of a subject.

    Args:
        read: The chains, as far as this asks for them.
        world: The same log, at the same moment.
        reader: None for a stranger.
        at: Now, for offers that expire.
    """
    if subject.kind in PUBLIC:
        tier = Tier.ENROLLED if reader else Tier.STRANGER
        return View(tier, reader.org if reader else "", _ALL, opens=False)
    if reader is None:
        return View(Tier.STRANGER, "", _NONE, opens=False)
    if subject.kind in FOR_ENROLLED:
        return View(Tier.ENROLLED, reader.org, _ALL, opens=False)
    if subject.kind == "notes" and subject.inner:
        return _of_notes(subject.inner, read, world, reader, at)
    return _of_thing(read(subject.text), world, reader, at)


def _of_notes(inner: Subject, read: ReadChain, world: World, reader: Reader, at: datetime) -> View:
    """Notes are seen as their subject is; up to the same leaf by who had a part in it once.

    Who signs a note, as everybody may, sees that note and no other by it. Of what is public itself, notes are
    for whom they are about and for the authority there.
    """
    if inner.kind not in PUBLIC:
        return view_of(inner, read, world, reader, at)
    party = f"org:{inner.party}"
    if reader.org == party:
        return View(Tier.HOLDER, reader.org, _ALL, opens=True)
    org = org_of(world, party)
    if org and any(reader.covers(region) for region in (org.region, *(site.region for site in org.sites))):
        return View(Tier.AUTHORITY, reader.org, _ALL, opens=True)
    return View(Tier.ENROLLED, reader.org, _NONE, opens=False)


def _of_thing(chain: Sequence[Told], world: World, reader: Reader, at: datetime) -> View:
    """Of a battery, vehicle, consignment, batch or lot."""
    if not chain:
        return View(Tier.ENROLLED, reader.org, _NONE, opens=False)
    now = _outermost(world, chain[-1].after)
    if reader.is_authority and any(map(reader.covers, regions_of(chain, world))):
        return View(Tier.AUTHORITY, reader.org, _ALL, opens=True)
    if reader.org in _holders(now, world):
        # Whose vehicle it is, the chain need not tell everybody through whose hands a battery of it goes.
        return View(Tier.HOLDER, reader.org, _ALL, opens=not isinstance(now, Vehicle))
    offer = now.offer if isinstance(now, Battery | Lot) else None
    if offer and offer.consignee == reader.org and at < offer.expires_at:
        return View(Tier.CONSIGNEE, reader.org, _ALL, opens=False)
    befores = (None, *(told.after for told in chain))
    part = [
        told.leaf_index
        for before, told in zip(befores, chain, strict=False)
        if _has_part(before, told, reader.org)
    ]
    if part:
        return View(Tier.PAST, reader.org, part[-1], opens=False)
    return View(Tier.ENROLLED, reader.org, _NONE, opens=False)


def _has_part(before: State | None, told: Told, org: str) -> bool:
    """Whether the organisation signed the event, or held the subject right before or right after it.

    Who held it before sees by which event that ended: the acceptance of an offer is its signer's proof that
    the subject was handed over.
    """
    return told.event.iss == org or any(
        isinstance(state, Battery | Lot) and state.custodian == org for state in (before, told.after)
    )


def _holders(state: State | None, world: World) -> Iterable[str]:
    """Who holds the subject, or whose it is: the last one of a chain, outermost where one is in another."""
    match state:
        case Battery() | Lot():
            return (state.custodian,)
        case Batch():
            return (state.owner,)
        case Consignment():
            return (state.consignor,) if state.arrived else (state.consignor, state.consignee)
        case Vehicle():
            return tuple(_holder_of(world, battery) for battery in state.batteries)
        case _:
            return ()


def _outermost(world: World, state: State | None) -> State | None:
    """A battery that is inside another is in the hands, and under the offers, of that one."""
    while isinstance(state, Battery) and state.stage == IN_PACK:
        parent = parent_of(world, state)
        if parent is None:
            break
        state = parent
    return state


def _holder_of(world: World, battery: str) -> str:
    chain = world.chain(battery)
    state = _outermost(world, chain.state if chain else None)
    return state.custodian if isinstance(state, Battery) else ""


def regions_of(chain: Sequence[Told], world: World) -> Iterator[str]:
    """Where the subject is or was: the regions of its holders, and those of their sites."""
    places: dict[tuple[str, str], None] = {}
    for told in chain:
        places.update(dict.fromkeys(_places(told, world)))
    now = _outermost(world, chain[-1].after) if chain else None
    places.update(dict.fromkeys((holder, "") for holder in _holders(now, world)))
    for party, site in places:
        org = org_of(world, party) if party.startswith("org:") else None
        if org:
            yield org.region
            yield from (each.region for each in org.sites if each.name == site)


def _places(told: Told, world: World) -> Iterator[tuple[str, str]]:
    """Who held the subject after an event, and at which of their sites."""
    match told.after:
        case Battery(custodian=custodian, facts=facts):
            yield custodian, facts.site
        case Lot(custodian=custodian, site=site):
            yield custodian, site
        case Batch(owner=owner, site=site):
            yield owner, site
        case Consignment(consignor=consignor, consignee=consignee):
            yield consignor, ""
            yield consignee, ""
        case Vehicle():
            yield told.event.iss, str(told.event.data.get("site", ""))
        case _:
            pass
