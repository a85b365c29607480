"""A home with a log of test organisations, made once and copied for each test."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from packtrace.signing.log_key import save_log_key
from packtrace.signing.policy import NONE, Policy
from packtrace.tests.scene import Scene, pack_code
from packtrace.trace.cli import key_store
from packtrace.trace.ledger.home import Home
from packtrace.trace.ledger.ledger import Ledger, Submission, system_clock
from packtrace.trace.verify.trust import Trust, format_trust

CODE = pack_code(1)


def begin() -> tuple[Scene, list[str]]:
    """The organisations, and the events in the log of the home: all are enrolled, one pack is made."""
    scene = Scene(at=datetime(2026, 1, 5, 8, tzinfo=UTC))
    return scene, [*scene.founding(), scene.manufactured(CODE)]


@pytest.fixture(autouse=True)
def _nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests at a terminal is not asked for a passphrase by a command within the process."""
    monkeypatch.setattr(key_store, "TERMINAL", "/no/terminal")


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scene, (opened, *events) = begin()
    home = Home.create(tmp_path_factory.mktemp("founded") / "home", scene.origin)
    save_log_key(home.log_key, scene.log_key)
    with Ledger.create(home, opened, scene.log_key, system_clock) as ledger:
        outcomes = ledger.append([Submission((event,)) for event in events])
    assert {outcome.status for outcome in outcomes} == {"accepted"}
    kids = frozenset({scene.registrar.key.public.kid})
    home.trust.write_bytes(format_trust(Trust(scene.origin, kids, 1, Policy(NONE, scene.log_key.vkeys))))
    return home.path


@pytest.fixture
def home(founded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(founded, tmp_path / "home"))


@pytest.fixture
def scene() -> Scene:
    """The organisations as they stand in `home`."""
    return begin()[0]
