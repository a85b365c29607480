"""The life cycle told twice: law and ledger answer alike, and every state that they reach verifies."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

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
    assert STEPS // 5 < accepted < STEPS * 4 // 5
