"""What is asked of a battery while somebody keeps it: inspections, own sites, and the way over a border."""

from __future__ import annotations

from typing import Final

from .. import words
from ..table import IN_USE_BARRED_TO
from .case import Case

CLEARERS: Final = (
    words.BATTERY_MAKER,
    words.VEHICLE_MAKER,
    words.REPAIRER,
    words.PACK_DISMANTLER,
    words.REPURPOSER,
)
"""Roles whose inspection can clear the damage of an incident."""


def may_clear(case: Case) -> None:
    """``clears_damage`` is for a ``battery_maker``, ``vehicle_maker``, ``repairer``, ``pack_dismantler`` or
    ``repurposer``, with a ``report`` among the evidence and a condition in which a battery may be used."""
    data = case.event.data
    if not data.get("clears_damage"):
        return
    roles = [grant.role for grant in case.org().roles if grant.valid(case.at.recorded_at)]
    if not any(role in CLEARERS for role in roles):
        case.refuse(
            "SIGNER_ROLE_FORBIDDEN",
            expected=" or ".join(CLEARERS),
            got=", ".join(roles) or "no role",
            where="/data/clears_damage",
        )
    if not any(item["kind"] == "report" for item in data.get("evidence", ())):
        case.refuse("EVIDENCE_MISSING", expected="a report", got="none", where="/data/evidence")
    if data["condition"] in words.UNSAFE:
        case.refuse(
            "DAMAGED",
            expected="a condition in which it may be used",
            got=data["condition"],
            where="/data/condition",
        )


def own_site(case: Case) -> None:
    """Moved between the holder's own sites (``battery.moved``)."""
    sites = [site.name for site in case.org().sites]
    if case.event.data["site"] not in sites:
        case.refuse(
            "FOREIGN_SITE",
            expected=f"a site of {case.event.iss}: {', '.join(sites) or 'none is enrolled'}",
            got=case.event.data["site"],
            where="/data/site",
        )


def customs_paper(case: Case) -> None:
    """Whoever exports a lot, or a battery that it does not hold, has a ``customs`` paper among the evidence;
    a registrar exports only what nobody holds."""
    if case.relation == "custodian" and case.row.chain == "battery":
        return
    if case.row.chain == "battery" and case.battery.custodian != words.NOBODY:
        case.refuse(
            "NOT_CUSTODIAN",
            expected=f"its custodian {case.battery.custodian}",
            got=case.event.iss,
            where="/iss",
        )
    if not any(item["kind"] == "customs" for item in case.event.data.get("evidence", ())):
        case.refuse("EVIDENCE_MISSING", expected="a customs paper", got="none", where="/data/evidence")


def as_it_left(case: Case) -> None:
    """What left as waste comes back as waste (``battery.returned``)."""
    data = case.event.data
    if case.battery.facts.before in words.WASTE:
        if data["stage"] != "waste":
            case.refuse(
                "ILLEGAL_TRANSITION",
                expected="waste, as it left",
                got=data["stage"],
                where="/data/stage",
            )
    elif data["stage"] == "waste":
        case.refuse(
            "ILLEGAL_TRANSITION",
            expected="removed or in_vehicle, as it left in use; retire it then",
            got="waste",
            where="/data/stage",
        )
    elif data["capacity"] in IN_USE_BARRED_TO:
        case.refuse(
            "WRONG_CAPACITY",
            expected="a capacity in which a battery in use can be held",
            got=data["capacity"],
            where="/data/capacity",
        )
