"""The log of one origin: append events, and prove what was appended. What is read back is in `recorded`.

Appending follows the six steps of DESIGN, section 5, in this order, and answers when all are done.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from filelock import Timeout as LockTimeout

from ...signing.checkpoint import LogSigner
from ...signing.note import VerifierKey, format_vkey
from ...signing.tiles import TileBuilder
from ..errors import RefusedError, TraceError
from ..lifecycle.state import Log
from ..lifecycle.world import World
from ..rules.ruleset import RuleBook, RuleSet, load_rules
from ..rules.ruleset import RulesUnknownError as UnknownRulesError
from ..statement import parse_entry
from .database import Database
from .door import Arrival, Submission
from .edge import check_edge
from .errors import (
    ClockError,
    HomeError,
    LedgerBusyError,
    LedgerError,
    LedgerStoppedError,
    LogSplitError,
    RulesUnknownError,
)
from .home import Home
from .intake import Intake
from .publisher import Publisher, load_entries
from .receipts import Receipt
from .recorded import Recorded
from .register import FileRegister, Register, Registered, file_lock
from .rows import load_tile_builder, load_tree, save_leaves
from .sequence import OnError, Outcome, Placed, Reading, Sequencer
from .stored import Cache, Fetch, StoredWorld
from .timing import choose_times, milliseconds

__all__ = ["Ledger", "Outcome", "Placed", "Receipt", "Submission"]

Clock = Callable[[], datetime]


class Ledger(Recorded):
    """One process's hold on the log. Any number of processes may have one on the same home."""

    def __init__(
        self,
        home: Home,
        signer: LogSigner,
        clock: Clock,
        *,
        vkeys: Sequence[VerifierKey],
        register: Register | None = None,
        rules: RuleSet | None = None,
        threads: int = 1,
    ) -> None:
        """Use `create` or `open`."""
        database = Database(home.database_url)
        super().__init__(
            home.origin,
            RuleBook(rules or load_rules(), home.read_rules),
            database,
            Publisher(home.origin, database, register or FileRegister(home.register), vkeys, signer),
        )
        self.home = home
        self.clock = clock
        self._intake = Intake(home.origin, self.world, threads)
        self._in_force: RuleSet | None = None  # when this process last looked
        self._one_at_a_time = threading.Lock()
        self._home_lock = file_lock(home.lock)
        self._stopped: BaseException | None = None
        self._cache = Cache(0)
        self._tiles: TileBuilder | None = None
        self._tally: Counter[str] = Counter()

    @classmethod
    def create(
        cls,
        home: Home,
        log_opened: str,
        signer: LogSigner,
        clock: Clock,
        *,
        register: Register | None = None,
        rules: RuleSet | None = None,
        threads: int = 1,
    ) -> Ledger:
        """Begin a log with ``log.opened``. After a crash it may be called again with the same event.

        Raises:
            HomeError: There is a log already.
            RefusedError: The event can't open this log.
        """
        home.save_vkeys(signer.vkeys)
        ledger = cls(home, signer, clock, vkeys=signer.vkeys, register=register, rules=rules, threads=threads)
        try:
            with ledger._home_lock:
                ledger._database.migrate()
            (unit,) = ledger._intake.read_all([Submission((log_opened,))], ledger.book.installed)
            if isinstance(unit, TraceError):
                raise unit
            event = unit[0].event
            vkeys = [format_vkey(vkey) for vkey in signer.vkeys]
            if event.type != "log.opened" or event.data["log_keys"] != vkeys:
                raise RefusedError(
                    "log_keys: expected log.opened with the keys that sign the checkpoints, got others",
                    code="LOG_NOT_OPENED",
                    where="/data/log_keys",
                )
            ledger.recover()
            size = ledger.size
            (outcome,) = ledger.append([Submission((log_opened,))])
            if outcome.error:
                raise outcome.error if not size else HomeError(f"{home.path}: expected no log, got one")
        except BaseException:
            ledger.close()
            raise
        return ledger

    @classmethod
    def open(
        cls,
        home: Home,
        signer: LogSigner,
        clock: Clock,
        *,
        register: Register | None = None,
        rules: RuleSet | None = None,
        threads: int = 1,
    ) -> Ledger:
        """Go on with a log: what was committed and not signed before a crash is checked and signed now.

        Raises:
            HomeError: There is no log, its tables are of another version, or the signer is another log's.
            LedgerRolledBackError: The database is older than the last signed checkpoint.
            LedgerDamagedError: Its rows do not give the tree that was signed or recorded.
        """
        if tuple(signer.vkeys) != home.load_vkeys():
            raise HomeError(f"{home.path}: expected the public keys of the signer, got others")
        ledger = cls(home, signer, clock, vkeys=signer.vkeys, register=register, rules=rules, threads=threads)
        try:
            ledger._database.check_revision()
            ledger.recover()
        except BaseException:
            ledger.close()
            raise
        return ledger

    def close(self) -> None:
        """Let go of the database."""
        with self._one_at_a_time, self._home_lock:
            try:
                if self._stopped is None:
                    self._publisher.keep_rest()
            finally:
                self._stopped = self._stopped or LedgerStoppedError("closing it")
                self._database.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def stopped(self) -> BaseException | None:
        """Why nothing is written any more, if nothing is."""
        return self._stopped

    def tally(self) -> dict[str, int]:
        """How many submissions had which outcome since this object was made."""
        return dict(self._tally)

    def append(
        self,
        submissions: Sequence[Submission],
        *,
        on_error: OnError = "continue",
        at: Sequence[datetime] | None = None,
        confirm_clock: bool = False,
    ) -> list[Outcome]:
        """Record events, and return once a published checkpoint covers those that are accepted.

        Args:
            submissions: In the order in which they are to stand.
            on_error: What a refusal does to the submissions after it ("stop") or to all ("rollback").
            at: Times to record in place of the clock's, one a submission; for logs opened for demonstration.
            confirm_clock: Somebody has looked: the clock is right, however far from the last entry's time.

        Returns:
            What became of each submission, in order.

        Raises:
            RulesUnknownError: The log was opened under other rules; nothing was recorded.
            ClockError: The clock is too far from the last entry's time; nothing was recorded.
            LedgerStoppedError: An earlier call ended in a way that this object can't judge.
            LedgerError: Nothing is known of what became of these; after opening the ledger anew, submit the
                same events again: those that were recorded are answered with their places.
        """
        rules = self._in_force = self._in_force or self.rules
        units = self._intake.read_all(submissions, rules)  # Step 1, outside any lock.
        with self._one_at_a_time, self._home_lock:
            if self._stopped:
                raise LedgerStoppedError(f"ledger: stopped by {self._stopped}") from self._stopped
            try:
                again = lambda index, now: self._intake.read_some([submissions[index]], now)[0]  # noqa: E731
                reading = Reading(units, rules, again)
                outcomes = self._commit(reading, on_error, at, confirm_clock)  # Steps 2 and 3.
            except BaseException as error:
                self._forget()
                if isinstance(error, LedgerError) and not isinstance(error, ClockError):
                    self._stopped = error
                raise
            try:
                if any(outcome.events for outcome in outcomes):
                    self._publisher.publish(self._now())  # Steps 4 to 6.
            except BaseException as error:
                self._stopped = error
                self._tally["unknown"] += len(outcomes)
                raise
            self._tally.update(outcome.status for outcome in outcomes)
        return outcomes

    def recover(self) -> None:
        """Check where database and register stand, and sign what was committed before a crash.

        Raises:
            LedgerRolledBackError, LedgerDamagedError, LogSplitError: As `open`; the ledger stays stopped.
        """
        with self._one_at_a_time, self._home_lock:
            self._forget()
            try:
                registered = self._publisher.newest()
                self._check_edge(registered)
                self._publisher.publish(self._now())
            except BaseException as error:
                self._stopped = error
                raise

    def check_writable(self, wait_s: float) -> None:
        """The database takes a write: one is made under the ledger's locks, and rolled back.

        Args:
            wait_s: Until whoever appends at the moment has let go.

        Raises:
            LedgerBusyError: Nobody let go; that says nothing about the database.
            LedgerStoppedError: This object writes no more.
            FatalStorageError: The database refused.
        """
        if not self._one_at_a_time.acquire(timeout=wait_s):
            raise LedgerBusyError(f"ledger: expected its lock within {wait_s:g} s, got none")
        try:
            if self._stopped:
                raise LedgerStoppedError(f"ledger: stopped by {self._stopped}") from self._stopped
            with self._home_lock.acquire(timeout=wait_s):
                self._database.try_write()
        except LockTimeout:
            raise LedgerBusyError(f"home: expected its lock within {wait_s:g} s, got none") from None
        finally:
            self._one_at_a_time.release()

    def check_standing(self) -> None:
        """Register and database speak of one tree, as far as both have it.

        Raises:
            ReceiptPendingError: Nothing is signed yet.
            LedgerError: As `Publisher.publish`.
        """
        self._publisher.check_standing(self.published())

    def _commit(
        self,
        reading: Reading,
        on_error: OnError,
        at: Sequence[datetime] | None,
        confirm_clock: bool,
    ) -> list[Outcome]:
        """Steps 2 and 3 in one transaction."""
        units = reading.units
        arrivals = [arrival for unit in units if not isinstance(unit, TraceError) for arrival in unit]
        if at is not None and len(at) != len(units):
            raise ClockError(f"recorded_at: expected {len(units)} times, got {len(at)}")
        with self._database.write() as connection:
            fetch: Fetch = lambda query, values: connection.execute(query, values).all()  # noqa: E731
            tree = load_tree(connection)
            self._publisher.check_not_rolled_back(tree)
            if self._cache.size != tree.size:
                self._cache = Cache(tree.size)
            if self._tiles is None or self._tiles.size != tree.size:
                self._tiles = load_tile_builder(connection, tree.size)
            world = StoredWorld(self.origin, self.book, fetch, self._cache)
            try:
                policy = world.rules.policy
                world.prefetch(_subjects(arrivals, world.rules))
            except UnknownRulesError as error:
                raise RulesUnknownError(f"{error.message}; nothing was recorded") from error
            known = world.known([arrival.event.id for arrival in arrivals])
            newest = load_entries(connection, max(tree.size - 1, 0), tree.size)
            last = parse_entry(newest[0])[1] if newest else None
            times = choose_times(
                [self.clock()][: len(units)] if at is None else at,
                last,
                policy,
                given=at is not None,
                confirmed=confirm_clock,
                purpose=_purpose(world, arrivals),
            )
            if at is None:
                times *= len(units)  # one moment for all
            sequencer = Sequencer(world, tree.size, known)
            outcomes = sequencer.place_all(reading, times, on_error)
            if sequencer.leaves:
                save_leaves(
                    self._database, connection, sequencer.leaves, sequencer.changes, tree, self._tiles
                )
        self._cache.take_in(sequencer.changes, tree.size)
        self._in_force = sequencer.changes.rules
        return outcomes

    def _check_edge(self, registered: Registered | None) -> None:
        """What a ledger that is opened can see of its past without reading all of it."""
        if registered is None and self.checkpoints():
            raise LogSplitError("register: expected the newest published checkpoint, got none")
        if registered is None or self.size < registered.size:
            return  # Of an older database `publish` says so, with both numbers.
        check_edge(registered.tree, self._read_tile, self.entries)

    def _forget(self) -> None:
        """Drop what is remembered of the database: it may be ahead of what was committed."""
        self._cache = Cache(0)
        self._tiles = None

    def _now(self) -> datetime:
        return milliseconds(self.clock())


def system_clock() -> datetime:
    """The clock of this machine, in UTC."""
    return datetime.now(UTC)


def _subjects(arrivals: Sequence[Arrival], rules: RuleSet) -> Iterator[str]:
    """The chains that judging these will ask for; what is forgotten here is read one by one."""
    for arrival in arrivals:
        event = arrival.event
        yield event.sub
        if event.sub.startswith("battery:"):
            yield "notes:" + event.sub  # where its origin may be contested
        yield event.iss
        yield "keys:" + event.iss.removeprefix("org:")
        yield from (named for named in rules.references(event) if ":" in named)  # others are event ids


def _purpose(world: World, arrivals: Sequence[Arrival]) -> str:
    """What the log is for, as ``log.opened`` says, or will say."""
    chain = world.chain(f"log:{world.origin}")
    if chain and isinstance(chain.state, Log):
        return chain.state.purpose
    return str(arrivals[0].event.data.get("purpose", "")) if arrivals else ""
