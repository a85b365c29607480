"""The life cycle as one piece of data (LIFECYCLE). Where a row is silent, the statement is refused.

The table drives the ledger, the verifier, the templates and the documentation; its digest is part of the
rule set. It says who may sign a type, from which stages, and what becomes of stage, custody and offer.
What a row cannot say in these words is named in ``also``, a check of `conditions`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final, Literal

import orjson

from .words import (
    ABSENT,
    AT_DISMANTLER,
    AT_RECYCLER,
    AT_REPURPOSER,
    BATTERY_MAKER,
    CUSTODIAL,
    DEALER,
    DISMANTLED,
    IMPORTER,
    IN_PACK,
    IN_USE,
    IN_VEHICLE,
    INTAKE,
    LIVE,
    LOST,
    MANUFACTURED,
    OPEN_PACKS,
    PACK_DISMANTLER,
    RECYCLED,
    RECYCLER,
    REMOVED,
    REPAIRER,
    REPURPOSER,
    STAGES,
    SWAP_OPERATOR,
    SWAP_POOL,
    VEHICLE_DISMANTLER,
    VEHICLE_MAKER,
    WASTE,
)

Relation = Literal[
    "first",
    "custodian",
    "consignee",
    "nobody",
    "dismantler",
    "signer",
    "registrar",
    "admin",
    "owner",
    "group",
    "author",
]
"""How the signer stands to the subject.

first       the chain is absent (or its beginning was voided)
custodian   the signer holds the battery
consignee   the signer is named by the open offer
nobody      no enrolled organisation holds the battery
dismantler  the signer has just dismantled the parent, in this group
signer      the signer signed the event that is voided, within the policy's hours
registrar   a registrar's key signs, with as many approvals as the threshold asks
admin       the organisation's own admin key signs
owner       the subject's name carries the signer's id
group       the signer leads the group to which this event belongs
author      the signer signed the event that is corrected
"""


@dataclass(frozen=True, slots=True)
class By:
    """Who may sign: a relation, and the roles of which one must be valid at the leaf.

    Without roles the relation is enough.
    """

    relation: Relation
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One type of event.

    ``stage`` is the stage after it: a stage, or ``same``, ``waste`` (by capacity), ``intake`` (same for
    dealer and repairer of what is in use, else waste), ``waste_or_same`` (waste follows the capacity, what
    is in use stays), ``declared`` (the statement says it), ``before`` (what the voided event changed),
    ``parent`` (the parent's stage before it was dismantled). ``custody`` is the custodian after it: ``same``,
    ``signer``, ``nobody``, ``none``, ``consignee``, ``declared``, ``before``. ``offer`` says what an open
    offer does: it ``bars`` the event, ``stays``, or is ``closed`` by it.
    """

    type: str
    chain: str
    by: tuple[By, ...]
    zh: str
    en: str
    stages: tuple[str, ...] = ()
    stage: str = "same"
    custody: str = "same"
    offer: Literal["bars", "stays", "closed"] = "bars"
    licence: str = ""  # scope that the signer's licence must name
    acts_as: bool = False  # `data.capacity` names the role in which the signer acts
    leads: str = ""  # type of the events that must follow in the group
    follows: str = ""  # type of the event that leads the group
    joint: bool = False  # carries approvals of further registrars
    voidable: bool = False
    also: tuple[str, ...] = ()


FITTERS: Final = (VEHICLE_MAKER, DEALER, REPAIRER, SWAP_OPERATOR)
RELEASERS: Final = (BATTERY_MAKER, IMPORTER, VEHICLE_MAKER, DEALER, REPAIRER, SWAP_OPERATOR, REPURPOSER)

