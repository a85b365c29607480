"""Draws of offers and answers, of custody assigned, and of what undoes an event."""

from __future__ import annotations

from typing import Any

from packtrace.tests.scene import Party

from . import law
from .draws import MASS, NO_EVENT, Draws, Group, Said, draws
from .stages import CUSTODIAL, DISMANTLERS, IN_USE, STANDING, WASTE

ONLY_WASTE = DISMANTLERS | {"recycler"}
ANSWERS = ("handover.accepted", "handover.declined", "handover.withdrawn")

NOTHING = "battery:gbt40098:NOTHING1"


def _offered(play: Draws) -> list[str]:
    """What has an open offer."""
    everything = play.things("battery:", STANDING) + play.things("lot:", {"held"})
    return [sub for sub in everything if law.is_open(play.world, play.thing(sub).get("offer"))]


def _somewhere(play: Draws) -> str:
    return str(play.pick(play.things("battery:") + play.things("lot:") or [NOTHING]))


@draws("handover.offered")
def offered(play: Draws, name: str) -> Group:
    lots, batteries = play.things("lot:", {"held"}), play.things("battery:", STANDING)
    waste = [sub for sub in batteries if play.thing(sub)["stage"] in WASTE]
    used = [sub for sub in batteries if play.thing(sub)["stage"] in ("removed", "in_vehicle")]
    chosen = lots if lots and play.chance(25) else waste if waste and play.chance(70) else used or batteries
    chosen = batteries if play.chance(10) else chosen
    held = [sub for sub in chosen if not play.thing(sub).get("offer")]
    sub = play.likely(play.maybe_barred(held), [_somewhere(play)], 95)
    state = play.thing(sub)
    party = play.who(state["custodian"])
    wanted = {role for role in CUSTODIAL if state["stage"] not in IN_USE or role not in ONLY_WASTE}
    if play.chance(70):  # to who goes on with it: opens, recycles or repairs it, or uses it in a product
        wanted &= (
            {"recycler", "pack_dismantler", "repurposer"}
            if chosen is not used
            else {"repairer", "repurposer"}
        )
    able = [other for other in play.parties if other is not party and wanted & set(other.roles)]
    to = play.likely(able, play.parties, 95)
    roles = [role for role in to.roles if role in wanted]
    days = play.pick((1, 5, 30, 30, 30, 30, 90, 90, 300, 300, 500))
    data: dict[str, Any] = {
        "consignee": to.org,
        "capacity": play.likely(roles, CUSTODIAL),
        "expires_at": play.time(play.now + days * law.DAY),
        "packing": "damaged" if state.get("damaged") and play.chance(80) else "normal",
    }
    if play.chance(50):
        data |= _load(play, party, to)
    return [Said(party, name, sub, data)]


def _load(play: Draws, party: Party, to: Party) -> dict[str, str]:
    """With a consignment that goes there, or with a new one."""
    known = [load for load in play.world["loads"] if law.owner(load) == party.org]
    fits = [load for load in known if play.thing(load).get("consignee", to.org) == to.org]
    new = f"consignment:{party.id}/c{play.number()}"
    return {
        "consignment": str(
            play.likely(fits, [new], 70) if play.chance(93) else play.pick([*play.world["loads"], new])
        )
    }


@draws(*ANSWERS)
def answered(play: Draws, name: str) -> Group:
    fits = _offered(play)
    if name == "handover.accepted":
        fits = [sub for sub in fits if _can_accept(play, sub)]
    if group := play.first("handover.offered", fits):
        return group
    sub = play.likely(play.maybe_barred(fits), [*play.things("battery:", STANDING), _somewhere(play)], 92)
    state = play.thing(sub)
    offer = state.get("offer") or {"id": NO_EVENT, "capacity": "collector", "consignee": ""}
    party = play.who(state["custodian"] if name == "handover.withdrawn" else offer["consignee"])
    data: dict[str, Any] = {"offer": offer["id"] if play.chance(97) else NO_EVENT}
    if name == "handover.accepted":
        role = offer["capacity"] if play.chance(92) else play.capacity(party, state)
        data |= {"capacity": role, "mass": MASS, "condition": "intact", "read_by": "camera"}
    elif name == "handover.declined":
        data["reason"] = "other"
    return [Said(party, name, sub, data)]


def _can_accept(play: Draws, sub: str) -> bool:
    offer = play.thing(sub)["offer"]
    return law.has_role(play.world, offer["consignee"], offer["capacity"])


@draws("custody.assigned")
def assigned(play: Draws, name: str) -> Group:
    sub = play.likely(play.things("battery:", STANDING | {"lost"}) + play.things("lot:", {"held", "lost"}),
                      [_somewhere(play)])  # fmt: skip
    to = play.pick(play.parties)
    data = {"party": to.org, "capacity": play.capacity(to, {}), "basis": "court", "reason": "x"}
    return [Said(play.registrar(90), name, sub, data)]


def undoing(play: Draws, party: Party, sub: str, event: str, depth: int = 0, **more: str) -> Group:
    """The void of an event, and of all that names it, in the order in which it is demanded."""
    name = f"{sub.partition(':')[0]}.voided"
    group = [Said(party, name, sub, {"event": event, "reason": "x", **more})]
    for other, named in play.world["names"].get(event, ()):
        if depth < 6 and law.stands(play.world, other, named) and play.chance(97):
            group += undoing(play, party, other, named, depth + 1)
    return group


@draws("battery.voided", "vehicle.voided", "lot.voided")
def voided(play: Draws, name: str) -> Group:
    kind = name.partition(".")[0] + ":"
    trails = {sub: trail for sub, trail in play.world["trails"].items() if sub.startswith(kind) and trail}
    if not trails:
        sub = {"vehicle:": f"vehicle:{'A' * 22}", "lot:": f"lot:{play.parties[0].id}/none"}.get(kind, NOTHING)
        return [Said(play.pick(play.parties), name, sub, {"event": NO_EVENT, "reason": "x"})]
    ready = [sub for sub, trail in trails.items() if not trail[-1]["led"]]
    if play.chance(35):  # what others rest on
        names = play.world["names"]
        ready = [sub for sub in ready if names.get(trails[sub][-1]["id"])] or ready
    if kind != "vehicle:":
        hours = play.now - 72 * 3600
        young = [sub for sub in ready if trails[sub][-1]["at"] >= hours]
        ready = young if young and play.chance(60) else ready
    agreed = _agreed(play, trails) if play.chance(40) else None
    sub = agreed or play.likely(play.maybe_barred(ready), trails)
    trail = trails[sub]
    entry = trail[-1] if len(trail) < 2 or play.chance(93) else trail[-2]
    party = play.who(entry["iss"])
    if play.chance(15) and not agreed:
        party = play.registrar()
    more = (
        {"agreed": play.pick(_consents(play, entry["id"]) or [NO_EVENT])} if agreed or play.chance(5) else {}
    )
    return undoing(play, party, sub, entry["id"], **more)


def _consents(play: Draws, event: str) -> list[str]:
    return [note for note, (named, _) in play.world["agreed"].items() if named == event]


def _agreed(play: Draws, trails: dict[str, Any]) -> str | None:
    """Something whose last event somebody agreed to undo."""
    named = {event for event, _ in play.world["agreed"].values()}
    found = [sub for sub, trail in trails.items() if trail[-1]["id"] in named]
    return play.pick(found) if found else None
