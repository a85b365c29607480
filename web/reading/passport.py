"""A battery, and any other subject, as it stands: as much of it as somebody of a tier is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from ...trace.history import Told, bearing_object, state_object
from ...trace.ledger.ledger import Ledger
from ...trace.lifecycle import words
from ...trace.lifecycle.conditions.case import org_of
from ...trace.lifecycle.custody import ended_with, holder_of, parents_of
from ...trace.lifecycle.state import Battery, Lot, Model, Offer, State, eu_status
from ...trace.lifecycle.table import TABLE, By, Row
from ...trace.lifecycle.world import World
from ...trace.read_token import Reader
from ...trace.times import format_time
from .tiers import PUBLIC, Tier, View

_WHOLE: Final = (Tier.CONSIGNEE, Tier.HOLDER, Tier.AUTHORITY)
"""Tiers that are told all that the chain says."""
_GONE_INTO: Final = (words.USED_IN, words.MERGED)


def subject_object(
    chain: Sequence[Told], view: View, world: World, ledger: Ledger, reader: Reader | None, at: datetime
) -> dict[str, Any]:
    """Where a subject stands, for a reader.

    Args:
        chain: Its events; at least one.
        view: What the reader sees of them.
        at: Now.
    """
    last = chain[-1]
    state, subject = last.after, last.event.sub
    said: dict[str, Any] = {
        "subject": subject,
        "origin": world.origin,
        "seq": last.event.seq,
        "head": last.event.id,
        "tier": view.tier.value,
        "log": log_object(ledger),
    }
    if isinstance(state, Battery):
        said |= _public(state, chain, world)
    if view.tier in _WHOLE or subject.partition(":")[0] in PUBLIC:
        of_chain = state_object(state)
        if isinstance(state, Battery):
            del of_chain["model"]  # which is told with what is true of it
        said |= of_chain
    if view.tier in _WHOLE:
        said |= bearing_object(subject, world) | _offer(state, chain, at)
        if isinstance(state, Battery):
            said |= _for_next_step(state, world)
    if isinstance(state, Battery | Lot) and reader:  # after the state, whose custodian is an id alone
        said |= _for_enrolled(subject, state, world, at)
    if isinstance(state, Battery | Lot) and reader:
        said["steps"] = [_step(row) for row in _steps(subject, state, world, reader, at)]
    return said


def log_object(ledger: Ledger) -> dict[str, Any]:
    """How far the log goes: with the checkpoint, what is said here can be verified against a proof."""
    published = ledger.published()
    return {"size": published.size, "checkpoint": published.note.decode("utf-8")}


def _public(state: Battery, chain: Sequence[Told], world: World) -> dict[str, Any]:
    """The passport: what concerns everybody who stands before the battery, and nobody's business."""
    told = words.TOLD[state.stage]
    facts = state.facts
    said: dict[str, Any] = {
        "stage": state.stage,
        "stage_name": {"zh": told.zh, "en": told.en},
        "status": eu_status(state),
        "damaged": facts.damaged,
        "chemistry": next(
            (each.event.data["chemistry"] for each in chain if "chemistry" in each.event.data), ""
        ),
        "maker": _named(facts.maker, world),
        "model": None,
        "into": facts.into if state.stage in _GONE_INTO else "",
        "label": facts.label,  # whoever scanned one compares it; nobody finds the token from the digest
    }
    model = world.chain(facts.model) if facts.model else None
    if model and isinstance(model.state, Model):
        said["model"] = {
            "subject": facts.model,
            "chemistry": model.state.chemistry,
            "mass_g": model.state.mass_g,
            "energy_wh": model.state.energy_wh,
        }
        said["chemistry"] = said["chemistry"] or model.state.chemistry
    return said


def _for_enrolled(subject: str, state: Battery | Lot, world: World, at: datetime) -> dict[str, Any]:
    """What whoever deals in batteries must know before touching one."""
    offer = state.offer
    said: dict[str, Any] = {
        "stage": state.stage,
        "custodian": _named(holder_of(world, state), world),
        "capacity": state.capacity,
        "offered": offer is not None and at < offer.expires_at,
        "on_hold": any(map(world.is_held, _near(subject, state, world))),
        "origin_contested": bool(bearing_object(subject, world)["contested"]),
    }
    if isinstance(state, Battery):
        # The digest tells whoever scans a label whether it is the one of record; no token follows from it.
        said |= {"condition": state.facts.condition, "label": state.facts.label}
    return said


def _near(subject: str, state: Battery | Lot, world: World) -> tuple[str, ...]:
    """The subject, and what it is in: a hold on that covers it."""
    return (subject, *(parents_of(world, state) if isinstance(state, Battery) else ()))


def _for_next_step(state: Battery, world: World) -> dict[str, Any]:
    """Facts on which the next statement depends, and which nothing else tells."""
    facts = state.facts
    rival = world.chain(facts.conflicts_with) if facts.conflicts_with else None
    stands = rival and isinstance(rival.state, Battery) and rival.state.stage != words.MERGED
    return {
        "conflicts_with": facts.conflicts_with if stands else "",
        "use": facts.use,
        "packs": facts.packs,
        "site": facts.site,
    }


def _offer(state: State | None, chain: Sequence[Told], at: datetime) -> dict[str, Any]:
    """The offer that stands, with the mass that the consignor stated, if it did."""
    offer = state.offer if isinstance(state, Battery | Lot) else None
    if not isinstance(offer, Offer) or at >= offer.expires_at:
        return {}
    return {
        "offer": {
            "event": offer.id,
            "consignee": offer.consignee,
            "capacity": offer.capacity,
            "expires_at": format_time(offer.expires_at),
            "consignment": offer.consignment,
        }
        | next(
            (
                {"mass": told.event.data["mass"]}
                for told in chain
                if "mass" in told.event.data and told.event.id == offer.id
            ),
            {},
        )
    }


def _named(party: str, world: World) -> dict[str, str] | None:
    """An organisation with its names; None where there is none."""
    if not party or party in (words.NOBODY, words.NONE, words.PARENT):
        return {"id": party} if party == words.NOBODY else None
    org = org_of(world, party)
    return {"id": party} | ({"name_zh": org.name_zh, "name_en": org.name_en} if org else {})


def _steps(subject: str, state: Battery | Lot, world: World, reader: Reader, at: datetime) -> Iterator[Row]:
    """What the reader may say next, as stage, part and role tell; conditions may still be against it."""
    kind = subject.partition(":")[0]
    if isinstance(state, Battery) and ended_with(world, state) is not None:
        return
    offer = state.offer if state.offer and at < state.offer.expires_at else None
    holder = holder_of(world, state)
    for row in TABLE:
        if row.chain != kind or row.follows or state.stage not in row.stages:
            continue
        if row.offer == "bars" and offer:
            continue
        if any(_may(by, state, holder, offer, reader) for by in row.by):
            yield row


def _may(by: By, state: Battery | Lot, holder: str, offer: Offer | None, reader: Reader) -> bool:
    if by.roles and not set(by.roles) & set(reader.roles):
        return False
    match by.relation:
        case "custodian":
            return holder == reader.org
        case "consignee":
            return offer is not None and offer.consignee == reader.org
        case "nobody":
            return state.custodian == words.NOBODY  # what is inside another is not taken by itself
        case "reporter":
            return isinstance(state, Battery) and state.facts.lost_by == reader.org
        case _:
            return by.relation == "anyone"


def _step(row: Row) -> dict[str, str]:
    return {"type": row.type, "zh": row.zh, "en": row.en}
