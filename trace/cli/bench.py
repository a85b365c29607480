"""`packtrace bench`: what recording and auditing cost, in signatures of this very machine.

A verification of one Ed25519 signature over the same bytes (Y1) is measured in the same run, in turns with
the rest, so that the ratios survive a slow or a busy machine. Times are of the processor, not of the clock.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ...signing.base64url import b64url
from ...signing.compact import format_compact
from ...signing.jws import EVENT, Jws, parse_jws, sign_jws
from ...signing.keys import PrivateKey, generate_private_key
from ...signing.log_key import LogKey, generate_log_keys
from ...signing.policy import NONE, Policy
from ..bundle.write import write_bundle
from ..ledger.door import Submission
from ..ledger.ledger import Ledger, system_clock
from ..template import NONCE_BYTES, next_statement
from ..verify.findings import Outcome
from ..verify.trust import Trust
from ..verify.verify_source import verify_source
from .act import act, claimed_now, prove_key
from .chains import LedgerSource
from .init import found_log
from .place import Place
from .progress import progress

ORIGIN = "bench.packtrace.example"
REGISTRAR = "org:uscc:12440000EXAMPLE119"
MAKER = "org:uscc:91441200EXAMPLE2XJ"
VENDOR = "ZX1"


@dataclass(frozen=True, slots=True)
class Round:
    """Microseconds of processor time for one event."""

    y1: float
    ingest: float
    audit: float


@click.command()
@click.option("--rounds", type=click.IntRange(1, 50), default=3, show_default=True)
@click.option(
    "--events", type=click.IntRange(100, 1_000), default=1_000, show_default=True, help="In a round."
)
@click.option("--json", "as_json", is_flag=True, help="One object.")
def bench(rounds: int, events: int, as_json: bool) -> None:
    """Measure recording and auditing on this machine, as ratios to the verification of a signature (Y1).

    Recording is durable, in one batch, in a SQLite log of its own; auditing is a `verify` of its bundle.
    """
    with progress("measuring", rounds) as done:
        measured = []
        for _ in range(rounds):
            measured.append(_measure(events))
            done(1)
    y1, ingest, audit = (
        statistics.median(values)
        for values in zip(*((one.y1, one.ingest, one.audit) for one in measured), strict=True)
    )
    ratios = {
        "ingest": round(statistics.median(one.y1 / one.ingest for one in measured), 3),
        "audit": round(statistics.median(one.y1 / one.audit for one in measured), 3),
    }
    if as_json:
        said = {"y1_us": y1, "ingest_us": ingest, "audit_us": audit}
        rounded = {name: round(value, 1) for name, value in said.items()}
        click.echo(json.dumps({"ratios": ratios, **rounded, "rounds": rounds, "events": events}))
        return
    click.echo(f"Y1      {y1:7.1f} us  one Ed25519 verification of an event, by cryptography")
    click.echo(f"ingest  {ingest:7.1f} us  an event, durable; {ratios['ingest']:.2f} x Y1")
    click.echo(f"audit   {audit:7.1f} us  an event, everything checked; {ratios['audit']:.2f} x Y1")


def _measure(events: int) -> Round:
    """One round on a log of its own."""
    with tempfile.TemporaryDirectory(prefix="packtrace-bench-") as folder:
        place = Place(home=Path(folder) / "home")
        log_key, registrar = generate_log_keys(ORIGIN), generate_private_key("Ed25519")
        home, _ = found_log(place, log_key, registrar, REGISTRAR, purpose="test", passphrase=None, db="")
        with Ledger.open(home, log_key, system_clock) as ledger:
            key = _enrol_maker(ledger, registrar)
            texts = list(_sign(ledger, key, events, claimed_now()))
            parsed = [parse_jws(text, typ=EVENT) for text in texts]
            y1 = _verify_all(key, parsed)
            began = time.process_time()
            outcomes = ledger.append([Submission((text,)) for text in texts])
            ingest = time.process_time() - began
            if any(outcome.status != "accepted" for outcome in outcomes):
                raise RuntimeError("bench: expected every event accepted, got a refusal")
            bundle = Path(folder) / "bundle"
            write_bundle(LedgerSource(place, ledger), bundle, vkeys=log_key.vkeys)
        audit = _audit(bundle, log_key, registrar)
        return Round(*(1e6 * seconds / events for seconds in (y1, ingest, audit)))


def _enrol_maker(ledger: Ledger, registrar: PrivateKey) -> PrivateKey:
    admin, key = generate_private_key("Ed25519"), generate_private_key("Ed25519")
    keys = "keys:" + MAKER.removeprefix("org:")
    enrolled = {
        "name": {"en": "Maker"},
        "region": "CN",
        "roles": [{"role": "battery_maker"}],
        "vendor_codes": [VENDOR],
        "admin": prove_key(ledger.world(), admin, MAKER),
    }
    act(ledger, registrar, "org.enrolled", MAKER, iss=REGISTRAR, data=enrolled)
    added = {"use": "sign", **prove_key(ledger.world(), key, keys)}
    act(ledger, admin, "key.added", keys, iss=MAKER, data=added)
    return key


def _sign(ledger: Ledger, key: PrivateKey, events: int, now: datetime) -> Iterator[str]:
    """Packs, each made once."""
    world = ledger.world()
    for number in range(events):
        statement = next_statement(
            world,
            "battery.manufactured",
            f"battery:gbt34014:{VENDOR}PB520B52Q01G49{number:07d}",
            iss=MAKER,
            occurred_at=now,
            nonce=os.urandom(NONCE_BYTES),
            data={
                "chemistry": "LFP",
                "mass": {"g": 438_000, "basis": "nameplate"},
                "label": b64url(os.urandom(32)),
            },
        )
        yield sign_jws(format_compact(statement), key, EVENT)


def _verify_all(key: PrivateKey, events: list[Jws]) -> float:
    """Y1: seconds for the signatures of these events alone."""
    public = Ed25519PublicKey.from_public_bytes(key.public.raw)
    signed = [(event.signature, event.signing_input) for event in events]
    began = time.process_time()
    for signature, message in signed:
        public.verify(signature, message)
    return time.process_time() - began


def _audit(bundle: Path, log_key: LogKey, registrar: PrivateKey) -> float:
    trust = Trust(ORIGIN, frozenset({registrar.public.kid}), 1, Policy(NONE, log_key.vkeys))
    began = time.process_time()
    report = verify_source(bundle, trust=trust)
    seconds = time.process_time() - began
    if report.outcome is not Outcome.VERIFIED:
        raise RuntimeError(f"bench: expected {bundle} verified, got {report.outcome.value}")
    return seconds
