"""`packtrace bench`: what recording and auditing cost, in signatures of this very machine."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from .bench_labels import label_lines, measure_labels
from .bench_rounds import APPENDED_AT_ONCE, Bench, Round
from .progress import progress

_SINGLE_ROUNDS: Final = 3


@click.command()
@click.option("--rounds", type=click.IntRange(1, 50), default=5, show_default=True)
@click.option(
    "--events", type=click.IntRange(100, 1_000_000), default=20_000, show_default=True, help="In a round."
)
@click.option(
    "--memory",
    "most",
    type=click.IntRange(1),
    metavar="MIB",
    help="Measure only what memory verifying them takes; exit code 1 where it is more than that.",
)
@click.option("--http/--no-http", default=True, show_default=True, help="Measure the API as well.")
@click.option("--labels", "of_labels", is_flag=True, help="Measure only what labels cost.")
@click.option("--json", "as_json", is_flag=True, help="One object.")
def bench(rounds: int, events: int, most: int | None, http: bool, of_labels: bool, as_json: bool) -> int:
    """Measure recording and auditing on this machine, as ratios to the verification of a signature (Y1).

    Each round records the same events in a new log in a SQLite file, durably, 1,000 an append; audits its
    bundle with and without the signatures of events; and makes and checks proofs. Then the same events go
    over HTTP, in batches and one by one. Medians are told.
    """
    if of_labels:
        said = measure_labels(rounds)
        click.echo(json.dumps(said) if as_json else "\n".join(label_lines(said)))
        return 0
    if most is not None:
        return _tell_memory(events, most, as_json)
    with progress("measuring", rounds + 1) as done:
        measured = Bench(events)
        done(1)
        took: list[Round] = []
        for number in range(rounds):
            with _folder() as folder:
                took.append(measured.round(folder))
                if number == rounds - 1:
                    peak = measured.verify_memory(folder)
            done(1)
    said = _summary(measured, took, peak)
    if http:
        with progress("measuring over HTTP", 2) as done:
            _measure_http(said, events, rounds, done)
    if as_json:
        click.echo(json.dumps(said))
    else:
        for line in _lines(said):
            click.echo(line)
    return 0


def _measure_http(said: dict[str, Any], events: int, rounds: int, done: Callable[[int], None]) -> None:
    """Add what the API costs."""
    from ...web.bench.batch import measure_batches  # a web server, which the rest of the bench does not need
    from ...web.bench.single import measure_singles

    batch = measure_batches(events, rounds)
    done(1)
    single = measure_singles(min(1_000, max(100, events // 20)), min(rounds, _SINGLE_ROUNDS))
    done(1)
    said["ratios"] |= {
        "http_batch": round(batch.ratio, 3),
        "http_single": round(single.ratio, 3),
        "group_commit": round(single.group_commit, 2),
    }
    said["us"] |= {
        "http_batch": round(batch.over_http_us, 1),
        "http_single": round(single.durable_us, 1),
        "http_single_alone": round(single.alone_us, 1),
        "http_trivial": round(single.trivial_us, 1),
    }
    said["http"] = {"posts_a_second": round(single.rate), "receipt_p99_s": round(single.p99_s, 3)}


def _http_lines(said: dict[str, Any]) -> Iterator[str]:
    us, ratios, http = said["us"], said["ratios"], said["http"]
    yield (
        f"HTTP, in batches  {us['http_batch']:7.1f} us  an event; "
        f"{ratios['http_batch']:.2f} x the same within the process"
    )
    yield (
        f"HTTP, singly      {us['http_single']:7.1f} us  an event, durable, from 64 clients; "
        f"{ratios['http_single']:.2f} x a trivial request"
    )
    yield f"  one client      {us['http_single_alone']:7.1f} us  an event, each with a commit of its own"
    yield f"group commit      {ratios['group_commit']:7.1f} x   a commit for each event, 64 writers"
    yield (
        f"receipt           {http['receipt_p99_s']:7.3f} s   at most, for 99 of 100 at half of "
        f"{http['posts_a_second']} a second"
    )


def _tell_memory(events: int, most: int, as_json: bool) -> int:
    """How much a process takes that verifies so many events; whether it is within bounds, as an exit code."""
    with progress("measuring", 3) as done, _folder() as folder:
        measured = Bench(events)
        done(1)
        measured.bundle(folder)
        done(1)
        peak = measured.verify_memory(folder)
        done(1)
    if as_json:
        click.echo(json.dumps({"verify_peak_bytes": peak, "events": measured.events}))
    else:
        click.echo(f"{_memory(peak)} with {measured.events} events; {most} MiB are allowed")
    return int(peak > most << 20)


def _memory(peak: int) -> str:
    return f"memory            {peak / 2**20:7.1f} MiB at most, verifying the bundle"


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="packtrace-bench-") as folder:
        yield Path(folder)


def _summary(measured: Bench, took: Sequence[Round], peak: int) -> dict[str, Any]:
    """Medians: rates as multiples of Y1's rate, costs as fractions of a Y1."""

    def median(of: Callable[[Round], float]) -> float:
        return statistics.median(map(of, took))

    y1 = statistics.median(cost.y1 for one in took for cost in (one.ingest, one.audit, one.unsigned))
    return {
        "ratios": {
            "audit": round(median(lambda one: 1 / one.audit.share), 3),
            "audit_without_signatures": round(median(lambda one: one.unsigned.share), 3),
            "ingest": round(median(lambda one: 1 / one.ingest.share), 3),
            "proof_made": round(median(lambda one: one.proof_made.share), 3),
            "proof_checked": round(median(lambda one: one.proof_checked.share), 3),
        },
        "us": {
            "y1": round(y1, 1),
            "audit": round(median(lambda one: one.audit.us), 1),
            "audit_without_signatures": round(median(lambda one: one.unsigned.us), 1),
            "ingest": round(median(lambda one: one.ingest.us), 1),
            "proof_made": round(median(lambda one: one.proof_made.us), 1),
            "proof_checked": round(median(lambda one: one.proof_checked.us), 1),
        },
        "bytes": {
            "payload": round(measured.payload_bytes),
            "database": round(median(lambda one: one.database_bytes)),
            "bundle": round(median(lambda one: one.bundle_bytes)),
            "bundle_zip": round(median(lambda one: one.zip_bytes)),
        },
        "verify_peak_bytes": peak,
        "events": measured.events,
        "rounds": len(took),
    }


