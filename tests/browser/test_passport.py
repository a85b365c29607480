"""The passport that a label opens: on a phone that is enrolled, recording is one tap away."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from packtrace.tests.scene import pack_code
from packtrace.trace.codes.label import label_digest

from .conftest import Phone, Yard

TOKEN = "ABCDEFGHIJKLMNOPQR27"


def test_label_that_the_camera_opened_goes_on_to_recording(yard: Yard, phone: Phone) -> None:
    code = pack_code(1)
    yard.send(yard.scene.manufactured(code, label=label_digest(code, TOKEN)))
    page = phone(yard.scene.maker)
    page.goto(f"{yard.url}/p/{code}.{TOKEN}")
    page.get_by_role("button", name="Record something about it").click()
    expect(page).to_have_url(re.compile(r"/scan\?lang=en$"))  # the token is in no address
    expect(page.get_by_role("article")).to_contain_text("on record")
    page.reload()
    expect(page.get_by_role("article")).to_have_count(0)  # it was handed on once


def test_stranger_is_offered_nothing_to_record(yard: Yard, phone: Phone) -> None:
    yard.send(yard.scene.manufactured(pack_code(1)))
    page = phone(path=f"/p/{pack_code(1)}")
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
