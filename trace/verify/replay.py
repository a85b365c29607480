"""Steps 3 and 5 to 8 of the verification: every entry read, every event judged as the log judged it.

One function, `judge`, serves ledger and verifier. What is added here is going on after a refusal: the chain
of a refused event is only followed from link to link, and whatever rests on it is undecided, so that one
wrong event gives one finding and not a hundred.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from ...signing.errors import SigningError
from ...signing.jws import Jws, check_signature, verify_signatures
from ...signing.keys import PublicKey, parse_public_jwk
from ...signing.note import format_vkey
from ..errors import RefusedError, TraceError
from ..lifecycle.concern import concerned
from ..lifecycle.judge import ChainLinkError, check_link, judge
from ..lifecycle.keyring import find_key
from ..lifecycle.state import Chain, Demand, Key, Log, State
from ..lifecycle.table import ROWS, row_of
from ..lifecycle.watched import Watched
from ..lifecycle.world import Memory, World, keys_in
from ..rules.ruleset import RuleBook, RuleSet, RulesUnknownError
from ..statement import Event, Moment, parse_entry, parse_event_jws
from ..times import show_time
from .compromised import Revocation, list_touched, parse_revocation
from .concerns import Concerns
from .documents import DocumentCheck
from .findings import Finding, Findings
from .reading import Read, claimed_subject, fits, read_statement
from .trust import Trust

BATCH: Final = 64
"""Entries that are read together, and whose signatures are checked together.

What hundreds hold between reading and judging is more than a processor keeps close by: with 256 everything
takes a quarter longer.
"""

CheckSignatures = Callable[[Sequence[tuple[bytes, bytes, PublicKey]]], list[bool]]
"""check(signing input, signature and key of each): whether each holds."""

_ANYTHING: Final = (("*",), "")
_MAY_BE_ABSENT: Final = frozenset({"SEQUENCE_GAP", "KEY_UNKNOWN", "REFERENCE_ABSENT"})
"""In a bundle of one battery these may mean that the bundle lacks something, not that the log does.

