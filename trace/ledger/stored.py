"""The world as the tables of a ledger tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, select

from ..lifecycle.encoding import decode_state
from ..lifecycle.folding import advance, advance_past
from ..lifecycle.state import Chain, Log, Past, Reference, Signer, State
from ..lifecycle.world import Changes, find_signer
from ..rules.ruleset import RuleBook, RuleSet
from ..statement import parse_entry, parse_event_jws, read_event
from .among import among, is_among
from .tables import CHAIN, ENTRY, HOLD, KEY, REFERENCE, VENDOR

Fetch = Callable[[Select[Any], dict[str, Any]], Sequence[Row[Any]]]
"""Runs a query with these values and gives all its rows."""

MAX_CACHED: Final = 100_000  # chains
_CHUNK: Final = 10_000  # values in one query

# Built once: to build a query costs as much as to run it.
_CHAINS: Final = select(CHAIN).where(is_among(CHAIN.c.subject))
_HEADS: Final = select(CHAIN.c.subject, CHAIN.c.seq, CHAIN.c.head)
_KEY_HOME: Final = select(KEY.c.subject).where(KEY.c.kid == bindparam("name"))
_VENDOR: Final = select(VENDOR.c.subject).where(VENDOR.c.code == bindparam("name"))
_PAST: Final = select(ENTRY.c.entry).where(ENTRY.c.subject == bindparam("name")).order_by(ENTRY.c.seq)
_REFERENCES: Final = (
    select(REFERENCE).where(REFERENCE.c.target == bindparam("name")).order_by(REFERENCE.c.leaf_index)
)
_HELD: Final = select(HOLD.c.subject).where(HOLD.c.in_force == 1)
_KNOWN: Final = select(ENTRY.c.event_id, ENTRY.c.leaf_index).where(is_among(ENTRY.c.event_id))


@dataclass(slots=True)
class Cache:
    """What was read from the tables while the log had this size; of no use at another."""

    size: int
    chains: dict[str, Chain | None] = field(default_factory=dict)
    keys: dict[str, str | None] = field(default_factory=dict)
    vendors: dict[str, str | None] = field(default_factory=dict)
    signers: dict[str, Signer | None] = field(default_factory=dict)
    held: set[str] | None = None  # read as a whole: few are held at a time

    def take_in(self, changes: Changes, size: int) -> None:
        """Follow a commit of this process."""
        if len(self.chains) > MAX_CACHED:
            self.chains.clear()
        self.chains.update(changes.chains)
        self.keys.update(changes.keys)
        self.vendors.update(changes.vendors)
        if changes.signers is not None:
            self.signers.clear()
        if self.held is not None:
            self.held -= changes.holds.keys()
            self.held.update(subject for subject, held in changes.holds.items() if held)
        self.size = size


class StoredWorld:
    """The committed state, read when asked for and then kept in the cache."""

    def __init__(self, origin: str, book: RuleBook, fetch: Fetch, cache: Cache) -> None:
        self.origin = origin
        self.book = book
        self._rules: RuleSet | None = None
        self._fetch = fetch
        self._cache = cache

    @property
    def rules(self) -> RuleSet:
        """The rule set that the log names, or the installed one before it is opened.

        Raises:
            RulesUnknownError: It is not at hand.
        """
        if self._rules is None:
            chain = self.chain(f"log:{self.origin}")
            known = chain.state.rules if chain and isinstance(chain.state, Log) else self.book.installed.id
            self._rules = self.book.find(*known)
        return self._rules

    def prefetch(self, subjects: Iterable[str]) -> None:
        """Read the chains of all these subjects in one go."""
        chains = self._cache.chains
        missing = [subject for subject in dict.fromkeys(subjects) if subject not in chains]
        for start in range(0, len(missing), _CHUNK):
            some = missing[start : start + _CHUNK]
            chains.update(dict.fromkeys(some))
            for row in self._fetch(_CHAINS, among(some)):
                chains[row.subject] = _chain(row)

    def chain(self, subject: str) -> Chain | None:
        if subject not in self._cache.chains:
            self.prefetch((subject,))
        return self._cache.chains[subject]

    def key_home(self, kid: str) -> str | None:
        keys = self._cache.keys
        if kid not in keys:
            keys[kid] = self._subject(_KEY_HOME, kid)
        return keys[kid]

    def signer(self, kid: str) -> Signer | None:
        signers = self._cache.signers
        if kid not in signers:
            signers[kid] = find_signer(self, kid)
        return signers[kid]

    def vendor(self, code: str) -> str | None:
        vendors = self._cache.vendors
        if code not in vendors:
            vendors[code] = self._subject(_VENDOR, code)
        return vendors[code]

    def past(self, subject: str) -> Past | None:
        past: Past | None = None
        state: State | None = None
        for row in self._fetch(_PAST, {"name": subject}):
            text, recorded_at = parse_entry(row.entry)
            event = read_event(parse_event_jws(text))
            before, state = state, advance(event, recorded_at, state, past)
            past = advance_past(event, recorded_at, before, past)
        return past

    def references_to(self, target: str) -> tuple[Reference, ...]:
        rows = self._fetch(_REFERENCES, {"name": target})
        return tuple(Reference(row.target, row.leaf_index, row.subject, row.event_id) for row in rows)

    def is_held(self, subject: str) -> bool:
        held = self._cache.held
        if held is None:
            held = self._cache.held = {row.subject for row in self._fetch(_HELD, {})}
        return subject in held

    def heads(self) -> Iterable[tuple[str, int, str]] | None:
        return [(row.subject, row.seq, row.head) for row in self._fetch(_HEADS, {})]

    def _subject(self, query: Select[Any], name: str) -> str | None:
        rows = self._fetch(query, {"name": name})
        return rows[0].subject if rows else None

    def known(self, event_ids: Sequence[str]) -> dict[str, int]:
        """The leaf index of those of these events that are in the log."""
        found: dict[str, int] = {}
        for start in range(0, len(event_ids), _CHUNK):
            some = event_ids[start : start + _CHUNK]
            rows = self._fetch(_KNOWN, among(some))
            found.update((row.event_id, row.leaf_index) for row in rows)
        return found


def _chain(row: Row[Any]) -> Chain:
    return Chain(row.subject, row.seq, row.head, decode_state(row.subject.partition(":")[0], row.state))
