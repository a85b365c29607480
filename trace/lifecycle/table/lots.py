"""Rows of lots: material without a code of its own."""

from __future__ import annotations

from typing import Final

from ..words import ABSENT, CUSTODIAL, EXPORTED, FINAL, HELD, LOST, LOT_STAGES, MERGED, RECYCLER, SPLIT
from .row import By, Row

LOTS: Final = (
    Row(
        "lot.made", "lot", (By("first", CUSTODIAL),), "物料批次生成", "lot made",
        stages=(ABSENT,), stage=HELD, custody="signer", acts_as=True, leads=("lot.merged",), voidable=True,
        also=("own_lot", "lot_source"),
    ),
    Row(
        "lot.split", "lot", (By("custodian", CUSTODIAL),), "物料拆分", "lot split",
        stages=(HELD,), stage=SPLIT, custody="none", leads=("lot.made",), voidable=True, also=("shares",),
    ),
    Row(
        "lot.merged", "lot", (By("custodian", CUSTODIAL),), "物料合并", "lot merged",
        stages=(HELD,), stage=MERGED, custody="none", follows=("lot.made",), voidable=True,
        also=("into_lot",),
    ),
    Row(
        "lot.assayed", "lot", (By("custodian"), By("consignee")), "物料化验", "lot assayed",
        stages=(HELD,), offer="stays", hold="passes", voidable=True,
    ),
    Row(
        "lot.charged", "lot", (By("custodian", (RECYCLER,)),), "物料投料", "lot charged",
        stages=(HELD,), stage="remaining", custody="remaining", hold="bars", voidable=True,
        also=("own_open_batch", "no_more_than_remains"),
    ),
    Row(
        "lot.exported", "lot", (By("custodian"),), "物料出口", "lot exported",
        stages=(HELD,), stage=EXPORTED, custody="none", hold="bars", voidable=True, also=("customs_paper",),
    ),
    Row(
        "lot.final", "lot", (By("custodian", (RECYCLER,)),), "物料最终产出", "lot final",
        stages=(HELD,), stage=FINAL, custody="none", hold="bars", voidable=True, also=("output_point",),
    ),
    Row(
        "lot.lost", "lot", (By("custodian"),), "物料遗失", "lot lost",
        stages=(HELD,), stage=LOST, custody="nobody", offer="closed", hold="passes", voidable=True,
    ),
    Row(
        "lot.voided", "lot", (By("signer"), By("registrar")), "作废", "voided",
        stages=LOT_STAGES, stage="before", custody="before", offer="stays", hold="bars", joint=True,
        leads=("*.voided",), also=("voids",),
    ),
)  # fmt: skip
