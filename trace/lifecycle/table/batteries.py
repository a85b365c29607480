"""Rows of packs, modules and cells."""

from __future__ import annotations

from typing import Final

from ..words import (
    ABSENT,
    AT_DISMANTLER,
    AT_RECYCLER,
    AT_REPURPOSER,
    BATTERY_MAKER,
    CUSTODIAL,
    DEALER,
    DISMANTLED,
    EXPORTED,
    IMPORTER,
    IN_PACK,
    IN_USE,
    IN_VEHICLE,
    INTAKE,
    LIVE,
    LOOSE,
    LOST,
    MANUFACTURED,
    MERGED,
    OPEN_PACKS,
    PACK_DISMANTLER,
    RECYCLED,
    RECYCLER,
    REMOVED,
    REPAIRER,
    REPURPOSER,
    RETIRED,
    STAGES,
    SWAP_OPERATOR,
    SWAP_POOL,
    USED_IN,
    VEHICLE_DISMANTLER,
    VEHICLE_MAKER,
    WASTE,
)
from .row import By, Row

FITTERS: Final = (VEHICLE_MAKER, DEALER, REPAIRER, SWAP_OPERATOR)
RELEASERS: Final = (BATTERY_MAKER, IMPORTER, VEHICLE_MAKER, DEALER, REPAIRER, SWAP_OPERATOR, REPURPOSER)
MENDERS: Final = (BATTERY_MAKER, VEHICLE_MAKER, DEALER, REPAIRER, REPURPOSER, SWAP_OPERATOR)
_IN_USE_LOOSE: Final = tuple(stage for stage in IN_USE if stage != IN_PACK)
_STANDING: Final = tuple(stage for stage in LOOSE if stage != LOST)

