"""One ledger for each database that it may live on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from packtrace.tests.ledger.node import Node
from packtrace.tests.ledger.workers import Workers
from packtrace.tests.scene import Scene
from packtrace.trace.ledger.home import Home

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(params=DATABASES)
def node(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Node]:
    db = request.getfixturevalue("postgresql") if request.param == "postgresql" else ""
    made = Node(Home.create(tmp_path / "home", Scene().origin, db=db))
    yield made
    made.close()


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    started = Workers(tmp_path)
    yield started
    started.close()
