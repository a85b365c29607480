"""What closing a batch binds."""

from __future__ import annotations

from typing import Any

from ...signing.base64url import b64url, parse_b64url
from ...signing.merkle import leaf_hash, root_of
from .state import Battery
from .world import World


def batch_inputs(world: World, batch: str) -> dict[str, Any]:
    """Count, grams and RFC 6962 root of the ``battery.recycled`` that name a batch (DESIGN, section 10)."""
    leaves: list[bytes] = []
    grams = 0
    for reference in world.references_to(batch):
        chain = world.chain(reference.subject)
        if (
            chain
            and chain.head == reference.event
            and isinstance(chain.state, Battery)
            and chain.state.batch == batch
        ):
            leaves.append(leaf_hash(parse_b64url(reference.event)))
            grams += chain.state.charged_g
    return {"count": len(leaves), "g": grams, "root": b64url(root_of(leaves))}
