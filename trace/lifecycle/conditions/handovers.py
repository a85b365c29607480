"""What an offer and its answer ask."""

from __future__ import annotations

from datetime import timedelta

from ...codes.subjects import parse_subject
from ...times import parse_time, show_time
from .. import words
from ..state import Org
from ..table import IN_USE_BARRED_TO
from .case import Case


def offer(case: Case) -> None:
    data = case.event.data
    if data["consignee"] == case.event.iss:
        case.refuse(
            "WRONG_CONSIGNEE", expected="another organisation", got="the signer", where="/data/consignee"
        )
    chain = case.world.chain(data["consignee"])
    if chain is None or not isinstance(chain.state, Org):
        case.refuse(
            "WRONG_CONSIGNEE",
            expected="an enrolled organisation",
            got=data["consignee"],
            where="/data/consignee",
        )
    if "consignment" in data:
        parse_subject(data["consignment"])
    _check_in_use_capacity(case)
    expires = parse_time(data["expires_at"], "/data/expires_at")
    policy = case.world.rules.policy
    today = case.at.recorded_at.date()
    least = case.at.recorded_at + timedelta(days=policy.offer_least_days)
    most = case.at.recorded_at + timedelta(days=policy.offer_most_days)
    if not least <= expires <= most:
        case.refuse(
            "OFFER_EXPIRY",
            expected=f"{policy.offer_least_days} to {policy.offer_most_days} days from {today}",
            got=data["expires_at"],
            where="/data/expires_at",
        )


def offer_named(case: Case) -> None:
    """The answer names the offer that is open; one that has expired is closed without an event."""
    standing = case.battery.offer
    named = case.event.data["offer"]
    if standing is None or case.at.recorded_at >= standing.expires_at:
        got = "none" if standing is None else f"one that expired at {show_time(standing.expires_at)}"
        case.refuse("NO_OPEN_OFFER", expected="an open offer", got=got, where="/data/offer")
    if named != standing.id:
        case.refuse("NO_OPEN_OFFER", expected=standing.id, got=named, where="/data/offer")


def capacity_offered(case: Case) -> None:
    standing = case.battery.offer
    if standing and case.event.data["capacity"] != standing.capacity:
        case.refuse(
            "WRONG_CAPACITY",
            expected=standing.capacity,
            got=case.event.data["capacity"],
            where="/data/capacity",
        )
    _check_in_use_capacity(case)
    previous = case.world.chain(case.battery.custodian)
    if previous and isinstance(previous.state, Org) and previous.state.suspended:
        case.remark("CONSIGNOR_SUSPENDED", f"{case.battery.custodian} is suspended")


def _check_in_use_capacity(case: Case) -> None:
    capacity = case.event.data["capacity"]
    if case.battery.stage in words.IN_USE and capacity in IN_USE_BARRED_TO:
        case.refuse(
            "WRONG_CAPACITY",
            expected="the battery to be retired first, or another capacity",
            got=f"{capacity} for a battery that is {case.battery.stage}",
            where="/data/capacity",
        )
