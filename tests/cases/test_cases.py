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
from packtrace.tests.cases.telling import Command, Teller, by_process, within

TOLD = Path(__file__).with_name("told")
ASKED = Path(__file__).with_name("asked.txt")
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
    check_case(tomllib.loads(path.read_text("utf-8")), founded, tmp_path, within)


def test_case_told_by_processes_ends_the_same(founded: Founded, tmp_path: Path) -> None:
    case = tomllib.loads(CASES["returned_to_consignor"].read_text("utf-8"))
    check_case(case, founded, tmp_path, by_process(tmp_path))


def test_every_case_that_the_life_cycle_asks_for_is_told() -> None:
    told = {name: tomllib.loads(path.read_text("utf-8"))["case"] for name, path in CASES.items()}
    words = [f"refused: {case}" if name.endswith("_fail") else case for name, case in told.items()]
    assert sorted(words) == sorted(ASKED.read_text("utf-8").splitlines())


@pytest.mark.parametrize("other", ["OTHER_CODE at /type", "ILLEGAL_TRANSITION at /elsewhere", ""])
def test_case_that_expects_another_answer_than_the_log_gives_fails(
    other: str, founded: Founded, tmp_path: Path
) -> None:
    case = tomllib.loads(CASES["waste_installed_in_a_car_fail"].read_text("utf-8"))
    steps = case["steps"][:2]
    assert steps[1]["refused"] == "ILLEGAL_TRANSITION at /type"
    steps[1]["refused"] = other
    with pytest.raises(AssertionError, match="'code': 'ILLEGAL_TRANSITION'"):
        tell({**case, "steps": steps}, founded, tmp_path, within)


def tell(case: dict[str, Any], founded: Founded, folder: Path, command: Command) -> Teller:
    """The steps of a case, in a copy of the home."""
    home = Path(shutil.copytree(founded.home, folder / "home"))
    heads = copy.deepcopy(founded.heads)
    teller = Teller(home, founded.keys, folder / "work", heads, dict(founded.names), command=command)
    teller.name(case["subjects"])
    teller.tell(case["steps"])
    return teller


def check_case(case: dict[str, Any], founded: Founded, folder: Path, command: Command) -> None:
    """Tell a case; what the log shows, and a verifier elsewhere finds, is what the case expects."""
    assert case.keys() <= MEMBERS and case["tells"].endswith(".")
    teller = tell(case, founded, folder, command)
    home, size = teller.home, teller.heads.size
    shown = {
        name: json.loads(teller.ask("show", teller.names[name], "--json", "--home", home))
        for name in case["end"]
    }
    assert {name: (now["stage"], now["custodian"]) for name, now in shown.items()} == {
        name: held_by(text) for name, text in case["end"].items()
    }
    said = teller.ask("export", folder / "bundle", "--home", home)
    assert said.strip().endswith(f"at size {size}")
    trust = shutil.copy(home / "trust.json", folder / "trust.json")
    verified = command(
        "verify", folder / "bundle", "--trust", trust, "--json", "--home", folder / "inspector"
    )
    *findings, summary = [json.loads(line) for line in verified.stdout.splitlines()]
    found = [
        f"{finding['code']} {teller.called(finding['subject'])}"
        for finding in findings
        if finding["kind"] == "finding"
    ]
    assert found == case.get("findings", [])
    assert (verified.exit_code, summary["outcome"], summary["size"]) == (0, "VERIFIED", size)


def held_by(text: str) -> tuple[str, str]:
    """``removed, repairer``: a stage, and a party or nobody, none or parent."""
    stage, holder = text.split(", ")
    return stage, f"org:{party_id(holder)}" if holder in NAMES else holder
