"""The desk in a real browser: labels are re-issued, rows signed, packs of a vehicle ticked off."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pypdfium2
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from packtrace.tests.labels.printed import read
from packtrace.tests.scene import VIN, pack_code
from packtrace.trace.codes.label import label_digest

from .conftest import Axe, Phone, Yard, modules


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


def filled_in(page: Page, kind: str, folder: Path, *rows: dict[str, Any]) -> Path:
    """The workbook of a step as the page gives it, with these rows from the seventh on."""
    page.get_by_label("Which step?").select_option(kind)
    page.get_by_role("button", name="Get an empty workbook").click()
    book = load_workbook(io.BytesIO(saved(page, f"Save {kind}.xlsx")))
    sheet = book.worksheets[0]
    names = [cell.value for cell in sheet[3]]
    for number, row in enumerate(rows, 7):
        for name, value in row.items():
            sheet.cell(number, names.index(name) + 1).value = value
    path = folder / f"{kind}.xlsx"
    book.save(path)
    return path


def registered(number: int, **more: Any) -> dict[str, Any]:
    """A row that registers a pack of nobody's."""
    return {
        "code": f"001PB76836300JBC4{number:07d}",
        "occurred_at": "2026-11-20 14:30",
        "stage": "waste 废旧",
        "capacity": "pack_dismantler",
        "holder": "signer",
        "basis": "legacy 早于本系统",
        "read_by": "typed",
        "mass.g": 438.5,
        "mass.basis": "measured 实测",
    } | more


def test_rows_of_a_workbook_are_signed_and_told_what_became_of_each(
    yard: Yard, phone: Phone, tmp_path: Path
) -> None:
    page = phone(yard.scene.dismantler)
    page.goto(f"{yard.url}/rows")
    book = filled_in(
        page,
        "battery.registered",
        tmp_path,
        registered(1),
        registered(2, code=1.23e23),
        registered(3, occurred_at="=NOW()"),
        registered(4, code="1PB76836300JBC40000004"),
        registered(5, capacity="recycler", note='=HYPERLINK("http://evil.example")'),
        registered(6, note="<img src=x onerror=alert(1)>"),
        registered(7, capacity="recycler"),
    )
    page.get_by_label("The workbook, filled in").set_input_files(book)
    expect(page.locator("#summary")).to_have_text("3 of 7 rows can be signed")
    expect(page.locator("li[data-row='8']")).to_contain_text(
        "A8, Battery code: the spreadsheet took the code"
    )
    expect(page.locator("li[data-row='9']")).to_contain_text("B9, When: expected a value, got a formula")
    expect(page.locator("li[data-row='10']")).to_contain_text("may have dropped zeros")
    expect(page.locator("li[data-row='11']")).to_contain_text("got a formula")
    expect(page.locator("li[data-row='12']")).to_contain_text("<img src=x onerror=alert(1)>")
    page.get_by_role("button", name="Sign 3 records").click()
    expect(page.locator("li[data-row='7'] .chip")).to_have_text("accepted")
    expect(page.locator("li[data-row='13'] .chip")).to_have_text("refused")  # it is no recycler
    page.get_by_role("button", name="The same rows with what became of each").click()
    sheet = load_workbook(io.BytesIO(saved(page, "Save outcome.xlsx"))).worksheets[0]
    outcomes = [[cell.value for cell in sheet[number][-3:]] for number in range(7, 14)]
    assert [outcome for outcome, _, _ in outcomes] == [
        "已接受 accepted", *["未签署 not signed"] * 4, "已接受 accepted", "被拒绝 refused",
    ]  # fmt: skip
    status, event = yard.ask(f"/api/v1/batteries/{registered(1)['code']}")
    assert (status, event["head"]) == (200, outcomes[0][1])
    assert "A8, Battery code" in outcomes[1][2] and "ROLE" in outcomes[6][2]


def test_pasted_rows_are_signed_without_a_network(yard: Yard, phone: Phone) -> None:
    page = phone(yard.scene.dismantler)
    page.goto(f"{yard.url}/rows")  # the columns are read once
    expect(page.get_by_label("Which step?")).to_contain_text("taken")
    page.get_by_label("Which step?").select_option("battery.registered")
    page.context.set_offline(True)
    names = list(registered(1))
    lines = [list(map(str, registered(number).values())) for number in (1, 2)]
    page.get_by_label("Or rows copied").fill("\n".join("\t".join(line) for line in (names, *lines)))
    page.get_by_role("button", name="Sign 2 records").click()
    expect(page.locator("li[data-row='2'] .chip")).to_have_text("waits to be sent")
    page.context.set_offline(False)
    outbox_is_empty(page)
    expect(page.locator("li[data-row='2'] .chip")).to_have_text("accepted")
    page.reload()
    page.get_by_role("button", name="Show what became of them").click()
    expect(page.locator("li[data-row='3'] .chip")).to_have_text("accepted")
    assert len(stored(page, "outbox")) == 2


