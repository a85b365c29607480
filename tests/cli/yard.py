"""A yard in which everything is done by commands."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from packtrace.tests.cli.command import call_well
from packtrace.trace.times import format_time


class Yard:
    """Somebody at a keyboard: fills in templates, signs, submits."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.keys: dict[str, str] = {}

    def enrol(self, org: str, *options: str) -> None:
        """The registrar enrols it, and it has a key to sign with."""
        call_well(
            "org", "enrol", org, "--name-en", org, "--region", "CN-440300", *options, "--home", self.home
        )
        said = call_well("key", "add", org, "--home", self.home)
        self.keys[org] = said.partition("added ")[2].partition(" ")[0]

    def sign(self, org: str, kind: str, subject: str, /, **data: Any) -> dict[str, str]:
        given = [f"--set={name}={json.dumps(value)}" for name, value in data.items()]
        text = call_well("template", kind, subject, "--home", self.home, "--iss", org, *given)
        key = f"--key={self.keys[org]}"
        signed: dict[str, str] = json.loads(call_well("sign", key, "--json", "--home", self.home, stdin=text))
        return signed

    def say(self, org: str, kind: str, subject: str, /, **data: Any) -> str:
        signed = self.sign(org, kind, subject, **data)
        self.submit({"event": signed["event"], "id": signed["id"]})
        return signed["id"]

    def submit(self, line: dict[str, Any]) -> None:
        said = call_well("submit", "--json", "--home", self.home, stdin=json.dumps(line))
        assert json.loads(said)["status"] == "accepted"

    def say_group(
        self, org: str, kind: str, subject: str, /, *rest: dict[str, Any], **data: Any
    ) -> list[Any]:
        """A group as `template --group` prints it, with what only its signer knows of the others."""
        given = [f"--set={name}={json.dumps(value)}" for name, value in data.items()]
        said = call_well("template", kind, subject, "--group", "--home", self.home, "--iss", org, *given)
        group: list[Any] = json.loads(said)
        assert len(group) == 1 + len(rest), said
        for statement, more in zip(group[1:], rest, strict=True):
            statement["data"] |= more
        signed = call_well("sign", f"--key={self.keys[org]}", "--home", self.home, stdin=json.dumps(group))
        self.submit(json.loads(signed))
        return group

    def show(self, subject: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(call_well("show", subject, "--json", "--home", self.home))
        return told

    def hand_over(self, giver: str, taker: str, capacity: str, subject: str) -> None:
        until = format_time(datetime.now(UTC).replace(microsecond=0) + timedelta(days=30))
        self.say(
            giver,
            "handover.offered",
            subject,
            consignee=f"org:{taker}",
            capacity=capacity,
            expires_at=until,
        )
        # Offer and capacity are filled in by the template.
        self.say(taker, "handover.accepted", subject, condition="intact", read_by="scanner")
