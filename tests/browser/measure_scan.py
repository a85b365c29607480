"""How fast the scan page is, on this machine and on one six times as slow: figures, and no test.

`python -m packtrace.tests.browser.measure_scan` from any folder; it takes half a minute and needs Chromium.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from packtrace.tests.scene import pack_code
from packtrace.trace.codes.label import label_digest, label_url

from .conftest import ARGUMENTS, VIEWPORT, Yard, begin
from .film import frame, qr, save_film, shown

TOKEN = "ABCDEFGHIJ234567QRST"
ROUNDS = 5
SLOWER = 6
LOOKED_MS = 6_000

# From the tap: the first word of what was read, and the card with what the node says.
TAP = """() => new Promise((resolve) => {
  const began = performance.now();
  const said = {};
  const watch = new MutationObserver(() => {
    if (document.querySelector("#said-last .good")) said.code ??= performance.now() - began;
    if (document.querySelector(".found .mark.good")) said.card ??= performance.now() - began;
    if (said.code && said.card) { watch.disconnect(); resolve(said); }
  });
  watch.observe(document.body, { childList: true, subtree: true });
  document.querySelector("#start").click();
})"""

# How long the page is busy at most, as a tap would find it.
GAPS = """(ms) => new Promise((resolve) => {
  const gaps = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    gaps.push(now - last);
    last = now;
  }, 4);
  setTimeout(() => { clearInterval(timer); resolve(Math.max(...gaps)); }, ms);
})"""


def main() -> None:
    """Measure and print."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("no Chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        yard = begin(Path(folder))
        try:
            code = pack_code(1)
            yard.send(yard.scene.manufactured(code, label=label_digest(code, TOKEN)))
            url = label_url(yard.scene.origin.partition("/")[0], code, TOKEN)
            film = save_film(Path(folder) / "film.mjpeg", [*shown(qr(url)), *[frame()] * 3])
            browser = playwright.chromium.launch(
                executable_path=chromium,
                args=[
                    *ARGUMENTS,
                    "--use-fake-ui-for-media-stream",
                    "--use-fake-device-for-media-stream",
                    f"--use-file-for-fake-video-capture={film}",
                ],
            )
            measure(browser, yard)
            browser.close()
        finally:
            yard.live.stop()


def measure(browser: Browser, yard: Yard) -> None:
    """Print what a tap costs, and how long the page is busy while it looks for symbols."""
    for rate in (1, SLOWER):
        rounds = [tap(browser, yard, rate) for _ in range(ROUNDS)]
        for name in ("code", "card"):
            times = sorted(each[name] for each in rounds)
            print(
                f"CPU / {rate}: from tap to {name} {statistics.median(times):4.0f} ms, "
                f"at most {times[-1]:4.0f} ms of {ROUNDS}"
            )
        page = opened(browser, yard, rate)
        page.locator("#start-many").click()  # goes on looking
        page.locator(".batch").wait_for()
        busy = page.evaluate(GAPS, LOOKED_MS)
        print(f"CPU / {rate}: while it looked, the page was busy for at most {busy:4.0f} ms")
        page.context.close()
    longest = longest_task(browser, yard)
    print(
        f"longest task of the page: {longest:.1f} ms of the processor; x {SLOWER}: {SLOWER * longest:.0f} ms"
    )


def longest_task(browser: Browser, yard: Yard) -> float:
    """From the tap on, in milliseconds of the processor: whatever else the machine does meanwhile."""
    page = opened(browser, yard, 1)
    browser.start_tracing(page=page, categories=["toplevel", "__metadata"])
    page.locator("#start-many").click()
    page.locator(".batch").wait_for()
    page.wait_for_timeout(LOOKED_MS)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    page.context.close()
    threads = {
        (each["pid"], each["tid"]): each["args"]["name"] for each in events if each["name"] == "thread_name"
    }
    tasks = [
        each["tdur"] / 1_000
        for each in events
        if each["name"].endswith("RunTask")
        and "tdur" in each
        and threads.get((each["pid"], each["tid"])) == "CrRendererMain"
    ]
    return max(tasks)


def tap(browser: Browser, yard: Yard, rate: int) -> dict[str, float]:
    page = opened(browser, yard, rate)
    said: dict[str, float] = page.evaluate(TAP)
    page.context.close()
    return said


def opened(browser: Browser, yard: Yard, rate: int) -> Page:
    """A phone of a stranger on the scan page, its processor slowed down."""
    context = browser.new_context(viewport=VIEWPORT, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{yard.url}/scan?lang=en")
    page.locator("html[data-ready]").wait_for()
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": rate})
    return page


if __name__ == "__main__":
    main()
