"""Rows by which custody moves: of batteries, and of lots in the same words."""

from __future__ import annotations

from typing import Final

from ..words import CUSTODIAL, HELD, LOOSE, LOST, WASTE
from .row import By, Row


def _handovers(chain: str, stages: tuple[str, ...], assigned_from: tuple[str, ...]) -> tuple[Row, ...]:
    """Offer, the three answers, and what a court decides.

    Args:
        stages: Those in which it can be offered.
        assigned_from: Those in which a registrar can assign it.
    """
    accepted = "waste_or_same" if chain == "battery" else "same"
    return (
        Row(
            "handover.offered", chain, (By("custodian"),), "移交要约", "handover offered",
            stages=stages, voidable=True, also=("offer",),
        ),
        Row(
            "handover.accepted", chain, (By("consignee", CUSTODIAL),), "接收移交", "handover accepted",
            stages=stages, stage=accepted, custody="consignee", offer="closed", hold="bars", acts_as=True,
            voidable=True, also=("offer_named", "capacity_offered"),
        ),
        Row(
            "handover.declined", chain, (By("consignee"),), "拒绝移交", "handover declined",
            stages=stages, offer="closed", hold="passes", also=("offer_named",),
        ),
        Row(
            "handover.withdrawn", chain, (By("custodian"),), "撤回移交", "handover withdrawn",
            stages=stages, offer="closed", hold="passes", also=("offer_named",),
        ),
        Row(
            "custody.assigned", chain, (By("registrar"),), "裁定保管人", "custody assigned",
            stages=assigned_from, stage=accepted if chain == "battery" else HELD, custody="named",
            offer="closed", hold="passes", joint=True, voidable=True, also=("assignment",),
        ),
    )  # fmt: skip


HANDOVERS: Final = (
    *_handovers("battery", LOOSE, LOOSE),
    Row(
        "battery.rebooked", "battery", (By("custodian", CUSTODIAL),), "转为另一身份保管", "rebooked",
        stages=WASTE, stage="waste", hold="bars", acts_as=True, voidable=True, also=("other_capacity",),
    ),
    *_handovers("lot", (HELD,), (HELD, LOST)),
    Row(
        "lot.rebooked", "lot", (By("custodian", CUSTODIAL),), "物料转为另一身份保管", "lot rebooked",
        stages=(HELD,), hold="bars", acts_as=True, voidable=True, also=("other_capacity",),
    ),
)  # fmt: skip
