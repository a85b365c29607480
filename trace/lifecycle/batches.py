"""What closing a batch binds."""

from __future__ import annotations

from typing import Any

from ...signing.base64url import b64url, parse_b64url
from ...signing.merkle import leaf_hash, root_of
from .state import Battery, Lot, Notes, Reference
from .world import World


def batch_inputs(world: World, batch: str) -> dict[str, Any]:
    """Count, grams and RFC 6962 root of what was charged into a batch (DESIGN, section 10).

    Those are the ``battery.recycled`` and ``lot.charged`` that name it and stand; a mass that its signer has
    corrected counts as corrected.
    """
    leaves: list[bytes] = []
    grams = 0
    for reference in world.references_to(batch):
        charged = _charged_g(world, reference, batch)
        if charged is not None:
            leaves.append(leaf_hash(parse_b64url(reference.event)))
            grams += charged
    return {"count": len(leaves), "g": grams, "root": b64url(root_of(leaves))}


def _charged_g(world: World, reference: Reference, batch: str) -> int | None:
    """The grams that an event charged into the batch; None where it charged nothing, or is undone."""
    chain = world.chain(reference.subject)
    state = chain.state if chain else None
    if isinstance(state, Lot):
        return next((charge.g for charge in state.charges if charge.event == reference.event), None)
    if chain is None or chain.head != reference.event:
        return None
    if not isinstance(state, Battery) or state.facts.batch != batch:
        return None
    notes = world.chain(f"notes:{reference.subject}")
    for correction in notes.state.corrections if notes and isinstance(notes.state, Notes) else ():
        if correction.event == reference.event:
            return correction.g
    return state.facts.charged_g
