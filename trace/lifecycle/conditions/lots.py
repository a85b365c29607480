"""Where a lot comes from, and that nothing is added on its way."""

from __future__ import annotations

from typing import NoReturn

from ...codes.subjects import parse_subject
from .. import words
from ..state import Batch, Battery, Demand, Lot
from .case import Case

_SOURCES = ("dismantled", "batch", "split", "lots")


def own_lot(case: Case) -> None:
    """The lot's name carries its signer's id, and exactly one source is cited: a residue line (``parent``,
    ``dismantled`` and ``line``), an output of a closed ``batch``, a ``split``, or ``lots`` that are put
    together."""
    data = case.event.data
    if f"org:{parse_subject(case.event.sub).party}" != case.event.iss:
        case.refuse("NOT_OWNER", expected=f"a lot of {case.event.iss}", got=case.event.sub, where="/sub")
    cited = [name for name in _SOURCES if name in data]
    if len(cited) != 1:
        case.refuse(
            "SCHEMA_INVALID",
            expected=f"one of {', '.join(_SOURCES)}",
            got=", ".join(cited) or "none",
            where="/data",
        )
    if ("dismantled" in data) != ("parent" in data) or ("dismantled" in data) != ("line" in data):
        case.refuse(
            "SCHEMA_INVALID",
            expected="parent, dismantled and line together",
            got="some of them",
            where="/data/dismantled",
        )


def lot_source(case: Case) -> None:
    """What is cited is the signer's, of this kind, holds that much, and is cited once. A share has the mass
    that ``lot.split`` gives it, a lot of lots the sum; both stay of their ``kind`` and ``chemistry`` (or are
    ``mixed``), and in the capacity in which what they are of was held."""
    data = case.event.data
    if case.demand is not None:
        _from_split(case)
    elif "split" in data:
        case.refuse(
            "GROUP_INCOMPLETE", expected="lot.split right before it", got="it alone", where="/data/split"
        )
    elif "dismantled" in data:
        _from_residue(case)
    elif "batch" in data:
        _from_batch(case)
    else:
        _from_lots(case)


def _from_residue(case: Case) -> None:
    """A residue line of a battery that the signer dismantled."""
    data = case.event.data
    chain = case.world.chain(data["parent"])
    parent = chain.state if chain else None
    past = case.world.past(data["parent"])
    if (
        chain is None
        or past is None
        or not isinstance(parent, Battery)
        or parent.stage != words.DISMANTLED
        or chain.head != data["dismantled"]
    ):
        case.refuse(
            "REFERENCE_ABSENT",
            expected=f"the battery.dismantled of {data['parent']}",
            got=data["dismantled"],
            where="/data/dismantled",
        )
    if past.iss != case.event.iss:
        case.refuse("NOT_CUSTODIAN", expected=past.iss, got=case.event.iss, where="/iss")
    line = next((each for each in parent.facts.residues if each.line == data["line"]), None)
    if line is None or line.kind != data["kind"]:
        case.refuse(
            "REFERENCE_ABSENT",
            expected=f"a residue line of kind {data['kind']}",
            got="no such line" if line is None else f"line {line.line} of kind {line.kind}",
            where="/data/line",
        )
    _check_cited_once(case, data["dismantled"], str(data["line"]))
    _check_mass(case, line.g, f"residue line {line.line}")


def _from_batch(case: Case) -> None:
    """An output of the signer's closed batch."""
    data = case.event.data
    chain = case.world.chain(data["batch"])
    batch = chain.state if chain else None
    if not isinstance(batch, Batch):
        case.refuse(
            "REFERENCE_ABSENT", expected="a batch that is in the log", got=data["batch"], where="/data/batch"
        )
    if batch.owner != case.event.iss:
        case.refuse("NOT_CUSTODIAN", expected=batch.owner, got=case.event.iss, where="/iss")
    if not batch.closed:
        case.refuse(
            "REFERENCE_ABSENT",
            expected="a batch that is closed",
            got=f"{data['batch']}, open",
            where="/data/batch",
        )
    output = next((each for each in batch.outputs if each.kind == data["kind"]), None)
    if output is None:
        known = ", ".join(each.kind for each in batch.outputs)
        case.refuse(
            "REFERENCE_ABSENT",
            expected=f"an output of the batch: {known or 'none'}",
            got=data["kind"],
            where="/data/kind",
        )
    _check_cited_once(case, data["batch"], data["kind"])
    _check_mass(case, output.g, f"output {output.kind}")


def _from_split(case: Case) -> None:
    """A share of a lot that was split right before."""
    data = case.event.data
    if case.demand is None or data.get("split") != case.demand.leader:
        expected = case.demand.leader if case.demand else "no split"
        case.refuse("REFERENCE_ABSENT", expected=expected, got=data.get("split", "none"), where="/data/split")
    past = case.world.past(case.demand.chain)
    if past and isinstance(past.before, Lot):
        _check_like(case, past.before)
    if data["mass"]["g"] != case.demand.g:
        case.refuse(
            "MASS_MISMATCH",
            expected=f"{case.demand.g} g, its share",
            got=str(data["mass"]["g"]),
            where="/data/mass/g",
        )


