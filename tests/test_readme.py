"""Both READMEs say the same, and what they show is what the commands print, from any folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from packtrace.trace.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]
ENGLISH, CHINESE = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
ROOT_HASH = re.compile(r"\b[0-9a-f]{64}\b")
EXIT_CODES = {"VERIFIED": 0, "REFUTED": 1, "UNDECIDED": 3}


def blocks(page: str, kind: str) -> list[str]:
    """The fenced blocks of one kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)


def shown(page: str) -> list[tuple[str, str]]:
    """Each command of the console blocks, and the output below it."""
    steps: list[tuple[str, str]] = []
    for line in "".join(blocks(page, "console")).splitlines(keepends=True):
        if line.startswith("$ "):
            steps.append((line.removeprefix("$ ").rstrip("\n"), ""))
        else:
            command, output = steps[-1]
            steps[-1] = (command, output + line)
    return steps


def run(script: str, folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a script as a reader would, who has the command on the path, with `home` as the user's folder."""
    env = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(home),
        "PACKTRACE_HOME": str(home / "packtrace"),
        "NO_COLOR": "1",
        "PYTHONWARNINGS": "error",
    }
    env.pop("PACKTRACE_PASSPHRASE", None)
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )


def test_log_of_ones_own_is_founded_and_verified_as_shown(tmp_path: Path) -> None:
    (script,) = (block for block in blocks(ENGLISH, "sh") if "packtrace init" in block)
    done = run(script, tmp_path, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "accepted at leaf 4" in done.stdout
    assert "VERIFIED 核验通过: log.example/trial, 5 entries" in done.stdout


def test_shown_commands_print_what_is_shown(tmp_path: Path) -> None:
    (tmp_path / "sample_batches").symlink_to(ROOT / "sample_batches")
    folder, verdicts = tmp_path, 0
    for command, output in shown(ENGLISH):
        if command == ". .venv/bin/activate":  # `run` has the command on its path
            continue
        if command.startswith("cd "):
            folder = folder / command.removeprefix("cd ")
            continue
        done = run(command, folder, tmp_path)
        # Roots follow the rule set, which the first entry names: those shown are of the day of writing.
        assert (ROOT_HASH.sub("…", done.stdout), done.stderr) == (ROOT_HASH.sub("…", output), ""), command
        assert done.returncode == EXIT_CODES[output.split(" ", 1)[0]], command
        verdicts += 1
    assert verdicts == 3


def test_both_readmes_show_the_same_and_link_to_the_same() -> None:
    assert blocks(ENGLISH, "console") == blocks(CHINESE, "console")
    commands = [
        [line.split("#")[0].split() for line in block.splitlines()] for block in blocks(ENGLISH, "sh")
    ]
    assert commands == [
        [line.split("#")[0].split() for line in block.splitlines()] for block in blocks(CHINESE, "sh")
    ]
    links = [re.findall(r"\]\(([^)]+)\)", page) for page in (ENGLISH, CHINESE)]
    assert links[0][1:] == links[1][1:]  # the first leads to the other language
    for target in links[0]:
        assert (ROOT / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("page", [ENGLISH, CHINESE], ids=["English", "Chinese"])
def test_every_command_is_in_the_overview(page: str) -> None:
    listed = re.findall(r"^\| `packtrace ([a-z-]+)", page, re.MULTILINE)
    assert sorted(set(listed)) == sorted(COMMANDS)


@pytest.mark.parametrize("page", [ENGLISH, CHINESE], ids=["English", "Chinese"])
def test_every_make_target_that_is_named_exists(page: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)\b", page, re.MULTILINE))
    assert {"demo", "test"} <= named
    assert all(re.search(rf"^{name}:", makefile, re.MULTILINE) for name in named), named
