"""Labels through the API: read back by a decoder of others, bounded, and no token is kept or repeated."""

from __future__ import annotations

import io
import logging
import zipfile
from typing import Any

import pypdfium2
import pytest
from werkzeug.test import TestResponse

from packtrace.tests.labels.printed import read
from packtrace.tests.labels.zpl_printer import print_zpl
from packtrace.tests.scene import pack_code
from packtrace.tests.web.conftest import Served, check_problem
from packtrace.tests.web.tokens import bearer
from packtrace.trace.labels.sheets import SHEETS

PATH = "/api/v1/labels"
HOST = "packs.example"
TOKEN = "ABCDEFGHIJ234567QRST"
ONE = {"code": pack_code(1), "token": TOKEN}


def token(number: int) -> str:
    return (TOKEN + "ABCDEFGHIJKLMNOPQRST"[number % 20])[1:]


def rows(count: int) -> list[dict[str, Any]]:
    return [
        {
            "code": pack_code(number),
            "token": token(number),
            "name_zh": "示例磷酸铁锂包",
            "name_en": "Example LFP pack",
            "mass_g": 438_500,
        }
        for number in range(1, count + 1)
    ]


def urls(count: int) -> list[str]:
    return [f"https://{HOST}/p/{pack_code(number)}.{token(number)}" for number in range(1, count + 1)]


def ask(served: Served, path: str = PATH, /, **members: Any) -> TestResponse:
    body = {"host": HOST, "labels": rows(1)} | members
    return served.client.post(path, json=body, headers=bearer(served, served.scene.dismantler))


def pages(pdf: bytes, dpi: int) -> list[Any]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.render(scale=dpi / 72).to_pil() for page in document]
    finally:
        document.close()


@pytest.mark.parametrize("sheet", SHEETS)
@pytest.mark.parametrize("dpi", [203, 600])
def test_every_sheet_is_read_back_from_its_first_slot_on(served: Served, sheet: str, dpi: int) -> None:
    count = min(SHEETS[sheet].slots, 4)
    answer = ask(served, labels=rows(count), sheet=sheet, start_slot=SHEETS[sheet].slots)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    drawn = pages(answer.data, dpi)
    assert len(drawn) == (2 if count > 1 else 1)  # one on the slot that is left, the rest on a new sheet
    assert sorted(text for page in drawn for text in read(page)) == urls(count)


def test_a_page_of_a_roll_is_the_label_and_has_no_ruler(served: Served) -> None:
    answer = ask(served, labels=rows(2), sheet="single")
    document = pypdfium2.PdfDocument(answer.data)
    try:
        assert [tuple(round(mm / 72 * 25.4, 1) for mm in page.get_size()) for page in document] == [
            (63.5, 38.1)
        ] * 2
        said = "".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()
    assert "Print at 100" not in said and "HIGH VOLTAGE" in said


def test_pictures_are_read_back_alone_and_as_a_zip(served: Served) -> None:
    alone = ask(served, format="png", dpi=203)
    assert (alone.mimetype, read(alone.data)) == ("image/png", urls(1))
    assert f"{pack_code(1)}.png" in alone.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(ask(served, format="png", labels=rows(3)).data)) as archive:
        assert [read(archive.read(name)) for name in archive.namelist()] == [[url] for url in urls(3)]
    assert ask(served, format="svg").mimetype == "image/svg+xml"


@pytest.mark.parametrize("dpi", [203, 300, 600])
@pytest.mark.parametrize("kind", ["zpl", "zpl-picture"])
def test_what_a_printer_draws_is_read_back(served: Served, kind: str, dpi: int) -> None:
    answer = ask(served, format=kind, dpi=dpi, labels=rows(2))
    assert answer.mimetype == "text/plain"
    assert [text for one in print_zpl(answer.text) for text in read(one.picture)] == urls(2)