def test_filing_is_had_with_its_warning(yard: Yard, phone: Phone) -> None:
    made(yard, 1)
    page = phone(yard.scene.maker)
    page.goto(f"{yard.url}/rows")
    expect(page.get_by_text("Unconfirmed columns")).to_be_visible()
    page.get_by_label("First day").fill("2026-01-01")
    page.get_by_role("button", name="What we recorded and hold").click()
    link = page.locator("#filing-file a")
    expect(link).to_be_visible()
    with page.expect_download() as download:
        link.click()
    book = load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert {sheet["A1"].value for sheet in book.worksheets} == {"未经确认的栏目 unconfirmed columns"}
    assert pack_code(1) in {row[0] for row in book.worksheets[2].iter_rows(values_only=True)}


def scanned(page: Page, text: str) -> None:
    """What a handheld scanner types, as fast as it does however busy this machine is."""
    page.evaluate(
        """text => {
          for (const key of [...text, "Enter"]) {
            const press = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
            document.body.dispatchEvent(press);
          }
        }""",
        text,
    )


def test_packs_of_a_vehicle_are_ticked_off_and_a_missing_one_is_said(yard: Yard, phone: Phone) -> None:
    code = pack_code(1)
    yard.send(yard.scene.manufactured(code))
    yard.send(*yard.scene.installed(code))
    yard.send(yard.scene.sign(yard.scene.maker, "battery.released", subject(1), {"reason": "sold"}))
    page = phone(yard.scene.dismantler)
    page.goto(f"{yard.url}/vehicle")
    page.get_by_label("VIN, scanned or typed").fill(VIN.lower())
    page.get_by_role("button", name="Which packs must be in it?").click()
    pack = page.locator(f"#ticks li[data-subject='{subject(1)}']")
    expect(pack).to_have_attribute("data-state", "missing")
    scanned(page, f"https://packs.example/p/{pack_code(2)}")  # another yard's scanner: ignored
    expect(page.locator("#problem")).to_contain_text("no code of a battery")
    page.context.set_offline(True)  # it was looked up before
    page.get_by_label("VIN, scanned or typed").fill(VIN)
    page.get_by_role("button", name="Which packs must be in it?").click()
    scanned(page, pack_code(3))
    expect(page.locator(f"#ticks li[data-subject='{subject(3)}']")).to_have_attribute(
        "data-state", "stranger"
    )
    page.get_by_label("Why is it missing?").select_option("removed_before")
    page.get_by_role("button", name="Scrap it: 0 here, 1 missing").click()
    expect(page.get_by_label("What you sign")).to_contain_text(f"{code}: was taken out before")
    scanned(page, code)  # and now it is found after all
    expect(pack).to_have_attribute("data-state", "present")
    page.get_by_role("button", name="Scrap it: 1 here, 0 missing").click()
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.locator("#done")).to_be_visible()
    page.context.set_offline(False)
    outbox_is_empty(page)
    (vehicle,) = (row for row in stored(page, "known") if row["subject"].startswith("vehicle:"))
    _, said = yard.ask(f"/api/v1/subjects/{vehicle['subject']}")
    assert said["seq"] == 1
    kept = str(stored(page, "drafts")) + str(stored(page, "known")) + page.url
    assert VIN not in kept


def test_a_vehicle_that_nobody_recorded_goes_on_record_with_its_missing_packs(
    yard: Yard, phone: Phone
) -> None:
    page = phone(yard.scene.dismantler)
    page.goto(f"{yard.url}/vehicle")
    page.get_by_label("VIN, scanned or typed").fill("1HGCM82633A004352")
    page.get_by_role("button", name="Which packs must be in it?").click()
    page.get_by_label("How many packs belong in it?").fill("2")
    page.get_by_label("How many packs belong in it?").blur()
    scanned(page, "001PB76836300JBC40000001")
    page.get_by_role("button", name="Scrap it: 1 here, 1 missing").click()
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.locator("#done")).to_be_visible()
    outbox_is_empty(page)
    page.reload()
    page.get_by_label("VIN, scanned or typed").fill("1HGCM82633A004352")
    page.get_by_role("button", name="Which packs must be in it?").click()
    expect(page.locator("#said")).to_contain_text("recorded as scrapped already")
    expect(page.locator("#go")).to_be_disabled()


def test_the_desk_is_for_everybody(yard: Yard, phone: Phone, axe: Axe) -> None:
    code = pack_code(1)
    yard.send(yard.scene.manufactured(code))
    yard.send(*yard.scene.installed(code))
    page = phone(yard.scene.dismantler)
    for language, theme in (("en", "auto"), ("zh", "dark"), ("zh", "bright"), ("en", "dark")):
        page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
        page.goto(f"{yard.url}/labels?lang={language}")
        page.locator("#pasted").fill(f"{code}\nnot a code")
        expect(page.locator("#preview img")).to_be_visible()
        axe(page)
        page.goto(f"{yard.url}/rows?lang={language}")
        expect(page.locator("#step option")).not_to_have_count(0)
        page.locator("#pasted").fill(f"code\tcondition\n{code}\tfine")
        expect(page.locator("#rows li")).to_be_visible()
        axe(page)
        page.goto(f"{yard.url}/vehicle?lang={language}")
        page.locator("#vin").fill(VIN)
        page.locator("#find").click()
        expect(page.locator("#ticks li")).to_be_visible()
        page.locator("#go").click()
        expect(page.locator("#sign")).to_be_visible()
        axe(page)
