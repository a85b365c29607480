"""Whether an event may stand at its leaf, given the entries before it. One function for ledger and verifier.

It follows steps 7 and 8 of the verification in `docs/format.md`: the link, the group, who may speak, stage
and offer, and what else the row asks. Shape, key (`keyring.find_key`) and signature come before it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final, NoReturn

from msgspec import Struct

from ..codes.subjects import parse_subject
from ..errors import RefusedError
from ..statement import Event, Moment
from ..times import later, show_time
from . import words
from .conditions import CONDITIONS
from .conditions.case import Case
from .custody import ended_with, holder_of, parents_of
from .folding import fold
from .keyring import check_approvals, key_use
from .state import NO_BATTERY, Battery, Chain, Consignment, Demand, Key, Lot, Notes, Reference, Remark
from .table import SELF_REVOKING, By, Row, row_of
from .world import World


class ChainLinkError(RefusedError):
    """The event does not stand where its chain ends; carries the head that it should have named."""

    code = "CHAIN_LINK_BROKEN"

    def __init__(self, message: str, *, code: str, head_seq: int, head: str | None, where: str) -> None:
        super().__init__(message, code=code, where=where)
        self.head_seq = head_seq  # -1 where the chain has not begun
        self.head = head


class Step(Struct, frozen=True, gc=False):
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
    if row.joint and key.use == "registrar":
        check_approvals(event, world)  # first: what one registrar says alone leaves nothing undecided
    for name in row.also:
        CONDITIONS[name](case)
    past = world.past(event.sub) if row.stage == "before" or row.leads == ("*.voided",) else None
    named = world.rules.references(event)
    references: tuple[Reference, ...] = ()
    if named or case.tallies:
        references = tuple(  # each target once, though two members may name it
            Reference(target, at.leaf_index, event.sub, event.jws.id)
            for target in dict.fromkeys((*named, *case.tallies))
        )
    after = fold(event, row, at.recorded_at, state, past)
    chain = Chain(event.sub, event.seq, event.jws.id, after)
    return Step(chain, references, tuple(case.demands), tuple(case.remarks))


def check_standing(event: Event, at: Moment, key: Key, world: World, demand: Demand | None) -> Case:
    """Check all but what the row's ``also`` names: time, link, group, stage, signer and open offer.

    Of ``data`` this reads no more than the capacity in which somebody acts, so that it can tell of a
    statement that is not filled in yet whether it has a chance.

    Raises:
        RefusedError: As `judge`.
    """
    row = row_of(event.type, event.sub)
    if event.occurred_at > at.recorded_at:
        check_claimed_time(event, at, world)
    signer = world.signer(key.public.kid)
    if signer is not None and signer.sealed:
        _refuse_sealed(event)
    chain = world.chain(event.sub)
    check_link(event, chain)
    if demand is not None or row.follows:
        check_group(event, row, demand)
    state = chain.state if chain else None
    battery = state if isinstance(state, Battery) else NO_BATTERY
    holding = state if isinstance(state, Lot) else battery
    head = chain.head if chain else None
    case = Case(event, at, key, signer, world, row, head, state, battery, holding, demand)
    _check_not_suspended(case)  # before any refusal that tells how the subject stands
    if row.stages:
        _check_stage(case)
    case.relation = _relation(case)
    if holding.offer is not None:
        _check_offer(case)
    if row.chain in _HOLDABLE:
        _check_holds(case)
    for bar in row.bars:
        _SETTLED[bar](case)
    return case


def check_claimed_time(event: Event, at: Moment, world: World) -> None:
    """The party does not claim a time that the log's clock has not reached.

    Raises:
        RefusedError: ``TIME_IN_FUTURE``.
    """
    latest = later(at.recorded_at, timedelta(seconds=world.rules.policy.future_tolerance_s))
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
                f"type: expected {event.type} right after its {' or '.join(row.follows)}, got it alone",
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
    use = case.key.use
    standing: list[By] = []
    held: tuple[str, ...] = ()
    for by in row.by:
        if key_use(by) != use or not _stands_as(case, by):
            continue
        if not by.roles and not row.licence:
            return by.relation
        if not standing:
            held = _roles_of(case)
        standing.append(by)
        if row.acts_as:
            capacity = event.data["capacity"]
            if capacity in by.roles and capacity in held:
                return by.relation
        else:
            for role in held:
                if role in by.roles:
                    return by.relation
    if not standing:
        _refuse_signer(case)
    roles = sorted({role for by in standing for role in by.roles})
    wanted = event.data["capacity"] if row.acts_as and event.data["capacity"] in roles else " or ".join(roles)
    licence = f" with a licence for {row.licence}" if row.licence else ""
    case.refuse(
        "SIGNER_ROLE_FORBIDDEN",
        expected=f"{event.iss} to be enrolled as {wanted}{licence} at {show_time(case.at.recorded_at)}",
        got=", ".join(held) or "no role",
        where="/data/capacity" if row.acts_as else "/iss",
    )


def _stands_as(case: Case, by: By) -> bool:
    event, holding = case.event, case.holding
    match by.relation:
        case "custodian":
            return holding.custodian == event.iss or (
                holding.custodian == words.PARENT and holder_of(case.world, holding) == event.iss
            )
        case "first":
            return case.head is None or (case.row.chain in _COMES_BACK and holding.stage == words.ABSENT)
        case "consignee":
            offer = holding.offer
            return (
                offer is not None and case.at.recorded_at < offer.expires_at and offer.consignee == event.iss
            )
        case "nobody":
            return holding.custodian == words.NOBODY
        case "reporter":
            return case.battery.facts.lost_by == event.iss
        case "admin":
            return event.sub == "keys:" + event.iss.removeprefix("org:")
        case "owner":
            return f"org:{parse_subject(event.sub).party}" == event.iss
        case "receiver":
            return isinstance(case.state, Consignment) and case.state.consignee == event.iss
        case "maker":
            inner = parse_subject(event.sub).inner
            code = inner.code if inner else None
            return code is not None and case.world.vendor(code.vendor) == event.iss
        case "anyone":
            return case.signer is not None and case.signer.org is not None
        # A registrar stands by its key, dismantler and group by the demand, signer and author by an event,
        # an authority by its region, which the row's own check looks at.
        case _:
            return True


def _roles_of(case: Case) -> tuple[str, ...]:
    """The signer's roles that are valid at the leaf, with the licence that the row asks for."""
    signer = case.signer
    if signer is None or signer.org is None:
        return ()
    licence, at = case.row.licence, case.at.recorded_at
    if not licence and len(signer.roles) == len(signer.org.roles):
        return signer.roles
    return tuple(
        grant.role
        for grant in signer.org.roles
        if grant.valid(at) and (not licence or licence in grant.scope)
    )


