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
from .. import words
from ..state import Battery, Org
from .case import Case


def own_vendor_code(case: Case) -> None:
    """Only the maker to whom the vendor code was allotted manufactures (``battery.manufactured``)."""
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
    if code.production_date > case.at.recorded_at.date() + timedelta(days=1):
        case.remark("CODE_DATE_IN_FUTURE", f"the code says {code.production_date}")


def components(case: Case) -> None:
    """What is named can exist, and nothing twice (``battery.manufactured``)."""
    data = case.event.data
    for subject in (*data.get("components", ()), *((data["model"],) if "model" in data else ())):
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
            if isinstance(other, Battery) and component in other.components:
                case.refuse(
                    "COMPOSITION_CONFLICT",
                    expected="parts of no other battery",
                    got=f"{component}, with which {reference.subject} was made",
                    where="/data/components",
                )
    if "model" in data and f"org:{parse_subject(data['model']).party}" != case.event.iss:
        case.refuse(
            "FOREIGN_MODEL", expected=f"a model of {case.event.iss}", got=data["model"], where="/data/model"
        )


def registration(case: Case) -> None:
    """A registered battery starts where its declarer may say that it is (``battery.registered``)."""
    data = case.event.data
    subject = parse_subject(case.event.sub)
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
    maker = maker_since_enrolment(case, code)
    if code and maker:
        case.refuse(
            "MAKER_MUST_REGISTER",
            expected=f"battery.manufactured by {maker}, which was enrolled before",
            got=f"a registration of a battery made on {code.production_date}; use a tag",
            where="/sub",
        )


def maker_since_enrolment(case: Case, code: BatteryCode | None) -> str | None:
    """The enrolled maker of a battery that was made, as its code says, since that maker's enrolment."""
    maker = case.world.vendor(code.vendor) if code else None
    chain = case.world.chain(maker) if maker else None
    if code is None or chain is None or not isinstance(chain.state, Org):
        return None
    return maker if code.production_date > chain.state.enrolled_at.date() else None


def label_seen(case: Case) -> None:
    """Whoever takes from nobody says how the label was read (LIFECYCLE, rule 4).

    The token is withheld: the log checks it at the door (`check_token`), a verifier sees that it was given.
    """
    if case.relation != "nobody":
        return
    data = case.event.data
    photographed = any(item["kind"] == "photo" for item in data.get("evidence", ()))
    if not photographed and not (case.battery.label and "token" in data):
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
    if token is not None and battery.label and label_digest(code, token) != battery.label:
        raise RefusedError(
            f"token: expected that of the label of record of {code}, got another",
            code="LABEL_MISMATCH",
            where="/data/token",
        )


def new_label(case: Case) -> None:
    if case.event.data["label"] == case.battery.label:
        case.refuse(
            "LABEL_UNCHANGED", expected="another label", got="the label of record", where="/data/label"
        )


def identity_settled(case: Case) -> None:
    """One of two batteries with one code is kept and handed over, no more, until that is decided.

    It is decided once the chain that it names no longer begins, or has gone over into another.
    """
    other = case.battery.conflicts_with
    chain = case.world.chain(other) if other else None
    if chain and isinstance(chain.state, Battery) and chain.state.stage not in (words.ABSENT, words.MERGED):
        case.refuse(
            "ILLEGAL_TRANSITION",
            expected=f"the conflict with {other} decided before {case.event.type}",
            got="one that is open",
            where="/type",
        )
