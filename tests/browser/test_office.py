"""The desk in a real browser: labels are re-issued."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pypdfium2
from playwright.sync_api import Page, expect

from packtrace.tests.labels.printed import read
from packtrace.tests.scene import pack_code
from packtrace.trace.codes.label import label_digest

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
    assert sorted(
        each.partition(".")[0].rpartition("/")[2] for each in (url.rpartition("/")[2] for url in printed)
    ) == [code, pack_code(2)]
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


def test_labels_that_were_not_drawn_are_not_signed_for(yard: Yard, phone: Phone) -> None:
    made(yard, 1)
    page = phone(yard.scene.maker)
    page.goto(f"{yard.url}/labels")
    page.get_by_label("Codes, one a line").fill(pack_code(1))
    expect(page.locator("#preview img")).to_be_visible()
    page.get_by_role("button", name="Make 1 new labels").click()
    page.context.set_offline(True)
    page.get_by_role("button", name="Sign 1").click()
    expect(page.locator("#problem")).to_contain_text("nothing was signed")
    page.context.set_offline(False)
    assert stored(page, "outbox") == []
    page.reload()
    expect(page.get_by_label("Tokens on this device")).to_contain_text("the old labels still count")


def test_the_same_label_is_printed_again_only_from_its_tokens(
    yard: Yard, phone: Phone, tmp_path: Path
) -> None:
    made(yard, 1)
    page = phone(yard.scene.maker)
    page.goto(f"{yard.url}/labels")
    page.get_by_text("The same label once more").click()
    expect(page.locator("#purpose-help")).to_contain_text("Only whoever kept the tokens")
    expect(page.locator("#go")).to_be_disabled()
    token = "ABCDEFGHIJ234567QRST"
    line = {"subject": subject(1), "token": token, "digest": label_digest(pack_code(1), token)}
    file = tmp_path / "labels.tokens.ndjson"
    file.write_text(json.dumps(line | {"digest": "A" * 43}))
    page.get_by_label("File of tokens").set_input_files(file)
    expect(page.locator("#problem")).to_contain_text("Line 1 of the file")
    file.write_text(json.dumps(line))
    page.get_by_label("File of tokens").set_input_files(file)
    page.get_by_label("Format").select_option("pdf single")
    page.get_by_role("button", name="Make 1 labels").click()
    (url,) = symbols(saved(page, "Save labels.pdf"))
    assert url.endswith(f"/p/{pack_code(1)}.{token}")
    assert stored(page, "outbox") == []


def stored(page: Page, store: str) -> list[Any]:
    """The rows of a store on the phone."""
    found: list[Any] = page.evaluate(
        "async ({ modules, store }) => (await import(`${modules}/device/db.js`)).all(store)",
        {"modules": modules(page), "store": store},
    )
    return found
