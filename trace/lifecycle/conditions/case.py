"""One event before its judge."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

from ...errors import RefusedError
from ...statement import Event, Moment
from ..state import Battery, Demand, Key, Org, Remark, State
from ..table import Row
from ..world import World


@dataclass(slots=True)
class Case:
    """One event before its judge, with what is known about its subject and its signer."""

    event: Event
    at: Moment
    key: Key
    world: World
    row: Row
    head: str | None  # of the chain, before this event
    state: State | None
    battery: Battery  # the state of a battery's chain; the absent battery on any other
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

    def demand_next(self, subject: str) -> None:
        """Ask that the next leaves go on with the group on this subject."""
        self.demands.append(Demand(self.row.leads, subject, self.event.id, self.event.iss))

    def org(self) -> Org:
        """The signer's enrolment."""
        chain = self.world.chain(self.event.iss)
        if chain is None or not isinstance(chain.state, Org):
            self.refuse(
                "PARTY_UNKNOWN", expected="an enrolled organisation", got=self.event.iss, where="/iss"
            )
        return chain.state
