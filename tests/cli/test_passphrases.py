"""When somebody is asked for a passphrase, and what happens where nobody can be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from packtrace.tests.cli.command import COMMAND, call, clean_environment
from packtrace.tests.cli.conftest import CODE
from packtrace.tests.scene import uscc_of

SPAWN = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
PROMPT = b": "  # its blank comes after what was typed too soon has been thrown away
SEALED, OPEN = "BEGIN ENCRYPTED PRIVATE KEY", "BEGIN PRIVATE KEY"
INIT = ("init", "--origin", "x.example", "--registrar", f"uscc:{uscc_of(1)}")
ENROL = ("org", "enrol", f"uscc:{uscc_of(2)}", "--name-en", "M", "--region", "CN", "--role", "dealer")


def at_terminal(folder: Path, script: str, *answers: str) -> tuple[int, str]:
    """Run a script at a terminal of its own, and answer what it asks; its status and all that was shown."""
    process = subprocess.Popen(
        [sys.executable, "-c", SPAWN, "bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env=clean_environment(HOME=str(folder), PATH=f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin and process.stdout
    shown = b""
    for answer in answers:
        asked = b""
        while not asked.endswith(PROMPT):
            more = os.read(process.stdout.fileno(), 1024)
            assert more, f"not asked; shown: {(shown + asked).decode()}"
            asked += more
        shown += asked
        process.stdin.write(f"{answer}\n".encode())
        process.stdin.flush()
    rest, _ = process.communicate(timeout=30)
    return process.returncode, (shown + rest).decode()


@pytest.mark.parametrize("command", [INIT, ("key", "new", "--out", "k.pem")], ids=["init", "key new"])
def test_new_key_is_sealed_by_a_passphrase_that_is_asked_for_twice(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    script = f"packtrace {' '.join(command)} --home h"
    status, shown = at_terminal(tmp_path, script, "Zebra-88", "Zebra-89", "Zebra-88", "Zebra-88")
    assert status == 0, shown
    assert "two entered values do not match" in shown
    assert "Zebra-88" not in shown and "not encrypted" not in shown
    files = [tmp_path / "k.pem"] if command[0] == "key" else list((tmp_path / "h" / "keys").iterdir())
    assert files and all(SEALED in file.read_text() for file in files)


def test_passphrase_is_asked_for_at_the_terminal_while_a_statement_comes_through_a_pipe(
    home: Path, tmp_path: Path
) -> None:
    status, shown = at_terminal(tmp_path, "packtrace key new --out k.pem --home h", "Zebra-88", "Zebra-88")
    assert status == 0, shown
    said = f"packtrace template battery.inspected {CODE} --set condition=intact --home {home}"
    script = f"{said} 2> told | packtrace sign --key k.pem > signed"
    status, shown = at_terminal(tmp_path, script, "Zebra-88")
    assert (status, "Passphrase of k.pem" in shown, "Zebra-88" in shown) == (0, True, False), shown
    assert (tmp_path / "signed").read_text().count(".") == 2
    status, shown = at_terminal(tmp_path, script, "Zebra-89")
    assert (status, "KEY_FILE" in shown) == (2, True), shown


def test_nobody_is_asked_who_wishes_for_no_passphrase(tmp_path: Path) -> None:
    status, shown = at_terminal(tmp_path, "packtrace key new --no-passphrase --out k.pem --home h")
    assert (status, "not encrypted" in shown) == (0, True), shown
    assert OPEN in (tmp_path / "k.pem").read_text()


def test_whoever_wishes_for_none_and_gives_one_is_asked_what_is_meant(tmp_path: Path) -> None:
    args = ("key", "new", "--no-passphrase", "--out", tmp_path / "k.pem", "--home", tmp_path)
    result = call(*args, PACKTRACE_PASSPHRASE="Zebra-88")
    assert (result.exit_code, "--no-passphrase, got both" in result.stderr) == (2, True)
    assert not (tmp_path / "k.pem").exists()


def test_key_that_is_made_without_one_is_told(tmp_path: Path) -> None:
    home = ("--home", tmp_path / "h")
    org = f"uscc:{uscc_of(2)}"
    for command in ((*INIT, *home), (*ENROL, *home), ("key", "add", org, *home), ("key", "new", *home)):
        result = call(*command)
        assert result.exit_code == 0, result.output
        assert result.stderr.count("not encrypted, and readable by this user alone (0600): ") == 1
