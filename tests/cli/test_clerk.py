"""A clerk goes on where the demonstration stops: take over, take apart, undo."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from packtrace.tests.cli.command import COMMAND, call, call_well, clean_environment, run

SAMPLES = Path(__file__).parents[2] / "sample_batches" / "truck-of-legacy-packs"
DISMANTLER = "uscc:91441300EXAMPLE703"
PACK = "ZX1PB520B52Q01G490000059"  # at the dismantler, with four coded modules
OFFERED = "DJ3PB573CTP570B9X0000204"  # by the yard to the dismantler
IN_VEHICLE = "ZX1PB520B52Q01G490000060"  # held by nobody who is enrolled


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("loaded") / "home"
    call_well("load", SAMPLES, "--home", home)
    return home


@pytest.fixture
def home(loaded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(loaded, tmp_path / "home"))


def key_of(org: str, home: Path) -> str:
    """The id of the key with which an organisation signs."""
    lines = call_well("key", "list", org, "--json", "--home", home).splitlines()
    return str(next(key["kid"] for key in map(json.loads, lines) if key["use"] == "sign"))


def template(home: Path, *args: str) -> Any:
    return json.loads(call_well("template", *args, "--home", home))


def submit(home: Path, statement: Any) -> str:
    """Sign with the dismantler's key, and submit; what the log answers."""
    key = key_of(DISMANTLER, home)
    signed = call_well("sign", "--key", key, "--home", home, stdin=json.dumps(statement))
    return call("submit", "--home", home, stdin=signed).stdout


def test_list_that_may_be_empty_is_not_signed_before_somebody_said_so(home: Path) -> None:
    result = call("template", "battery.dismantled", IN_VEHICLE, "--home", home)
    assert "an empty list []: children, residues" in result.stderr
    refused = call("sign", "--key", key_of(DISMANTLER, home), "--home", home, stdin=result.stdout)
    assert refused.exit_code == 2
    assert "/data/residues/0/kind: <fill in: one of modules" in refused.stderr
    batch = template(home, "batch.closed", "batch:uscc:91441800EXAMPLE89R/2026-11-NCM-01")
    assert len(batch["data"]["outputs"]) == len(batch["data"]["losses"]) == 1


def test_recorded_parts_come_out_as_children(home: Path) -> None:
    result = call("template", "battery.dismantled", PACK, "--home", home)
    children = json.loads(result.stdout)["data"]["children"]
    assert [child["battery"][-24:] for child in children] == [
        f"ZX1MB520B52Q01G49000059{n}" for n in range(1, 5)
    ]
    assert all(child["g"].startswith("<fill in: ") for child in children)
    for child in children:
        assert f"  battery.extracted {child['battery']}\n" in result.stderr


def test_pack_is_taken_apart_and_that_is_undone_in_groups(home: Path) -> None:
    group = template(home, "battery.dismantled", PACK, "--group")
    assert [one["type"] for one in group] == ["battery.dismantled", *["battery.extracted"] * 4]
    refused = call("sign", "--key", key_of(DISMANTLER, home), "--home", home, stdin=json.dumps(group))
    assert (refused.exit_code, refused.stdout) == (2, "")
    mass = {"g": 90_000, "basis": "measured"}
    group[0]["data"] |= {"mass": {"g": 400_000, "basis": "measured"}, "residues": []}
    for child, one in zip(group[0]["data"]["children"], group[1:], strict=True):
        child["g"], one["data"]["mass"] = mass["g"], mass
    alone = submit(home, group[0])
    assert "refused GROUP_INCOMPLETE" in alone
    assert submit(home, group).count("accepted") == 5
    undone = template(home, "battery.voided", PACK, "--set", "reason=the neighbour was meant", "--group")
    assert [one["type"] for one in undone] == ["battery.voided"] * 5
    assert submit(home, undone).count("accepted") == 5
    assert json.loads(call_well("show", PACK, "--json", "--home", home))["stage"] == "at_dismantler"


