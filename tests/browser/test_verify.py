"""The page that checks what is dropped on it: red where something is wrong, never more than was checked."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from playwright.sync_api import Locator, Page, expect

from packtrace.signing.compact import format_compact
from packtrace.signing.jws import EVENT, parse_jws, sign_jws
from packtrace.tests.scene import Scene, pack_code
from packtrace.tests.verify.small_log import SmallLog, entries_of_events

from .bundles import (
    PACK,
    battery_bundle,
    entry_of,
    leaves_of,
    log_bundle,
    packed,
    small,
    unpacked,
    with_entry,
    without,
)
from .conftest import Axe, Phone, Yard, begin

SAMPLES = Path(__file__).parents[2] / "sample_batches"
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\u4e2d"


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """One node for all of these: it serves the page, and is asked for nothing else."""
    made = begin(tmp_path_factory.mktemp("verify"))
    yield made
    made.live.stop()


def verify_page(yard: Yard, phone: Phone, language: str = "en", **options: Any) -> Page:
    return phone(path=f"/verify?lang={language}", **options)


def drop(page: Page, name: str, data: bytes | str) -> Locator:
    """Choose a file; the card that it becomes."""
    before = page.locator(".result").count()
    data = data.encode() if isinstance(data, str) else data
    page.set_input_files("#files", {"name": name, "mimeType": "application/octet-stream", "buffer": data})
    expect(page.locator(".result")).to_have_count(before + 1, timeout=60_000)
    return page.locator(".result").first


def said(card: Locator) -> str | None:
    return card.locator(".verdict").get_attribute("data-verdict")


def codes(card: Locator) -> set[str | None]:
    return {each.get_attribute("data-code") for each in card.locator(".findings .finding").all()}


def test_a_good_bundle_holds_as_far_as_it_was_checked_and_is_never_called_verified(
    yard: Yard, phone: Phone
) -> None:
    scene, log, trust = small()
    bundle = battery_bundle(scene, log)
    page = verify_page(yard, phone)
    card = drop(page, "pack.zip", bundle)
    assert said(card) == "UNDECIDED" and "TRUST_ABSENT" in codes(card)
    expect(card).to_contain_text("Whose log it is was not checked")
    assert (
        drop(page, "trust.json", trust).inner_text().count("From now on it is what this page believes") == 1
    )
    card = drop(page, "pack.zip", bundle)
    assert said(card) == "CHECKED" and codes(card) == set()
    expect(card).to_contain_text("UNDECIDED as a whole")
    assert "VERIFIED" not in card.inner_text()
    for step in ("life cycle and custody", "batches, lots, masses", "deadlines", "schema of each event"):
        expect(card.locator(f"[data-step='{step}']")).to_have_attribute("data-done", "false")
        expect(card.locator(f"[data-step='{step}']")).to_contain_text("not done here")
    expect(card.locator("[data-step='signature of each event']")).to_contain_text("done, holds")
    expect(card.locator("pre").first).to_have_text("packtrace verify pack.zip --trust trust.json")
    card = drop(page, "$(reboot).zip", bundle)
    expect(card.locator("pre").first).to_have_text("packtrace verify FILE --trust trust.json")
    card.get_by_text("The events", exact=True).click()
    expect(card.locator(".thread > li")).to_have_count(len(leaves_of(unpacked(bundle), PACK)))


def test_the_verdict_is_told_in_chinese_too(yard: Yard, phone: Phone, axe: Axe) -> None:
    scene, log, trust = small()
    page = verify_page(yard, phone, "zh")
    drop(page, "trust.json", trust)
    card = drop(page, "pack.zip", battery_bundle(scene, log))
    expect(card).to_contain_text("已核验的部分成立")
    expect(card).to_contain_text("无法判定")
    axe(page)
    latin = [line for line in card.inner_text().split("\n") if len(line) > 40 and line.isascii()]
    assert [line for line in latin if not line.startswith(("packtrace ", "battery:"))] == []


def test_every_forgery_of_a_bundle_is_red(yard: Yard, phone: Phone) -> None:
    scene, log, trust = small()
    whole = unpacked(battery_bundle(scene, log))
    own = leaves_of(whole, PACK)
    stranger = Scene(origin="log.packtrace.example/other")
    others = battery_bundle(stranger, _log_of(stranger))
    page = verify_page(yard, phone)
    drop(page, "trust.json", trust)
    one, other = f"receipts/{own[1]}", f"receipts/{own[2]}"
    about = whole["bundle.json"].replace(b'"leaves":[0,', b'"leaves":[1,0,')
    forgeries = {
        "a mass changed": with_entry(whole, own[0], b'"event":"ey', b'"event":"eY'),
        "another time": with_entry(whole, own[0], b'"recorded_at":"2026', b'"recorded_at":"2025'),
        "two swapped": whole | {one: whole[other], other: whole[one]},
        "a forged signature": with_entry(whole, own[-1], b'","recorded_at"', b'","recorded_At"'),
        "another checkpoint": whole | {"checkpoint": unpacked(others)["checkpoint"]},
        "another log": unpacked(others),
        "a name that leads out": whole | {"../../evil": b"x"},
        "a list that is none": whole | {"bundle.json": about},
    }
    for name, files in forgeries.items():
        card = drop(page, f"{name}.zip", packed(files))
        assert said(card) == "REFUTED", name
        assert card.locator(".verdict.bad").count() == 1, name
    # What was left out is missing evidence; it is never what holds.
    card = drop(page, "one left out.zip", packed(without(whole, own[1])))
    assert said(card) == "UNDECIDED" and "BUNDLE_INCOMPLETE" in codes(card)
    assert drop(page, "fine.zip", packed(whole)).locator(".verdict.good").count() == 1


def _log_of(scene: Scene) -> SmallLog:
    events = [(text,) for text in scene.founding()]
    events += scene.life_of_a_pack(pack_code(0))
    return SmallLog(scene.log_key, entries_of_events([text for group in events for text in group]))


def test_a_whole_log_and_every_tampered_sample_are_told_as_the_command_tells_them(
    yard: Yard, phone: Phone
) -> None:
    sample = SAMPLES / "eight-packs"
    page = verify_page(yard, phone)
    drop(page, "trust.json", (sample / "trust.json").read_bytes())
    card = drop(page, "bundle.zip", (sample / "bundle.zip").read_bytes())
    assert said(card) == "CHECKED"
    expect(card.locator(".figures")).to_contain_text("batteries")
    seen = 0
    for path in sorted((sample / "tampered").glob("*.zip"))[:6]:
        card = drop(page, path.name, path.read_bytes())
        expected = path.with_suffix(".expected.json").read_text()
        assert said(card) in ("REFUTED", "UNDECIDED", "CHECKED")
        seen += said(card) == "REFUTED"
        assert said(card) != "REFUTED" or '"REFUTED"' in expected, path.name
    assert seen


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("checkpoint", bytes(200 << 20))
    return out.getvalue()


def test_hostile_files_are_refused_and_stay_inert(yard: Yard, phone: Phone) -> None:
    page = verify_page(yard, phone)
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    files: dict[str, tuple[bytes, str]] = {
        "bomb.zip": (bomb(), "REFUTED"),
        "cut.zip": (packed({"checkpoint": b"x" * 5_000})[:-30], "UNDECIDED"),
        "empty": (b"", "UNDECIDED"),
        "picture.png": (b"\x89PNG\r\n\x1a\n" + bytes(100), "UNDECIDED"),
        "nothing.zip": (packed({}), "UNDECIDED"),
        "deep.json": (b"[" * 100_000, "UNDECIDED"),
        f"{HOSTILE}.zip": (packed({HOSTILE: b"x"}), "UNDECIDED"),
        "half.json": (b'{"id":"x","entry":"y","proof":"<b>"}', "REFUTED"),
    }
    for name, (data, expected) in files.items():
        assert said(drop(page, name, data)) == expected, name
    card = drop(page, "events.ndjson", hostile_event())
    card.get_by_text("The events", exact=True).click()
    expect(card.locator(".thread")).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator("main img, main script, main b").count() == 0
    expect(page.locator("h1")).to_be_visible()


def hostile_event() -> str:
    """Signed by somebody, of whatever shape its author likes."""
    scene = Scene()
    text = scene.sign(scene.maker, "battery.manufactured", PACK, {"note": HOSTILE})
    value = parse_jws(text, typ=EVENT).value
    value["data"] = {
        "note": HOSTILE,
        "mass": {"g": HOSTILE},
        "children": HOSTILE,
        "parent": f"battery:{'x' * 100}",
        "capacity": "constructor",
        "kind": "__proto__",
        "set": HOSTILE,
        "evidence": 3,
    }
    odd = sign_jws(format_compact(value), scene.maker.key, EVENT)
    return f"{text}\n{odd}\n"


def test_a_receipt_and_events_say_what_they_do_not_show(yard: Yard, phone: Phone) -> None:
    made = yard.scene.manufactured(pack_code(7))
    yard.send(made)
    _, receipt = yard.ask("/api/v1/events", f'{{"event":"{made}"}}'.encode())
    page = verify_page(yard, phone)
    drop(page, "trust.json", yard.trust())
    card = drop(page, "receipt.json", _json(receipt))
    assert said(card) == "UNDECIDED" and codes(card) == {"RECEIPT_ALONE"}
    expect(card.locator("[data-step='tree']")).to_contain_text("done, holds")
    expect(card.locator("[data-step='signature of each event']")).to_contain_text("not done here")
    forged = _json({**receipt, "entry": receipt["entry"].replace("2026", "2025")})
    assert said(drop(page, "forged.json", forged)) == "REFUTED"
    card = drop(page, "events.ndjson", made)
    assert said(card) == "UNDECIDED"
    expect(card).to_contain_text("manufactured")


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def test_a_log_of_thousands_of_events_leaves_the_page_answering(
    yard: Yard, phone: Phone, tmp_path: Path
) -> None:
    scene, log, trust = small(200)
    bundle = tmp_path / "log.zip"  # a file of the disk: what a test hands over would be unpacked in the page
    bundle.write_bytes(log_bundle(scene, log))
    page = verify_page(yard, phone)
    drop(page, "trust.json", trust)
    page.evaluate(
        """() => {
          window.longest = 0;
          let last = performance.now();
          const tick = () => {
            const now = performance.now();
            window.longest = Math.max(window.longest, now - last);
            last = now;
            requestAnimationFrame(tick);
          };
          requestAnimationFrame(tick);
        }"""
    )
    started = time.monotonic()
    page.set_input_files("#files", bundle)
    expect(page.locator(".result")).to_have_count(2, timeout=60_000)
    card = page.locator(".result").first
    took = time.monotonic() - started
    assert said(card) == "CHECKED"
    longest = page.evaluate("window.longest")
    print(f"{log.size} events in {took:.1f} s; longest gap between frames {longest:.0f} ms")
    assert longest < took * 1_000 / 3  # a page that checks by itself answers when it is done


def test_what_is_dropped_offline_is_checked_as_well(yard: Yard, phone: Phone) -> None:
    scene, log, trust = small()
    page = verify_page(yard, phone)
    page.evaluate("navigator.serviceWorker.ready")
    page.context.set_offline(True)
    page.reload()
    drop(page, "trust.json", trust)
    card = drop(page, "pack.zip", battery_bundle(scene, log))
    assert said(card) == "CHECKED"
    expect(card).to_contain_text("What was checked here holds.")


def test_entries_that_are_given_are_those_of_the_log(yard: Yard, phone: Phone) -> None:
    """The forgeries above change what they say they change."""
    scene, log, _ = small()
    whole = unpacked(battery_bundle(scene, log))
    leaf = leaves_of(whole, PACK)[0]
    assert entry_of(whole, leaf) == log.leaves[leaf]
