"""Frauds tried on the log of the eight packs, and what a verifier must say to each.

Three kinds of attacker: a database administrator, who has the files and no key; the operator, who has the
log's key and forces in what a party has signed; and parties that say what is lawful and not true.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ..signing.base64url import b64url, parse_b64url
from ..signing.merkle import leaf_hash, root_of
from ..signing.possession import sign_possession
from .author import Party
from .eight_packs import (
    CARS,
    DRIVEN,
    EXPIRED,
    GARAGE,
    HELD,
    OFFERED,
    OPEN,
    ORIGIN,
    PARTS,
    RECYCLER,
    REGISTRAR,
    SHREDDED,
    STANDING,
    WORN,
    YARD,
    parts_of,
)
from .forgery import UNDECIDED, VERIFIED, Copy, Expected, Forgery, Unjudged
from .treatment import residues

Said = tuple[Party, str, str, dict[str, Any]]  # who, type, chain, data


def forge(copy: Copy) -> Iterator[Forgery]:
    """Every fraud."""
    yield from _by_the_administrator(copy)
    yield from _by_the_operator(copy)
    yield from _forced_in(copy)
    yield from _lawful_and_untrue(copy)


def _by_the_administrator(copy: Copy) -> Iterator[Forgery]:
    """Whoever has the files and no key: everything is hashed anew, and the checkpoint stays what it was."""
    at = copy.find(SHREDDED.subject, "battery.recycled")
    grams = copy.payloads[at]["data"]["mass"]["g"]
    edited = copy.leaves[at].edited(f'"g":{grams}', f'"g":{grams + 60_000}')
    yield Forgery(
        "mass-edited-and-hashed-anew",
        "A database administrator adds 60 kg to a pack that was shredded, and hashes every tile anew.",
        "数据库管理员把已破碎电池的质量改多60 kg，并重算全部哈希块。",
        replace(copy.log, leaves=tuple(copy.with_leaf(at, edited))),
        (Expected("SIGNATURE_INVALID", SHREDDED.subject, at), Expected("LOG_ROOT_MISMATCH")),
    )
    yield Forgery(
        "last-events-dropped",
        "A database administrator deletes the last three entries, and hashes the rest anew.",
        "数据库管理员删去最后三个条目，并重算其余哈希块。",
        replace(copy.log, leaves=copy.log.leaves[:-3]),
        (Expected("LOG_TILE_INVALID", None, 0), Expected("BUNDLE_INCOMPLETE", None, 0)),
    )
    entries = list(copy.log.leaves)
    at = copy.find(f"notes:{HELD.subject}", "hold.placed")
    entries[at : at + 2] = [entries[at + 1], entries[at]]
    yield Forgery(
        "entries-swapped-and-hashed-anew",
        "A database administrator lets a batch begin before the hold that came first, and hashes anew.",
        "数据库管理员把后开始的批次换到查封之前，并重算哈希块。",
        replace(copy.log, leaves=tuple(entries)),
        (Expected("TIME_REGRESSION", None, at + 1), Expected("LOG_ROOT_MISMATCH")),
    )


def _by_the_operator(copy: Copy) -> Iterator[Forgery]:
    """Whoever has the log's key: what he signs holds together, but for what others know."""
    yield _back_dated(copy)
    yield _back_dated_in_place(copy)
    yield _hold_erased(copy)
    yield _rules_forged(copy)
    yield _registrar_invented(copy)


def _late_acceptance(copy: Copy) -> tuple[str, dict[str, Any]]:
    offered = copy.leaves[copy.find(EXPIRED.subject, "handover.offered")].id
    return offered, {"offer": offered, "capacity": "recycler", "condition": "intact", "read_by": "scanner"}