def test_vehicle_goes_with_the_pack_that_is_taken_out_of_it(home: Path) -> None:
    said = ("--iss", DISMANTLER, "--set", "capacity=repairer")
    leader, follower = template(home, "battery.removed", IN_VEHICLE, *said, "--group")
    assert (follower["type"], follower["sub"]) == ("vehicle.taken_out", leader["data"]["vehicle"])
    assert follower["data"] == {"battery": leader["sub"], "removed": "<id of the first>"}


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("battery.installed", PACK), "ILLEGAL_TRANSITION"),
        (("handover.accepted", PACK), "NO_OPEN_OFFER"),
        (("label.reissued", OFFERED), "OFFER_OPEN"),
        (("battery.dismantled", PACK, "--iss", "uscc:91441800EXAMPLE89R"), "NOT_CUSTODIAN"),
        (("battery.extracted", "ZX1MB520B52Q01G490000591", "--iss", DISMANTLER), "GROUP_INCOMPLETE"),
        (("battery.voided", PACK), "VOID_TOO_LATE"),
        (("battery.inspected", PACK, "--occurred-at", "2099-01-01T00:00:00Z"), "TIME_IN_FUTURE"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_statement_that_the_log_would_refuse_now_is_printed_with_a_note(
    args: tuple[str, ...], code: str, home: Path
) -> None:
    result = call("template", *args, "--home", home)
    assert (result.exit_code, json.loads(result.stdout)["type"]) == (0, args[0])
    assert f"note: as the log stands this would be refused: {code}: " in result.stderr


@pytest.mark.parametrize(
    "args",
    [
        ("battery.inspected", PACK),
        ("handover.accepted", OFFERED),
        ("battery.removed", IN_VEHICLE),
    ],
    ids=lambda value: value[0],
)
def test_statement_that_has_a_chance_has_no_note(args: tuple[str, ...], home: Path) -> None:
    assert "note:" not in call("template", *args, "--home", home).stderr


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("colour=red", "expected no such member, got one, at /data/colour"),
        ("condition=fine", "expected one of intact, damaged"),
        ("condition=3", "expected one of intact, damaged"),
        ("capacity=", "expected one of"),
        ('mass={"g":1,"g":2,"basis":"measured"}', "expected an object, got the text"),
        ("mass=[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]", "expected an object"),
        ('mass={"g":-1,"basis":"measured"}', "expected at least 0, got the number -1, at /data/mass/g"),
    ],
)
def test_member_that_no_schema_has_room_for_is_refused_at_once(given: str, says: str, home: Path) -> None:
    result = call("template", "handover.accepted", OFFERED, "--set", given, "--home", home)
    assert (result.exit_code, result.stdout, says in result.stderr) == (1, "", True), result.stderr


def test_take_over_that_the_demonstration_prints_works_as_printed(tmp_path: Path) -> None:
    done = run(tmp_path, "demo", "--home", "demo-home", "--no-serve")
    _, _, printed = done.stdout.partition("== Go on\n")
    lines = "".join(line[2:] for line in printed.splitlines(keepends=True) if line.startswith("  "))
    (shown,) = re.findall(
        r"^```sh\n(.*?)^```$", (SAMPLES / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert shown in lines
    path = f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"
    went_on = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", lines],
        cwd=tmp_path,
        env=clean_environment(HOME=str(tmp_path), PATH=path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert went_on.returncode == 0, went_on.stdout + went_on.stderr
    assert "accepted at leaf 388" in went_on.stdout
    assert "at_dismantler, held by 惠州净拆" in went_on.stdout


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("uscc:91441300EXAMPLE703", "org:uscc:91441300EXAMPLE703"),
        ("NOSUCH", "expected 24 characters, got 6: 'NOSUCH', at position 7\n"),
    ],
)
def test_code_that_is_none_is_answered_with_what_was_meant(said: str, shown: str, home: Path) -> None:
    result = call("show", said, "--home", home)
    assert (result.exit_code, shown in result.stderr) == (1, True), result.stderr
    assert result.stderr.count("position 7") <= 1


def test_added_key_is_shown_by_its_id(home: Path) -> None:
    assert f"jwk: key {key_of(DISMANTLER, home)}" in call_well("show", f"keys:{DISMANTLER}", "--home", home)
    assert "admin: key " in call_well("show", f"org:{DISMANTLER}", "--home", home)


def test_head_of_a_chain_is_shown_for_programs(home: Path) -> None:
    shown = json.loads(call_well("show", PACK, "--json", "--home", home))
    following = template(home, "battery.inspected", PACK)
    assert (shown["seq"] + 1, shown["head"]) == (following["seq"], following["prev"])


def test_code_that_lacks_a_character_is_told_with_its_length(home: Path) -> None:
    statement = template(home, "battery.inspected", PACK, "--set", "condition=intact")
    result = call(
        *("sign", "--key", key_of(DISMANTLER, home), "--home", home),
        stdin=json.dumps(statement | {"sub": statement["sub"][:-1]}),
    )
    assert (result.exit_code, "whose code has 23 characters, not 24 or 19" in result.stderr) == (1, True)


def test_help_of_the_script_that_writes_the_samples_writes_nothing(tmp_path: Path) -> None:
    script = [sys.executable, "-m", "packtrace.sample_batches.write", "--help"]
    done = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "usage: " in done.stdout
    assert list(tmp_path.iterdir()) == []
