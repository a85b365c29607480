"""A second implementation, written for Node from `docs/format.md` alone, comes to the same results."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from packtrace.signing.base64url import parse_b64url

ROOT = Path(__file__).parents[1]
THIRD_PARTY = ROOT / "tests" / "third_party"
SAMPLE = ROOT / "sample_batches" / "truck-of-legacy-packs"
COMPACT = ROOT / "docs" / "vectors" / "compact"

# Tampered copy -> the step at which it stops; None where that takes the life cycle or another checkpoint.
STOPS = {
    "entry-edited": 4,
    "edited-by-the-operator": 6,
    "event-dropped": 7,
    "event-dropped-and-relinked": 6,
    "signed-by-another": 6,
    "entries-swapped": 7,
    "accepted-by-another": None,
    "tail-cut": None,
    "two-faced": None,
}


def node(*arguments: str | Path) -> tuple[int, str]:
    """Run one of the programs; its exit code and what it printed."""
    found = shutil.which("node")
    if found is None:
        reason = "no node: apt-get install nodejs"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    done = subprocess.run(
        [found, *arguments], cwd=THIRD_PARTY, capture_output=True, text=True, check=False, timeout=60
    )
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def audit(bundle: Path, folder: Path) -> tuple[int, str]:
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
    return node("audit.mjs", folder, SAMPLE / "trust.json")


def test_its_reader_accepts_the_cases_that_ours_accepts_and_no_others() -> None:
    status, printed = node("compact.mjs", COMPACT)
    cases = {path.parent.name for path in COMPACT.glob("*/compact.json")}
    assert status == 0
    assert set(printed.split()) == {name for name in cases if not name.endswith("_fail")}


def test_it_comes_to_our_root_over_the_sample_log(tmp_path: Path) -> None:
    expected = json.loads((SAMPLE / "expected.json").read_text(encoding="utf-8"))
    status, printed = audit(SAMPLE / "bundle.zip", tmp_path)
    word, entries, _, root = printed.split()
    assert (status, word, int(entries)) == (0, "ok", expected["size"])
    assert root == parse_b64url(expected["root"]).hex()


@pytest.mark.parametrize("name", STOPS)
def test_it_stops_where_a_copy_was_tampered_with(name: str, tmp_path: Path) -> None:
    status, printed = audit(SAMPLE / "tampered" / f"{name}.zip", tmp_path)
    step = STOPS[name]
    if step is None:
        assert (status, printed.split()[0]) == (0, "ok")
    else:
        assert (status, printed.startswith(f"refused at step {step}: ")) == (1, True), printed
