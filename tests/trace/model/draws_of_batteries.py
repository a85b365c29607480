"""Draws of what is said of one battery, and of the vehicle it is in."""

from __future__ import annotations

from typing import Any

from packtrace.signing.base64url import b64url
from packtrace.tests.deterministic_signer import published_seed
from packtrace.tests.scene import Party, digest_of

from . import law
from .draws import MASS, NO_EVENT, Draws, Group, Said, draws, paper
from .stages import CUSTODIAL, LIVE, NOBODY, STANDING, USABLE, WASTE

ANYTHING = "battery:gbt34014:001PB76836300JBC40000000"
STAGES = {
    "battery.taken_in": WASTE | {"in_vehicle", "removed", "lost"},
    "battery.found": {"lost"},
    "battery.released": {"in_vehicle", "removed"},
    "battery.rebooked": WASTE,
    "battery.lost": STANDING,
    "battery.installed": {"manufactured", "removed"},
    "battery.removed": {"in_vehicle"},
    "battery.pooled": {"manufactured", "removed"},
    "battery.unpooled": {"swap_pool"},
    "battery.inspected": LIVE,
    "battery.moved": STANDING,
    "battery.incident": STANDING,
    "label.reissued": STANDING,
    "battery.retired": USABLE,
    "battery.requalified": WASTE,
    "battery.exported": STANDING,
    "battery.returned": {"exported"},
    "battery.recycled": {"at_recycler"},
}
ROLES = {
    "battery.taken_in": ("dealer", "repairer", "collector", "vehicle_dismantler", "recycler", "repurposer"),
    "battery.pooled": ("swap_operator",),
    "battery.unpooled": ("swap_operator",),
    "battery.installed": ("vehicle_maker", "dealer", "repairer", "swap_operator"),
    "battery.requalified": ("repurposer", "battery_maker"),
    "battery.recycled": ("recycler",),
    "battery.returned": ("importer", "dealer", "collector", "recycler"),
}
"""Who may, where not everybody who holds it may: such a holder is looked for."""
LED_TO = {
    "battery.taken_in": "battery.released",
    "battery.found": "battery.lost",
    "battery.released": "battery.installed",
    "battery.recycled": "handover.accepted",
    "battery.removed": "battery.installed",
    "battery.unpooled": "battery.pooled",
    "battery.pooled": "battery.registered",
    "battery.requalified": "handover.accepted",
    "battery.returned": "battery.exported",
}
"""What leads to a stage in which that can be said."""
FROM_NOBODY = {"battery.taken_in", "battery.returned"}


@draws("battery.manufactured")
def manufactured(play: Draws, name: str) -> Group:
    maker = play.likely(play.with_role("battery_maker"), play.parties, 97)
    vendor = play.likely(maker.vendor_codes, ("04Q", "001"), 95)
    level = play.pick("PPPM")
    sub = f"battery:gbt34014:{vendor}{level}B76836300JG61{play.number():07d}"
    if play.chance(4):
        sub = play.pick(play.things("battery:") or [sub])
    model = play.pick(play.things("model:", owner=maker.org) or [play.scene.model])
    data = {"model": model, "chemistry": "LFP", "mass": MASS, "label": digest_of(sub)}
    group = [Said(maker, name, sub, data)]
    own = play.held_by(maker.org, "battery:", {"manufactured", "removed"})
    parts = play.maybe_barred([part for part in own if part[20] == "M"])
    if parts and play.chance(45):
        chosen = play.random.sample(parts, min(len(parts), 2))
        member = play.pick(("components", "put_in"))
        data[member] = chosen
        if member == "put_in":
            told = {"parent": sub, "leader": "@0"}
            group += [Said(maker, "battery.fitted", part, dict(told)) for part in chosen]
    elif play.chance(30):
        data["components"] = [sub.replace("PB7", "MB7")]
    return group


