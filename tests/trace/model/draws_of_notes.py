"""Draws of notes, holds, contested origins and inspections of sites."""

from __future__ import annotations

from typing import Any

from . import law
from .draws import NO_EVENT, Draws, Group, Said, draws, grams
from .law_of_notes import WEIGHED
from .stages import ENDS


def _something(play: Draws, *kinds: str) -> str:
    """A thing that is still there, mostly."""
    kind = play.pick(kinds or ("battery:", "battery:", "battery:", "lot:", "batch:", "vehicle:", "org:"))
    there = [sub for sub in play.things(kind) if play.thing(sub)["stage"] not in ENDS | {"-"}]
    return str(play.likely(there, play.things(kind) or play.things("battery:") or play.things("org:"), 92))


def _event(play: Draws, sub: str) -> str:
    trail = play.world["trails"].get(sub, ())
    return str(play.pick(trail[-3:])["id"]) if trail and play.chance(95) else NO_EVENT


@draws("note.corrected")
def corrected(play: Draws, name: str) -> Group:
    trails = play.world["trails"]
    weighed = [sub for sub, trail in trails.items() if trail and trail[-1]["type"] in WEIGHED]
    charged = [sub for sub in weighed if trails[sub][-1]["type"] == "battery.recycled"]
    sub = play.likely(charged if charged and play.chance(60) else weighed, [_something(play)])
    event = _event(play, sub) if play.chance(15) else str((play.last(sub) or {"id": NO_EVENT})["id"])
    signer = (law.stands(play.world, sub, event) or {"iss": ""})["iss"]
    told: dict[str, Any] = {"mass": grams(play.random.randrange(300_000, 500_000))}
    return [Said(play.who(signer), name, f"notes:{sub}", {"event": event, "set": told, "reason": "x"})]


@draws("note.disputed", "note.agreed", "note.incident", "custody.claimed")
def noted(play: Draws, name: str) -> Group:
    sub = _something(play, "battery:", "lot:") if name == "custody.claimed" else _something(play)
    party = play.pick(play.parties)
    data: dict[str, Any] = {
        "note.disputed": {"reason": "x"} | ({"event": _event(play, sub)} if play.chance(60) else {}),
        "note.agreed": {"event": _event(play, sub), "to": play.pick(("void", "void", "settlement"))},
        "note.incident": {"kind": "fire", "note": "x"},
        "custody.claimed": {"basis": "bought", "note": "x"},
    }[name]
    if name == "note.agreed" and play.chance(75):
        sub, data["event"], org = _concerned(play)
        party = play.who(org)
    if play.chance(5):
        sub = f"battery:gbt40098:NOTHING{play.number()}"
    return [Said(party, name, f"notes:{sub}", data)]


def _concerned(play: Draws) -> tuple[str, str, str]:
    """The last event of something, with whom it concerned beside its signer."""
    trails = {
        sub: trail for sub, trail in play.world["trails"].items() if sub.startswith(("battery:", "lot:"))
    }
    found = []
    for sub, trail in trails.items():
        if not trail:
            continue
        last = trail[-1]
        offer = last["before"].get("offer")
        if last["type"] == "handover.accepted":
            found.append((sub, last["id"], last["before"]["custodian"]))
        elif last["type"] == "handover.offered":
            found.append((sub, last["id"], last["consignee"]))
        elif offer:
            found.append((sub, last["id"], offer["consignee"]))
    return play.pick(found) if found else (_something(play), NO_EVENT, "")


@draws("origin.contested", "origin.confirmed")
def origin(play: Draws, name: str) -> Group:
    codes = [code for party in play.parties for code in party.vendor_codes]
    named = [sub for code in codes for sub in play.things(f"battery:gbt34014:{code}")]
    fits = [sub for sub in named if not play.thing(sub).get("maker")]
    if name == "origin.contested" and play.chance(60):  # what would be installed or used again next
        fits = [sub for sub in fits if play.thing(sub)["stage"] == "removed"] or fits
    if name == "origin.confirmed":
        contested = [sub for sub in fits if play.world["contested"].get(sub)]
        fits = contested if contested and play.chance(85) else fits
    sub = play.likely(fits, play.things("battery:") or ["battery:gbt40098:NOTHING1"], 93)
    vendor = next((party.org for party in play.parties if sub[17:20] in party.vendor_codes), "")
    return [Said(play.who(vendor), name, f"notes:{sub}", {"reason": "x"})]


@draws("hold.placed")
def placed(play: Draws, name: str) -> Group:
    if sum(bool(holds) for holds in play.world["holds"].values()) > 12:
        return lifted(play, "hold.lifted")
    sub = _something(play, "battery:", "battery:", "battery:", "lot:", "batch:", "org:", "vehicle:")
    parts = [part for part in play.things("battery:", {"manufactured", "removed"}) if part[20:21] in "MC"]
    if parts and play.chance(25):
        sub = play.pick(parts)
    party = play.likely(play.regulators, play.parties, 90)
    return [Said(party, name, f"notes:{sub}", {"basis": "investigation", "reason": "x"})]


@draws("hold.lifted")
def lifted(play: Draws, name: str) -> Group:
    held = [(sub, hold, org) for sub, holds in play.world["holds"].items() for hold, org in holds.items()]
    nothing = [(_something(play), NO_EVENT, play.regulators[0].org)]
    sub, hold, org = play.likely(held, nothing, 93)
    return [Said(play.who(org), "hold.lifted", f"notes:{sub}", {"hold": hold, "reason": "x"})]


@draws("site.inspected")
def inspected(play: Draws, name: str) -> Group:
    orgs = [org for org, state in play.world["orgs"].items() if state["sites"]]
    org = play.likely(orgs, play.world["orgs"], 93)
    sites = play.world["orgs"][org]["sites"]
    site = play.likely(sites, ["elsewhere"], 93)
    party = play.likely(play.regulators, play.parties, 85)
    sub = org if play.chance(97) else play.pick(play.things("battery:") or [org])
    return [Said(party, name, f"notes:{sub}", {"site": site, "outcome": "in_order"})]
