"""Putting events into their final order, each judged against all before it: the second step of appending."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from msgspec import Struct

from ..errors import RefusedError, TraceError
from ..lifecycle.concern import concerned
from ..lifecycle.conditions.origins import check_token
from ..lifecycle.judge import Step, judge
from ..lifecycle.keyring import find_key
from ..lifecycle.state import Battery, Demand, Reference
from ..lifecycle.world import Changes, World
from ..rules.ruleset import RuleSet
from ..statement import Moment, format_entry
from .door import Arrival, check_arrival

Status = Literal["accepted", "known", "refused", "skipped", "unknown"]
OnError = Literal["continue", "stop", "rollback"]


class Placed(Struct, frozen=True, gc=False):
    """Where the log has an event."""

    event_id: str
    leaf_index: int


class Outcome(Struct, frozen=True):
    """What became of a submission.

    accepted  every event is recorded, at consecutive leaves
    known     every event was recorded before, in this form or under another signature: its first place
    refused   nothing of it is recorded; `error` says why
    skipped   nothing of it is recorded, because of another submission, or of `error`
    unknown   the ledger stopped with `error` before it could tell: submit the same bytes again
    """

    status: Status
    events: tuple[Placed, ...] = ()
    error: TraceError | None = None


Unit = list[Arrival] | TraceError
"""The events of a submission as they were read, or why it was refused before."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Submissions as they were read under one rule set, and the way to read one again under another."""

    units: Sequence[Unit]
    rules: RuleSet
    again: Callable[[int, RuleSet], Unit]


class Leaf(Struct, frozen=True, gc=False):
    """An event at its place, ready to be stored."""

    arrival: Arrival
    at: Moment
    entry: bytes
    references: tuple[Reference, ...]
    concerns: frozenset[str]  # the organisations that are told of it


class Sequencer:
    """Judges submissions one after the other; what it has accepted is in `leaves` and `changes`."""

    def __init__(self, world: World, size: int, known: dict[str, int]) -> None:
        """Args:
        world: The state that all committed entries give.
        size: How many those are.
        known: Leaf index of each event of the submissions that is among them.
        """
        self.leaves: list[Leaf] = []
        self.changes = Changes(world)
        self._size = size
        self._known = known

    def place_all(self, reading: Reading, times: Sequence[datetime], on_error: OnError) -> list[Outcome]:
        """Judge every unit in order.

        Args:
            reading: What was submitted; read again once other rules are in force than it was read under.
            times: The log's clock for each unit; none before the one before it.
            on_error: After a refusal: go on; skip the rest; or skip everything.
        """
        outcomes: list[Outcome] = []
        units = reading.units
        for index, (unit, recorded_at) in enumerate(zip(units, times, strict=True)):
            if self.changes.rules is not reading.rules:
                unit = reading.again(index, self.changes.rules)
            try:
                if isinstance(unit, TraceError):
                    raise unit
                outcomes.append(self._place(unit, recorded_at))
            except TraceError as error:
                outcomes.append(Outcome("refused", error=_without_frames(error)))
                if on_error != "continue":
                    break
        outcomes += [Outcome("skipped")] * (len(units) - len(outcomes))
        if on_error == "rollback" and any(outcome.status == "refused" for outcome in outcomes):
            self.leaves.clear()
            self.changes = Changes(self.changes.below)
            return [outcome if self._stands(outcome) else Outcome("skipped") for outcome in outcomes]
        return outcomes

    def _stands(self, outcome: Outcome) -> bool:
        """Whether it is true also when nothing of these submissions is recorded."""
        return all(placed.leaf_index < self._size for placed in outcome.events)

    def _place(self, unit: list[Arrival], recorded_at: datetime) -> Outcome:
        """Judge one submission, and keep all of it or nothing."""
        ids = [arrival.event.jws.id for arrival in unit]
        known = [self._known[event_id] for event_id in ids if event_id in self._known]
        if len(known) == len(ids):
            return Outcome("known", tuple(map(Placed, ids, known)))
        if known:
            raise RefusedError(
                f"group: expected all or none of its {len(ids)} events in the log already, got {len(known)}",
                code="GROUP_INCOMPLETE",
                where="events",
            )
        first = self._size + len(self.leaves)
        # A single event is kept only once nothing can be against it; the events of a group see each other.
        world = self.changes if len(unit) == 1 else Changes(self.changes)
        leaves: list[Leaf] = []
        demands: list[Demand] = []
        for number, arrival in enumerate(unit):
            at = Moment(first + number, recorded_at)
            try:
                step = self._judge(arrival, at, world, demands.pop(0) if demands else None)
            except TraceError as error:
                error.member = arrival.member
                raise
            demands[:0] = step.demands
            if number + 1 == len(unit) and demands:
                raise RefusedError(
                    f"group: expected {demands[0].type} on {demands[0].subject} next, got its end",
                    code="GROUP_INCOMPLETE",
                    where=f"events/{number}",
                )
            event = arrival.event
            concerns = concerned(event, at, step.chain.state, world)
            entry = format_entry(event.jws.text, recorded_at)
            leaves.append(Leaf(arrival, at, entry, step.references, concerns))
            world.keep(event, at, step.chain, step.references)
        if world is not self.changes:
            self.changes.merge(world)
        self.leaves += leaves
        self._known.update(zip(ids, range(first, first + len(ids)), strict=True))
        return Outcome("accepted", tuple(map(Placed, ids, range(first, first + len(ids)))))

    def _judge(self, arrival: Arrival, at: Moment, world: Changes, demand: Demand | None) -> Step:
        """Judge one event against the entries before it, and, in a group, the events before it there."""
        event = arrival.event
        if world.rules is not self.changes.rules:  # adopted by an event of this very group
            world.rules.shapes.check(event.jws.value)
            world.rules.shapes.check_disclosed(event.jws.value, arrival.shown)
        key = find_key(event, at.recorded_at, world)
        if arrival.checked_with != key.public:  # registered by an event of this very batch
            check_arrival(arrival, key.public)
        before = world.chain(event.sub)
        step = judge(event, at, key, world, demand)
        if arrival.shown and before and isinstance(before.state, Battery):
            check_token(event, arrival.shown, before.state)
        return step


def _without_frames(error: TraceError) -> TraceError:
    """A refusal is an answer and no defect: its frames would hold, in a circle, all that was submitted."""
    each: BaseException | None = error
    while each is not None:
        each.__traceback__ = None
        each = each.__cause__ or each.__context__
    return error