@draws("battery.registered")
def registered(play: Draws, name: str) -> Group:
    party = play.likely([party for party in play.parties if set(party.roles) & CUSTODIAL], play.parties)
    vendor = play.pick(("001", "001", "04Q"))
    date = play.pick(("BC4", "BC4", "BC4", "G61"))
    sub = f"battery:gbt34014:{vendor}{play.pick('PPPM')}B76836300J{date}{play.number():07d}"
    if play.chance(15):
        sub = f"battery:tag:{play.who(party.org).id}/t{play.number()}"
    if play.chance(10):
        sub = play.pick(play.things("battery:", {"-"}) or play.things("battery:") or [sub])
    capacity = play.capacity(party, {})
    stage = play.pick(("in_vehicle", "removed", "removed", "waste", "waste", "waste"))
    if capacity in ("swap_operator", "importer") and play.chance(40):
        stage = {"swap_operator": "swap_pool", "importer": "manufactured"}[capacity]
    data: dict[str, Any] = {
        "stage": stage, "capacity": capacity, "holder": "signer", "basis": "legacy", "read_by": "camera",
    }  # fmt: skip
    if play.chance(35 if stage in ("in_vehicle", "removed") else 5):
        data["holder"] = "nobody"
    if play.chance(80):
        data["evidence"] = paper("photo")
    if play.chance(8):
        data["condition"] = "damaged"
    if play.chance(10 if sub.startswith("battery:tag:") else 2):
        data["basis"] = "label_unreadable"
    if play.chance(60 if sub.startswith("battery:tag:") else 1):
        data["conflicts_with"] = play.pick(play.things("battery:gbt") or [sub])
    return [Said(party, name, sub, data | site_of(play, party))]


def site_of(play: Draws, party: Party) -> dict[str, str]:
    sites = play.world["orgs"].get(party.org, {"sites": {}})["sites"]
    return {"site": play.pick(sites)} if sites and play.chance(40) else {}


@draws(*STAGES)
def on_one(play: Draws, name: str) -> Group:
    """What is said of one battery in a stage that fits, by who holds it and may."""
    standing = play.things("battery:", STAGES[name])
    fits = standing
    if name in ROLES and name not in FROM_NOBODY:
        able = {party.org for role in ROLES[name] for party in play.with_role(role)}
        fits = [sub for sub in standing if play.thing(sub)["custodian"] in able]
        if name == "battery.installed" and play.chance(95):
            fits = [sub for sub in fits if sub[20:21] not in "MC"]
        elif name == "battery.recycled":
            able = {play.thing(batch)["owner"] for batch in play.things("batch:", {"open"})}
            fits = [sub for sub in fits if play.thing(sub)["custodian"] in able]
            if group := play.first("batch.opened", able):
                return group
    elif name == "battery.taken_in":
        fits = [sub for sub in standing if play.thing(sub)["custodian"] == NOBODY]
    if name in LED_TO and (group := play.first(LED_TO[name], fits)):
        return group
    free = [sub for sub in fits if not law.is_open(play.world, play.thing(sub).get("offer"))]
    barred = play.maybe_barred(fits)
    sub = play.likely(free if barred is fits else barred, standing or play.things("battery:") or [ANYTHING])
    state = play.thing(sub)
    party = _actor(play, name, state)
    data = _data(play, name, sub, state, party)
    group = [Said(party, name, sub, data)]
    if name in ("battery.installed", "battery.removed") and "vehicle" in data and play.chance(96):
        group.append(_vehicle(play, name, sub, data, party))
    return group


def _actor(play: Draws, name: str, state: law.State) -> Party:
    if name == "battery.found":
        return play.who(state.get("lost_by"))
    if name in FROM_NOBODY or state["custodian"] == NOBODY:
        able = [party for role in ROLES.get(name, ("dealer", "repairer")) for party in play.with_role(role)]
        if name == "battery.exported" and play.chance(30):
            return play.registrar()
        return play.likely(able, play.parties)  # type: ignore[no-any-return]
    holder = state["custodian"]
    if name == "battery.inspected" and state.get("offer") and play.chance(40):
        holder = state["offer"]["consignee"]
    if state["stage"] == "in_pack":
        holder = play.thing(state["parent"])["custodian"]
    if name == "battery.exported" and play.chance(4):
        return play.registrar()
    return play.who(holder)


def _vehicle(play: Draws, name: str, sub: str, data: dict[str, Any], party: Party) -> Said:
    vehicle = data["vehicle"]
    if name == "battery.removed":
        return Said(party, "vehicle.taken_out", vehicle, {"battery": sub, "removed": "@0"})
    packs = data["of"] if play.chance(95) else data["of"] + 1
    swap = play.thing(vehicle).get("swap_model", int(vehicle[8] > "g") == 1)
    told = {
        "battery": sub,
        "installed": "@0",
        "packs": packs,
        "swap_model": swap if play.chance(97) else not swap,
    }
    return Said(party, "vehicle.fitted", vehicle, told)


