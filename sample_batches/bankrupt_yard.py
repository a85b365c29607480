"""A yard that goes bankrupt, and everything else that goes wrong around it (April to October 2026)."""

from __future__ import annotations

from typing import Any, Final

from .author import Author, Party
from .designs import Design, Item
from .founding import firm, found
from .handing_over import accept, deliver, load, offer, unload, weights
from .treatment import charge, close_batch, open_batch
from .vehicles import take_in

ORIGIN: Final = "packtrace.example/samples/bankrupt-yard"

REGISTRAR: Final = firm(
    "coast registrar", "330000", "3", "示例省沿海动力电池溯源登记中心",
    "Example Coast Battery Trace Registry",
    "registrar", department="12",
)  # fmt: skip
ASSOCIATION: Final = firm(
    "association", "330100", "4", "示例省动力电池回收利用协会",
    "Example Battery Recycling Association",
    "registrar", department="51",
)  # fmt: skip
OFFICE: Final = firm(
    "regulator", "330000", "5", "示例省工业和信息化主管部门",
    "Example Province Department of Industry",
    "regulator", department="11",
)  # fmt: skip
MAKER: Final = firm(
    "ningbei", "330200", "6", "宁波宁北动力电池（示例）有限公司",
    "Ningbei Traction Battery (Sample) Co., Ltd.",
    "battery_maker", vendor_codes=("NB2",),
)  # fmt: skip
YARD: Final = firm(
    "yongxin", "330200", "7", "宁波甬信报废汽车回收拆解（示例）有限公司",
    "Yongxin End-of-Life Vehicles (Sample) Ltd.",
    "vehicle_dismantler", "collector", licences={"vehicle_dismantler": ("scrap_vehicles",)},
    sites=(("zhenhai", "CN-330211", "镇海堆场"),), words=("sign", "phone"), kinds={"phone": "P-256"},
)  # fmt: skip
GARAGE: Final = firm(
    "jiaojiang", "331000", "8", "台州椒江小林新能源汽修（示例）店",
    "Xiaolin EV Garage (Sample)",
    "repairer", department="92", sites=(("jiaojiang", "CN-331002", "椒江店"),), alg="EdDSA",
)  # fmt: skip
COLLECTOR: Final = firm(
    "shaoxing", "330600", "9", "绍兴越收电池回收（示例）有限公司",
    "Yueshou Battery Collection (Sample) Co., Ltd.",
    "collector", sites=(("keqiao", "CN-330603", "柯桥集中贮存点"),),
)  # fmt: skip
DISMANTLER: Final = firm(
    "jiaxing", "330400", "A", "嘉兴禾拆电池拆解（示例）有限公司",
    "Hechai Battery Dismantling (Sample) Co., Ltd.",
    "pack_dismantler", licences={"pack_dismantler": ("open_packs",)},
    sites=(("xiuzhou", "CN-330411", "秀洲车间"),),
)  # fmt: skip
RECYCLER: Final = firm(
    "quzhou", "330800", "B", "衢州钴源再生材料（示例）有限公司",
    "Guyuan Recycled Materials (Sample) Co., Ltd.",
    "recycler", licences={"recycler": ("open_packs", "shred")},
    sites=(("kecheng", "CN-330802", "柯城工厂"),),
)  # fmt: skip
PARTIES: Final = (
    REGISTRAR, ASSOCIATION, OFFICE, MAKER, YARD, GARAGE, COLLECTOR, DISMANTLER, RECYCLER,
)  # fmt: skip

KX: Final = Design(
    "KX-B45", "KX1", "P", "45", "KXB45A2", "LFP", 355_000, 45_200, 320_000, 100, "旧款网约车电池包"
)
NB: Final = Design(
    "NB-B50", "NB2", "P", "50", "50B2019", "LFP", 371_000, 50_300, 326_400, 102, "宁北 B50 电池包"
)

LOAD: Final = tuple(KX.item("2019-08-27", serial) for serial in (801, 802, 803, 804, 805))
SCANNED, MEANT, SENT_BACK, NOT_THERE = LOAD[0], LOAD[1], LOAD[3], LOAD[4]
STAYING: Final = tuple(KX.item("2020-03-17", serial) for serial in (61, 62, 63, 64, 65, 66, 67))
FOUND_BEHIND, BY_THIEF, OFFERED_BY_THIEF, IN_TIME, TOO_LATE = STAYING[:5]
MISREAD: Final = KX.item("2019-11-06", 1310)  # as the garage typed it
READ_RIGHT: Final = KX.item("2019-11-06", 1319)
FALSE, TRUE = NB.item("2019-05-15", 700_001), NB.item("2019-05-15", 412)
BATCH: Final = RECYCLER.owns("batch", "2026-10-LFP-05")
TAG: Final = f"battery:tag:{DISMANTLER.org.removeprefix('org:')}/XZ-0713"

