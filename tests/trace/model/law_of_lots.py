"""Lots: material without a code of its own, of which nothing is added on its way."""

from __future__ import annotations

from typing import Any

from .law import Answer, Event, State, World, follow, has_role, is_open, need, owner, rule, thing
from .law_of_batteries import charge, check_apart
from .stages import CUSTODIAL, NOBODY, check_capacity, ended

SOURCES = ("dismantled", "batch", "split", "lots")
INTERMEDIATE = {"black_mass", "modules", "cells"}


def _check_held(event: Event, state: State) -> None:
    need(state["stage"] == "held", "is not held")
    need(state["custodian"] == event["iss"], "does not hold it")


def _check_like(event: Event, lot: State) -> None:
    """Material stays of its kind and in its holder's capacity; another chemistry is called mixed."""
    data = event["data"]
    need((data["kind"], data["capacity"]) == (lot["kind"], lot["capacity"]), "is of another kind")
    known = lot.get("chemistry")
    need(not known or data.get("chemistry") in (known, "mixed"), "is of another chemistry")


@rule("lot.made")
def made(world: World, event: Event, state: State) -> Answer:
    sub, me, data = event["sub"], event["iss"], event["data"]
    need(state["stage"] == "-", "is begun already")
    need(owner(sub) == me, "is another's name")
    capacity = check_capacity(world, event)
    cited = [name for name in SOURCES if name in data]
    need(len(cited) == 1, "one source")
    need(("dismantled" in data) == ("line" in data) == ("parent" in data), "parent, event and line")
    need(("split" in data) == bool(event["demand"]), "a share is made with the split")
    source: object = None
    if cited == ["split"]:
        _check_share(event)
    elif cited == ["dismantled"]:
        source = _residue(world, event)
    elif cited == ["batch"]:
        source = _output(world, event)
    else:
        _check_sum(world, event)
    again = [lot for lot in world["things"].values() if lot["stage"] != "-" and lot.get("source") == source]
    need(source is None or not again, "is cited already", "DOUBLE_CHARGE")
    lot = {"stage": "held", "custodian": me, "capacity": capacity, "kind": data["kind"], "source": source}
    more = {"g": data["mass"]["g"], "chemistry": data.get("chemistry"), "charged": ()}
    return {**lot, **more}, follow(event, "lot.merged", data.get("lots", []))


def _residue(world: World, event: Event) -> object:
    """A line of what came out of a battery that the signer has dismantled."""
    data = event["data"]
    trail = world["trails"].get(data["parent"], ())
    done = thing(world, data["parent"])["stage"] == "dismantled" and trail[-1]["id"] == data["dismantled"]
    need(done and trail[-1]["iss"] == event["iss"], "did not dismantle it")
    line: dict[str, Any] = thing(world, data["parent"])["residues"].get(data["line"], {})
    need(line.get("kind") == data["kind"], "no such line")
    need(data["mass"]["g"] <= line["g"], "more than came out")
    return data["dismantled"], data["line"]


def _output(world: World, event: Event) -> object:
    """An output of a batch that the signer has closed."""
    data, batch = event["data"], thing(world, event["data"]["batch"])
    need(batch["stage"] == "closed" and batch["owner"] == event["iss"], "no closed batch of its own")
    need(data["kind"] in batch["outputs"], "no such output")
    need(data["mass"]["g"] <= batch["outputs"][data["kind"]], "more than came out")
    return data["batch"], data["kind"]


def _check_share(event: Event) -> None:
    data, leader, part = event["data"], event["demand"]["leader"], event["demand"]["part"]
    need(data["split"] == leader["id"], "names another leader")
    need(data["mass"]["g"] == part["g"], "is another share")
    _check_like(event, event["demand"]["before"])


def _check_sum(world: World, event: Event) -> None:
    """Lots that the signer holds end in this one; the sums are equal."""
    lots = event["data"]["lots"]
    check_apart(event["sub"], lots)
    for lot in lots:
        there = thing(world, lot)
        need(there["stage"] == "held" and there["custodian"] == event["iss"], "does not hold it")
        _check_like(event, there)
    need(sum(thing(world, lot)["g"] for lot in lots) == event["data"]["mass"]["g"], "sums are equal")


@rule("lot.split")
def split(world: World, event: Event, state: State) -> Answer:
    _check_held(event, state)
    _check_role(world, event)
    parts = event["data"]["into"]
    check_apart(event["sub"], [part["lot"] for part in parts])
    need(sum(part["g"] for part in parts) == state["g"], "sums are equal")
    demands = [follow(event, "lot.made", [part["lot"]], part=part, before=state)[0] for part in parts]
    return ended(state, "split"), demands


def _check_role(world: World, event: Event) -> None:
    need(has_role(world, event["iss"], *CUSTODIAL), "has no role in which to hold it")


@rule("lot.merged")
def merged(world: World, event: Event, state: State) -> Answer:
    leader, data = event["demand"]["leader"], event["data"]
    need((data["into"], data["leader"]) == (leader["sub"], leader["id"]), "names another leader")
    _check_held(event, state)
    _check_role(world, event)
    return ended(state, "merged"), []


@rule("lot.rebooked")
def rebooked(world: World, event: Event, state: State) -> Answer:
    _check_held(event, state)
    capacity = check_capacity(world, event)
    need(capacity != state["capacity"], "to another role")
    return {**state, "capacity": capacity}, []


@rule("lot.assayed")
def assayed(world: World, event: Event, state: State) -> Answer:
    need(state["stage"] == "held", "is not held")
    offer = state.get("offer")
    offered = offer is not None and is_open(world, offer) and offer["consignee"] == event["iss"]
    need(offered or state["custodian"] == event["iss"], "is neither side")
    return state, []


@rule("lot.charged")
def charged(world: World, event: Event, state: State) -> Answer:
    g = event["data"]["mass"]["g"]
    _check_held(event, state)
    need(has_role(world, event["iss"], "recycler"), "is no recycler")
    charge(world, event)
    left = state["g"] - g
    need(g > 0 and left >= 0, "more than remains", "MASS_MISMATCH")
    after = {**state, "g": left, "charged": (*state["charged"], event["id"])}
    return (after if left else ended(after, "charged")), []


@rule("lot.exported")
def exported(world: World, event: Event, state: State) -> Answer:
    _check_held(event, state)
    need(any(paper["kind"] == "customs" for paper in event["data"]["evidence"]), "no customs paper")
    return ended(state, "exported"), []


@rule("lot.final")
def final(world: World, event: Event, state: State) -> Answer:
    _check_held(event, state)
    need(has_role(world, event["iss"], "recycler"), "is no recycler")
    need(state["kind"] not in INTERMEDIATE, "is no product")
    return ended(state, "final"), []


@rule("lot.lost")
def lost(world: World, event: Event, state: State) -> Answer:
    _check_held(event, state)
    return {**state, "stage": "lost", "custodian": NOBODY, "offer": None}, []
