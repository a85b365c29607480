"""The truck itself, and what became of its load (September to November 2026)."""

from __future__ import annotations

from typing import Any, Final

from ..signing.base64url import b64url, parse_b64url
from ..signing.merkle import leaf_hash, root_of
from ..trace.codes.subjects import parse_subject
from .author import Author
from .firms import DISMANTLER, RECYCLER, YARD
from .packs import (
    CRASHED,
    IMPORTED,
    LEGACY,
    NEXT,
    RECALLED,
    SHORT_OF_A_MODULE,
    TAGGED,
    TEST_TRUCK,
    UNEXPECTED,
    WHOLE,
    Pack,
    modules,
    pack,
)
from .story import accept, offer, replace_phone

CONSIGNMENT: Final = YARD.owns("consignment", "LT-20260914-1")
LFP_BATCH: Final = RECYCLER.owns("batch", "2026-10-LFP-03")
TERNARY_BATCH: Final = RECYCLER.owns("batch", "2026-11-NCM-01")

LEAKING: Final = pack(*CRASHED[2])
MIS_SCANNED, MEANT = pack(*RECALLED[1]), pack(*RECALLED[2])  # one above the other on the truck

TAKEN_APART_WITH_CODES: Final = (*RECALLED, *CRASHED[:2])
LOAD: Final = (
    *(pack(*made) for made in (*RECALLED, *CRASHED, *TEST_TRUCK)),
    *WHOLE,
    *LEGACY,
    SHORT_OF_A_MODULE,
    IMPORTED,
    TAGGED,
)
"""The forty packs that the yard offered."""

_MODULE_SHARE: Final = 185  # permille of the pack's mass, each of four
# Permille of what goes into the shredder; what is left to 1000 is lost unseen.
_OUTPUTS: Final = {"black_mass": 441, "copper": 81, "aluminium": 118, "steel": 204, "plastics": 57}
_LOSSES: Final = {"electrolyte": 62, "off_gas": 18, "dust": 6, "moisture": 9}


def the_truck(author: Author) -> None:
    """Loading, arrival, and everything after it."""
    offers = _load(author)
    _arrive(author, offers)
    _unexpected(author)
    _correct(author)
    children = _take_apart(author)
    _shred(author, children)


def _load(author: Author) -> dict[str, str]:
    author.on("2026-09-14 07:50")
    offers = {}
    for number, item in enumerate(LOAD):
        more: dict[str, Any] = {"consignment": CONSIGNMENT}
        if item is SHORT_OF_A_MODULE:
            more["mass"] = item.nameplate()
        elif item is not TAGGED:
            more["mass"] = item.weighed()
        if item is TAGGED:
            more["packing"] = "damaged"
        if number == 0:
            more["note"] = "粤示例E·09140车，共40包，随车纸质清单一份"
        if item is LEAKING:
            more["note"] = "箱底有冷却液痕迹，已加吸附垫和防漏托盘"
        offers[item.subject] = offer(
            author, YARD, DISMANTLER, "pack_dismantler", item.subject, until="2026-09-28", **more
        )
    return offers


def _arrive(author: Author, offers: dict[str, str]) -> None:
    """Forty-one stand on the ramp; thirty-eight are taken over."""
    author.on("2026-09-15 09:20")
    author.say(
        DISMANTLER,
        "battery.inspected",
        LEAKING.subject,
        {
            "condition": "leaking",
            "note": "卸车检查：箱体底部持续渗液，气体检测仪报警，未卸车",
            "not_measured": [{"what": "soh", "reason": "安全原因，未上电"}],
            "evidence": author.evidence("photo"),
        },
    )
    for item in LOAD:
        if item in (LEAKING, SHORT_OF_A_MODULE, MEANT):
            continue
        _accept(author, item, offers)
        if item == MIS_SCANNED:
            _accept_wrongly_then_right(author, offers)
    author.say(
        DISMANTLER,
        "handover.declined",
        LEAKING.subject,
        {
            "offer": offers[LEAKING.subject],
            "reason": "damaged",
            "note": "渗液包须按破损电池单独包装后再运，原车退回",
            "evidence": author.evidence("photo"),
        },
    )
    author.say(
        DISMANTLER,
        "handover.declined",
        SHORT_OF_A_MODULE.subject,
        {
            "offer": offers[SHORT_OF_A_MODULE.subject],
            "reason": "mass_differs",
            "note": f"过磅 {SHORT_OF_A_MODULE.measured_g / 1000:.1f} kg，比申报少约 50 kg，箱盖封胶有新痕迹",
            "evidence": author.evidence("ticket"),
        },
    )


