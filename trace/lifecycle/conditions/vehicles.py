"""What joins a battery and a vehicle."""

from __future__ import annotations

from ...codes.subjects import parse_subject
from ..state import Vehicle
from .case import Case


def pack_only(case: Case) -> None:
    code = parse_subject(case.event.sub).code
    if code and (code.echelon_type or code.product_type) != "P":
        case.refuse("WRONG_PRODUCT_TYPE", expected="a pack (P)", got=code.product_type, where="/sub")


def position(case: Case) -> None:
    data = case.event.data
    if data["position"] > data["of"]:
        case.refuse(
            "SCHEMA_INVALID",
            expected=f"at most {data['of']}",
            got=str(data["position"]),
            where="/data/position",
        )
    case.demand_next(data["vehicle"])


def vehicle_recorded(case: Case) -> None:
    recorded = case.battery.vehicle or None
    named = case.event.data.get("vehicle")
    if named != recorded:
        case.refuse(
            "WRONG_VEHICLE",
            expected=recorded or "no vehicle, as none is recorded",
            got=named or "none",
            where="/data/vehicle",
        )
    if recorded:
        case.demand_next(recorded)


def fits(case: Case) -> None:
    vehicle = case.state if isinstance(case.state, Vehicle) else Vehicle()
    data = case.event.data
    _check_leader(case, "installed")
    if data["battery"] in vehicle.batteries:
        case.refuse(
            "COMPOSITION_CONFLICT", expected="a battery not in it", got=data["battery"], where="/data/battery"
        )
    if len(vehicle.batteries) >= data["packs"]:
        case.refuse(
            "COMPOSITION_CONFLICT",
            expected=f"at most {data['packs']} packs",
            got=str(len(vehicle.batteries) + 1),
            where="/data/packs",
        )


def takes_out(case: Case) -> None:
    vehicle = case.state if isinstance(case.state, Vehicle) else Vehicle()
    _check_leader(case, "removed")
    if case.event.data["battery"] not in vehicle.batteries:
        case.refuse(
            "COMPOSITION_CONFLICT",
            expected="a battery in it",
            got=case.event.data["battery"],
            where="/data/battery",
        )


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
