"""The public passport: what a label opens, in Chinese and English, for whoever stands before the battery."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from werkzeug.test import TestResponse

from packtrace.tests.scene import digest_of, pack_code
from packtrace.tests.web.conftest import Served, check_problem
from packtrace.trace.codes.label import label_digest, label_url
from packtrace.web.pages.languages import CATALOGUES, CHINESE, load_catalogues, messages

CODE = pack_code(1)
TOKEN = "ABCDEFGHIJKLMNOPQR27"
WEB = Path(__file__).parents[2] / "web"


def get(served: Served, path: str, **headers: str) -> TestResponse:
    return served.client.get(path, headers={"Accept-Language": "en", **headers})


def made(served: Served, **changes: Any) -> None:
    assert served.post(served.scene.manufactured(CODE, **changes)).status_code == 201


def test_passport_says_what_is_public_and_that_the_history_holds(served: Served) -> None:
    made(served)
    answer = get(served, f"/p/{CODE}")
    assert answer.status_code == 200 and answer.content_type == "text/html; charset=utf-8"
    page = answer.text
    assert "manufactured" in page and "History verified: 1 events" in page and 'lang="en"' in page
    assert served.scene.maker.org not in page  # a name is shown, and nobody's custody
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    again = get(served, f"/p/{CODE}", **{"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("label", "token", "said"),
    [
        (label_digest(CODE, TOKEN), TOKEN, "is the one on record"),
        (label_digest(CODE, TOKEN), TOKEN.lower(), "is the one on record"),
        (label_digest(CODE, TOKEN), TOKEN[:-1] + "3", "is not the one on record"),
        (label_digest(CODE, TOKEN), "WXYZ", "is not the one on record"),
        (label_digest(pack_code(2), TOKEN), TOKEN, "is not the one on record"),
        (digest_of("another label"), TOKEN, "is not the one on record"),
    ],
)
def test_scanned_label_is_compared_with_the_one_on_record(
    served: Served, label: str, token: str, said: str
) -> None:
    made(served, label=label)
    answer = get(served, f"/p/{CODE}.{token}")
    assert said in answer.text
    assert answer.headers["Cache-Control"] == "no-store"  # what only the label tells is kept nowhere
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert token not in answer.text


@pytest.mark.parametrize("code", ["UN12/AB.C-1", "{org}/Tag-7.b"])
def test_label_of_every_scheme_opens_its_passport(served: Served, code: str) -> None:
    dismantler = served.scene.dismantler
    code = code.format(org=dismantler.id)
    subject = f"battery:{'tag' if 'Tag' in code else 'iso15459'}:{code}"
    data = {
        "stage": "waste",
        "capacity": dismantler.roles[0],
        "holder": "signer",
        "basis": "legacy",
        "read_by": "typed",
        "label": label_digest(code, TOKEN),
    }
    assert served.post(served.scene.sign(dismantler, "battery.registered", subject, data)).status_code == 201
    path = label_url("packs.example", code, TOKEN).removeprefix("https://packs.example")
    assert "is the one on record" in get(served, path).text
    assert get(served, f"/p/{code}").status_code == 200
    answer = get(served, f"/?code={subject}")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/p/{code}")


def test_history_that_does_not_hold_is_told(served: Served) -> None:
    made(served)
    served.played.flip("tile", "data", "level = 0")
    answer = get(served, f"/p/{CODE}")
    assert "The history does not hold" in answer.text and "History verified" not in answer.text


def test_code_that_is_not_on_record_is_explained_with_what_may_be_meant(served: Served) -> None:
    made(served)
    alike = CODE.replace("6300", "63OO")
    assert alike != CODE
    answer = get(served, f"/p/{alike}")
    assert answer.status_code == 404 and f'href="/p/{CODE}' in answer.text
    other = get(served, f"/p/{pack_code(77)}")
    assert other.status_code == 404 and "says nothing of a battery" in other.text


def test_typed_code_leads_to_its_passport_and_what_is_none_is_told(served: Served) -> None:
    answer = get(served, f"/?code=%20{CODE.lower()}%20")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/p/{CODE}")
    wrong = get(served, "/?code=<script>alert(1)</script>")
    assert wrong.status_code == 422 and "<script>" not in wrong.text and 'role="alert"' in wrong.text


def test_hostile_names_stay_inert(served: Served) -> None:
    hostile = '<img src=x onerror="alert(1)">'
    served.scene.maker.name = hostile
    text = served.scene.sign(
        served.scene.registrar,
        "org.changed",
        served.scene.maker.org,
        {"name": {"en": hostile}},
    )
    if served.post(text).status_code != 201:
        pytest.fail("the registrar may change a name")
    made(served)
    page = get(served, f"/p/{CODE}").text
    assert "<img" not in page and "&lt;img" in page


def test_linked_data_comes_to_whoever_asks_for_it(served: Served) -> None:
    made(served)
    answer = get(served, f"/p/{CODE}", Accept="application/ld+json")
    assert answer.content_type == "application/ld+json"
    body = answer.get_json(force=True)
    assert body["@type"] == "Battery" and body["stage"] == "manufactured" and "custodian" not in body


def test_language_is_chosen_or_the_browsers(served: Served) -> None:
    made(served)
    chinese = served.client.get(f"/p/{CODE}", headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.1"})
    assert 'lang="zh-Hans"' in chinese.text and "历史核验通过" in chinese.text
    assert "History verified" in get(served, f"/p/{CODE}?lang=en").text
    assert "历史核验通过" in get(served, f"/p/{CODE}?lang=zh").text
    assert "English" in chinese.text and "中文" in chinese.text


def test_every_text_of_a_page_is_translated() -> None:
    catalogue = load_catalogues()[CHINESE]
    found = extract_from_dir(WEB, [("templates/**.html", "jinja2")], {}, keywords={"_": None})
    texts = {message for _, _, message, _, _ in found}
    assert len(texts) > 20
    assert {text for text in texts if catalogue.gettext(text) == text} == set()


def test_every_text_of_a_script_is_translated() -> None:
    known = messages()
    scripts = WEB / "static" / "js"
    found = extract_from_dir(scripts, [("**.js", "javascript")], {}, keywords={"t": None})
    said = {message for _, _, message, _, _ in found}
    assert "Dark" in said
    assert {text for text in said if known.get(text, text) == text} == set()


def test_a_text_has_one_translation_and_takes_the_same_values() -> None:
    seen: dict[str, str] = {}
    for path in sorted(CATALOGUES.glob("*.po")):
        lines = path.read_bytes().splitlines(keepends=True)
        for message in read_po(lines, locale=CHINESE, abort_invalid=True):
            if message.id:
                assert seen.setdefault(str(message.id), str(message.string)) == message.string, message.id
                values = re.compile(r"%\(\w+\)s")
                assert sorted(values.findall(str(message.id))) == sorted(values.findall(str(message.string)))


def test_files_of_pages_are_kept_for_ever_and_change_their_address(served: Served) -> None:
    page = get(served, "/").text
    addresses = re.findall(r'href="(/static/[^"]+)"', page)
    addresses += re.findall(r'src="(/static/[^"]+)"', page)
    assert len(addresses) == 3 and len({address.split("/")[2] for address in addresses}) == 1
    for address in addresses:
        answer = get(served, address)
        assert answer.status_code == 200 and "max-age=31536000" in answer.headers["Cache-Control"]
        stale = get(served, re.sub("/static/[^/]+/", "/static/another/", address))
        assert stale.status_code == 200 and stale.headers["Cache-Control"] == "no-cache"
        packed = get(served, address, **{"Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip" and gzip.decompress(packed.data) == answer.data
    assert get(served, "/static/any/../../app.py").status_code == 404
    assert get(served, "/static/any/js").status_code == 404


def test_what_goes_wrong_with_a_page_is_a_page_and_else_a_problem(served: Served) -> None:
    page = get(served, "/nothing-here", Accept="text/html,*/*;q=0.8")
    assert page.status_code == 404 and page.content_type.startswith("text/html") and "404" in page.text
    method = served.client.post("/p/x", headers={"Accept": "text/html"})
    assert method.status_code == 405 and "GET" in method.headers["Allow"]
    check_problem(get(served, "/nothing-here", Accept="*/*"), 404, "NOT_FOUND")
    check_problem(get(served, "/api/v1/nothing-here", Accept="text/html"), 404, "NOT_FOUND")
