"""Draws of lots, of batches and of consignments."""

from __future__ import annotations

from typing import Any

from packtrace.tests.scene import Party

from . import law
from .draws import Draws, Group, Said, draws, grams, paper
from .draws_of_batteries import ANYTHING, batch_of, site_of
from .law_of_loads import inputs_of, offers_of
from .law_of_registry import raw, root_of
from .stages import CUSTODIAL

OUTPUTS = ("black_mass", "copper", "aluminium")


def _lot(play: Draws, party: Party) -> str:
    """The name of a new lot, of its own, mostly."""
    return f"lot:{play.who(party.org, 97).id}/l{play.number()}"


def _group(play: Draws, party: Party, name: str, data: dict[str, Any]) -> Group:
    return [Said(party, name, _lot(play, party), data)]


@draws("lot.made")
def made(play: Draws, name: str) -> Group:
    how = play.pick(("residue", "residue", "batch", "batch", "lots"))
    found = {"residue": _of_residue, "batch": _of_batch, "lots": _of_lots}[how](play)
    if found is None:
        if group := play.first("batch.closed" if how == "batch" else "battery.dismantled", ()):
            return group
        party = play.pick(play.parties)
        data = {"capacity": play.capacity(party, {}), "kind": "cells", "mass": grams(9), "count": 3}
        return _group(play, party, name, data)
    return found


def _of_residue(play: Draws) -> Group | None:
    opened = [sub for sub in play.things("battery:", {"dismantled"}) if play.thing(sub).get("residues")]
    if not opened:
        return None
    cited = {state.get("source") for state in play.world["things"].values()}
    lines = [(sub, line) for sub in opened for line in play.thing(sub)["residues"]]
    last = {sub: play.last(sub) or {} for sub in opened}
    free = [each for each in lines if (last[each[0]].get("id"), each[1]) not in cited]
    sub, line = play.likely(free, lines, 92)
    residue = play.thing(sub)["residues"][line]
    party = play.who(last[sub]["iss"])
    data: dict[str, Any] = {
        "capacity": play.capacity(party, play.thing(sub)), "parent": sub, "dismantled": last[sub]["id"],
        "line": line, "kind": residue["kind"], "mass": grams(residue["g"] + play.chance(5)),
    }  # fmt: skip
    if play.chance(40):
        data["chemistry"] = play.pick(("LFP", "NCM"))
    return _group(play, party, "lot.made", data)


def _of_batch(play: Draws) -> Group | None:
    batches = play.things("batch:", {"closed"})
    if not batches:
        return None
    cited = {state.get("source") for state in play.world["things"].values()}
    outputs = [(sub, kind) for sub in batches for kind in play.thing(sub)["outputs"]]
    if not outputs:
        return None
    sub, kind = play.likely([each for each in outputs if each not in cited], outputs, 92)
    party = play.who(play.thing(sub)["owner"])
    g = play.thing(sub)["outputs"][kind] + (5 if play.chance(5) else 0)
    data = {"capacity": play.capacity(party, {}), "batch": sub, "kind": kind, "mass": grams(g)}
    return _group(play, party, "lot.made", data)


def _of_lots(play: Draws) -> Group | None:
    held = play.things("lot:", {"held"})
    if not held:
        return None
    first = play.pick(held)
    like = play.thing(first)
    pairs = play.things("lot:", {"held"}, custodian=like["custodian"], kind=like["kind"])
    pairs = [sub for sub in pairs if sub != first and not play.thing(sub).get("offer")]
    if not pairs:
        return None
    lots = [first, play.likely(pairs, held, 96)]
    party = play.who(like["custodian"])
    total = sum(play.thing(sub)["g"] for sub in lots) + play.chance(5)
    data: dict[str, Any] = {"capacity": like["capacity"], "kind": like["kind"], "mass": grams(total)}
    data |= {"lots": lots, "chemistry": "mixed"} if play.chance(90) else {"lots": lots}
    if play.chance(4):
        data["batch"] = batch_of(play, party)
    sub = _lot(play, party)
    ends = [Said(party, "lot.merged", lot, {"into": sub, "leader": "@0"}) for lot in lots]
    return [Said(party, "lot.made", sub, data), *ends]


@draws("lot.split")
def split(play: Draws, name: str) -> Group:
    sub = play.likely(play.things("lot:", {"held"}), play.things("lot:") or [_lot(play, play.parties[0])], 95)
    state = play.thing(sub)
    party = play.who(state["custodian"])
    g = max(2, state.get("g", 2))
    first = play.random.randrange(1, g)
    shares = [first, g - first + (1 if play.chance(4) else 0)]
    parts = [{"lot": _lot(play, party), "g": each} for each in shares]
    group = [Said(party, name, sub, {"into": parts})]
    for part in parts:
        data: dict[str, Any] = {
            "capacity": state.get("capacity", "recycler"), "kind": state.get("kind", "cells"), "split": "@0",
            "mass": grams(int(part["g"]) + (play.chance(2))),
        }  # fmt: skip
        if state.get("chemistry") and play.chance(95):
            data["chemistry"] = state["chemistry"]
        group.append(Said(party, "lot.made", part["lot"], data))
    return group


@draws("lot.merged")
def alone(play: Draws, name: str) -> Group:
    sub = play.pick(play.things("lot:") or [_lot(play, play.parties[0])])
    party = play.who(play.thing(sub)["custodian"])
    into = play.pick(play.things("lot:") or [sub])
    event = (play.last(into) or {"id": play.scene.model})["id"]
    return [Said(party, name, sub, {"into": into, "leader": event if len(event) == 43 else "A" * 43})]