def _from_lots(case: Case) -> None:
    """Lots that the signer holds, each of which ends in this one in the same group; the sums are equal."""
    data = case.event.data
    named = data["lots"]
    if len({*named} - {case.event.sub}) != len(named):
        case.refuse("COMPOSITION_CONFLICT", expected="different lots", got="a repetition", where="/data/lots")
    total = 0
    for subject in named:
        chain = case.world.chain(subject)
        lot = chain.state if chain else None
        if not isinstance(lot, Lot) or lot.stage != words.HELD or lot.custodian != case.event.iss:
            case.refuse(
                "NOT_CUSTODIAN", expected="lots that the signer holds", got=subject, where="/data/lots"
            )
        _check_like(case, lot)
        total += lot.g
        case.demand_next("lot.merged", subject)
    if data["mass"]["g"] != total:
        case.refuse(
            "MASS_MISMATCH",
            expected=f"{total} g, the sum of its {len(named)} lots",
            got=str(data["mass"]["g"]),
            where="/data/mass/g",
        )


def _check_like(case: Case, lot: Lot) -> None:
    """Material stays what it is; of another chemistry only what is called mixed."""
    data = case.event.data
    if data["capacity"] != lot.capacity:
        case.refuse("WRONG_CAPACITY", expected=lot.capacity, got=data["capacity"], where="/data/capacity")
    if data["kind"] != lot.kind:
        case.refuse("WRONG_KIND", expected=lot.kind, got=data["kind"], where="/data/kind")
    if lot.chemistry and data.get("chemistry") not in (lot.chemistry, "mixed"):
        case.refuse(
            "WRONG_KIND",
            expected=f"{lot.chemistry} or mixed",
            got=data.get("chemistry", "none"),
            where="/data/chemistry",
        )


def _check_cited_once(case: Case, source: str, line: str) -> None:
    for reference in case.world.references_to(source):
        chain = case.world.chain(reference.subject)
        lot = chain.state if chain else None
        if isinstance(lot, Lot) and lot.stage != words.ABSENT and (lot.source, lot.line) == (source, line):
            case.refuse(
                "DOUBLE_CHARGE",
                expected="a line that no lot cites yet",
                got=f"{line} of {source}, of which {reference.subject} was made",
                where="/data",
            )


def _check_mass(case: Case, most: int, what: str) -> None:
    if case.event.data["mass"]["g"] > most:
        case.refuse(
            "MASS_MISMATCH",
            expected=f"at most {most} g, as {what} says",
            got=str(case.event.data["mass"]["g"]),
            where="/data/mass/g",
        )


def shares(case: Case) -> None:
    """A lot is split into lots of the signer that have not begun; the sums are equal (``lot.split``)."""
    lot, into = _lot(case), case.event.data["into"]
    named = [share["lot"] for share in into]
    if len({*named} - {case.event.sub}) != len(named):
        case.refuse("COMPOSITION_CONFLICT", expected="different lots", got="a repetition", where="/data/into")
    total = sum(share["g"] for share in into)
    if total != lot.g:
        case.refuse(
            "MASS_MISMATCH", expected=f"shares of {lot.g} g in all", got=str(total), where="/data/into"
        )
    for share in into:
        demand = Demand(
            "lot.made", share["lot"], case.event.id, case.event.iss, g=share["g"], chain=case.event.sub
        )
        case.demands.append(demand)


def into_lot(case: Case) -> None:
    """It ends in the lot that leads the group (``lot.merged``)."""
    data, demand = case.event.data, case.demand
    chain = case.world.chain(data["into"])
    if demand is None or chain is None or chain.head != demand.leader:
        case.refuse(
            "GROUP_INCOMPLETE",
            expected="the lot that leads the group",
            got=data["into"],
            where="/data/into",
        )
    if data["leader"] != demand.leader:
        case.refuse("REFERENCE_ABSENT", expected=demand.leader, got=data["leader"], where="/data/leader")


def no_more_than_remains(case: Case) -> None:
    """A part or all of a lot, and something (``lot.charged``)."""
    lot, g = _lot(case), case.event.data["mass"]["g"]
    if not 0 < g <= lot.g:
        case.refuse(
            "MASS_MISMATCH", expected=f"1 to {lot.g} g, which remain", got=str(g), where="/data/mass/g"
        )


def output_point(case: Case) -> None:
    """Black mass and loose batteries are never an output (Delegated Regulation (EU) 2025/606)."""
    lot = _lot(case)
    if lot.kind in ("black_mass", "modules", "cells"):
        case.refuse(
            "WRONG_KIND", expected="a recovered material", got=f"{lot.kind}, an intermediate", where="/type"
        )


def _lot(case: Case) -> Lot:
    if not isinstance(case.state, Lot):
        _absent(case)
    return case.state


def _absent(case: Case) -> NoReturn:
    case.refuse("ILLEGAL_TRANSITION", expected="a lot", got="none", where="/sub")
