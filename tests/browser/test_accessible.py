"""Every page for everybody: axe finds nothing, the keyboard is enough, a small phone is wide enough."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from packtrace.tests.scene import pack_code
from packtrace.web.pages.yard import SHELLS

from .conftest import ANSWERED, RULES, Yard, begin, enrol
from .spine import inspect, preload, settle
from .test_record import TOKEN, choose, offered, open_form, review, taken_over

LANGUAGES = ("en", "zh")
NARROW = 320
"""CSS pixels at which a page reflows (WCAG 2.2, 1.4.10)."""

THUMB = 24
"""CSS pixels of the smallest target (WCAG 2.2, 2.5.8); main actions have 64."""
PAGES = {
    **{shell.name: shell.path + ("/-" if "<" in shell.rule else "") for shell in SHELLS},
    "begin": "/",
    "https": "/https",
    "unknown": f"/p/{pack_code(4_000)}",
    "problem": "/nowhere",
}

# A phone makes its window as wide as what is in it, so that the width is told rather than asked. A link in a
# sentence needs no size of its own (2.5.8), and a box of its own for what must be wide may be (1.4.10).
_SIZES = """([narrow, thumb]) => {
  const told = [];
  const shown = (each) => each.outerHTML.slice(0, 120);
  const box = (each) => each?.getBoundingClientRect() ?? { width: 0, height: 0, right: 0 };
  const wide = document.documentElement.scrollWidth;
  if (wide > narrow) {
    const guilty = [...document.querySelectorAll("body *")]
      .filter((each) => box(each).right > narrow + 1 && !each.closest(".wide"));
    told.push(`${wide} px wide at ${narrow}: ${guilty.slice(0, 3).map(shown)}`);
  }
  for (const each of document.querySelectorAll("a[href], button, input, select, textarea, summary")) {
    const [own, label] = [box(each), box(each.closest("label"))];
    const least = Math.min(Math.max(own.width, label.width), Math.max(own.height, label.height));
    const inText = getComputedStyle(each).display === "inline";
    const seen = own.width > 1 && own.height > 1;
    if (seen && !inText && least < thumb) told.push(`${own.width} by ${own.height}: ${shown(each)}`);
  }
  return told;
}"""


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    made = begin(tmp_path_factory.mktemp("accessible"))
    yield made
    made.live.stop()


@pytest.fixture(scope="module")
def codes(yard: Yard) -> dict[str, str]:
    """A pack that the dismantler holds, one that is offered to it, and one whose label is at hand."""
    held = taken_over(yard, yard.scene.dismantler, "pack_dismantler")
    expected = offered(yard, yard.scene.dismantler, "pack_dismantler")
    return {"held": held, "expected": expected}


@pytest.fixture(scope="module")
def said() -> list[str]:
    """What the pages say in the console, warnings too: a page that mends itself has failed before."""
    return []


@pytest.fixture(scope="module")
def page(browser: Browser, yard: Yard, codes: dict[str, str], said: list[str]) -> Iterator[Page]:
    """The dismantler's phone: enrolled, with the yard taken along and records in its outbox."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        locale="en-GB",
        color_scheme="light",
    )
    phone = context.new_page()
    phone.on("console", lambda message: said.append(f"{phone.url}: {message.text}"))
    phone.on("pageerror", lambda error: said.append(f"{phone.url}: {error}"))
    phone.goto(f"{yard.url}/more")
    enrol(phone, yard, yard.scene.dismantler)
    preload(phone)
    inspect(phone, f"battery:gbt34014:{codes['held']}")
    settle(phone)
    yield phone
    context.close()


@pytest.fixture(scope="module")
def script(node_packages: Path) -> str:
    return (node_packages / "axe-core" / "axe.min.js").read_text("utf-8")


def faults(page: Page, script: str, *rules: str) -> list[str]:
    """What axe finds, a line each; what it could not decide counts too, but for what it is never able to."""
    page.evaluate(script)  # not as a script of the page, which its policy refuses
    only = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": list(RULES)}
    found: dict[str, Any] = page.evaluate(
        "(only) => axe.run(document, { runOnly: only, resultTypes: ['violations', 'incomplete'] })", only
    )
    told = [("", each) for each in found["violations"]] + [("unsure: ", each) for each in found["incomplete"]]
    return [
        f"{sure}{each['id']}: {node['html'][:160]} {node['failureSummary'][-200:]}"
        for sure, each in told
        for node in each["nodes"]
    ]


def settled(page: Page) -> None:
    """Wait until a page shows what it has: nothing in it has changed for a while."""
    expect(page.locator("h1").first).to_be_visible()
    page.evaluate(
        """() => new Promise((done) => {
          let timer = setTimeout(done, 400);
          const watch = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(done, 400); });
          watch.observe(document.body, { subtree: true, childList: true, characterData: true });
          setTimeout(done, 5000);
        })"""
    )


def check_looks(page: Page, script: str, where: str) -> list[str]:
    """Everything in the look of the system, and contrasts in both others."""
    found = [f"{where}: {fault}" for fault in faults(page, script)]
    for theme in ("bright", "dark"):
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        found += [f"{where}, {theme}: {fault}" for fault in faults(page, script, "color-contrast")]
    page.evaluate("() => { delete document.documentElement.dataset.theme; }")
    return found


