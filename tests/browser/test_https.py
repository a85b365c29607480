"""A yard's own https in a browser that trusts its authority, and what is said where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Playwright, expect

from packtrace.tests.conftest import lacks
from packtrace.tests.scene import Scene
from packtrace.tests.web.live import end, found
from packtrace.tests.web.test_https import HOST, YardNode

from .conftest import ARGUMENTS, VIEWPORT, Phone, Yard

ELSEWHERE = "office.example"
"""A name that is not this machine's own, so that browsers take plain http from it for what it is."""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[YardNode]:
    scene = Scene(origin="log.packtrace.example/yard", purpose="production")
    running = YardNode(found(tmp_path_factory.mktemp("yard") / "home", scene).path)
    yield running
    end(running.process)


def opened(playwright: Playwright, chromium: str, home: Path) -> Browser:
    """A browser whose trust is what lies in this home, and that finds the node by names of a yard."""
    rules = f"--host-resolver-rules=MAP {HOST} 127.0.0.1, MAP other.internal 127.0.0.1"
    return playwright.chromium.launch(
        executable_path=chromium,
        headless=True,
        args=[*ARGUMENTS, rules],
        env={**os.environ, "HOME": str(home)},
    )


@pytest.fixture
def trusting(node: YardNode, playwright: Playwright, chromium: str, tmp_path: Path) -> Iterator[Browser]:
    """The authority is in the database of NSS, where Chromium on Linux keeps what its user trusts."""
    if shutil.which("certutil") is None:
        lacks("no certutil: apt-get install libnss3-tools")
    database = tmp_path / ".pki" / "nssdb"
    database.mkdir(parents=True)
    for command in (("-N", "--empty-password"), ("-A", "-t", "C,,", "-n", "yard", "-i", str(node.authority))):
        subprocess.run(["certutil", "-d", f"sql:{database}", *command], check=True)
    browser = opened(playwright, chromium, tmp_path)
    yield browser
    browser.close()


def test_a_browser_that_trusts_the_authority_signs_and_works_offline(
    node: YardNode, trusting: Browser
) -> None:
    page = trusting.new_page(locale="en-GB")
    page.goto(f"https://{HOST}:{node.https}/scan")
    assert page.evaluate("isSecureContext && typeof navigator.mediaDevices.getUserMedia") == "function"
    made = page.evaluate(
        "crypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify'])"
        ".then((pair) => pair.privateKey.extractable)"
    )
    assert made is False
    assert page.evaluate("navigator.serviceWorker.ready.then((found) => found.active !== null)")
    expect(page.locator("html")).to_have_attribute("data-begun", "")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_browser_that_trusts_it_takes_no_other_name_and_no_other_does(
    node: YardNode, trusting: Browser, playwright: Playwright, chromium: str, tmp_path: Path
) -> None:
    page = trusting.new_page()
    with pytest.raises(Error, match="ERR_CERT_COMMON_NAME_INVALID"):
        page.goto(f"https://other.internal:{node.https}/scan")
    stranger = opened(playwright, chromium, tmp_path / "nobody")
    try:
        with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
            stranger.new_page().goto(f"https://{HOST}:{node.https}/scan")
    finally:
        stranger.close()


def test_who_leaves_out_the_s_is_led_to_the_steps(node: YardNode, trusting: Browser) -> None:
    page = trusting.new_page(locale="zh-CN", viewport=VIEWPORT)
    page.goto(f"http://{HOST}:{node.https}/scan")
    assert page.url == f"http://{HOST}:{node.https}/https"
    expect(page.get_by_role("heading", level=1)).to_have_text("本网络中的手机")
    page.get_by_role("link", name=f"https://{HOST}:{node.https}", exact=True).click()
    expect(page).to_have_url(f"https://{HOST}:{node.https}/scan")


@pytest.fixture
def abroad(launch: Callable[..., Browser]) -> Browser:
    """A browser that finds the node by a name of another machine."""
    return launch(f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1")


def test_plain_http_from_another_machine_is_said_to_be_of_no_use_for_recording(
    yard: Yard, abroad: Browser
) -> None:
    page = abroad.new_page(locale="en-GB")
    page.goto(f"http://{ELSEWHERE}:{yard.live.port}/scan")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("plain http")
    alert.get_by_role("link").click()
    expect(page.locator("pre")).to_have_text("packtrace serve --https")


def test_wechat_is_shown_where_the_browser_is_opened(yard: Yard, phone: Phone) -> None:
    page = phone(user_agent="Mozilla/5.0 (iPhone) AppleWebKit/605 Mobile MicroMessenger/8.0.49")
    picture = page.get_by_role("alert").get_by_role("img")
    expect(picture).to_have_accessible_name("Three dots at the top right of the screen")
    assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0


def test_a_browser_that_keeps_nothing_is_told_so(yard: Yard, browser: Browser) -> None:
    page = browser.new_page(locale="en-GB")  # whose console says that nothing can be kept, too
    page.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('', 'SecurityError'); }")
    page.goto(f"{yard.url}/more")
    expect(page.get_by_role("alert")).to_contain_text("keeps nothing")


def test_scripts_that_do_not_start_are_told_of(yard: Yard, phone: Phone) -> None:
    page = phone(service_workers="block")
    expect(page.locator("#late")).to_be_hidden()
    page.route("**/js/ui/shell.js", lambda route: route.abort())
    page.goto(f"{yard.url}/scan?lang=en")
    expect(page.locator("#late")).to_be_visible(timeout=15_000)
