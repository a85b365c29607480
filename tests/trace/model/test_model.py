"""The life cycle told twice: law and ledger answer alike, and every state that they reach verifies.

Eight seeded logs of 1,300 steps run every time; `PACKTRACE_MODEL_ROUNDS=40` makes that 52,000 steps. The
state machine beside them has few steps, which hypothesis shortens where one fails.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from packtrace.schemas.statements import STATEMENTS
from packtrace.tests.trace.model.machine import Play

ROUNDS = int(os.environ.get("PACKTRACE_MODEL_ROUNDS", "8"))
STEPS = 1_300
NEVER_ACCEPTED = {"log.key_changed"}  # ADR 14


@cache
def played(seed: int) -> Play:
    """A log of many steps, each of which law and judge answered alike; then it is sealed."""
    play = Play(random.Random(seed))
    for _ in range(STEPS):
        play.step()
    play.seal()
    return play


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_law_and_ledger_answer_alike_and_what_they_reach_verifies(seed: int, tmp_path: Path) -> None:
    played(seed).finish(tmp_path)


def test_every_type_of_statement_was_accepted_and_was_refused() -> None:
    said: Counter[tuple[str, bool]] = Counter()
    for seed in range(ROUNDS):
        said += played(seed).said
    assert {name for name in STATEMENTS if not said[name, False]} == set()
    assert {name for name in STATEMENTS if not said[name, True]} == NEVER_ACCEPTED


class Machine(RuleBasedStateMachine):
    """The same play, with draws that hypothesis can make fewer and simpler."""

    @initialize()
    def found(self) -> None:
        self.play = Play(random.Random(0))

    @rule(draws=st.randoms(use_true_random=False))
    def say(self, draws: random.Random) -> None:
        self.play.random = draws
        self.play.step()

    def teardown(self) -> None:
        if hasattr(self, "play"):
            with tempfile.TemporaryDirectory() as folder:
                self.play.finish(Path(folder))


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=12,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
