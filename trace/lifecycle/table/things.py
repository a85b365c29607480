"""Rows of models, vehicles, consignments and batches."""

from __future__ import annotations

from typing import Final

from ..words import BATTERY_MAKER, CUSTODIAL, IMPORTER, RECYCLER, REPURPOSER, VEHICLE_DISMANTLER
from .row import By, Row

_MAKERS: Final = (BATTERY_MAKER, IMPORTER, REPURPOSER)

THINGS: Final = (
    Row(
        "model.published", "model", (By("owner", _MAKERS),), "型号发布", "model published",
        also=("chain_absent",),
    ),
    Row(
        "model.changed", "model", (By("owner", _MAKERS),), "型号变更", "model changed",
        also=("chain_present",),
    ),
    Row(
        "vehicle.fitted", "vehicle", (By("group"),), "车辆装入电池", "fitted",
        follows=("battery.installed",), voidable=True, also=("fits",),
    ),
    Row(
        "vehicle.taken_out", "vehicle", (By("group"),), "车辆取出电池", "taken out",
        follows=("battery.removed",), voidable=True, also=("takes_out",),
    ),
    Row(
        "vehicle.scrapped", "vehicle", (By("anyone", (VEHICLE_DISMANTLER,)),), "车辆报废拆解", "scrapped",
        voidable=True, also=("scraps",),
    ),
    Row(
        "vehicle.voided", "vehicle", (By("signer"), By("registrar")), "作废", "voided",
        joint=True, leads=("*.voided",), also=("voids",),
    ),
    Row(
        "consignment.dispatched", "consignment", (By("owner", CUSTODIAL),), "发运", "dispatched",
        also=("chain_absent", "load"),
    ),
    Row(
        "consignment.arrived", "consignment", (By("receiver"),), "到货", "arrived",
        also=("on_its_way", "unloaded"),
    ),
    Row(
        "batch.opened", "batch", (By("owner", (RECYCLER,)),), "批次开始", "batch opened",
        also=("chain_absent",),
    ),
    Row(
        "batch.closed", "batch", (By("owner"),), "批次结束", "batch closed",
        also=("batch_open", "inputs", "balance"),
    ),
)  # fmt: skip
