"""Encoders in other languages write the compact form byte for byte, with the settings of `docs/format.md`."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

THIRD_PARTY = Path(__file__).parents[1] / "third_party"
VECTORS = Path(__file__).parents[2] / "docs" / "vectors" / "compact"
CASES = sorted(path.parent.name for path in VECTORS.glob("*/value.json"))

# Language -> the program that runs it, what it is called, its arguments, and what Debian calls the package.
ENCODERS = {
    "JavaScript": ("node", ("encode.mjs",), "nodejs"),
    "Go": ("go", ("run", "encode.go"), "golang-go"),
    "Java": ("java", ("-Xshare:auto", "Encode.java"), "default-jdk-headless"),
}


@pytest.mark.parametrize("language", ENCODERS)
def test_other_languages_write_the_same_bytes(language: str, tmp_path: Path) -> None:
    program, arguments, package = ENCODERS[language]
    found = shutil.which(program)
    if found is None:
        reason = f"no {program}: apt-get install {package}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    out = tmp_path / "out"
    out.mkdir()
    env = os.environ | {"GO111MODULE": "off", "GOCACHE": str(tmp_path / "cache"), "GOFLAGS": "-p=2"}
    done = subprocess.run(
        [found, *arguments, VECTORS, out],
        cwd=THIRD_PARTY, env=env, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == CASES
    assert len(CASES) >= 10
    different = [
        name for name in CASES if (out / name).read_bytes() != (VECTORS / name / "compact.json").read_bytes()
    ]
    assert not different
