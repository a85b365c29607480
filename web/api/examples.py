"""What the document shows as examples: real values, of the published test keys of the project's tests.

A test plays the story that they come from, sends every one of them to a node, and holds that they are what
that node says. On another node they are well-formed, and unknown.
"""

from __future__ import annotations

from typing import Any, Final

CODE: Final = "04QPB76836300JBC40000001"
SUBJECT: Final = f"battery:gbt34014:{CODE}"
EVENT_ID: Final = "sPA6VlUOtupFVl2LY95fEszuvMVJ1AQz-5fElXCT3b0"
ORGANISATION: Final = "org:uscc:91440300MA5000002N"
EVENT: Final = (
    "eyJhbGciOiJFZDI1NTE5Iiwia2lkIjoiSjVRNUJpd1o5akdLMjRCWkdOX2VWSUhoMDNsZFF2TFFTaHdEbnVyWXpGUSIsInR5cCI6InBh"
    "Y2t0cmFjZS1ldmVudCtqd3QifQ.eyJ2IjoxLCJhdWQiOiJsb2cucGFja3RyYWNlLmV4YW1wbGUvdGVzdCIsIm5vbmNlIjoiVFFjSlhUc"
    "UVwZGpITUtNTTFhSDZ0ZyIsInR5cGUiOiJiYXR0ZXJ5Lm1hbnVmYWN0dXJlZCIsInN1YiI6ImJhdHRlcnk6Z2J0MzQwMTQ6MDRRUEI3N"
    "jgzNjMwMEpCQzQwMDAwMDAxIiwic2VxIjowLCJpc3MiOiJvcmc6dXNjYzo5MTQ0MDMwME1BNTAwMDAwMk4iLCJvY2N1cnJlZF9hdCI6I"
    "jIwMjYtMDMtMDJUMDg6MDA6MDBaIiwiZGF0YSI6eyJtb2RlbCI6Im1vZGVsOnVzY2M6OTE0NDAzMDBNQTUwMDAwMDJOL0xGUC00MzgiL"
    "CJjaGVtaXN0cnkiOiJMRlAiLCJtYXNzIjp7ImciOjQzODAwMCwiYmFzaXMiOiJuYW1lcGxhdGUifSwibGFiZWwiOiJ2TE5oZno4bTNqV"
    "kUyeUotMmQzd25aQ0tURXJXVXQtS3F3LUx6Yk9HNjJJIn19.AIWYCRayaRhBHDxifcS_RCwQ_fxj7Nla9muOQizmxj93AuRmO16eFRU6"
    "I3vUqZAZUpYCEaKLNYhDuoU1GOHOAA"
)

PARAMETERS: Final[dict[str, Any]] = {
    "code": CODE,
    "event_id": EVENT_ID,
    "index": "000.p/1",
    "kind": "battery.inspected",
    "level": "0",
    "name": f"{ORGANISATION.removeprefix('org:')}/T-1",
    "organisation": ORGANISATION,
    "parked_id": EVENT_ID,
    "sha256": "DLngssV9jKZvTIwZDPf7jv7nNukEQngcvd6PP_sS6eY",
    "subject": SUBJECT,
}
"""By the name of the parameter; those that name what a node makes at random have none."""

_EXPLAINED: Final = {
    "an event": EVENT,
    "white space in the payload": f"{EVENT.split('.')[0]}.eyAidiI6MX0.{EVENT.split('.')[2]}",
}

_LABELS: Final[dict[str, Any]] = {
    "host": "packs.example",
    "format": "pdf",
    "sheet": "L7160",
    "labels": [
        {"code": CODE, "token": "ABCDEFGHIJ234567QRST", "name_zh": "示例磷酸铁锂包", "mass_g": 438_000}
    ],
}
_SECRET: Final = "2qjJ3hO8hAj1CUjA1oJqQw"  # noqa: S105 -- of no node
_JWK: Final = {
    "crv": "Ed25519",
    "kty": "OKP",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}  # RFC 8037, A.2
_POSSESSION: Final = "eyJhbGciOiJFZDI1NTE5IiwidHlwIjoicGFja3RyYWNlLXBvcCtqd3QifQ.e30.c2ln"
"""Not one that holds: the secret is of no node."""

BODIES: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("/api/v1/events", "application/jose"): {"an event": EVENT},
    ("/api/v1/events", "application/json"): {"an event": {"event": EVENT}, "a group": {"events": [EVENT]}},
    ("/api/v1/events/batch", "application/x-ndjson"): {"a line an event": f"{EVENT}\n"},
    ("/api/v1/explain", "application/jose"): _EXPLAINED,
    ("/api/v1/explain", "application/json"): {name: {"event": text} for name, text in _EXPLAINED.items()},
    ("/api/v1/heads", "application/json"): {"a code, and a subject": {"codes": [CODE, ORGANISATION]}},
    **{
        (path, "application/json"): {"one label": _LABELS}
        for path in ("/api/v1/labels", "/api/v1/labels/preview")
    },
    ("/api/v1/vehicles/find", "application/json"): {"a vehicle": {"vin": "1M8GDM9AXKP042788"}},
    ("/api/v1/rows/outcome", "application/json"): {
        "a row": {
            "sheet": "battery taken_in",
            "rows": [{"row": 6, "cells": [CODE, "2026-11-23"], "outcome": "accepted", "event": EVENT_ID}],
        }
    },
    ("/api/v1/invitations", "application/json"): {
        "a phone": {"name": "Gate 1"},
        "for takeovers alone": {"types": ["handover.accepted"]},
    },
    ("/api/v1/enrolment/invitation", "application/json"): {"by its secret": {"secret": _SECRET}},
    ("/api/v1/enrolment/request", "application/json"): {
        "a phone": {"secret": _SECRET, "jwk": _JWK, "possession": _POSSESSION, "name": "Phone at gate 1"}
    },
    ("/api/v1/parked", "application/json"): {
        "an event whose place was taken": {"events": [EVENT], "code": "PLACE_TAKEN", "detail": "seq: taken"}
    },
    ("/api/v1/parked/{parked_id}/take", "application/json"): {"one event": {"as": [EVENT_ID]}},
    ("/api/v1/webhooks", "application/json"): {"from now on": {"url": "https://mes.maker.example/packtrace"}},
    ("/api/v1/webhooks/{webhook_id}/replay", "application/json"): {
        "from the beginning": {"after": "WyJhZnRlciIsMF0"}
    },
}
"""By path and media type, named."""
