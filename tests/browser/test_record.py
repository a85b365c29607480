"""Recording on a phone: from what was scanned, over a form and a sheet, to the event in the log."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from packtrace.tests.scene import Party, pack_code
from packtrace.trace.codes.label import label_digest
from packtrace.trace.read_token import sign_read_token
from packtrace.trace.times import format_time

from .conftest import Phone, Yard, begin
from .spine import rows, run, settle

TOKEN = "ABCDEFGHIJ234567QRST"
NUMBERS = count(1)


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """One node for all of them; each test has packs of its own."""
    made = begin(tmp_path_factory.mktemp("yard"))
    yield made
    made.live.stop()


def subject(code: str) -> str:
    return f"battery:gbt34014:{code}"


def made(yard: Yard) -> str:
    """A pack of the maker."""
    code = pack_code(next(NUMBERS))
    yard.send(yard.scene.manufactured(code, label=label_digest(code, TOKEN)))
    return code


def offered(yard: Yard, consignee: Party, capacity: str, mass_g: int | None = 438_000) -> str:
    """A retired pack that the maker offers to somebody."""
    scene, code = yard.scene, made(yard)
    retired = {"capacity": "vehicle_maker", "reason": "end_of_life"}
    yard.send(scene.sign(scene.maker, "battery.retired", subject(code), retired))
    offer: dict[str, Any] = {"consignee": consignee.org, "capacity": capacity}
    offer["expires_at"] = format_time(datetime.now(UTC).replace(microsecond=0) + timedelta(days=30))
    if mass_g:
        offer["mass"] = {"g": mass_g, "basis": "nameplate"}
    yard.send(scene.sign(scene.maker, "handover.offered", subject(code), offer))
    return code


def taken_over(yard: Yard, consignee: Party, capacity: str) -> str:
    """A pack that somebody holds as waste."""
    code = offered(yard, consignee, capacity)
    _, head = yard.scene.heads[subject(code)]
    data = {"offer": head, "capacity": capacity, "condition": "intact", "read_by": "camera"}
    yard.send(yard.scene.sign(consignee, "handover.accepted", subject(code), data))
    return code


def open_form(
    page: Page, yard: Yard, type_: str, *codes: str, read_by: str = "camera", token: str | None = None
) -> None:
    """What the scan page does: select what was scanned, and open the form of a step."""
    scans = [
        {
            "subject": subject(code),
            "code": code,
            "token": token,
            "read_by": read_by,
            "kind": "code",
            "remarks": [],
            "at": "",
        }
        for code in codes
    ]
    run(page, 'await (await room("device/selection")).select(given.scans);', scans=scans)
    page.goto(f"{yard.url}/record?type={type_}")
    expect(page.locator("#review, #page .mark, #page form").first).to_be_visible()


def choose(page: Page, pointer: str, value: str) -> None:
    """Choose a word of a closed list, wherever the form has it."""
    field = page.locator(f'[data-pointer="{pointer}"]')
    if field.locator("select").count():
        field.locator("select").first.select_option(value)
    else:
        field.locator(f'input[value="{value}"]').check()


def write(page: Page, pointer: str, text: str) -> None:
    page.locator(f'[data-pointer="{pointer}"] input, [data-pointer="{pointer}"] textarea').first.fill(text)


def review(page: Page) -> dict[str, str]:
    """Go to the sheet; what it says, by the place of each value in the statement, as it is signed."""
    page.locator("#review").click()
    expect(page.locator("#sign")).to_be_visible()
    found: dict[str, str] = page.evaluate(
        """() => Object.fromEntries(
          [...document.querySelectorAll(".sheets dd")].map((dd) => [dd.dataset.pointer, dd.dataset.raw]))"""
    )
    return found


def sign(page: Page) -> list[dict[str, Any]]:
    """Sign what is on the sheet, and wait until the log has it; rows of the outbox."""
    page.locator("#sign").click()
    expect(page.locator("#ready")).to_be_visible()
    settle(page)
    expect(page.locator("#signed .chip").first).to_have_attribute("data-state", "accepted")
    return rows(page)


def recorded(yard: Yard, row: dict[str, Any], party: Party) -> dict[str, Any]:
    """The statement as the log has it."""
    text = row["events"][0].partition("~")[0].split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    status, body = yard.ask(f"/api/v1/events/{row['ids'][0]}", **token_of(yard, party))
    assert status == 200 and body["data"] == found["data"], body
    return found


def token_of(yard: Yard, party: Party) -> dict[str, str]:
    text = sign_read_token(party.key, origin=yard.scene.origin, org=party.org, at=datetime.now(UTC))
    return {"Authorization": f"Bearer {text}"}


def leaves(value: Any, pointer: str = "") -> dict[str, str]:
    """Each value of a statement by its place, as the sheet has them."""
    if isinstance(value, dict) and value:
        return {k: v for name, each in value.items() for k, v in leaves(each, f"{pointer}/{name}").items()}
    if isinstance(value, list) and value:
        return {k: v for at, each in enumerate(value) for k, v in leaves(each, f"{pointer}/{at}").items()}
    return {pointer: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))}


def test_what_is_on_the_sheet_is_what_is_signed_and_accepted(phone: Phone, yard: Yard) -> None:
    dismantler = yard.scene.dismantler
    code = offered(yard, dismantler, "pack_dismantler")
    page = phone(dismantler)
    open_form(page, yard, "handover.accepted", code)
    expect(page.locator("#title")).to_have_text("handover accepted")
    write(page, "/data/mass/g", "437.5")
    choose(page, "/data/condition", "intact")
    sheet = review(page)
    expect(page.locator(".sheets")).to_contain_text("437.5 kg")
    expect(page.locator(".sheets .mark")).to_contain_text("−0.5 kg")
    (row,) = sign(page)
    statement = recorded(yard, row, dismantler)
    assert leaves(statement) == sheet
    assert statement["data"]["mass"] == {"g": 437_500, "basis": "measured"}
    assert statement["data"]["capacity"] == "pack_dismantler" and statement["data"]["read_by"] == "camera"
