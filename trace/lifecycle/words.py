"""Roles and stages: the words in which the life cycle is told (LIFECYCLE, "Stages")."""

from __future__ import annotations

from dataclasses import dataclass
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

ROLE_NAMES: Final[dict[str, tuple[str, str]]] = {
    BATTERY_MAKER: ("电池生产企业", "battery maker"),
    IMPORTER: ("进口商", "importer"),
    VEHICLE_MAKER: ("汽车生产企业", "vehicle maker"),
    DEALER: ("销售商", "dealer"),
    REPAIRER: ("维修商", "repairer"),
    SWAP_OPERATOR: ("换电运营商", "swap operator"),
    COLLECTOR: ("回收服务网点", "collector"),
    VEHICLE_DISMANTLER: ("报废机动车回收拆解企业", "vehicle dismantler"),
    PACK_DISMANTLER: ("电池拆解企业", "pack dismantler"),
    REPURPOSER: ("梯次利用企业", "repurposer"),
    RECYCLER: ("再生利用企业", "recycler"),
    CARRIER: ("承运人", "carrier"),
    REGISTRAR: ("登记机构", "registrar"),
    REGULATOR: ("监管机构", "regulator"),
}
"""Every role in Chinese and in English, as `docs/glossary.md` has them."""

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
LOOSE: Final = tuple(stage for stage in LIVE if stage != IN_PACK)
"""Live, and not inside another battery."""

HELD: Final = "held"
CHARGED: Final = "charged"
SPLIT: Final = "split"
FINAL: Final = "final"
LOT_STAGES: Final = (ABSENT, HELD, LOST, CHARGED, SPLIT, MERGED, EXPORTED, FINAL)
"""Of a lot: in somebody's hands, lost, or ended in one of five ways."""

NOBODY: Final = "nobody"
"""The custodian of a live battery that no enrolled organisation holds."""
NONE: Final = "none"
"""The custodian of a battery that has ended, which is not nobody."""
PARENT: Final = "parent"
"""The custodian of a battery that is inside another: whoever holds that one."""

OPEN_PACKS: Final = "open_packs"
"""The scope that a licence must name before its holder may open packs."""

# What a passport says of a battery: the closed list of Regulation (EU) 2023/1542, Annex XIII, 4(c).
ORIGINAL: Final = "original"
REUSED: Final = "re-used"
REPURPOSED: Final = "repurposed"
REMANUFACTURED: Final = "remanufactured"
WASTE_STATUS: Final = "waste"


@dataclass(frozen=True, slots=True)
class Told:
    """How a stage is told to people.

    ``phase`` is where in its life the battery is: manufacture, vehicle, retirement, dismantler, recycler or
    second life. ``responsible`` says who answers for it (Regulation (EU) 2023/1542, Articles 56 and 77(7)):
    who placed it on the market, or once it is waste who holds it.
    """

    zh: str
    en: str
    phase: str
    responsible: str


TOLD: Final[dict[str, Told]] = {
    ABSENT: Told("尚无记录", "no record", "-", "-"),
    MANUFACTURED: Told("已生产", "manufactured", "manufacture", "placed on the market"),
    IN_VEHICLE: Told("装车使用", "in a vehicle", "vehicle", "placed on the market"),
    REMOVED: Told("已拆下（非废料）", "removed, not waste", "vehicle", "placed on the market"),
    SWAP_POOL: Told("换电池组", "in a swap pool", "vehicle", "placed on the market"),
    IN_PACK: Told("在电池包内", "inside another battery", "of its parent", "placed on the market"),
    RETIRED: Told("已退役", "retired", "retirement", "holder"),
    AT_DISMANTLER: Told("在拆解企业", "at a dismantler", "dismantler", "holder"),
    AT_REPURPOSER: Told("在综合利用（再制造）企业", "at a repurposer", "second life", "holder"),
    AT_RECYCLER: Told("在再生利用企业", "at a recycler", "recycler", "holder"),
    LOST: Told("下落不明", "lost", "-", "last holder"),
    DISMANTLED: Told("已拆解", "dismantled", "dismantler", "-"),
    RECYCLED: Told("已再生利用", "recycled", "recycler", "-"),
    USED_IN: Told("已用于新产品", "used in a product", "second life", "maker of the product"),
    MERGED: Told("已并入另一编码", "merged into another code", "-", "-"),
    EXPORTED: Told("已出口", "exported", "-", "-"),
}
"""Every stage of a battery, for people."""


def waste_stage(capacity: str) -> str:
    """The waste stage that follows the capacity in which the custodian holds the battery."""
    if capacity == RECYCLER:
        return AT_RECYCLER
    if capacity == REPURPOSER:
        return AT_REPURPOSER
    if capacity in (PACK_DISMANTLER, VEHICLE_DISMANTLER):
        return AT_DISMANTLER
    return RETIRED


UNSAFE: Final = ("damaged", "leaking", "burnt")
"""Conditions in which what is registered may not be used again before an inspection clears it."""
