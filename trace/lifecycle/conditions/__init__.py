"""What a row of the table asks beside signer, stage and offer: one named check each (step 8).

Every check takes the case, returns nothing and raises `RefusedError`; some add demands on the next leaves or
remarks that a verifier reports. Their names stand in the column ``also`` of the table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from . import handovers, origins, parts, registry, undoing, vehicles
from .case import Case

CONDITIONS: Final[dict[str, Callable[[Case], None]]] = {
    check.__name__: check
    for check in (
        registry.origin,
        registry.founding_keys,
        registry.known_rules,
        registry.chain_absent,
        registry.chain_present,
        registry.not_suspended,
        registry.is_suspended,
        registry.vendor_codes_free,
        registry.new_admin_key,
        registry.new_key,
        registry.key_of_org,
        origins.own_vendor_code,
        origins.components,
        origins.registration,
        origins.label_seen,
        origins.new_label,
        origins.identity_settled,
        handovers.offer,
        handovers.offer_named,
        handovers.capacity_offered,
        vehicles.pack_only,
        vehicles.position,
        vehicles.vehicle_recorded,
        vehicles.fits,
        vehicles.takes_out,
        parts.children,
        parts.child_of_parent,
        parts.own_open_batch,
        parts.batch_open,
        parts.inputs,
        undoing.voids,
        undoing.correctable,
    )
}
