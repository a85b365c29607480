"""A real node, and a real Chromium as the phones of its organisations."""

from __future__ import annotations

import json
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, sync_playwright

from packtrace.signing.disclosures import split_presentation
from packtrace.signing.jws import EVENT, parse_jws
from packtrace.signing.policy import NONE, Policy
from packtrace.tests.conftest import lacks
from packtrace.tests.scene import Party, Scene
from packtrace.tests.web.live import Live, found
from packtrace.trace.ledger.home import Home, save_durably
from packtrace.trace.verify.trust import Trust, format_trust

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
VIEWPORT = {"width": 390, "height": 844}
CUT = re.compile(
    r"net::ERR_(INTERNET_DISCONNECTED|CONNECTION_REFUSED|CONNECTION_RESET|FAILED|EMPTY_RESPONSE)"
)
"""What Chromium writes to its console for every request without a network: no fault of a page."""
ANSWERED = re.compile(
    r"the server responded with a status of (?:4\d\d|503)|\(404\) was received when fetching the script"
)
"""Likewise for every answer that refuses something, which pages tell in their own words."""


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser of the system."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        lacks("no Chromium: apt-get install chromium")
    return path


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture
def launch(playwright: Playwright, chromium: str) -> Iterator[Callable[..., Browser]]:
    """Starts a browser for one test, with further arguments, as for a camera that shows a film."""
    started: list[Browser] = []

    def start(*further: str) -> Browser:
        started.append(_launched(playwright, chromium, *further))
        return started[-1]

    yield start
    for browser in started:
        browser.close()


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    """The one that most tests share; each has contexts of its own."""
    started = _launched(playwright, chromium)
    yield started
    started.close()


def _launched(playwright: Playwright, chromium: str, *further: str) -> Browser:
    return playwright.chromium.launch(executable_path=chromium, headless=True, args=[*ARGUMENTS, *further])


@dataclass
class Yard:
    """A node in a process of its own, and the organisations that are enrolled in its log."""

    scene: Scene
    home: Home
    live: Live
    sent: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.live.url

    def send(self, *texts: str) -> list[str]:
        """Record one submission over the API, as an integrator does; the ids of its events."""
        body = json.dumps({"events": list(texts)}).encode()
        status, answer = self.ask("/api/v1/events", body)
        assert status in (200, 201), answer
        self.sent += texts
        return [parse_jws(split_presentation(text)[0], typ=EVENT).id for text in texts]

    def ask(self, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        """Ask the node something; its status and JSON."""
        request = urllib.request.Request(  # noqa: S310  # loopback, over http
            self.url + path, data=body, headers={"Content-Type": "application/json"} | headers
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    def trust(self) -> str:
        """The trust file that a device pins."""
        return self.home.trust.read_text()


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    """Maker, garage, dismantler and recycler are enrolled; nothing has happened yet."""
    made = begin(tmp_path)
    try:
        yield made
    finally:
        made.live.stop()


def begin(folder: Path) -> Yard:
    """Start a node of its own in a folder; whoever does stops it."""
    made = Scene(at=datetime.now(UTC).replace(microsecond=0))
    home = found(folder / "home", made)
    trust = Trust(
        made.origin, frozenset({made.registrar.key.public.kid}), 1, Policy(NONE, made.log_key.vkeys)
    )
    save_durably(home.trust, format_trust(trust))
    return Yard(made, home, Live(folder / "home"))


Axe = Callable[[Page], None]
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@pytest.fixture
def axe(node_packages: Path) -> Axe:
    """Looks for what hinders people, as the page stands, and fails on anything that it finds."""
    script = (node_packages / "axe-core" / "axe.min.js").read_text("utf-8")

    def look(page: Page) -> None:
        page.evaluate(script)  # a script element would be refused by the policy
        found = page.evaluate("rules => axe.run(document, { runOnly: rules })", list(RULES))
        said = [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]]
        assert said == []

    return look


Phone = Callable[..., Page]


@pytest.fixture
def phone(browser: Browser, launch: Callable[..., Browser], yard: Yard) -> Iterator[Phone]:
    """Makes a phone: a context with storage of its own, and a page in it whose console must stay silent.

    It asks for `launch` so that browsers of a test outlast the contexts in them.
    """
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and not CUT.search(message.text) and not ANSWERED.search(message.text):
            said.append(message.text)

    def make(
        party: Party | None = None, *, of: Browser | None = None, path: str = "/more", **options: Any
    ) -> Page:
        context = (of or browser).new_context(
            **{"viewport": VIEWPORT, "has_touch": True, "is_mobile": True, "locale": "en-GB", **options}
        )
        context.on(
            "page",
            lambda page: (page.on("console", heard), page.on("pageerror", lambda e: said.append(str(e)))),
        )
        contexts.append(context)
        page = context.new_page()
        page.goto(yard.url + path)
        if party is not None:
            enrol(page, yard, party)
        return page

    yield make
    for context in contexts:
        context.close()
    assert said == []


def enrol(page: Page, yard: Yard, party: Party, use: str = "sign") -> str:
    """Make a key in the browser and register it as the organisation's admin does; its id.

    What a person does with a QR code and six words is `test_enrolment.py`'s.
    """
    sub = f"keys:{party.id}"
    _, head = yard.scene.heads.get(sub, (-1, None))
    made = page.evaluate(
        """async ({ modules, org, aud, sub, head, use }) => {
          const { makeKey } = await import(`${modules}/device/keyring.js`);
          const { signerOf } = await import(`${modules}/core/keys.js`);
          const { signPossession } = await import(`${modules}/core/possession.js`);
          const row = await makeKey({ org, use, name: "phone of a test" });
          const signer = await signerOf(row.pair);
          const possession = await signPossession({ aud, sub, head: head ?? undefined }, signer);
          return { kid: row.kid, jwk: row.jwk, possession };
        }""",
        {
            "modules": modules(page),
            "org": party.org,
            "aud": yard.scene.origin,
            "sub": sub,
            "head": head,
            "use": use,
        },
    )
    data = {"use": use, "jwk": made["jwk"], "possession": made["possession"], "name": "phone of a test"}
    yard.send(yard.scene.sign(party, "key.added", sub, data, key=party.admin))
    page.evaluate(
        """async ({ modules, kid, org, origin, trust }) => {
          const { markEnrolled } = await import(`${modules}/device/keyring.js`);
          const { put } = await import(`${modules}/device/db.js`);
          await markEnrolled(kid);
          const settings = Object.entries({ org, origin, trust });
          for (const [name, value] of settings) await put("settings", { name, value });
        }""",
        {
            "modules": modules(page),
            "kid": made["kid"],
            "org": party.org,
            "origin": yard.scene.origin,
            "trust": yard.trust(),
        },
    )
    return str(made["kid"])


def modules(page: Page) -> str:
    """The folder of the page's modules, of the version that it has."""
    address = page.locator("script[type=module]").first.get_attribute("src")
    assert address
    return address.partition("/ui/")[0]
