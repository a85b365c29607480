"""What travels together: what left, and what came."""

from __future__ import annotations

from ..consignments import consignment_offers
from ..state import Consignment
from .case import Case, org_of


def load(case: Case) -> None:
    """What left are the open offers that name the consignment (``consignment.dispatched``)."""
    data = case.event.data
    if org_of(case.world, data["consignee"]) is None or data["consignee"] == case.event.iss:
        case.refuse(
            "WRONG_CONSIGNEE",
            expected="another organisation that is enrolled",
            got=data["consignee"],
            where="/data/consignee",
        )
    offered = consignment_offers(case.world, case.event.sub, case.at.recorded_at)
    for offer in offered.offers:
        if offer.consignee != data["consignee"]:
            case.refuse(
                "WRONG_CONSIGNEE", expected=offer.consignee, got=data["consignee"], where="/data/consignee"
            )
    for member, value in (("count", offered.count), ("root", offered.root)):
        over = " over their ids in the order of their bytes" if member == "root" else ""
        if data["offers"][member] != value:
            case.refuse(
                "CONSIGNMENT_MISMATCH",
                expected=f"{value}{over}",
                got=str(data["offers"][member]),
                where=f"/data/offers/{member}",
            )
    if offered.damaged and data["packing"] == "normal":
        case.refuse(
            "DAMAGED",
            expected="damaged or critical, as one of the batteries had an incident",
            got="normal",
            where="/data/packing",
        )
    check = data["safety_check"]
    if not check["passed"] and data["packing"] == "normal" and "treated" not in check:
        case.refuse(
            "DAMAGED",
            expected="what was done before packing, as the safety check was not passed",
            got="nothing",
            where="/data/safety_check/treated",
        )


def on_its_way(case: Case) -> None:
    """It was dispatched and has not arrived."""
    if not isinstance(case.state, Consignment) or case.state.arrived:
        case.refuse(
            "ILLEGAL_TRANSITION",
            expected="a consignment that is on its way",
            got="one that has arrived" if case.state else "none",
            where="/type",
        )


def unloaded(case: Case) -> None:
    """What is missing was offered with it; the shortfall is told (``consignment.arrived``)."""
    data = case.event.data
    named = {reference.subject for reference in case.world.references_to(case.event.sub)}
    for subject in data["missing"]:
        if subject not in named:
            case.refuse(
                "REFERENCE_ABSENT",
                expected="a battery or lot that was offered with the consignment",
                got=subject,
                where="/data/missing",
            )
    if data["missing"] or data["unexpected"]:
        case.remark(
            "CONSIGNMENT_DIFFERS",
            f"{data['arrived']} arrived, {len(data['missing'])} missing, "
            f"{len(data['unexpected'])} unexpected",
        )
