"""Which entries a bundle of one battery needs, so that every entry in it can be judged.

The whole registry; the chain and the notes of the battery; and, for each entry that is needed: the earlier
entries of its chain, the members of its group, and the chains that its judgement looks at, as far as it saw
them. Which those are the judge itself says: it is asked again until it asks for nothing new. A batch that
closed, a load that left and a product made of others answer for everything that names them, so where one of
those is needed, all of that is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from ..errors import RefusedError
from ..lifecycle.judge import judge
from ..lifecycle.keyring import find_key
from ..lifecycle.state import Demand, Reference
from ..lifecycle.table import row_of
from ..lifecycle.watched import Watched
from ..lifecycle.world import Memory
from ..rules.ruleset import RuleBook, RuleSet
from ..statement import Event, Moment, parse_entry, parse_event_jws, read_event

REGISTRY: Final = ("log", "org", "keys")
_REGISTRY: Final = tuple(f"{kind}:" for kind in REGISTRY)


class ChainSource(Protocol):
    """Where entries are looked up."""

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        """The entries of these leaves."""

    def entries_of(self, subject: str) -> Iterable[tuple[int, bytes]]:
        """The entries of a chain in order, each with its leaf index."""

    def subjects(self, kind: str) -> Iterable[str]:
        """Every subject of a kind that has a chain."""

    def references_to(self, target: str) -> Iterable[Reference]:
        """The events that name a target, each with its chain and leaf index."""


@dataclass
class _Closure:
    source: ChainSource
    rules: RuleSet
    book: RuleBook
    size: int
    entries: dict[int, bytes] = field(default_factory=dict)
    chains: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    upto: dict[str, int] = field(default_factory=dict)  # subject -> leaf below which its entries are in
    queue: deque[tuple[int, Event]] = field(default_factory=deque)
    named: dict[str, list[Reference]] = field(default_factory=dict)  # target -> what names it

    def chain(self, subject: str) -> list[tuple[int, bytes]]:
        if subject not in self.chains:
            self.chains[subject] = [
                (leaf, data) for leaf, data in self.source.entries_of(subject) if leaf < self.size
            ]
        return self.chains[subject]

    def need(self, subject: str, below: int) -> None:
        """The entries of a chain at leaves below this one."""
        done = self.upto.get(subject, 0)
        if below <= done:
            return
        self.upto[subject] = below
        for leaf, data in self.chain(subject):
            if done <= leaf < below:
                self.entries[leaf] = data
                self.queue.append((leaf, _event(data)))

    def event_at(self, leaf: int) -> Event | None:
        if not 0 <= leaf < self.size:
            return None
        for data in self.source.entries(leaf, leaf + 1):
            return _event(data)
        return None

    def event_of(self, subject: str, event_id: str) -> Event | None:
        """An event of a chain by its id."""
        events = (_event(data) for _, data in self.chain(subject))
        return next((event for event in events if event.id == event_id), None)

    def complete(self, origin: str) -> None:
        """Take in what the judgement of the entries rests on, until nothing new is asked for."""
        count = -1
        while count != len(self.entries):
            count = len(self.entries)
            while self.queue:
                leaf, event = self.queue.popleft()
                for at, member in self.group(leaf, event):
                    self.need(member.sub, at + 1)
            for leaf, subject in self.asked_for(origin):
                self.need(subject, leaf)

    def asked_for(self, origin: str) -> list[tuple[int, str]]:
        """The chains that a judge looks at, each with the leaf of the entry that it judges."""
        world = Memory(origin, self.rules, self.book, is_whole=False)
        demands: deque[Demand] = deque()
        asked: list[tuple[int, str]] = []
        for leaf, data in sorted(self.entries.items()):
            text, recorded_at = parse_entry(data)
            event = read_event(parse_event_jws(text))
            at = Moment(leaf, recorded_at)
            watched = Watched(world, (), {})
            try:
                key = find_key(event, recorded_at, watched)
                step = judge(event, at, key, watched, demands.popleft() if demands else None)
            except RefusedError:
                demands.clear()  # Something is missing yet, or the log is wrong, as a verifier will say.
            else:
                world.keep(event, at, step.chain, step.references)
                demands.extendleft(reversed(step.demands))
            asked += [(leaf, subject) for subject in watched.asked if not subject.startswith(_REGISTRY)]
            if event.sub in watched.targets:
                asked += [(leaf, subject) for subject in self.naming(event.sub, leaf)]
        return asked

    def naming(self, target: str, below: int) -> set[str]:
        """The chains in which an event at a leaf below this one names the target."""
        if target not in self.named:
            self.named[target] = list(self.source.references_to(target))
        return {each.subject for each in self.named[target] if each.leaf_index < below}

    def group(self, leaf: int, event: Event) -> list[tuple[int, Event]]:
        """The members of the group to which the entry at this leaf belongs, itself included."""
        start = leaf
        # Back over followers, and over voids, whose place in a group can't be read off their type.
        while self._may_follow(start):
            start -= 1
        while start <= leaf:
            members = self._group_from(start)
            if any(at == leaf for at, _ in members):
                return members
            start = members[-1][0] + 1
        return [(leaf, event)]

    def _may_follow(self, leaf: int) -> bool:
        """Whether the entry at this leaf may belong to the group of the one before it."""
        here, before = self.event_at(leaf), self.event_at(leaf - 1)
        if here is None or before is None or before.iss != here.iss:
            return False
        if here.type.endswith(".voided"):
            return before.type.endswith(".voided")
        if not _follows(here):
            return False
        return here.type in row_of(before.type, before.sub).leads or _follows(before)

    def _group_from(self, start: int) -> list[tuple[int, Event]]:
        """The group that the entry at this leaf leads; alone, it is a group of one."""
        leader = self.event_at(start)
        if leader is None:
            raise RefusedError(f"leaf {start}: expected an entry, got none", code="BUNDLE_INCOMPLETE")
        members = [(start, leader)]
        leads = row_of(leader.type, leader.sub).leads
        voids = leads == ("*.voided",)
        undone = {leader.data.get("event")}
        while leads and (event := self.event_at(members[-1][0] + 1)) is not None:
            if event.iss != leader.iss:
                break
            if not voids and (event.type not in leads or leader.id not in self.rules.references(event)):
                break
            if voids:
                named = event.data.get("event")
                voided = self.event_of(event.sub, str(named)) if event.type.endswith(".voided") else None
                if voided is None or undone.isdisjoint(self.rules.references(voided)):
                    break
                undone.add(named)
            members.append((members[-1][0] + 1, event))
        return members


def _follows(event: Event) -> bool:
    """Whether an event names another that leads its group. Some types stand alone as well."""
    return bool(row_of(event.type, event.sub).follows) or "linked" in event.data or "split" in event.data


def battery_closure(
    source: ChainSource,
    origin: str,
    subject: str,
    size: int,
    rules: RuleSet,
    book: RuleBook | None = None,
) -> dict[int, bytes]:
    """The entries of a bundle of one battery, by leaf index.

    Args:
        source: The ledger.
        origin: Of the log.
        subject: The battery.
        size: Of the checkpoint: later entries stay out.
        rules: In force until the log names its own.
        book: The rule sets that it may have adopted.

    Raises:
        RefusedError: ``REFERENCE_ABSENT``: the log has no such battery.
    """
    closure = _Closure(source, rules, book or RuleBook(rules), size)
    if not closure.chain(subject):
        raise RefusedError(
            f"subject: expected one that is in the log, got {subject}", code="REFERENCE_ABSENT", where="sub"
        )
    for kind in REGISTRY:
        for registered in source.subjects(kind):
            closure.need(registered, size)
    closure.need(subject, size)
    closure.need(f"notes:{subject}", size)
    closure.complete(origin)
    return dict(sorted(closure.entries.items()))


def _event(data: bytes) -> Event:
    return read_event(parse_event_jws(parse_entry(data)[0]))
