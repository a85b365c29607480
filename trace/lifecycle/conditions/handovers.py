"""What an offer and its answer ask."""

from __future__ import annotations

from datetime import timedelta

from ...codes.subjects import parse_subject
from ...times import parse_time, show_time
from .. import words
from ..folding.batteries import stage_assigned
from ..state import Consignment
from ..table import IN_USE_BARRED_TO
from .case import Case, org_of


def offer(case: Case) -> None:
    """To another enrolled organisation, in a capacity in which a battery in this stage can be held (whether
    the consignee has that role is asked when it accepts). It expires within ``offer_least_days`` to
    ``offer_most_days``. A battery with an incident that is not cleared has ``packing`` ``damaged`` or
    ``critical``; a ``consignment`` is the signer's own, to the same consignee."""
    data = case.event.data
    if data["consignee"] == case.event.iss:
        case.refuse(
            "WRONG_CONSIGNEE", expected="another organisation", got="the signer", where="/data/consignee"
        )
    if org_of(case.world, data["consignee"]) is None:
        case.refuse(
            "WRONG_CONSIGNEE",
            expected="an enrolled organisation",
            got=data["consignee"],
            where="/data/consignee",
        )
    if "consignment" in data:
        _check_consignment(case)
    if case.battery.facts.damaged and data.get("packing") not in ("damaged", "critical"):
        case.refuse(
            "DAMAGED",
            expected="damaged or critical, as the battery had an incident that no inspection has cleared",
            got=data.get("packing", "no packing"),
            where="/data/packing",
        )
    _check_in_use_capacity(case)
    expires = parse_time(data["expires_at"], "/data/expires_at")
    policy = case.world.rules.policy
    least, most = timedelta(days=policy.offer_least_days), timedelta(days=policy.offer_most_days)
    if not least <= expires - case.at.recorded_at <= most:
        today = case.at.recorded_at.date()
        case.refuse(
            "OFFER_EXPIRY",
            expected=f"{policy.offer_least_days} to {policy.offer_most_days} days from {today}",
            got=data["expires_at"],
            where="/data/expires_at",
        )


def offer_named(case: Case) -> None:
    """The answer names the offer that is open; one that has expired is closed without an event."""
    standing = case.holding.offer
    named = case.event.data["offer"]
    if standing is None or case.at.recorded_at >= standing.expires_at:
        got = "none" if standing is None else f"one that expired at {show_time(standing.expires_at)}"
        case.refuse("NO_OPEN_OFFER", expected="an open offer", got=got, where="/data/offer")
    if named != standing.id:
        case.refuse("NO_OPEN_OFFER", expected=standing.id, got=named, where="/data/offer")


def capacity_offered(case: Case) -> None:
    """Accepted in the capacity offered, in which the battery as it is can be held."""
    standing = case.holding.offer
    if standing and case.event.data["capacity"] != standing.capacity:
        case.refuse(
            "WRONG_CAPACITY",
            expected=standing.capacity,
            got=case.event.data["capacity"],
            where="/data/capacity",
        )
    _check_in_use_capacity(case)
    previous = org_of(case.world, case.holding.custodian)
    if previous and previous.suspended:
        case.remark("CONSIGNOR_SUSPENDED", f"{case.holding.custodian} is suspended")


def _check_in_use_capacity(case: Case) -> None:
    capacity = case.event.data["capacity"]
    if case.battery.stage in words.IN_USE and capacity in IN_USE_BARRED_TO:
        case.refuse(
            "WRONG_CAPACITY",
            expected="the battery to be retired first, or another capacity",
            got=f"{capacity} for a battery that is {case.battery.stage}",
            where="/data/capacity",
        )


def _check_consignment(case: Case) -> None:
    """The consignment is the signer's, goes to the same consignee, and has not arrived."""
    named = case.event.data["consignment"]
    if f"org:{parse_subject(named).party}" != case.event.iss:
        case.refuse(
            "NOT_OWNER", expected=f"a consignment of {case.event.iss}", got=named, where="/data/consignment"
        )
    chain = case.world.chain(named)
    known = chain.state if chain else None
    if isinstance(known, Consignment) and (known.arrived or known.consignee != case.event.data["consignee"]):
        case.refuse(
            "CONSIGNMENT_CLOSED",
            expected=f"a consignment to {case.event.data['consignee']} that is on its way",
            got=f"one to {known.consignee}{', which has arrived' if known.arrived else ''}",
            where="/data/consignment",
        )


def assignment(case: Case) -> None:
    """Whom a court names can hold it in that capacity; always told (``custody.assigned``)."""
    data = case.event.data
    org = org_of(case.world, data["party"])
    if org is None or org.suspended:
        case.refuse(
            "PARTY_UNKNOWN",
            expected="an enrolled organisation in good standing",
            got=data["party"],
            where="/data/party",
        )
    held = [grant.role for grant in org.roles if grant.valid(case.at.recorded_at)]
    if data["capacity"] not in held:
        case.refuse(
            "SIGNER_ROLE_FORBIDDEN",
            expected=f"{data['party']} to be enrolled as {data['capacity']}",
            got=", ".join(held) or "no role",
            where="/data/capacity",
        )
    if data["party"] == case.holding.custodian:
        case.refuse(
            "ILLEGAL_TRANSITION", expected="somebody else", got="who holds it already", where="/data/party"
        )
    if stage_assigned(case.battery.stage, data["capacity"]) in words.IN_USE:
        _check_in_use_capacity(case)
    case.remark("CUSTODY_ASSIGNED", f"to {data['party']} as {data['capacity']}, by {data['basis']}")


def other_capacity(case: Case) -> None:
    """Another of the holder's own capacities (``battery.rebooked``, ``lot.rebooked``)."""
    if case.event.data["capacity"] == case.holding.capacity:
        case.refuse(
            "WRONG_CAPACITY",
            expected=f"another than {case.holding.capacity}",
            got=case.event.data["capacity"],
            where="/data/capacity",
        )
