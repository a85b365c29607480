"""A node in a process of its own, as it is deployed: `packtrace serve`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from packtrace.signing.log_key import save_log_key
from packtrace.tests.scene import Scene
from packtrace.trace.ledger.home import Home
from packtrace.trace.ledger.ledger import Ledger, Submission, system_clock

_COMMAND = "from packtrace.trace.cli.main import main; main()"


def found(home: Path, scene: Scene) -> Home:
    """A home with a log in which everybody of the scene is enrolled."""
    made = Home.create(home, scene.origin)
    save_log_key(made.log_key, scene.log_key)
    opened, *others = scene.founding()
    with Ledger.create(made, opened, scene.log_key, system_clock) as ledger:
        outcomes = ledger.append([Submission((text,)) for text in others])
    assert {outcome.status for outcome in outcomes} == {"accepted"}
    return made


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start the command in a folder, with none of our variables in its environment."""
    return subprocess.Popen(
        [sys.executable, "-c", _COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("PACKTRACE_")},
        text=True,
    )


def end(process: subprocess.Popen[str]) -> None:
    """End it as it is meant to be ended, and see that it ended well."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0 and "Traceback" not in said, said


@contextmanager
def serving(home: Path, *options: str) -> Iterator[str]:
    """The address of a node that runs meanwhile."""
    live = Live(home, options)
    try:
        yield live.url
    finally:
        live.stop()


@dataclass
class Live:
    """A running node; start it again after it was killed."""

    home: Path
    options: tuple[str, ...] = ()
    process: subprocess.Popen[str] = field(init=False)
    port: int = 0

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start the process, and return once it takes requests."""
        folder = self.home.parent
        self.process = start(folder, "serve", "--home", str(self.home), "--port", "0", *self.options)
        assert self.process.stdout
        said = self.process.stdout.readline()
        assert said.startswith("serving http://127.0.0.1:"), self.process.communicate(timeout=30)
        self.port = int(said.rpartition(":")[2])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """End it at once, as a power cut would end the process."""
        self.process.kill()
        self.process.communicate(timeout=30)

    def stop(self) -> None:
        """End it as it is meant to be ended."""
        end(self.process)
