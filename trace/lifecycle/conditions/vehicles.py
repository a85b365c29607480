"""What joins a battery and a vehicle."""

from __future__ import annotations

from ...codes.subjects import parse_subject
from .. import words
from ..state import Battery, Vehicle
from .case import Case


def pack_only(case: Case) -> None:
    """Only a pack goes into a vehicle."""
    code = parse_subject(case.event.sub).code
    if code and (code.echelon_type or code.product_type) != "P":
        case.refuse("WRONG_PRODUCT_TYPE", expected="a pack (P)", got=code.product_type, where="/sub")


def traction_only(case: Case) -> None:
    """A re-coded product goes into a vehicle only if it was made for that (``battery.repurposed``)."""
    use = case.battery.facts.use
    if use not in ("", "traction"):
        case.refuse("ILLEGAL_TRANSITION", expected="a product made for traction", got=use, where="/type")


def position(case: Case) -> None:
    """The position is one of those that the vehicle has; `vehicle.fitted` follows."""
    data = case.event.data
    if data["position"] > data["of"]:
        case.refuse(
            "SCHEMA_INVALID",
            expected=f"at most {data['of']}",
            got=str(data["position"]),
            where="/data/position",
        )
    case.demand_next("vehicle.fitted", data["vehicle"])


def vehicle_recorded(case: Case) -> None:
    """Out of the vehicle that is on record; `vehicle.taken_out` follows where there is one."""
    recorded = case.battery.facts.vehicle or None
    named = case.event.data.get("vehicle")
    if named != recorded:
        case.refuse(
            "WRONG_VEHICLE",
            expected=recorded or "no vehicle, as none is recorded",
            got=named or "none",
            where="/data/vehicle",
        )
    if recorded:
        case.demand_next("vehicle.taken_out", recorded)


def fits(case: Case) -> None:
    """The vehicle has room for it, and is one that the signer may fit (``vehicle.fitted``).

    Who has no pack in a vehicle fits none beside those that somebody else holds, unless it was the last to
    take one out: a workshop that replaces a pack.
    """
    data = case.event.data
    _check_leader(case, "installed")
    vehicle = case.state if isinstance(case.state, Vehicle) else Vehicle()
    others = [
        battery.custodian
        for other in vehicle.batteries
        if other != data["battery"] and (battery := _still_in(case, other))
    ]
    if vehicle.scrapped:
        case.refuse(
            "ILLEGAL_TRANSITION", expected="a vehicle that is not scrapped", got=case.event.sub, where="/sub"
        )
    if not ({*others} <= {words.NOBODY} or case.event.iss in (*others, vehicle.last_by)):
        case.refuse(
            "NOT_CUSTODIAN",
            expected=f"somebody who holds a pack in it, or {vehicle.last_by}, who was the last to work on it",
            got=f"{case.event.iss}, beside packs of {', '.join(sorted({*others}))}",
            where="/sub",
        )
    if vehicle.packs and (vehicle.packs, vehicle.swap_model) != (data["packs"], data["swap_model"]):
        case.refuse(
            "COMPOSITION_CONFLICT",
            expected=f"{vehicle.packs} packs, swap_model {vehicle.swap_model}, as first fitted",
            got=f"{data['packs']} packs, swap_model {data['swap_model']}",
            where="/data/packs",
        )
    installed = case.world.chain(data["battery"])
    if installed and isinstance(installed.state, Battery) and installed.state.facts.packs != data["packs"]:
        case.refuse(
            "COMPOSITION_CONFLICT",
            expected=f"{installed.state.facts.packs}, as battery.installed says",
            got=str(data["packs"]),
            where="/data/packs",
        )
    if len(others) >= data["packs"]:
        case.refuse(
            "COMPOSITION_CONFLICT",
            expected=f"at most {data['packs']} packs",
            got=str(len(others) + 1),
            where="/data/packs",
        )


def takes_out(case: Case) -> None:
    """The battery is in the vehicle, and its `battery.removed` stands right before."""
    vehicle = case.state if isinstance(case.state, Vehicle) else Vehicle()
    _check_leader(case, "removed")
    if case.event.data["battery"] not in vehicle.batteries:
        case.refuse(
            "COMPOSITION_CONFLICT",
            expected="a battery in it",
            got=case.event.data["battery"],
            where="/data/battery",
        )


def _still_in(case: Case, battery: str) -> Battery | None:
    """A battery that was fitted here, unless it was retired or taken in with the wreck since."""
    state = case.battery_of(battery)
    stands = state and (state.stage, state.facts.vehicle) == (words.IN_VEHICLE, case.event.sub)
    return state if stands else None


def _check_leader(case: Case, member: str) -> None:
    data = case.event.data
    if case.demand is None or data[member] != case.demand.leader:
        expected = case.demand.leader if case.demand else "the event that leads the group"
        case.refuse("REFERENCE_ABSENT", expected=expected, got=data[member], where=f"/data/{member}")
    leader = case.world.chain(data["battery"])
    if leader is None or leader.head != case.demand.leader:
        case.refuse(
            "GROUP_INCOMPLETE", expected="the battery of the event that leads the group", got=data["battery"],
            where="/data/battery",
        )  # fmt: skip


def scraps(case: Case) -> None:
    """Every battery that the vehicle should have had is present or missing, once (``vehicle.scrapped``)."""
    data = case.event.data
    vehicle = case.state if isinstance(case.state, Vehicle) else Vehicle()
    if vehicle.scrapped:
        case.refuse(
            "ILLEGAL_TRANSITION",
            expected="a vehicle that is not scrapped yet",
            got=case.event.sub,
            where="/type",
        )
    if vehicle.packs and (vehicle.packs, vehicle.swap_model) != (data["packs"], data["swap_model"]):
        case.refuse(
            "COMPOSITION_CONFLICT",
            expected=f"{vehicle.packs} packs, swap_model {vehicle.swap_model}, as first fitted",
            got=f"{data['packs']} packs, swap_model {data['swap_model']}",
            where="/data/packs",
        )
    named = [*data["present"], *(each["battery"] for each in data["missing"] if "battery" in each)]
    for subject in named:
        parse_subject(subject)
    if len(set(named)) != len(named):
        case.refuse("COMPOSITION_CONFLICT", expected="each once", got="a repetition", where="/data/present")
    if data["swap_model"]:
        return  # Its packs belong to a pool (LIFECYCLE, `vehicle.scrapped`).
    recorded = [battery for battery in vehicle.batteries if _still_in(case, battery)]
    for battery in recorded:
        held = _still_in(case, battery)
        if held and held.custodian not in (case.event.iss, words.NOBODY):
            case.refuse(
                "NOT_CUSTODIAN",
                expected="a vehicle whose packs the signer or nobody holds",
                got=f"{battery} in it, held by {held.custodian}",
                where="/sub",
            )
    silent = [battery for battery in recorded if battery not in named]
    if silent:
        case.refuse(
            "COMPOSITION_CONFLICT",
            expected=f"{', '.join(silent)}, fitted and not taken out, to be present or missing",
            got="neither",
            where="/data/missing",
        )
    told = len(data["present"]) + len(data["missing"])
    if told < data["packs"]:
        case.refuse(
            "COMPOSITION_CONFLICT",
            expected=f"{data['packs']} packs present or missing",
            got=str(told),
            where="/data/missing",
        )
    if data["missing"]:
        why = ", ".join(sorted({each["why"] for each in data["missing"]}))
        case.remark(
            "VEHICLE_WITHOUT_PACK", f"{len(data['missing'])} of {data['packs']} packs were missing: {why}"
        )
