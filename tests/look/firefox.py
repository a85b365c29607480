"""Signing and scanning in Firefox, another engine than that of the tests: `make firefox`."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from packtrace.tests.browser.conftest import Yard, begin
from packtrace.tests.browser.film import frame, jpeg, qr
from packtrace.tests.browser.test_record import TOKEN, taken_over
from packtrace.trace.codes.label import label_url


@dataclass
class Firefox:
    """A phone with Firefox, driven by `firefox.mjs`."""

    process: subprocess.Popen[str]

    def __call__(self, verb: str, **given: Any) -> Any:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({"verb": verb, **given}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "ok" in answer, answer
        return answer["ok"]

    def run(self, body: str, **given: Any) -> Any:
        """Run a function body with `room(path)`, a module of the page."""
        begins = (
            'const base = document.querySelector("script[type=module]").src.split("/ui/")[0];'
            "const room = (path) => import(`${base}/${path}.js`);"
        )
        return self("evaluate", body=begins + body, given=given)


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    made = begin(tmp_path)
    yield made
    made.live.stop()


@pytest.fixture
def firefox(packages: Path) -> Iterator[Firefox]:
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    assert program, "no Firefox: apt-get install firefox-esr"
    driver = ["node", str(Path(__file__).with_suffix(".mjs")), str(packages.resolve()), program]
    with subprocess.Popen(driver, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Firefox(process)
        assert process.stdin
        process.stdin.close()
        process.wait(timeout=60)


def enrol(firefox: Firefox, yard: Yard) -> str:
    """Make a key in the browser, and register it as the dismantler's admin does; its id."""
    party = yard.scene.dismantler
    sub = f"keys:{party.id}"
    _, head = yard.scene.heads.get(sub, (-1, None))
    made = firefox.run(
        """
        const { makeKey } = await room("device/keyring");
        const { signerOf } = await room("core/keys");
        const { signPossession } = await room("core/possession");
        const row = await makeKey({ org: given.org, use: "sign", name: "Firefox" });
        const signer = await signerOf(row.pair);
        const { aud, sub, head } = given;
        const possession = await signPossession({ aud, sub, head: head ?? undefined }, signer);
        return { kid: row.kid, jwk: row.jwk, possession, extractable: row.pair.privateKey.extractable };""",
        org=party.org,
        aud=yard.scene.origin,
        sub=sub,
        head=head,
    )
    assert made.pop("extractable") is False
    data = {"use": "sign", "jwk": made["jwk"], "possession": made["possession"], "name": "Firefox"}
    yard.send(yard.scene.sign(party, "key.added", sub, data, key=party.admin))
    firefox.run(
        """
        const { markEnrolled } = await room("device/keyring");
        const { put } = await room("device/db");
        await markEnrolled(given.kid);
        const settings = Object.entries(given.settings);
        for (const [name, value] of settings) await put("settings", { name, value });""",
        kid=made["kid"],
        settings={"org": party.org, "origin": yard.scene.origin, "trust": yard.trust()},
    )
    return str(made["kid"])


def test_a_label_is_scanned_and_what_is_said_of_it_is_signed_and_recorded(
    firefox: Firefox, yard: Yard, tmp_path: Path
) -> None:
    code = taken_over(yard, yard.scene.dismantler, "pack_dismantler")
    firefox("goto", url=f"{yard.url}/more?lang=en")
    assert firefox.run("return (await navigator.serviceWorker.ready).active !== null")
    kid = enrol(firefox, yard)
    firefox("goto", url=f"{yard.url}/scan?lang=en")  # the key lies in IndexedDB, and is as it was

    firefox("click", css="#start")  # the camera of a film that shows no label: it runs
    firefox("see", css="#finder:not([hidden])")
    until = time.monotonic() + 20
    while not firefox.run("return document.querySelector('video').readyState >= 2"):
        assert time.monotonic() < until, "the camera did not start"
        time.sleep(0.3)

    photo = tmp_path / "label.jpg"
    photo.write_bytes(jpeg(frame(qr(label_url(yard.url.partition("//")[2], code, TOKEN)))))
    firefox("file", css="#photo", path=str(photo))
    assert code in firefox("see", css=".found").replace(" ", "")
    firefox("click", css="[data-step='battery.inspected']")
    firefox("see", css="#review")
    firefox.run(
        """
        const field = document.querySelector("[data-pointer='/data/condition']");
        const select = field.querySelector("select");
        if (!select) return field.querySelector("input[value=intact]").click();
        select.value = "intact";
        select.dispatchEvent(new Event("change", { bubbles: true }));
        select.dispatchEvent(new Event("input", { bubbles: true }));"""
    )
    firefox("click", css="#review")
    firefox("click", css="#sign")
    firefox("see", css="#signed .chip[data-state=accepted]")
    status, chain = yard.ask(f"/api/v1/batteries/{code}")
    assert status == 200 and chain["seq"] >= 4, (kid, chain)
