"""Packs become black mass at one recycler and battery salts at another, by lots (May to November 2026).

A batch balances what came from batteries: the salts are stated by the metal in them, since acid, soda and
water of crystallisation were never in a pack; the lithium carbonate by its lithium.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..trace.lifecycle.state import Lot
from .author import Author, Party
from .designs import Design
from .founding import firm, found
from .handing_over import accept, deliver, load, unload, weights
from .treatment import charge, close_batch, make_lot, merge_lots, open_batch, residues, split_lot

ORIGIN: Final = "packtrace.example/samples/shredder-to-battery-salts"

REGISTRAR: Final = firm(
    "river registrar", "360000", "X", "示例省沿江动力电池溯源登记中心",
    "Example Riverside Battery Trace Registry",
    "registrar", department="12",
)  # fmt: skip
DISMANTLER: Final = firm(
    "jiujiang", "360400", "Y", "九江浔拆电池回收（示例）有限公司",
    "Xunchai Battery Collection (Sample) Co., Ltd.",
    "collector", "pack_dismantler", licences={"pack_dismantler": ("open_packs",)},
    sites=(("chaisang", "CN-360404", "柴桑拆解车间"),),
)  # fmt: skip
SHREDDER: Final = firm(
    "yichun", "360900", "0", "宜春锂川再生资源（示例）有限公司",
    "Lichuan Recovered Resources (Sample) Co., Ltd.",
    "recycler", licences={"recycler": ("open_packs", "shred")},
    sites=(("fengxin", "CN-360921", "奉新破碎线"),),
)  # fmt: skip
REFINER: Final = firm(
    "ganzhou", "360700", "1", "赣州稀镍新材料（示例）股份有限公司",
    "Xinie New Materials (Sample) Co., Ltd.",
    "recycler", licences={"recycler": ("leach", "extract")},
    sites=(("longnan", "CN-360783", "龙南湿法厂"),),
)  # fmt: skip
CARRIER: Final = firm(
    "poyang", "360100", "2", "南昌鄱运危险货物运输（示例）有限公司",
    "Poyun Dangerous Goods (Sample) Ltd.", "carrier",
)  # fmt: skip
PARTIES: Final = (REGISTRAR, DISMANTLER, SHREDDER, REFINER, CARRIER)

N62: Final = Design(
    "GX-N62", "GX5", "P", "62", "6N62X01", "NMC622", 382_000, 60_100, 350_400, 96, "赣行 N62 电池包"
)
OPENED: Final = tuple(N62.item(made, serial) for made, serial in (
    ("2019-04-18", 611), ("2019-04-18", 614), ("2019-11-22", 90), ("2020-03-31", 1207),
    ("2020-06-05", 45), ("2020-06-05", 46),
))  # fmt: skip
WHOLE: Final = tuple(N62.item(made, serial) for made, serial in (
    ("2018-10-09", 33), ("2019-01-21", 702), ("2020-08-14", 18), ("2020-08-14", 19),
    ("2021-02-01", 366), ("2021-02-02", 371),
))  # fmt: skip

MECHANICAL: Final = (SHREDDER.owns("batch", "2026-06-NCM-M1"), SHREDDER.owns("batch", "2026-07-NCM-M2"))
LEACHING: Final = (REFINER.owns("batch", "2026-09-HY-21"), REFINER.owns("batch", "2026-10-HY-24"))

# Permille of what goes in; what is left to 1000 nobody has seen.
_SHREDDED: Final = {"black_mass": 452, "copper": 75, "aluminium": 128, "steel": 193, "plastics": 52}
_SHREDDED_LOOSE: Final = {"black_mass": 586, "copper": 96, "aluminium": 93, "steel": 78, "plastics": 34}
_SHREDDING: Final = {"electrolyte": 64, "off_gas": 19, "dust": 7}
_SHREDDING_LOOSE: Final = {"electrolyte": 78, "off_gas": 21, "dust": 7}
# As metal; nine tenths and more of what the assays say was there.
_LEACHED: Final = {
    "nickel_sulfate": 219, "cobalt_sulfate": 73, "manganese_sulfate": 67, "lithium_carbonate": 41,
    "slag": 526,
}  # fmt: skip
_LEACHING: Final = {"moisture": 31, "off_gas": 30}
_SALTS: Final = ("nickel_sulfate", "cobalt_sulfate", "manganese_sulfate", "lithium_carbonate")

ASSAY: Final = {
    "li_permille": 44, "ni_permille": 224, "co_permille": 75, "mn_permille": 69, "cu_permille": 12,
    "al_permille": 9, "f_permille": 3, "c_permille": 337, "moisture_permille": 14,
}  # fmt: skip


def tell(author: Author) -> None:
    """The whole story."""
    found(author, [REGISTRAR], PARTIES, "2026-05-06")
    _collect(author)
    loose = _take_apart(author)
    first = _shred_whole(author)
    second = _shred_loose(author, loose)
    _to_the_refiner(author, first, second)


def _collect(author: Author) -> None:
    """Packs of a maker that never enrolled come from garages that did not either."""
    author.on("2026-05-11 09:00")
    for number, item in enumerate((*OPENED, *WHOLE)):
        data: dict[str, Any] = {
            "stage": "waste",
            "capacity": "collector",
            "holder": "signer",
            "basis": "maker_not_enrolled",
            "read_by": ("scanner", "camera", "typed")[number % 3],
            "chemistry": N62.chemistry,
            "mass": item.weighed(),
            "condition": "intact",
            "label": author.label(item.subject),
            "site": "chaisang",
            "evidence": author.evidence("photo"),
        }
        author.say(DISMANTLER, "battery.registered", item.subject, data)
    author.on("2026-05-14 10:00")
    for item in OPENED:
        rebooked = {"capacity": "pack_dismantler", "site": "chaisang"}
        author.say(DISMANTLER, "battery.rebooked", item.subject, rebooked)


def _take_apart(author: Author) -> str:
    """Their modules carry no codes: residue lines, lots, and one lot of all modules; the cases are sold."""
    lots: dict[str, int] = {}
    cases: dict[str, int] = {}
    for day, item in enumerate(OPENED):
        author.on(f"2026-05-{18 + day // 2} {9 + 5 * (day % 2):02d}:10")
        loose = item.measured_g * 74 // 100
        lines = residues(item.measured_g - loose, loose_g=loose, loose=12)
        data = {
            "mass": item.weighed(),
            "children": [],
            "residues": lines,
            "site": "chaisang",
            "not_measured": [{"what": "module_codes", "reason": "模组标签为厂内流水号，不是国标编码"}],
        }
        dismantled = author.say(DISMANTLER, "battery.dismantled", item.subject, data, ago_s=2700)
        cited = {"parent": item.subject, "dismantled": dismantled}
        for kind, line, into in (("modules", 1, lots), ("casing", 2, cases)):
            g = lines[line - 1]["g"]
            more: dict[str, Any] = {"chemistry": N62.chemistry, "count": 12} if kind == "modules" else {}
            name = f"{'MOD' if kind == 'modules' else 'ALU'}-{day + 1:02d}"
            lot = make_lot(
                author,
                DISMANTLER,
                name,
                kind,
                g,
                "pack_dismantler",
                line=line,
                site="chaisang",
                **cited,
                **more,
            )
            into[lot] = g
    author.on("2026-05-25 15:00")
    total = sum(lots.values())
    merged = merge_lots(
        author, DISMANTLER, "MOD-2605", "modules", lots, total, "pack_dismantler",
        chemistry=N62.chemistry, count=72,
    )  # fmt: skip
    author.on("2026-05-26 09:30")
    alu = merge_lots(author, DISMANTLER, "ALU-2605", "casing", cases, sum(cases.values()), "pack_dismantler")
    author.say(DISMANTLER, "lot.rebooked", alu, {"capacity": "collector", "site": "chaisang"})
    author.on("2026-05-27 14:00")
    customs = author.evidence("customs", "application/pdf")
    exported = {"destination": "MY", "customs_number": "示例报关 400120260000009102", "evidence": customs}
    author.say(DISMANTLER, "lot.exported", alu, exported)
    return merged


def _shred_whole(author: Author) -> str:
    """Whole packs, at once; what is weighed in first as a wrong lot is voided."""
    deliver(
        author, DISMANTLER, SHREDDER, "recycler", weights(WHOLE),
        loaded="2026-05-28 07:30", unloaded="2026-05-28 13:20", name="XC-260528-1", site="fengxin",
        carrier=CARRIER,
    )  # fmt: skip
    author.on("2026-06-08 08:00")
    open_batch(author, SHREDDER, "2026-06-NCM-M1", "mechanical", "fengxin", note="NCM622 整包，放电至 0 V")
    charge(author, SHREDDER, MECHANICAL[0], weights(WHOLE))
    author.on("2026-06-12 17:00")
    out = close_batch(author, SHREDDER, MECHANICAL[0], _SHREDDED, _SHREDDING)
    author.on("2026-06-15 09:00")
    cited = {"batch": MECHANICAL[0], "chemistry": N62.chemistry, "site": "fengxin"}
    wrong = make_lot(
        author, SHREDDER, "BM-2606-A", "black_mass", out["black_mass"] - 40_000, "recycler", **cited
    )
    reason = "吨袋清点漏计一袋（40 kg），作废后按全部产出重新建批"
    author.say(SHREDDER, "lot.voided", wrong, {"event": author.head(wrong), "reason": reason})
    black = make_lot(author, SHREDDER, "BM-2606-1", "black_mass", out["black_mass"], "recycler", **cited)
    _metals(author, MECHANICAL[0], out, "2606")
    plastics = make_lot(
        author, SHREDDER, "PL-2606", "plastics", out["plastics"], "recycler",
        batch=MECHANICAL[0], site="fengxin",
    )  # fmt: skip
    author.on("2026-06-18 03:40")
    burnt = {"reason": "fire", "note": "塑料堆垛夜间起火，全部烧毁", "evidence": author.evidence("photo")}
    author.say(SHREDDER, "lot.lost", plastics, burnt)
    return black


def _metals(author: Author, batch: str, out: Mapping[str, int], month: str) -> None:
    """Copper and aluminium are products where they leave the line."""
    for kind in ("copper", "aluminium"):
        lot = make_lot(
            author, SHREDDER, f"{kind[:2].upper()}-{month}", kind, out[kind], "recycler",
            batch=batch, site="fengxin",
        )  # fmt: skip
        final = {
            "product": kind,
            "grade": "technical",
            "evidence": author.evidence("ticket", "application/pdf"),
        }
        author.say(SHREDDER, "lot.final", lot, final)


def _shred_loose(author: Author, loose: str) -> str:
    """Loose modules travel as a lot, and go into the second batch in two parts."""
    g = _grams(author, loose)
    mass = {"g": g, "basis": "shared_ticket", "scale_g": 20_000}
    author.on("2026-06-22 08:00")
    offers = load(
        author, DISMANTLER, SHREDDER, "recycler", "XC-260622-1", {loose: mass}, carrier=CARRIER,
    )  # fmt: skip
    author.on("2026-06-22 14:10")
    unload(author, DISMANTLER, SHREDDER, "XC-260622-1", arrived=1, note="72 个模组，12 托盘")
    accept(author, SHREDDER, "recycler", loose, offers[loose], mass=mass, site="fengxin")
    author.on("2026-07-06 08:00")
    open_batch(author, SHREDDER, "2026-07-NCM-M2", "mechanical", "fengxin", note="NCM622 模组")
    for part, day in ((g // 2, 6), (g - g // 2, 8)):
        author.on(f"2026-07-{day:02d} 10:30")
        charge(author, SHREDDER, MECHANICAL[1], {loose: {"g": part, "basis": "measured", "scale_g": 500}})
    author.on("2026-07-10 17:00")
    out = close_batch(author, SHREDDER, MECHANICAL[1], _SHREDDED_LOOSE, _SHREDDING_LOOSE)
    author.on("2026-07-13 09:00")
    cited = {"batch": MECHANICAL[1], "chemistry": N62.chemistry, "site": "fengxin"}
    black = make_lot(author, SHREDDER, "BM-2607-1", "black_mass", out["black_mass"], "recycler", **cited)
    _metals(author, MECHANICAL[1], out, "2607")
    return black


def _to_the_refiner(author: Author, first: str, second: str) -> None:
    """Black mass is assayed on both sides, sent in two loads, and leached in two batches."""
    sizes = {lot: _grams(author, lot) for lot in (first, second)}
    author.on("2026-07-20 11:00")
    for lot in (first, second):
        _assay(author, SHREDDER, lot, "奉新厂化验室", 0)
    author.on("2026-07-22 09:00")
    half = sizes[first] // 2
    shares = {"BM-2606-1a": half, "BM-2606-1b": sizes[first] - half}
    sent, kept = split_lot(author, SHREDDER, first, shares, "black_mass", "recycler", chemistry=N62.chemistry)
    author.on("2026-07-24 10:00")
    rest = sizes[first] - half + sizes[second]
    mixed = merge_lots(
        author, SHREDDER, "BM-2607-mix", "black_mass", (kept, second), rest, "recycler",
        chemistry=N62.chemistry,
    )  # fmt: skip
    for lot, g, name, day, off in (
        (sent, half, "LC-260803-1", "2026-08-03", 2), (mixed, rest, "LC-260831-1", "2026-08-31", -1)
    ):  # fmt: skip
        mass = {"g": g, "basis": "measured", "scale_g": 20_000}
        author.on(f"{day} 06:30")
        offers = load(
            author, SHREDDER, REFINER, "recycler", name, {lot: mass}, un_number="none", carrier=CARRIER
        )  # fmt: skip
        author.on(f"{day} 15:40")
        unload(author, SHREDDER, REFINER, name, arrived=1, seal_intact=True)
        _assay(author, REFINER, lot, "龙南厂检测中心", off)
        accept(author, REFINER, "recycler", lot, offers[lot], mass=mass, condition="intact", site="longnan")
    _leach(author, LEACHING[0], {sent: half, mixed: rest // 3}, "2026-09-14", "2026-09-25")
    _leach(author, LEACHING[1], {mixed: rest - rest // 3}, "2026-10-12", "2026-10-23")


def _grams(author: Author, lot: str) -> int:
    """What remains of a lot."""
    chain = author.world.chain(lot)
    if chain is None or not isinstance(chain.state, Lot):
        raise ValueError(f"story: expected a lot, got {lot}")
    return chain.state.g


def _assay(author: Author, party: Party, lot: str, laboratory: str, off: int) -> None:
    """What is in a thousand parts; the other laboratory's figures are a little off."""
    assay = {
        **ASSAY,
        "ni_permille": ASSAY["ni_permille"] + off,
        "li_permille": ASSAY["li_permille"] - off // 2,
    }
    said = {
        "assay": assay,
        "laboratory": laboratory,
        "evidence": author.evidence("report", "application/pdf"),
    }
    author.say(party, "lot.assayed", lot, said)


def _leach(author: Author, batch: str, charges: Mapping[str, int], opened: str, closed: str) -> None:
    """Black mass into one batch; the salts that come out are products, and what lies in the slag is not."""
    name = batch.rpartition("/")[2]
    author.on(f"{opened} 08:00")
    open_batch(author, REFINER, name, "hydrometallurgical", "longnan", note="还原酸浸—萃取—结晶")
    masses = {lot: {"g": g, "basis": "measured", "scale_g": 500} for lot, g in charges.items()}
    charge(author, REFINER, batch, masses)
    author.on(f"{closed} 16:00")
    out = close_batch(author, REFINER, batch, _LEACHED, _LEACHING)
    for kind in _SALTS:
        lot = make_lot(
            author, REFINER, f"{name}-{kind.partition('_')[0]}", kind, out[kind], "recycler",
            batch=batch, site="longnan",
        )  # fmt: skip
        final = {
            "product": kind,
            "grade": "battery",
            "evidence": author.evidence("certificate", "application/pdf"),
        }
        author.say(REFINER, "lot.final", lot, final)
