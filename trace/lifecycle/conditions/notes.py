"""What is asked of a remark on somebody else's subject."""

from __future__ import annotations

from ...codes.region import parse_region
from ...codes.subjects import parse_subject
from .. import words
from ..custody import holder_of
from ..state import Batch, Battery, Lot, Notes, Org
from .case import Case, org_of


def subject_known(case: Case) -> None:
    """The log knows what the note is about."""
    subject = _subject(case)
    chain = case.world.chain(subject)
    if chain is None or chain.state is None:
        case.refuse("REFERENCE_ABSENT", expected="a subject that is in the log", got=subject, where="/sub")


def about_event(case: Case) -> None:
    """The event that the note names stands on the subject's chain (``note.disputed``, ``note.agreed``)."""
    subject_known(case)
    named = case.event.data.get("event")
    if named is None:
        return
    past = case.world.past(_subject(case))
    while past and past.event != named:
        past = past.earlier
    if past is None:
        case.refuse(
            "REFERENCE_ABSENT",
            expected=f"an event of {_subject(case)}, not voided",
            got=named,
            where="/data/event",
        )
    if case.event.type == "note.agreed" and past.iss == case.event.iss:
        case.refuse("NOT_COUNTERPARTY", expected="somebody else", got="who signed it", where="/iss")


def of_code(case: Case) -> None:
    """A maker speaks of the origin of what it has not made in the log itself."""
    subject_known(case)
    battery = case.battery_of(_subject(case))
    if battery is None or battery.facts.maker:
        case.refuse(
            "ILLEGAL_TRANSITION",
            expected="a battery that was registered, not made in this log",
            got=_subject(case),
            where="/sub",
        )
    contested = isinstance(case.state, Notes) and case.state.contested
    if case.event.type == "origin.contested":
        case.remark("CONTEST_RAISED", case.event.data["reason"])
    elif not contested and case.state is not None and _confirmed_before(case):
        case.refuse(
            "ILLEGAL_TRANSITION", expected="an origin not confirmed yet", got="a repetition", where="/type"
        )


def _confirmed_before(case: Case) -> bool:
    past = case.world.past(case.event.sub)
    while past and past.type not in ("origin.confirmed", "origin.contested"):
        past = past.earlier
    return past is not None and past.type == "origin.confirmed"


def held_by_another(case: Case) -> None:
    """A claim is on what the claimant does not hold (``custody.claimed``); it is always told."""
    subject_known(case)
    chain = case.world.chain(_subject(case))
    state = chain.state if chain else None
    if not isinstance(state, Battery | Lot):
        case.refuse("WRONG_KIND", expected="a battery or a lot", got=_subject(case), where="/sub")
    holder = holder_of(case.world, state)
    if holder == case.event.iss:
        case.refuse("ILLEGAL_TRANSITION", expected="somebody else's", got="its own", where="/sub")
    case.remark("CUSTODY_CLAIMED", f"by {case.event.iss}; the record says {holder}")


def of_organisation(case: Case) -> None:
    """In the notes on an organisation (``notes:org:…``): one of its enrolled sites, which the authority's
    region covers."""
    subject_known(case)
    chain = case.world.chain(_subject(case))
    org = chain.state if chain else None
    if not isinstance(org, Org):
        case.refuse("WRONG_KIND", expected="an organisation", got=_subject(case), where="/sub")
    site = next((each for each in org.sites if each.name == case.event.data["site"]), None)
    if site is None:
        case.refuse(
            "FOREIGN_SITE",
            expected=", ".join(each.name for each in org.sites) or "a site, of which none is enrolled",
            got=case.event.data["site"],
            where="/data/site",
        )
    _check_region(case, [site.region])


def may_be_held(case: Case) -> None:
    """On a battery, a lot, a batch or an organisation, by an authority whose region covers the holder or the
    site; what nobody holds, by any. One authority has one hold on it at a time."""
    subject_known(case)
    _check_region(case, _regions(case))
    if isinstance(case.state, Notes) and any(hold.authority == case.event.iss for hold in case.state.holds):
        case.refuse(
            "ILLEGAL_TRANSITION",
            expected="a subject on which it has no hold yet",
            got="one that it holds",
            where="/type",
        )
    case.remark("HOLD_PLACED", f"by {case.event.iss}: {case.event.data['basis']}")


def own_hold(case: Case) -> None:
    """A hold is lifted by the authority that placed it (``hold.lifted``)."""
    holds = case.state.holds if isinstance(case.state, Notes) else ()
    named = next((hold for hold in holds if hold.event == case.event.data["hold"]), None)
    if named is None:
        case.refuse(
            "REFERENCE_ABSENT",
            expected=", ".join(hold.event for hold in holds) or "a hold in force, of which there is none",
            got=case.event.data["hold"],
            where="/data/hold",
        )
    if named.authority != case.event.iss:
        case.refuse("NOT_SIGNER", expected=named.authority, got=case.event.iss, where="/iss")


def _regions(case: Case) -> list[str]:
    """Where the subject is, and who holds it."""
    subject = _subject(case)
    chain = case.world.chain(subject)
    state = chain.state if chain else None
    if isinstance(state, Org):
        return [state.region, *(site.region for site in state.sites)]
    if isinstance(state, Battery | Lot):
        site = state.facts.site if isinstance(state, Battery) else state.site
        holder = holder_of(case.world, state)
        ended = state.stage not in (*words.LIVE, words.HELD)
        if ended:
            case.refuse(
                "ILLEGAL_TRANSITION", expected="something that is still there", got=state.stage, where="/sub"
            )
    elif isinstance(state, Batch):
        site, holder = state.site, state.owner
    else:
        case.refuse(
            "WRONG_KIND", expected="a battery, a lot, a batch or an organisation", got=subject, where="/sub"
        )
    if holder == words.NOBODY:
        return []
    org = org_of(case.world, holder)
    if org is None:
        return []
    return [org.region, *(each.region for each in org.sites if each.name == site)]


def _check_region(case: Case, regions: list[str]) -> None:
    """The authority's region covers one of them; what nobody holds is any authority's of the log."""
    own = parse_region(case.org().region)
    if regions and not any(own.covers(parse_region(region)) for region in regions):
        case.refuse(
            "OUT_OF_REGION",
            expected=f"an authority of {' or '.join(dict.fromkeys(regions))}",
            got=f"{case.event.iss}, of {own}",
            where="/iss",
        )


def _subject(case: Case) -> str:
    inner = parse_subject(case.event.sub).inner
    if inner is None:
        case.refuse("SUBJECT_INVALID", expected="notes on a subject", got=case.event.sub, where="/sub")
    return inner.text
