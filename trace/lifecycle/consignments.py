"""What a consignment binds."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from ...signing.base64url import b64url, parse_b64url
from ...signing.merkle import leaf_hash, root_of
from .state import Battery, Lot, Offer
from .world import World


class Offered(Struct, frozen=True):
    """The open offers that name a consignment."""

    offers: tuple[Offer, ...]
    count: int
    root: str  # RFC 6962, over the event ids (32 bytes each) in the order of their bytes
    damaged: bool  # whether one of the batteries had an incident


def consignment_offers(world: World, consignment: str, at: datetime) -> Offered:
    """The offers that name a consignment and are open at a time."""
    offers: list[Offer] = []
    damaged = False
    for reference in world.references_to(consignment):
        chain = world.chain(reference.subject)
        state = chain.state if chain else None
        if not isinstance(state, Battery | Lot) or state.offer is None:
            continue
        if state.offer.id == reference.event and at < state.offer.expires_at:
            offers.append(state.offer)
            damaged = damaged or (isinstance(state, Battery) and state.facts.damaged)
    ids = sorted(parse_b64url(offer.id) for offer in offers)
    root = b64url(root_of([leaf_hash(each) for each in ids]))
    return Offered(tuple(offers), len(ids), root, damaged)
