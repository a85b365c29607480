"""How long one phone films what another one shows of a truck.

    python -m packtrace.tests.browser.handover_bench [packs]

The codes are those that the page draws. A film of them is played by Chromium as its camera, at 30 pictures a
second: a screen held at an angle, slightly out of focus, and each picture in which the code changes is a
blend of both. Measured is from the moment at which the camera is asked for to the set that is whole and
compared with its name. Everything is computed on this machine, so a busy one takes longer.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image, ImageFilter
from playwright.sync_api import Page, sync_playwright

from packtrace.tests.browser.conftest import ARGUMENTS, VIEWPORT, begin
from packtrace.tests.browser.film import GROUND, SIZE, save_film
from packtrace.tests.browser.spine import run
from packtrace.tests.web.js_handover import truckload

CAMERA_RATE = 30
ROUNDS = 5
DRAW = """
  const { pack } = await room("handover/packing");
  const { framesOf } = await room("handover/frames");
  const { drawer } = await room("handover/showing");
  const draw = await drawer();
  const set = await pack("offers", given.events.map((text) => [text]));
  const { count, frame } = framesOf(set);
  const drawn = (at) => draw(frame(at)).data.map((row) => row.map(Number));
  const codes = Array.from({ length: 3 * count }, (_, at) => drawn(at));
  return { bytes: set.bytes.length, count, codes };
"""
READ = """
  const { openCamera, look } = await room("scan/camera");
  const { openEngine } = await room("scan/engines");
  const { makeCollector } = await room("handover/frames");
  const video = document.createElement("video");
  video.muted = true;
  document.body.append(video);
  const engine = await openEngine();
  const collector = makeCollector();
  const asked = performance.now();
  const camera = await openCamera(video);
  let seen = 0;
  const progress = await new Promise((whole) => {
    const stop = look(video, engine, { onAway() {}, onFound(symbols) {
      for (const { text } of symbols) {
        seen += 1;
        const told = collector.feed(text);
        if (told?.isWhole) { stop(); whole(told); }
      }
    } });
  });
  const set = await collector.assemble(progress.name);
  const took = performance.now() - asked;
  camera.close();
  engine.close();
  video.remove();
  return { took, seen, engine: engine.name, events: set.submissions.length };
"""


def film_of(codes: list[list[list[int]]], rate: int) -> list[Image.Image]:
    """What the camera sees while so many codes a second are shown."""
    screens = [on_screen(code) for code in codes]
    film = []
    for place, screen in enumerate(screens):
        film += [Image.blend(screens[place - 1], screen, 0.5), *[screen] * (CAMERA_RATE // rate - 1)]
    return film


def on_screen(code: list[list[int]]) -> Image.Image:
    picture = Image.new("L", (len(code), len(code)))
    picture.putdata([0 if dark else 255 for row in code for dark in row])
    screen = picture.resize((580, 580), Image.Resampling.NEAREST).convert("RGB")
    seen = Image.new("RGB", SIZE, GROUND)
    turned = screen.rotate(4, expand=True, fillcolor=GROUND, resample=Image.Resampling.BICUBIC)
    seen.paste(turned, (320, 50))
    return seen.filter(ImageFilter.GaussianBlur(1.2))


def main(count: int = 40) -> None:
    """Print a line for each rate."""
    truck = truckload(count)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        yard = begin(Path(folder))
        try:
            film = save_film(Path(folder, "film.mjpeg"), [Image.new("RGB", SIZE, GROUND)] * 3)
            browser = playwright.chromium.launch(
                executable_path=chromium(), headless=True,
                args=[*ARGUMENTS, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
                      f"--use-file-for-fake-video-capture={film}"],
            )  # fmt: skip
            page = browser.new_context(viewport=VIEWPORT).new_page()  # type: ignore[arg-type]
            page.goto(f"{yard.url}/handover")
            measure(page, film, [*truck["offers"], truck["dispatched"]])
            browser.close()
        finally:
            yard.live.stop()


def measure(page: Page, film: Path, events: list[str]) -> None:
    drawn: dict[str, Any] = run(page, DRAW, events=events)
    plain = sum(len(text) for text in events)
    modules = len(drawn["codes"][0])
    print(
        f"{len(events) - 1} packs and their dispatch: {plain} characters, {drawn['bytes']} bytes packed, "
        f"{drawn['count']} codes of {modules} modules"
    )
    for rate in (5, 10, 15):
        save_film(film, film_of(drawn["codes"], rate))
        took = []
        for _ in range(ROUNDS):
            found = run(page, READ)
            assert found["events"] == len(events)
            took.append(found["took"] / 1000)
        least = drawn["count"] / rate
        print(
            f"{rate:3} codes a second: median {statistics.median(took):.1f} s, "
            f"{min(took):.1f} to {max(took):.1f} s "
            f"(no camera could in less than {least:.1f} s; read by {found['engine']})"
        )


def chromium() -> str:
    """The browser of the system."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        sys.exit("no Chromium: apt-get install chromium")
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
