"""A real ledger takes the truck's events in their order, and in no other."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from packtrace.sample_batches.firms import ORIGIN
from packtrace.sample_batches.keys import SampleLogSigner
from packtrace.signing.base64url import parse_b64url
from packtrace.trace.ledger.home import Home
from packtrace.trace.ledger.ledger import Ledger, Submission
from packtrace.trace.times import parse_log_time

TRUCK = Path(__file__).parents[2] / "sample_batches" / "truck-of-legacy-packs"
LINES = [orjson.loads(line) for line in (TRUCK / "events.ndjson").read_bytes().splitlines()]
TIMES = [parse_log_time(line["at"]) for line in LINES]
SUBMISSIONS = [Submission(tuple(line["events"])) for line in LINES]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    home = Home.create(tmp_path / "home", ORIGIN)
    signer = SampleLogSigner(ORIGIN)
    return Ledger.create(home, SUBMISSIONS[0].events[0], signer, lambda: TIMES[0])


def test_ledger_refuses_the_arrival_before_the_loading(ledger: Ledger) -> None:
    """The order matters: what is sent too early is refused, and stops what follows."""
    accepted = next(at for at, line in enumerate(LINES) if b"handover.accepted" in _payloads(line))
    with ledger:
        outcomes = ledger.append([SUBMISSIONS[accepted]], at=[TIMES[accepted]])
        assert [outcome.status for outcome in outcomes] == ["refused"]


def _payloads(line: dict[str, list[str]]) -> bytes:
    return b"".join(parse_b64url(text.split(".")[1]) for text in line["events"])