def _back_dated(copy: Copy) -> Forgery:
    pen = Unjudged(copy, "back-dated")
    offered = copy.recorded_at(copy.find(EXPIRED.subject, "handover.offered"))
    data = _late_acceptance(copy)[1]
    pen.say(RECYCLER, "handover.accepted", EXPIRED.subject, data, recorded_at=offered + timedelta(days=4))
    return Forgery(
        "back-dated",
        "An offer is accepted weeks too late, and the operator writes a time before its expiry beside it.",
        "要约过期数周后才接收，运营方把记录时间倒填到期限之前。",
        copy.rooted(pen.entries),
        (Expected("TIME_REGRESSION", None, len(copy.leaves)),),
    )


def _back_dated_in_place(copy: Copy) -> Forgery:
    at = copy.find(
        copy.payloads[copy.find(SHREDDED.subject, "battery.recycled")]["data"]["batch"], "batch.closed"
    )
    pen = Unjudged(copy, "back-dated-in-place")
    data = _late_acceptance(copy)[1]
    when = copy.recorded_at(at) + timedelta(minutes=3)
    pen.say(RECYCLER, "handover.accepted", EXPIRED.subject, data, recorded_at=when)
    *entries, accepted = pen.entries
    return Forgery(
        "back-dated-in-place",
        "The same, and the operator puts the entry where its time belongs and signs everything anew.",
        "同上，并把条目插到相应时间处、重签整棵树：单独核验看不出，须有别处得到的检查点。",
        copy.rooted([*entries[: at + 1], accepted, *entries[at + 1 :]]),
        (Expected("LOG_CONSISTENCY_INVALID"),),
        alone=VERIFIED,
    )


def _hold_erased(copy: Copy) -> Forgery:
    pen = Unjudged(copy, "hold-erased")
    pen.say(*_dismantled(HELD.measured_g, HELD.subject))
    at = copy.find(f"notes:{HELD.subject}", "hold.placed")
    return Forgery(
        "hold-erased",
        "The operator takes an authority's hold out of the log, and the yard takes the held pack apart.",
        "运营方从日志中抹去查封，拆车场随即拆解被查封的电池：须有别处得到的检查点。",
        copy.rooted([*pen.entries[:at], *pen.entries[at + 1 :]]),
        (Expected("TREE_SPLIT_VIEW"),),
        alone=VERIFIED,
    )


def _rules_forged(copy: Copy) -> Forgery:
    opened = copy.leaves[0]
    name = opened.payload["data"]["rules"]["name"]
    rules = {"name": name, "sha256": b64url(leaf_hash(b"rules by which a pack may be recycled twice"))}
    forged = opened.signed(REGISTRAR.signer("registry"), data={**opened.payload["data"], "rules": rules})
    return Forgery(
        "rules-forged",
        "Operator and registrar open the log under rules that nobody has published.",
        "运营方与登记机构以无人公布过的规则集启用日志：既不能证实，也不能否定。",
        copy.rooted(copy.with_leaf(0, forged)),
        (Expected("RULES_UNKNOWN", f"log:{ORIGIN}", 0),),
        outcome=UNDECIDED,
    )


def _registrar_invented(copy: Copy) -> Forgery:
    """The real registrar's proof is there to be copied; the invented one signs."""
    log, straw = f"log:{ORIGIN}", CARS
    signer = straw.signer("invented registry")
    proof = sign_possession(aud=ORIGIN, sub=log, head=None, signer=signer)
    invented = {"org": straw.org, "jwk": signer.public.jwk(), "possession": proof}
    opened = copy.leaves[0]
    data = {**opened.payload["data"], "registrars": [*opened.payload["data"]["registrars"], invented]}
    forged = opened.signed(signer, iss=straw.org, data=data)
    return Forgery(
        "registrar-invented",
        "The operator opens the log with a registrar of his own beside the real one.",
        "运营方在真正的登记机构之外，自造一个登记机构启用日志。",
        copy.rooted(copy.with_leaf(0, forged)),
        (Expected("REGISTRAR_UNKNOWN", log, 0),),
    )