def _refuse_signer(case: Case) -> NoReturn:
    event, holding = case.event, case.holding
    wanted = {by.relation for by in case.row.by}
    if wanted == {"first"}:
        case.refuse(
            "ILLEGAL_TRANSITION", expected="a chain that has not begun", got=_shown(case), where="/type"
        )
    if wanted == {"consignee"} and (holding.offer is None or case.at.recorded_at >= holding.offer.expires_at):
        got = f"one that expired at {show_time(holding.offer.expires_at)}" if holding.offer else "none"
        case.refuse("NO_OPEN_OFFER", expected="an open offer", got=got, where="/data/offer")
    expected = {
        "custodian": f"its custodian {holder_of(case.world, holding)}",
        "consignee": "the consignee of an open offer",  # which, is told to both ends and nobody else
        "nobody": "anybody with the role, once nobody holds it",
        "reporter": f"{case.battery.facts.lost_by}, who reported it lost",
        "anyone": "an enrolled organisation",
        "admin": f"the organisation of {event.sub}",
        "owner": f"the organisation of {event.sub}",
        "receiver": f"the consignee of {event.sub}"
        if case.state
        else f"the consignee of a consignment that was dispatched; {event.sub} was not",
        "maker": "the maker to whom the vendor code in the battery's code was allotted",
        "registrar": "a registrar",
    }
    case.refuse(
        "NOT_CUSTODIAN" if case.row.chain in ("battery", "lot") else "NOT_OWNER",
        expected=" or ".join(text for relation, text in expected.items() if relation in wanted),
        got=event.iss,
        where="/iss",
    )


def _check_not_suspended(case: Case) -> None:
    org = case.signer.org if case.signer else None
    if org and org.suspended and case.event.type not in SELF_REVOKING:
        case.refuse(
            "PARTY_SUSPENDED",
            expected="an organisation in good standing",
            got=f"{case.event.iss}, suspended",
            where="/iss",
        )


