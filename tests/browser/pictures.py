"""Pictures of every page as it is on a phone at work, for whoever changes how they look (`make pictures`)."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page

from packtrace.tests.scene import MODEL_MASS_G, pack_code
from packtrace.trace.times import format_time
from packtrace.web.pages.yard import SHELLS

from .conftest import Phone, Yard
from .spine import inspect, preload, run, settle, sub

FOLDER = Path(os.environ.get("PACKTRACE_PICTURES", "pictures"))
LOOKS = (("zh", "auto"), ("en", "auto"), ("zh", "dark"), ("en", "bright"))
PACKS = range(1, 7)
TRUCK = "truck-1"


def test_pictures_of_every_page(yard: Yard, phone: Phone) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    page = at_work(yard, phone)
    for language, theme in LOOKS:
        page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
        for shell in SHELLS:
            rest = {"consignment": f"/{yard.scene.maker.id}/{TRUCK}", "timeline": f"/{pack_code(1)}"}
            query = "&type=handover.accepted" if shell.name == "record" else ""
            take(page, yard, f"{shell.path}{rest.get(shell.name, '')}", language, theme, shell.name, query)
        take(page, yard, f"/p/{pack_code(1)}", language, theme, "passport")
        page.goto(f"{yard.url}/scan?lang={language}")
        page.locator("input:not([type=checkbox]):not([type=file])").first.fill(pack_code(2))
        page.keyboard.press("Enter")
        page.wait_for_timeout(700)
        save(page, "scanned", language, theme)


def at_work(yard: Yard, phone: Phone) -> Page:
    """A dismantler's phone: some packs are held, some on a truck to it, one record waits."""
    scene = yard.scene
    consignment = f"consignment:{scene.maker.id}/{TRUCK}"
    for number in PACKS:
        yard.send(scene.manufactured(pack_code(number)))
        retired = {"capacity": "vehicle_maker", "reason": "vehicle_scrapped"}
        yard.send(scene.sign(scene.maker, "battery.retired", sub(number), retired))
        if number == 1:
            for group in scene.handed_over(sub(number), scene.maker, scene.dismantler, "pack_dismantler"):
                yard.send(*group)
            continue
        offer = {
            "consignee": scene.dismantler.org,
            "capacity": "pack_dismantler",
            "mass": {"g": MODEL_MASS_G, "basis": "measured"},
            "expires_at": format_time(scene.at + timedelta(days=30)),
            "consignment": consignment,
        }
        yard.send(scene.sign(scene.maker, "handover.offered", sub(number), offer))
    page = phone(scene.dismantler)
    preload(page)
    inspect(page, sub(1), note="Deckel verbeult")
    settle(page)
    scan = {
        "subject": sub(2), "code": pack_code(2), "token": None, "read_by": "camera",
        "kind": "code", "remarks": [], "at": "2026-11-23T08:00:00Z",
    }  # fmt: skip
    run(page, 'await (await room("device/selection")).select([given.scan])', scan=scan)
    return page


def take(page: Page, yard: Yard, path: str, language: str, theme: str, name: str, query: str = "") -> None:
    page.goto(f"{yard.url}{path}?lang={language}{query}")
    page.wait_for_timeout(700)
    save(page, name, language, theme)


def save(page: Page, name: str, language: str, theme: str) -> None:
    page.screenshot(path=str(FOLDER / f"{name}-{language}-{theme}.png"), full_page=True)