_OUTPUTS: Final = {"black_mass": 437, "copper": 80, "aluminium": 118, "steel": 209, "plastics": 56}
_LOSSES: Final = {"electrolyte": 61, "off_gas": 18, "dust": 7}
_WITH: Final = ((ASSOCIATION, "registry"),)


def tell(author: Author) -> None:
    """The whole story."""
    found(author, [REGISTRAR, ASSOCIATION], PARTIES, "2026-04-07")
    _register(author)
    _mis_scan(author)
    _stolen_packs(author)
    _stolen_phone(author)
    _one_code_twice(author)
    _contested_origin(author)
    _bankrupt(author)
    _lost_admin_key(author)
    _end(author)


def _vouch(author: Author, party: Party, item: Item, capacity: str, site: str, **more: Any) -> None:
    data: dict[str, Any] = {
        "stage": "waste",
        "capacity": capacity,
        "holder": "signer",
        "basis": "legacy",
        "read_by": "camera",
        "chemistry": item.design.chemistry,
        "mass": item.weighed(),
        "condition": "intact",
        "label": author.label(item.subject),
        "site": site,
        "evidence": author.evidence("photo"),
        **more,
    }
    author.say(party, "battery.registered", item.subject, data)


def _register(author: Author) -> None:
    author.on("2026-04-20 09:00")
    for item in (*LOAD, *STAYING):
        _vouch(author, YARD, item, "vehicle_dismantler", "zhenhai")


def _mis_scan(author: Author) -> None:
    """Four of five are on the lorry, and the first is taken for the second: undone, and done right."""
    author.on("2026-05-11 07:40")
    offers = load(author, YARD, DISMANTLER, "pack_dismantler", "YX-260511-1", weights(LOAD))
    author.on("2026-05-12 09:00")
    unload(
        author, YARD, DISMANTLER, "YX-260511-1", arrived=4, missing=[NOT_THERE.subject], seal_intact=False,
        note="5包实到4包，尾门铅封断开", evidence=author.evidence("photo"),
    )  # fmt: skip

    def take(item: Item) -> None:
        offered = offers[item.subject]
        accept(
            author, DISMANTLER, "pack_dismantler", item.subject, offered, mass=item.weighed(), site="xiuzhou"
        )

    take(SCANNED)
    reason = "误扫：称上的是第二包，扫到的是旁边第一包的标签，作废后重新接收"
    author.say(DISMANTLER, "battery.voided", SCANNED.subject, {
        "event": author.head(SCANNED.subject), "reason": reason,
    })  # fmt: skip
    take(MEANT)
    take(SCANNED)
    for item in LOAD[2:4]:
        take(item)
    declined = {"offer": offers[NOT_THERE.subject], "reason": "not_on_truck", "note": "车上没有这一包"}
    author.say(DISMANTLER, "handover.declined", NOT_THERE.subject, declined)
    _sent_back(author, offers[SENT_BACK.subject])


def _sent_back(author: Author, offered: str) -> None:
    """Days later the dismantler opens a crate: too late to undo alone, and the yard agrees."""
    author.on("2026-05-25 09:30")
    accepted = author.head(SENT_BACK.subject)
    agreed = {"event": accepted, "to": "void", "note": "确认装错型号，同意撤销接收"}
    note = author.say(YARD, "note.agreed", f"notes:{SENT_BACK.subject}", agreed)
    author.on("2026-05-26 10:00")
    undone = {"event": accepted, "reason": "开箱后发现与约定型号不符，经发货方同意撤销", "agreed": note}
    author.say(DISMANTLER, "battery.voided", SENT_BACK.subject, undone)
    declined = {"offer": offered, "reason": "wrong_battery", "note": "随下一车退回"}
    author.say(DISMANTLER, "handover.declined", SENT_BACK.subject, declined)


