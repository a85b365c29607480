"""Everything that earlier entries established, as the next event is judged against it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Protocol

from ..rules.ruleset import RuleBook, RuleSet
from ..statement import Event, Moment
from .folding import advance_past
from .references import References
from .state import Chain, Key, Keys, Log, Notes, Org, Past, Reference, Signer, State
from .trails import Trails


class World(Protocol):
    """What the entries before a leaf say. The ledger answers from its tables, the verifier from memory."""

    @property
    def origin(self) -> str:
        """Name of the log."""

    @property
    def rules(self) -> RuleSet:
        """The rule set in force."""

    @property
    def book(self) -> RuleBook:
        """The rule sets that can come into force."""

    def chain(self, subject: str) -> Chain | None:
        """The chain as its last event left it, or None where it has not begun."""

    def key_home(self, kid: str) -> str | None:
        """The subject of the chain that introduced the key, or None for a key that nobody registered."""

    def signer(self, kid: str) -> Signer | None:
        """The key of this id, and what the registry says of its organisation; None for an unknown key."""

    def vendor(self, code: str) -> str | None:
        """The organisation that holds the vendor code, or None."""

    def past(self, subject: str) -> Past | None:
        """The events of the chain that are not voided, newest first."""

    def references_to(self, target: str) -> tuple[Reference, ...]:
        """The events of other chains that name the target, in the order of the log."""

    def is_held(self, subject: str) -> bool:
        """Whether a hold on the subject is in force, as the notes on it say."""

    def heads(self) -> Iterable[tuple[str, int, str]] | None:
        """Subject, last seq and last event id of every chain; None where chains may be missing."""


class EmptyWorld:
    """The world before the first leaf."""

    def __init__(self, origin: str, rules: RuleSet) -> None:
        self.origin = origin
        self.rules = rules
        self.book = RuleBook(rules)

    def chain(self, subject: str) -> Chain | None:
        return None

    def key_home(self, kid: str) -> str | None:
        return None

    def signer(self, kid: str) -> Signer | None:
        return None

    def vendor(self, code: str) -> str | None:
        return None

    def past(self, subject: str) -> Past | None:
        return None

    def references_to(self, target: str) -> tuple[Reference, ...]:
        return ()

    def is_held(self, subject: str) -> bool:
        return False

    def heads(self) -> Iterable[tuple[str, int, str]] | None:
        return ()


class Changes:
    """A world with the events of some leaves on top of another: merged downwards, or dropped as a whole."""

    def __init__(self, below: World) -> None:
        self.below = below
        self.origin = below.origin
        self.rules = below.rules
        self.book = below.book
        self.chains: dict[str, Chain] = {}
        self.keys: dict[str, str] = {}
        self.vendors: dict[str, str | None] = {}
        self.references: dict[str, list[Reference]] = {}
        self.holds: dict[str, bool] = {}
        self.signers: dict[str, Signer | None] | None = None  # of its own, once the registry has changed
        self.events: dict[str, list[tuple[Event, Moment, State | None]]] = {}

    def chain(self, subject: str) -> Chain | None:
        return self.chains.get(subject) or self.below.chain(subject)

    def key_home(self, kid: str) -> str | None:
        return self.keys.get(kid) or self.below.key_home(kid)

    def signer(self, kid: str) -> Signer | None:
        if self.signers is None:
            return self.below.signer(kid)
        if kid not in self.signers:
            self.signers[kid] = find_signer(self, kid)
        return self.signers[kid]

    def vendor(self, code: str) -> str | None:
        return self.vendors[code] if code in self.vendors else self.below.vendor(code)

    def past(self, subject: str) -> Past | None:
        past = self.below.past(subject)
        for event, at, before in self.events.get(subject, ()):
            past = advance_past(event, at.recorded_at, before, past)
        return past

    def references_to(self, target: str) -> tuple[Reference, ...]:
        return self.below.references_to(target) + tuple(self.references.get(target, ()))

    def is_held(self, subject: str) -> bool:
        held = self.holds.get(subject)
        return self.below.is_held(subject) if held is None else held

    def heads(self) -> Iterable[tuple[str, int, str]] | None:
        below = self.below.heads()
        if below is None:
            return None
        kept = [head for head in below if head[0] not in self.chains]
        return [*kept, *_heads_of(self.chains)]

    def keep(self, event: Event, at: Moment, after: Chain, references: tuple[Reference, ...]) -> None:
        """Take in a judged event."""
        before = self.chain(event.sub)
        self.events.setdefault(event.sub, []).append((event, at, before.state if before else None))
        self.chains[event.sub] = after
        for reference in references:
            self.references.setdefault(reference.target, []).append(reference)
        if type(after.state) is Notes:
            index_notes(event, after, self.holds)
        elif type(after.state) in _REGISTRY:
            index_registry(before, after, self.keys, self.vendors)
            self.signers = {}
            self.rules = rules_after(after, self)

    def merge(self, above: Changes) -> None:
        """Take in the changes of a world that was built on this one."""
        self.rules = above.rules
        self.chains.update(above.chains)
        self.keys.update(above.keys)
        self.vendors.update(above.vendors)
        self.holds.update(above.holds)
        if above.signers is not None:
            self.signers = {}
        for target, references in above.references.items():
            self.references.setdefault(target, []).extend(references)
        for subject, events in above.events.items():
            self.events.setdefault(subject, []).extend(events)


class Memory:
    """The world as a verifier builds it, entry by entry.

    Memory grows with the subjects, and with a short record for each event that may still be undone.
    """

    def __init__(
        self, origin: str, rules: RuleSet, book: RuleBook | None = None, *, is_whole: bool = True
    ) -> None:
        """Args:
        rules: In force until the log names its own.
        book: Where those are looked up; none but `rules` are known without it.
        is_whole: Every entry comes; otherwise chains may be missing.
        """
        self.is_whole = is_whole
        self.origin = origin
        self.rules = rules
        self.book = book or RuleBook(rules)
        self.chains: dict[str, Chain] = {}
        self.keys: dict[str, str] = {}
        self.vendors: dict[str, str | None] = {}
        self.trails = Trails()
        self.references = References()
        self.holds: dict[str, bool] = {}
        self._signers: dict[str, Signer | None] = {}  # as the registry stands

    def chain(self, subject: str) -> Chain | None:
        return self.chains.get(subject)

    def key_home(self, kid: str) -> str | None:
        return self.keys.get(kid)

    def signer(self, kid: str) -> Signer | None:
        try:
            return self._signers[kid]
        except KeyError:
            signer = self._signers[kid] = find_signer(self, kid)
            return signer

    def vendor(self, code: str) -> str | None:
        return self.vendors.get(code)

    def past(self, subject: str) -> Past | None:
        chain = self.chains.get(subject)
        return self.trails.past(subject, chain.state if chain else None)

    def references_to(self, target: str) -> tuple[Reference, ...]:
        return tuple(map(self.reference_at, self.references.rows(target)))

    def reference_at(self, row: int) -> Reference:
        """One of all references, in the order of the log."""
        target, leaf, subject, place = self.references.at(row)
        return Reference(target, leaf, subject, self.trails.event_at(place))

    def is_held(self, subject: str) -> bool:
        return self.holds.get(subject, False)

    def heads(self) -> Iterable[tuple[str, int, str]] | None:
        return _heads_of(self.chains) if self.is_whole else None

    def keep(self, event: Event, at: Moment, after: Chain, references: tuple[Reference, ...]) -> None:
        """Take in a judged event."""
        before = self.chains.get(event.sub)
        place = self.trails.follow(event, at, before.state if before else None, after.state)
        self.chains[event.sub] = after
        for reference in references:
            self.references.add(reference, place)
        if type(after.state) is Notes:
            index_notes(event, after, self.holds)
        elif type(after.state) in _REGISTRY:
            index_registry(before, after, self.keys, self.vendors)
            self._signers.clear()
            self.rules = rules_after(after, self)


_REGISTRY: Final = frozenset({Log, Org, Keys})


def _heads_of(chains: Mapping[str, Chain]) -> list[tuple[str, int, str]]:
    return [(chain.subject, chain.seq, chain.head) for chain in chains.values()]


def rules_after(after: Chain, world: World) -> RuleSet:
    """The rule set in force from the next leaf on: what the log's own chain names.

    Raises:
        RulesUnknownError: Never for a judged event, which may adopt none but a known one.
    """
    if not isinstance(after.state, Log) or after.state.rules == world.rules.id:
        return world.rules
    return world.book.find(*after.state.rules)


def find_signer(world: World, kid: str) -> Signer | None:
    """Look up a key and what the registry says of its organisation."""
    home = world.key_home(kid)
    chain = world.chain(home) if home else None
    key = next((key for key in keys_in(chain) if key.public.kid == kid), None) if chain else None
    if key is None:
        return None
    org = world.chain(key.org)
    keys = world.chain("keys:" + key.org.removeprefix("org:"))
    log = world.chain(f"log:{world.origin}")
    revoked = any(
        chain is not None and isinstance(chain.state, Org | Keys) and kid in chain.state.revoked
        for chain in (org, keys)
    )
    enrolled = org.state if org and isinstance(org.state, Org) else None
    roles = enrolled.roles if enrolled else ()
    return Signer(
        key=key,
        org=enrolled,
        revoked=revoked,
        sealed=log is not None and isinstance(log.state, Log) and log.state.sealed,
        roles=tuple(grant.role for grant in roles if grant.valid_from is None and grant.until is None),
    )


def keys_in(chain: Chain) -> Iterator[Key]:
    """The keys that a chain introduced, revoked ones too."""
    state = chain.state
    if isinstance(state, Log):
        yield from state.registrars
        yield from state.former
    elif isinstance(state, Org):
        yield state.admin
        yield from state.recovered
    elif isinstance(state, Keys):
        yield from state.keys


def index_notes(event: Event, after: Chain, holds: dict[str, bool]) -> None:
    """Carry over whether the subject of these notes is held; other notes say nothing of it."""
    if isinstance(after.state, Notes) and event.type in ("hold.placed", "hold.lifted"):
        holds[after.subject.removeprefix("notes:")] = bool(after.state.holds)


def index_registry(
    before: Chain | None, after: Chain, keys: dict[str, str], vendors: dict[str, str | None]
) -> None:
    """Carry over what a chain of the registry says about keys and vendor codes."""
    for key in keys_in(after):
        keys.setdefault(key.public.kid, after.subject)
    if isinstance(after.state, Org):
        if before and isinstance(before.state, Org):
            vendors.update(dict.fromkeys(before.state.vendor_codes))
        vendors.update(dict.fromkeys(after.state.vendor_codes, after.subject))
