"""What the real verifier says to the truck's bundle, and to every copy that somebody has tampered with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from packtrace.signing.base64url import b64url
from packtrace.trace.verify.report import Report
from packtrace.trace.verify.trust import parse_trust
from packtrace.trace.verify.verify_source import verify_source

TRUCK = Path(__file__).parents[2] / "sample_batches" / "truck-of-legacy-packs"
TRUST = parse_trust((TRUCK / "trust.json").read_bytes())
CHECKPOINT = (TRUCK / "checkpoint").read_bytes()
NAMES = sorted(path.name.removesuffix(".expected.json") for path in TRUCK.glob("tampered/*.expected.json"))


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads((TRUCK / name).read_bytes())
    return loaded


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


def test_bundle_is_verified_without_a_finding() -> None:
    expected = load("expected.json")
    report = verify_source(TRUCK / "bundle.zip", trust=TRUST, checkpoints=[CHECKPOINT])
    assert codes(report) == []
    assert report.outcome.value == expected["outcome"] == "VERIFIED"
    assert (report.size, b64url(report.root)) == (expected["size"], expected["root"])
    assert "quorum none" not in report.headline, "the given checkpoint agrees with it"
    alone = verify_source(TRUCK / "bundle.zip", trust=TRUST)
    assert (codes(alone), "quorum none" in alone.headline) == ([], True)


def test_there_is_a_copy_for_every_expectation() -> None:
    assert len(NAMES) >= 7
    assert sorted(path.stem for path in TRUCK.glob("tampered/*.zip")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_tampering_is_found_where_it_was_done(name: str) -> None:
    expected = load(f"tampered/{name}.expected.json")
    given = [CHECKPOINT] if "checkpoint" in expected else []
    report = verify_source(TRUCK / "tampered" / f"{name}.zip", trust=TRUST, checkpoints=given)
    assert report.outcome.value == expected["outcome"] != "VERIFIED"
    found = {(finding.code, finding.subject, finding.leaf_index) for finding in report.findings}
    for finding in expected["findings"]:
        assert (finding["code"], finding["subject"], finding["leaf_index"]) in found


@pytest.mark.parametrize("name", NAMES)
def test_only_a_checkpoint_from_elsewhere_finds_what_says_so(name: str) -> None:
    """A copy that needs one is flawless alone, and the report says that nobody but the log confirms it."""
    expected = load(f"tampered/{name}.expected.json")
    report = verify_source(TRUCK / "tampered" / f"{name}.zip", trust=TRUST)
    alone = expected.get("outcome_without_checkpoint", expected["outcome"])
    assert report.outcome.value == alone
    assert (alone == "VERIFIED") == ("checkpoint" in expected)
    if alone == "VERIFIED":
        assert "by the log's own word" in report.headline


def test_archives_stay_small() -> None:
    assert all(path.stat().st_size < 400_000 for path in TRUCK.rglob("*.zip"))
