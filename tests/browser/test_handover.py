"""A handover from phone to phone, and a truck: signed on either side, in the order in which it happened."""

from __future__ import annotations

import base64
import io
import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from packtrace.tests.scene import Party, pack_code

from .conftest import Phone, Yard, begin
from .film import GROUND, SIZE, save_film
from .spine import flush, preload, rows, run, settle, states, sub, worker_ready

Launch = Callable[..., Browser]
CAMERA_RATE = 30  # pictures a second, as Chromium plays a film
COUNT = 40


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """One node for all of them; the dismantler holds packs that nobody else wants."""
    made = begin(tmp_path_factory.mktemp("yard"))
    held(made, range(1, COUNT + 10))
    yield made
    made.live.stop()


def held(yard: Yard, numbers: range) -> None:
    """The dismantler took these over from their maker."""
    scene = yard.scene
    lines: list[str] = []
    for number in numbers:
        lines.append(scene.manufactured(pack_code(number)))
        retired = {"capacity": "vehicle_maker", "reason": "vehicle_scrapped"}
        lines.append(scene.sign(scene.maker, "battery.retired", sub(number), retired))
        for group in scene.handed_over(sub(number), scene.maker, scene.dismantler, "pack_dismantler"):
            lines += group
    body = "".join(f"{line}\n" for line in lines).encode()
    request = urllib.request.Request(  # noqa: S310 -- loopback, over http
        f"{yard.url}/api/v1/events/batch", data=body, headers={"Content-Type": "application/x-ndjson"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        outcomes = [json.loads(line) for line in answer.read().splitlines()]
    assert {each["status"] for each in outcomes if "status" in each} == {"accepted"}, outcomes[:3]


# ---- what a person does ----


def ready(phone: Phone, party: Party, **options: Any) -> Page:
    """A phone that took its yard along and can work without a network."""
    page = phone(party, **options)
    worker_ready(page)
    preload(page)
    return page


def select(page: Page, *numbers: int) -> None:
    """As the scan page leaves it."""
    scans = [
        {
            "subject": sub(number), "code": pack_code(number), "token": None, "read_by": "camera",
            "kind": "code", "remarks": [], "at": "2026-11-23T08:00:00Z",
        }
        for number in numbers
    ]  # fmt: skip
    run(page, 'await (await room("device/selection")).select(given.scans)', scans=scans)


def offer(page: Page, yard: Yard, *numbers: int, truck: bool) -> None:
    """Fill the form of handing over in, and sign."""
    select(page, *numbers)
    page.goto(f"{yard.url}/handover")
    page.get_by_label("To whom").select_option(yard.scene.recycler.org)
    together = page.get_by_label("They travel together, on one truck")
    together.set_checked(truck)
    if truck:
        page.get_by_label("Safety check before packing: every answer is no").select_option("yes")
    page.get_by_role("button", name="Review and sign").click()
    page.get_by_role("button", name=f"Sign {len(numbers) + truck} records").click()
    expect(page.get_by_text(f"Signed: {len(numbers)} packs are offered")).to_be_visible(timeout=60_000)


def scan(page: Page, *numbers: int) -> None:
    """A handheld scanner types one label after another; again where a busy machine made a gap in it."""
    expect(page.locator(".heard")).to_be_attached()
    for number in numbers:
        for _ in range(5):
            heard: str = page.evaluate(
                """(text) => {
                  for (const key of [...text, "Enter"]) {
                    const typed = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
                    document.body.dispatchEvent(typed);
                  }
                  return document.querySelector(".heard").textContent;
                }""",
                pack_code(number),
            )
            if heard.replace(" ", "").endswith(pack_code(number)):
                break
        else:
            raise AssertionError(heard)


def shown_codes(page: Page) -> list[Image.Image]:
    """The codes that the phone shows, off its screen: as many as it needs, and some of the further ones."""
    expect(page.locator(".film canvas")).to_be_visible()
    taken: list[str] = page.evaluate(
        """async () => {
          const canvas = document.querySelector(".film canvas");
          const least = Number(/^\\d+/.exec(canvas.nextElementSibling.textContent)?.[0] ?? 1);
          const found = new Map();
          while (found.size < (least === 1 ? 1 : least + 8)) {
            const { frame } = canvas.dataset;
            if (!found.has(frame)) found.set(frame, canvas.toDataURL("image/png"));
            await new Promise((ok) => setTimeout(ok, 20));
          }
          return [...found.values()];
        }"""
    )
    return [Image.open(io.BytesIO(base64.b64decode(each.partition(",")[2]))).convert("RGB") for each in taken]


def before_a_camera(codes: list[Image.Image], rate: int = 10) -> list[Image.Image]:
    """What a camera sees of a screen on which so many codes a second are shown."""
    film = []
    for code in codes:
        seen = Image.new("RGB", SIZE, GROUND)
        screen = code.resize((560, 560), Image.Resampling.BILINEAR).rotate(3, expand=True, fillcolor=GROUND)
        seen.paste(screen, (320, 70))
        film += [seen] * (CAMERA_RATE // rate)
    return film


@pytest.fixture
def filmed(launch: Launch, tmp_path: Path) -> Callable[[str], tuple[Browser, Path]]:
    """A browser with a camera, and the film that it shows: what is written there before the camera opens."""

    def make(name: str) -> tuple[Browser, Path]:
        film = save_film(tmp_path / f"{name}.mjpeg", [Image.new("RGB", SIZE, GROUND)] * 3)
        browser = launch(
            "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}",
            "--use-fake-ui-for-media-stream",
        )  # fmt: skip
        return browser, film

    return make


def recorded(yard: Yard, subject: str, page: Page) -> list[str]:
    """Types of the events of a chain, as the log has them."""
    found: list[str] = run(
        page,
        """const { api } = await room("device/api");
        const { body } = await api(`/subjects/${given.subject}/events?limit=100`);
        return body.events.map(({ type }) => type);""",
        subject=subject,
    )
    return found


def test_one_pack_goes_from_phone_to_phone_and_either_of_them_sends_both_sides(
    yard: Yard, phone: Phone, filmed: Callable[[str], tuple[Browser, Path]]
) -> None:
    (with_giver, giver_film), (with_taker, taker_film) = filmed("giver"), filmed("taker")
    giver = ready(phone, yard.scene.dismantler, of=with_giver)
    taker = ready(phone, yard.scene.recycler, of=with_taker)
    for page in (giver, taker):
        page.context.set_offline(True)
    offer(giver, yard, COUNT + 1, truck=False)
    giver.get_by_role("button", name="Show it to the other phone").click()
    save_film(taker_film, before_a_camera(shown_codes(giver)))

    taker.goto(f"{yard.url}/handover")
    taker.get_by_role("button", name="Take over from another phone").click()
    taker.get_by_role("button", name="Read the codes of the other phone").click()
    expect(taker.get_by_text("Every signature holds.")).to_be_visible(timeout=15_000)
    taker.get_by_role("button", name="Go on: scan what is here").click()
    scan(taker, COUNT + 1)
    expect(taker.get_by_text("1 of 1")).to_be_visible()
    taker.get_by_role("button", name="Review and sign").click()
    taker.get_by_role("button", name="Sign 1 records").click()
    save_film(giver_film, before_a_camera(shown_codes(taker)))

    giver.get_by_role("button", name="Now read their answer").click()
    giver.get_by_role("button", name="Read the codes of the other phone").click()
    expect(giver.get_by_text("has taken over 1 packs")).to_be_visible(timeout=15_000)
    assert states(giver) == states(taker) == ["here", "here"]

    giver.context.set_offline(False)  # who was given nothing to send but its own offer sends both
    assert flush(giver, urgent=True) == 0
    settle(giver)
    assert recorded(yard, sub(COUNT + 1), giver)[-2:] == ["handover.offered", "handover.accepted"]
    taker.context.set_offline(False)
    assert flush(taker, urgent=True) == 0
    settle(taker)
    assert len(recorded(yard, sub(COUNT + 1), taker)) == 6, "what both sent is recorded once"


def test_truck_of_forty_goes_from_phone_to_phone_and_one_of_them_sends_it_all(
    yard: Yard, phone: Phone, filmed: Callable[[str], tuple[Browser, Path]]
) -> None:
    (with_giver, giver_film), (with_taker, taker_film) = filmed("giver"), filmed("taker")
    giver = ready(phone, yard.scene.dismantler, of=with_giver)
    taker = ready(phone, yard.scene.recycler, of=with_taker)
    for page in (giver, taker):
        page.context.set_offline(True)
    offer(giver, yard, *range(1, COUNT + 1), truck=True)
    giver.get_by_role("button", name="Show it to the other phone").click()
    codes = shown_codes(giver)
    assert len(codes) - 8 < COUNT, "a code carries more than one pack"
    save_film(taker_film, before_a_camera(codes))

    taker.goto(f"{yard.url}/handover")
    taker.get_by_role("button", name="Take over from another phone").click()
    taker.get_by_role("button", name="Read the codes of the other phone").click()
    expect(taker.get_by_text(f"offers you {COUNT} packs")).to_be_visible(timeout=60_000)
    expect(taker.get_by_text("Every signature holds.")).to_be_visible()
    taker.get_by_role("button", name="Go on: scan what is here").click()
    here, missing, unexpected = range(1, 38), range(38, COUNT + 1), COUNT + 9
    scan(taker, *reversed(here), unexpected, 7)  # in any order, and one of them twice
    expect(taker.locator(".count")).to_have_text(f"37 of {COUNT} missing: 3, not expected: 1")
    consignment = next(row["subject"] for row in rows(taker) if row["type"] == "consignment.dispatched")
    # The phone was put away: what was counted is there again, on the page of the consignment.
    taker.goto(f"{yard.url}/consignments/{consignment.removeprefix('consignment:')}")
    expect(taker.locator(".count")).to_have_text(f"37 of {COUNT} missing: 3, not expected: 1")
    stray = taker.get_by_role("region", name="Not expected")
    assert stray.get_by_role("button").all_inner_texts() == ["Take in", "Register", "Remove"]
    stray.get_by_label("Say that you have it").check()
    taker.get_by_role("button", name="Review and sign").click()
    taker.get_by_role("button", name="Sign 39 records").click()
    expect(taker.get_by_text("Signed: 39 records")).to_be_visible(timeout=60_000)
    taker.get_by_role("button", name="Show your answer to the other phone").click()
    save_film(giver_film, before_a_camera(shown_codes(taker)))

    giver.get_by_role("button", name="Now read their answer").click()
    giver.get_by_role("button", name="Read the codes of the other phone").click()
    expect(giver.get_by_text("has taken over 37 packs")).to_be_visible(timeout=60_000)

    taker.context.set_offline(False)  # the giver's phone stays in the cellar
    assert flush(taker, urgent=True) == 0
    settle(taker)
    assert recorded(yard, consignment, taker) == ["consignment.dispatched", "consignment.arrived"]
    for number in (1, 20, 37):
        assert recorded(yard, sub(number), taker)[-2:] == ["handover.offered", "handover.accepted"]
    for number in missing:
        assert recorded(yard, sub(number), taker)[-1] == "handover.offered"

    giver.context.set_offline(False)
    assert flush(giver, urgent=True) == 0
    settle(giver)
    assert len(rows(giver)) == COUNT + 1 + 38 == len(rows(taker)) - 1, "the claim is the taker's alone"
    assert recorded(yard, f"notes:{sub(unexpected)}", taker) == ["custody.claimed"]
    slip = giver.request.get(f"{yard.url}/api/v1/consignments/{consignment.removeprefix('consignment:')}")
    assert slip.status == 401, "only who has a part in it reads what was on the truck"


def file_of(page: Page, *types: str) -> dict[str, Any]:
    """What waits on a phone, as the file that it hands over."""
    lines = [event for row in rows(page) if row["type"] in types for event in row["events"]]
    return {"name": "handover.ndjson", "mimeType": "text/plain", "buffer": "\n".join(lines).encode()}


def test_offer_to_somebody_else_is_refused_and_nothing_of_it_is_kept(yard: Yard, phone: Phone) -> None:
    giver, other = ready(phone, yard.scene.dismantler), ready(phone, yard.scene.garage)
    giver.context.set_offline(True)
    offer(giver, yard, COUNT + 2, truck=False)
    other.goto(f"{yard.url}/handover?do=take")
    other.set_input_files("input[type=file]", file_of(giver, "handover.offered"))
    expect(other.get_by_role("alert")).to_contain_text("not meant for your organisation")
    assert rows(other) == []


def test_answer_that_a_third_phone_made_up_is_refused(yard: Yard, phone: Phone) -> None:
    giver = ready(phone, yard.scene.dismantler)
    giver.context.set_offline(True)
    offer(giver, yard, COUNT + 3, truck=False)
    (row,) = rows(giver)
    # The garage's phone saw the codes, too, and signs that it takes the pack over.
    forged = yard.scene.sign(
        yard.scene.garage,
        "handover.accepted",
        row["subject"],
        {"offer": row["id"], "capacity": "recycler", "condition": "intact", "read_by": "camera"},
        seq=yard.scene.heads[row["subject"]][0] + 2,
        prev=row["id"],
    )
    giver.goto(f"{yard.url}/handover?do=answer")
    answer = {"name": "answer.ndjson", "mimeType": "text/plain", "buffer": forged.encode()}
    giver.set_input_files("input[type=file]", answer)
    expect(giver.get_by_role("alert")).to_contain_text("was not answered by the one to whom it was offered")
    assert [each["type"] for each in rows(giver)] == ["handover.offered"]


def test_slip_opens_the_truck_for_the_driver_and_the_consignee_takes_it_over(
    yard: Yard, phone: Phone
) -> None:
    packs = range(COUNT + 4, COUNT + 7)
    giver, taker, driver = ready(phone, yard.scene.dismantler), ready(phone, yard.scene.recycler), phone()
    offer(giver, yard, *packs, truck=True)
    assert flush(giver, urgent=True) == 0
    settle(giver)
    giver.get_by_role("link", name="The truck: slip and state").click()
    with giver.expect_download() as printed:
        giver.get_by_role("button", name="Print the slip (PDF)").click()
    assert printed.value.path().read_bytes()[:5] == b"%PDF-"
    giver.get_by_role("button", name="Show its QR on this screen").click()
    expect(giver.get_by_role("img", name="QR code of the slip")).to_be_visible()
    canvas = giver.locator("canvas.slip")
    png = base64.b64decode(canvas.evaluate("(canvas) => canvas.toDataURL()").partition(",")[2])
    (slip,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(png)))
    path = slip.text.partition("/c/")[2]

    driver.goto(f"{yard.url}/c/{path}")
    expect(driver.get_by_text("On its way: 0 of 3 taken over")).to_be_visible()
    driver.goto(f"{yard.url}/c/{path[:-1]}{'A' if path[-1] != 'A' else 'B'}")
    expect(driver.get_by_role("heading", name="No such slip")).to_be_visible()

    taker.goto(f"{yard.url}/consignments/{path.rpartition('.')[0]}")
    expect(taker.locator(".count")).to_have_text("0 of 3 missing: 3")
    scan(taker, *packs)
    taker.get_by_role("button", name="Review and sign").click()
    taker.get_by_role("button", name="Sign 4 records").click()
    expect(taker.get_by_text("Signed: 4 records")).to_be_visible()
    settle(taker)
    driver.goto(f"{yard.url}/c/{path}")
    expect(driver.get_by_text("Arrived: 3")).to_be_visible()
    giver.reload()
    expect(giver.get_by_text("Arrived: 3; missing: 0, not expected: 0")).to_be_visible()


def test_dispatch_of_an_offer_that_had_to_be_signed_again_is_signed_over_the_new_one(
    yard: Yard, phone: Phone
) -> None:
    giver = ready(phone, yard.scene.dismantler)
    giver.context.set_offline(True)
    offer(giver, yard, COUNT + 7, COUNT + 8, truck=True)
    # Meanwhile somebody else of the firm looked at one of the packs, with a network.
    yard.send(yard.scene.inspected(yard.scene.dismantler, pack_code(COUNT + 7)))
    giver.context.set_offline(False)
    flush(giver, urgent=True)
    assert states(giver) == ["parked", "accepted", "here"], "the dispatch waits for every offer"
    run(
        giver,
        """const { rows, resign } = await room("device/outbox");
        await resign((await rows()).find(({ state }) => state === "parked"));""",
    )
    flush(giver, urgent=True)
    consignment = rows(giver)[0]["said"]["data"]["consignment"]
    assert states(giver) == ["accepted", "accepted", "refused"]
    giver.goto(f"{yard.url}/consignments/{consignment.removeprefix('consignment:')}")
    giver.get_by_role("button", name="Sign the dispatch again").click()
    expect(giver.get_by_role("button", name="Sign the dispatch again")).to_be_hidden(timeout=20_000)
    flush(giver, urgent=True)
    assert states(giver) == ["accepted", "accepted", "refused", "accepted"]
    assert recorded(yard, consignment, giver) == ["consignment.dispatched"]
