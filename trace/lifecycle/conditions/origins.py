"""Where a battery comes from, and by which label it is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ...codes.battery_code import BatteryCode
from ...codes.label import label_digest
from ...codes.subjects import parse_subject
from ...errors import RefusedError
from ...statement import Event
from ...times import later
from .. import words
from ..state import Battery, Demand, Model, Notes
from .case import Case, org_of
from .succession import check_predecessor


def own_vendor_code(case: Case) -> None:
    """The code is one of 24 characters under GB/T 34014, and its first three are a vendor code that is
    allotted to the signer (``vendor_codes`` of its enrolment)."""
    code = parse_subject(case.event.sub).code
    org = case.org()
    if code is None or code.echelon or code.vendor not in org.vendor_codes:
        case.refuse(
            "FOREIGN_VENDOR_CODE",
            expected=f"a 24-character code with vendor {' or '.join(org.vendor_codes) or '(none allotted)'}",
            got=case.event.sub.removeprefix("battery:"),
            where="/sub",
        )
    _remark_future_date(case, code)


def _remark_future_date(case: Case, code: BatteryCode) -> None:
    if code.production_date > later(case.at.recorded_at, timedelta(days=1)).date():
        case.remark("CODE_DATE_IN_FUTURE", f"the code says {code.production_date}")


def components(case: Case) -> None:
    """What is named can exist, and nothing twice (``battery.manufactured``)."""
    data = case.event.data
    for subject in data.get("components", ()):
        parse_subject(subject)
    if len({*data.get("components", ())} - {case.event.sub}) != len(data.get("components", ())):
        case.refuse(
            "COMPOSITION_CONFLICT",
            expected="different batteries, not this one",
            got="a repetition",
            where="/data/components",
        )
    for component in data.get("components", ()):
        for reference in case.world.references_to(component):
            chain = case.world.chain(reference.subject)
            other = chain.state if chain else None
            if isinstance(other, Battery) and component in other.facts.components:
                case.refuse(
                    "COMPOSITION_CONFLICT",
                    expected="parts of no other battery",
                    got=f"{component}, with which {reference.subject} was made",
                    where="/data/components",
                )


def own_model(case: Case) -> None:
    """The model is one that the signer has published (``battery.manufactured``, ``battery.repurposed``)."""
    named = case.event.data.get("model")
    if named is None:
        return
    chain = case.world.chain(named)
    if chain is None or not isinstance(chain.state, Model):
        case.refuse("REFERENCE_ABSENT", expected="a model that is published", got=named, where="/data/model")
    if chain.state.owner != case.event.iss:
        case.refuse("FOREIGN_MODEL", expected=f"a model of {case.event.iss}", got=named, where="/data/model")


def registration(case: Case) -> None:
    """``waste``, ``swap_pool`` and ``manufactured`` have the holder ``signer``; ``swap_pool`` is for a
    ``swap_operator``, ``manufactured`` for an ``importer`` with evidence. The basis ``label_unreadable``
    asks for a tag, and a tag carries its signer's id. What an enrolled maker has made since its enrolment,
    it makes itself (``battery.manufactured``); ``linked`` only right after ``identity.linked``, and then
    as that battery stood."""
    data = case.event.data
    subject = parse_subject(case.event.sub)
    check_predecessor(case)
    stage, capacity = data["stage"], data["capacity"]
    if stage == "waste" and data["holder"] != "signer":
        case.refuse(
            "NOT_CUSTODIAN",
            expected="signer: waste is never nobody's",
            got=data["holder"],
            where="/data/holder",
        )
    if stage == words.MANUFACTURED and not (capacity == words.IMPORTER and data.get("evidence")):
        case.refuse(
            "ILLEGAL_TRANSITION",
            expected="manufactured only by an importer, with evidence",
            got=f"capacity {capacity}" + ("" if data.get("evidence") else ", no evidence"),
            where="/data/stage",
        )
    if stage in (words.MANUFACTURED, words.SWAP_POOL) and data["holder"] != "signer":
        case.refuse("NOT_CUSTODIAN", expected="signer", got=data["holder"], where="/data/holder")
    if stage == words.SWAP_POOL and capacity != words.SWAP_OPERATOR:
        case.refuse("WRONG_CAPACITY", expected=words.SWAP_OPERATOR, got=capacity, where="/data/capacity")
    if subject.scheme == "tag" and f"org:{subject.party}" != case.event.iss:
        case.refuse("FOREIGN_TAG", expected=f"a tag of {case.event.iss}", got=case.event.sub, where="/sub")
    if data["basis"] == "label_unreadable" and subject.scheme != "tag":
        case.refuse(
            "ILLEGAL_TRANSITION",
            expected="a tag, as the label can't be read",
            got=case.event.sub,
            where="/sub",
        )
    if "conflicts_with" in data and (
        data["conflicts_with"] == case.event.sub or case.world.chain(data["conflicts_with"]) is None
    ):
        case.refuse(
            "REFERENCE_ABSENT",
            expected="another battery that is in the log",
            got=data["conflicts_with"],
            where="/data/conflicts_with",
        )
    if case.head is not None:
        if stage == words.MANUFACTURED:
            case.refuse(
                "ILLEGAL_TRANSITION", expected="the code's maker", got="a registration", where="/data/stage"
            )
        case.remark("REGISTERED_AFTER_VOID", "an earlier beginning of this chain was voided")
    code = subject.code
    if code:
        _remark_future_date(case, code)
    _check_link(case)
    maker = maker_since_enrolment(case, code)
    if code and maker:
        case.refuse(
            "MAKER_MUST_REGISTER",
            expected=f"battery.manufactured by {maker}, which was enrolled before",
            got=f"a registration of a battery made on {code.production_date}; use a tag",
            where="/sub",
        )


def _check_link(case: Case) -> None:
    """A battery that is registered because another chain is linked to it goes on as that one stood."""
    data, demand = case.event.data, case.demand
    if demand is None:
        if "linked" in data:
            case.refuse(
                "GROUP_INCOMPLETE",
                expected="identity.linked right before it",
                got="a registration that stands alone",
                where="/data/linked",
            )
        return
    if data.get("linked") != demand.leader:
        case.refuse(
            "REFERENCE_ABSENT", expected=demand.leader, got=data.get("linked", "none"), where="/data/linked"
        )
    past = case.world.past(demand.chain)
    before = past.before if past else None
    if not isinstance(before, Battery):
        return  # The leader was judged on that very state.
    expected = "waste" if before.stage in words.WASTE else before.stage
    if (data["stage"], data["capacity"], data["holder"]) != (expected, before.capacity, "signer"):
        case.refuse(
            "ILLEGAL_TRANSITION",
            expected=f"{expected}, held by the signer as {before.capacity}",
            got=f"{data['stage']}, held by {data['holder']} as {data['capacity']}",
            where="/data/stage",
        )
    if before.facts.damaged and data.get("condition") not in words.UNSAFE:
        case.refuse(
            "DAMAGED",
            expected=f"one of {', '.join(words.UNSAFE)}, as the battery had an incident",
            got=data.get("condition", "no condition"),
            where="/data/condition",
        )


def same_battery(case: Case) -> None:
    """The other chain is of the same thing: nobody else holds it, and nothing is laundered by the link
    (``identity.linked``)."""
    other, battery = case.event.data["battery"], case.battery
    parse_subject(other)
    if other == case.event.sub:
        case.refuse("COMPOSITION_CONFLICT", expected="another chain", got="its own", where="/data/battery")
    vehicle = battery.facts.vehicle if battery.stage == words.IN_VEHICLE else ""
    if vehicle or battery.facts.parts:
        case.refuse(
            "ILLEGAL_TRANSITION",
            expected="a battery that is in no vehicle, with no coded part fitted",
            got=vehicle or ", ".join(battery.facts.parts),
            where="/type",
        )
    known = case.battery_of(other)
    _check_nothing_left_behind(case, other, known)
    if known is None or known.stage == words.ABSENT:
        case.demands.append(
            Demand("battery.registered", other, case.event.id, case.event.iss, chain=case.event.sub)
        )
        return
    if known.stage in words.ENDED or known.stage == words.IN_PACK:
        case.refuse(
            "ILLEGAL_TRANSITION",
            expected="a chain that lives, of a battery that is in no other",
            got=f"{other}, {known.stage}",
            where="/data/battery",
        )
    if known.custodian not in (case.event.iss, words.NOBODY):
        case.refuse(
            "NOT_CUSTODIAN",
            expected="a battery that the signer or nobody holds",
            got=f"one held by {known.custodian}; say custody.claimed in its notes",
            where="/data/battery",
        )
    if battery.stage in words.WASTE and known.stage not in words.WASTE:
        case.refuse(
            "ILLEGAL_TRANSITION",
            expected="waste, as this battery is: take it in, or retire it, first",
            got=f"{other}, {known.stage}",
            where="/data/battery",
        )
    if battery.facts.damaged and not known.facts.damaged:
        case.refuse(
            "DAMAGED",
            expected="the incident recorded on the other chain as well",
            got=f"{other}, undamaged",
            where="/data/battery",
        )


def _check_nothing_left_behind(case: Case, other: str, known: Battery | None) -> None:
    """What bars a battery under one chain would not bar it under the other (``identity.linked``)."""
    facts = case.battery.facts
    notes = case.world.chain(f"notes:{case.event.sub}")
    if notes and isinstance(notes.state, Notes) and notes.state.contested:
        case.refuse(
            "ORIGIN_CONTESTED",
            expected="the origin confirmed or decided before identity.linked",
            got=f"one that its maker contests in {notes.state.contested}",
            where="/type",
        )
    rival = case.battery_of(facts.conflicts_with) if facts.conflicts_with not in ("", other) else None
    if rival and rival.stage not in (words.ABSENT, words.MERGED):
        case.refuse(
            "ILLEGAL_TRANSITION",
            expected=f"the conflict with {facts.conflicts_with} decided, or a link to that one",
            got=other,
            where="/data/battery",
        )
    if facts.use not in ("", "traction") and (known is None or known.facts.use != facts.use):
        case.refuse(
            "ILLEGAL_TRANSITION",
            expected=f"a product made for {facts.use}, as this one is",
            got=other,
            where="/data/battery",
        )


def maker_since_enrolment(case: Case, code: BatteryCode | None) -> str | None:
    """The enrolled maker of a battery that was made, as its code says, since that maker's enrolment."""
    maker = case.world.vendor(code.vendor) if code else None
    org = org_of(case.world, maker) if maker else None
    if code is None or org is None:
        return None
    return maker if code.production_date > org.enrolled_at.date() else None


