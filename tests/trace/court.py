"""A log without a store: events are judged one after the other, as ledger and verifier do it."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta

from packtrace.signing.disclosures import split_presentation
from packtrace.signing.jws import check_signature
from packtrace.tests.scene import START, Scene
from packtrace.trace.errors import TraceError
from packtrace.trace.lifecycle.judge import judge
from packtrace.trace.lifecycle.keyring import find_key
from packtrace.trace.lifecycle.state import Battery, Demand, Remark
from packtrace.trace.lifecycle.world import Changes, Memory
from packtrace.trace.statement import Moment, check_addressed, parse_event_jws, read_event


class Court:
    """The world of a scene, with a clock that tests set."""

    def __init__(self, scene: Scene, *, found: bool = True) -> None:
        self.scene = scene
        self.world: Memory | Changes = Memory(scene.origin, scene.rules)
        self.now = START + timedelta(hours=1)
        self.leaves = 0
        self.remarks: list[Remark] = []
        if found:
            for text in scene.founding():
                self.admit(text)

    def admit(self, *group: str) -> None:
        """Judge the events of one group and take them in; any refusal drops the group whole.

        Raises:
            TraceError: The first reason, or ``GROUP_INCOMPLETE`` where something is missing at the end.
        """
        changes = Changes(self.world)
        demands: list[Demand] = []
        kept = []
        for number, text in enumerate(group):
            jws = parse_event_jws(split_presentation(text)[0])
            self.scene.rules.shapes.check(jws.value)
            event = read_event(jws)
            check_addressed(event, self.scene.origin)
            at = Moment(self.leaves + number, self.now)
            key = find_key(event, self.now, changes)
            check_signature(jws, key.public)
            step = judge(event, at, key, changes, demands[0] if demands else None)
            demands = [*step.demands, *demands[1:]]
            changes.keep(event, at, step.chain, step.references)
            kept.append((event, at, step))
        if demands:
            raise TraceError(f"group: expected {demands[0]} next, got the end", code="GROUP_INCOMPLETE")
        for event, at, step in kept:
            self.world.keep(event, at, step.chain, step.references)
            self.remarks.extend(step.remarks)
        self.leaves += len(group)

    def refusal(self, *group: str) -> str:
        """The code with which a group is refused; the world stays as it is."""
        try:
            self.admit(*group)
        except TraceError as error:
            assert "+00:00" not in error.message, "times are told in the log's form"
            return error.finding_code
        return "accepted"

    def above(self) -> Court:
        """A court over this one, whose judgements leave this one as it is."""
        court = copy.copy(self)
        court.world, court.remarks = Changes(self.world), []
        return court

    def battery(self, sub: str) -> Battery:
        """What is true of a battery now."""
        chain = self.world.chain(sub)
        assert chain is not None and isinstance(chain.state, Battery)
        return chain.state

    def later(self, **delta: float) -> datetime:
        """Let time pass, on the log's clock and on everybody's."""
        self.now += timedelta(**delta)
        self.scene.at = self.now.replace(microsecond=0)
        return self.now