def _dismantled(grams: int, subject: str, *children: tuple[str, int]) -> Said:
    data = {
        "mass": {"g": grams, "basis": "measured", "scale_g": 500},
        "children": [{"battery": child, "g": g} for child, g in children],
        "residues": residues(grams - sum(g for _, g in children)),
    }
    return YARD, "battery.dismantled", subject, data


def _extracted(parent: str, leader: str, child: str, g: int) -> Said:
    data = {
        "parent": parent,
        "dismantled": leader,
        "capacity": "pack_dismantler",
        "mass": {"g": g, "basis": "measured", "scale_g": 100},
        "condition": "intact",
    }
    return YARD, "battery.extracted", child, data


def _force(copy: Copy, name: str, en: str, zh: str, code: str, *said: Said, **members: Any) -> Forgery:
    """What a party has signed and the log would refuse stands at the end; the last of it is found out."""
    pen = Unjudged(copy, name)
    *before, last = said
    for one in before:
        pen.say(*one)
    pen.say(*last, **members)
    found = Expected(code, last[2], len(pen.entries) - 1)
    return Forgery(name, en, zh, copy.rooted(pen.entries), (found,))


def _forced_in(copy: Copy) -> Iterator[Forgery]:
    """The operator records what a party has signed, without judging it."""
    offered = copy.leaves[copy.find(OFFERED.subject, "handover.offered")].id
    accepted = {"offer": offered, "capacity": "recycler", "condition": "intact", "read_by": "scanner"}
    accepts: Said = (RECYCLER, "handover.accepted", OFFERED.subject, accepted)
    yield _force(
        copy, "recycled-twice",
        "The recycler charges a pack into a second batch, which it shredded a month before.",
        "再生企业把一个月前已破碎的电池再次投入另一批次。",
        "PACK_TERMINAL",
        (RECYCLER, "battery.recycled", SHREDDED.subject, {"batch": OPEN, "mass": SHREDDED.weighed()}),
    )  # fmt: skip
    yield _force(
        copy, "hold-ignored",
        "The yard takes a pack apart that an authority holds.",
        "拆车场拆解主管部门查封的电池。",
        "HELD_BY_AUTHORITY", _dismantled(HELD.measured_g, HELD.subject),
    )  # fmt: skip
    lifted = {
        "hold": copy.leaves[copy.find(f"notes:{HELD.subject}", "hold.placed")].id, "reason": "已查清",
    }  # fmt: skip
    yield _force(
        copy, "hold-lifted-by-the-yard",
        "The yard lifts the authority's hold itself.",
        "拆车场自行“解除”主管部门的查封。",
        "SIGNER_ROLE_FORBIDDEN", (YARD, "hold.lifted", f"notes:{HELD.subject}", lifted),
    )  # fmt: skip
    seized = {"capacity": "recycler", "read_by": "camera", "condition": "intact"}
    yield _force(
        copy, "seized",
        "The recycler takes in, as if it were nobody's, a pack that stands in the yard.",
        "再生企业把拆车场在库的电池当作无主电池接收。",
        "NOT_CUSTODIAN", (RECYCLER, "battery.taken_in", STANDING.subject, seized),
    )  # fmt: skip
    yield _force(
        copy, "accepted-too-late",
        "The recycler accepts an offer that expired three weeks ago.",
        "再生企业接收三周前已过期的要约。",
        "NO_OPEN_OFFER",
        (RECYCLER, "handover.accepted", EXPIRED.subject, _late_acceptance(copy)[1]),
    )  # fmt: skip
    made = {**copy.payloads[copy.find(WORN.subject, "battery.manufactured")]["data"]}
    yield _force(
        copy, "used-pack-made-new",
        "The maker manufactures a worn pack a second time, at the end of its history.",
        "生产企业在退役电池的历史末尾再次“生产”它。",
        "ILLEGAL_TRANSITION", (CARS, "battery.manufactured", WORN.subject, made),
    )  # fmt: skip
    yield _force(
        copy, "chain-begun-again",
        "The maker begins the history of a worn pack anew, as if there had been none.",
        "生产企业为退役电池另起一条新链，仿佛此前没有历史。",
        "FORKED_CHAIN", (CARS, "battery.manufactured", WORN.subject, made),
        begins=True,
    )  # fmt: skip
    vehicle = copy.payloads[copy.find(DRIVEN.subject, "battery.installed")]["data"]["vehicle"]
    yield _force(
        copy, "waste-in-a-car",
        "The garage puts a retired pack into a customer's car.",
        "维修店把已退役的电池装上客户的车。",
        "ILLEGAL_TRANSITION",
        (GARAGE, "battery.installed", WORN.subject, {"vehicle": vehicle, "position": 1, "of": 1}),
    )  # fmt: skip
    opened = (RECYCLER, *_dismantled(OFFERED.measured_g, OFFERED.subject)[1:])
    yield _force(
        copy, "opened-without-a-licence",
        "The recycler, licensed to shred and not to open packs, accepts a pack and takes it apart.",
        "只有破碎许可、没有开包许可的再生企业接收电池后自行拆解。",
        "SIGNER_ROLE_FORBIDDEN", accepts, opened,
    )  # fmt: skip
    yield _force(
        copy, "signed-by-a-revoked-key",
        "Somebody inspects with the garage's lost phone, two months after its key was revoked.",
        "有人用两个月前已吊销密钥的丢失手机签署检测。",
        "KEY_REVOKED_AT_SIGNING",
        (GARAGE, "battery.inspected", WORN.subject, {"condition": "intact", "soh_permille": 951}),
        word="phone",
    )  # fmt: skip
    yield _force(
        copy, "replayed-from-another-log",
        "An acceptance that the recycler signed for another log is recorded in this one.",
        "把再生企业为另一日志签署的接收重放到本日志。",
        "WRONG_AUDIENCE", accepts,
        aud="packtrace.example/samples/another",
    )  # fmt: skip
    casing = copy.payloads[copy.find(YARD.owns("lot", "ALU-01"), "lot.made")]["data"]
    yield _force(
        copy, "residue-sold-twice",
        "The yard makes a second lot of the same case.",
        "拆车场用同一个壳体再建一个物料批次。",
        "DOUBLE_CHARGE", (YARD, "lot.made", YARD.owns("lot", "ALU-02"), casing),
    )  # fmt: skip
    yield _foreign_child(copy)
    yield _half_a_dismantling(copy)


