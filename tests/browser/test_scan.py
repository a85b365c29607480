"""The scan page: camera, scanner, photo and typed code lead to the card of a battery, and nowhere else."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from packtrace.tests.scene import pack_code
from packtrace.trace.codes.label import label_digest, label_url

from .conftest import Axe, Phone, Yard, begin, modules
from .film import frame, jpeg, qr, save_film, shown, symbol
from .spine import rows, settle

TOKEN = "ABCDEFGHIJ234567QRST"
OTHER_TOKEN = "ZZZZZZZZZZ234567QRST"
CODES = [pack_code(number) for number in range(1, 4)]
OFFERED, UNKNOWN = pack_code(4), pack_code(77)

Launch = Callable[..., Browser]


def url_of(yard: Yard, code: str, token: str = TOKEN) -> str:
    return label_url(yard.scene.origin.partition("/")[0], code, token)


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """One node for all of them: the maker made packs, each with its label, and offers one to the garage."""
    made = begin(tmp_path_factory.mktemp("yard"))
    for code in (*CODES, OFFERED):
        made.send(made.scene.manufactured(code, label=label_digest(code, TOKEN)))
    ((offered,), _) = made.scene.handed_over(
        f"battery:gbt34014:{OFFERED}", made.scene.maker, made.scene.garage, "dealer"
    )
    made.send(offered)
    yield made
    made.live.stop()


def camera(launch: Launch, film: Path, *further: str) -> Browser:
    """A browser whose camera shows a film."""
    return launch(
        "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}",
        *(further or ("--use-fake-ui-for-media-stream",)),
    )  # fmt: skip


def open_scan(page: Page, yard: Yard, *, many: bool = False, language: str = "en") -> None:
    page.evaluate("many => localStorage.setItem('scan-many', many)", "yes" if many else "no")
    page.goto(f"{yard.url}/scan?lang={language}")
    expect(page.locator("html")).to_have_attribute("data-ready", "yes")


def scanned(page: Page, text: str) -> None:
    """What a handheld scanner types, as fast as it does: key by key from here, a busy machine makes gaps."""
    page.evaluate(
        """(text) => {
          for (const key of [...text, "Enter"]) {
            const at = document.activeElement ?? document.body;
            at.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
          }
        }""",
        text,
    )


def typed_by_scanner(page: Page, text: str) -> None:
    """The same by real keys, which write into fields; again where the machine made a gap."""
    before = page.locator("#typed").input_value()
    for _ in range(4):
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        if text[-8:] in said(page).replace(" ", ""):
            return
        page.locator("#typed").fill(before)
    raise AssertionError(said(page))


def code_of(page: Page) -> str:
    return page.locator(".found h2").inner_text().replace(" ", "")


def said(page: Page) -> str:
    return page.locator("#said-last").inner_text()


def batch(page: Page) -> list[str]:
    found: list[str] = page.locator(".batch > ol > li").evaluate_all(
        "rows => rows.map(r => r.dataset.subject)"
    )
    return [subject.rpartition(":")[2] for subject in found]


# ---- camera ----


def test_three_packs_before_the_camera_are_read_once_each_whatever_their_symbol(
    yard: Yard, phone: Phone, launch: Launch, tmp_path: Path
) -> None:
    nothing = [frame()] * 5
    film = save_film(
        tmp_path / "yard.mjpeg",
        [
            *shown(qr(url_of(yard, CODES[0]))), *nothing,
            *shown(symbol(CODES[1], "DataMatrix", 14)), *nothing,
            *[frame(symbol(CODES[2], "Code128", 4), blur=blur) for blur in (3, 2, 1, *[0] * 9)], *nothing,
        ],
    )  # fmt: skip
    page = phone(yard.scene.maker, of=camera(launch, film))
    open_scan(page, yard)
    page.locator("#start-many").click()
    expect(page.locator(".batch > ol > li")).to_have_count(3, timeout=20_000)
    assert sorted(batch(page)) == CODES
    expect(page.locator("#engine")).to_have_attribute("data-engine", "worker")
    page.wait_for_timeout(1_500)  # the film begins anew: what is on the list is not added again
    assert sorted(batch(page)) == CODES
    expect(page.locator("#video")).to_be_visible()
    page.locator("#pause").click()
    expect(page.locator("#video")).to_be_hidden()


def test_camera_is_read_without_a_network_on_the_phone_itself(
    yard: Yard, phone: Phone, launch: Launch, tmp_path: Path
) -> None:
    film = save_film(tmp_path / "cellar.mjpeg", [frame(qr(url_of(yard, CODES[0])))] * 3)
    page = phone(yard.scene.maker, of=camera(launch, film))
    open_scan(page, yard)
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    page.context.set_offline(True)
    page.reload()
    page.locator("#start").click()
    expect(page.locator(".found h2")).to_contain_text(CODES[0][-8:], timeout=15_000)
    expect(page.locator("#engine")).to_have_attribute("data-engine", "worker")


def test_two_batteries_in_one_frame_are_shown_and_neither_is_picked(
    yard: Yard, phone: Phone, launch: Launch, tmp_path: Path
) -> None:
    film = save_film(tmp_path / "two.mjpeg", [frame(*(qr(url_of(yard, code)) for code in CODES[:2]))] * 3)
    page = phone(yard.scene.maker, of=camera(launch, film))
    open_scan(page, yard)
    page.locator("#start").click()
    buttons = page.locator("#result button.code")
    expect(buttons).to_have_count(2)
    expect(page.locator(".found")).to_have_count(0)
    buttons.filter(has_text=CODES[1][-8:]).click()
    expect(page.locator(".found")).to_be_visible()
    assert code_of(page) == CODES[1]


def test_without_the_library_the_node_reads_the_frames_and_the_page_says_so(
    yard: Yard, phone: Phone, launch: Launch, tmp_path: Path
) -> None:
    film = save_film(tmp_path / "one.mjpeg", [frame(qr(url_of(yard, CODES[0])))] * 3)
    page = phone(yard.scene.maker, of=camera(launch, film), service_workers="block")
    page.route("**/vendor/**", lambda route: route.fulfill(status=404))
    assert page.evaluate("typeof BarcodeDetector") == "undefined"  # else that would read them
    open_scan(page, yard)
    page.locator("#start").click()
    expect(page.locator(".found")).to_be_visible(timeout=15_000)
    assert code_of(page) == CODES[0]
    expect(page.locator("#engine")).to_have_attribute("data-engine", "node")
    expect(page.locator("#engine")).to_contain_text("sent to the node")


def test_camera_that_may_not_be_used_or_is_not_there_is_told_with_the_other_ways_in_view(
    yard: Yard, phone: Phone, launch: Launch, browser: Browser, tmp_path: Path
) -> None:
    film = save_film(tmp_path / "none.mjpeg", [frame()])
    for of, words in (
        (camera(launch, film, "--deny-permission-prompts"), "not allowed"),
        (browser, "no camera"),
    ):
        page = phone(of=of)
        open_scan(page, yard)
        page.locator("#start").click()
        expect(page.locator("#camera-said")).to_contain_text(words)
        for other in ("Take or choose a photo", "Or type the code on the label"):
            expect(page.get_by_text(other)).to_be_visible()


def test_the_light_is_offered_where_there_is_one(
    yard: Yard, phone: Phone, launch: Launch, tmp_path: Path
) -> None:
    film = save_film(tmp_path / "dark.mjpeg", [frame()])
    page = phone(of=camera(launch, film))
    page.add_init_script(
        """MediaStreamTrack.prototype.getCapabilities = () => ({ torch: true });
        MediaStreamTrack.prototype.applyConstraints = async (asked) => {
          document.documentElement.dataset.asked = JSON.stringify(asked);
        };"""
    )
    open_scan(page, yard)
    expect(page.locator("#torch")).to_be_hidden()
    page.locator("#start").click()
    page.locator("#torch").click()
    expect(page.locator("#torch")).to_have_attribute("aria-pressed", "true")
    assert page.locator("html").get_attribute("data-asked") == '{"advanced":[{"torch":true}]}'


# ---- handheld scanner ----


def test_scanner_works_with_any_focus_and_leaves_no_letter_behind(yard: Yard, phone: Phone) -> None:
    page = phone(yard.scene.maker)
    open_scan(page, yard)
    typed_by_scanner(page, CODES[0])
    scanned(page, url_of(yard, CODES[0]))  # its token was not in the first
    expect(page.locator(".found .mark.good")).to_contain_text("the one on record")
    assert code_of(page) == CODES[0] and "scanner" in said(page)
    page.locator("#typed").fill("half a word")
    page.locator("#typed").focus()
    typed_by_scanner(page, CODES[1])
    expect(page.locator(".found h2")).to_contain_text(CODES[1][-8:])
    assert page.locator("#typed").input_value() == "half a word"
    page.locator("#start").focus()  # Enter would press it
    typed_by_scanner(page, CODES[2])
    expect(page.locator(".found h2")).to_contain_text(CODES[2][-8:])
    expect(page.locator("#finder")).to_be_hidden()
    assert page.url.startswith(f"{yard.url}/scan")


def test_scanner_is_read_by_the_place_of_its_keys_under_a_chinese_input_method(
    yard: Yard, phone: Phone
) -> None:
    page = phone(yard.scene.maker)
    open_scan(page, yard)
    page.evaluate(
        """(text) => {
          const places = { ":": "Semicolon", "/": "Slash", ".": "Period", "-": "Minus" };
          const placeOf = (letter) => /[0-9]/.test(letter) ? `Digit${letter}` : `Key${letter.toUpperCase()}`;
          const press = (code, shiftKey) => {
            const said = { key: "Process", keyCode: 229, code, shiftKey, bubbles: true, cancelable: true };
            document.body.dispatchEvent(new KeyboardEvent("keydown", said));
          };
          for (const letter of text) press(places[letter] ?? placeOf(letter), /[A-Z:]/.test(letter));
          press("Enter", false);
        }""",
        url_of(yard, CODES[0]),
    )
    expect(page.locator(".found .mark.good")).to_be_visible()
    assert code_of(page) == CODES[0]


# ---- photo and typed ----


def test_label_in_a_photo_is_read_and_what_is_none_is_told(yard: Yard, phone: Phone) -> None:
    page = phone(yard.scene.maker)
    open_scan(page, yard)
    photo = frame(qr(url_of(yard, CODES[0]))).resize((4000, 2250))
    page.set_input_files("#photo", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg(photo)})
    expect(page.locator(".found .mark.good")).to_be_visible(timeout=15_000)
    assert code_of(page) == CODES[0] and "photo" in said(page)
    page.set_input_files("#photo", {"name": "b.jpg", "mimeType": "image/jpeg", "buffer": jpeg(frame())})
    expect(page.locator("#said-last")).to_contain_text("No label can be read")
    page.set_input_files("#photo", {"name": "c.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"})
    expect(page.locator("#said-last")).to_contain_text("no photo that can be opened")


def test_typed_code_is_looked_up_and_a_wrong_one_is_told_to_the_character(yard: Yard, phone: Phone) -> None:
    page = phone(yard.scene.maker)
    open_scan(page, yard)

    def typed(text: str) -> None:
        page.locator("#typed").fill(text)
        page.get_by_role("button", name="Look up").last.click()

    typed(f" {CODES[0].lower()} ")
    expect(page.locator(".found .state")).to_have_text("manufactured")
    assert "typed" in said(page) and page.locator("#typed").input_value() == ""
    typed(CODES[0].replace("JBC4", "JBZ4"))
    expect(page.locator("#result")).to_contain_text("Character 16")
    typed(CODES[0][:14])
    expect(page.locator("#result")).to_contain_text("first half")
    expect(page.locator("#result button")).to_have_count(0)
    typed(CODES[0][14:])
    expect(page.locator("#result")).to_contain_text("second half")
    page.locator("#result button").click()  # only who looks at the battery can put them together
    expect(page.locator(".found .state")).to_have_text("manufactured")


# ---- what must stay inert ----


def test_hostile_and_foreign_texts_are_told_and_nothing_is_opened(yard: Yard, phone: Phone) -> None:
    page = phone(yard.scene.maker)
    open_scan(page, yard)
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    host = yard.scene.origin.partition("/")[0]
    for text, words in {
        f"https://{host.replace('packtrace', 'packtracе')}/p/{CODES[0]}.{TOKEN}": "not our label",
        f"https://{host}.evil.test/p/{CODES[0]}.{TOKEN}": "not our label",
        f"http://{host}/p/{CODES[0]}.{TOKEN}": "not our label",
        f"https://maker.test/b?c={CODES[0]}": "Somebody else's code",
        "javascript:document.title='owned'//aaaa": "Somebody else's code",
        "weixin://dl/business/?t=abcdefgh": "Somebody else's code",
        "<img src=x onerror=alert(1)><b>bold</b>": "No battery code",
        f"https://{host}/enrol#a-secret-of-somebody": "A page of ours",
        f"https://{host}/p/{CODES[0]}.{TOKEN[:-1]}": "A damaged label",
    }.items():
        page.locator("#typed").fill(text)
        page.locator("#type button").click()
        expect(page.locator("#result")).to_contain_text(words)
        assert page.locator("#result img, #result b, #result a").count() == 0
        assert TOKEN[:8] not in page.locator("#main").inner_text()
        assert text.isascii() or "xn--" in page.locator("#result").inner_text()
    assert page.url == f"{yard.url}/scan?lang=en" and page.title() == "Scan" and dialogs == []
    assert not [address for address in asked if not address.startswith(yard.url)]


def test_code_in_somebody_elses_address_is_offered_and_not_taken(yard: Yard, phone: Phone) -> None:
    page = phone(yard.scene.maker)
    open_scan(page, yard)
    scanned(page, f"https://maker.test/b?c={CODES[0]}")
    expect(page.locator(".found")).to_have_count(0)
    page.locator("#result button").click()
    expect(page.locator(".found .state")).to_have_text("manufactured")


# ---- what a scan says ----


def test_card_says_who_holds_it_what_comes_next_and_why_not(yard: Yard, phone: Phone) -> None:
    page = phone(yard.scene.garage)
    open_scan(page, yard)
    scanned(page, url_of(yard, CODES[0], OTHER_TOKEN))
    expect(page.locator(".found .mark.bad")).to_contain_text("not the one on record")
    expect(page.locator(".found dl").first).to_contain_text("Held bymaker")
    expect(page.locator(".found")).to_contain_text("Nothing is for your organisation")
    page.locator(".barred summary").click()
    expect(page.locator(".barred")).to_contain_text("maker holds it, and not your organisation")
    scanned(page, UNKNOWN)
    expect(page.locator(".found .mark.warn").first).to_contain_text("Not on record")
    expect(page.locator("[data-step='battery.registered']")).to_be_visible()


def test_stranger_sees_what_is_public_and_how_to_enrol(yard: Yard, phone: Phone) -> None:
    page = phone()
    open_scan(page, yard)
    scanned(page, url_of(yard, CODES[0]))
    expect(page.locator(".found .state")).to_have_text("manufactured")
    expect(page.locator(".found .mark.good")).to_contain_text("the one on record")
    expect(page.get_by_role("link", name="How to enrol this phone")).to_be_visible()
    assert page.locator("[data-step]").count() == 0


def test_without_a_network_the_phone_knows_what_it_saw_and_lets_the_rest_be_recorded(
    yard: Yard, phone: Phone
) -> None:
    page = phone(yard.scene.dismantler)
    open_scan(page, yard)
    scanned(page, CODES[0])
    expect(page.locator(".found .state")).to_have_text("manufactured")
    page.context.set_offline(True)
    scanned(page, url_of(yard, CODES[0]))
    expect(page.locator(".found")).to_contain_text("there is no newer word")
    expect(page.locator(".found .mark.good")).to_contain_text("the one on record")
    scanned(page, UNKNOWN)
    expect(page.locator(".found .mark.warn")).to_contain_text("Record anyway")
    for step in ("battery.taken_in", "battery.registered"):
        expect(page.locator(f"[data-step='{step}']")).to_be_visible()


# ---- many together ----


def test_list_grows_flags_what_is_on_it_and_gives_each_step_with_its_count(yard: Yard, phone: Phone) -> None:
    page = phone(yard.scene.maker)
    open_scan(page, yard, many=True)
    for code in (OFFERED, *CODES[1:]):
        scanned(page, url_of(yard, code))
    expect(page.locator(".batch > ol > li")).to_have_count(3)
    assert batch(page) == [*CODES[:0:-1], OFFERED]
    page.wait_for_timeout(3_100)  # scanned again on purpose, and no echo
    scanned(page, CODES[1])
    expect(page.locator("#said-last")).to_contain_text("Already on the list")
    page.wait_for_timeout(3_100)
    scanned(page, url_of(yard, CODES[1], OTHER_TOKEN))
    expect(page.locator("#said-last")).to_contain_text("Another label")
    assert batch(page) == [*CODES[:0:-1], OFFERED]
    expect(page.locator("[data-step='battery.retired']")).to_have_text("Retire: 2 of 3")
    retire = page.locator(".steps > div").filter(has=page.locator("[data-step='battery.retired']"))
    retire.locator(".barred summary").click()
    expect(retire.locator(".barred")).to_contain_text("it is offered to garage")
    page.locator(f"[data-subject$='{CODES[2]}'] .remove").click()
    assert batch(page) == [CODES[1], OFFERED]
    page.reload()
    expect(page.locator(".batch > ol > li")).to_have_count(2)
    page.locator("[data-step='battery.retired']").click()
    page.wait_for_url("**/record?type=battery.retired*")
    chosen = page.evaluate(
        "async (modules) => (await import(`${modules}/device/selection.js`)).selection()", modules(page)
    )
    assert [(scan["code"], scan["token"], scan["read_by"]) for scan in chosen] == [
        (CODES[1], TOKEN, "scanner")
    ]
    assert TOKEN not in page.url


def test_forty_packs_are_taken_over_with_forty_scans_and_four_taps(yard: Yard, phone: Phone) -> None:
    scene = yard.scene
    codes = [pack_code(number) for number in range(101, 141)]
    lines: list[str] = []
    for code in codes:
        sub = f"battery:gbt34014:{code}"
        lines.append(scene.manufactured(code, label=label_digest(code, TOKEN)))
        retired = {"capacity": "vehicle_maker", "reason": "end_of_life"}
        lines.append(scene.sign(scene.maker, "battery.retired", sub, retired))
        ((offered,), _) = scene.handed_over(sub, scene.maker, scene.dismantler, "pack_dismantler")
        lines.append(offered)
    record(yard, lines)
    page = phone(scene.dismantler)
    page.context.add_init_script(
        """addEventListener("click", (event) => {
          if (event.isTrusted) sessionStorage.taps = Number(sessionStorage.taps ?? 0) + 1;
        }, true);"""
    )
    open_scan(page, yard)
    page.locator("#start-many").click()
    for code in codes:
        scanned(page, url_of(yard, code))
    step = page.locator("[data-step='handover.accepted']")
    expect(step).to_have_text("Take over: all 40", timeout=30_000)
    step.click()
    page.locator("#question [data-word='intact']").click()
    page.locator("#sign").click()
    expect(page.locator("#ready")).to_be_visible(timeout=30_000)
    assert page.evaluate("Number(sessionStorage.taps)") <= 4
    settle(page)
    assert {row["state"] for row in rows(page)} == {"accepted"} and len(rows(page)) == 40
    open_scan(page, yard, many=True)  # what was signed is on the list no more
    assert batch(page) == []
    scanned(page, codes[0])
    expect(page.locator(".batch .sign")).to_contain_text("at a dismantler")


def record(yard: Yard, lines: list[str]) -> None:
    """Record many events over the API; each is accepted."""
    request = urllib.request.Request(  # noqa: S310  # loopback, over http
        f"{yard.url}/api/v1/events/batch", "\n".join(lines).encode(), {"Content-Type": "application/x-ndjson"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        outcomes = [json.loads(line) for line in answer.read().splitlines()]
    assert [each["status"] for each in outcomes] == ["accepted"] * len(lines), outcomes


@pytest.mark.parametrize(("language", "theme"), [("en", "bright"), ("zh", "dark")])
def test_nothing_hinders_people(yard: Yard, phone: Phone, theme: str, language: str, axe: Axe) -> None:
    page = phone(yard.scene.maker)
    page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    for many in (False, True):
        open_scan(page, yard, many=many, language=language)
        axe(page)
        scanned(page, url_of(yard, CODES[0], OTHER_TOKEN))
        expect(
            page.locator(".bad", has_text="on record" if language == "en" else "登记").first
        ).to_be_visible()
        for details in page.locator("details > summary").all():
            details.click()
        axe(page)
        scanned(page, "https://maker.test/")
        expect(page.locator("#result h2")).to_be_visible()
        axe(page)
