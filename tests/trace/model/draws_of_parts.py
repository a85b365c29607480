"""Draws of repairs, of taking apart, of second life, and of one battery under two codes."""

from __future__ import annotations

from typing import Any

from packtrace.tests.scene import Party, digest_of

from .draws import MASS, NO_EVENT, Draws, Group, Said, draws, grams
from .draws_of_batteries import ANYTHING
from .stages import IN_PACK, MENDERS, OPENABLE, STANDING, USABLE, WASTE

RESIDUES = ("casing", "cells", "modules", "cables")


def _openers(play: Draws) -> set[str]:
    """Who has a licence to open packs."""
    grants = {org: state["roles"].values() for org, state in play.world["orgs"].items()}
    return {org for org, roles in grants.items() if any("open_packs" in each["scope"] for each in roles)}


def _low(sub: str) -> bool:
    """Whether it can be in a pack: its code does not say that it is one."""
    return sub.startswith("battery:tag:") or sub[20:21] in "MC"


@draws("battery.dismantled")
def dismantled(play: Draws, name: str) -> Group:
    able = _openers(play)
    standing = play.things("battery:", OPENABLE)
    fits = [
        sub for sub in standing if play.thing(sub)["custodian"] in able and not play.thing(sub).get("offer")
    ]
    if group := play.first("handover.accepted", fits):
        return group
    full = [sub for sub in fits if play.thing(sub).get("components")]
    fits = full if full and play.chance(50) else fits
    sub = play.likely(play.maybe_barred(fits), standing or play.things("battery:") or [ANYTHING])
    state = play.thing(sub)
    party = play.who(state["custodian"])
    children = list(state.get("components", ()))
    if not children and play.chance(70):
        tag = f"battery:tag:{party.id}/m{play.number()}"
        children = [sub.replace("PB7", "MB7") if sub[20:21] == "P" and play.chance(60) else tag]
    if play.chance(6):
        children.append(play.pick(play.things("battery:") or [sub]))
    lines = [{"line": at, "kind": play.pick(RESIDUES), "g": 9_000} for at in range(1, play.pick((1, 2, 3)))]
    out = [{"battery": child, "g": 300_000} for child in children]
    group = [Said(party, name, sub, {"mass": MASS, "children": out, "residues": lines})]
    for child in children:
        told = {
            "parent": sub,
            "dismantled": "@0",
            "mass": MASS,
            "capacity": state.get("capacity", "recycler"),
        }
        if play.chance(4):
            told["condition"] = "damaged"
        group.append(Said(party, "battery.extracted", child, told))
    return group


@draws("battery.repaired")
def repaired(play: Draws, name: str) -> Group:
    able = _openers(play)
    standing = play.things("battery:", USABLE)
    fits = [sub for sub in standing if play.thing(sub)["custodian"] in able and sub[20:21] != "C"]
    if group := play.first("handover.accepted", fits):
        return group
    full = [sub for sub in fits if play.thing(sub).get("parts")]
    sub = play.likely(full if play.chance(60) and full else fits, standing or [ANYTHING])
    state = play.thing(sub)
    party = play.who(state["custodian"])
    licensed = play.world["orgs"].get(party.org, {"roles": {}})["roles"].items()
    roles = [role for role, grant in licensed if role in MENDERS and "open_packs" in grant["scope"]]
    opened = bool(roles) and play.chance(92)
    capacity = play.likely(roles if opened else [role for role in party.roles if role in MENDERS], MENDERS)
    data: dict[str, Any] = {"capacity": capacity, "work": "parts_replaced", "opened": opened}
    group = [Said(party, name, sub, data)]
    if not opened and play.chance(80):
        return group
    if state.get("parts"):
        out = data["took_out"] = [play.pick(state["parts"])]
        told = {"parent": sub, "leader": "@0", "capacity": state.get("capacity", capacity)}
        if play.chance(5):
            told["capacity"] = capacity
        group += [Said(party, "battery.taken_out", part, dict(told)) for part in out]
    own = play.held_by(party.org, "battery:", {"manufactured", "removed"})
    spare = [part for part in own if _low(part) and part != sub]
    part = play.likely(play.maybe_barred(spare), own, 95)
    if part and play.chance(80):
        data["put_in"] = [part]
        group.append(Said(party, "battery.fitted", part, {"parent": sub, "leader": "@0"}))
    elif play.chance(30):
        data["uncoded_in"] = [{"kind": "cell", "count": 4}]
    return group


@draws("battery.used_in")
def used_in(play: Draws, name: str) -> Group:
    makers = {party.org for party in play.with_role("repurposer")}
    standing = play.things("battery:", {"removed"})
    fits = [sub for sub in standing if play.thing(sub)["custodian"] in makers]
    if group := play.first("battery.requalified", fits):
        return group
    sub = play.likely(play.maybe_barred(fits), standing or [ANYTHING])
    party = play.who(play.thing(sub)["custodian"])
    begun = {state.get("into") for state in play.world["things"].values() if state["stage"] == "used_in"}
    open_products = [str(each) for each in begun if each and play.thing(str(each))["stage"] == "-"]
    product = play.likely(open_products, [_product(play, party)], 50)
    if play.chance(10):
        product = play.pick(play.things("battery:") or [ANYTHING])
    return [Said(party, name, sub, {"product": product})]