def _foreign_child(copy: Copy) -> Forgery:
    """A module of a pack that is on the road is said to come out of another."""
    part, pen = parts_of(DRIVEN)[0], Unjudged(copy, "child-of-another-pack")
    leader = pen.say(*_dismantled(STANDING.measured_g, STANDING.subject, (part.subject, part.measured_g)))
    pen.say(*_extracted(STANDING.subject, leader, part.subject, part.measured_g))
    return Forgery(
        "child-of-another-pack",
        "The yard extracts, out of an old pack, a module of a pack that is on the road.",
        "拆车场声称从旧包中拆出了另一在用电池包的模组。",
        copy.rooted(pen.entries),
        (Expected("COMPOSITION_CONFLICT", part.subject, len(pen.entries) - 1),),
    )


def _half_a_dismantling(copy: Copy) -> Forgery:
    """Two modules are named, and of one no more is said."""
    first, second = (f"{part.subject[:-2]}{number}" for number, part in zip((51, 52), PARTS, strict=True))
    g, pen = PARTS[0].measured_g, Unjudged(copy, "half-a-dismantling")
    leader = pen.say(*_dismantled(STANDING.measured_g, STANDING.subject, (first, g), (second, g)))
    pen.say(*_extracted(STANDING.subject, leader, first, g))
    return Forgery(
        "half-a-dismantling",
        "The operator records a dismantling with one of its two modules; of the other nothing is said.",
        "运营方只记录拆解及两个模组中的一个，另一个去向不明。",
        copy.rooted(pen.entries),
        (Expected("GROUP_INCOMPLETE", STANDING.subject, len(copy.leaves)),),
    )


