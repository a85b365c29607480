"""What a single durable POST costs beside a trivial one, what group commit wins, how long a receipt takes.

Server and ledger are in this process and are measured; the clients are in another and are not. The trivial
application reads JSON and answers it, under the same server with the same threads.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
from flask import Flask, Response, request

from ...trace.ledger.door import Submission
from ...trace.ledger.ledger import Ledger, system_clock
from ...trace.ledger.writer import Writer
from ..app import create_app
from ..limits import Limits
from ..node import Node
from .batch import BatchBenchError, Events, ledger_in, served

WRITERS: Final = 64

# Posts each line of a file over keep-alive connections: as fast as they are answered, or so many a second.
_CLIENT: Final = """
import asyncio, json, sys, time
port, connections, path, rate = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
with open(path, "rb") as file:
    bodies = list(reversed(file.read().splitlines()))
total, took, good, began = len(bodies), [], 0, time.perf_counter()
LINES = ("POST /api/v1/events HTTP/1.1", "Host: x", "Content-Type: application/json", "Content-Length: %d")
HEAD = "\\r\\n".join((*LINES, "", ""))
async def work():
    global good
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while bodies:
        due = began + (total - len(bodies)) / rate if rate else 0
        body = bodies.pop()
        await asyncio.sleep(max(0, due - time.perf_counter()))
        sent = due or time.perf_counter()
        writer.write((HEAD % len(body)).encode() + body)
        head = (await reader.readuntil(b"\\r\\n\\r\\n")).lower()
        await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\\r\\n")[0]))
        took.append(time.perf_counter() - sent)
        good += head[9:12] in (b"200", b"201")
    writer.close()
async def main():
    await asyncio.gather(*(work() for _ in range(connections)))
asyncio.run(main())
took.sort()
rate = total / (time.perf_counter() - began)
print(json.dumps({"good": good, "rate": rate, "p99": took[int(total * 0.99)]}))
"""


@dataclass(frozen=True, slots=True)
class SingleCost:
    """Microseconds of the processor for a request, and what follows from them; medians of all rounds."""

    trivial_us: float
    durable_us: float  # at 64 writers
    alone_us: float  # one after the other, each with a commit, a checkpoint and a receipt of its own
    ratio: float  # durable to trivial
    group_commit: float  # the rate at 64 writers, in that of a commit for each event
    rate: float  # of durable POSTs at 64 writers, a second
    p99_s: float  # from submitting to the receipt, at half of that rate


def measure_singles(posts: int = 1_000, rounds: int = 3) -> SingleCost:
    """Post single events and trivial requests in turn.

    Args:
        posts: Events in each measurement; none depends on another.
        rounds: Each in a folder of its own, durably, in a SQLite file.
    """
    events = Events.independent(4 * posts + posts // 2)
    trivial: list[float] = []
    durable: list[float] = []
    alone: list[float] = []
    won: list[float] = []
    rates: list[float] = []
    p99: list[float] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="packtrace-bench-") as folder:
            path = Path(folder)
            texts = iter(events.texts)
            with ledger_in(path / "home", events) as ledger:
                with served(_trivial_app()) as port:
                    trivial.append(_post(path, port, _take(texts, 0, posts, events), WRITERS)[0])
                node = Node.start(ledger.home, ledger, system_clock, _LIMITS)
                with served(create_app(node), node) as port:
                    cost, said = _post(path, port, _take(texts, posts, posts, events), WRITERS)
                    durable.append(cost)
                    rates.append(said["rate"])
                    alone.append(_post(path, port, _take(texts, posts // 2, posts // 2, events), 1)[0])
                    half = said["rate"] / 2
                    p99.append(_post(path, port, _take(texts, posts, posts, events), WRITERS, half)[1]["p99"])
                won.append(_group_commit(ledger, _take(texts, posts, posts, events)))
    return SingleCost(
        trivial_us=1e6 * statistics.median(trivial),
        durable_us=1e6 * statistics.median(durable),
        alone_us=1e6 * statistics.median(alone),
        ratio=statistics.median(b / a for a, b in zip(trivial, durable, strict=True)),
        group_commit=statistics.median(won),
        rate=statistics.median(rates),
        p99_s=statistics.median(p99),
    )


_LIMITS: Final = Limits(requests_a_minute=10_000_000)  # or the bench would measure its refusals


def _take(texts: Iterator[str], count: int, least: int, events: Events) -> list[str]:
    """The next texts, none of which was posted before; for the trivial application any will do."""
    return events.texts[:least] if not count else [next(texts) for _ in range(count)]


def _group_commit(ledger: Ledger, texts: Sequence[str]) -> float:
    """How much faster 64 writers are when what they submit is recorded together."""
    half = len(texts) // 2

    def alone(text: str) -> None:
        _check(ledger.append([Submission((text,))])[0].status == "accepted")

    began = time.perf_counter()
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(alone, texts[:half]))
    each = time.perf_counter() - began
    with Writer(ledger) as writer:

        def together(text: str) -> None:
            _check(writer.submit(Submission((text,))).result().outcome.status == "accepted")

        began = time.perf_counter()
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(together, texts[half : 2 * half]))
        return each / (time.perf_counter() - began)


def _check(is_so: bool) -> None:
    if not is_so:
        raise BatchBenchError("bench: expected every event accepted, got another outcome")


def _trivial_app() -> Flask:
    app = Flask("trivial")

    @app.post("/api/v1/events")
    def answer() -> Response:
        return Response(orjson.dumps(request.get_json()), content_type="application/json")

    return app


def _post(
    folder: Path, port: int, texts: Sequence[str], connections: int, rate: float = 0
) -> tuple[float, dict[str, Any]]:
    """Seconds of this process for each request, and what the client saw."""
    file = folder / "bodies"
    file.write_bytes(b"\n".join(orjson.dumps({"event": text}) for text in texts))
    began = time.process_time()
    done = subprocess.run(  # noqa: S603 - this very program
        [sys.executable, "-c", _CLIENT, str(port), str(connections), str(file), str(rate)],
        capture_output=True,
        text=True,
        check=True,
    )
    spent = time.process_time() - began
    said: dict[str, Any] = json.loads(done.stdout)
    _check(said["good"] == len(texts))
    return spent / len(texts), said
