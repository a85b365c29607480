"""A ledger to play a scene on, and short ways to ask it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from packtrace.signing.base64url import b64url
from packtrace.signing.keys import PrivateKey
from packtrace.signing.log_key import LogKey
from packtrace.tests.scene import START, Scene
from packtrace.trace.ledger.home import Home
from packtrace.trace.ledger.ledger import Ledger, Outcome, Submission
from packtrace.trace.ledger.register import Register


@dataclass
class Node:
    """A home, the scene that is played on it, and a clock that tests set."""

    home: Home
    scene: Scene = field(default_factory=Scene)
    now: datetime = START + timedelta(hours=1)
    opened: list[Ledger] = field(default_factory=list)

    @property
    def signer(self) -> LogKey:
        return self.scene.log_key

    def clock(self) -> datetime:
        return self.now

    def create(self, *, register: Register | None = None) -> Ledger:
        """A new log with everybody enrolled."""
        log_opened, *others = self.scene.founding()
        ledger = Ledger.create(self.home, log_opened, self.signer, self.clock, register=register)
        self.opened.append(ledger)
        outcomes = ledger.append([Submission((text,)) for text in others])
        assert statuses(outcomes) == ["accepted"] * len(others)
        return ledger

    def open(self, *, register: Register | None = None, threads: int = 1) -> Ledger:
        ledger = Ledger.open(self.home, self.signer, self.clock, register=register, threads=threads)
        self.opened.append(ledger)
        return ledger

    def close(self) -> None:
        for ledger in self.opened:
            ledger.close()


def statuses(outcomes: list[Outcome]) -> list[str]:
    return [outcome.status for outcome in outcomes]


def codes(outcomes: list[Outcome]) -> list[str | None]:
    return [outcome.error.finding_code if outcome.error else None for outcome in outcomes]


def append_one(ledger: Ledger, *texts: str, **options: Any) -> Outcome:
    (outcome,) = ledger.append([Submission(texts)], **options)
    return outcome


def resigned(text: str, key: PrivateKey) -> str:
    """The same event under another signature of the same key."""
    signing_input = text.rpartition(".")[0]
    return f"{signing_input}.{b64url(key.sign(signing_input.encode()))}"
