"""A node that serves a small world of test organisations."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from packtrace.tests.ledger.node import Node as Played
from packtrace.tests.scene import Scene
from packtrace.tests.web.wire import ANSWERED
from packtrace.trace.ledger.home import Home
from packtrace.trace.ledger.ledger import Ledger
from packtrace.web.app import create_app
from packtrace.web.limits import Limits
from packtrace.web.node import Node


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What `make fuzz` was answered, by status."""
    if "PACKTRACE_FUZZ" in os.environ:
        said = ", ".join(f"{status or 'closed'}: {count}" for status, count in sorted(ANSWERED.items()))
        terminalreporter.write_line(f"{ANSWERED.total()} requests; {said}")


JOSE = {"Content-Type": "application/jose"}

on_both = pytest.mark.parametrize("served", ["sqlite", "postgresql"], indirect=True)
"""Runs a test on each database that the ledger may live on."""


@dataclass
class Served:
    """A node, the scene that is played on it, and a client without a server between."""

    played: Played
    ledger: Ledger
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        self.node = Node.start(self.played.home, self.ledger, self.played.clock, self.limits)
        self.app: Flask = create_app(self.node)
        self.client: FlaskClient = self.app.test_client()

    @property
    def scene(self) -> Scene:
        return self.played.scene

    def post(self, text: str | bytes, /, **headers: str) -> TestResponse:
        """Post one event as a JWS."""
        return self.client.post("/api/v1/events", data=text, headers=JOSE | headers)

    def close(self) -> None:
        self.node.close()


@pytest.fixture
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """On SQLite, or on what `on_both` names."""
    db = request.getfixturevalue("postgresql") if getattr(request, "param", "") == "postgresql" else ""
    played = Played(Home.create(tmp_path / "home", Scene().origin, db=db))
    made = Served(played, played.create())
    yield made
    made.close()
    played.close()


def check_problem(response: Response, status: int, code: str) -> dict[str, Any]:
    """The one shape of every error (RFC 9457); its body."""
    assert response.content_type == "application/problem+json", response.data
    body: dict[str, Any] = response.json or {}
    assert (response.status_code, body["status"], body["code"]) == (status, status, code), body
    assert body["type"].endswith(f"#{code}") and body["title"] and body["detail"]
    return body
