"""Offers and their answers, custody assigned, and undoing: the same for batteries and for lots."""

from __future__ import annotations

from .law import (
    DAY,
    DISMANTLERS,
    IN_USE,
    LIVE,
    OFFER_DAYS,
    VOID_HOURS,
    WASTE,
    Demands,
    Event,
    State,
    World,
    check_capacity,
    has_role,
    need,
    rule,
    same_or_waste,
    waste_by,
)

Answer = tuple[State, Demands]


def _loose(state: State) -> bool:
    """Live and not in a pack, or a lot that is held or lost."""
    return state["stage"] in (LIVE - {"in_pack"}) | {"held"}


def _check_in_use(state: State, capacity: str) -> None:
    """What a later acceptance could only be refused is not offered, nor assigned round that bar."""
    barred = state["stage"] in IN_USE and capacity in DISMANTLERS | {"recycler"}
    need(not barred, "in use, it goes to no dismantler or recycler")


@rule("handover.offered")
def offered(world: World, event: Event, state: State) -> Answer:
    data, me = event["data"], event["iss"]
    need(_loose(state) and state["custodian"] == me, "does not hold it")
    need(data["consignee"] != me and data["consignee"] in world["orgs"], "to another that is enrolled")
    _check_in_use(state, data["capacity"])
    least, most = OFFER_DAYS
    stands = data["expires_at"] - world["now"]
    need(least * DAY <= stands <= most * DAY, "stands for some days")
    need(
        not state.get("damaged") or data.get("packing", "normal") != "normal", "damaged, and packed as normal"
    )
    offer = {
        "id": event["id"],
        "consignor": me,
        "consignee": data["consignee"],
        "capacity": data["capacity"],
        "until": data["expires_at"],
    }
    return {**state, "offer": offer}, []


def _open_offer(world: World, event: Event, state: State) -> State:
    offer: State | None = state.get("offer")
    if offer is None or world["now"] >= offer["until"] or offer["id"] != event["data"]["offer"]:
        need(False, "no such offer is open")
        raise AssertionError
    return offer


@rule("handover.accepted")
def accepted(world: World, event: Event, state: State) -> Answer:
    data, me = event["data"], event["iss"]
    offer = _open_offer(world, event, state)
    need(me == offer["consignee"], "is not the consignee")
    need(data["capacity"] == offer["capacity"], "as something else than offered")
    capacity = check_capacity(world, event)
    _check_in_use(state, capacity)
    return {
        **state,
        "stage": same_or_waste(state, capacity),
        "custodian": me,
        "capacity": capacity,
        "offer": None,
    }, []


@rule("handover.declined")
def declined(world: World, event: Event, state: State) -> Answer:
    need(event["iss"] == _open_offer(world, event, state)["consignee"], "is not the consignee")
    return {**state, "offer": None}, []


@rule("handover.withdrawn")
def withdrawn(world: World, event: Event, state: State) -> Answer:
    _open_offer(world, event, state)
    need(event["iss"] == state["custodian"], "is not the consignor")
    return {**state, "offer": None}, []


@rule("custody.assigned")
def assigned(world: World, event: Event, state: State) -> Answer:
    data = event["data"]
    need(event["iss"] == world["registrar"], "is no registrar")
    need(_loose(state), "is not live")
    need(data["party"] != state["custodian"], "holds it already")
    capacity = data["capacity"]
    need(has_role(world, data["party"], capacity), "the party has no such role")
    need(not world["orgs"][data["party"]]["suspended"], "the party is suspended")
    _check_in_use(state, capacity)
    stage = state["stage"]
    if stage in WASTE or (stage == "lost" and event["sub"].startswith("battery:")):
        stage = waste_by(capacity)
    elif stage == "lost":
        stage = "held"
    return {**state, "stage": stage, "custodian": data["party"], "capacity": capacity, "offer": None}, []


@rule("battery.voided", "vehicle.voided", "lot.voided")
def voided(world: World, event: Event, state: State) -> Answer:
    sub, me, data, now = event["sub"], event["iss"], event["data"], world["now"]
    trail = world["trails"].get(sub, ())
    need(trail and trail[-1]["id"] == data["event"], "is not the last event")
    last = trail[-1]
    need(last["type"] not in ("handover.withdrawn", "handover.declined"), "is not voidable")
    if me != world["registrar"]:
        need(last["iss"] == me, "another's event")
        need(now <= last["at"] + VOID_HOURS * 3600, "too late")
    need(not last["led"] or event["demand"], "is undone with what leads it")
    demands: Demands = []
    for other, named in world["names"].get(last["id"], ()):
        if any(entry["id"] == named for entry in world["trails"].get(other, ())):
            kind = other.partition(":")[0]
            demands.append({"type": f"{kind}.voided", "sub": other, "iss": me, "voids": named})
    before = dict(last["before"])
    if before.get("offer") and now >= before["offer"]["until"]:
        before["offer"] = None
    world["trails"][sub] = trail[:-1]
    return before, demands
