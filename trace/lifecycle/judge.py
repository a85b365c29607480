"""Whether an event may stand at its leaf, given the entries before it. One function for ledger and verifier.

It follows steps 7 and 8 of the verification in `docs/format.md`: the link, the group, who may speak, stage
and offer, and what else the row asks. Shape, key (`keyring.find_key`) and signature come before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from ..codes.subjects import parse_subject
from ..errors import RefusedError
from ..statement import Event, Moment
from ..times import show_time
from . import words
from .advance import advance
from .conditions import CONDITIONS
from .conditions.case import Case
from .keyring import check_approvals, key_use
from .state import NO_BATTERY, Battery, Chain, Demand, Key, Org, Reference, Remark
from .table import ROWS, SELF_REVOKING, By, Row
from .world import World


class ChainLinkError(RefusedError):
    """The event does not stand where its chain ends; carries the head that it should have named."""

    code = "CHAIN_LINK_BROKEN"

    def __init__(self, message: str, *, code: str, head_seq: int, head: str | None, where: str) -> None:
        super().__init__(message, code=code, where=where)
        self.head_seq = head_seq  # -1 where the chain has not begun
        self.head = head


@dataclass(frozen=True, slots=True)
class Step:
    """What a judged event changes."""

    chain: Chain
    references: tuple[Reference, ...]
    demands: tuple[Demand, ...]  # what must follow at the next leaves
    remarks: tuple[Remark, ...]


def judge(event: Event, at: Moment, key: Key, world: World, demand: Demand | None) -> Step:
    """Check an event of known type and shape against everything before its leaf.

    Args:
        event: Its shape is checked; its signature is, or will be.
        at: The leaf that it has or would have.
        key: The signer's, from `keyring.find_key`.
        world: The state given by the entries before the leaf, those of the same group included.
        demand: What an open group expects at this leaf; None where no group is open.

    Raises:
        RefusedError: A rule is broken; the code says which, the message what was expected and what is there.
    """
    case = check_standing(event, at, key, world, demand)
    row, state = case.row, case.state
    for name in row.also:
        CONDITIONS[name](case)
    if row.joint and key.use == "registrar":
        check_approvals(event, world)
    past = world.past(event.sub) if event.type.endswith(".voided") else None
    return Step(
        chain=Chain(event.sub, event.seq, event.id, advance(event, at.recorded_at, state, past)),
        references=tuple(  # each target once, though two members may name it
            Reference(target, at.leaf_index, event.sub, event.id)
            for target in dict.fromkeys((*world.rules.references(event), *case.tallies))
        ),
        demands=tuple(case.demands),
        remarks=tuple(case.remarks),
    )


def check_standing(event: Event, at: Moment, key: Key, world: World, demand: Demand | None) -> Case:
    """Check all but what the row's ``also`` names: time, link, group, stage, signer and open offer.

    Of ``data`` this reads no more than the capacity in which somebody acts, so that it can tell of a
    statement that is not filled in yet whether it has a chance.

    Raises:
        RefusedError: As `judge`.
    """
    row = ROWS[event.type]
    check_claimed_time(event, at, world)
    chain = world.chain(event.sub)
    check_link(event, chain)
    check_group(event, row, demand)
    state = chain.state if chain else None
    battery = state if isinstance(state, Battery) else NO_BATTERY
    case = Case(event, at, key, world, row, chain.head if chain else None, state, battery, demand)
    _check_stage(case)
    case.relation = _relation(case)
    _check_offer(case)
    return case


def check_claimed_time(event: Event, at: Moment, world: World) -> None:
    """The party does not claim a time that the log's clock has not reached.

    Raises:
        RefusedError: ``TIME_IN_FUTURE``.
    """
    latest = at.recorded_at + timedelta(seconds=world.rules.policy.future_tolerance_s)
    if event.occurred_at > latest:
        raise RefusedError(
            f"occurred_at: expected at most {show_time(latest)}, got {show_time(event.occurred_at)}",
            code="TIME_IN_FUTURE",
            where="/occurred_at",
        )


def check_link(event: Event, chain: Chain | None) -> None:
    """The event names the event before it (step 7).

    Raises:
        ChainLinkError: ``PLACE_TAKEN`` (another event is there), ``SEQUENCE_GAP`` or ``CHAIN_LINK_BROKEN``.
    """
    seq = chain.seq + 1 if chain else 0
    head = chain.head if chain else None
    if event.seq == seq and event.prev == head:
        return
    if event.seq < seq:
        code, what = "PLACE_TAKEN", f"seq: expected {seq}, got {event.seq}, where another event stands"
    elif event.seq > seq:
        code, what = "SEQUENCE_GAP", f"seq: expected {seq}, got {event.seq}"
    else:
        code, what = (
            "CHAIN_LINK_BROKEN",
            f"prev: expected {head or 'no member'}, got {event.prev or 'no member'}",
        )
    raise ChainLinkError(
        f"{what}; the head of {event.sub} is {head or 'not there yet'}",
        code=code,
        head_seq=seq - 1,
        head=head,
        where="/prev" if code == "CHAIN_LINK_BROKEN" else "/seq",
    )


def check_group(event: Event, row: Row, demand: Demand | None) -> None:
    """An open group is gone on with, and a follower stands in one (LIFECYCLE, rule 1).

    Raises:
        RefusedError: ``GROUP_INCOMPLETE``.
    """
    if demand is None:
        if row.follows:
            raise RefusedError(
                f"type: expected {event.type} right after its {row.follows}, got it alone",
                code="GROUP_INCOMPLETE",
                where="/type",
            )
        return
    if (event.type, event.sub, event.iss) != (demand.type, demand.subject, demand.signer):
        raise RefusedError(
            f"group: expected {demand.type} on {demand.subject} by {demand.signer} next, "
            f"as {demand.leader} demands, got {event.type} on {event.sub} by {event.iss}",
            code="GROUP_INCOMPLETE",
            where="/type",
        )


def _relation(case: Case) -> str:
    """The first relation of the row in which the signer stands to the subject, with a role it asks for."""
    event, row = case.event, case.row
    _check_not_suspended(case)
    standing = [by for by in row.by if key_use(by) == case.key.use and _stands_as(case, by)]
    if not standing:
        _refuse_signer(case)
    for by in standing:
        if _role_held(case, by):
            return by.relation
    roles = sorted({role for by in standing for role in by.roles})
    wanted = event.data["capacity"] if row.acts_as and event.data["capacity"] in roles else " or ".join(roles)
    licence = f" with a licence for {row.licence}" if row.licence else ""
    case.refuse(
        "SIGNER_ROLE_FORBIDDEN",
        expected=f"{event.iss} to be enrolled as {wanted}{licence} at {show_time(case.at.recorded_at)}",
        got=", ".join(_roles_of(case)) or "no role",
        where="/data/capacity" if row.acts_as else "/iss",
    )


def _stands_as(case: Case, by: By) -> bool:
    event, battery = case.event, case.battery
    match by.relation:
        case "first":
            return case.head is None or (case.row.chain == "battery" and battery.stage == words.ABSENT)
        case "custodian":
            return battery.custodian == event.iss
        case "nobody":
            return battery.custodian == words.NOBODY
        case "consignee":
            offer = battery.offer
            return (
                offer is not None and case.at.recorded_at < offer.expires_at and offer.consignee == event.iss
            )
        case "admin":
            return event.sub == "keys:" + event.iss.removeprefix("org:")
        case "owner":
            return f"org:{parse_subject(event.sub).party}" == event.iss
        # A registrar stands by its key, dismantler and group by the demand, signer and author by an event.
        case _:
            return True


def _role_held(case: Case, by: By) -> bool:
    if not by.roles and not case.row.licence:
        return True
    if case.row.acts_as:
        capacity = case.event.data["capacity"]
        return capacity in by.roles and capacity in _roles_of(case)
    return any(role in by.roles for role in _roles_of(case))


def _roles_of(case: Case) -> list[str]:
    """The signer's roles that are valid at the leaf, with the licence that the row asks for."""
    chain = case.world.chain(case.event.iss)
    if chain is None or not isinstance(chain.state, Org):
        return []
    return [
        grant.role
        for grant in chain.state.roles
        if grant.valid(case.at.recorded_at) and (not case.row.licence or case.row.licence in grant.scope)
    ]


