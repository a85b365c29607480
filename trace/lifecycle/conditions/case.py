"""One event before its judge."""

from __future__ import annotations

from typing import NoReturn

from msgspec import Struct, field

from ...errors import RefusedError
from ...statement import Event, Moment
from ..state import Battery, Demand, Key, Lot, Org, Remark, Signer, State
from ..table.row import Row
from ..world import World


class Case(Struct):
    """One event before its judge, with what is known about its subject and its signer."""

    event: Event
    at: Moment
    key: Key
    signer: Signer | None  # None before the log is open
    world: World
    row: Row
    head: str | None  # of the chain, before this event
    state: State | None
    battery: Battery  # the state of a battery's chain; the absent battery on any other
    holding: Battery | Lot  # what can be held: the battery or the lot
    demand: Demand | None  # what an open group expects here
    relation: str = ""
    demands: list[Demand] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    tallies: list[str] = field(default_factory=list)  # under which the log counts the event

    def refuse(self, code: str, *, expected: str, got: str, where: str) -> NoReturn:
        member = where.rsplit("/", 1)[-1]
        raise RefusedError(f"{member}: expected {expected}, got {got}", code=code, where=where)

    def remark(self, code: str, detail: str) -> None:
        self.remarks.append(Remark(code, detail))

    def demand_next(self, kind: str, subject: str) -> None:
        """Ask that the next leaves go on with the group: an event of this type on this subject."""
        self.demands.append(Demand(kind, subject, self.event.id, self.event.iss))

    def org(self) -> Org:
        """The signer's enrolment."""
        org = self.signer.org if self.signer else None
        if org is None:
            self.refuse(
                "PARTY_UNKNOWN", expected="an enrolled organisation", got=self.event.iss, where="/iss"
            )
        return org

    def battery_of(self, subject: str) -> Battery | None:
        """What is known of another battery; None where the log says nothing of it."""
        chain = self.world.chain(subject)
        return chain.state if chain and isinstance(chain.state, Battery) else None


def org_of(world: World, party: str) -> Org | None:
    """The enrolment of an organisation, or None."""
    chain = world.chain(party)
    return chain.state if chain and isinstance(chain.state, Org) else None
