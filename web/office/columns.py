"""Which columns a table has in which a step is told row by row: made from the schema of its statement.

One battery a row. What a row can't say (documents, lists, parts of a group) is told in the form of the step.
Headings and words are in Chinese and English; a cell may hold the word of the schema or the whole choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson

from ...trace.lifecycle.table import TABLE
from ...trace.lifecycle.words import ROLE_NAMES, STAGES, TOLD
from ...trace.rules.shapes import Shapes

STEPS: Final = (
    "battery.taken_in",
    "battery.registered",
    "handover.offered",
    "handover.accepted",
    "handover.declined",
    "battery.retired",
    "battery.inspected",
    "battery.moved",
    "battery.rebooked",
    "battery.incident",
    "battery.released",
    "battery.recycled",
    "battery.exported",
    "battery.lost",
    "battery.found",
)
"""Types of statements of which one row says all."""

_FILLED_IN: Final = frozenset({"offer"})
"""Required members that the device knows: of which offer it is, the battery's own state says."""
_NOT_IN_ROWS: Final = frozenset({"linked", "predecessor", "conflicts_with", "label", "clears_damage"})

_MEMBERS: Final[Mapping[str, tuple[str, str]]] = {
    "code": ("电池编码", "Battery code"),
    "occurred_at": ("发生时间", "When"),
    "basis": ("依据", "Basis"),
    "batch": ("处理批次", "Batch"),
    "capacity": ("以何身份", "Capacity"),
    "chemistry": ("化学体系", "Chemistry"),
    "condition": ("状况", "Condition"),
    "consignee": ("接收方", "Consignee"),
    "consignment": ("运单", "Consignment"),
    "customs_number": ("海关单号", "Customs number"),
    "destination": ("目的地", "Destination"),
    "expires_at": ("要约有效至", "Offer stands until"),
    "holder": ("由谁持有", "Who holds it"),
    "kind": ("事件种类", "Kind"),
    "mass.basis": ("质量依据", "Basis of the mass"),
    "mass.g": ("质量", "Mass"),
    "mass.scale_g": ("衡器分度", "Step of the scale"),
    "note": ("备注", "Note"),
    "packing": ("包装", "Packing"),
    "read_by": ("标签读取方式", "How the label was read"),
    "reason": ("原因", "Reason"),
    "region": ("地区", "Region"),
    "site": ("场所", "Site"),
    "soh_permille": ("健康度", "State of health"),
    "stage": ("阶段", "Stage"),
    "token": ("标签令牌", "Token of the label"),
}
_UNITS: Final = {"mass.g": "kg", "mass.scale_g": "g", "soh_permille": "‰"}
_EXAMPLES: Final = {
    "code": "04QPB76836300JBC40000903",
    "occurred_at": "2026-11-23 14:30",
    "batch": "batch:uscc:91440300MA5000005X/B7",
    "chemistry": "LFP",
    "consignee": "org:uscc:91440300MA5000005X",
    "consignment": "",
    "destination": "DE",
    "expires_at": "2026-12-23 18:00",
    "mass.g": "438.5",
    "region": "CN-440300",
    "site": "yard-1",
    "soh_permille": "812",
}
WORDS: Final[Mapping[str, tuple[str, str]]] = {
    **ROLE_NAMES,
    **{stage: (TOLD[stage].zh, TOLD[stage].en) for stage in STAGES},
    "accident": ("事故", "accident"),
    "accident_in_transit": ("运输途中事故", "accident in transit"),
    "burnt": ("烧毁", "burnt"),
    "camera": ("相机", "camera"),
    "collision": ("碰撞", "collision"),
    "critical": ("危险损坏包装", "packing for critically damaged"),
    "damaged": ("损坏", "damaged"),
    "drop": ("跌落", "drop"),
    "end_of_life": ("寿命终止", "end of life"),
    "fire": ("起火", "fire"),
    "imported": ("进口", "imported"),
    "intact": ("完好", "intact"),
    "label_unreadable": ("标签无法读取", "label can't be read"),
    "leak": ("漏液", "leak"),
    "leaking": ("漏液", "leaking"),
    "leased": ("出租", "leased"),
    "legacy": ("早于本系统", "older than the system"),
    "maker_not_enrolled": ("生产企业未登记", "maker is not enrolled"),
    "mass_differs": ("质量不符", "mass differs"),
    "measured": ("实测", "measured"),
    "missing": ("缺失", "missing"),
    "nameplate": ("铭牌", "nameplate"),
    "nobody": ("无人", "nobody"),
    "normal": ("普通包装", "normal packing"),
    "not_expected": ("非预期", "not expected"),
    "not_on_truck": ("不在车上", "not on the truck"),
    "opened": ("已打开", "opened"),
    "other": ("其他", "other"),
    "other_log": ("来自其他日志", "from another log"),
    "photo": ("照片", "photo"),
    "recall": ("召回", "recall"),
    "returned_to_maker": ("退回生产企业", "returned to the maker"),
    "returned_to_owner": ("归还车主", "returned to the owner"),
    "scanner": ("扫码枪", "scanner"),
    "second_life": ("梯次利用", "second life"),
    "shared_ticket": ("共用磅单", "shared ticket"),
    "signer": ("签署方", "the signer"),
    "sold": ("售出", "sold"),
    "stolen": ("被盗", "stolen"),
    "swelling": ("鼓胀", "swelling"),
    "treatment": ("处理", "treatment"),
    "typed": ("手工输入", "typed"),
    "uneconomic": ("不经济", "uneconomic"),
    "unknown": ("未知", "unknown"),
    "unreadable": ("无法读取", "can't be read"),
    "vehicle_scrapped": ("车辆报废", "vehicle scrapped"),
    "waste": ("废旧", "waste"),
    "water": ("浸水", "water"),
    "with_vehicle": ("随车", "with the vehicle"),
    "wrong_battery": ("电池不符", "wrong battery"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """An allowed value, with its words."""

    value: str
    zh: str
    en: str

    @property
    def shown(self) -> str:
        """In a drop-down: the value, and its word in Chinese."""
        return f"{self.value} {self.zh}"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: which member it is, and what a cell of it may hold."""

    name: str  # `code`, `occurred_at`, or the member of `data`: mass.g is `g` in `mass`
    zh: str
    en: str
    kind: str  # code, time, choice, kilograms, whole, text
    required: bool
    withheld: bool = False
    unit: str = ""
    choices: tuple[Choice, ...] = ()
    pattern: str = ""
    most: int = 0  # characters, or the largest number
    says: str = ""  # what such a text is, in English
    example: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A type of statement that rows can tell."""

    type: str
    zh: str
    en: str
    columns: tuple[Column, ...]


def steps_of(shapes: Shapes) -> tuple[Step, ...]:
    """Every step of which one row says all, by the rules in force."""
    named = {row.type: (row.zh, row.en) for row in TABLE}
    return tuple(
        Step(kind, *named[kind], tuple(_columns(orjson.loads(shapes.sources[kind])["properties"]["data"])))
        for kind in STEPS
        if kind in shapes.sources
    )


def step_object(step: Step) -> dict[str, Any]:
    """For programs."""
    return asdict(step)


def _columns(data: Mapping[str, Any]) -> Iterator[Column]:
    yield _named("code", "code", required=True)
    yield _named("occurred_at", "time", required=True)
    required = set(data.get("required", ()))
    members: dict[str, Any] = data["properties"]
    for name in sorted(members, key=lambda name: name not in required):
        if name in _FILLED_IN or name in _NOT_IN_ROWS:
            continue
        yield from _of_member(name, members[name], name in required)


def _of_member(name: str, schema: Mapping[str, Any], required: bool) -> Iterator[Column]:
    if name == "mass":
        inner = schema["properties"]
        yield _named("mass.g", "kilograms", required=required, most=inner["g"]["maximum"])
        yield _of_choices("mass.basis", inner["basis"], required)
        yield _named("mass.scale_g", "whole", required=False, most=inner["scale_g"]["maximum"])
    elif "x-disclosed" in schema:
        yield _of_text(name, schema["x-disclosed"], required, withheld=True)
    elif "enum" in schema:
        yield _of_choices(name, schema, required)
    elif schema.get("type") == "integer":
        yield _named(name, "whole", required=required, most=schema["maximum"])
    elif schema.get("type") == "string":
        yield _of_text(name, schema, required)


def _of_choices(name: str, schema: Mapping[str, Any], required: bool) -> Column:
    choices = tuple(Choice(value, *WORDS.get(value, (value, value))) for value in schema["enum"])
    return _named(name, "choice", required=required, choices=choices, example=choices[0].shown)


def _of_text(name: str, schema: Mapping[str, Any], required: bool, *, withheld: bool = False) -> Column:
    return _named(
        name,
        "time" if name == "expires_at" else "text",
        required=required,
        withheld=withheld,
        pattern=schema.get("pattern", ""),
        most=schema["maxLength"],
        says=schema.get("description", ""),
    )


def _named(name: str, kind: str, *, required: bool, **said: Any) -> Column:
    zh, en = _MEMBERS[name]
    example = said.pop("example", "") or _EXAMPLES.get(name, "")
    return Column(name, zh, en, kind, required, unit=_UNITS.get(name, ""), example=example, **said)