def test_a_test_page_has_edges_and_no_symbol(served: Served) -> None:
    answer = ask(served, labels=[], outlines=True, sheet="L7163")
    (page,) = pages(answer.data, 203)
    assert read(page) == [] and page.convert("L").getextrema()[0] < 128


def test_preview_tells_from_how_far_a_label_is_read(served: Served) -> None:
    said = ask(served, f"{PATH}/preview", format="svg").json or {}
    assert said["svg"].startswith("<svg ") and said["slots"] == 21
    assert said["module_um"] == 776  # 34.9 mm for 37 modules and their quiet zone
    assert said["reach_cm"] == {"1280": 43, "1920": 64}
    dots = ask(served, f"{PATH}/preview", format="png", dpi=203).json or {}
    assert dots["module_um"] == 751  # six whole dots
    check_problem(ask(served, f"{PATH}/preview", labels=[], outlines=True), 400, "BODY_MALFORMED")


def test_no_token_stands_in_a_message_or_in_the_log(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "SECRETSECRETSECRET22"
    wrong: list[dict[str, Any]] = [
        {"code": "not a code", "token": secret},
        {"code": pack_code(1), "token": f"{secret}7"},
        {"code": pack_code(1), "token": secret, "name_zh": "a\nb"},
        {"code": pack_code(1), "token": [secret]},
        {"code": f"https://{HOST}/p/{pack_code(1)}.{secret}?", "token": "short"},
    ]
    for row in wrong:
        answer = ask(served, labels=[row])
        assert answer.status_code in (400, 422) and secret not in answer.text, row
    assert ask(served, labels=[{"code": pack_code(1), "token": secret}]).status_code == 200
    assert secret not in caplog.text
    assert not [
        path for path in served.played.home.path.rglob("*") if path.is_file() and _holds(path, secret)
    ]


def _holds(path: Any, secret: str) -> bool:
    return secret.encode() in path.read_bytes()


@pytest.mark.parametrize(
    ("members", "status", "code", "where"),
    [
        ({"labels": rows(1) * 501}, 413, "BODY_TOO_LARGE", "/labels"),
        ({"labels": []}, 400, "BODY_MALFORMED", "/labels"),
        ({"labels": {}}, 400, "BODY_MALFORMED", "/labels"),
        ({"labels": ["x"]}, 400, "BODY_MALFORMED", "/labels/0"),
        ({"labels": [ONE | {"href": "x"}]}, 400, "BODY_MALFORMED", "/labels/0/href"),
        ({"labels": [ONE | {"mass_g": True}]}, 400, "BODY_MALFORMED", "/labels/0/mass_g"),
        (
            {"labels": [ONE | {"code": "org:uscc:91440300MA5000002N"}]},
            422,
            "BATTERY_CODE_INVALID",
            "/labels/0",
        ),
        ({"host": "https://packs.example/"}, 422, "BATTERY_CODE_INVALID", None),
        ({"host": 1}, 400, "BODY_MALFORMED", "/host"),
        ({"sheet": "../../etc"}, 400, "BODY_MALFORMED", "/sheet"),
        ({"format": "html"}, 400, "BODY_MALFORMED", "/format"),
        ({"dpi": 100_000}, 400, "BODY_MALFORMED", "/dpi"),
        ({"start_slot": 22}, 400, "BODY_MALFORMED", "/start_slot"),
        ({"start_slot": True}, 400, "BODY_MALFORMED", "/start_slot"),
        ({"font": "/etc/passwd"}, 400, "BODY_MALFORMED", "/font"),
    ],
)
def test_what_is_no_order_is_refused(
    served: Served, members: dict[str, Any], status: int, code: str, where: str | None
) -> None:
    said = check_problem(ask(served, **members), status, code)
    assert said.get("where") == where


def test_a_stranger_prints_nothing(served: Served) -> None:
    body = {"host": HOST, "labels": rows(1)}
    check_problem(served.client.post(PATH, json=body), 401, "TOKEN_REQUIRED")
