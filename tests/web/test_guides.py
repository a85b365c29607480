"""Every guide is run as it stands: its files, its commands, and what it says that they print."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from packtrace.tests.conftest import lacks
from packtrace.tests.web.dev_node import dev_node

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs" / "guides"
BLOCK = re.compile(r"(?:Save as `([^`\n]+)`:\n\n)?^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NEEDS = {
    "curl-openssl": ("curl", "openssl"),
    "python": (),
    "node": ("node", "npm"),
    "java": ("java",),
    "go-dotnet": ("go",),
}


def saved(page: str) -> dict[str, str]:
    """The files that a page has its reader save."""
    return {name: text for name, _, text in BLOCK.findall(page) if name}


def commands(page: str) -> str:
    """The commands that a page has its reader type, in order; those of `console` are shown only."""
    return "".join(text for _, kind, text in BLOCK.findall(page) if kind == "sh")


def printed(page: str) -> re.Pattern[str]:
    """What a page says that its commands print; `…` stands for anything on a line."""
    text = "".join(text for _, kind, text in BLOCK.findall(page) if kind == "text")
    return re.compile(".*".join(map(re.escape, text.split("…"))))


def test_every_guide_is_run_and_listed() -> None:
    pages = {path.stem for path in GUIDES.glob("*.md")} - {"README"}
    assert pages == set(NEEDS)
    listed = (GUIDES / "README.md").read_text(encoding="utf-8")
    assert {f"({name}.md)" for name in pages} <= set(re.findall(r"\([a-z-]+\.md\)", listed))


@pytest.mark.parametrize("name", NEEDS)
def test_the_guide_does_what_it_says(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    page = (GUIDES / f"{name}.md").read_text(encoding="utf-8")
    for tool in NEEDS[name]:
        if shutil.which(tool) is None:
            lacks(f"no {tool}")
    if name == "node":
        (tmp_path / "node_modules").symlink_to(request.getfixturevalue("node_packages"))
    for file, text in saved(page).items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    with dev_node(tmp_path / "dev"):
        done = run(commands(page), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert printed(page).fullmatch(done.stdout), f"{done.stdout}\n{done.stderr}"
    assert {"409", "422"} <= set(re.findall(r"^\d{3}\b", done.stdout, re.MULTILINE))


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run it in the reader's shell: `packtrace` and `python` are those of these tests."""
    programs = folder / "programs"
    programs.mkdir()
    own = f'exec "{sys.executable}" -c "from packtrace.trace.cli.main import main; main()" "$@"'
    for name, command in (("packtrace", own), ("python", f'exec "{sys.executable}" "$@"')):
        (programs / name).write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    return subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=folder,
        env=os.environ
        | {
            "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
            "PACKTRACE_HOME": str(folder / "home"),
            "NO_COLOR": "1",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
