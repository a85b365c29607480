"""The timeline of a battery: its chain, checked by the phone itself, and red where the node lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from playwright.sync_api import Page, Route, expect

from packtrace.signing.disclosures import format_presentation, withhold
from packtrace.tests.scene import pack_code
from packtrace.trace.codes.label import label_digest
from packtrace.trace.times import format_time
from packtrace.trace.verify.findings import Outcome
from packtrace.trace.verify.trust import parse_trust
from packtrace.trace.verify.verify_source import verify_source

from .bundles import Files, leaves_of, packed, unpacked, with_entry, without
from .conftest import Axe, Phone, Yard, begin, modules

CODE = pack_code(1)
SUB = f"battery:gbt34014:{CODE}"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """One node for all of these."""
    made = begin(tmp_path_factory.mktemp("timeline"))
    yield made
    made.live.stop()


@pytest.fixture(scope="module", autouse=True)
def ids(yard: Yard) -> list[str]:
    """The ids of the events of the pack that most of these look at, in order."""
    return told(yard, CODE)


def told(yard: Yard, code: str) -> list[str]:
    """Made, fitted, retired, handed to the dismantler, who weighed it; then corrected and disputed.

    Returns:
        The ids of the events of the battery, in order.
    """
    scene, sub = yard.scene, f"battery:gbt34014:{code}"
    retired = {"capacity": "vehicle_maker", "reason": "vehicle_scrapped"}
    ids = yard.send(scene.manufactured(code)) + yard.send(*scene.installed(code))[:1]
    ids += yard.send(scene.sign(scene.maker, "battery.retired", sub, retired))
    offer = {
        "consignee": scene.dismantler.org,
        "capacity": "pack_dismantler",
        "expires_at": format_time(scene.at + timedelta(days=30)),
    }
    ids += yard.send(scene.sign(scene.maker, "handover.offered", sub, offer))
    accepted = {
        "offer": ids[-1],
        "capacity": "pack_dismantler",
        "condition": "damaged",
        "read_by": "camera",
        "mass": {"g": 430_500, "basis": "measured", "scale_g": 500},
    }
    ids += yard.send(scene.sign(scene.dismantler, "handover.accepted", sub, accepted))
    corrected = {"mass": {"g": 431_000, "basis": "measured"}}
    wrong = {"event": ids[-1], "set": corrected, "reason": HOSTILE}
    yard.send(scene.sign(scene.dismantler, "note.corrected", f"notes:{sub}", wrong))
    disputed = {"event": ids[-1], "reason": "not damaged when it left"}
    yard.send(scene.sign(scene.maker, "note.disputed", f"notes:{sub}", disputed))
    return ids


def open_timeline(page: Page, yard: Yard, code: str = CODE) -> None:
    page.goto(f"{yard.url}/batteries/{code}?lang=en")


def verdict(page: Page) -> str | None:
    expect(page.locator("#verdicts .verdict")).to_be_visible(timeout=15_000)
    return page.locator("#verdicts .verdict").get_attribute("data-verdict")


def doubts(page: Page) -> set[str | None]:
    return {each.get_attribute("data-doubt") for each in page.locator("#verdicts [data-doubt]").all()}


def test_a_holder_sees_the_chain_checked_on_the_phone_online_and_offline(
    yard: Yard, phone: Phone, axe: Axe
) -> None:
    page = phone(yard.scene.dismantler)
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    open_timeline(page, yard)
    assert verdict(page) == "CHECKED" and doubts(page) == set()
    events = page.locator("#thread > .thread > li")
    expect(events).to_have_count(5)
    expect(page.locator(".checks.good")).to_have_count(7)
    first, last = events.first, events.last
    expect(first).to_contain_text("manufactured")
    expect(first).to_contain_text("438 kg (nameplate)")
    expect(first).to_contain_text("maker")
    expect(last).to_contain_text("430.5 kg (measured on a scale, in steps of 0.5 kg)")
    expect(last.locator("[data-difference]").first).to_have_attribute(
        "data-difference", str(431_000 - 438_000)
    )
    expect(last).to_contain_text("maker → dismantler")
    expect(last).to_contain_text("not damaged when it left")
    expect(last).to_contain_text("Corrected: Mass")
    expect(last).to_contain_text(HOSTILE)
    assert page.locator("main img").count() == 0
    expect(page.locator("#standing")).to_contain_text("at a dismantler")
    axe(page)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export for an inspector").click()
    assert saved.value.suggested_filename == f"{CODE}.zip"
    with page.expect_download() as receipt:
        first.get_by_text("All that was signed").click()
        first.get_by_role("button", name="Save the receipt").click()
    assert receipt.value.path().read_bytes().startswith(b"c2sp.org/tlog-proof@v1\n")
    page.context.set_offline(True)
    page.get_by_role("button", name="Check again").click()
    expect(page.locator("#verdicts")).to_contain_text("Kept on this phone")
    assert verdict(page) == "CHECKED"
    expect(events).to_have_count(5)


def test_what_is_exported_is_verified_by_the_command(yard: Yard, phone: Phone, tmp_path: Any) -> None:
    page = phone(yard.scene.dismantler)
    open_timeline(page, yard)
    assert verdict(page) == "CHECKED"
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export for an inspector").click()
    out = tmp_path / "exported.zip"
    saved.value.save_as(out)
    report = verify_source(out, trust=parse_trust(yard.trust().encode()))
    assert report.outcome is Outcome.VERIFIED


def test_a_stranger_is_told_the_passport_and_why_there_is_no_more(yard: Yard, phone: Phone) -> None:
    page = phone()
    open_timeline(page, yard)
    expect(page.locator("#verdicts")).to_contain_text("This phone has no key")
    expect(page.locator("#standing")).to_contain_text("at a dismantler")
    assert page.locator("#thread li").count() == 0
    open_timeline(page, yard, pack_code(77))
    expect(page.locator("#verdicts")).to_contain_text("The log says nothing of this battery")
    open_timeline(page, yard, "nothing")
    expect(page.locator("#verdicts")).to_contain_text("This is no battery code")
    other = phone(yard.scene.garage)
    open_timeline(other, yard)
    expect(other.locator("#verdicts")).to_contain_text("Your organisation has no part in it")


Lie = Callable[[Files], Files]


def lying(page: Page, lie: Lie) -> None:
    """From now on the node hands out something else than its own bundle."""

    def answer(route: Route) -> None:
        files = unpacked(route.fetch().body())
        route.fulfill(status=200, content_type="application/zip", body=packed(lie(files)))

    page.unroute_all()
    page.route("**/bundle", answer)


def drop_last(files: Files) -> Files:
    return without(files, leaves_of(files, orjson.loads(files["bundle.json"])["subject"])[-1])


def drop_second(files: Files) -> Files:
    return without(files, leaves_of(files, SUB)[1])


def swap_two(files: Files) -> Files:
    one, other = (f"receipts/{leaf}" for leaf in leaves_of(files, SUB)[:2])
    return files | {one: files[other], other: files[one]}


def change_mass(files: Files) -> Files:
    """The first character of the payload, in which the mass is."""
    return with_entry(files, leaves_of(files, SUB)[0], b".eyJ2", b".eyJ3")


def forge_signature(files: Files) -> Files:
    return with_entry(files, leaves_of(files, SUB)[-1], b'","recorded_at"', b'A","recorded_at"')


def another_battery(files: Files) -> Files:
    about = orjson.loads(files["bundle.json"])
    return files | {"bundle.json": orjson.dumps(about | {"subject": f"battery:gbt34014:{pack_code(2)}"})}


def test_whatever_the_node_changes_is_red(yard: Yard, phone: Phone) -> None:
    page = phone(yard.scene.dismantler, service_workers="block")
    open_timeline(page, yard)
    assert verdict(page) == "CHECKED"
    for lie in (drop_last, drop_second, swap_two, change_mass, forge_signature, another_battery):
        lying(page, lie)
        open_timeline(page, yard)
        assert verdict(page) == "REFUTED", lie.__name__
        if lie is drop_last:
            assert doubts(page) == {"END_MISSING"}
        if lie is drop_second:
            expect(page.locator("[data-gap='1-1']")).to_contain_text("is missing here")
        if lie is another_battery:
            assert doubts(page) == {"ANOTHER_BATTERY"}
    page.unroute_all()
    open_timeline(page, yard)
    assert verdict(page) == "CHECKED" and doubts(page) == set()


def test_a_node_that_lies_about_the_end_everywhere_is_caught_by_what_the_phone_knows(
    yard: Yard, phone: Phone, ids: list[str]
) -> None:
    page = phone(yard.scene.dismantler, service_workers="block")
    open_timeline(page, yard)
    assert verdict(page) == "CHECKED"
    lying(page, drop_last)
    head = {"seq": 3, "head": ids[3]}

    def subject(route: Route) -> None:
        body = route.fetch().json()
        route.fulfill(json=body | head)

    def events(route: Route) -> None:
        body = route.fetch().json()
        body["events"].pop()
        route.fulfill(json=body | head)

    page.route("**/events?**", events)
    page.route("**/subjects/**", subject)
    open_timeline(page, yard)
    assert verdict(page) == "REFUTED" and doubts(page) == {"END_MISSING"}
    expect(page.locator("[data-doubt]")).to_contain_text("This device has known")


def test_who_handed_it_on_is_told_that_more_came_and_a_holder_is_never_told_that(
    yard: Yard, phone: Phone
) -> None:
    scene, code = yard.scene, pack_code(3)
    told(yard, code)
    yard.send(scene.inspected(scene.dismantler, code))
    past = phone(scene.maker, service_workers="block")
    open_timeline(past, yard, code)
    # Of the notes on it the maker sees its own, and not the one before.
    assert verdict(past) == "UNDECIDED" and doubts(past) == {"LATER_EVENTS"}
    # Cut one earlier, the maker would hold it by what is shown: that the rest is not for it can't be.
    lying(past, drop_last)
    open_timeline(past, yard, code)
    assert verdict(past) == "REFUTED" and doubts(past) == {"END_MISSING"}


def test_without_a_pinned_trust_file_whose_log_it_is_stays_open(yard: Yard, phone: Phone) -> None:
    page = phone(yard.scene.dismantler)
    page.evaluate(
        "async (modules) => (await import(`${modules}/device/settings.js`)).forgetSetting('trust')",
        modules(page),
    )
    open_timeline(page, yard)
    assert verdict(page) == "UNDECIDED"
    expect(page.locator("#verdicts")).to_contain_text("Whose log it is was not checked")


def test_late_records_and_records_from_the_future_are_told(yard: Yard, phone: Phone) -> None:
    scene = yard.scene
    late = scene.at - timedelta(days=3)
    yard.send(
        scene.sign(
            scene.maker,
            "battery.manufactured",
            f"battery:gbt34014:{pack_code(4)}",
            _made(scene.model),
            occurred_at=late,
        )
    )
    page = phone(scene.maker)
    open_timeline(page, yard, pack_code(4))
    assert verdict(page) == "CHECKED"
    expect(page.locator(".late")).to_contain_text("3 days later")
    expect(page.locator("#thread")).to_contain_text("as the signer says")


def _made(model: str) -> dict[str, Any]:
    return {
        "model": model,
        "chemistry": "LFP",
        "mass": {"g": 438_000, "basis": "nameplate"},
        "label": "A" * 43,
    }


def test_own_records_that_wait_stand_below_the_chain(yard: Yard, phone: Phone) -> None:
    page = phone(yard.scene.dismantler)
    open_timeline(page, yard)
    assert verdict(page) == "CHECKED"
    waiting = yard.scene.sign(yard.scene.dismantler, "battery.inspected", SUB, {"condition": "leaking"})
    page.context.set_offline(True)
    page.evaluate(
        """async ({ modules, event }) =>
          (await import(`${modules}/device/outbox.js`)).add([event], { said: {} })""",
        {"modules": modules(page), "event": waiting},
    )
    expect(page.locator("[data-waiting]")).to_contain_text("not in the log yet")
    expect(page.locator("[data-waiting]")).to_contain_text("on this phone")


TOKEN = "ABCDEFGHIJKLMNOPQRST"


def taken_in(yard: Yard, code: str) -> None:
    """The maker lets it go; the garage takes it in, and withholds the token of the label."""
    scene, sub = yard.scene, f"battery:gbt34014:{code}"
    slot, disclosure = withhold(TOKEN, bytes(range(16)))
    yard.send(scene.manufactured(code, label=label_digest(code, TOKEN)))
    yard.send(*scene.installed(code))
    yard.send(scene.sign(scene.maker, "battery.released", sub, {"reason": "sold"}))
    data = {"capacity": "repairer", "token": slot, "read_by": "camera", "condition": "intact"}
    yard.send(format_presentation(scene.sign(scene.garage, "battery.taken_in", sub, data), [disclosure]))


def test_a_withheld_value_is_shown_only_where_it_is_the_one_that_was_signed(yard: Yard, phone: Phone) -> None:
    code = pack_code(5)
    taken_in(yard, code)
    page = phone(yard.scene.garage, service_workers="block")
    open_timeline(page, yard, code)
    assert verdict(page) == "CHECKED"
    expect(page.locator("#thread")).to_contain_text(TOKEN)
    _, other = withhold("TSRQPONMLKJIHGFEDCBA", bytes(range(16)))

    def events(route: Route) -> None:
        body = route.fetch().json()
        for each in body["events"]:
            for slot in each["withheld"]:
                slot.update(value=TOKEN, disclosure=other)
        route.fulfill(json=body)

    page.route("**/events?**", events)
    open_timeline(page, yard, code)
    expect(page.locator("#thread")).to_contain_text(
        "The node shows another value than the one that was signed."
    )
    assert TOKEN not in page.locator("#thread").inner_text()


def test_a_log_that_shrank_or_shows_another_past_is_caught(yard: Yard, phone: Phone) -> None:
    page = phone(yard.scene.dismantler)
    open_timeline(page, yard)
    assert verdict(page) == "CHECKED"
    yard.send(yard.scene.manufactured(pack_code(6)))
    open_timeline(page, yard)  # the log has grown, and goes on from what the phone saw
    assert verdict(page) == "CHECKED" and doubts(page) == set()
    for changes, doubt in (
        ({"size": 10_000}, "LOG_ROLLED_BACK"),
        ({"root": "00" * 32}, "TREE_SPLIT_VIEW"),
        ({"size": 5, "root": "00" * 32}, "TREE_SPLIT_VIEW"),
    ):
        page.evaluate(
            """async ({ modules, name, changes }) => {
              const { change } = await import(`${modules}/device/db.js`);
              await change("data", name, (row) => ({ name, value: { ...row.value, ...changes } }));
            }""",
            {"modules": modules(page), "name": f"pin:{yard.scene.origin}", "changes": changes},
        )
        open_timeline(page, yard)
        assert verdict(page) == "REFUTED" and doubts(page) == {doubt}
        forget = "async ({ modules, name }) => (await import(`${modules}/device/db.js`)).del('data', name)"
        page.evaluate(forget, {"modules": modules(page), "name": f"pin:{yard.scene.origin}"})
        open_timeline(page, yard)
        assert verdict(page) == "CHECKED"


def test_where_the_checking_part_fails_nothing_is_shown_as_checked(yard: Yard, phone: Phone) -> None:
    page = phone(yard.scene.dismantler, service_workers="block")
    page.route("**/show/check.worker.js", lambda route: route.abort())
    open_timeline(page, yard)
    expect(page.locator("#verdicts")).to_contain_text("Not checked:")
    assert page.locator("#thread li").count() == 0
