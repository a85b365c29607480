"""What is signed without a network is on the phone until the log has it: once, and in order."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Route, expect

from packtrace.tests.scene import event_id, pack_code

from .conftest import Phone, Yard, modules
from .spine import (
    SIGN,
    flush,
    inspect,
    made,
    preload,
    rows,
    run,
    settle,
    size,
    states,
    sub,
    wake_worker,
    worker_ready,
)


def answering(**said: Any) -> Callable[[Route], None]:
    """What stands between phone and node says this, whatever the node would say."""
    return lambda route: route.fulfill(**said)


def test_forty_that_waited_are_recorded_once_though_two_tabs_and_the_worker_race(
    yard: Yard, phone: Phone
) -> None:
    made(yard, *range(1, 41))
    first = phone(yard.scene.maker)
    worker_ready(first)
    assert preload(first)["items"] == 40
    before = size(yard)
    first.context.set_offline(True)
    inspect(first, *(sub(number) for number in range(1, 41)))
    settle(first, "here")
    assert flush(first) == 40, "nothing went, and nothing is lost"
    second = first.context.new_page()
    second.goto(yard.url + "/outbox")
    first.context.set_offline(False)
    wake_worker(first, yard)
    for page in (first, second):
        page.evaluate("dispatchEvent(new Event('online'))")
    settle(second)
    assert size(yard) == before + 40
    assert all(len(row["receipts"]) == 1 for row in rows(first))


def test_second_record_of_a_pack_stands_on_the_first_that_still_waits(yard: Yard, phone: Phone) -> None:
    made(yard, 1)
    page = phone(yard.scene.maker)
    preload(page)
    page.context.set_offline(True)
    inspect(page, sub(1), sub(1), sub(1))
    settle(page, "here")
    page.context.set_offline(False)
    assert flush(page) == 0
    assert states(page) == ["accepted"] * 3


def test_worker_alone_sends_what_waits_once_there_is_a_network_and_no_page_is_open(
    yard: Yard, phone: Phone
) -> None:
    made(yard, 1, 2)
    page = phone(yard.scene.maker)
    worker_ready(page)
    preload(page)
    before, port = size(yard), yard.live.port
    yard.live.kill()  # a browser that is told to be offline may let its worker send something yet
    inspect(page, sub(1), sub(2))
    page.goto("about:blank")
    yard.live.options = ("--port", str(port))
    yard.live.start()
    wake_worker(page, yard)
    until = time.monotonic() + 90
    while size(yard) < before + 2:
        assert time.monotonic() < until, "nobody sent it"
        time.sleep(0.1)
    page.goto(yard.url + "/outbox")
    assert states(page) == ["accepted"] * 2 and size(yard) == before + 2


def test_a_node_that_dies_in_the_middle_loses_nothing_and_records_nothing_twice(
    yard: Yard, phone: Phone
) -> None:
    made(yard, *range(1, 9))
    page = phone(yard.scene.maker, service_workers="block")
    preload(page)
    before, port = size(yard), yard.live.port
    page.route("**/api/**", lambda route: route.abort())
    inspect(page, *(sub(number) for number in range(1, 9)))
    asked = iter(range(100))

    def die(route: Route) -> None:
        """The third answer is lost: the event is in the log, and the phone does not know."""
        if next(asked) == 2:
            route.fetch()
            yard.live.kill()
            route.abort()
        else:
            route.continue_()

    page.unroute("**/api/**")
    page.route("**/api/v1/events", die)
    flush(page)
    assert states(page).count("accepted") == 2 and states(page).count("here") == 6
    page.unroute("**/api/v1/events")
    yard.live.options = ("--port", str(port))  # the last of two holds
    yard.live.start()
    assert yard.live.port == port
    assert flush(page, urgent=True) == 0
    assert states(page) == ["accepted"] * 8 and size(yard) == before + 8


def test_a_busy_node_is_asked_again_later_and_a_proxy_s_page_refuses_nothing(
    yard: Yard, phone: Phone
) -> None:
    made(yard, 1)
    page = phone(yard.scene.maker, service_workers="block")
    preload(page)
    page.route("**/api/v1/events", lambda route: route.abort())
    inspect(page, sub(1))
    busy = json.dumps({"code": "LEDGER_BUSY", "detail": "busy", "status": 503})
    for answer in (
        {
            "status": 503,
            "content_type": "application/problem+json",
            "body": busy,
            "headers": {"Retry-After": "60"},
        },
        {"status": 404, "content_type": "text/html", "body": "<h1>login</h1>"},
        {"status": 422, "content_type": "text/html", "body": "<h1>blocked</h1>"},
        {"status": 200, "content_type": "text/html", "body": "<h1>welcome to the hotel</h1>"},
        {"status": 200, "content_type": "application/json", "body": "{}"},
    ):
        page.route("**/api/v1/events", answering(**answer))
        assert flush(page, urgent=True) == 1
        assert states(page) == ["here"]
    assert flush(page) == 1, "its time has not come"
    page.unroute("**/api/v1/events")
    assert flush(page, urgent=True) == 0
    assert states(page) == ["accepted"]


def test_a_receipt_of_another_event_or_of_another_log_is_never_taken_for_accepted(
    yard: Yard, phone: Phone
) -> None:
    (other,) = made(yard, 1)
    page = phone(yard.scene.maker, service_workers="block")
    preload(page)
    page.route("**/api/v1/events", lambda route: route.abort())
    (mine,) = inspect(page, sub(1))
    token = page.evaluate(f"async () => (await import('{modules(page)}/device/api.js')).readToken()")
    status, receipt = yard.ask(f"/api/v1/events/{other}/receipt", Authorization=f"Bearer {token}")
    assert status == 200
    forged = receipt | {"id": mine, "events": [{"id": mine, "leaf_index": receipt["leaf_index"]}]}
    _, true = yard.ask("/api/v1/events", json.dumps({"events": rows(page)[0]["events"]}).encode())
    head, _, tail = true["proof"].partition("\n— ")
    name, signature, rest = (
        tail.split(" ", 1)[0],
        tail.split(" ", 1)[1].partition("\n")[0],
        tail.partition("\n")[2],
    )
    flipped = signature[:20] + ("A" if signature[20] != "A" else "B") + signature[21:]
    unsigned = true | {"proof": f"{head}\n— {name} {flipped}\n{rest}"}
    elsewhere = true | {"proof": true["proof"].replace(yard.scene.origin, "log.other.example/test")}
    for answer, code in (
        (receipt, "ANSWER_UNREADABLE"),
        (forged, "RECEIPT_INVALID"),
        (unsigned, "RECEIPT_INVALID"),
        (elsewhere, "RECEIPT_INVALID"),
    ):
        page.route("**/api/v1/events", answering(status=201, json=answer))
        assert flush(page, urgent=True) == 1
        (row,) = rows(page)
        assert (row["state"], row["why"]["code"]) == ("here", code)
    page.goto(yard.url + "/outbox")
    expect(page.locator("#rows .mark.bad")).to_contain_text("does not hold")
    page.unroute("**/api/v1/events")
    assert flush(page, urgent=True) == 0
    assert states(page) == ["accepted"]


def test_a_stale_record_is_parked_and_signed_again_by_another_device_with_its_own_time(
    yard: Yard, phone: Phone
) -> None:
    made(yard, 1)
    first, second = phone(yard.scene.maker), phone(yard.scene.maker)
    preload(first)
    first.context.set_offline(True)
    inspect(first, sub(1), sub(1), at="2026-11-01T08:00:00Z", note="found under snow")
    yard.send(yard.scene.inspected(yard.scene.maker, pack_code(1)))
    first.context.set_offline(False)
    assert flush(first) == 0, "nobody but a person can go on from here"
    parked, behind = rows(first)
    assert (parked["state"], behind["state"]) == ("parked", "here")
    assert parked["why"]["code"] in ("PLACE_TAKEN", "FORKED_CHAIN") and parked["shared"] == parked["ids"][0]

    flush(second, urgent=True)
    (offered,) = run(second, 'return (await room("device/outbox")).parkedElsewhere();')
    assert offered["id"] == parked["ids"][0]
    run(
        second,
        """const { adopt, keepAdopted, resign } = await room("device/outbox");
           await resign(await keepAdopted(await adopt(given.offered)));""",
        offered=offered,
    )
    assert flush(second) == 0
    (done,) = rows(second)
    assert done["state"] == "accepted" and done["occurred_at"] == "2026-11-01T08:00:00Z"
    statement = run(
        second,
        'return (await room("device/presentation")).readPresentation(given.text);',
        text=done["events"][0],
    )
    assert statement["statement"]["occurred_at"] == "2026-11-01T08:00:00Z"
    assert statement["statement"]["data"]["note"] == "found under snow"
    assert (statement["statement"]["seq"], statement["kid"]) == (2, done["kid"])

    flush(first, urgent=True)
    assert rows(first)[0]["state"] == "accepted", "it heard what became of it"
    assert rows(first)[0]["receipts"][0]["id"] == done["ids"][0]


def test_two_devices_never_record_one_parked_record_twice(yard: Yard, phone: Phone) -> None:
    made(yard, 1)
    first, second = phone(yard.scene.maker), phone(yard.scene.maker)
    preload(first)
    first.context.set_offline(True)
    inspect(first, sub(1))
    yard.send(yard.scene.inspected(yard.scene.maker, pack_code(1)))
    first.context.set_offline(False)
    flush(first)
    flush(second, urgent=True)
    before = size(yard)
    take = """
      const { adopt, keepAdopted, parkedElsewhere, resign, rows } = await room("device/outbox");
      const [offered] = await parkedElsewhere();
      const row = offered ? await keepAdopted(await adopt(offered)) : (await rows())[0];
      try { await resign(row); return "signed"; } catch (error) { return error.name; }"""
    assert [run(second, take), run(first, take)] == ["signed", "TakenElsewhere"]
    for page in (first, second, first):
        flush(page, urgent=True)
    assert size(yard) == before + 1 and states(first) == states(second) == ["accepted"]


def test_a_parked_record_that_somebody_changed_is_not_signed_again(yard: Yard, phone: Phone) -> None:
    """Whoever holds the node's file can propose whatever he likes."""
    made(yard, 1)
    page = phone(yard.scene.maker)
    scene = yard.scene
    stolen = scene.inspected(scene.garage, pack_code(1), seq=1, prev=scene.heads[sub(1)][1])
    claimed = scene.inspected(
        scene.garage, pack_code(1), seq=1, prev=scene.heads[sub(1)][1], iss=scene.maker.org
    )
    honest = scene.inspected(scene.maker, pack_code(1), seq=1, prev=scene.heads[sub(1)][1])
    changed = honest.rpartition(".")[0] + "." + claimed.rpartition(".")[2]
    for text in (stolen, claimed, changed):
        offered = {"id": event_id(text), "events": [text], "kid": "x", "code": "PLACE_TAKEN", "detail": ""}
        adopt = """try { await (await room("device/outbox")).adopt(given.offered); return "taken"; }
                   catch (error) { return error.name; }"""
        assert run(page, adopt, offered=offered) == "NotGenuine"
    recorded = scene.inspected(scene.maker, pack_code(1))
    yard.send(recorded)
    again = {"id": event_id(recorded), "events": [recorded], "kid": "x", "code": "PLACE_TAKEN", "detail": ""}
    assert run(page, adopt, offered=again) == "NotGenuine", "it would stand in the log twice"
    another = {"id": event_id(claimed), "events": [honest], "kid": "x", "code": "PLACE_TAKEN", "detail": ""}
    assert run(page, adopt, offered=another) == "NotGenuine"


