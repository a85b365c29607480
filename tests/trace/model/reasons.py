"""What must be so, by the law, wherever the judge gives a reason: whichever of several it names first.

Law and judge look at things in another order, so of a statement with two faults they may name different ones.
But a fault that the judge names is one, and that is held here for statements that stand alone.
"""

from __future__ import annotations

from collections.abc import Callable

from .law import DAY, Event, Refused, State, World, is_open, policy, seconds, thing
from .law_of_custody import other_party
from .law_of_holds import check_holds, covers, regions_of
from .law_of_keys import check_joint, kid_of
from .law_of_loads import inputs_of, offers_of
from .law_of_lots import INTERMEDIATE
from .law_of_notes import WEIGHED
from .stages import ENDS, gone_along, made_since_enrolment

Fault = Callable[[World, Event, State], object]
LOT_ENDS = {"charged", "split", "merged", "exported", "final"}

MAY_BE_UNSAFE = {"consignment.dispatched", "battery.inspected"}
"""Where what the statement says is unsafe, whatever the record says."""


def _refuses(check: Callable[[], None]) -> bool:
    try:
        check()
    except Refused:
        return True
    return False


def _contested(world: World, event: Event, state: State) -> bool:
    named = {sub for source in event["data"].get("sources", ()) for sub, _ in _who_said(world, source)}
    return any(world["contested"].get(sub) for sub in {event["sub"], *named})


def _who_said(world: World, event: str) -> list[tuple[str, str]]:
    trails = world["trails"].items()
    return [(sub, entry["iss"]) for sub, trail in trails for entry in trail if entry["id"] == event]


def _not_last(world: World, event: Event, state: State) -> bool:
    trail = world["trails"].get(event["sub"], ())
    return not trail or trail[-1]["id"] != event["data"]["event"]


def _too_late(world: World, event: Event, state: State) -> bool:
    last = world["trails"][event["sub"]][-1]
    return bool(world["now"] > last["at"] + policy(world, "void_hours") * 3600)


def _no_consent(world: World, event: Event, state: State) -> bool:
    if event["type"] == "note.agreed":
        return (event["sub"].removeprefix("notes:"), event["iss"]) in _who_said(world, event["data"]["event"])
    last = world["trails"][event["sub"]][-1]
    return bool(world["agreed"].get(event["data"]["agreed"]) != (last["id"], other_party(last)))


def _other_load(world: World, event: Event, state: State) -> bool:
    ids = sorted(offer["id"] for offer in offers_of(world, event["sub"]))
    return event["data"]["offers"]["count"] != len(ids) or len(ids) > 0


def _elsewhere(world: World, event: Event, state: State) -> bool:
    sub, org = event["sub"].removeprefix("notes:"), world["orgs"][event["iss"]]
    regions = regions_of(world, sub)
    if event["type"] == "site.inspected":
        regions = [world["orgs"][sub]["sites"][event["data"]["site"]]]
    return not any(covers(org["region"], region) for region in regions)


def _expiry(world: World, event: Event, state: State) -> bool:
    days = (seconds(event["data"]["expires_at"]) - world["now"]) / DAY
    return not policy(world, "offer_least_days") <= days <= policy(world, "offer_most_days")


FAULTS: dict[str, Fault] = {
    "BATCH_CLOSED": lambda world, event, state: (
        "closed"
        in (state["stage"], thing(world, event["data"].get("batch") or state.get("batch", ""))["stage"])
        or state.get("charged")
    ),
    "BATCH_INPUTS_MISMATCH": lambda w, event, _: event["data"]["inputs"] != inputs_of(w, event["sub"]),
    "CONSIGNMENT_MISMATCH": _other_load,
    "DAMAGED": lambda _, event, state: state.get("damaged") or event["type"] in MAY_BE_UNSAFE,
    "HELD_BY_AUTHORITY": lambda *case: _refuses(lambda: check_holds(*case)),
    "KEY_ALREADY_BOUND": lambda world, event, _: any(kid in world["keys"] for kid in _new_kids(event)),
    "KEY_NOT_PROVEN": lambda _, event, state: event["forged"] or event["type"] == "registrar.key_changed",
    "MAKER_MUST_REGISTER": lambda world, event, _: made_since_enrolment(world, event["sub"]),
    "NO_OPEN_OFFER": lambda world, event, state: (
        not is_open(world, state.get("offer")) or state["offer"]["id"] != event["data"]["offer"]
    ),
    "NOT_CORRECTABLE": lambda world, event, _: any(
        entry["id"] == event["data"]["event"] and entry["type"] not in WEIGHED
        for entry in world["trails"][event["sub"].removeprefix("notes:")]
    ),
    "NOT_COUNTERPARTY": _no_consent,
    "NOT_LAST_EVENT": _not_last,
    "OFFER_EXPIRY": _expiry,
    "OFFER_OPEN": lambda world, _, state: is_open(world, state.get("offer")),
    "ORIGIN_CONTESTED": _contested,
    "OUT_OF_REGION": _elsewhere,
    "PACK_TERMINAL": lambda world, _, state: state["stage"] in ENDS | LOT_ENDS or gone_along(world, state),
    "PARTY_SUSPENDED": lambda world, event, _: world["orgs"][event["iss"]]["suspended"],
    "RECOVERY_TOO_SOON": lambda world, event, _: (
        seconds(event["data"]["from"]) < world["now"] + policy(world, "recovery_delay_days") * DAY
    ),
    "REGISTRY_QUORUM_UNMET": lambda world, event, _: (
        event["data"].get("threshold", 0) > len(event["data"].get("registrars", ()))
        or _refuses(lambda: check_joint(world, event))
    ),
    "VENDOR_CODE_TAKEN": lambda world, event, _: any(
        set(event["data"]["vendor_codes"]) & org["vendors"]
        for name, org in world["orgs"].items()
        if name != event["sub"]
    ),
    "VOID_TOO_LATE": _too_late,
    "WRONG_KIND": lambda _, event, state: event["type"] != "lot.final" or state["kind"] in INTERMEDIATE,
    "WRONG_VEHICLE": lambda _, event, state: event["data"].get("vehicle") != state.get("vehicle"),
}
"""For each reason, whether there is that fault."""


def _new_kids(event: Event) -> list[str]:
    data = event["data"]
    given = [data.get("admin"), data if "jwk" in data else None, *data.get("registrars", ())]
    return [kid_of(each["jwk"]) for each in given if each]


def check_reason(world: World, event: Event, code: str) -> None:
    """The fault that the judge names is there, as the law sees it, before the event."""
    fault = FAULTS.get(code)
    assert fault is None or fault(world, event, thing(world, event["sub"])), (code, event)