def _accept(author: Author, item: Pack, offers: dict[str, str], **more: Any) -> str:
    condition = {TAGGED: "burnt", IMPORTED: "damaged"}.get(item, "intact")
    if item is TAGGED:
        more["not_measured"] = [{"what": "module_codes", "reason": "箱体烧毁，未开箱"}]
    return accept(
        author,
        DISMANTLER,
        "pack_dismantler",
        item.subject,
        offers[item.subject],
        **{"condition": condition, "mass": item.weighed(), "site": "boluo", **more},
    )


def _accept_wrongly_then_right(author: Author, offers: dict[str, str]) -> None:
    """The pack above was scanned for the one below: noticed at the scale, undone, and done right."""
    item = MIS_SCANNED
    chain = author.world.chain(item.subject)
    if chain is None:
        raise ValueError("story: expected the pack that was scanned")
    reason = f"误扫：过磅的是下层包 {MEANT.subject[-7:]}，扫到的是上层包 {item.subject[-7:]}，作废后重新接收"
    author.say(DISMANTLER, "battery.voided", item.subject, {"event": chain.head, "reason": reason})
    _accept(author, MEANT, offers)
    _accept(author, item, offers)


def _unexpected(author: Author) -> None:
    """The forty-first is on no list: the dismantler vouches for it from this day on."""
    author.on("2026-09-16 10:10")
    data = {
        "stage": "waste",
        "capacity": "pack_dismantler",
        "holder": "signer",
        "basis": "legacy",
        "read_by": "camera",
        "chemistry": UNEXPECTED.chemistry,
        "mass": UNEXPECTED.weighed(),
        "condition": "intact",
        "label": author.label(UNEXPECTED.subject),
        "site": "boluo",
        "note": "车上多出一包，发货清单40包实到41包，发货方电话确认漏列，来源待补",
        "evidence": author.evidence("photo") + author.evidence("ticket"),
    }
    author.say(DISMANTLER, "battery.registered", UNEXPECTED.subject, data)


def _correct(author: Author) -> None:
    """The yard weighs the pack that came back and corrects the mass that it had copied from the plate."""
    author.on("2026-09-18 15:30")
    past = author.world.past(SHORT_OF_A_MODULE.subject)
    while past and past.type != "battery.registered":
        past = past.earlier
    if past is None:
        raise ValueError("story: expected the registration")
    author.say(
        YARD,
        "note.corrected",
        f"notes:{SHORT_OF_A_MODULE.subject}",
        {
            "event": past.event,
            "set": {"mass": SHORT_OF_A_MODULE.weighed(), "condition": "opened"},
            "reason": "登记时照抄铭牌质量，复秤后更正；入场前已被开箱，缺一个模组",
        },
    )