TABLE: Final[tuple[Row, ...]] = (
    Row(
        "log.opened",
        "log",
        (By("first"),),
        "日志启用",
        "log opened",
        also=("origin", "founding_keys", "known_rules"),
    ),
    Row(
        "org.enrolled",
        "org",
        (By("registrar"),),
        "机构登记",
        "organisation enrolled",
        joint=True,
        also=("chain_absent", "vendor_codes_free", "new_admin_key"),
    ),
    Row(
        "org.changed",
        "org",
        (By("registrar"),),
        "机构变更",
        "organisation changed",
        joint=True,
        also=("chain_present", "vendor_codes_free"),
    ),
    Row(
        "org.suspended",
        "org",
        (By("registrar"),),
        "机构暂停",
        "organisation suspended",
        joint=True,
        also=("chain_present", "not_suspended"),
    ),
    Row(
        "org.reinstated",
        "org",
        (By("registrar"),),
        "机构恢复",
        "organisation reinstated",
        joint=True,
        also=("chain_present", "is_suspended"),
    ),
    Row(
        "org.key_revoked",
        "org",
        (By("registrar"),),
        "登记机关吊销密钥",
        "key revoked by the registrar",
        also=("chain_present", "key_of_org"),
    ),
    Row("key.added", "keys", (By("admin"),), "增加密钥", "key added", also=("new_key",)),
    Row("key.revoked", "keys", (By("admin"),), "吊销密钥", "key revoked", also=("key_of_org",)),
    Row(
        "battery.manufactured",
        "battery",
        (By("first", (BATTERY_MAKER,)),),
        "生产",
        "manufactured",
        stages=(ABSENT,),
        stage=MANUFACTURED,
        custody="signer",
        voidable=True,
        also=("own_vendor_code", "components"),
    ),
    Row(
        "battery.registered",
        "battery",
        (By("first", CUSTODIAL),),
        "补登记",
        "registered",
        stages=(ABSENT,),
        stage="declared",
        custody="declared",
        acts_as=True,
        voidable=True,
        also=("registration",),
    ),
    Row(
        "battery.taken_in",
        "battery",
        (By("nobody", INTAKE),),
        "接收",
        "taken in",
        stages=(IN_VEHICLE, REMOVED, *WASTE, LOST),
        stage="intake",
        custody="signer",
        acts_as=True,
        voidable=True,
        also=("label_seen",),
    ),
    Row(
        "battery.released",
        "battery",
        (By("custodian", RELEASERS),),
        "交付使用",
        "released",
        stages=(IN_VEHICLE, REMOVED),
        custody="nobody",
        voidable=True,
    ),
    Row(
        "handover.offered",
        "battery",
        (By("custodian"),),
        "移交要约",
        "handover offered",
        stages=tuple(stage for stage in LIVE if stage != IN_PACK),
        voidable=True,
        also=("offer",),
    ),
    Row(
        "handover.accepted",
        "battery",
        (By("consignee", CUSTODIAL),),
        "接收移交",
        "handover accepted",
        stages=tuple(stage for stage in LIVE if stage != IN_PACK),
        stage="waste_or_same",
        custody="consignee",
        offer="closed",
        acts_as=True,
        voidable=True,
        also=("offer_named", "capacity_offered"),
    ),
    Row(
        "handover.declined",
        "battery",
        (By("consignee"),),
        "拒绝移交",
        "handover declined",
        stages=LIVE,
        offer="closed",
        also=("offer_named",),
    ),
    Row(
        "handover.withdrawn",
        "battery",
        (By("custodian"),),
        "撤回移交",
        "handover withdrawn",
        stages=LIVE,
        offer="closed",
        also=("offer_named",),
    ),
    Row(
        "battery.installed",
        "battery",
        (By("custodian", FITTERS),),
        "装车",
        "installed",
        stages=(MANUFACTURED, REMOVED),
        stage=IN_VEHICLE,
        leads="vehicle.fitted",
        voidable=True,
        also=("identity_settled", "pack_only", "position"),
    ),
    Row(
        "battery.removed",
        "battery",
        (By("custodian", CUSTODIAL), By("nobody", FITTERS)),
        "拆下",
        "removed",
        stages=(IN_VEHICLE,),
        stage=REMOVED,
        custody="signer",
        acts_as=True,
        leads="vehicle.taken_out",
        voidable=True,
        also=("vehicle_recorded", "label_seen"),
    ),
    Row(
        "battery.inspected",
        "battery",
        (By("custodian"), By("consignee"), By("nobody", (REPAIRER, VEHICLE_DISMANTLER, PACK_DISMANTLER))),
        "检测",
        "inspected",
        stages=LIVE,
        offer="stays",
        voidable=True,
    ),
    Row(
        "battery.retired",
        "battery",
        (By("custodian", CUSTODIAL),),
        "退役",
        "retired",
        stages=(MANUFACTURED, IN_VEHICLE, REMOVED, SWAP_POOL),
        stage="waste",
        acts_as=True,
        voidable=True,
    ),
    Row(
        "battery.dismantled",
        "battery",
        (By("custodian", CUSTODIAL),),
        "拆解",
        "dismantled",
        stages=(AT_DISMANTLER, AT_REPURPOSER, AT_RECYCLER),
        stage=DISMANTLED,
        custody="none",
        licence=OPEN_PACKS,
        leads="battery.extracted",
        voidable=True,
        also=("children",),
    ),
    Row(
        "battery.extracted",
        "battery",
        (By("dismantler"),),
        "拆出",
        "extracted",
        stages=(ABSENT, IN_PACK, MANUFACTURED, REMOVED),
        stage="parent",
        custody="signer",
        acts_as=True,
        follows="battery.dismantled",
        voidable=True,
        also=("child_of_parent",),
    ),
    Row(
        "battery.recycled",
        "battery",
        (By("custodian", (RECYCLER,)),),
        "再生利用",
        "recycled",
        stages=(AT_RECYCLER,),
        stage=RECYCLED,
        custody="none",
        voidable=True,
        also=("identity_settled", "own_open_batch"),
    ),
    Row(
        "battery.voided",
        "battery",
        (By("signer"), By("registrar")),
        "作废",
        "voided",
        stages=STAGES,
        stage="before",
        custody="before",
        offer="stays",
        joint=True,
        leads="*.voided",
        also=("voids",),
    ),
    Row(
        "label.reissued",
        "battery",
        (By("custodian"),),
        "换发标签",
        "label reissued",
        stages=LIVE,
        voidable=True,
        also=("new_label",),
    ),
    Row(
        "vehicle.fitted",
        "vehicle",
        (By("group"),),
        "车辆装入电池",
        "fitted",
        follows="battery.installed",
        voidable=True,
        also=("fits",),
    ),
    Row(
        "vehicle.taken_out",
        "vehicle",
        (By("group"),),
        "车辆取出电池",
        "taken out",
        follows="battery.removed",
        voidable=True,
        also=("takes_out",),
    ),
    Row(
        "vehicle.voided",
        "vehicle",
        (By("group"), By("registrar")),
        "作废",
        "voided",
        follows="battery.voided",
        also=("voids",),
    ),
    Row(
        "batch.opened",
        "batch",
        (By("owner", (RECYCLER,)),),
        "批次开始",
        "batch opened",
        also=("chain_absent",),
    ),
    Row("batch.closed", "batch", (By("owner"),), "批次结束", "batch closed", also=("batch_open", "inputs")),
    Row("note.corrected", "notes", (By("author"),), "更正", "corrected", also=("correctable",)),
)

ROWS: Final[dict[str, Row]] = {row.type: row for row in TABLE}

IN_USE_BARRED_TO: Final = (VEHICLE_DISMANTLER, PACK_DISMANTLER, RECYCLER)
"""Capacities in which nobody can accept a battery that is in use (LIFECYCLE, `handover.accepted`)."""

SELF_REVOKING: Final = ("key.revoked",)
"""What a suspended organisation may still say: that a key of its own is not to be trusted."""


def format_table() -> bytes:
    """The table as compact JSON: the part of the rule set that its digest covers."""
    return orjson.dumps(
        {"in_use": IN_USE, "in_use_barred_to": IN_USE_BARRED_TO, "rows": [asdict(row) for row in TABLE]}
    )
