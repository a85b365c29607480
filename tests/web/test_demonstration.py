"""`packtrace demo` as a newcomer meets it: what it prints is there, and who opens a link of it joins."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from packtrace.signing.keys import PrivateKey, generate_private_key
from packtrace.signing.possession import sign_possession
from packtrace.trace.cli.demo_devices import LINKS
from packtrace.trace.cli.demo_yard import DISMANTLER, RECYCLER
from packtrace.trace.device_words import device_words


@dataclass
class Demo:
    """A demonstration that runs, and what it printed by the time at which it was ready."""

    process: subprocess.Popen[str]
    lines: list[str]

    @property
    def url(self) -> str:
        (said,) = (line for line in self.lines if line.startswith("serving "))
        return said.split()[1].rstrip(";")

    def shown(self) -> list[str]:
        """Every address that stands there to be opened."""
        words = (line.split() for line in self.lines if line.startswith("  "))
        return [said[0] for said in words if said[0].startswith("http")]

    def links(self) -> list[str]:
        return [each for each in self.shown() if "/enrol#" in each]

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # of loopback
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def join(self, link: str, key: PrivateKey) -> tuple[int, dict[str, Any]]:
        """What the page does behind a link."""
        secret = link.partition("#")[2]
        status, told = self.post("/api/v1/enrolment/invitation", {"secret": secret})
        if status != 200:
            return status, told
        proof = sign_possession(aud=told["origin"], sub=told["subject"], head=told["head"], signer=key)
        body = {"secret": secret, "jwk": key.public.jwk(), "possession": proof, "name": "phone"}
        return self.post("/api/v1/enrolment/request", body)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    code = "from packtrace.trace.cli.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code, "demo", "--home", "demo", "--port", "0"],
        stdout=subprocess.PIPE,
        cwd=tmp_path_factory.mktemp("demonstration"),
        text=True,
    )
    assert process.stdout
    try:
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("  packtrace verify http"):
                break
        yield Demo(process, lines)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_every_address_that_is_printed_is_there(demo: Demo) -> None:
    assert any("/api/v1/batteries/" in each for each in demo.shown())
    assert any(each.endswith("/scan") for each in demo.shown())
    for address in demo.shown():
        assert address.startswith(demo.url)
        with urllib.request.urlopen(address) as answer:  # noqa: S310  # of loopback
            assert answer.status == 200


def test_whoever_opens_a_link_is_a_device_of_the_samples_at_once(demo: Demo) -> None:
    links = demo.links()
    assert len(links) == len(set(links)) == 2 * LINKS
    assert demo.process.stdout
    for link, org in ((links[0], DISMANTLER), (links[LINKS], RECYCLER)):
        key = generate_private_key("P-256")
        status, told = demo.join(link, key)
        assert (status, told["state"], told["organisation"]["id"]) == (200, "enrolled", org), told
        words = device_words(origin=told["origin"], org=org, kid=key.public.kid, use="sign")
        said = demo.process.stdout.readline()
        assert said == f"enrolled phone for {org}; its six words are {words}\n"
        assert demo.join(link, generate_private_key("P-256"))[1]["code"] == "INVITATION_USED"