def _take_apart(author: Author) -> list[str]:
    """Six packs with coded modules give twenty-four children; eighteen others give loose modules."""
    children: list[str] = []
    for number, made in enumerate(TAKEN_APART_WITH_CODES):
        author.on(f"2026-09-{21 + number} 09:00")
        item = pack(*made)
        each = item.measured_g * _MODULE_SHARE // 1000
        inside = modules(*made)
        with author.group():
            dismantled = author.say(
                DISMANTLER,
                "battery.dismantled",
                item.subject,
                {
                    "mass": item.weighed(),
                    "children": [{"battery": child, "g": each} for child in inside],
                    "residues": _residues(item.measured_g - 4 * each, loose_g=0),
                    "site": "boluo",
                },
                ago_s=1800,
            )
            for child in inside:
                author.say(
                    DISMANTLER,
                    "battery.extracted",
                    child,
                    {
                        "parent": item.subject,
                        "dismantled": dismantled,
                        "capacity": "pack_dismantler",
                        "mass": {"g": each, "basis": "measured", "scale_g": 100},
                        "condition": "intact",
                    },
                    ago_s=600,
                )
        children += inside

    for number, item in enumerate((*LEGACY, TAGGED, UNEXPECTED)):
        author.on(f"2026-10-{8 + number // 6 * 2:02d} {9 + number % 6:02d}:15")
        author.say(
            DISMANTLER,
            "battery.dismantled",
            item.subject,
            {
                "mass": item.weighed(),
                "children": [],
                "residues": _residues(item.measured_g - item.measured_g * 7 // 10, item.measured_g * 7 // 10),
                "site": "boluo",
                "not_measured": [{"what": "module_codes", "reason": "模组无编码或编码无法关联到包"}],
            },
            ago_s=2400,
        )
    return children


def _residues(rest_g: int, loose_g: int) -> list[dict[str, Any]]:
    """The lines of what carries no code; together with the children they make up the pack."""
    casing, cables, electronics = rest_g * 66 // 100, rest_g * 14 // 100, rest_g * 9 // 100
    lines: list[dict[str, Any]] = [
        {"kind": "casing", "g": casing},
        {"kind": "cables", "g": cables},
        {"kind": "electronics", "g": electronics},
        {"kind": "coolant", "g": rest_g - casing - cables - electronics},
    ]
    if loose_g:
        lines.insert(0, {"kind": "modules", "g": loose_g, "count": 12})
    return [{"line": number, **line} for number, line in enumerate(lines, 1)]


def _shred(author: Author, children: list[str]) -> None:
    """Iron phosphate packs and modules in one batch, ternary modules in a second that is still open."""
    staying = modules(*RECALLED[-1])
    items = [item.subject for item in WHOLE] + [child for child in children if child not in staying]
    author.on("2026-10-19 08:30")
    offers = {}
    for item in items:
        mass = _mass(item)
        offers[item] = offer(author, DISMANTLER, RECYCLER, "recycler", item, until="2026-11-02", mass=mass)
    replace_phone(author)
    author.on("2026-10-21 10:00")
    for item, offered in offers.items():
        mass = _mass(item)
        accept(author, RECYCLER, "recycler", item, offered, read_by="scanner", mass=mass, site="yingde")

    author.on("2026-10-22 08:00")
    iron = [item.subject for item in WHOLE] + [child for child in children if _letter(child) == "B"]
    opened = {"process": "mechanical", "site": "yingde", "note": "磷酸铁锂专批，破碎前放电至 0 V"}
    author.say(RECYCLER, "batch.opened", LFP_BATCH, opened)
    author.on("2026-10-23 08:20")
    charged = [_charge(author, item, LFP_BATCH) for item in iron]
    author.on("2026-11-02 17:00")
    _close(author, charged)

    author.on("2026-11-05 08:00")
    opened = {"process": "mechanical", "site": "yingde", "note": "三元专批"}
    author.say(RECYCLER, "batch.opened", TERNARY_BATCH, opened)
    author.on("2026-11-06 08:40")
    ternary = [child for child in children if _letter(child) == "E"]
    for item in ternary[:8]:
        _charge(author, item, TERNARY_BATCH)

    author.on("2026-11-17 11:00")
    data = {
        "stage": "waste",
        "capacity": "vehicle_dismantler",
        "holder": "signer",
        "basis": "legacy",
        "read_by": "camera",
        "chemistry": NEXT.chemistry,
        "mass": NEXT.weighed(),
        "condition": "intact",
        "label": author.label(NEXT.subject),
        "site": "sanshui",
        "evidence": author.evidence("photo"),
    }
    author.say(YARD, "battery.registered", NEXT.subject, data, word="new phone")
    author.on("2026-11-20 09:00")
    # As long as the policy allows: whoever loads the sample can still answer it a year later.
    offer(author, YARD, DISMANTLER, "pack_dismantler", NEXT.subject, until="2027-12-20", mass=NEXT.weighed())


def _letter(item: str) -> str:
    """The battery type in a code: B lithium iron phosphate, E ternary."""
    code = parse_subject(item).code
    return code.battery_type if code else ""


def _mass(item: str) -> dict[str, Any]:
    """What the pack or module weighs."""
    for whole in WHOLE:
        if whole.subject == item:
            return whole.weighed()
    for made in TAKEN_APART_WITH_CODES:
        if item in modules(*made):
            return {"g": pack(*made).measured_g * _MODULE_SHARE // 1000, "basis": "measured", "scale_g": 100}
    raise ValueError(f"story: expected a pack or module of the recycler's, got {item}")


def _charge(author: Author, item: str, batch: str) -> tuple[str, int]:
    mass = _mass(item)
    return author.say(RECYCLER, "battery.recycled", item, {"batch": batch, "mass": mass}), mass["g"]


def _close(author: Author, charged: list[tuple[str, int]]) -> None:
    total = sum(grams for _, grams in charged)
    root = root_of([leaf_hash(parse_b64url(event)) for event, _ in charged])
    author.say(
        RECYCLER,
        "batch.closed",
        LFP_BATCH,
        {
            "inputs": {"count": len(charged), "g": total, "root": b64url(root)},
            "outputs": [{"kind": kind, "g": total * share // 1000} for kind, share in _OUTPUTS.items()],
            "losses": [{"kind": kind, "g": total * share // 1000} for kind, share in _LOSSES.items()],
            "evidence": author.evidence("ticket", "application/pdf"),
        },
    )
