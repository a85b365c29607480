"""Whom an event concerns: who must hear of it without having asked.

Those are its signer, and whoever stands close to its subject right before or right after it: who holds a
battery or a lot, to whom it is offered, which authority holds it back; both ends of a consignment; the owner
of what carries its name. Not everybody who ever held it: a past holder hears of nothing after its own last
event, unless that event itself is disputed or undone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..statement import Event, Moment
from . import words
from .custody import holder_of
from .state import Batch, Battery, Consignment, Lot, Model, Notes, State
from .world import World

_ORIGIN: Final = ("origin.confirmed", "origin.contested")


def concerned(event: Event, at: Moment, after: State | None, world: World) -> frozenset[str]:
    """The organisations whom an event concerns.

    Args:
        event: One that was judged and may stand.
        at: Its leaf: an offer that has expired by then concerns nobody.
        after: The state of its subject after it.
        world: As the entries before it give it.
    """
    found = {event.iss}
    subject = event.sub
    if type(after) is Notes:
        subject = subject.removeprefix("notes:")
    chain = world.chain(subject)
    before = chain.state if chain else None
    if type(after) is Notes:
        after = before
        if event.type in _ORIGIN and isinstance(after, Battery) and after.facts.declared_by:
            found.add(after.facts.declared_by)  # who vouched for it is the one who is contradicted
        found.update(_signer_of(event.data.get("event"), subject, world))
    elif event.type[-7:] == ".voided":
        found.update(_signer_of(event.data["event"], subject, world))
    for state in (before, after):
        if type(state) is Battery or type(state) is Lot:  # nearly every event
            custodian, offer = state.custodian, state.offer
            if custodian not in found:
                holder = holder_of(world, state) if custodian == words.PARENT else custodian
                if holder.startswith("org:"):
                    found.add(holder)
            if offer is not None and at.recorded_at < offer.expires_at:
                found.add(offer.consignee)
        elif isinstance(state, Consignment):
            found.update((state.consignor, state.consignee))
        elif isinstance(state, Batch | Model):
            found.add(state.owner)
        elif subject.startswith(("org:", "keys:")):
            found.add("org:" + subject.partition(":")[2])
    if world.is_held(subject):
        notes = world.chain(f"notes:{subject}")
        if notes is not None and isinstance(notes.state, Notes):
            found.update(hold.authority for hold in notes.state.holds)
    return frozenset(found)


def _signer_of(named: str | None, subject: str, world: World) -> Iterator[str]:
    """Who signed the event of the subject's chain that is disputed, agreed to, corrected or voided."""
    past = world.past(subject) if named else None
    while past is not None:
        if past.event == named:
            yield past.iss
            return
        past = past.earlier