def _stolen_packs(author: Author) -> None:
    """Two packs are gone. One lies behind the shed; the other turns up at a garage, and is held."""
    author.on("2026-05-28 10:30")
    for item in (NOT_THERE, FOUND_BEHIND):
        lost = {
            "reason": "stolen",
            "note": "盘点缺失，已报警",
            "evidence": author.evidence("report", "application/pdf"),
        }
        author.say(YARD, "battery.lost", item.subject, lost)
    author.on("2026-05-29 15:00")
    found_again = {
        "read_by": "camera",
        "condition": "intact",
        "site": "zhenhai",
        "note": "在围墙外草丛中找到",
    }
    author.say(YARD, "battery.found", FOUND_BEHIND.subject, found_again)

    author.on("2026-06-03 16:00")
    stolen = NOT_THERE.subject
    take_in(
        author, GARAGE, stolen, "repairer", "intact", mass=NOT_THERE.weighed(), site="jiaojiang",
        evidence=author.evidence("photo"),
    )  # fmt: skip
    author.on("2026-06-04 09:00")
    claimed = {"basis": "other", "note": "该包5月12日运输途中丢失，5月28日报失并报警，要求归还"}
    author.say(YARD, "custody.claimed", f"notes:{stolen}", claimed)
    author.on("2026-06-04 14:00")
    offered = offer(
        author, GARAGE, YARD, "collector", stolen, mass=NOT_THERE.weighed(), note="从废品商处购入，愿归还"
    )
    author.on("2026-06-05 10:00")
    placed = {
        "basis": "ownership",
        "reason": "涉嫌盗窃电池的销售链条待查，暂停移交",
        "evidence": author.evidence("court", "application/pdf"),
    }
    hold = author.say(OFFICE, "hold.placed", f"notes:{stolen}", placed)
    author.on("2026-06-08 11:00")
    looked_at = {"condition": "intact", "note": "查封期间到店核对编码与铅封，与报失包一致"}
    author.say(YARD, "battery.inspected", stolen, looked_at)
    author.on("2026-06-15 16:00")
    author.say(OFFICE, "hold.lifted", f"notes:{stolen}", {"hold": hold, "reason": "已查明权属，归还甬信公司"})
    author.on("2026-06-16 10:00")
    accept(author, YARD, "collector", stolen, offered, mass=NOT_THERE.weighed(), site="zhenhai")


def _stolen_phone(author: Author) -> None:
    """A yard's phone is stolen and signs for two days; what it did is undone by both registrars."""
    author.on("2026-06-20 23:10")
    offered = offer(author, YARD, GARAGE, "repairer", BY_THIEF.subject, word="phone", mass=BY_THIEF.weighed())
    author.on("2026-06-21 00:20")
    offered_too = offer(author, YARD, GARAGE, "repairer", OFFERED_BY_THIEF.subject, word="phone")
    author.on("2026-06-21 09:00")
    accept(author, GARAGE, "repairer", BY_THIEF.subject, offered, mass=BY_THIEF.weighed(), site="jiaojiang")
    author.on("2026-06-22 08:30")
    revoked = {
        "kid": YARD.signer("phone").public.kid,
        "reason": "compromised",
        "compromised_since": "2026-06-20T12:00:00Z",
    }
    author.say(YARD, "key.revoked", YARD.keys, revoked, word="admin")
    withdrawn = {"offer": offered_too, "reason": "手持终端6月20日晚被盗，此要约不是本公司所发"}
    author.say(YARD, "handover.withdrawn", OFFERED_BY_THIEF.subject, withdrawn)
    disputed = {"event": author.head(BY_THIEF.subject), "reason": "移交要约由被盗终端签发，请求撤销"}
    author.say(YARD, "note.disputed", f"notes:{BY_THIEF.subject}", disputed)
    author.on("2026-06-26 10:00")
    for _ in range(2):  # the newest first: the acceptance, then the offer
        past = author.world.past(BY_THIEF.subject)
        if past is None:
            raise ValueError("story: expected an event to undo")
        undone = {"event": past.event, "reason": "被盗密钥签发，登记机构与协会共同作废"}
        author.say(
            REGISTRAR, "battery.voided", BY_THIEF.subject, undone, word="registry", approvers=_WITH
        )  # fmt: skip


