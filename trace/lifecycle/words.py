"""Roles and stages: the words in which the life cycle is told (LIFECYCLE, "Stages")."""

from __future__ import annotations

from typing import Final

BATTERY_MAKER: Final = "battery_maker"
IMPORTER: Final = "importer"
VEHICLE_MAKER: Final = "vehicle_maker"
DEALER: Final = "dealer"
REPAIRER: Final = "repairer"
SWAP_OPERATOR: Final = "swap_operator"
COLLECTOR: Final = "collector"
VEHICLE_DISMANTLER: Final = "vehicle_dismantler"
PACK_DISMANTLER: Final = "pack_dismantler"
REPURPOSER: Final = "repurposer"
RECYCLER: Final = "recycler"
CARRIER: Final = "carrier"
REGISTRAR: Final = "registrar"
REGULATOR: Final = "regulator"

CUSTODIAL: Final = (
    BATTERY_MAKER,
    IMPORTER,
    VEHICLE_MAKER,
    DEALER,
    REPAIRER,
    SWAP_OPERATOR,
    COLLECTOR,
    VEHICLE_DISMANTLER,
    PACK_DISMANTLER,
    REPURPOSER,
    RECYCLER,
)
"""Capacities in which an organisation can hold a battery. A carrier holds nothing."""

ROLES: Final = (*CUSTODIAL, CARRIER, REGISTRAR, REGULATOR)

INTAKE: Final = (
    DEALER,
    REPAIRER,
    COLLECTOR,
    VEHICLE_DISMANTLER,
    PACK_DISMANTLER,
    REPURPOSER,
    RECYCLER,
)
"""Roles that may take a battery in from nobody."""

ABSENT: Final = "-"
"""The stage of a chain that has not begun, or whose beginning was voided."""

MANUFACTURED: Final = "manufactured"
IN_VEHICLE: Final = "in_vehicle"
REMOVED: Final = "removed"
SWAP_POOL: Final = "swap_pool"
IN_PACK: Final = "in_pack"
RETIRED: Final = "retired"
AT_DISMANTLER: Final = "at_dismantler"
AT_REPURPOSER: Final = "at_repurposer"
AT_RECYCLER: Final = "at_recycler"
LOST: Final = "lost"
DISMANTLED: Final = "dismantled"
RECYCLED: Final = "recycled"
USED_IN: Final = "used_in"
MERGED: Final = "merged"
EXPORTED: Final = "exported"

IN_USE: Final = (MANUFACTURED, IN_VEHICLE, REMOVED, SWAP_POOL, IN_PACK)
WASTE: Final = (RETIRED, AT_DISMANTLER, AT_REPURPOSER, AT_RECYCLER)
LIVE: Final = (*IN_USE, *WASTE, LOST)
ENDED: Final = (DISMANTLED, RECYCLED, USED_IN, MERGED, EXPORTED)
STAGES: Final = (ABSENT, *LIVE, *ENDED)

NOBODY: Final = "nobody"
"""The custodian of a live battery that no enrolled organisation holds."""
NONE: Final = "none"
"""The custodian of a battery that has ended, which is not nobody."""

OPEN_PACKS: Final = "open_packs"
"""The scope that a licence must name before its holder may open packs."""


def waste_stage(capacity: str) -> str:
    """The waste stage that follows the capacity in which the custodian holds the battery."""
    if capacity == RECYCLER:
        return AT_RECYCLER
    if capacity == REPURPOSER:
        return AT_REPURPOSER
    if capacity in (PACK_DISMANTLER, VEHICLE_DISMANTLER):
        return AT_DISMANTLER
    return RETIRED