def _refuse_sealed(event: Event) -> NoReturn:
    """Nothing follows ``log.sealed`` (DESIGN, section 5)."""
    raise RefusedError(
        f"type: expected nothing after log.sealed, got {event.type}", code="LOG_SEALED", where="/type"
    )


def _check_stage(case: Case) -> None:
    stage, row = case.holding.stage, case.row
    with_parent = ended_with(case.world, case.battery) if stage == words.IN_PACK else None
    if stage in row.stages and (with_parent is None or row.stage == "before"):
        return
    ended = with_parent is not None or stage in words.ENDED or stage in _LOT_ENDED
    stages = ("a chain that has not begun" if stage == words.ABSENT else stage for stage in row.stages)
    case.refuse(
        "PACK_TERMINAL" if ended else "ILLEGAL_TRANSITION",
        expected=f"{' or '.join(stages)} before {row.type}",
        got=f"a battery that ended with {with_parent}, in which it is" if with_parent else _shown(case),
        where="/type",
    )


def _check_offer(case: Case) -> None:
    offer = case.holding.offer
    if offer and case.row.offer == "bars" and case.at.recorded_at < offer.expires_at:
        case.refuse(
            "OFFER_OPEN",
            expected=f"the offer {offer.id} to {offer.consignee} answered or withdrawn first",
            got=case.event.type,
            where="/type",
        )


def _check_holds(case: Case) -> None:
    """No hold bars the event: on the subject, what it is in, its batch, its holder or the signer.

    Raises:
        RefusedError: ``HELD_BY_AUTHORITY``.
    """
    world, event, hold = case.world, case.event, case.row.hold
    if hold == "passes":
        return
    near = (event.sub, *parents_of(world, case.battery))
    far = [event.iss]
    holder = holder_of(world, case.holding)
    if holder.startswith("org:") and holder != event.iss:
        far.append(holder)
    if "batch" in event.data:
        far.append(event.data["batch"])
    for subject in (*near, *far):
        if not world.is_held(subject):
            continue
        if hold == "flags":
            case.remark("MOVED_UNDER_HOLD", f"{event.type} while {subject} is held")
        elif hold == "bars" or subject in near:
            authorities = " and ".join(_authorities(world, subject))
            case.refuse(
                "HELD_BY_AUTHORITY",
                expected=f"the hold on {subject} by {authorities} lifted first",
                got=event.type,
                where="/type",
            )


def _authorities(world: World, subject: str) -> list[str]:
    chain = world.chain(f"notes:{subject}")
    return [hold.authority for hold in chain.state.holds] if chain and isinstance(chain.state, Notes) else []


def _check_undamaged(case: Case) -> None:
    if case.battery.facts.damaged:
        case.refuse(
            "DAMAGED",
            expected=f"an inspection that clears the damage before {case.event.type}",
            got="a battery that had an incident",
            where="/type",
        )


def _check_uncontested(case: Case) -> None:
    chain = case.world.chain(f"notes:{case.event.sub}")
    if chain and isinstance(chain.state, Notes) and chain.state.contested:
        case.refuse(
            "ORIGIN_CONTESTED",
            expected=f"the origin confirmed or decided before {case.event.type}",
            got=f"one that its maker contests in {chain.state.contested}",
            where="/type",
        )


def _check_identity_settled(case: Case) -> None:
    """One of two batteries with one code is kept and handed over, no more, until that is decided.

    It is decided once the chain that it names no longer begins, or has gone over into another.
    """
    other = case.battery.facts.conflicts_with
    known = case.battery_of(other) if other else None
    if known and known.stage not in (words.ABSENT, words.MERGED):
        case.refuse(
            "ILLEGAL_TRANSITION",
            expected=f"the conflict with {other} decided before {case.event.type}",
            got="one that is open",
            where="/type",
        )


_SETTLED: Final[dict[str, Callable[[Case], None]]] = {
    "damage": _check_undamaged,
    "contest": _check_uncontested,
    "conflict": _check_identity_settled,
}
_HOLDABLE: Final = frozenset({"battery", "lot", "batch"})
_COMES_BACK: Final = frozenset({"battery", "lot"})  # kinds whose beginning can be voided
_LOT_ENDED: Final = (words.CHARGED, words.SPLIT, words.FINAL)


def _shown(case: Case) -> str:
    if case.row.chain not in ("battery", "lot"):
        return case.event.sub
    holding = case.holding
    if holding.stage == words.ABSENT:
        return f"no such {case.row.chain}"
    return f"{holding.stage}, held by {holder_of(case.world, holding)}"