def _one_code_twice(author: Author) -> None:
    """A garage mistypes a code that another firm has on its ramp: a tag stands in until that is decided."""
    author.on("2026-06-30 17:00")
    _vouch(author, GARAGE, MISREAD, "repairer", "jiaojiang", read_by="typed", note="铭牌末位磨损")
    author.on("2026-07-13 09:30")
    data = {
        "stage": "waste",
        "capacity": "pack_dismantler",
        "holder": "signer",
        "basis": "legacy",
        "read_by": "camera",
        "chemistry": KX.chemistry,
        "mass": MISREAD.weighed(),
        "condition": "intact",
        "label": author.label(TAG),
        "conflicts_with": MISREAD.subject,
        "site": "xiuzhou",
        "note": "铭牌清晰，编码已被他人登记，先用场内标签",
        "evidence": author.evidence("photo"),
    }
    author.say(DISMANTLER, "battery.registered", TAG, data)
    author.on("2026-07-15 14:00")
    visited = {"site": "jiaojiang", "outcome": "deficiencies", "note": "实物铭牌末位为9，登记为0，系录入错误",
               "evidence": author.evidence("photo")}  # fmt: skip
    author.say(OFFICE, "site.inspected", f"notes:{GARAGE.org}", visited)
    author.on("2026-07-15 17:00")
    suspended = {"reason": "录入培训与整改期间暂停登记"}
    author.say(REGISTRAR, "org.suspended", GARAGE.org, suspended, word="registry", approvers=_WITH)
    author.on("2026-07-17 10:00")
    undone = {"event": author.head(MISREAD.subject), "reason": "登记编码与实物不符，经现场核查作废"}
    author.say(REGISTRAR, "battery.voided", MISREAD.subject, undone, word="registry", approvers=_WITH)
    author.on("2026-07-17 14:00")
    again = {"reason": "整改完成，主管部门复核通过"}
    author.say(REGISTRAR, "org.reinstated", GARAGE.org, again, word="registry", approvers=_WITH)
    author.on("2026-07-17 15:00")
    _vouch(author, GARAGE, READ_RIGHT, "repairer", "jiaojiang", note="按现场核查结果重新登记")
    author.on("2026-07-20 09:00")
    with author.group():
        linked = author.say(
            DISMANTLER, "identity.linked", TAG, {"battery": MISREAD.subject, "basis": "double_registration"}
        )  # fmt: skip
        goes_on = {
            name: data[name]
            for name in ("stage", "capacity", "holder", "chemistry", "mass", "condition", "site")
        }
        begins = {
            "basis": "legacy",
            "read_by": "camera",
            "linked": linked,
            "label": author.label(MISREAD.subject),
        }
        author.say(DISMANTLER, "battery.registered", MISREAD.subject, {**goes_on, **begins})


def _contested_origin(author: Author) -> None:
    """Two packs with a maker's code: of one it finds the papers after all, the other it never made."""
    author.on("2026-07-22 10:00")
    for item in (FALSE, TRUE):
        _vouch(author, DISMANTLER, item, "pack_dismantler", "xiuzhou")
    author.on("2026-07-24 11:00")
    for item in (FALSE, TRUE):
        contested = {"reason": f"2019年5月15日产线序列号止于0000388，{item.code[-7:]}不在出厂记录中"}
        author.say(MAKER, "origin.contested", f"notes:{item.subject}", contested)
    author.on("2026-07-30 15:00")
    confirmed = {
        "reason": "补查返修线台账：0000412为当日返修重打码，来源确认",
        "evidence": author.evidence("report", "application/pdf"),
    }
    author.say(MAKER, "origin.confirmed", f"notes:{TRUE.subject}", confirmed)


def _bankrupt(author: Author) -> None:
    """Suspended with two offers open: one is accepted in time, the other closed when a court decides."""
    author.on("2026-08-03 09:00")
    offers = {
        item: offer(author, YARD, DISMANTLER, "pack_dismantler", item.subject, mass=item.weighed())
        for item in (IN_TIME, TOO_LATE)
    }
    author.on("2026-08-07 17:00")
    suspended = {"reason": "法院裁定受理破产清算，许可证交回"}
    author.say(REGISTRAR, "org.suspended", YARD.org, suspended, word="registry", approvers=_WITH)
    author.on("2026-08-10 10:00")
    accept(
        author, DISMANTLER, "pack_dismantler", IN_TIME.subject, offers[IN_TIME],
        mass=IN_TIME.weighed(), site="xiuzhou",
    )  # fmt: skip
    author.on("2026-08-11 09:00")
    placed = {
        "basis": "court",
        "reason": "清算期间场内电池不得擅自处置",
        "evidence": author.evidence("court", "application/pdf"),
    }
    hold = author.say(OFFICE, "hold.placed", f"notes:{YARD.org}", placed)
    author.on("2026-08-25 10:00")
    for item in left_behind():
        assigned = {
            "party": COLLECTOR.org,
            "capacity": "collector",
            "basis": "insolvency",
            "reason": "管理人委托越收公司接管场内退役电池",
            "evidence": author.evidence("court", "application/pdf"),
        }
        author.say(REGISTRAR, "custody.assigned", item.subject, assigned, word="registry", approvers=_WITH)
    author.on("2026-09-04 16:00")
    author.say(OFFICE, "hold.lifted", f"notes:{YARD.org}", {"hold": hold, "reason": "场地清空，电池全部接管"})


