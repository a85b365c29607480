"""The life cycle told twice: law and ledger answer alike, and every state that they reach verifies.

Eight seeded logs of 1,300 steps run every time; `PACKTRACE_MODEL_ROUNDS=40` makes that 52,000 steps. The
state machine beside them has few steps, which hypothesis shortens where one fails.
"""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from packtrace.tests.trace.model.machine import Play

ROUNDS = int(os.environ.get("PACKTRACE_MODEL_ROUNDS", "8"))
STEPS = 1_300


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_law_and_ledger_answer_alike_and_what_they_reach_verifies(seed: int, tmp_path: Path) -> None:
    play = Play(random.Random(seed), tmp_path)
    for _ in range(STEPS):
        play.step()
    play.finish()
    accepted = sum(count for (_, allowed), count in play.said.items() if allowed)
    assert STEPS // 8 < accepted < STEPS * 7 // 8


class Machine(RuleBasedStateMachine):
    """The same play, with draws that hypothesis can make fewer and simpler."""

    @initialize()
    def found(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.play = Play(random.Random(0), Path(self.folder.name))

    @rule(draws=st.randoms(use_true_random=False))
    def say(self, draws: random.Random) -> None:
        self.play.random = draws
        self.play.step()

    def teardown(self) -> None:
        if hasattr(self, "play"):
            with self.folder:
                self.play.finish()


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=12,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