def _refuse_signer(case: Case) -> NoReturn:
    event, battery = case.event, case.battery
    wanted = {by.relation for by in case.row.by}
    if wanted == {"first"}:
        case.refuse(
            "ILLEGAL_TRANSITION", expected="a chain that has not begun", got=_shown(case), where="/type"
        )
    if wanted == {"consignee"} and (battery.offer is None or case.at.recorded_at >= battery.offer.expires_at):
        got = f"one that expired at {show_time(battery.offer.expires_at)}" if battery.offer else "none"
        case.refuse("NO_OPEN_OFFER", expected="an open offer", got=got, where="/data/offer")
    expected = {
        "custodian": f"its custodian {battery.custodian}",
        "consignee": f"the consignee {battery.offer.consignee}"
        if battery.offer
        else "the consignee of an open offer",
        "nobody": "anybody with the role, once nobody holds it",
        "admin": f"the organisation of {event.sub}",
        "owner": f"the organisation of {event.sub}",
        "registrar": "a registrar",
    }
    case.refuse(
        "NOT_CUSTODIAN" if case.row.chain == "battery" else "NOT_OWNER",
        expected=" or ".join(text for relation, text in expected.items() if relation in wanted),
        got=event.iss,
        where="/iss",
    )


def _check_not_suspended(case: Case) -> None:
    chain = case.world.chain(case.event.iss)
    suspended = chain is not None and isinstance(chain.state, Org) and chain.state.suspended
    if suspended and case.event.type not in SELF_REVOKING:
        case.refuse(
            "PARTY_SUSPENDED",
            expected="an organisation in good standing",
            got=f"{case.event.iss}, suspended",
            where="/iss",
        )


def _check_stage(case: Case) -> None:
    battery, row = case.battery, case.row
    if row.chain == "battery" and battery.stage not in row.stages:
        ended = battery.stage in words.ENDED
        stages = ("a chain that has not begun" if stage == words.ABSENT else stage for stage in row.stages)
        case.refuse(
            "PACK_TERMINAL" if ended else "ILLEGAL_TRANSITION",
            expected=f"{' or '.join(stages)} before {row.type}",
            got=_shown(case),
            where="/type",
        )


def _check_offer(case: Case) -> None:
    offer = case.battery.offer
    if offer and case.at.recorded_at < offer.expires_at and case.row.offer == "bars":
        case.refuse(
            "OFFER_OPEN",
            expected=f"the offer {offer.id} to {offer.consignee} answered or withdrawn first",
            got=case.event.type,
            where="/type",
        )


def _shown(case: Case) -> str:
    if case.row.chain != "battery":
        return case.event.sub
    battery = case.battery
    return (
        "no such battery"
        if battery.stage == words.ABSENT
        else f"{battery.stage}, held by {battery.custodian}"
    )
