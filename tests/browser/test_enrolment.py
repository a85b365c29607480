"""A phone joins an organisation by QR and six words, signs, and is revoked: contexts of a real browser."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from packtrace.tests.scene import Party, pack_code
from packtrace.trace.read_token import sign_read_token

from .conftest import Axe, Phone, Yard, begin, enrol, modules

NO_ED25519 = """
const generate = SubtleCrypto.prototype.generateKey;
SubtleCrypto.prototype.generateKey = function (algorithm, ...more) {
  const name = typeof algorithm === "string" ? algorithm : algorithm.name;
  if (name === "Ed25519") return Promise.reject(new DOMException("no such algorithm", "NotSupportedError"));
  return generate.call(this, algorithm, ...more);
};
"""


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """One node for all of these tests, on which one pack is made."""
    made = begin(tmp_path_factory.mktemp("enrolment"))
    try:
        made.send(made.scene.manufactured(pack_code(1)))
        yield made
    finally:
        made.live.stop()


@pytest.fixture(autouse=True)
def _as_it_stands(yard: Yard) -> None:
    """Browsers added keys meanwhile, of which the scene knows nothing; who still waits is turned away."""
    party = yard.scene.dismantler
    token = sign_read_token(party.key, origin=yard.scene.origin, org=party.org, at=datetime.now(UTC))
    header = {"Authorization": f"Bearer {token}"}
    _, told = yard.ask("/api/v1/devices", **header)
    for each in told["requests"] + told["invitations"]:
        url = f"{yard.url}/api/v1/invitations/{each['id']}"
        away = urllib.request.Request(url, method="DELETE", headers=header)  # noqa: S310  # loopback, http
        urllib.request.urlopen(away, timeout=30).close()  # noqa: S310
    for party in yard.scene.members:
        _, told = yard.ask(f"/api/v1/subjects/keys:{party.id}")
        yard.scene.heads[f"keys:{party.id}"] = (told["seq"], told["head"])


@pytest.fixture
def office(yard: Yard, phone: Phone) -> Page:
    """The administrator's browser: it has an admin key of the dismantler, and one that signs."""
    page = phone(yard.scene.dismantler, viewport={"width": 1024, "height": 900}, is_mobile=False)
    enrol(page, yard, yard.scene.dismantler, "admin")
    page.goto(f"{yard.url}/devices")
    return page


def invite(office: Page, name: str = "") -> str:
    """Invite a device; the link of the QR."""
    office.get_by_label("Name of the device").fill(name)
    office.get_by_role("button", name="Invite a device").click()
    expect(office.get_by_role("img", name="QR code of the invitation")).to_be_visible()
    link = office.locator("#symbol .command").text_content()
    assert link and re.search(r"/enrol#[\w-]{22}$", link)
    return link


def words(page: Page, within: str = "") -> list[str]:
    """The six words that a screen shows."""
    place = page.locator(f"{within} .words").first
    expect(place).to_be_visible()
    found = place.locator("li").all_text_contents()
    assert len(found) == 6
    return found


def come(page: Page, link: str, name: str = "") -> None:
    """Open the link of the QR on the phone, and make its key."""
    page.goto(link)
    if name:
        page.get_by_label("Name of this device").fill(name)
    page.get_by_role("button", name="Enrol this device").click()
    expect(page.get_by_text("Do both screens show the same six words?")).to_be_visible()


def devices(yard: Yard, party: Party) -> list[dict[str, Any]]:
    _, body = yard.ask(f"/api/v1/organisations/{party.org}/keys")
    return [key for key in body["keys"] if key["use"] == "sign"]


def sign_and_send(page: Page, yard: Yard, party: Party) -> int:
    """Record an incident by the key of this phone; the status of the answer."""
    subject = f"notes:battery:gbt34014:{pack_code(1)}"
    found: dict[str, Any] = page.evaluate(
        """async ({ modules, subject, iss, aud }) => {
          const { compose, sign } = await import(`${modules}/record/statement.js`);
          const { all } = await import(`${modules}/device/db.js`);
          const { signerOf } = await import(`${modules}/core/keys.js`);
          const [row] = (await all("keys")).filter(({ use }) => use === "sign");
          const body = { type: "note.incident", subject, data: { kind: "fire", note: "smoke" }, iss, aud };
          const found = await (await fetch(`/api/v1/subjects/${subject}`)).json();
          const place = found.head ? { seq: found.seq + 1, prev: found.head } : { seq: 0, prev: null };
          const statement = compose({ ...body, occurredAt: new Date(), place });
          const { presentation } = await sign(statement, { signer: await signerOf(row.pair) });
          const answer = await fetch("/api/v1/events", {
            method: "POST", headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ event: presentation }),
          });
          return { status: answer.status, body: await answer.json() };
        }""",
        {"modules": modules(page), "subject": subject, "iss": party.org, "aud": yard.scene.origin},
    )
    assert found["status"] < 300 or found["body"]["code"] == "KEY_REVOKED_AT_SIGNING", found
    return int(found["status"])


