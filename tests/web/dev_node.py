"""`packtrace dev` in a process of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packtrace.tests.web.live import end, start


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
    process = start(folder.parent, "dev", "--port", "0", "--json", "--folder", str(folder))
    assert process.stdout
    said = process.stdout.readline()
    try:
        assert said.startswith("{"), process.communicate(timeout=30)
        yield DevNode(process, json.loads(said))
    finally:
        end(process)
