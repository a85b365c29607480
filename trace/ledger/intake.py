"""Step 1 of appending (DESIGN, section 5): what can be said of a submission without any history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from ...signing.keys import PublicKey
from ..errors import RefusedError, TraceError
from ..lifecycle.world import World, keys_in
from ..rules.ruleset import RuleSet
from .door import Submission, check_arrival, read_submission
from .sequence import Unit

_TOGETHER: Final = 64  # submissions that are read in one go; with fewer, threads cost more than they save


class Intake:
    """Reads submissions, many at once, outside any lock."""

    def __init__(self, origin: str, world: Callable[[], World], threads: int) -> None:
        """Args:
        world: The committed state, in which keys are looked up.
        threads: That read side by side.
        """
        self._origin = origin
        self._world = world
        self._threads = threads
        self._public_keys: dict[str, PublicKey] = {}

    def read_all(self, submissions: Sequence[Submission], rules: RuleSet) -> list[Unit]:
        """Step 1: form, shape, addressee, and the signatures by keys that are registered already."""
        starts = range(0, len(submissions), _TOGETHER)
        ranges = [submissions[start : start + _TOGETHER] for start in starts]
        read = partial(self.read_some, rules=rules)
        if self._threads <= 1 or len(ranges) <= 1:
            return [unit for units in map(read, ranges) for unit in units]
        with ThreadPoolExecutor(self._threads) as pool:
            return [unit for units in pool.map(read, ranges) for unit in units]

    def read_some(self, submissions: Sequence[Submission], rules: RuleSet) -> list[Unit]:
        """Read, then check signatures: by turns, each drives the other out of the processor's caches."""
        units = [self._read(submission, rules) for submission in submissions]
        return [self._check_signed(unit) for unit in units]

    def _read(self, submission: Submission, rules: RuleSet) -> Unit:
        try:
            return read_submission(submission, rules, self._origin)
        except RefusedError as error:
            return error

    def _check_signed(self, unit: Unit) -> Unit:
        if isinstance(unit, TraceError):
            return unit
        try:
            for arrival in unit:
                key = self._public_key(arrival.event.jws.kid)
                if key:  # else an event of the same batch may register it
                    check_arrival(arrival, key)
        except RefusedError as error:
            return error
        return unit

    def _public_key(self, kid: str) -> PublicKey | None:
        """The registered key of this id. What id it has is a function of the key: it never changes."""
        key = self._public_keys.get(kid)
        if key is None:
            world = self._world()
            home = world.key_home(kid)
            chain = world.chain(home) if home else None
            if chain:
                self._public_keys |= {each.public.kid: each.public for each in keys_in(chain)}
            key = self._public_keys.get(kid)
        return key
