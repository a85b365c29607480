"""The page of the outbox: what waits is shown without a network, and nothing is lost with a phone."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from packtrace.tests.scene import pack_code

from .conftest import Phone, Yard
from .spine import SIGN, flush, inspect, made, preload, rows, run, settle, size, states, sub, worker_ready

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


def cards(page: Page, state: str) -> int:
    return page.locator(f"#rows > li[data-state={state}]").count()


def test_the_queue_renders_after_a_reload_without_a_network_and_texts_in_it_are_inert(
    yard: Yard, phone: Phone
) -> None:
    made(yard, 1, 2)
    page = phone(yard.scene.maker)
    worker_ready(page)
    preload(page)
    page.context.set_offline(True)
    inspect(page, sub(1), sub(2), note=HOSTILE)
    page.goto(yard.url + "/outbox")
    page.reload()
    expect(page.locator("#rows > li[data-state=here]")).to_have_count(2)
    expect(page.locator("#waiting")).to_contain_text("2")
    page.locator("#rows summary").first.click()
    expect(page.locator("#rows dd").filter(has_text="onerror")).to_have_text(HOSTILE)
    assert page.locator("main img").count() == 0 and "owned" not in page.title()
    page.goto(yard.url + "/outbox?lang=zh")
    expect(page.locator("#rows .chip").first).not_to_have_text("on this phone")
    page.goto(yard.url + "/p/" + pack_code(1))
    expect(page.locator("h1").last).to_have_text("No network")
    page.goto(yard.url + "/outbox?lang=en")
    page.context.set_offline(False)
    expect(page.locator("#rows > li")).to_have_count(0, timeout=60_000)  # by itself
    expect(page.locator("#accepted summary").first).to_contain_text("2")


def test_a_parked_record_is_read_and_signed_again_on_the_page(yard: Yard, phone: Phone) -> None:
    made(yard, 1)
    page = phone(yard.scene.maker)
    worker_ready(page)
    preload(page)
    page.context.set_offline(True)
    inspect(page, sub(1), at="2026-11-01T08:00:00Z", note="found under snow")
    yard.send(yard.scene.inspected(yard.scene.maker, pack_code(1)))
    page.context.set_offline(False)
    page.goto(yard.url + "/outbox")
    flush(page)
    expect(page.locator("#rows > li[data-state=parked]")).to_contain_text("Something else was recorded")
    page.get_by_role("button", name="Read and sign again").click()
    expect(page.locator("#rows .sheet dd").filter(has_text="snow")).to_be_visible()
    page.get_by_role("button", name="Sign", exact=True).click()
    settle(page)
    (row,) = rows(page)
    assert row["occurred_at"] == "2026-11-01T08:00:00Z" and len(row["before"]) == 1
    expect(page.locator("#rows > li")).to_have_count(0)


def test_waiting_records_are_saved_to_a_file_and_handed_in_by_somebody_without_any_key(
    yard: Yard, phone: Phone, tmp_path: Path
) -> None:
    made(yard, 1, 2)
    page = phone(yard.scene.maker)
    worker_ready(page)
    preload(page)
    page.context.set_offline(True)
    inspect(page, sub(1), sub(2), sub(1))
    page.goto(yard.url + "/outbox")
    with page.expect_download() as download:
        page.locator("#save").click()
    file = tmp_path / "waiting.ndjson"
    download.value.save_as(file)
    assert len(file.read_text().splitlines()) == 3
    file.write_text("not a record\n" + file.read_text() + '{"event":7}\n')

    before = size(yard)
    stranger = phone(path="/outbox")
    expect(stranger.locator("#page")).to_contain_text("Nothing is kept on this phone")
    stranger.set_input_files("#file", str(file))
    expect(stranger.locator("#in-file > li")).to_have_count(3)
    expect(stranger.locator("#handed-in")).to_contain_text("left out: 1, 5")
    stranger.get_by_role("button", name="Hand in 3 records").click()
    expect(stranger.locator("#outcomes > li[data-status=accepted]")).to_have_count(3)
    assert size(yard) == before + 3
    assert rows(stranger) == [], "somebody else's records do not become this phone's"

    page.context.set_offline(False)
    assert flush(page) == 0
    assert states(page) == ["accepted"] * 3 and size(yard) == before + 3, "they were there before"


def test_a_phone_whose_storage_was_cleared_says_so(yard: Yard, phone: Phone) -> None:
    made(yard, 1)
    page = phone(yard.scene.maker)
    preload(page)
    page.goto(yard.url + "/outbox")
    expect(page.locator("#strip")).to_contain_text("maker")
    page.evaluate("() => new Promise((ok) => { indexedDB.deleteDatabase('packtrace').onsuccess = ok; })")
    page.reload()
    expect(page.locator("[role=alert]").filter(has_text="deleted what this page had kept")).to_be_visible()
    expect(page.locator("#strip")).to_contain_text("Not enrolled")


def test_a_refusal_says_why_in_words_and_is_put_aside_without_being_dropped(yard: Yard, phone: Phone) -> None:
    made(yard, 1)
    page = phone(yard.scene.maker)
    preload(page)
    charged = {"batch": f"batch:{yard.scene.maker.id}/x", "mass": {"g": 438_500, "basis": "measured"}}
    run(page, SIGN + 'await record(given.sub, "battery.recycled", given.data);', sub=sub(1), data=charged)
    settle(page, "refused")
    page.goto(yard.url + "/outbox?lang=zh")
    expect(page.locator("#rows .mark.bad")).to_contain_text("当前阶段不允许该事件")
    page.goto(yard.url + "/outbox?lang=en")
    refused = page.locator("#rows > li[data-state=refused]")
    expect(refused.locator(".mark")).not_to_contain_text("battery.recycled, got", use_inner_text=True)
    expect(refused.get_by_role("link", name="Fill it in anew")).to_have_attribute(
        "href", re.compile("/record")
    )
    refused.get_by_role("button", name="Put aside").click()
    expect(page.locator("#rows > li")).to_have_count(0)
    expect(page.locator("#waiting")).to_have_count(0)
    assert [row["state"] for row in rows(page)] == ["refused"], "it is still there"
    page.locator("#aside > summary").click()
    page.locator("#aside").get_by_role("button", name="Send again as it is").click()
    settle(page, "refused")
    expect(page.locator("#rows > li[data-state=refused]")).to_have_count(1)
