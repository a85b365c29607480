"""The world as the tables of a ledger tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Row, Select, select

from ..lifecycle.advance import advance, advance_past
from ..lifecycle.encoding import decode_state
from ..lifecycle.state import Chain, Past, Reference, State
from ..rules.ruleset import RuleSet
from ..statement import parse_entry, parse_event_jws, read_event
from ..world import Changes
from .tables import CHAIN, ENTRY, KEY, REFERENCE, VENDOR

Fetch = Callable[[Select[Any]], Sequence[Row[Any]]]
"""Runs a query and gives all its rows."""

MAX_CACHED: Final = 100_000  # chains
_CHUNK: Final = 10_000  # values in one query; SQLite allows 32,766


@dataclass(slots=True)
class Cache:
    """What was read from the tables while the log had this size; of no use at another."""

    size: int
    chains: dict[str, Chain | None] = field(default_factory=dict)
    keys: dict[str, str | None] = field(default_factory=dict)
    vendors: dict[str, str | None] = field(default_factory=dict)

    def take_in(self, changes: Changes, size: int) -> None:
        """Follow a commit of this process."""
        if len(self.chains) > MAX_CACHED:
            self.chains.clear()
        self.chains.update(changes.chains)
        self.keys.update(changes.keys)
        self.vendors.update(changes.vendors)
        self.size = size


class StoredWorld:
    """The committed state, read when asked for and then kept in the cache."""

    def __init__(self, origin: str, rules: RuleSet, fetch: Fetch, cache: Cache) -> None:
        self.origin = origin
        self.rules = rules
        self._fetch = fetch
        self._cache = cache

    def prefetch(self, subjects: Iterable[str]) -> None:
        """Read the chains of all these subjects in one go."""
        chains = self._cache.chains
        missing = [subject for subject in dict.fromkeys(subjects) if subject not in chains]
        for start in range(0, len(missing), _CHUNK):
            some = missing[start : start + _CHUNK]
            chains.update(dict.fromkeys(some))
            for row in self._fetch(select(CHAIN).where(CHAIN.c.subject.in_(some))):
                chains[row.subject] = _chain(row)

    def chain(self, subject: str) -> Chain | None:
        if subject not in self._cache.chains:
            self.prefetch((subject,))
        return self._cache.chains[subject]

    def key_home(self, kid: str) -> str | None:
        keys = self._cache.keys
        if kid not in keys:  # to build a query costs more than everything else about an event
            keys[kid] = self._subject(select(KEY.c.subject).where(KEY.c.kid == kid))
        return keys[kid]

    def vendor(self, code: str) -> str | None:
        vendors = self._cache.vendors
        if code not in vendors:
            vendors[code] = self._subject(select(VENDOR.c.subject).where(VENDOR.c.code == code))
        return vendors[code]

    def past(self, subject: str) -> Past | None:
        past: Past | None = None
        state: State | None = None
        query = select(ENTRY.c.entry).where(ENTRY.c.subject == subject).order_by(ENTRY.c.seq)
        for row in self._fetch(query):
            text, recorded_at = parse_entry(row.entry)
            event = read_event(parse_event_jws(text))
            before, state = state, advance(event, recorded_at, state, past)
            past = advance_past(event, recorded_at, before, past)
        return past

    def references_to(self, target: str) -> tuple[Reference, ...]:
        query = select(REFERENCE).where(REFERENCE.c.target == target).order_by(REFERENCE.c.leaf_index)
        return tuple(
            Reference(row.target, row.leaf_index, row.subject, row.event_id) for row in self._fetch(query)
        )

    def _subject(self, query: Select[Any]) -> str | None:
        rows = self._fetch(query)
        return rows[0].subject if rows else None

    def known(self, event_ids: Sequence[str]) -> dict[str, int]:
        """The leaf index of those of these events that are in the log."""
        found: dict[str, int] = {}
        for start in range(0, len(event_ids), _CHUNK):
            some = event_ids[start : start + _CHUNK]
            query = select(ENTRY.c.event_id, ENTRY.c.leaf_index).where(ENTRY.c.event_id.in_(some))
            found.update((row.event_id, row.leaf_index) for row in self._fetch(query))
        return found


def _chain(row: Row[Any]) -> Chain:
    return Chain(row.subject, row.seq, row.head, decode_state(row.subject.partition(":")[0], row.state))
