"""The tenant matrix: what everybody gets from every route, and what nobody gets who may not.

A route without a row fails here. Whoever adds one says what each of `ASKERS` is answered, in their order.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson
import pytest
from werkzeug.test import TestResponse

from packtrace.signing.base64url import b64url
from packtrace.tests.scene import VIN, pack_code
from packtrace.trace.ledger.tables import DISCLOSURE
from packtrace.web.pages.yard import SHELLS
from packtrace.web.reading.shown import find_event

from .tenants import ASKERS, CODE, SALT, SUB, VEHICLE, Tenants, settled

V1 = "/api/v1"
NONE_THERE = (404,) * 7
ALL = (200,) * 7
#            stranger, any, past, holder, consignee, region, elsewhere
PARTIES = (401, 403, 200, 200, 200, 200, 403)
WITHIN = (401, 403, 403, 200, 200, 200, 403)  # the parties, but who had handed it on by then
ENROLLED = (401, *(200,) * 6)
NOT_HERE = (404,) * 7


@dataclass(frozen=True)
class Row:
    """One request, and the status that each asker gets, in the order of `ASKERS`."""

    rule: str
    path: str  # {0} to {5}: ids of the pack's events; {vehicle}, {note}, {maker}, {origin}, {model}
    statuses: tuple[int, ...]
    method: str = "GET"
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


HOOK = "A" * 22
PARK = b'{"events":["x.y.z"],"code":"PLACE_TAKEN","detail":""}'
JSON = {"Content-Type": "application/json"}
JOSE = {"Content-Type": "application/jose"}
XLSX = {"Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
LINES = {"Content-Type": "application/x-ndjson"}
BLANK_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg=="
)

LABELS = orjson.dumps(
    {"host": "packs.example", "format": "svg", "labels": [{"code": CODE, "token": "ABCDEFGHIJ234567QRST"}]}
)

ROWS = (
    Row("/api/v1/batteries/<path:code>", f"{V1}/batteries/{CODE}", ALL),
    Row("/api/v1/batteries/<path:code>", f"{V1}/batteries/{pack_code(77)}", NOT_HERE),
    Row("/api/v1/batteries/<path:code>/events", f"{V1}/batteries/{CODE}/events", PARTIES),
    Row("/api/v1/batteries/<path:code>/events", f"{V1}/batteries/{pack_code(77)}/events", NOT_HERE),
    Row("/api/v1/batteries/<path:code>/bundle", f"{V1}/batteries/{CODE}/bundle", PARTIES),
    Row("/api/v1/batteries/<path:code>/bundle", f"{V1}/batteries/{pack_code(77)}/bundle", NOT_HERE),
    Row("/api/v1/batteries", f"{V1}/batteries", ENROLLED),
    Row("/api/v1/yard", f"{V1}/yard", ENROLLED),
    *(  # who reads one that was dispatched: test_slip.py
        Row(f"/api/v1/consignments/<path:name>{tail}", f"{V1}/consignments/{{maker_id}}/T-1{tail}", NOT_HERE)
        for tail in ("", "/slip")
    ),
    Row("/c/<path:text>", "/c/{maker_id}/T-1.AAAAAAAAAAAAAAAAAAAA", (404,) * 7),
    Row("/api/v1/subjects/<path:subject>", f"{V1}/subjects/{SUB}", ALL),
    Row("/api/v1/subjects/<path:subject>", f"{V1}/subjects/{VEHICLE}", ALL),
    Row("/api/v1/subjects/<path:subject>", f"{V1}/subjects/notes:{SUB}", ALL),
    Row("/api/v1/subjects/<path:subject>/events", f"{V1}/subjects/{SUB}/events", PARTIES),
    Row(
        "/api/v1/subjects/<path:subject>/events",
        f"{V1}/subjects/{VEHICLE}/events",
        (401, 403, 200, 200, 403, 200, 403),
    ),
    Row(
        "/api/v1/subjects/<path:subject>/events",
        f"{V1}/subjects/notes:{SUB}/events",
        (401, 200, 403, 200, 200, 200, 403),  # any of them signed the note
    ),
    Row("/api/v1/subjects/<path:subject>/events", f"{V1}/subjects/{{maker}}/events", ALL),
    Row("/api/v1/subjects/<path:subject>/events", f"{V1}/subjects/keys:{{maker_id}}/events", ENROLLED),
    Row("/api/v1/subjects/<path:subject>/events", f"{V1}/subjects/log:{{origin}}/events", ALL),
    Row("/api/v1/subjects/<path:subject>/events", f"{V1}/subjects/{{model}}/events", ALL),
    *(
        Row(f"/api/v1/events/<event_id>{tail}", f"{V1}/events/{event}{tail}", statuses)
        for tail in ("", "/receipt")
        for event, statuses in (
            ("{0}", PARTIES),
            ("{3}", PARTIES),  # the maker's own last one
            ("{4}", PARTIES),  # the acceptance: also for whose offer it was
            ("{5}", WITHIN),
            ("{vehicle}", (401, 403, 200, 200, 403, 200, 403)),
            ("{note}", (401, 200, 403, 200, 200, 200, 403)),
            ("A" * 43, NOT_HERE),
        )
    ),
    Row("/api/v1/events", f"{V1}/events", (422,) * 7, "POST", b"x.y.z", JOSE),
    Row("/api/v1/events/batch", f"{V1}/events/batch", ALL, "POST", b'{"event":"x.y.z"}\n', LINES),
    Row("/api/v1/jobs/<string:job_id>", f"{V1}/jobs/AAAAAAAAAAAAAAAAAAAAAA", NOT_HERE),
    Row("/api/v1/jobs/<string:job_id>/result", f"{V1}/jobs/AAAAAAAAAAAAAAAAAAAAAA/result", NOT_HERE),
    Row("/api/v1/feed", f"{V1}/feed", ENROLLED),
    # An organisation's webhooks are its own: another's are as unknown as none.
    Row("/api/v1/webhooks", f"{V1}/webhooks", ENROLLED),
    Row(
        "/api/v1/webhooks", f"{V1}/webhooks", (401, *(422,) * 6), "POST", b'{"url":"ftp://a.example/"}', JSON
    ),
    *(
        Row(
            f"/api/v1/webhooks/<webhook_id>{tail}",
            f"{V1}/webhooks/{HOOK}{tail}",
            (401, *(404,) * 6),
            method,
            body,
            JSON,
        )
        for method, tail, body in (
            ("GET", "", None),
            ("DELETE", "", None),
            ("POST", "/replay", b'{"after":"WyJhZnRlciIsMF0"}'),
        )
    ),
    # The token on a label is the asker's own, and nothing is looked up: every member may print.
    Row("/api/v1/labels", f"{V1}/labels", ENROLLED, "POST", LABELS, JSON),
    Row("/api/v1/labels/preview", f"{V1}/labels/preview", ENROLLED, "POST", LABELS, JSON),
    # An organisation's devices are its own; a secret is shown by whoever has it.
    Row("/api/v1/devices", f"{V1}/devices", ENROLLED),
    Row("/api/v1/invitations", f"{V1}/invitations", (401, *(422,) * 6), "POST", b'{"use":"read"}', JSON),
    Row(
        "/api/v1/invitations/<invitation_id>",
        f"{V1}/invitations/{HOOK}",
        (401, *(404,) * 6),
        "DELETE",
    ),
    Row("/api/v1/enrolment/invitation", f"{V1}/enrolment/invitation", (400,) * 7, "POST", b"{}", JSON),
    Row("/api/v1/enrolment/request", f"{V1}/enrolment/request", (400,) * 7, "POST", b"{}", JSON),
    Row(
        "/api/v1/events/<event_id>/evidence/<sha256>",
        f"{V1}/events/{{0}}/evidence/{'A' * 43}",
        NOT_HERE,
        "POST",
    ),
    Row(
        "/api/v1/events/<event_id>/evidence/<sha256>",
        f"{V1}/events/{{0}}/evidence/{'A' * 43}",
        (401, 403, *(404,) * 4, 403),
    ),
    # So are its parked records; each is told of the answer to its own body before anything is looked up.
    Row("/api/v1/parked", f"{V1}/parked", ENROLLED),
    Row("/api/v1/parked", f"{V1}/parked", (401, *(422,) * 6), "POST", PARK, JSON),
    Row("/api/v1/parked/<parked_id>", f"{V1}/parked/{'A' * 43}", (401, *(404,) * 6), "DELETE"),
    Row(
        "/api/v1/parked/<parked_id>/take",
        f"{V1}/parked/{'A' * 43}/take",
        (401, *(404,) * 6),
        "POST",
        orjson.dumps({"as": ["A" * 43]}),
        JSON,
    ),
    # Who may put packs into vehicles or take them out, and the authority there; the VIN is the asker's own.
    Row(
        "/api/v1/vehicles/find",
        f"{V1}/vehicles/find",
        (401, 200, 200, 200, 403, 200, 404),
        "POST",
        orjson.dumps({"vin": VIN}),
        JSON,
    ),
    Row("/api/v1/filing", f"{V1}/filing?from=2026-03-01&to=2026-03-31", ENROLLED),
    Row("/api/v1/rows", f"{V1}/rows", ALL),
    Row("/api/v1/rows", f"{V1}/rows", (401, *(422,) * 6), "POST", b"no workbook", XLSX),
    Row("/api/v1/rows/<kind>/template", f"{V1}/rows/battery.taken_in/template", ENROLLED),
    Row("/api/v1/rows/outcome", f"{V1}/rows/outcome", ENROLLED, "POST", b'{"sheet":"a","rows":[]}', JSON),
    Row("/api/v1/heads", f"{V1}/heads", ALL, "POST", orjson.dumps({"codes": [SUB, VEHICLE]}), JSON),
    Row(
        "/api/v1/statements/<kind>/template", f"{V1}/statements/battery.inspected/template?subject={SUB}", ALL
    ),
    Row(
        "/api/v1/statements/<kind>/template",
        f"{V1}/statements/vehicle.scrapped/template?subject={VEHICLE}",
        ALL,
    ),
    Row("/api/v1/explain", f"{V1}/explain", ALL, "POST", b"x.y.z", JOSE),
    Row("/api/v1/pictures", f"{V1}/pictures", ALL, "POST", BLANK_PNG, {"Content-Type": "image/png"}),
    Row("/api/v1/schemas", f"{V1}/schemas", ALL),
    Row("/api/v1/lifecycle", f"{V1}/lifecycle", ALL),
    Row("/api/v1/schemas/<kind>", f"{V1}/schemas/battery.inspected", ALL),
    Row("/api/v1/organisations", f"{V1}/organisations", ALL),
    Row("/api/v1/organisations/<organisation>", f"{V1}/organisations/{{maker_id}}", ALL),
    Row("/api/v1/organisations/<organisation>/keys", f"{V1}/organisations/{{maker_id}}/keys", ALL),
    Row("/api/v1/node", f"{V1}/node", ALL),
    Row("/api/v1/consistency", f"{V1}/consistency?from=1", ALL),
    Row("/api/v1/health/live", f"{V1}/health/live", ALL),
    Row("/api/v1/health/ready", f"{V1}/health/ready", ALL),
    Row("/api/v1/openapi.json", f"{V1}/openapi.json", ALL),
    Row("/api/v1/docs", f"{V1}/docs", ALL),
    Row("/api/v1/docs.css", f"{V1}/docs.css", ALL),
    Row("/", "/", ALL),
    Row("/p/<path:text>", f"/p/{CODE}", ALL),
    Row("/sw.js", "/sw.js", ALL),
    Row("/static/<version>/<path:name>", "/static/any/pages.css", ALL),
    *(Row(shell.rule, re.sub("<.*>", "x", shell.rule), ALL) for shell in SHELLS),
    Row("/https", "/https", ALL),
    Row("/https/<which>.svg", "/https/plain.svg", NONE_THERE),  # of a node that serves its yard alone
    Row("/https/packtrace-yard.<form>", "/https/packtrace-yard.cer", NONE_THERE),
    Row("/metrics", "/metrics", ALL),
    Row("/checkpoint", "/checkpoint", ALL),
    Row("/tile/<level>/<path:index>", "/tile/0/000.p/1", ALL),
    Row("/tile/entries/<path:index>", "/tile/entries/000.p/1", (401, *(403,) * 6)),  # none is of all regions
    Row("/log.vkey", "/log.vkey", ALL),
    Row("/log-ml-dsa.vkey", "/log-ml-dsa.vkey", ALL),
    Row("/rules/<sha256>.json", "/rules/{rules}.json", ALL),
)

# Who may ever be told what, whatever the route.
SEEN_BY = {
    **{place: {"past", "holder", "consignee", "region"} for place in range(5)},  # "past" handed it on by 4
    5: {"holder", "consignee", "region"},
    "vehicle": {"past", "holder", "region"},
    "note": {"any", "holder", "consignee", "region"},
}
OPENED_TO = {"past", "region"}  # who signed the VIN, and the authority


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenants]:
    with settled(tmp_path_factory.mktemp("tenants")) as found:
        yield found


def ask(tenants: Tenants, row: Row, asker: str) -> TestResponse:
    return send(tenants, row, tenants.header(asker))


def send(tenants: Tenants, row: Row, token: dict[str, str]) -> TestResponse:
    scene = tenants.served.scene
    path = row.path.format(
        *tenants.pack,
        vehicle=tenants.vehicle,
        note=tenants.note,
        maker=scene.maker.org,
        maker_id=scene.maker.id,
        origin=scene.origin,
        model=scene.model,
        rules=scene.rules.sha256,
    )
    return tenants.served.client.open(path, method=row.method, data=row.body, headers=token | row.headers)


def test_every_route_has_a_row_and_every_row_a_route(tenants: Tenants) -> None:
    served = {
        (method, rule.rule)
        for rule in tenants.served.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == {(row.method, row.rule) for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_each_is_answered_as_the_matrix_says(tenants: Tenants, row: Row) -> None:
    got = {asker: ask(tenants, row, asker).status_code for asker in ASKERS}
    assert got == dict(zip(ASKERS, row.statuses, strict=True))


@pytest.fixture(scope="module")
def secrets(tenants: Tenants) -> dict[str, set[str]]:
    """Texts, each with those who may be told it."""
    ledger = tenants.served.ledger
    ids = {**dict(enumerate(tenants.pack)), "vehicle": tenants.vehicle, "note": tenants.note}
    found: dict[str, set[str]] = {}
    for name, event in ids.items():
        jws = find_event(ledger, event).told.event.jws.text
        found[jws.split(".")[1]] = SEEN_BY[name]
        found[jws.split(".")[2]] = SEEN_BY[name]
    with ledger.read() as connection:
        for disclosure in connection.execute(DISCLOSURE.select()):
            found[disclosure.disclosure] = OPENED_TO
    assert len(found) == 2 * len(ids) + 1
    return found | {VIN: OPENED_TO, SALT: OPENED_TO, "smoke was seen": SEEN_BY["note"]}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_no_route_tells_anybody_what_is_not_theirs(
    tenants: Tenants, secrets: dict[str, set[str]], row: Row
) -> None:
    for asker in ASKERS:
        answer = ask(tenants, row, asker)
        said = answer.data + str(answer.headers).encode()
        for secret, seen_by in secrets.items():
            for text in (secret, b64url(secret.encode())):
                assert asker in seen_by or text.encode() not in said, (asker, secret)


@pytest.mark.parametrize("row", [row for row in ROWS if "organisations" not in row.path], ids=str)
def test_no_route_tells_a_stranger_who_holds_the_battery(tenants: Tenants, row: Row) -> None:
    said = ask(tenants, row, "stranger").data
    scene = tenants.served.scene
    assert scene.dismantler.id.encode() not in said and scene.recycler.id.encode() not in said


def test_what_the_matrix_hides_is_there_to_be_told(tenants: Tenants, secrets: dict[str, set[str]]) -> None:
    told: dict[str, set[str]] = {secret: set() for secret in secrets}
    for row in ROWS:
        for asker in ASKERS:
            said = ask(tenants, row, asker).data
            for secret in secrets:
                if secret.encode() in said:
                    told[secret].add(asker)
    assert told | {SALT: secrets[SALT]} == secrets  # a salt is in its disclosure, never by itself


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_bad_token_opens_nothing_that_a_stranger_does_not_see(tenants: Tenants, row: Row) -> None:
    as_stranger = ask(tenants, row, "stranger").status_code
    answer = send(tenants, row, {"Authorization": "Bearer x.y.z"})
    assert answer.status_code in (401, as_stranger)