def left_behind() -> tuple[Item, ...]:
    """What stands in the yard when it closes."""
    return (NOT_THERE, SENT_BACK, *(item for item in STAYING if item is not IN_TIME))


def _lost_admin_key(author: Author) -> None:
    """The garage has lost its admin key; the registrars add another, which acts a week later."""
    author.on("2026-09-08 10:00")
    lost = {"kid": GARAGE.signer("admin").public.kid, "reason": "lost"}
    author.say(REGISTRAR, "org.key_revoked", GARAGE.org, lost, word="registry")
    signer = GARAGE.signer("admin 2")
    recovered = {
        **author.possession(signer, GARAGE.org),
        "from": "2026-09-16T00:00:00Z",
        "reason": "店主更换电脑，管理密钥丢失，凭营业执照与身份证原件办理",
        "evidence": author.evidence("certificate", "application/pdf"),
    }
    author.say(REGISTRAR, "org.key_recovered", GARAGE.org, recovered, word="registry", approvers=_WITH)
    author.on("2026-09-18 09:00")
    key = author.possession(GARAGE.signer("tablet"), GARAGE.keys)
    author.say(GARAGE, "key.added", GARAGE.keys, {"use": "sign", **key, "name": "椒江店平板"}, word="admin 2")
    author.on("2026-09-18 11:00")
    offered = offer(
        author, GARAGE, COLLECTOR, "collector", READ_RIGHT.subject, word="tablet", mass=READ_RIGHT.weighed()
    )  # fmt: skip
    author.on("2026-09-21 10:00")
    accept(
        author, COLLECTOR, "collector", READ_RIGHT.subject, offered, mass=READ_RIGHT.weighed(), site="keqiao"
    )


def _end(author: Author) -> None:
    """All of it goes to the recycler; the association has a new key by then."""
    collected = (*left_behind(), READ_RIGHT)
    opened = (*LOAD[:3], IN_TIME, MISREAD, FALSE, TRUE)
    deliver(
        author, COLLECTOR, RECYCLER, "recycler", weights(collected),
        loaded="2026-09-28 07:00", unloaded="2026-09-28 14:00", name="YS-260928-1", site="kecheng",
    )  # fmt: skip
    deliver(
        author, DISMANTLER, RECYCLER, "recycler", weights(opened),
        loaded="2026-09-29 07:00", unloaded="2026-09-29 15:00", name="HC-260929-1", site="kecheng",
    )  # fmt: skip
    author.on("2026-10-09 10:00")
    log = f"log:{author.origin}"
    kept = {"org": REGISTRAR.org, "jwk": REGISTRAR.signer("registry").public.jwk()}
    new = {"org": ASSOCIATION.org, **author.possession(ASSOCIATION.signer("registry 2"), log)}
    changed = {"registrars": [kept, new], "threshold": 2, "reason": "协会密钥保管人换届"}
    author.say(REGISTRAR, "registrar.key_changed", log, changed, word="registry", approvers=_WITH)
    author.on("2026-10-12 09:00")
    sites = {"sites": [
        {"site": "keqiao", "region": "CN-330603", "name": {"zh": "柯桥集中贮存点"}},
        {"site": "zhenhai", "region": "CN-330211", "name": {"zh": "镇海堆场（接管）"}},
    ]}  # fmt: skip
    with_new_key = [(ASSOCIATION, "registry 2")]
    author.say(REGISTRAR, "org.changed", COLLECTOR.org, sites, word="registry", approvers=with_new_key)
    author.on("2026-10-13 08:00")
    open_batch(author, RECYCLER, "2026-10-LFP-05", "mechanical", "kecheng")
    charge(author, RECYCLER, BATCH, weights((*collected, *opened)))
    author.on("2026-10-16 17:00")
    close_batch(author, RECYCLER, BATCH, _OUTPUTS, _LOSSES)