def _lawful_and_untrue(copy: Copy) -> Iterator[Forgery]:
    """The log is right in every rule; what it says is remarked, and somebody should go and look."""
    charged = copy.leaves[copy.find(PARTS[0].subject, "battery.recycled")]
    g = charged.payload["data"]["mass"]["g"]
    inputs = {"count": 1, "g": g, "root": b64url(root_of([leaf_hash(parse_b64url(charged.id))]))}

    def closed(black_mass: int, metals: int) -> dict[str, Any]:
        outputs = [{"kind": "black_mass", "g": black_mass}, {"kind": "copper", "g": metals}]
        return {"inputs": inputs, "outputs": outputs, "losses": []}

    yield _remarked(
        copy, "more-black-mass-than-went-in",
        "The recycler closes a batch with more black mass than batteries went in: something else did too.",
        "再生企业关闭批次时，黑粉比投入的电池还重：掺入了来历不明的物料。",
        "MASS_CREATED", (RECYCLER, "batch.closed", OPEN, closed(g + 40_000, g // 10)),
    )  # fmt: skip
    yield _remarked(
        copy, "half-of-it-gone",
        "The recycler closes a batch of which half is neither output nor loss: nobody says where it went.",
        "再生企业关闭批次时，一半投入既非产出也非损失：去向不明。",
        "MASS_UNEXPLAINED", (RECYCLER, "batch.closed", OPEN, closed(g * 4 // 10, g // 10)),
    )  # fmt: skip
    vehicle = copy.payloads[copy.find(DRIVEN.subject, "battery.installed")]["data"]["vehicle"]
    scrapped = {"packs": 1, "swap_model": False, "present": [], "missing": [
        {"battery": DRIVEN.subject, "why": "sold_apart"},
    ]}  # fmt: skip
    yield _remarked(
        copy, "car-scrapped-without-its-pack",
        "The yard scraps a car whose pack was sold apart, to nobody that is enrolled.",
        "拆车场报废一辆车，电池已被私下卖出。",
        "VEHICLE_WITHOUT_PACK", (YARD, "vehicle.scrapped", vehicle, scrapped),
    )  # fmt: skip
    yield _module_kept_back(copy)


def _remarked(copy: Copy, name: str, en: str, zh: str, code: str, *said: Said) -> Forgery:
    return replace(_force(copy, name, en, zh, code, *said), outcome=VERIFIED)


def _module_kept_back(copy: Copy) -> Forgery:
    """Of the two modules that a pack was made with, one comes out."""
    name, part = "a-module-kept-back", parts_of(DRIVEN)[0]
    pen = Unjudged(copy, name)
    photo = {
        "kind": "photo",
        "sha256": b64url(leaf_hash(b"label")),
        "media_type": "image/jpeg",
        "bytes": 412_077,
    }
    taken = {"capacity": "pack_dismantler", "read_by": "camera", "condition": "intact", "evidence": [photo]}
    pen.say(YARD, "battery.taken_in", DRIVEN.subject, taken)
    leader = pen.say(*_dismantled(DRIVEN.measured_g, DRIVEN.subject, (part.subject, part.measured_g)))
    pen.say(*_extracted(DRIVEN.subject, leader, part.subject, part.measured_g))
    return Forgery(
        name,
        "The yard takes a pack apart that was made with two modules, and shows one.",
        "拆车场拆解一个由两个模组组成的电池包，只交出一个。",
        copy.rooted(pen.entries),
        (Expected("CHILD_MISSING", DRIVEN.subject, len(pen.entries) - 2),),
        outcome=VERIFIED,
    )