So may an event without the one that leads its group, if the leaf before it is not in the bundle either.
"""


@dataclass(frozen=True, slots=True)
class _Pending:
    """What an open group still demands, and who opened it."""

    demand: Demand
    leaf: int
    subject: str


class Replay:
    """The world as the entries so far give it, and what is wrong with them."""

    def __init__(
        self,
        origin: str,
        rules: RuleSet,
        findings: Findings,
        *,
        trust: Trust | None,
        times_at: Collection[int] = (),
        whole: bool = True,
        check: CheckSignatures = verify_signatures,
        documents: DocumentCheck | None = None,
        book: RuleBook | None = None,
        concerns: Concerns | None = None,
    ) -> None:
        """Begin before the first leaf.

        Args:
            findings: Where findings go.
            trust: Says who the registrars are; without it that is not checked.
            times_at: Tree sizes at which `times` is to say when the last entry was recorded.
            whole: All leaves come; otherwise only those that a bundle of one battery needs.
            check: Checks the signatures by keys that are registered before the batch.
            book: The rule sets that the log may adopt; only `rules` where it is left out.
            documents: Compares the documents that came along with what the events say of them.
            concerns: Is told whom each event concerns.
        """
        self.world = Memory(origin, rules, book, is_whole=whole)
        self.events: dict[str, int] = {}  # subject -> how many were looked at
        self.links: dict[str, tuple[int, str | None]] = {}  # last seq and id of chains no longer judged
        self.times: dict[int, datetime] = {}
        self.entries = 0
        self._findings = findings
        self._trust = trust
        self._times_at = frozenset(times_at)
        self._whole = whole
        self._check = check
        self._documents = documents
        self._concerns = concerns
        self._latest: datetime | None = None
        self._next_leaf = 0
        self._after_gap = False  # nothing was taken in since a leaf that is missing
        self._unsound: set[str] = set()  # chains that are refuted or undecided
        self._unsound_targets: dict[
            str, str
        ] = {}  # what events that were not taken in refer to -> their chain
        self._queue: deque[_Pending] = deque()
        self._loose: tuple[tuple[str, ...], str] | None = (
            None  # what a leader that was refused leads, and its signer
        )
        self._public: dict[str, PublicKey] = {}
        self._revocations: list[Revocation] = []
        self._without_rules: RulesUnknownError | None = None  # that are in force and not at hand

    def feed(self, batch: Sequence[tuple[int, bytes]]) -> None:
        """Take in the next entries, each with its leaf index, in the order of the log."""
        for start in range(0, len(batch), BATCH):
            self._feed(batch[start : start + BATCH])

    def _feed(self, batch: Sequence[tuple[int, bytes]]) -> None:
        read = [self._read(leaf, data) for leaf, data in batch]
        holds = self._check_signatures(read)
        rules = self.world.rules
        for (leaf, _), item in zip(batch, read, strict=True):
            if item is not None and self.world.rules is not rules:  # adopted within this batch
                item = self._read_jws(leaf, item.recorded_at, item.jws)
            if self._queue and (item is None or item.event is None or leaf != self._next_leaf):
                self._abandon_group(missing=leaf != self._next_leaf)
            self._after_gap |= leaf != self._next_leaf
            self._next_leaf = leaf + 1
            if item is None:
                self._loose = _ANYTHING
            else:
                self._take(item, holds)

    def finish(self) -> None:
        """Say what is missing at the end."""
        if self._queue:
            self._abandon_group(missing=not self._whole)
        for revocation in self._revocations if self._whole else ():  # of a part nobody can say all
            touched = list_touched(self.world, revocation)
            if touched is not None:
                self._findings.add(touched)

    @property
    def purpose(self) -> str:
        """What the log says that it is for; empty where its first entry was not taken in."""
        chain = self.world.chains.get(f"log:{self.world.origin}")
        return chain.state.purpose if chain and isinstance(chain.state, Log) else ""

    def position(self, subject: str) -> tuple[int, str]:
        """Last seq and id of a chain, as far as it was followed."""
        if subject in self.links:
            seq, head = self.links[subject]
            return seq, head or ""
        chain = self.world.chains.get(subject)
        return (chain.seq, chain.head) if chain else (-1, "")

    def _read(self, leaf: int, data: bytes) -> Read | None:
        """Step 3, and what of step 6 needs no history."""
        self.entries += 1
        try:
            text, recorded_at = parse_entry(data)
        except RefusedError as error:
            self._findings.add(Finding.from_error(error, leaf_index=leaf))
            return None
        if self._latest is not None and recorded_at < self._latest:
            evidence = (
                f"recorded_at: expected {show_time(self._latest)} or later, got {show_time(recorded_at)}"
            )
            self._findings.add(Finding("TIME_REGRESSION", evidence, leaf_index=leaf))
        else:
            self._latest = recorded_at
        if leaf + 1 in self._times_at:
            self.times[leaf + 1] = self._latest
        try:
            jws = parse_event_jws(text)
        except RefusedError as error:
            self._findings.add(Finding.from_error(error, leaf_index=leaf))
            return None
        return self._read_jws(leaf, recorded_at, jws)

    def _read_jws(self, leaf: int, recorded_at: datetime, jws: Jws) -> Read:
        """The statement, under the rules in force by now."""
        try:
            event = read_statement(jws, self.world.rules, self.world.origin)
        except TraceError as error:
            return Read(leaf, recorded_at, jws, None, error, claimed_subject(jws.value))
        return Read(leaf, recorded_at, jws, event, None, event.sub)

    def _check_signatures(self, read: Sequence[Read | None]) -> dict[int, bool]:
        """Leaf -> whether the signature holds, for the keys that are registered by now.

        A key id is a digest of the key, so which key is meant does not depend on where it is registered.
        """
        leaves: list[int] = []
        signed: list[tuple[bytes, bytes, PublicKey]] = []
        for item in read:
            if item is None or item.event is None:
                continue
            jws = item.jws
            key = self._public_of(jws.kid)
            if key is not None and fits(jws, key):
                leaves.append(item.leaf)
                signed.append((jws.signing_input, jws.signature, key))
        return dict(zip(leaves, self._check(signed), strict=True))

    def _public_of(self, kid: str) -> PublicKey | None:
        if kid not in self._public:
            home = self.world.key_home(kid)
            chain = self.world.chain(home) if home else None
            for key in keys_in(chain) if chain else ():
                self._public[key.public.kid] = key.public
        return self._public.get(kid)

    def _take(self, item: Read, holds: dict[int, bool]) -> None:
        """Steps 5 to 8 for one event."""
        if item.subject is not None:
            self.events[item.subject] = self.events.get(item.subject, 0) + 1
        if self._documents is not None:
            self._documents.check(item.jws.value, item.subject, item.leaf, item.jws.id)
        if item.event is None:
            self._refuse_unread(item)
            return
        event = item.event
        demand = self._demand_for(event)
        follows_refused = self._follows_refused(event, demand)
        if event.sub in self.links:
            self._follow_link(item, event)
            self._loosen(event)
            return
        if follows_refused:
            self._break(event, item.leaf, TraceError("it follows an event that was not taken in"), set())
            return
        world: World = self.world
        if self._unsound:
            world = Watched(world, self._unsound, self._unsound_targets)
        at = Moment(item.leaf, item.recorded_at)
        try:
            if event.type == "log.opened":
                self._check_registrars(event, item.leaf)
            key = find_key(event, item.recorded_at, world)
            self._check_signature(item, key, holds)
            step = judge(event, at, key, world, demand)
        except TraceError as error:
            self._break(event, item.leaf, error, self._rests_on(event, world))
            return
        if self._unsound:
            shaky = self._rests_on(event, world) - {event.sub}
            if shaky:
                self._taint(event, item.leaf, shaky, "")
        for remark in step.remarks:
            self._findings.add(Finding(remark.code, remark.detail, event.sub, item.leaf, event.id))
        if self._concerns is not None:
            self._tell_concerned(self._concerns, event, at, step.chain.state)
        self.world.keep(event, at, step.chain, step.references)
        self._after_gap = False
        revocation = parse_revocation(event, item.leaf)
        if revocation is not None:
            self._revocations.append(revocation)
        if step.demands:
            self._queue.extendleft(_Pending(each, item.leaf, event.sub) for each in reversed(step.demands))

    def _tell_concerned(self, concerns: Concerns, event: Event, at: Moment, after: State | None) -> None:
        """Whom the event concerns, unless that rests on a chain that is refuted or undecided."""
        watched = Watched(self.world, self._unsound, self._unsound_targets)
        world: World = watched if self._unsound else self.world
        orgs = concerned(event, at, after, world)
        if not watched.asked & self._unsound:
            concerns.add(at.leaf_index, orgs)

    def _check_signature(self, item: Read, key: Key, holds: dict[int, bool]) -> None:
        if holds.get(item.leaf) and item.jws.kid == key.public.kid:
            return
        try:
            check_signature(item.jws, key.public)
        except SigningError as error:
            raise SignatureRefusedError(str(error), code=error.code, where="jws") from error

    def _check_registrars(self, event: Event, leaf: int) -> None:
        """Step 5: whoever registers is whom the trust file names."""
        if self._trust is None:
            return
        trust, data = self._trust, event.data
        kids = _kids(data["registrars"])
        if kids != sorted(trust.registrars) or data["threshold"] != trust.threshold:
            expected = f"{trust.threshold} of {', '.join(sorted(trust.registrars))}"
            self._findings.add(
                Finding(
                    "REGISTRAR_UNKNOWN",
                    f"registrars: expected {expected}, got {data['threshold']} of {', '.join(kids)}",
                    event.sub,
                    leaf,
                    event.id,
                )
            )
        if sorted(data["log_keys"]) != sorted(map(format_vkey, trust.log_keys)):
            got = ", ".join(text[:80] for text in data["log_keys"])
            evidence = f"log_keys: expected those of the trust file, got {got}"
            self._findings.add(Finding("LOG_KEY_UNTRUSTED", evidence, event.sub, leaf, event.id))

    def _rests_on(self, event: Event, world: World) -> set[str]:
        """The refuted or undecided chains that were asked when the event was judged in this world."""
        if not isinstance(world, Watched):
            return set()
        return (world.asked | self._registry_of(event)) & self._unsound

    def _registry_of(self, event: Event) -> set[str]:
        """The chains that say which keys and roles the signer has."""
        return {f"log:{self.world.origin}", event.iss, "keys:" + event.iss.removeprefix("org:")} - {event.sub}

    def _refuse_unread(self, item: Read) -> None:
        """The event's shape, version or address is wrong: nothing can be made of it but its place."""
        error = item.error or TraceError("not read")
        if self._without_rules is not None:
            error = self._without_rules  # Under those it may well be right.
        row = ROWS.get(str(item.jws.value.get("type")))
        self._loose = (row.leads, "") if row and row.leads else None
        subject = item.subject
        self._findings.add(
            Finding.from_error(error, subject=subject, leaf_index=item.leaf, event_id=item.jws.id)
        )
        if subject is None:
            return
        seq = item.jws.value.get("seq")
        last, head = self.position(subject)
        if isinstance(seq, int) and seq > last:
            last, head = seq, item.jws.id
        self.links[subject] = (last, head)
        self._unsound.add(subject)
        data = item.jws.value.get("data")
        for target in data.values() if isinstance(data, dict) else ():
            if isinstance(target, str):  # Whatever it may have referred to.
                self._unsound_targets[target] = subject

    def _break(self, event: Event, leaf: int, error: TraceError, rests_on: set[str]) -> None:
        """An event was not taken in: from here on its chain is only followed."""
        if isinstance(error, RulesUnknownError):
            self._without_rules = error
        undecided = rests_on or error.finding_code == TraceError.code
        if undecided and not isinstance(error, SignatureRefusedError | ChainLinkError):
            self._taint(event, leaf, rests_on, "" if error.finding_code == TraceError.code else error.message)
        else:
            self._report(event, leaf, error)
        linked = not isinstance(error, ChainLinkError)
        last, head = self.position(event.sub)
        if linked:
            try:
                check_link(event, self.world.chain(event.sub))
            except ChainLinkError as broken:
                self._report(event, leaf, broken)
        if event.seq > last:
            last, head = event.seq, event.id
        self.links[event.sub] = (last, head)
        self._unsound.add(event.sub)
        self._remember_references(event)
        self._loosen(event)

    def _follow_link(self, item: Read, event: Event) -> None:
        """Step 7 alone, for an event after one that was refused."""
        last, head = self.links[event.sub]
        try:
            check_link(event, Chain(event.sub, last, head, None) if head is not None else None)
        except ChainLinkError as error:
            self._report(event, item.leaf, error)
        if event.seq > last:
            self.links[event.sub] = (event.seq, event.id)
        self._remember_references(event)

    def _report(self, event: Event, leaf: int, error: TraceError) -> None:
        code = error.finding_code
        if code == "PLACE_TAKEN":
            code = "DUPLICATE_EVENT" if self._is_known(event) else "FORKED_CHAIN"
        is_led = code == "GROUP_INCOMPLETE" and self._after_gap
        if not self._whole and (code in _MAY_BE_ABSENT or is_led):
            code = "BUNDLE_INCOMPLETE"
        self._findings.add(Finding(code, error.message, event.sub, leaf, event.id, error.where))

    def _is_known(self, event: Event) -> bool:
        """Whether the very event stands on its chain already. (Of one that is voided this is not known.)"""
        past = self.world.past(event.sub)
        while past:
            if past.event == event.id:
                return True
            past = past.earlier
        return self.position(event.sub)[1] == event.id

    def _taint(self, event: Event, leaf: int, rests_on: Collection[str], why: str) -> None:
        """What rests on a chain that is refuted or undecided is undecided, and said once for each chain."""
        if event.sub not in self._unsound:
            names = ", ".join(sorted(rests_on)) or "the event that leads its group"
            evidence = f"it rests on {names}" + (f": {why}" if why else "")
            self._findings.add(Finding("DEPENDS_ON_REFUTED", evidence, event.sub, leaf, event.id))
        self._unsound.add(event.sub)

    def _remember_references(self, event: Event) -> None:
        for target in self.world.rules.references(event):
            self._unsound_targets[target] = event.sub

    def _demand_for(self, event: Event) -> Demand | None:
        """What the open group expects, if this event is it; a group that is not gone on with is given up."""
        if not self._queue:
            return None
        demand = self._queue[0].demand
        if (event.type, event.sub, event.iss) == (demand.type, demand.subject, demand.signer):
            self._queue.popleft()
            return demand
        self._abandon_group(missing=False)
        return None

    def _abandon_group(self, *, missing: bool) -> None:
        """The group is not whole: who opened it is to blame, or the bundle that lacks the rest."""
        pending = self._queue[0]
        demand = pending.demand
        self._queue.clear()
        code = "BUNDLE_INCOMPLETE" if missing and not self._whole else "GROUP_INCOMPLETE"
        evidence = (
            f"group: expected {demand.type} on {demand.subject} by {demand.signer} next, got something else"
        )
        self._findings.add(Finding(code, evidence, pending.subject, pending.leaf, demand.leader))
        self._unsound.add(pending.subject)
        self.links.setdefault(pending.subject, self.position(pending.subject))

    def _loosen(self, event: Event) -> None:
        """After a leader that was not taken in, what it leads can't be told from what stands alone."""
        leads = row_of(event.type, event.sub).leads
        if leads:
            self._loose = (leads, event.iss)

    def _follows_refused(self, event: Event, demand: Demand | None) -> bool:
        if self._loose is None or demand is not None:
            return False
        leads, signer = self._loose
        row = row_of(event.type, event.sub)
        same = bool(row.follows) if leads == ("*",) else event.type in leads
        same = same or (leads == ("*.voided",) and event.type.endswith(".voided"))
        if same and signer in ("", event.iss):
            return True
        self._loose = None
        return False


class SignatureRefusedError(RefusedError):
    """The signature does not hold under the key that the header names: wrong whatever else is undecided."""

    code: ClassVar[str] = "SIGNATURE_INVALID"


def _kids(registrars: Sequence[Mapping[str, Any]]) -> list[str]:
    """Key ids of the registrars that ``log.opened`` names; a key that is none has none."""
    kids = []
    for registrar in registrars:
        try:
            kids.append(parse_public_jwk(registrar["jwk"]).kid)
        except SigningError:
            kids.append("(not a key)")
    return sorted(kids)