def _lines(said: dict[str, Any]) -> Iterator[str]:
    us, ratios, size = said["us"], said["ratios"], said["bytes"]
    shares = {name: f"{us[name]:7.1f} us  {{}}; {ratios[name]:.3f} of a Y1" for name in us if name in ratios}
    rates = {
        name: f"{us[name]:7.1f} us  {{}}; {ratios[name]:.2f} x Y1's rate" for name in ("ingest", "audit")
    }
    yield f"Y1                {us['y1']:7.1f} us  one Ed25519 verification of an event, by cryptography"
    yield "ingest            " + rates["ingest"].format(f"an event, durable, {APPENDED_AT_ONCE} an append")
    yield "audit             " + rates["audit"].format("an event, everything checked")
    yield "  no signatures   " + shares["audit_without_signatures"].format("an event, all but its signature")
    yield "inclusion, made   " + shares["proof_made"].format("a proof, tiles in memory")
    yield "inclusion, seen   " + shares["proof_checked"].format("a proof")
    yield f"at rest           {size['database']:7d} B   an event, in SQLite; {size['payload']} its payload"
    yield f"in a bundle       {size['bundle']:7d} B   an event; {size['bundle_zip']} in a zip"
    yield _memory(said["verify_peak_bytes"])
    if "http" in said:
        yield from _http_lines(said)
    yield f"medians of {said['rounds']} rounds with {said['events']} events"
