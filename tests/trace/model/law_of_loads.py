"""What is treated together and what travels together: batches and consignments."""

from __future__ import annotations

from typing import Any

from .law import Answer, Event, State, World, has_role, is_open, need, owner, rule, stands, thing
from .law_of_registry import raw, root_of
from .stages import CUSTODIAL, NONE


def inputs_of(world: World, batch: str) -> dict[str, Any]:
    """What was charged into a batch and stands, in the order of the log: number, grams and root. A mass
    counts as its signer has corrected it."""
    found = [(name, g) for sub, name, g in world["inputs"].get(batch, ()) if stands(world, sub, name)]
    grams = sum(world["masses"].get(name, g) for name, g in found)
    return {"count": len(found), "g": grams, "root": root_of([raw(name) for name, _ in found])}


@rule("batch.opened")
def opened(world: World, event: Event, state: State) -> Answer:
    need(state["stage"] == "-", "is begun already")
    need(has_role(world, event["iss"], "recycler"), "is no recycler")
    need(owner(event["sub"]) == event["iss"], "is another's")
    batch = {"stage": "open", "owner": event["iss"], "custodian": NONE}
    return {**batch, "site": event["data"].get("site")}, []


@rule("batch.closed")
def closed(world: World, event: Event, state: State) -> Answer:
    data = event["data"]
    need(state["stage"] == "open" and state["owner"] == event["iss"], "is no open batch of its own")
    need(data["inputs"] == inputs_of(world, event["sub"]), "the inputs are others", "BATCH_INPUTS_MISMATCH")
    outputs: dict[str, int] = {}
    for each in data["outputs"]:
        outputs[each["kind"]] = outputs.get(each["kind"], 0) + each["g"]
    return {**state, "stage": "closed", "outputs": outputs}, []


def offers_of(world: World, load: str) -> list[dict[str, Any]]:
    """The open offers that name a consignment."""
    there = {sub: thing(world, sub).get("offer") for sub in world["loads"].get(load, ())}
    return [
        {**offer, "damaged": thing(world, sub).get("damaged", False)}
        for sub, offer in there.items()
        if offer and is_open(world, offer) and offer.get("consignment") == load
    ]


@rule("consignment.dispatched")
def dispatched(world: World, event: Event, state: State) -> Answer:
    sub, me, data = event["sub"], event["iss"], event["data"]
    need(state["stage"] == "-", "is on its way already")
    need(owner(sub) == me and has_role(world, me, *CUSTODIAL), "is another's")
    need(data["consignee"] in world["orgs"] and data["consignee"] != me, "to another that is enrolled")
    offers = offers_of(world, sub)
    need(all(offer["consignee"] == data["consignee"] for offer in offers), "goes to another")
    ids = sorted(raw(offer["id"]) for offer in offers)
    bound = {"count": len(ids), "root": root_of(ids)}
    need(data["offers"] == bound, "the offers are others", "CONSIGNMENT_MISMATCH")
    normal, check = data["packing"] == "normal", data["safety_check"]
    need(not normal or not any(offer["damaged"] for offer in offers), "is damaged, and packed as normal")
    need(not normal or check["passed"] or "treated" in check, "did not pass, and nothing was done")
    return {"stage": "on_its_way", "custodian": NONE, "consignee": data["consignee"]}, []


@rule("consignment.arrived")
def arrived(world: World, event: Event, state: State) -> Answer:
    need(state["stage"] == "on_its_way", "is not on its way")
    need(state["consignee"] == event["iss"], "is not the consignee")
    offered = set(world["loads"].get(event["sub"], ()))
    need(set(event["data"]["missing"]) <= offered, "what is missing was offered with it")
    return {**state, "stage": "arrived"}, []
