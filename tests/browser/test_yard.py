"""My yard: what is held, offered and waits, with a network and without; and how it is loaded for that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from packtrace.tests.scene import pack_code
from packtrace.trace.times import format_time

from .conftest import Axe, Phone, Yard, begin, modules


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """The maker holds four packs, one of which it offers to the garage; one more went there and came back."""
    made = begin(tmp_path_factory.mktemp("yard"))
    scene = made.scene
    for number in range(1, 5):
        made.send(scene.manufactured(pack_code(number)))
    offer = {
        "consignee": scene.garage.org,
        "capacity": "dealer",
        "expires_at": format_time(scene.at + timedelta(days=9)),
    }
    made.send(scene.sign(scene.maker, "handover.offered", f"battery:gbt34014:{pack_code(4)}", offer))
    yield made
    made.live.stop()


def open_yard(page: Page, yard: Yard) -> None:
    page.goto(f"{yard.url}/yard?lang=en")
    expect(page.locator("#loaded")).to_contain_text("Last loaded", timeout=20_000)


def items(page: Page, section: str = "items") -> list[str]:
    lines: list[Locator] = page.locator(f"#{section} li[data-subject]").all()
    return [str(line.get_attribute("data-subject")).rpartition(":")[2] for line in lines]


def test_what_is_held_and_what_was_offered_is_there_online_and_offline(
    yard: Yard, phone: Phone, axe: Axe
) -> None:
    page = phone(yard.scene.maker)
    open_yard(page, yard)
    assert items(page) == [pack_code(number) for number in range(1, 5)]
    assert items(page, "given") == [pack_code(4)]
    axe(page)
    expect(page.locator("#given")).to_contain_text("to garage")
    expect(page.locator("#given")).to_contain_text("expires in 9 days")
    expect(page.locator("#offered")).to_be_hidden()
    page.get_by_label("Last characters").fill(pack_code(2)[-3:].lower())
    assert items(page) == [pack_code(2)]
    expect(page.locator("#matching")).to_have_text("1 of 4 fit.")
    page.get_by_label("Last characters").fill("")
    page.get_by_label("Stage").select_option("manufactured")
    assert len(items(page)) == 4
    page.evaluate("navigator.serviceWorker.ready")
    page.context.set_offline(True)
    page.reload()
    expect(page.locator("#loaded")).to_contain_text("Last loaded")
    assert len(items(page)) == 4
    page.get_by_role("button", name="Load for work").click()
    expect(page.locator("#loaded")).to_contain_text("No network. What was loaded before is still here.")
    page.locator("#items a").first.click()
    expect(page.locator("h1")).to_have_text("Timeline of a battery")
    expect(page.locator("#verdicts")).to_contain_text("this phone has not kept the events")


def test_what_is_offered_asks_to_be_scanned_and_says_until_when(yard: Yard, phone: Phone) -> None:
    page = phone(yard.scene.garage)
    open_yard(page, yard)
    assert items(page, "offered") == [pack_code(4)] and items(page) == []
    expect(page.locator("#offered")).to_contain_text("from maker")
    expect(page.locator("#offered")).to_contain_text("expires in 9 days")
    expect(page.locator("#matching")).to_have_text("Nothing, as far as this phone knows.")
    button = page.get_by_role("link", name="Scan to take over")
    box = button.bounding_box()
    assert box and box["height"] >= 96
    button.click()
    expect(page.locator("h1")).to_be_visible()
    assert "/scan" in page.url


def test_a_record_that_waits_on_the_phone_is_counted_and_marked(yard: Yard, phone: Phone) -> None:
    page = phone(yard.scene.maker)
    open_yard(page, yard)
    page.context.set_offline(True)
    signed = yard.scene.inspected(yard.scene.maker, pack_code(1))
    page.evaluate(
        """async ({ modules, event }) => {
          const { add } = await import(`${modules}/device/outbox.js`);
          await add([event], { said: {} });
        }""",
        {"modules": modules(page), "event": signed},
    )
    expect(page.locator("#state")).to_contain_text("1 records wait on this phone")
    yard.scene.heads[f"battery:gbt34014:{pack_code(1)}"] = (0, "")  # it never went out


def test_a_phone_of_nobody_is_led_to_enrolment(yard: Yard, phone: Phone) -> None:
    page = phone()
    page.goto(f"{yard.url}/yard?lang=en")
    expect(page.locator("#state")).to_contain_text("This phone belongs to no organisation yet")
    expect(page.locator("#held")).to_be_hidden()
    page.locator("#state").get_by_role("link", name="Enrol this device").click()
    assert "/enrol" in page.url
