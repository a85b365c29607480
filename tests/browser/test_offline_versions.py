"""A node is renewed while phones have pages open: each keeps to its own version, and the next is whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page

import packtrace
from packtrace.signing.policy import NONE, Policy
from packtrace.tests.scene import Scene
from packtrace.tests.web.live import Live, found
from packtrace.trace.ledger.home import save_durably
from packtrace.trace.verify.trust import Trust, format_trust

from .conftest import Phone, Yard, modules
from .spine import inspect, made, preload, rows, settle, sub, worker_ready


@pytest.fixture
def renewable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package whose static files may be changed; the rest is the package itself."""
    root, copy = Path(packtrace.__file__).parent, tmp_path / "installed" / "packtrace"
    for folder, into in ((root, copy), (root / "web", copy / "web")):
        into.mkdir(parents=True)
        for path in folder.iterdir():
            if path.name not in ("web", "static") or folder.name == "static":
                (into / path.name).symlink_to(path)
    shutil.copytree(root / "web" / "static", copy / "web" / "static")
    monkeypatch.setenv("PYTHONPATH", str(copy.parent))
    return copy / "web" / "static"


@pytest.fixture
def yard(tmp_path: Path, renewable: Path) -> Iterator[Yard]:
    """As everywhere, but served from the copy."""
    scene = Scene(at=datetime.now(UTC).replace(microsecond=0))
    home = found(tmp_path / "home", scene)
    kid = scene.registrar.key.public.kid
    trust = Trust(scene.origin, frozenset({kid}), 1, Policy(NONE, scene.log_key.vkeys))
    save_durably(home.trust, format_trust(trust))
    live = Live(tmp_path / "home")
    yield Yard(scene, home, live)
    live.stop()


def kept(page: Page) -> list[str]:
    versions: list[str] = page.evaluate("caches.keys()")
    return [name.removeprefix("packtrace-files-") for name in versions]


def version(page: Page) -> str:
    return modules(page).split("/")[-2]


def is_settled(page: Page, version: str) -> bool:
    """Whether the worker of a version is the one that answers."""
    settled: bool = page.evaluate(
        """async (name) => {
          const here = await navigator.serviceWorker.getRegistration();
          if (!(await caches.has(name))) await here.update();
          return (await caches.has(name)) && !here.installing && !here.waiting;
        }""",
        f"packtrace-files-{version}",
    )
    return settled


def test_an_open_page_keeps_its_version_and_the_next_one_is_whole(
    yard: Yard, phone: Phone, renewable: Path
) -> None:
    made(yard, 1)
    page = phone(yard.scene.maker)
    worker_ready(page)
    preload(page)
    old = version(page)
    assert kept(page) == [old]

    port = yard.live.port
    yard.live.stop()
    style = renewable / "app.css"
    style.write_text(style.read_text() + "\n.strip::after { content: ' renewed'; }\n")
    yard.live.options = ("--port", str(port))
    yard.live.start()

    # What the open page has not asked for yet is still of its own version.
    source = page.evaluate(f"async () => (await fetch('/static/{old}/app.css')).text()")
    assert "renewed" not in source
    page.goto(yard.url + "/outbox")
    new = version(page)
    assert new != old
    for _ in range(600):
        if is_settled(page, new):
            break
        page.wait_for_timeout(100)
    assert kept(page) == [old, new], "the one before stays for pages that are open"

    page.context.set_offline(True)
    page.goto(yard.url + "/outbox")
    assert version(page) == new
    names = page.evaluate("performance.getEntriesByType('resource').map((one) => new URL(one.name).pathname)")
    assert {name.split("/")[2] for name in names if name.startswith("/static/")} == {new}
    inspect(page, sub(1))
    page.context.set_offline(False)
    settle(page)
    assert rows(page)[0]["receipts"]
