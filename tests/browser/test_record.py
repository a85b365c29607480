"""Recording on a phone: from what was scanned, over a form and a sheet, to the event in the log."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from packtrace.signing.base64url import b64url
from packtrace.tests.scene import Party, module_code, pack_code
from packtrace.trace.codes.label import label_digest
from packtrace.trace.read_token import sign_read_token
from packtrace.trace.times import format_time

from .conftest import Axe, Phone, Yard, begin
from .spine import preload, rows, run, settle

TOKEN = "ABCDEFGHIJ234567QRST"
NUMBERS = count(1)


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """One node for all of them; each test has packs of its own."""
    made = begin(tmp_path_factory.mktemp("yard"))
    yield made
    made.live.stop()


def subject(code: str) -> str:
    return f"battery:gbt34014:{code}"


def made(yard: Yard) -> str:
    """A pack of the maker."""
    code = pack_code(next(NUMBERS))
    yard.send(yard.scene.manufactured(code, label=label_digest(code, TOKEN)))
    return code


def offered(yard: Yard, consignee: Party, capacity: str, mass_g: int | None = 438_000) -> str:
    """A retired pack that the maker offers to somebody."""
    scene, code = yard.scene, made(yard)
    retired = {"capacity": "vehicle_maker", "reason": "end_of_life"}
    yard.send(scene.sign(scene.maker, "battery.retired", subject(code), retired))
    offer: dict[str, Any] = {"consignee": consignee.org, "capacity": capacity}
    offer["expires_at"] = format_time(datetime.now(UTC).replace(microsecond=0) + timedelta(days=30))
    if mass_g:
        offer["mass"] = {"g": mass_g, "basis": "nameplate"}
    yard.send(scene.sign(scene.maker, "handover.offered", subject(code), offer))
    return code


def taken_over(yard: Yard, consignee: Party, capacity: str) -> str:
    """A pack that somebody holds as waste."""
    code = offered(yard, consignee, capacity)
    _, head = yard.scene.heads[subject(code)]
    data = {"offer": head, "capacity": capacity, "condition": "intact", "read_by": "camera"}
    yard.send(yard.scene.sign(consignee, "handover.accepted", subject(code), data))
    return code


def open_form(
    page: Page, yard: Yard, type_: str, *codes: str, read_by: str = "camera", token: str | None = None
) -> None:
    """What the scan page does: select what was scanned, and open the form of a step."""
    scans = [
        {
            "subject": subject(code),
            "code": code,
            "token": token,
            "read_by": read_by,
            "kind": "code",
            "remarks": [],
            "at": "",
        }
        for code in codes
    ]
    run(page, 'await (await room("device/selection")).select(given.scans);', scans=scans)
    page.goto(f"{yard.url}/record?type={type_}")
    expect(page.locator("#review, #question, #page .mark, #page form, .steps").first).to_be_visible()


def choose(page: Page, pointer: str, value: str) -> None:
    """Choose a word of a closed list, wherever the form has it."""
    field = page.locator(f'[data-pointer="{pointer}"]')
    expect(field).to_be_visible()
    if field.locator("select").count():
        field.locator("select").first.select_option(value)
    else:
        field.locator(f'input[value="{value}"]').check()


def write(page: Page, pointer: str, text: str) -> None:
    page.locator(f'[data-pointer="{pointer}"] input, [data-pointer="{pointer}"] textarea').first.fill(text)


def review(page: Page) -> dict[str, str]:
    """Go to the sheet; what it says, by the place of each value in the statement, as it is signed."""
    page.locator("#review").click()
    expect(page.locator("#sign")).to_be_visible()
    found: dict[str, str] = page.evaluate(
        """() => Object.fromEntries(
          [...document.querySelectorAll(".sheets dd")].map((dd) => [dd.dataset.pointer, dd.dataset.raw]))"""
    )
    return found


def sign(page: Page) -> list[dict[str, Any]]:
    """Sign what is on the sheet, and wait until the log has it; rows of the outbox."""
    page.locator("#sign").click()
    expect(page.locator("#ready")).to_be_visible()
    settle(page)
    expect(page.locator("#signed .chip").first).to_have_attribute("data-state", "accepted")
    return rows(page)


def recorded(yard: Yard, row: dict[str, Any], party: Party) -> dict[str, Any]:
    """The statement as the log has it."""
    text = row["events"][0].partition("~")[0].split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    status, body = yard.ask(f"/api/v1/events/{row['ids'][0]}", **token_of(yard, party))
    assert status == 200 and body["data"] == found["data"], body
    return found


def token_of(yard: Yard, party: Party) -> dict[str, str]:
    text = sign_read_token(party.key, origin=yard.scene.origin, org=party.org, at=datetime.now(UTC))
    return {"Authorization": f"Bearer {text}"}


def leaves(value: Any, pointer: str = "") -> dict[str, str]:
    """Each value of a statement by its place, as the sheet has them."""
    if isinstance(value, dict) and value:
        return {k: v for name, each in value.items() for k, v in leaves(each, f"{pointer}/{name}").items()}
    if isinstance(value, list) and value:
        return {k: v for at, each in enumerate(value) for k, v in leaves(each, f"{pointer}/{at}").items()}
    return {pointer: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))}


def test_what_is_on_the_sheet_is_what_is_signed_and_accepted(phone: Phone, yard: Yard) -> None:
    dismantler = yard.scene.dismantler
    code = offered(yard, dismantler, "pack_dismantler")
    page = phone(dismantler)
    open_form(page, yard, "handover.accepted", code)
    expect(page.locator("#title")).to_have_text("Take over")
    write(page, "/data/mass/g", "437.5")
    choose(page, "/data/condition", "intact")
    sheet = review(page)
    expect(page.locator(".sheets")).to_contain_text("437.5 kg")
    expect(page.locator(".sheets .mark")).to_contain_text("−0.5 kg")
    (row,) = sign(page)
    statement = recorded(yard, row, dismantler)
    assert leaves(statement) == sheet
    assert statement["data"]["mass"] == {"g": 437_500, "basis": "measured"}
    assert statement["data"]["capacity"] == "pack_dismantler" and statement["data"]["read_by"] == "camera"


def do(page: Page, yard: Yard, type_: str, *codes: str, **fields: str) -> dict[str, Any]:
    """A step from form to accepted event; its first row. Names of fields have `__` in place of a slash."""
    open_form(page, yard, type_, *codes)
    for name, value in fields.items():
        pointer = f"/data/{name.replace('__', '/')}"
        field = page.locator(f'[data-pointer="{pointer}"]')
        expect(field.first).to_be_visible()
        if field.locator("select, input[type=radio]").count():
            choose(page, pointer, value)
        else:
            write(page, pointer, value)
    review(page)
    row = sign(page)[-1]
    assert row["type"] == type_
    return row


def stage(yard: Yard, code: str) -> str:
    status, body = yard.ask(f"/api/v1/batteries/{code}")
    assert status == 200
    return str(body["stage"])


def test_a_dismantler_takes_in_inspects_opens_and_hands_on(phone: Phone, yard: Yard) -> None:
    dismantler, recycler = yard.scene.dismantler, yard.scene.recycler
    page = phone(dismantler)
    preload(page)
    code = taken_over(yard, dismantler, "pack_dismantler")
    do(page, yard, "battery.inspected", code, condition="opened", soh_permille="78.5")
    offer = do(page, yard, "handover.offered", code, consignee=recycler.org, capacity="recycler")
    data = recorded(yard, offer, dismantler)["data"]
    assert (data["consignee"], data["capacity"]) == (recycler.org, "recycler")
    do(page, yard, "handover.withdrawn", code)
    open_form(page, yard, "battery.dismantled", code)
    write(page, "/data/mass/g", "438")
    page.locator("[data-pointer='/data/children'] > button").click()
    write(page, "/data/children/0/battery", module_code(code))
    write(page, "/data/children/0/g", "400.25")
    page.locator("[data-pointer='/data/residues'] > button").click()
    choose(page, "/data/residues/0/kind", "casing")
    write(page, "/data/residues/0/g", "37.75")
    review(page)
    assert page.locator(".sheet").count() == 2 and not page.locator(".sheets .mark").count()
    expect(page.locator(".sheet").last).to_contain_text("the first record of this group")
    row = sign(page)[-1]
    assert len(row["ids"]) == 2 and stage(yard, code) == "dismantled"
    _, module = yard.ask(f"/api/v1/batteries/{module_code(code)}", **token_of(yard, dismantler))
    assert (module["stage"], module["parent"]) == ("at_dismantler", subject(code))
    page.get_by_role("button", name="Make a lot: casing, 37.75 kg").click()
    expect(page.locator("#review")).to_be_visible()
    choose(page, "/data/capacity", "pack_dismantler")
    sheet = review(page)
    assert sheet["/data/mass/g"] == "37750" and sheet["/data/dismantled"] == row["ids"][0]
    sign(page)


def test_a_slip_is_undone_by_a_record_of_its_own(phone: Phone, yard: Yard) -> None:
    page, code = phone(yard.scene.maker), made(yard)
    do(page, yard, "battery.retired", code, reason="end_of_life")
    page.get_by_role("link", name="This was wrong: undo it").click()
    expect(page.locator("#review")).to_be_visible()
    write(page, "/data/reason", "wrong pack")
    sheet = review(page)
    assert sheet["/data/event"] == sheet["/prev"]
    sign(page)
    assert stage(yard, code) == "manufactured"


def test_a_garage_registers_has_incidents_loses_and_declines(phone: Phone, yard: Yard) -> None:
    garage = yard.scene.garage
    page = phone(garage)
    preload(page)
    legacy = "08ZPB76836300JBC40000001"
    registered = do(
        page, yard, "battery.registered", legacy,
        stage="removed", capacity="dealer", holder="signer", basis="legacy",
    )  # fmt: skip
    assert recorded(yard, registered, garage)["seq"] == 0 and stage(yard, legacy) == "removed"
    do(page, yard, "battery.incident", legacy, kind="drop")
    do(page, yard, "battery.retired", legacy, reason="accident")
    assert stage(yard, legacy) == "retired"
    do(page, yard, "battery.lost", legacy, reason="stolen")
    assert stage(yard, legacy) == "lost"
    code = offered(yard, garage, "dealer")
    row = do(page, yard, "handover.declined", code, reason="not_on_truck")
    assert recorded(yard, row, garage)["data"]["reason"] == "not_on_truck"


def test_a_recycler_opens_a_batch_charges_it_and_closes_it(phone: Phone, yard: Yard) -> None:
    recycler = yard.scene.recycler
    code = taken_over(yard, recycler, "recycler")
    page = phone(recycler)
    page.goto(yard.url + "/record?type=batch.opened")
    page.locator("#name").fill("b-1")
    page.get_by_role("button", name="Go on").click()
    choose(page, "/data/process", "hydrometallurgical")
    review(page)
    sign(page)
    row = do(page, yard, "battery.recycled", code, mass__g="430.125")
    batch = f"batch:{recycler.id}/b-1"
    assert recorded(yard, row, recycler)["data"]["batch"] == batch and stage(yard, code) == "recycled"
    page.goto(f"{yard.url}/record?type=batch.closed&subject={batch}")
    for name, kind, kilograms in (("outputs", "black_mass", "300"), ("losses", "moisture", "130.125")):
        page.locator(f"[data-pointer='/data/{name}'] > button").click()
        choose(page, f"/data/{name}/0/kind", kind)
        write(page, f"/data/{name}/0/g", kilograms)
    sheet = review(page)
    assert sheet["/data/inputs/g"] == "430125" and sheet["/data/inputs/count"] == "1"
    sign(page)


def test_what_is_nobodys_is_taken_in_with_the_secret_of_its_label(phone: Phone, yard: Yard) -> None:
    scene, code = yard.scene, made(yard)
    yard.send(*scene.installed(code))
    yard.send(scene.sign(scene.maker, "battery.released", subject(code), {"reason": "sold"}))
    page = phone(scene.dismantler)
    open_form(page, yard, "battery.taken_in", code)
    choose(page, "/data/capacity", "pack_dismantler")
    choose(page, "/data/condition", "intact")
    review(page)
    expect(page.locator(".sheets .mark")).to_contain_text("a label that nobody saw")
    open_form(page, yard, "battery.taken_in", code, token=TOKEN)
    sheet = review(page)  # the draft is here again
    assert sheet["/data/token"] == TOKEN and not page.locator(".sheets .mark").count()
    expect(page.locator("[data-pointer='/data/token']")).to_contain_text("withheld")
    (row,) = sign(page)
    statement = recorded(yard, row, scene.dismantler)
    assert list(statement["data"]["token"][0]) == ["..."] and TOKEN not in json.dumps(statement)
    assert stage(yard, code) == "at_dismantler"


def test_a_pack_goes_into_a_vehicle_and_out_again(phone: Phone, yard: Yard) -> None:
    maker = yard.scene.maker
    page, code = phone(maker), made(yard)
    preload(page)
    open_form(page, yard, "battery.installed", code)
    write(page, "/data/position", "1")
    write(page, "/data/of", "1")
    choose(page, "/data/swap_model", "false")
    write(page, "/data/vin", "LSVAA4187E2184847")
    review(page)
    (row,) = sign(page)
    assert len(row["ids"]) == 2 and stage(yard, code) == "in_vehicle"
    row = do(page, yard, "battery.removed", code, reason="replacement")
    assert len(row["ids"]) == 2 and stage(yard, code) == "removed"


def test_wrong_input_is_told_beside_its_field_and_nothing_is_signed(phone: Phone, yard: Yard) -> None:
    page = phone(yard.scene.maker)
    open_form(page, yard, "battery.inspected", made(yard))
    write(page, "/data/mass/g", "about 400")
    page.locator("#review").click()
    problem = page.locator("[data-pointer='/data/mass/g'] .problem")
    expect(problem).to_have_text("Expected a number such as 438.5, got: about 400")
    expect(page.locator("[data-pointer='/data/condition'] .problem")).to_have_text(
        "Needed: please fill this in."
    )
    expect(page.locator("[data-pointer='/data/mass/g'] input")).to_have_attribute("aria-invalid", "true")
    write(page, "/data/mass/g", "400.0005")
    page.locator("#review").click()
    expect(problem).to_contain_text("at most 3 digits")
    assert page.locator("#sign").count() == 0 and rows(page) == []


def test_a_draft_survives_a_reload_and_hostile_text_stays_text(phone: Phone, yard: Yard) -> None:
    page, code = phone(yard.scene.maker), made(yard)
    open_form(page, yard, "battery.inspected", code)
    hostile = "<img src=x onerror=\"document.title='owned'\"> 二号"
    choose(page, "/data/condition", "damaged")
    page.locator("details.more summary").click()
    write(page, "/data/note", hostile)
    page.wait_for_timeout(600)
    page.reload()
    expect(page.locator(".again")).to_be_visible()
    sheet = review(page)
    assert sheet["/data/note"] == hostile and sheet["/data/condition"] == "damaged"
    expect(page.locator(".sheets dd[data-pointer='/data/note']")).to_have_text(hostile)
    assert page.locator(".sheets img").count() == 0 and page.title() != "owned"
    (row,) = sign(page)
    assert recorded(yard, row, yard.scene.maker)["data"]["note"] == hostile


def test_forty_are_taken_over_by_one_signature_with_their_own_masses(phone: Phone, yard: Yard) -> None:
    dismantler = yard.scene.dismantler
    codes = [offered(yard, dismantler, "pack_dismantler") for _ in range(40)]
    page = phone(dismantler)
    preload(page)
    open_form(page, yard, "handover.accepted", *codes)
    page.locator("#whole-form").click()
    choose(page, "/data/condition", "intact")
    page.locator(".packs input").first.fill("431.5")
    page.locator(".packs li").nth(1).locator("select").select_option("leaking")
    review(page)
    expect(page.locator("#sign")).to_have_text("Sign 40 records")
    assert page.locator(".each > li").count() == 40 and page.locator(".sheets .mark").count() == 1
    page.locator("#sign").click()
    expect(page.locator("#ready")).to_be_visible(timeout=60_000)
    settle(page, seconds=120)
    said = {row["subject"]: row["said"]["data"] for row in rows(page)}
    assert len(said) == 40
    assert said[subject(codes[0])]["mass"] == {"g": 431_500, "basis": "measured"}
    assert said[subject(codes[1])]["condition"] == "leaking"
    assert said[subject(codes[2])]["not_measured"] == [{"what": "mass", "reason": "no scale here"}]
    assert {stage(yard, code) for code in codes} == {"at_dismantler"}


def test_a_photo_is_hashed_on_the_phone_and_kept_there(phone: Phone, yard: Yard) -> None:
    page, code = phone(yard.scene.maker), made(yard)
    open_form(page, yard, "battery.inspected", code)
    choose(page, "/data/condition", "intact")
    data = b"\xff\xd8\xff\xe0 not really a photo"
    page.locator("input[type=file][data-kind=photo]").set_input_files(
        {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": data}
    )
    expect(page.locator("fieldset[data-pointer='/data/evidence'] li")).to_have_count(1)
    review(page)
    (row,) = sign(page)
    digest = b64url(hashlib.sha256(data).digest())
    (entry,) = recorded(yard, row, yard.scene.maker)["data"]["evidence"]
    assert entry == {"kind": "photo", "sha256": digest, "media_type": "image/jpeg", "bytes": len(data)}
    assert row["evidence"] == [digest]


@pytest.mark.parametrize(("language", "theme"), [("en", "bright"), ("zh", "dark")])
def test_nothing_of_recording_hinders_anybody(
    phone: Phone, yard: Yard, axe: Axe, language: str, theme: str
) -> None:
    dismantler = yard.scene.dismantler
    page, code = phone(dismantler), taken_over(yard, dismantler, "pack_dismantler")
    page.evaluate(
        "([lang, theme]) => { localStorage.lang = lang; localStorage.theme = theme; }", [language, theme]
    )
    open_form(page, yard, "", code)
    expect(page.locator(".steps .big").first).to_be_visible()
    page.locator("details summary").first.click()
    axe(page)
    open_form(page, yard, "battery.dismantled", code)
    assert page.locator("html").get_attribute("data-theme") == theme
    for name in ("children", "residues"):
        page.locator(f"[data-pointer='/data/{name}'] > button").click()
    page.locator("details.more summary").click()
    page.locator("#review").click()
    expect(page.locator(".problem:not([hidden])").first).to_be_visible()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    open_form(page, yard, "battery.inspected", code)
    choose(page, "/data/condition", "intact")
    review(page)
    axe(page)
    sizes = page.evaluate("() => document.querySelector('#sign').getBoundingClientRect().height")
    assert sizes >= 96
    sign(page)
    axe(page)


def test_a_device_without_a_key_says_so_and_a_barred_step_says_why(phone: Phone, yard: Yard) -> None:
    code = taken_over(yard, yard.scene.dismantler, "pack_dismantler")
    page = phone()
    open_form(page, yard, "battery.inspected", code)
    expect(page.locator("#page .mark.bad")).to_contain_text("no key yet")
    page = phone(yard.scene.garage)
    preload(page)
    open_form(page, yard, "battery.dismantled", code)
    expect(page.locator("#page .mark.warn")).to_contain_text("dismantler holds it")
    assert page.locator("#review").count() == 0


def test_what_was_recorded_by_another_device_meanwhile_is_shown_before_it_is_signed(
    phone: Phone, yard: Yard
) -> None:
    maker, code = yard.scene.maker, made(yard)
    page = phone(maker)
    open_form(page, yard, "battery.inspected", code)
    choose(page, "/data/condition", "intact")
    before = review(page)
    assert before["/seq"] == "1"
    yard.send(yard.scene.inspected(maker, code))
    run(page, 'await (await room("device/known")).refresh(given.subject);', subject=subject(code))
    page.locator("#sign").click()
    expect(page.locator("#page [role=alert]")).to_contain_text("meanwhile")
    expect(page.locator("dd[data-pointer='/seq']")).to_have_text("2")
    (row,) = sign(page)
    assert recorded(yard, row, maker)["seq"] == 2


def test_a_battery_goes_on_under_the_code_that_was_found_and_its_label_is_made_anew(
    phone: Phone, yard: Yard
) -> None:
    garage, old, found = yard.scene.garage, "08ZPB76836300JBC40000011", "08ZPB76836300JBC40000012"
    page = phone(garage)
    preload(page)
    do(
        page, yard, "battery.registered", old,
        stage="removed", capacity="repairer", holder="signer", basis="legacy",
    )  # fmt: skip
    open_form(page, yard, "identity.linked", old)
    write(page, "/data/battery", found)
    for place, word in enumerate(("code_found", "legacy")):  # of the link, and of the registration with it
        page.locator("[data-pointer='/data/basis'] select").nth(place).select_option(word)
    choose(page, "/data/read_by", "camera")
    review(page)
    (*_, row) = sign(page)
    assert len(row["ids"]) == 2 and stage(yard, old) == "merged" and stage(yard, found) == "removed"
    open_form(page, yard, "label.reissued", found)
    write(page, "/data/label", TOKEN)
    expect(page.locator("[data-pointer='/data/label'] .good")).to_be_visible()
    choose(page, "/data/reason", "missing")
    sheet = review(page)
    assert sheet["/data/label"] == label_digest(found, TOKEN)
    sign(page)


def test_an_offer_is_made_in_a_role_that_the_other_has_and_a_site_is_ones_own(
    phone: Phone, yard: Yard
) -> None:
    scene, dismantler, recycler = yard.scene, yard.scene.dismantler, yard.scene.recycler
    sites = [{"site": name, "region": "CN-440300"} for name in ("yard-1", "yard-2")]
    yard.send(scene.sign(scene.registrar, "org.changed", dismantler.org, {"sites": sites}))
    code = taken_over(yard, dismantler, "pack_dismantler")
    page = phone(dismantler)
    preload(page)
    row = do(page, yard, "battery.moved", code, site="yard-2")
    assert recorded(yard, row, dismantler)["data"] == {"site": "yard-2"}
    open_form(page, yard, "handover.offered", code)
    choose(page, "/data/consignee", recycler.org)
    options = page.locator("[data-pointer='/data/capacity'] option").all_inner_texts()
    assert options == ["Choose", "recycler"]
    assert review(page)["/data/capacity"] == "recycler"