def _product(play: Draws, party: Party) -> str:
    """The code of a product to come: of 19 characters, or a tag."""
    vendor = play.likely(party.vendor_codes, ["001"])
    if play.chance(25):
        return f"battery:tag:{party.id}/p{play.number()}"
    return f"battery:gbt34014:{vendor}PB76G61{play.number():07d}RP"


@draws("battery.repurposed")
def repurposed(play: Draws, name: str) -> Group:
    used = [
        (sub, state) for sub, state in play.world["things"].items() if state["stage"] == "used_in"
    ]  # fmt: skip
    open_products = {
        str(state["into"]) for _, state in used if play.thing(str(state["into"]))["stage"] == "-"
    }
    if group := play.first("battery.used_in", open_products):
        return group
    someone = play.pick(play.with_role("repurposer") or play.parties)
    sub = play.likely(open_products, [_product(play, someone)], 95)
    events = [str(play.last(source)["id"]) for source, state in used if state["into"] == sub]  # type: ignore[index]
    signers = {play.last(source)["iss"] for source, state in used if state["into"] == sub}  # type: ignore[index]
    party = play.who(play.pick(signers) if signers else someone.org)
    if play.chance(6):
        events = events[:-1]
    data: dict[str, Any] = {
        "sources": events or [NO_EVENT], "category": "industrial", "chemistry": "LFP", "mass": MASS,
        "intended_use": play.pick(("traction", "backup")), "label": digest_of(sub),
    }  # fmt: skip
    if play.chance(25):
        models = play.things("model:")
        data["model"] = play.likely(play.things("model:", owner=party.org), models, 60)
    group = [Said(party, name, sub, data)]
    own = [part for part in play.held_by(party.org, "battery:", {"removed"}) if _low(part)]
    if own and play.chance(30):
        data["put_in"] = [play.pick(own)]
        group.append(Said(party, "battery.fitted", data["put_in"][0], {"parent": sub, "leader": "@0"}))
    return group


@draws("identity.linked")
def linked(play: Draws, name: str) -> Group:
    held = [sub for sub in play.things("battery:", STANDING) if play.party(play.thing(sub)["custodian"])]
    tags = [sub for sub in held if sub.startswith("battery:tag:")]
    sub = play.likely(play.maybe_barred(tags if tags and play.chance(60) else held), [ANYTHING], 97)
    state = play.thing(sub)
    party = play.who(state["custodian"])
    new = f"battery:gbt34014:001PB76836300JBC4{play.number():07d}"
    own = [other for other in play.held_by(party.org, "battery:", STANDING) if other != sub]
    alike = [other for other in own if play.thing(other)["stage"] == state["stage"]]
    others = [*(alike or own), new, *([state["conflicts_with"]] if state.get("conflicts_with") else [])]
    other = play.likely(others, play.things("battery:") or [new], 92)
    group = [Said(party, name, sub, {"battery": other, "basis": "code_found"})]
    if play.thing(other)["stage"] == "-":
        stage = "waste" if state["stage"] in WASTE else state["stage"]
        told: dict[str, Any] = {
            "stage": stage if stage in ("waste", "removed", "in_vehicle", "swap_pool") else "removed",
            "capacity": state.get("capacity") or "dealer", "holder": "signer", "basis": "legacy",
            "read_by": "camera", "linked": "@0",
        }  # fmt: skip
        if state.get("damaged") and play.chance(85):
            told["condition"] = "damaged"
        group.append(Said(party, "battery.registered", other, told))
    return group


@draws("battery.fitted", "battery.taken_out", "battery.extracted")
def alone(play: Draws, name: str) -> Group:
    """What only follows, alone; or behind a leader that names it, though it is not in it, or another's."""
    parts = [sub for sub in play.things("battery:", {IN_PACK, "removed"}) if _low(sub)]
    sub = play.pick(parts or play.things("battery:") or [ANYTHING])
    parent = play.pick(play.things("battery:") or [ANYTHING])
    party = play.who(play.thing(parent)["custodian"])
    capacity = play.thing(parent).get("capacity") or "dealer"
    leader = NO_EVENT if play.chance(50) else "@0"
    told: dict[str, Any] = {"parent": parent, "leader": leader}
    if name == "battery.taken_out":
        told["capacity"] = capacity
    elif name == "battery.extracted":
        told = {"parent": parent, "dismantled": leader, "capacity": capacity, "mass": grams(9)}
    follower = Said(party, name, sub, told)
    if leader == NO_EVENT:
        return [follower]
    if name == "battery.extracted":
        data: dict[str, Any] = {"mass": MASS, "children": [{"battery": sub, "g": 9}], "residues": []}
        return [Said(party, "battery.dismantled", parent, data), follower]
    member = "put_in" if name == "battery.fitted" else "took_out"
    said = {"capacity": capacity, "work": "parts_replaced", "opened": True, member: [sub]}
    return [Said(party, "battery.repaired", parent, said), follower]