def vehicle(play: Draws) -> str:
    """One of some vehicles."""
    return f"vehicle:{b64url(published_seed(f'car {play.random.randrange(50)}')[:16])}"


@draws("vehicle.scrapped")
def scrapped(play: Draws, name: str) -> Group:
    sub = play.likely(play.things("vehicle:", {"vehicle"}), [vehicle(play)], 80)
    state = play.thing(sub)
    there = [each for each in state.get("batteries", ()) if play.thing(each).get("vehicle") == sub]
    there = [each for each in there if play.thing(each)["stage"] == "in_vehicle"]
    if play.chance(10) and there:
        there.pop()
    packs = state.get("packs", 1) if play.chance(95) else 2
    missing: list[dict[str, str]] = [{"why": "not_said"}] * max(0, packs - len(there))
    if there and play.chance(30):
        missing = [*missing, {"battery": there.pop(), "why": "stolen"}]
    data = {
        "packs": packs,
        "swap_model": state.get("swap_model", False),
        "present": there,
        "missing": missing,
    }
    return [Said(play.likely(play.with_role("vehicle_dismantler"), play.parties), name, sub, data)]


@draws("vehicle.fitted", "vehicle.taken_out")
def alone(play: Draws, name: str) -> Group:
    """What only follows, alone; or, by who leads another group, in the place of what that demands."""
    sub = play.pick(play.things("battery:") or [ANYTHING])
    if name == "vehicle.taken_out":
        told = {"battery": sub, "removed": NO_EVENT}
    else:
        told = {"battery": sub, "installed": NO_EVENT, "packs": 1, "swap_model": False}
    return [Said(play.pick(play.parties), name, vehicle(play), told)]


def _data(play: Draws, name: str, sub: str, state: law.State, party: Party) -> dict[str, Any]:
    capacity = play.capacity(party, state)
    wanted = [role for role in ROLES.get(name, ()) if role in party.roles]
    if wanted and play.chance(90):
        capacity = play.pick(wanted)
    read: dict[str, Any] = {"read_by": "camera", "capacity": capacity}
    if play.chance(85):
        read["evidence"] = paper("photo")
    match name:
        case "battery.taken_in":
            return read | {"condition": "intact"} | site_of(play, party)
        case "battery.removed":
            named = {"vehicle": state["vehicle"]} if state.get("vehicle") and play.chance(96) else {}
            return read | {"reason": "repair"} | named
        case "battery.returned":
            was = state.get("before", {"stage": "removed"})["stage"]
            likely = "waste" if was in WASTE else "removed"
            return read | {"stage": likely if play.chance(80) else play.pick(("waste", "in_vehicle"))}
        case "battery.found":
            return {"read_by": "camera"}
        case "battery.released":
            return {"reason": "sold"}
        case "battery.rebooked":
            others = [role for role in party.roles if role in CUSTODIAL and role != state.get("capacity")]
            return {"capacity": play.likely(others, [capacity], 80)}
        case "battery.retired":
            return {"capacity": capacity, "reason": "recall"}
        case "battery.lost":
            return {"reason": "stolen"}
        case "battery.installed":
            car = vehicle(play)
            of = play.thing(car).get("packs", play.pick((1, 1, 2)))
            return {"vehicle": car, "position": play.pick((1, of)) + play.chance(3), "of": of}
        case "battery.inspected":
            if play.chance(50):
                return {"condition": "intact", "clears_damage": True, "evidence": paper("report")}
            return {"condition": "intact"}
        case "battery.moved":
            return {"site": "yard"} | site_of(play, party)
        case "battery.incident":
            return {"kind": "drop"}
        case "label.reissued":
            old = state.get("label")
            label = old if old and play.chance(10) else digest_of(f"label {play.number()}")
            return {"label": label, "reason": "damaged"}
        case "battery.requalified":
            papers = paper("report", "contract" if play.chance(92) else "photo")
            told = {"operation": "re-used", "protection": "crate", "evidence": papers}
            return {"capacity": capacity} | told
        case "battery.exported":
            customs = {"evidence": paper("customs"), "customs_number": "1"} if play.chance(90) else {}
            return {"destination": "DE", "reason": "sold"} | customs
        case "battery.recycled":
            return {"batch": batch_of(play, party), "mass": MASS}
    return {}


def batch_of(play: Draws, party: Party) -> str:
    """An open batch of its own, mostly."""
    everything = play.things("batch:") or [f"batch:{party.id}/none"]
    return str(play.likely(play.things("batch:", {"open"}, owner=party.org), everything))
