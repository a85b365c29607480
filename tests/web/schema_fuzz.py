"""Requests that schemathesis makes of the document: all phases, all checks, on a node in this process."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import schemathesis
from flask import Flask
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.transport.wsgi import WSGITransport

from packtrace.web.api.rows import XLSX

DOCUMENT: Final = "/api/v1/openapi.json"
PHASES: Final = ("examples", "coverage", "fuzzing", "stateful")

# All checks are on, but for what is said here of single routes.
CHECKS: Final[dict[str, Any]] = {
    # No JSON Schema says whether a code has its check character, a signature holds, or a token is of this
    # node: what fits the schema may still be refused.
    "positive_data_acceptance": {
        "expected-statuses": ["2xx", "3xx", "400", "401", "403", "404", "409", "413", "422", "429"]
    },
}
OPERATIONS: Final[list[dict[str, Any]]] = [
    {
        # A code that is none is answered in its place, so that it spoils no other (docs/api.md).
        "include-path": "/api/v1/heads",
        "checks": {"negative_data_rejection": {"enabled": False}},
    },
    {
        # Whatever is made in place of a text is sent as one; a batch answers it line by line, and what is no
        # event is explained. `test_corpus` holds what is refused.
        "include-path": "/api/v1/explain",
        "checks": {"negative_data_rejection": {"enabled": False}},
    },
    {
        # The same. And GET asks there for an event of that name, so that Allow rightly has it.
        "include-path": "/api/v1/events/batch",
        "checks": {
            name: {"enabled": False}
            for name in ("negative_data_rejection", "allow_header_conformance", "unsupported_method")
        },
    },
]


def _send(self: WSGITransport, case: Any, *, session: Any = None, **settings: Any) -> Any:
    """As the library's own, which hands what is meant for sockets on to werkzeug where a check asks again."""
    for name in ("max_redirects", "verify", "cert", "proxies"):
        settings.pop(name, None)
    return _SEND(self, case, session=session, **settings)


_SEND: Final = WSGITransport.send
WSGITransport.send = _send  # type: ignore[method-assign]


@schemathesis.serializer("application/jose", "application/x-ndjson", XLSX)
def _as_text(context: schemathesis.SerializationContext, value: Any) -> bytes:
    """Events and lines are texts; whatever else is made in their place, or as a workbook, goes as it is."""
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else str(value).encode()


@dataclass
class Fuzzed:
    """What came of it."""

    statuses: Counter[int] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)  # by operation and check, the first of each
    errors: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return self.statuses.total()


def fuzz(app: Flask, token: str, *, examples: int, seed: int = 1, max_time_s: int | None = None) -> Fuzzed:
    """Ask everything that the document knows of, for an organisation that shows its token.

    Args:
        examples: Of each operation, in the phase of fuzzing; the other phases count by themselves.
    """
    config = SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "continue-on-failure": True,
            "headers": {"Authorization": token},
            "generation": {"mode": "all", "max-examples": examples, "database": "none"},
            "checks": CHECKS,
            "operations": OPERATIONS,
        }
        | ({"max-time": max_time_s} if max_time_s else {})
    )
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, app, config=config)
    _strict(schema.raw_schema)
    found = Fuzzed()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _take(found, event)
        elif isinstance(event, events.NonFatalError):
            found.errors.append(f"{event.info.title}: {event.info.message}")
        elif isinstance(event, events.FatalError):
            raise event.exception
    return found


def _take(found: Fuzzed, event: events.ScenarioFinished) -> None:
    for interaction in event.recorder.interactions.values():
        if interaction.response is not None:
            found.statuses[interaction.response.status_code] += 1
            found.phases[event.phase.value] += 1
    for case, checks in event.recorder.checks.items():
        for check in checks:
            if check.failure_info is None:
                continue
            operation = event.recorder.cases[case].value.operation.label
            name = f"{operation}: {check.name}: {check.failure_info.failure.title}"
            if name not in found.failures:
                found.failures[name] = (
                    f"{check.failure_info.failure.message}\n{check.failure_info.code_sample}"
                )


def _strict(document: dict[str, Any]) -> None:
    """Hold answers to the members that the document names: clients are told to expect more, tests are not."""
    for shape in document["components"]["schemas"].values():
        shape.setdefault("additionalProperties", False)