def label_seen(case: Case) -> None:
    """Where nobody held it, a label that was not seen is told: one read without its ``token`` (where the log
    knows the label) and without a ``photo`` among the evidence; ``unseen_labels_a_day`` of them are taken,
    no more.

    LIFECYCLE, rule 4. The token is withheld: the log checks it at the door (`check_token`), a verifier sees
    that it was given.
    """
    if case.relation == "custodian":
        return
    data = case.event.data
    photographed = any(item["kind"] == "photo" for item in data.get("evidence", ()))
    if not photographed and not (case.battery.facts.label and "token" in data):
        case.remark("UNSEEN_LABEL", f"read by {data['read_by']}, without the token of record or a photo")
        tally = f"unseen:{case.event.iss}/{case.at.recorded_at.date()}"
        most = case.world.rules.policy.unseen_labels_a_day
        if len(case.world.references_to(tally)) >= most:
            case.refuse(
                "UNSEEN_LABEL_LIMIT",
                expected=f"at most {most} a day of which the label was not seen",
                got=str(most + 1),
                where="/data/read_by",
            )
        case.tallies.append(tally)
    if case.battery.stage == words.LOST:
        case.remark("LOST_THEN_TAKEN_IN", "the battery had been reported lost")


def check_token(event: Event, shown: Mapping[str, Any], battery: Battery) -> None:
    """A token that was shown at the door is that of the label of record.

    Args:
        event: The event, with its token withheld.
        shown: JSON Pointer of each withheld member -> the value that its disclosure gives.
        battery: The state before the event.

    Raises:
        RefusedError: ``LABEL_MISMATCH``; the message does not repeat the token.
    """
    token = shown.get("/data/token")
    code = event.sub.split(":", 2)[-1]
    label = battery.facts.label
    if token is not None and label and label_digest(code, token) != label:
        raise RefusedError(
            f"token: expected that of the label of record of {code}, got another",
            code="LABEL_MISMATCH",
            where="/data/token",
        )


def new_label(case: Case) -> None:
    """It is another label than the one of record."""
    if case.event.data["label"] == case.battery.facts.label:
        case.refuse(
            "LABEL_UNCHANGED", expected="another label", got="the label of record", where="/data/label"
        )
