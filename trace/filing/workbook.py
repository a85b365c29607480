"""A filing as a workbook: a sheet for each of the platform's tables, each marked as unconfirmed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from ..workbook.writing import Head, Sheet, write_workbook
from .gathering import PACKS, Filing

UNCONFIRMED: Final = "未经确认的栏目 unconfirmed columns"
_WHY: Final = (
    "平台字段表未公开，栏目依据二手资料；申报前请与平台核对。"
    "The platform's table of fields is not public; the columns follow other sources: check before filing."
)
_OURS: Final = "非平台栏目 not of the platform"


def filing_workbook(filing: Filing, made_at: datetime) -> bytes:
    """The workbook.

    Args:
        made_at: When the file says that it was made; in UTC.
    """
    return write_workbook(
        [
            _sheet(
                filing,
                "车辆报废 scrapped",
                ("VIN", "报废日期 scrap date", "电池包编码 pack code", "电池类型 battery type"),
                ("备注 remark", "事件 event"),
                (
                    (row.vin, row.day, row.code, row.battery_type, row.remark, row.event)
                    for row in filing.scrapped
                ),
            ),
            _sheet(
                filing,
                "废旧电池出库 waste out",
                (
                    "电池包编码 pack code",
                    "出库日期 date out",
                    "接收单位名称 receiver",
                    "统一社会信用代码或 DUNS receiver's code",
                ),
                ("事件 event",),
                (
                    (row.code, row.day, row.receiver, row.receiver_id.partition(":")[2], row.event)
                    for row in filing.waste_out
                ),
            ),
            _sheet(
                filing,
                "数字身份 identity",
                ("电池编码 battery code", "产品类别 product category", "回收利用信息 recovery data"),
                ("现状 stage",),
                ((row.code, row.category, row.recovery, row.stage) for row in filing.identities),
            ),
            _sheet(
                filing,
                "车辆档案 vehicle file",
                (
                    "VIN",
                    *(
                        head
                        for number in range(1, PACKS + 1)
                        for head in (f"电池包编码 pack code {number}", f"生产日期 production date {number}")
                    ),
                ),
                ("事件 event",),
                (
                    (
                        row.vin,
                        *(
                            text
                            for pack in (*row.packs, *[("", "")] * (PACKS - len(row.packs)))
                            for text in pack
                        ),
                        row.event,
                    )
                    for row in filing.vehicles
                ),
            ),
        ],
        made_at,
    )


def _sheet(
    filing: Filing, name: str, heads: Sequence[str], ours: Sequence[str], rows: Iterable[Sequence[str]]
) -> Sheet:
    wide = {"编码": 28, "code": 28, "事件 event": 46, "recovery": 50}
    columns = [
        Head((mark, head), next((size for word, size in wide.items() if word in head), 18))
        for mark, group in ((UNCONFIRMED, heads), (_OURS, ours))
        for head in group
    ]
    return Sheet(
        name,
        tuple(columns),
        [[text or None for text in row] for row in rows],
        above=(
            (UNCONFIRMED, _WHY),
            (
                f"{filing.name} {filing.org}",
                f"{filing.since} – {filing.until}，北京时间 China's time (UTC+8)",
            ),
        ),
    )
