"""Taking apart, and the batch in which a battery ends."""

from __future__ import annotations

from typing import Final

from ...codes.subjects import Subject, parse_subject
from .. import words
from ..batches import batch_inputs
from ..state import Batch, Battery
from .case import Case
from .origins import maker_since_enrolment

_LEVELS: Final = "PMC"


def children(case: Case) -> None:
    subjects = [child["battery"] for child in case.event.data["children"]]
    if len({*subjects} - {case.event.sub}) != len(subjects):
        case.refuse(
            "COMPOSITION_CONFLICT",
            expected="different batteries, not this one",
            got="a repetition",
            where="/data/children",
        )
    for child in subjects:
        case.demand_next(child)
    missing = [part for part in case.battery.components if part not in subjects]
    if missing:
        case.remark(
            "CHILD_MISSING",
            f"made with {len(case.battery.components)} parts, of which {len(missing)} did not come out: "
            f"{', '.join(missing[:3])}{' …' if len(missing) > 3 else ''}",
        )
    lines = [residue["line"] for residue in case.event.data["residues"]]
    if len(set(lines)) != len(lines):
        case.refuse("SCHEMA_INVALID", expected="different lines", got="a repetition", where="/data/residues")


def child_of_parent(case: Case) -> None:
    """A child goes to the dismantler only from this parent, or from nobody else (``battery.extracted``)."""
    data = case.event.data
    chain = case.world.chain(data["parent"])
    parent = chain.state if chain else None
    if (
        case.demand is None
        or chain is None
        or not isinstance(parent, Battery)
        or chain.head != case.demand.leader
    ):
        case.refuse(
            "GROUP_INCOMPLETE",
            expected="the parent, just dismantled",
            got=data["parent"],
            where="/data/parent",
        )
    if data["dismantled"] != case.demand.leader:
        case.refuse(
            "REFERENCE_ABSENT", expected=case.demand.leader, got=data["dismantled"], where="/data/dismantled"
        )
    if data["capacity"] != parent.capacity:
        case.refuse("WRONG_CAPACITY", expected=parent.capacity, got=data["capacity"], where="/data/capacity")
    child = case.battery
    subject = parse_subject(case.event.sub)
    _check_level(case, subject)
    _check_not_anothers(case, data["parent"])
    if child.stage == words.ABSENT and subject.scheme == "tag" and f"org:{subject.party}" != case.event.iss:
        case.refuse("FOREIGN_TAG", expected=f"a tag of {case.event.iss}", got=case.event.sub, where="/sub")
    if child.stage == words.IN_PACK and child.parent != data["parent"]:
        case.refuse(
            "COMPOSITION_CONFLICT",
            expected=f"a child of {child.parent}",
            got=data["parent"],
            where="/data/parent",
        )
    if child.stage == words.ABSENT:
        _check_maker_did_not_have_to(case, subject, parent)
    if child.stage in (words.MANUFACTURED, words.REMOVED):
        listed = case.event.sub in parent.components
        if not (listed and child.maker and child.custodian == child.maker):
            case.refuse(
                "NOT_CUSTODIAN",
                expected="a child that its maker holds and made the parent with",
                got=f"one of {child.custodian}" + ("" if listed else ", which the parent was made without"),
                where="/sub",
            )
        case.remark("CHILD_ELSEWHERE", f"recorded as {child.stage} at its maker {child.maker}")
    if parent.components and case.event.sub not in parent.components:
        case.remark("CHILD_NOT_LISTED", f"{data['parent']} was made without it")


def _check_level(case: Case, child: Subject) -> None:
    """A child is of a lower level than its parent: pack, module, cell (GB/T 19596)."""
    parent = parse_subject(case.event.data["parent"])
    level = _LEVELS.index(_product(child) or "C")
    if level <= _LEVELS.index(_product(parent) or "P"):
        case.refuse(
            "COMPOSITION_CONFLICT",
            expected=f"a {'module or cell' if _product(parent) != 'M' else 'cell'}",
            got=f"product type {_product(child)}",
            where="/sub",
        )


def _product(subject: Subject) -> str:
    """P, M or C as the code says; empty where it says nothing."""
    code = subject.code
    return (code.echelon_type or code.product_type) if code else ""


def _check_not_anothers(case: Case, parent: str) -> None:
    """No other pack that is still whole was made with this child."""
    for reference in case.world.references_to(case.event.sub):
        chain = case.world.chain(reference.subject)
        state = chain.state if chain else None
        if (
            reference.subject != parent
            and isinstance(state, Battery)
            and case.event.sub in state.components
            and state.stage not in words.ENDED
        ):
            case.refuse(
                "COMPOSITION_CONFLICT",
                expected=f"a part of {parent}",
                got=f"one that {reference.subject} was made with",
                where="/data/parent",
            )


def _check_maker_did_not_have_to(case: Case, child: Subject, parent: Battery) -> None:
    """A code of an enrolled maker, made since, begins in its maker's own pack; otherwise a tag serves."""
    maker = maker_since_enrolment(case, child.code)
    if maker and parent.maker != maker:
        case.refuse(
            "MAKER_MUST_REGISTER",
            expected=f"a part of a pack made by {maker}; use a tag",
            got="a child made since its maker was enrolled, out of another pack",
            where="/sub",
        )


def own_open_batch(case: Case) -> None:
    named = case.event.data["batch"]
    chain = case.world.chain(named)
    if chain is None or not isinstance(chain.state, Batch):
        case.refuse("REFERENCE_ABSENT", expected="a batch that is in the log", got=named, where="/data/batch")
    if chain.state.owner != case.event.iss:
        case.refuse("NOT_CUSTODIAN", expected="a batch of the signer", got=named, where="/data/batch")
    if chain.state.closed:
        case.refuse("BATCH_CLOSED", expected="an open batch", got=f"{named}, closed", where="/data/batch")


def batch_open(case: Case) -> None:
    if not isinstance(case.state, Batch):
        case.refuse("ILLEGAL_TRANSITION", expected="a batch that was opened", got="none", where="/sub")
    if case.state.closed:
        case.refuse("BATCH_CLOSED", expected="an open batch", got="one that is closed", where="/sub")


def inputs(case: Case) -> None:
    """What the batch binds is what was charged into it."""
    for member, value in batch_inputs(case.world, case.event.sub).items():
        got = case.event.data["inputs"][member]
        if got != value:
            case.refuse(
                "BATCH_INPUTS_MISMATCH", expected=str(value), got=str(got), where=f"/data/inputs/{member}"
            )
