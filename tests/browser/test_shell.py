"""What all pages of the yard have in common: language and look of the device, hints, a silent console."""

from __future__ import annotations

from playwright.sync_api import expect

from packtrace.web.pages.yard import SHELLS

from .conftest import Phone, Yard


def test_every_page_opens_under_the_policy_without_a_word_in_the_console(yard: Yard, phone: Phone) -> None:
    page = phone()
    for shell in SHELLS:
        page.goto(f"{yard.url}{shell.path}{'/x' if '<' in shell.rule else ''}")
        expect(page.locator("h1")).to_be_visible()


def test_language_and_look_stay_with_the_device(yard: Yard, phone: Phone) -> None:
    page = phone()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("link", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    page.get_by_text("深色", exact=True).click()
    page.goto(f"{yard.url}/scan")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_wechat_is_told_where_to_record(yard: Yard, phone: Phone) -> None:
    agent = "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/116 Mobile MicroMessenger/8.0.49"
    page = phone(user_agent=agent)
    expect(page.get_by_role("alert")).to_contain_text("open in the browser")