def test_from_qr_to_revocation(yard: Yard, phone: Phone, office: Page) -> None:
    party = yard.scene.dismantler
    gate = phone()
    come(gate, invite(office), "Phone at gate 1")
    assert "#" not in gate.url  # the secret is on no screen and in no history
    card = office.locator(".asks")
    expect(card).to_contain_text("Phone at gate 1")
    assert words(gate) == words(office, ".asks")
    card.get_by_role("button", name="Yes, the same: add it").click()
    expect(gate.get_by_text("This device now signs for dismantler")).to_be_visible()
    expect(office.locator(".asks")).to_have_count(0)
    row = office.locator("li.card", has_text="Phone at gate 1")
    expect(row).to_contain_text("in force")
    assert sign_and_send(gate, yard, party) == 201

    row.get_by_text("Six words, key, revoking").click()
    row.get_by_role("button", name="Lost, or retired").click()
    row.get_by_role("button", name="Revoke", exact=True).click()
    expect(office.locator("li.card", has_text="Phone at gate 1")).to_contain_text("lost or stolen")
    assert sign_and_send(gate, yard, party) == 422
    gate.goto(f"{yard.url}/devices")
    expect(gate.get_by_text("The key of this device was revoked").first).to_be_visible()
    assert (
        gate.evaluate(f"import('{modules(gate)}/device/keyring.js').then(async (m) => await m.device())")
        is None
    )


def test_a_browser_without_ed25519_enrols_a_key_of_p256(yard: Yard, phone: Phone, office: Page) -> None:
    old = phone()
    old.context.add_init_script(NO_ED25519)
    come(old, invite(office, "Old phone"))
    expect(office.locator(".asks")).to_contain_text("Old phone")
    assert words(old) == words(office, ".asks")
    office.get_by_role("button", name="Yes, the same: add it").click()
    expect(old.get_by_text("Enrolled.").first).to_be_visible()
    assert devices(yard, yard.scene.dismantler)[-1]["jwk"]["crv"] == "P-256"
    assert sign_and_send(old, yard, yard.scene.dismantler) == 201


def test_whoever_scans_first_has_other_words_and_the_other_is_told(
    yard: Yard, phone: Phone, office: Page
) -> None:
    before = len(devices(yard, yard.scene.dismantler))
    link = invite(office)
    thief, gate = phone(), phone()
    gate.goto(link)
    expect(gate.get_by_role("button", name="Enrol this device")).to_be_visible()
    come(thief, link, "Phone at gate 1")
    gate.get_by_role("button", name="Enrol this device").click()
    expect(gate.get_by_role("alert")).to_contain_text("Another device came with this invitation first")
    assert words(office, ".asks") == words(thief)
    office.get_by_role("button", name="No: turn it away").click()
    expect(thief.get_by_role("alert")).to_contain_text("turned this device away")
    assert len(devices(yard, yard.scene.dismantler)) == before


def test_two_phones_wait_and_both_are_added(yard: Yard, phone: Phone, office: Page) -> None:
    first, second = phone(), phone()
    come(first, invite(office, "First"))
    expect(office.locator(".asks")).to_contain_text("First")
    come(second, invite(office, "Second"))
    for page, name in ((first, "First"), (second, "Second")):
        card = office.locator(".asks", has_text=name)
        expect(card).to_be_visible()
        assert words(page) == card.locator(".words li").all_text_contents()
        # The second proves its key anew once the first was added; the button waits for that.
        expect(card.get_by_role("button", name="Yes, the same")).to_be_enabled(timeout=15_000)
        card.get_by_role("button", name="Yes, the same").click()
        expect(page.get_by_text("Enrolled.").first).to_be_visible()


def test_a_phone_that_was_closed_goes_on_waiting(yard: Yard, phone: Phone, office: Page) -> None:
    gate = phone()
    come(gate, invite(office, "Gate"))
    before = words(gate)
    gate.goto(f"{yard.url}/more")
    gate.goto(f"{yard.url}/enrol")
    assert words(gate) == before
    office.locator(".asks").get_by_role("button", name="Yes, the same").click()
    expect(gate.get_by_text("Enrolled.").first).to_be_visible()


def test_a_device_without_an_admin_key_shows_the_command(yard: Yard, phone: Phone) -> None:
    desk, gate = phone(yard.scene.dismantler), phone()
    desk.goto(f"{yard.url}/devices")
    come(gate, invite(desk, "Gate"))
    expect(desk.locator(".asks .command")).to_have_text(f"packtrace device approve {' '.join(words(gate))}")
    expect(desk.get_by_role("button", name="Yes, the same")).to_have_count(0)
    expect(desk.get_by_label("To administer")).to_have_count(0)


