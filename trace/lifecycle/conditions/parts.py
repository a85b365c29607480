"""Taking apart, repairing, and what is inside what."""

from __future__ import annotations

from typing import Final

from ....signing.base64url import parse_b64url
from ....signing.errors import SigningError
from ....signing.merkle import check_inclusion, leaf_hash
from ...codes.subjects import Subject, parse_subject
from ...errors import RefusedError
from .. import words
from ..state import Battery
from .case import Case
from .origins import maker_since_enrolment

_LEVELS: Final = "PMC"


def children(case: Case) -> None:
    """Different children, each extracted in the same group, and different residue lines; parts on record
    that did not come out are told."""
    subjects = [child["battery"] for child in case.event.data["children"]]
    if len({*subjects} - {case.event.sub}) != len(subjects):
        case.refuse(
            "COMPOSITION_CONFLICT",
            expected="different batteries, not this one",
            got="a repetition",
            where="/data/children",
        )
    for child in subjects:
        case.demand_next("battery.extracted", child)
    made_with = (*case.battery.facts.components, *case.battery.facts.parts)
    missing = [part for part in dict.fromkeys(made_with) if part not in subjects]
    if missing:
        case.remark(
            "CHILD_MISSING",
            f"made with {len(set(made_with))} parts, of which {len(missing)} did not come out: "
            f"{', '.join(missing[:3])}{' …' if len(missing) > 3 else ''}",
        )
    lines = [residue["line"] for residue in case.event.data["residues"]]
    if len(set(lines)) != len(lines):
        case.refuse("SCHEMA_INVALID", expected="different lines", got="a repetition", where="/data/residues")


def child_of_parent(case: Case) -> None:
    """It comes out of this parent: it is recorded in it, or begins here, or its maker, who made the parent
    with it, still holds it. A module or cell comes out of a pack, a cell out of a module; ``capacity`` is
    the one in which the parent was held."""
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
    if child.stage == words.IN_PACK and child.facts.parent != data["parent"]:
        case.refuse(
            "COMPOSITION_CONFLICT",
            expected=f"a child of {child.facts.parent}",
            got=data["parent"],
            where="/data/parent",
        )
    if child.stage == words.ABSENT:
        _check_maker_did_not_have_to(case, subject, parent)
    if child.stage in (words.MANUFACTURED, words.REMOVED):
        listed = case.event.sub in parent.facts.components
        if not (listed and child.facts.maker and child.custodian == child.facts.maker):
            case.refuse(
                "NOT_CUSTODIAN",
                expected="a child that its maker holds and made the parent with",
                got=f"one of {child.custodian}" + ("" if listed else ", which the parent was made without"),
                where="/sub",
            )
        case.remark("CHILD_ELSEWHERE", f"recorded as {child.stage} at its maker {child.facts.maker}")
    if parent.facts.components and case.event.sub not in parent.facts.components:
        case.remark("CHILD_NOT_LISTED", f"{data['parent']} was made without it")
    _check_listed(case, parent)


def _check_listed(case: Case, parent: Battery) -> None:
    """A proof that the child is in the parent's detached list holds; a child without one is told."""
    root, listed = parent.facts.components_root, case.event.data.get("listed")
    if listed is None:
        if root and case.event.sub not in parent.facts.components:
            case.remark("CHILD_NOT_LISTED", "no proof that it is in the list that its parent was made with")
        return
    try:
        check_inclusion(
            [parse_b64url(each) for each in listed["hashes"]],
            listed["index"],
            listed["count"],
            leaf_hash(case.event.sub.encode()),
            parse_b64url(root),
        )
    except SigningError as error:
        raise RefusedError(
            f"listed: expected a proof against {root or 'a list, which the parent has not'}, got {error}",
            code="COMPOSITION_CONFLICT",
            where="/data/listed",
        ) from error
    if listed["count"] != parent.facts.components_count:
        case.refuse(
            "COMPOSITION_CONFLICT",
            expected=str(parent.facts.components_count),
            got=str(listed["count"]),
            where="/data/listed/count",
        )


