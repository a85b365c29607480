"""The command as its users run it: in a process of its own, from another folder; or within the test's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from packtrace.trace.cli.main import main

COMMAND = Path(sys.executable).with_name("packtrace")


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without what a user may have set; warnings are errors."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PACKTRACE_")}
    kept.pop("PYTHONPATH", None)
    return kept | {"PYTHONWARNINGS": "error", "PYTHONUTF8": "1"} | more


def run(
    folder: Path, *args: str | Path, stdin: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder that has nothing of ours; its own home is that folder too."""
    done = subprocess.run(
        [COMMAND, *map(str, args)],
        cwd=folder,
        env=clean_environment(HOME=str(folder), **environment),
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err, err
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def call(*args: str | Path, stdin: bytes | str = b"", **environment: str) -> Result:
    """Run the command within this process: the same answers, sooner."""
    unset = {name: None for name in os.environ if name.startswith("PACKTRACE_")}
    result = CliRunner(env=unset | environment).invoke(main, list(map(str, args)), input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def call_well(*args: str | Path, stdin: bytes | str = b"", **environment: str) -> str:
    """Run the command, which must end well; what it printed."""
    result = call(*args, stdin=stdin, **environment)
    assert result.exit_code == 0, f"{args}: {result.output}"
    return result.stdout