def test_an_admin_invites_an_admin_who_then_lets_itself_sign(yard: Yard, phone: Phone, office: Page) -> None:
    other = phone()
    office.get_by_label("To administer").check()
    come(other, invite(office, "Second office"))
    expect(office.locator(".asks")).to_contain_text("add and revoke every other device")
    assert words(other) == words(office, ".asks")
    office.get_by_role("button", name="Yes, the same").click()
    other.get_by_role("link", name="Devices").first.click()
    other.get_by_role("button", name="Let this device sign too").click()
    expect(other.get_by_role("button", name="Let this device sign too")).to_have_count(0)
    assert sign_and_send(other, yard, yard.scene.dismantler) == 201


def test_a_hostile_name_is_text(yard: Yard, phone: Phone, office: Page) -> None:
    gate = phone()
    hostile = "<img src=x onerror=\"document.title='owned'\">{{7*7}}"
    come(gate, invite(office), hostile)
    expect(office.locator(".asks h3")).to_have_text(hostile)
    office.get_by_role("button", name="Yes, the same").click()
    expect(office.locator("#list")).to_contain_text(hostile)
    assert office.title() != "owned" and office.locator("main img").count() == 0


def test_the_page_says_what_is_wrong_with_an_invitation(yard: Yard, phone: Phone) -> None:
    page = phone()
    page.goto(f"{yard.url}/enrol#{'A' * 22}")
    expect(page.get_by_role("alert")).to_contain_text("knows no such invitation")
    page.goto(f"{yard.url}/enrol")
    expect(page.get_by_text("How to enrol this device").first).to_be_visible()


def test_a_suspended_organisation_is_told_so_and_what_waits_stays(yard: Yard, phone: Phone) -> None:
    party = yard.scene.garage
    page = phone(party)
    suspended = yard.scene.sign(yard.scene.registrar, "org.suspended", party.org, {"reason": "fraud"})
    yard.send(suspended)
    page.goto(f"{yard.url}/devices")
    expect(page.get_by_text("is suspended: its keys sign nothing at present").first).to_be_visible()


def test_a_key_is_never_extractable(yard: Yard, phone: Phone, office: Page) -> None:
    gate = phone()
    come(gate, invite(office, "Gate"))
    said = gate.evaluate(
        f"""import('{modules(gate)}/device/db.js').then(async ({{ all }}) => {{
          const [row] = await all("keys");
          let out = "exported";
          try {{ await crypto.subtle.exportKey("pkcs8", row.pair.privateKey); }} catch (e) {{ out = e.name; }}
          return [row.pair.privateKey.extractable, out, row.state];
        }})"""
    )
    assert said == [False, "InvalidAccessError", "waiting"]


def test_without_a_network_the_phone_waits_and_goes_on(yard: Yard, phone: Phone, office: Page) -> None:
    gate = phone()
    come(gate, invite(office, "Gate"))
    gate.context.set_offline(True)
    expect(gate.get_by_text("No network. This page goes on by itself")).to_be_visible(timeout=15_000)
    office.locator(".asks").get_by_role("button", name="Yes, the same").click()
    gate.context.set_offline(False)
    expect(gate.get_by_text("Enrolled.").first).to_be_visible(timeout=15_000)


def test_a_scanner_is_tried_out_and_nothing_is_followed(yard: Yard, phone: Phone) -> None:
    desk = phone(yard.scene.dismantler, path="/devices")
    desk.goto(f"{yard.url}/devices")
    desk.get_by_text("Test my scanner").click()
    desk.get_by_label("Name of the device").focus()
    code = f"https://elsewhere.example/p/{pack_code(1)}"
    desk.evaluate(
        """text => [...text, "Enter"].forEach((key) => document.activeElement.dispatchEvent(
          new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })))""",
        code,
    )  # at once, as a scanner types; a driver on a busy machine is slower than one
    expect(desk.locator("#scanner output")).to_have_text(code)
    expect(desk.get_by_label("Name of the device")).to_have_value("")
    assert desk.url.startswith(f"{yard.url}/devices") and desk.locator("canvas").count() == 0


@pytest.mark.parametrize(("language", "theme"), [("en", "bright"), ("zh", "dark")])
def test_nothing_hinders_whoever_uses_a_reader(
    yard: Yard, phone: Phone, office: Page, axe: Axe, language: str, theme: str
) -> None:
    gate = phone()
    link = invite(office, "Gate")
    for page in (office, gate):
        page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    gate.goto(link.replace("/enrol#", f"/enrol?lang={language}#"))
    office.goto(f"{yard.url}/devices?lang={language}")
    axe(gate)
    gate.locator("button.huge").click()
    expect(gate.locator(".words")).to_be_visible()
    expect(office.locator(".asks")).to_be_visible()
    for page in (office, gate):
        axe(page)