def puts_in(case: Case) -> None:
    """What goes in with this event is fitted in the same group, each once (``battery.fitted``)."""
    named = case.event.data.get("put_in", ())
    if len({*named} - {case.event.sub}) != len(named):
        case.refuse(
            "COMPOSITION_CONFLICT",
            expected="different batteries, not this one",
            got="a repetition",
            where="/data/put_in",
        )
    for subject in named:
        case.demand_next("battery.fitted", subject)


def takes_parts(case: Case) -> None:
    """What comes out is in it, and is taken out in the same group (``battery.taken_out``)."""
    data = case.event.data
    named = data.get("took_out", ())
    if len(set(named)) != len(named) or not {*named}.isdisjoint(data.get("put_in", ())):
        case.refuse(
            "COMPOSITION_CONFLICT",
            expected="each once, in or out",
            got="a repetition",
            where="/data/took_out",
        )
    for subject in named:
        if subject not in case.battery.facts.parts:
            case.refuse(
                "COMPOSITION_CONFLICT",
                expected="a battery that is recorded in this one",
                got=subject,
                where="/data/took_out",
            )
        case.demand_next("battery.taken_out", subject)


def may_open(case: Case) -> None:
    """Where parts go in or out, ``opened`` is ``true``; where it is, and ``repair_needs_licence`` is 1, the
    signer has a licence for ``open_packs`` in that capacity."""
    data = case.event.data
    opens = data["opened"] or any(
        name in data for name in ("took_out", "put_in", "uncoded_in", "uncoded_out")
    )
    if not data["opened"] and opens:
        case.refuse(
            "SCHEMA_INVALID", expected="true, as parts went in or out", got="false", where="/data/opened"
        )
    if not (opens and case.world.rules.policy.repair_needs_licence):
        return
    at, capacity = case.at.recorded_at, data["capacity"]
    held = [grant for grant in case.org().roles if grant.role == capacity and grant.valid(at)]
    if not any(words.OPEN_PACKS in grant.scope for grant in held):
        case.refuse(
            "SIGNER_ROLE_FORBIDDEN",
            expected=f"{case.event.iss} to have a licence for {words.OPEN_PACKS} as {capacity}",
            got="none",
            where="/data/opened",
        )


def into_parent(case: Case) -> None:
    """The signer holds the part, and its leader has just put it in (``battery.fitted``)."""
    _check_leading_parent(case)
    child = parse_subject(case.event.sub)
    _check_level(case, child)
    _check_not_anothers(case, case.event.data["parent"])


def out_of_parent(case: Case) -> None:
    """Out of the very battery in which it is, by who holds that one, and in the capacity in which that one is
    held."""
    _check_leading_parent(case)
    if case.battery.facts.parent != case.event.data["parent"]:
        case.refuse(
            "COMPOSITION_CONFLICT",
            expected=case.battery.facts.parent,
            got=case.event.data["parent"],
            where="/data/parent",
        )
    parent = case.battery_of(case.event.data["parent"])
    if parent and case.event.data["capacity"] != parent.capacity:
        case.refuse(
            "WRONG_CAPACITY",
            expected=parent.capacity,
            got=case.event.data["capacity"],
            where="/data/capacity",
        )


def _check_leading_parent(case: Case) -> None:
    data, demand = case.event.data, case.demand
    chain = case.world.chain(data["parent"])
    if demand is None or chain is None or chain.head != demand.leader:
        case.refuse(
            "GROUP_INCOMPLETE",
            expected="the battery of the event that leads the group",
            got=data["parent"],
            where="/data/parent",
        )
    if data["leader"] != demand.leader:
        case.refuse("REFERENCE_ABSENT", expected=demand.leader, got=data["leader"], where="/data/leader")


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
    """No other pack that is still whole was made with this child; one that left the country may come back."""
    for reference in case.world.references_to(case.event.sub):
        state = case.battery_of(reference.subject)
        if (
            reference.subject != parent
            and state
            and case.event.sub in state.facts.components
            and (state.stage not in words.ENDED or state.stage == words.EXPORTED)
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
    if maker and parent.facts.maker != maker:
        case.refuse(
            "MAKER_MUST_REGISTER",
            expected=f"a part of a pack made by {maker}; use a tag",
            got="a child made since its maker was enrolled, out of another pack",
            where="/sub",
        )