@draws("lot.rebooked", "lot.assayed", "lot.charged", "lot.exported", "lot.final", "lot.lost")
def on_one(play: Draws, name: str) -> Group:
    held = play.things("lot:", {"held"})
    if name in ("lot.charged", "lot.final"):
        able = {party.org for party in play.with_role("recycler")}
        held = [sub for sub in held if play.thing(sub)["custodian"] in able]
        if name == "lot.charged":
            able = {play.thing(batch)["owner"] for batch in play.things("batch:", {"open"})}
            held = [sub for sub in held if play.thing(sub)["custodian"] in able]
        else:
            held = [sub for sub in held if play.thing(sub)["kind"] not in ("black_mass", "cells", "modules")]
    if group := play.first("handover.accepted" if play.chance(60) else "lot.made", held):
        return group
    sub = play.likely(play.maybe_barred(held), play.things("lot:") or [_lot(play, play.parties[0])], 93)
    state = play.thing(sub)
    party = play.who(state["custodian"])
    if name == "lot.assayed" and state.get("offer") and play.chance(40):
        party = play.who(state["offer"]["consignee"])
    g = state.get("g", 9)
    others = [role for role in party.roles if role in CUSTODIAL and role != state.get("capacity")]
    data: dict[str, dict[str, Any]] = {
        "lot.rebooked": {"capacity": play.likely(others, CUSTODIAL)},
        "lot.assayed": {"assay": {"li_permille": 9}},
        "lot.charged": {"batch": batch_of(play, party), "mass": grams(play.pick((g, max(1, g // 3), g + 1)))},
        "lot.exported": {"destination": "DE", "evidence": paper(play.pick(("customs", "customs", "photo")))},
        "lot.final": {"product": "copper", "grade": "technical"},
        "lot.lost": {"reason": "spilt"},
    }
    return [Said(party, name, sub, data[name])]


@draws("batch.opened")
def opened(play: Draws, name: str) -> Group:
    party = play.likely(play.with_role("recycler"), play.parties)
    sub = f"batch:{play.who(party.org, 96).id}/b{play.number()}"
    if play.chance(8):
        sub = play.pick(play.things("batch:"))
        party = play.who(law.owner(sub))
    return [Said(party, name, sub, {"process": "mixed"} | site_of(play, party))]


@draws("batch.closed")
def closed(play: Draws, name: str) -> Group:
    batches = play.things("batch:", {"open"})
    full = [sub for sub in batches if inputs_of(play.world, sub)["count"]]
    if group := play.first("battery.recycled", full, 50):
        return group
    sub = play.likely(full if play.chance(80) else batches, play.things("batch:"), 96)
    party = play.who(play.thing(sub).get("owner"))
    inputs = inputs_of(play.world, sub)
    if play.chance(5):
        inputs["g"] += 1
    elif play.chance(5):
        inputs["root"] = root_of([b"another"])
    outputs = [{"kind": kind, "g": inputs["g"] // 4} for kind in OUTPUTS]
    return [Said(party, name, sub, {"inputs": inputs, "outputs": outputs, "losses": []})]


@draws("consignment.dispatched")
def dispatched(play: Draws, name: str) -> Group:
    loads = play.world["loads"]
    ready = [load for load in loads if play.thing(load)["stage"] == "-" and offers_of(play.world, load)]
    if group := play.first("handover.offered", ready):
        return group
    again = [load for load in loads if load not in ready and offers_of(play.world, load)]
    ready = again if again and play.chance(10) else ready
    someone = play.pick([party for party in play.parties if set(party.roles) & CUSTODIAL])
    sub = play.likely(ready, [*loads, f"consignment:{someone.id}/none"], 95)
    offers = offers_of(play.world, sub)
    party = play.who(law.owner(sub))
    to = play.likely([offer["consignee"] for offer in offers], [play.pick(play.parties).org], 97)
    ids = sorted(raw(offer["id"]) for offer in offers)
    if play.chance(4):
        ids = ids[1:]
    hurt = any(offer["damaged"] for offer in offers)
    passed = play.chance(85)
    data: dict[str, Any] = {
        "consignee": to, "offers": {"count": max(1, len(ids)), "root": root_of(ids)}, "un_number": "UN3480",
        "packing": "damaged" if hurt and play.chance(80) else "normal", "safety_check": {"passed": passed},
    }  # fmt: skip
    if not passed and play.chance(60):
        data["safety_check"]["treated"] = "discharged"
    return [Said(party, name, sub, data)]


@draws("consignment.arrived")
def arrived(play: Draws, name: str) -> Group:
    loads = play.things("consignment:", {"on_its_way"})
    if group := play.first("consignment.dispatched", loads):
        return group
    sub = play.likely(
        loads, play.things("consignment:") or ["consignment:" + play.parties[0].id + "/none"], 93
    )
    party = play.who(play.thing(sub).get("consignee"))
    offered = play.world["loads"].get(sub, ())
    gone = [play.pick(offered)] if offered and play.chance(40) else []
    if play.chance(12):
        gone = [play.pick(play.things("battery:") or [ANYTHING])]
    return [Said(party, name, sub, {"arrived": 1, "missing": gone, "unexpected": []})]
