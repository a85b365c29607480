"""The browser's own core: its units run in Node, over cases that Python has judged (`tests/js`)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from packtrace.tests.web.js_cases import write_cases

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "tests" / "js").glob("*.test.mjs"))
CORE = ROOT / "web" / "static" / "js" / "core"
# `import("./x.js")` stands in comments, where it names a type.
FORBIDDEN = re.compile(
    r"\beval\b|new Function\b|\bimport *\((?!\"\./)|\brequire\b|process\.|location\.|innerHTML"
)
OLDEST = 20  # of Node: the first with Ed25519 in WebCrypto


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    version = (
        subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
        if found
        else "none"
    )
    major = re.match(r"v(\d+)\.", version)
    if found is None or major is None or int(major[1]) < OLDEST:
        reason = f"node: expected version {OLDEST} or later, got {version.strip()}: apt-get install nodejs"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("js") / "cases.json"
    write_cases(path)
    return path


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name.removesuffix(".test.mjs"))
def test_unit_holds_in_node(unit: Path, node: str, cases: Path, vectors: Path) -> None:
    environment = os.environ | {"PACKTRACE_JS_CASES": str(cases), "PACKTRACE_VECTORS": str(vectors)}
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", unit], capture_output=True, text=True, check=False,
        timeout=300, env=environment, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    passed = re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
    assert passed and int(passed[1]) > 0
    assert "# skipped 0" in done.stdout


def test_core_is_made_for_a_strict_policy_and_for_the_browser_alone() -> None:
    """No code from strings, nothing loaded at run time, nothing but its own modules and the browser."""
    modules = sorted(CORE.glob("*.js"))
    assert len(modules) > 10
    for module in modules:
        source = module.read_text(encoding="utf-8")
        for name in re.findall(r"""(?:from|import)\s*\(?["']([^"']+)["']""", source):
            assert re.fullmatch(r"\./[a-z0-9]+\.js", name) and (CORE / name).is_file(), module.name
        found = FORBIDDEN.search(source)
        assert found is None, f"{module.name}: {found[0] if found else ''}"
        assert len(source.splitlines()) <= 400, module.name
        for line in source.splitlines():
            assert len(line) <= 125, f"{module.name}: {line}"


def test_every_export_of_the_core_has_a_description() -> None:
    for module in sorted(CORE.glob("*.js")):
        lines = module.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("// "), f"{module.name} begins with what it is for"
        for number, line in enumerate(lines):
            if re.match(r"export (async )?(function|class)|export const [a-z]", line):
                assert lines[number - 1].endswith("*/"), f"{module.name}:{number + 1}: {line}"
