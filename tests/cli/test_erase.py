"""`packtrace erase`: what is withheld is forgotten once somebody says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from packtrace.tests.scene import Scene, event_id
from packtrace.trace.cli.ledger_access import open_ledger
from packtrace.trace.cli.place import Place
from packtrace.trace.ledger.ledger import Submission

from .command import call, call_well
from .conftest import CODE, begin


@pytest.fixture
def fitted(home: Path) -> str:
    """Id of an event that withholds a VIN."""
    scene: Scene = begin()[0]
    group = scene.installed(CODE)
    with open_ledger(Place(home), None) as ledger:
        (outcome,) = ledger.append([Submission(group)])
    assert outcome.status == "accepted", outcome.error
    return event_id(group[1])


def test_it_says_what_it_erased_and_what_was_erased_before(home: Path, fitted: str) -> None:
    said = call_well("--home", home, "erase", fitted, "--pointer", "/data/vin", "--yes")
    assert said == f"erased {fitted} /data/vin\n"
    assert call_well("--home", home, "erase", fitted, "--yes") == f"was erased before: {fitted} /data/vin\n"
    made = call_well("--home", home, "erase", "--subject", CODE, "--yes")
    assert made == "nothing is withheld there\n"


def test_nothing_is_erased_where_nobody_can_be_asked(home: Path, fitted: str) -> None:
    refused = call("--home", home, "erase", fitted)
    assert refused.exit_code == 2 and "--yes" in refused.output
    assert "erased" in call_well("--home", home, "erase", fitted, "--yes").split()


@pytest.mark.parametrize("args", [(), ("x" * 43, "--subject", CODE)])
def test_one_event_or_one_chain_is_named(home: Path, args: tuple[str, ...]) -> None:
    assert call("--home", home, "erase", *args, "--yes").exit_code == 2


@pytest.mark.parametrize("first", ["x", "-", "--"])  # an id may begin with dashes
def test_an_event_that_is_not_there_is_not_erased(home: Path, first: str) -> None:
    unknown = call("--home", home, "erase", first.ljust(43, "x"), "--yes")
    assert unknown.exit_code == 3 and "EVENT_UNKNOWN" in unknown.output
