"""The desk in a real browser: labels are re-issued."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pypdfium2
from playwright.sync_api import Page, expect

from packtrace.tests.labels.printed import read
from packtrace.tests.scene import Scene, pack_code
from packtrace.trace.codes.label import label_digest
from packtrace.trace.history import read_chain
from packtrace.trace.ledger.ledger import Ledger

from .conftest import Phone, Yard, modules


def subject(number: int) -> str:
    return f"battery:gbt34014:{pack_code(number)}"


def made(yard: Yard, count: int) -> None:
    """Packs of the maker, each with a label whose token is its code's."""
    for number in range(1, count + 1):
        yard.send(yard.scene.manufactured(pack_code(number)))


def digest_of_record(yard: Yard, code: str) -> str:
    """What the node says of the label, as any scan asks it."""
    _, said = yard.ask(f"/api/v1/batteries/{code}")
    return str(said["label"])


def symbols(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [text for page in document for text in read(page.render(scale=300 / 72).to_pil())]
    finally:
        document.close()


def saved(page: Page, name: str) -> bytes:
    """The file that a link saves."""
    with page.expect_download() as download:
        page.get_by_role("link", name=name).click()
    return Path(download.value.path()).read_bytes()


def test_reissued_label_is_on_record_and_the_old_one_is_dead(yard: Yard, phone: Phone) -> None:
    made(yard, 2)
    code, old = pack_code(1), digest_of_record(yard, pack_code(1))
    page = phone(yard.scene.maker)
    page.goto(f"{yard.url}/labels")
    page.get_by_label("Codes, one a line").fill(f"{code}\n{pack_code(2)}\n")
    expect(page.locator("#preview img")).to_be_visible()
    page.get_by_label("What is wrong with the old label").select_option("damaged")
    page.get_by_role("button", name="Make 2 new labels").click()
    expect(page.get_by_label("What you sign")).to_contain_text("is damaged")
    page.get_by_role("button", name="Sign 2").click()
    printed = symbols(saved(page, "Save labels.pdf"))
    assert sorted(each.partition(".")[0].rpartition("/")[2] for each in (url.rpartition("/")[2] for url in printed)) == [code, pack_code(2)]
    (new,) = (url.rpartition(".")[2] for url in printed if code in url)
    page.goto(f"{yard.url}/outbox")
    outbox_is_empty(page)
    assert digest_of_record(yard, code) == label_digest(code, new) != old
    page.goto(f"{yard.url}/p/{code}.{new}")
    expect(page.get_by_text("The label that was scanned is the one on record.")).to_be_visible()
    page.goto(f"{yard.url}/p/{code}.{'A' * 20}")
    expect(page.get_by_text("The label that was scanned is not the one on record")).to_be_visible()


def outbox_is_empty(page: Page) -> None:
    """Wait until everything that was signed is recorded."""
    for _ in range(100):
        states = page.evaluate(
            """async (modules) => {
              const { rows, flush } = await import(`${modules}/device/outbox.js`);
              await flush({ urgent: true });
              return (await rows()).map(({ state, why }) => [state, why]);
            }""",
            modules(page),
        )
        if all(state == "accepted" for state, _ in states):
            return
        page.wait_for_timeout(100)
    raise AssertionError(states)
