"""`/metrics`: what the node did and how it is, in the text format of Prometheus.

Labels are routes, statuses and outcomes: their number is bounded, and none tells whose battery it was.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Final, cast

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from ..signing.checkpoint import open_checkpoint
from ..trace.errors import TraceError
from .node import Node

REQUESTS: Final = logging.getLogger("packtrace.requests")
"""One line a request, where that is wanted."""

_EXTENSION: Final = "packtrace-metrics"
_STARTED: Final = "packtrace_started"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NO_ROUTE: Final = "none"
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # s


class Metrics:
    """Counters of one application, in a registry of their own."""

    def __init__(self, node: Node) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._requests = Counter(
            "packtrace_http_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "packtrace_http_request_seconds",
            "From a request's head to the head of its answer.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._registry.register(_NodeCollector(node))
        # To look a counter up by its labels costs more than to count.
        self._counters: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        found = self._counters.get((method, route, status))
        if found is None:
            counter = self._requests.labels(method, route, str(status))
            found = self._counters[method, route, status] = counter, self._seconds.labels(method, route)
        found[0].inc()
        found[1].observe(seconds)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)


class _NodeCollector(Collector):
    """What is true of the node at the moment at which somebody asks."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def collect(self) -> Iterable[Metric]:
        node = self._node
        outcomes = CounterMetricFamily(
            "packtrace_submissions", "Events and groups that were submitted.", labels=("outcome",)
        )
        for status, count in sorted(node.ledger.tally().items()):
            outcomes.add_metric((status,), count)
        yield outcomes
        gauge = GaugeMetricFamily
        yield gauge("packtrace_waiting", "Submissions that wait for their turn.", node.writer.waiting)
        yield gauge("packtrace_disk_free_bytes", "Free on the disk of the home.", node.free_bytes())
        try:
            registered = node.ledger.published()
            vkeys = node.home.load_vkeys()
            opened = open_checkpoint(registered.note, origin=node.ledger.origin, log_keys=vkeys)
        except TraceError:
            return  # a number that is missing raises an alarm; one that is made up does not
        yield gauge("packtrace_log_size", "Entries under the newest checkpoint.", registered.size)
        if opened.signed_at is not None:
            age = node.clock().timestamp() - opened.signed_at
            yield gauge("packtrace_checkpoint_age_seconds", "Since the newest checkpoint was signed.", age)


def install_metrics(app: Flask, node: Node) -> None:
    """Count every request to an application."""
    metrics = app.extensions[_EXTENSION] = Metrics(node)

    @app.before_request
    def begin() -> None:
        setattr(g, _STARTED, time.perf_counter())

    @app.after_request
    def end(response: Response) -> Response:
        rule = request.url_rule
        method = request.method if request.method in _METHODS else "other"
        seconds = time.perf_counter() - g.get(_STARTED, time.perf_counter())
        route = rule.rule if rule else _NO_ROUTE
        metrics.count(method, route, response.status_code, seconds)
        # The route, not the address: the token of a label is in one, and a code is somebody's business.
        REQUESTS.info("request %s %s status=%d ms=%.1f", method, route, response.status_code, 1e3 * seconds)
        return response


def answer_metrics() -> Response:
    """The numbers of this application."""
    metrics = cast(Metrics, current_app.extensions[_EXTENSION])
    return Response(metrics.text(), content_type=CONTENT_TYPE_LATEST)
