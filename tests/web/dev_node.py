"""`packtrace dev` in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_COMMAND = "from packtrace.trace.cli.main import main; main()"


@dataclass
class DevNode:
    """A throw-away node, and what it printed."""

    process: subprocess.Popen[str]
    told: dict[str, Any]

    @property
    def url(self) -> str:
        return str(self.told["url"])

    @property
    def folder(self) -> Path:
        return Path(self.told["folder"])

    def organisation(self, name: str) -> dict[str, Any]:
        return next(each for each in self.told["organisations"] if each["name"] == name)


@contextmanager
def dev_node(folder: Path) -> Iterator[DevNode]:
    """A node whose files lie in the folder, which is not there yet."""
    process = subprocess.Popen(
        [sys.executable, "-c", _COMMAND, "dev", "--port", "0", "--json", "--folder", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder.parent,
        env={name: value for name, value in os.environ.items() if not name.startswith("PACKTRACE_")},
        text=True,
    )
    assert process.stdout
    said = process.stdout.readline()
    try:
        assert said.startswith("{"), process.communicate(timeout=30)
        yield DevNode(process, json.loads(said))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0 and "Traceback" not in errors, errors