def test_photos_follow_the_record_that_names_them_and_leave_the_phone(yard: Yard, phone: Phone) -> None:
    made(yard, 1)
    page = phone(yard.scene.maker)
    worker_ready(page)
    preload(page)
    page.context.set_offline(True)
    digest = run(
        page,
        SIGN
        + """
  const { keepEvidence } = await room("device/evidence");
  const photo = await keepEvidence(new Blob([given.text], { type: "image/jpeg" }));
  const data = { condition: "intact", evidence: [photo] };
  await record(given.subject, "battery.inspected", data, {}, [photo.sha256]);
  return photo.sha256;""",
        subject=sub(1),
        text="not a picture, <script>alert(1)</script>",
    )
    page.context.set_offline(False)
    assert flush(page, urgent=True) == 0
    (row,) = rows(page)
    assert row["state"] == "accepted" and row["evidence_sent"] is True
    assert run(page, 'return (await room("device/db")).all("evidence");') == []
    token = run(page, 'return (await room("device/api")).readToken();')
    path = f"/api/v1/events/{row['ids'][0]}/evidence/{digest}"
    request = urllib.request.Request(yard.url + path, headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # loopback, over http
        assert answer.read() == b"not a picture, <script>alert(1)</script>"


def test_a_phone_takes_its_yard_along_without_being_told_to(yard: Yard, phone: Phone) -> None:
    made(yard, 1, 2)
    page = phone(yard.scene.maker)
    page.goto(yard.url + "/outbox")
    until = time.monotonic() + 90
    while run(page, 'return (await room("device/known")).preloaded();') is None:
        assert time.monotonic() < until
        time.sleep(0.2)
    known = run(page, 'return (await room("device/known")).lookUp(given.subject);', subject=sub(2))
    assert (known["seq"], known["part"], known["stage"]) == (0, "held", "manufactured")
    assert known["custodian"] == yard.scene.maker.org
    parties = {row["org"]: row for row in run(page, 'return (await room("device/db")).all("parties");')}
    assert parties[yard.scene.recycler.org]["roles"] == ["recycler"]
    assert {key["kid"] for key in parties[yard.scene.recycler.org]["keys"]} >= {
        yard.scene.recycler.key.public.kid
    }