BATTERIES: Final = (
    Row(
        "battery.manufactured", "battery", (By("first", (BATTERY_MAKER,)),), "生产", "manufactured",
        stages=(ABSENT,), stage=MANUFACTURED, custody="signer", leads=("battery.fitted",), voidable=True,
        also=("own_vendor_code", "own_model", "components", "puts_in"),
    ),
    Row(
        "battery.registered", "battery", (By("first", CUSTODIAL),), "补登记", "registered",
        stages=(ABSENT,), stage="declared", custody="declared", acts_as=True, voidable=True,
        also=("registration",),
    ),
    Row(
        "identity.linked", "battery", (By("custodian"),), "并入另一编码", "linked to another code",
        stages=_STANDING, stage=MERGED, custody="none", hold="bars", leads=("battery.registered",),
        voidable=True, also=("same_battery",),
    ),
    Row(
        "battery.taken_in", "battery", (By("nobody", INTAKE),), "接收", "taken in",
        stages=(IN_VEHICLE, REMOVED, *WASTE, LOST), stage="intake", custody="signer", acts_as=True,
        voidable=True, also=("label_seen",),
    ),
    Row(
        "battery.found", "battery", (By("reporter"),), "找回", "found",
        stages=(LOST,), stage="restored", custody="signer", hold="flags", voidable=True,
    ),
    Row(
        "battery.released", "battery", (By("custodian", RELEASERS),), "交付使用", "released",
        stages=(IN_VEHICLE, REMOVED), custody="nobody", hold="bars", voidable=True,
    ),
    Row(
        "battery.installed", "battery", (By("custodian", FITTERS),), "装车", "installed",
        stages=(MANUFACTURED, REMOVED), stage=IN_VEHICLE, hold="bars", bars=("damage", "contest", "conflict"),
        leads=("vehicle.fitted",), voidable=True, also=("pack_only", "traction_only", "position"),
    ),
    Row(
        "battery.removed", "battery", (By("custodian", CUSTODIAL), By("nobody", FITTERS)), "拆下", "removed",
        stages=(IN_VEHICLE,), stage=REMOVED, custody="signer", acts_as=True, leads=("vehicle.taken_out",),
        voidable=True, also=("vehicle_recorded", "label_seen"),
    ),
    Row(
        "battery.pooled", "battery", (By("custodian", (SWAP_OPERATOR,)),), "入换电池组", "pooled",
        stages=(MANUFACTURED, REMOVED), stage=SWAP_POOL, bars=("damage",), voidable=True,
    ),
    Row(
        "battery.unpooled", "battery", (By("custodian", (SWAP_OPERATOR,)),), "出换电池组", "unpooled",
        stages=(SWAP_POOL,), stage=REMOVED, voidable=True,
    ),
    Row(
        "battery.repaired", "battery", (By("custodian", MENDERS),), "维修", "repaired",
        stages=_IN_USE_LOOSE, acts_as=True, leads=("battery.taken_out", "battery.fitted"), voidable=True,
        also=("may_open", "takes_parts", "puts_in"),
    ),
    Row(
        "battery.fitted", "battery", (By("custodian"),), "装入电池包", "fitted into a battery",
        stages=(MANUFACTURED, REMOVED), stage=IN_PACK, custody="parent", hold="bars",
        bars=("damage", "conflict"), voidable=True, also=("into_parent",),
        follows=("battery.manufactured", "battery.repaired", "battery.repurposed"),
    ),
    Row(
        "battery.taken_out", "battery", (By("custodian"),), "从电池包取出", "taken out of a battery",
        stages=(IN_PACK,), stage=REMOVED, custody="signer", acts_as=True, voidable=True,
        also=("out_of_parent",), follows=("battery.repaired",),
    ),
    Row(
        "battery.inspected", "battery",
        (By("custodian"), By("consignee"), By("nobody", (REPAIRER, VEHICLE_DISMANTLER, PACK_DISMANTLER))),
        "检测", "inspected",
        stages=LIVE, offer="stays", hold="passes", voidable=True, also=("may_clear",),
    ),
    Row(
        "battery.moved", "battery", (By("custodian"),), "场内转移", "moved between own sites",
        stages=_STANDING, hold="flags", voidable=True, also=("own_site",),
    ),
    Row(
        "label.reissued", "battery", (By("custodian"),), "换发标签", "label reissued",
        stages=_STANDING, voidable=True, also=("new_label",),
    ),
    Row(
        "battery.incident", "battery", (By("custodian"),), "事故", "incident",
        stages=_STANDING, offer="stays", hold="passes", voidable=True,
    ),
    Row(
        "battery.retired", "battery", (By("custodian", CUSTODIAL),), "退役", "retired",
        stages=(MANUFACTURED, IN_VEHICLE, REMOVED, SWAP_POOL), stage="waste", acts_as=True, voidable=True,
    ),
    Row(
        "battery.requalified", "battery", (By("custodian", (REPURPOSER, BATTERY_MAKER)),),
        "检验合格再使用", "requalified",
        stages=(RETIRED, AT_DISMANTLER, AT_REPURPOSER, AT_RECYCLER), stage=REMOVED, hold="bars",
        bars=("damage", "contest", "conflict"), acts_as=True, voidable=True, also=("no_longer_waste",),
    ),
    Row(
        "battery.dismantled", "battery", (By("custodian", CUSTODIAL),), "拆解", "dismantled",
        stages=(AT_DISMANTLER, AT_REPURPOSER, AT_RECYCLER), stage=DISMANTLED, custody="none", hold="bars",
        licence=OPEN_PACKS, leads=("battery.extracted",), voidable=True, also=("children",),
    ),
    Row(
        "battery.extracted", "battery", (By("dismantler"),), "拆出", "extracted",
        stages=(ABSENT, IN_PACK, MANUFACTURED, REMOVED), stage="parent", custody="signer", acts_as=True,
        follows=("battery.dismantled",), voidable=True, also=("child_of_parent",),
    ),
    Row(
        "battery.used_in", "battery", (By("custodian", (REPURPOSER,)),), "用于新产品", "used in a product",
        stages=(REMOVED,), stage=USED_IN, custody="none", hold="bars",
        bars=("damage", "contest", "conflict"), voidable=True, also=("new_product",),
    ),
    Row(
        "battery.repurposed", "battery", (By("first", (REPURPOSER,)),), "综合利用产品", "repurposed",
        stages=(ABSENT,), stage=REMOVED, custody="signer", leads=("battery.fitted",), voidable=True,
        also=("own_product_code", "own_model", "sources", "puts_in"),
    ),
    Row(
        "battery.recycled", "battery", (By("custodian", (RECYCLER,)),), "再生利用", "recycled",
        stages=(AT_RECYCLER,), stage=RECYCLED, custody="none", hold="bars", bars=("conflict",),
        voidable=True, also=("own_open_batch",),
    ),
    Row(
        "battery.exported", "battery",
        (By("custodian"), By("nobody", (DEALER, IMPORTER)), By("registrar")), "出口", "exported",
        stages=(*_IN_USE_LOOSE, *WASTE), stage=EXPORTED, custody="none", hold="bars",
        bars=("contest", "conflict"), voidable=True, also=("customs_paper",),
    ),
    Row(
        "battery.returned", "battery", (By("anyone", (IMPORTER, *INTAKE)),), "退回境内", "returned",
        stages=(EXPORTED,), stage="returned", custody="signer", acts_as=True, voidable=True,
        also=("as_it_left", "label_seen"),
    ),
    Row(
        "battery.lost", "battery", (By("custodian"),), "遗失", "lost",
        stages=_STANDING, stage=LOST, custody="nobody", offer="closed", hold="passes", voidable=True,
    ),
    Row(
        "battery.voided", "battery", (By("signer"), By("registrar")), "作废", "voided",
        stages=STAGES, stage="before", custody="before", offer="stays", hold="bars", joint=True,
        leads=("*.voided",), also=("voids",),
    ),
)  # fmt: skip
