"""Every case of the last section of the life cycle through the command, from first event to verdict."""

from __future__ import annotations

import copy
import json
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from packtrace.tests.cases.founding import NAMES, Heads, founding_steps, party_id, save_published_keys
from packtrace.tests.cases.telling import Teller
from packtrace.tests.cli.command import call, call_well

TOLD = Path(__file__).with_name("told")
CASES = {path.stem: path for path in sorted(TOLD.glob("*.toml"))}
MEMBERS = {"tells", "case", "subjects", "steps", "end", "findings"}


@dataclass(frozen=True)
class Founded:
    """A home with everybody enrolled, to be copied for each case."""

    home: Path
    keys: Path
    heads: Heads
    names: dict[str, str]


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    folder = tmp_path_factory.mktemp("cases")
    (folder / "keys").mkdir()
    (folder / "work").mkdir()
    save_published_keys(folder / "work")
    names = {"lfp": f"model:{party_id('battery_maker')}/LFP-438"}
    teller = Teller(folder / "home", folder / "keys", folder / "work", Heads(), names)
    teller.tell(founding_steps())
    return Founded(teller.home, teller.keys, teller.heads, names)


@pytest.mark.parametrize("path", CASES.values(), ids=CASES)
def test_case_is_told_to_the_command_and_verified(path: Path, founded: Founded, tmp_path: Path) -> None:
    case = tomllib.loads(path.read_text("utf-8"))
    assert case.keys() <= MEMBERS and case["tells"].endswith(".")
    home = Path(shutil.copytree(founded.home, tmp_path / "home"))
    heads = copy.deepcopy(founded.heads)
    teller = Teller(home, founded.keys, tmp_path / "work", heads, dict(founded.names))
    teller.name(case["subjects"])
    teller.tell(case["steps"])
    assert {name: shown(home, teller.names[name]) for name in case["end"]} == {
        name: held_by(text) for name, text in case["end"].items()
    }
    said = call_well("export", tmp_path / "bundle", "--home", home)
    assert said.strip().endswith(f"at size {heads.size}")
    trust = shutil.copy(home / "trust.json", tmp_path / "trust.json")
    verified = call(
        "verify", tmp_path / "bundle", "--trust", trust, "--json", "--home", tmp_path / "inspector"
    )
    *findings, summary = [json.loads(line) for line in verified.stdout.splitlines()]
    found = [
        f"{finding['code']} {teller.called(finding['subject'])}"
        for finding in findings
        if finding["kind"] == "finding"
    ]
    assert found == case.get("findings", [])
    assert (verified.exit_code, summary["outcome"], summary["size"]) == (0, "VERIFIED", heads.size)


def shown(home: Path, subject: str) -> tuple[str, str]:
    """The stage of a battery or lot, and who holds it, as `packtrace show` tells it."""
    now: dict[str, Any] = json.loads(call_well("show", subject, "--json", "--home", home))
    return now["stage"], now["custodian"]


def held_by(text: str) -> tuple[str, str]:
    """``removed, repairer``: a stage, and a party or nobody, none or parent."""
    stage, holder = text.split(", ")
    return stage, f"org:{party_id(holder)}" if holder in NAMES else holder