def check_sizes(page: Page, where: str) -> list[str]:
    """On the narrowest phone nothing is wider than the page, and every target can be hit."""
    page.set_viewport_size({"width": NARROW, "height": 640})
    found: list[str] = page.evaluate(_SIZES, [NARROW, THUMB])
    page.set_viewport_size({"width": 390, "height": 844})
    return [f"{where}: {each}" for each in found]


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_on_any_page_in_any_language_or_look(
    page: Page, yard: Yard, script: str, said: list[str], name: str
) -> None:
    said.clear()
    found: list[str] = []
    for language in LANGUAGES:
        page.goto(f"{yard.url}{PAGES[name]}?lang={language}")
        settled(page)
        found += check_looks(page, script, f"{name} {language}") + check_sizes(page, f"{name} {language}")
    assert not found, "\n".join(found)
    assert not [each for each in said if not ANSWERED.search(each)]


@pytest.mark.parametrize("name", ["passport", "passport of another label", "timeline", "step", "sheet"])
def test_so_it_does_with_what_people_have_in_them(
    page: Page, yard: Yard, script: str, codes: dict[str, str], name: str
) -> None:
    found: list[str] = []
    for language in LANGUAGES:
        if name in ("step", "sheet"):
            page.goto(f"{yard.url}/more?lang={language}")
            open_form(page, yard, "battery.inspected", codes["held"])
            if name == "sheet":
                choose(page, "/data/condition", "intact")
                review(page)
        else:
            path = {
                "passport": f"/p/{codes['held']}.{TOKEN}",
                "passport of another label": f"/p/{codes['held']}.{TOKEN[::-1]}",
                "timeline": f"/batteries/{codes['held']}",
            }[name]
            page.goto(f"{yard.url}{path}?lang={language}")
        settled(page)
        found += check_looks(page, script, f"{name} {language}") + check_sizes(page, f"{name} {language}")
    assert not found, "\n".join(found)


def test_axe_fires_where_there_are_faults(page: Page, yard: Yard, script: str) -> None:
    page.goto(f"{yard.url}/more?lang=en")
    settled(page)
    page.evaluate(
        """() => {
          document.documentElement.removeAttribute("lang");
          const faulty = document.createElement("div");
          const image = document.createElement("img");
          const button = document.createElement("button");
          const pale = document.createElement("p");
          pale.textContent = "hardly to be seen";
          pale.style.color = "#ddd";
          pale.style.background = "#fff";
          const wide = document.createElement("p");
          wide.textContent = "wide";
          wide.style.width = "900px";
          const small = document.createElement("button");
          small.textContent = "x";
          Object.assign(small.style, { minHeight: "0", height: "9px", width: "9px", padding: "0" });
          faulty.append(image, button, document.createElement("input"), pale, wide, small);
          document.querySelector("main").append(faulty);
        }"""
    )
    found = {fault.partition(":")[0] for fault in faults(page, script)}
    assert {"html-has-lang", "image-alt", "button-name", "label", "color-contrast"} <= found
    sizes = "\n".join(check_sizes(page, "here"))
    assert " px wide at 320" in sizes and "9 by 9" in sizes, sizes


def tab_to(page: Page, css: str, most: int = 80) -> None:
    """Go to something by the Tab key alone, and see that it shows that it has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(css) => document.activeElement.matches(css)", css):
            break
    else:
        pytest.fail(f"{css}: expected to come to it within {most} steps")
    seen = page.evaluate(
        """() => {
          const { activeElement: there } = document;
          const mark = there.matches("input[type=file]") ? there.labels[0] : there;
          const { outlineStyle, outlineWidth } = getComputedStyle(mark);
          const box = mark.getBoundingClientRect();
          const bar = document.querySelector(".bar").getBoundingClientRect();
          const shown = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
          return { shown, covered: box.top >= bar.top };
        }"""
    )
    inside = page.evaluate("() => document.activeElement.closest('.bar') !== null")
    assert seen["shown"] and (inside or not seen["covered"]), (css, seen)


def test_a_pack_is_looked_up_recorded_and_signed_by_the_keyboard_alone(
    page: Page, yard: Yard, codes: dict[str, str]
) -> None:
    page.goto(f"{yard.url}/scan?lang=en")
    settled(page)
    tab_to(page, "#typed")
    page.keyboard.type(codes["held"], delay=30)  # as a person types: a scanner is faster
    page.keyboard.press("Enter")
    expect(page.locator("[data-step='battery.inspected']")).to_be_visible()
    tab_to(page, "[data-step='battery.inspected'], [data-step='battery.inspected'] *")
    page.keyboard.press("Enter")
    expect(page.locator("#review")).to_be_visible()
    tab_to(page, "[data-pointer='/data/condition'] input, [data-pointer='/data/condition'] select")
    if page.evaluate("document.activeElement.matches('select')"):
        page.keyboard.press("i")
    else:
        page.keyboard.press("Space")
    tab_to(page, "#review")
    page.keyboard.press("Enter")
    expect(page.locator("#sign")).to_be_visible()
    tab_to(page, "#sign")
    page.keyboard.press("Enter")
    expect(page.locator("#ready")).to_be_visible()
    expect(page.locator("#signed .chip").first).to_have_attribute("data-state", "accepted", timeout=15_000)
