"""What the verifier says to every copy of a sample that somebody has tampered with, and to every fraud."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from packtrace.tests.cli.command import call
from packtrace.trace.verify.catalogue import CATALOGUE, Severity
from packtrace.trace.verify.report import Report
from packtrace.trace.verify.trust import parse_trust
from packtrace.trace.verify.verify_source import verify_source

ROOT = Path(__file__).parents[2] / "sample_batches"
CASES = sorted(
    path.with_name(path.name.removesuffix(".expected.json")) for path in ROOT.glob("*/tampered/*.json")
)
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
EXIT_CODES = {"VERIFIED": 0, "REFUTED": 1, "UNDECIDED": 3}


def expectation(case: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads(case.with_name(case.name + ".expected.json").read_bytes())
    return loaded


@cache
def verified(case: Path, *, alone: bool) -> Report:
    """With the checkpoint that the expectation names, or without any."""
    folder = case.parents[1]
    given = [] if alone or "checkpoint" not in expectation(case) else [(folder / "checkpoint").read_bytes()]
    trust = parse_trust((folder / "trust.json").read_bytes())
    return verify_source(case.with_name(case.name + ".zip"), trust=trust, checkpoints=given)


def found(report: Report) -> set[tuple[str, str | None, int | None]]:
    return {(finding.code, finding.subject, finding.leaf_index) for finding in report.findings}


def test_there_is_a_copy_for_every_expectation() -> None:
    assert sorted(path.with_suffix("") for path in ROOT.glob("*/tampered/*.zip")) == CASES
    assert len(CASES) >= 9 + 12


@each_case
def test_tampering_is_found_where_it_was_done(case: Path) -> None:
    expected, report = expectation(case), verified(case, alone=False)
    assert report.outcome.value == expected["outcome"]
    assert expected["findings"]
    for finding in expected["findings"]:
        assert (finding["code"], finding["subject"], finding["leaf_index"]) in found(report)


@each_case
def test_what_is_lawful_and_untrue_is_verified_with_a_warning(case: Path) -> None:
    """Conduct never makes a record REFUTED, and is never passed over; everything else is not VERIFIED."""
    expected = expectation(case)
    grave = {CATALOGUE[finding["code"]].severity for finding in expected["findings"]}
    assert (expected["outcome"] == "VERIFIED") == (grave == {Severity.WARNING})


@each_case
def test_only_a_checkpoint_from_elsewhere_finds_what_says_so(case: Path) -> None:
    """A copy that needs one is flawless alone, and the report says that nobody but the log confirms it."""
    expected, report = expectation(case), verified(case, alone=True)
    alone = expected.get("outcome_without_checkpoint", expected["outcome"])
    assert report.outcome.value == alone
    if "checkpoint" in expected:
        assert alone == "VERIFIED" and "by the log's own word" in report.headline


@each_case
def test_command_ends_as_the_verdict_says(case: Path, tmp_path: Path) -> None:
    folder, expected = case.parents[1], expectation(case)
    args: list[str | Path] = ["verify", f"{case}.zip", "--trust", folder / "trust.json", "--home", tmp_path]
    if "checkpoint" in expected:
        args += ["--checkpoint", folder / "checkpoint"]
    result = call(*args)
    assert result.exit_code == EXIT_CODES[expected["outcome"]], result.output
    assert all(finding["code"] in result.stdout for finding in expected["findings"])


@each_case
def test_page_beside_it_names_it(case: Path) -> None:
    assert f"`{case.name}`" in (case.parent / "README.md").read_text(encoding="utf-8")


def test_archives_stay_small() -> None:
    sizes = [path.stat().st_size for path in ROOT.rglob("*.zip")]
    assert max(sizes) < 420_000 and sum(sizes) < 8_000_000
