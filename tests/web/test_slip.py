"""The handover slip of a truck: what its QR opens, on paper and on a page, and for whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pypdfium2
import pytest
from werkzeug.test import TestResponse

from packtrace.signing.jws import EVENT, parse_jws
from packtrace.tests.labels.printed import CHINESE_FONT, read
from packtrace.tests.scene import event_id, pack_code
from packtrace.tests.web.conftest import Served, check_problem
from packtrace.tests.web.js_handover import root_over
from packtrace.tests.web.tokens import bearer
from packtrace.trace.codes.slip import slip_token
from packtrace.trace.ledger.ledger import Submission
from packtrace.trace.times import format_time

NAME = "T-20260302-A"


class Truck:
    """Packs of the dismantler, offered to the recycler with one consignment, and dispatched."""

    def __init__(self, served: Served, count: int = 3) -> None:
        scene = served.scene
        self.served = served
        self.packs = [f"battery:gbt34014:{pack_code(number)}" for number in range(1, count + 1)]
        self.consignment = f"consignment:{scene.dismantler.id}/{NAME}"
        self.path = f"/api/v1/consignments/{scene.dismantler.id}/{NAME}"
        self.offers: dict[str, str] = {}
        groups: list[tuple[str, ...]] = []
        for pack in self.packs:
            groups.append((scene.manufactured(pack.rpartition(":")[2]),))
            retired = {"capacity": "vehicle_maker", "reason": "vehicle_scrapped"}
            groups.append((scene.sign(scene.maker, "battery.retired", pack, retired),))
            groups += scene.handed_over(pack, scene.maker, scene.dismantler, "pack_dismantler")
            groups.append((self.offered(pack),))
        self.dispatched = scene.sign(
            scene.dismantler, "consignment.dispatched", self.consignment, self.dispatch_data()
        )
        self.record(*groups, (self.dispatched,))
        nonce = parse_jws(self.dispatched, typ=EVENT).value["nonce"]
        self.token = slip_token(self.consignment, nonce)
        self.slip = f"/c/{scene.dismantler.id}/{NAME}.{self.token}"

    def offered(self, pack: str) -> str:
        scene = self.served.scene
        data = {
            "consignee": scene.recycler.org, "capacity": "recycler", "consignment": self.consignment,
            "mass": {"g": 438_500, "basis": "measured"}, "packing": "normal",
            "expires_at": format_time(self.served.played.clock().replace(microsecond=0) + timedelta(days=30)),
        }  # fmt: skip
        self.offers[pack] = scene.sign(scene.dismantler, "handover.offered", pack, data)
        return self.offers[pack]

    def dispatch_data(self, **changes: Any) -> dict[str, Any]:
        offers = list(self.offers.values())
        return {
            "consignee": self.served.scene.recycler.org,
            "offers": {"count": len(offers), "root": root_over(offers)},
            "un_number": "UN3480", "packing": "normal", "safety_check": {"passed": True},
        } | changes  # fmt: skip

    def record(self, *groups: tuple[str, ...]) -> None:
        for outcome in self.served.ledger.append([Submission(group) for group in groups]):
            assert outcome.status == "accepted", outcome.error

    def answered(self, pack: str, type: str, **data: Any) -> None:
        scene = self.served.scene
        named = {"offer": event_id(self.offers[pack])} | data
        signer = scene.dismantler if type.endswith("withdrawn") else scene.recycler
        self.record((scene.sign(signer, type, pack, named),))

    def accept(self, pack: str) -> None:
        self.answered(pack, "handover.accepted", capacity="recycler", condition="intact", read_by="camera")

    def arrive(self, arrived: int, missing: list[str], unexpected: list[str]) -> None:
        scene = self.served.scene
        data = {"arrived": arrived, "missing": missing, "unexpected": unexpected}
        self.record((scene.sign(scene.recycler, "consignment.arrived", self.consignment, data),))

    def page(self, path: str | None = None, lang: str = "en") -> TestResponse:
        return self.served.client.get(path or self.slip, headers={"Accept-Language": lang})

    def ask(self, party: str, path: str = "") -> TestResponse:
        token = bearer(self.served, getattr(self.served.scene, party)) if party else {}
        return self.served.client.get(self.path + path, headers=token)


@pytest.fixture
def truck(served: Served) -> Truck:
    return Truck(served)


def lines_of(pdf: bytes) -> Iterator[str]:
    for page in pypdfium2.PdfDocument(pdf):
        yield from page.get_textpage().get_text_bounded().splitlines()


def test_slip_shows_what_is_on_the_truck_without_an_account(truck: Truck) -> None:
    answer = truck.page()
    assert answer.status_code == 200
    for code in (pack_code(number) for number in (1, 2, 3)):
        assert all(f"<span>{code[at : at + 8]}</span>" in answer.text for at in (0, 8, 16))
    assert (
        "On its way: 0 of 3 taken over" in answer.text
        and "UN3480" in answer.text
        and "438.5 kg" in answer.text
    )
    assert "The signature of the consignor holds" in answer.text and "1315.5 kg" in answer.text
    assert "运输中：已接收 0／3 件" in truck.page(lang="zh").text
    assert 'type="module"' not in answer.text  # it works without script


def test_slip_follows_what_becomes_of_each_pack(truck: Truck) -> None:
    one, two, three = truck.packs
    truck.accept(one)
    truck.answered(two, "handover.declined", reason="damaged")
    truck.answered(three, "handover.withdrawn")
    answer = truck.page()
    assert "1 of 3 taken over" in answer.text and "declined" in answer.text and "withdrawn" in answer.text
    standing = [each["standing"] for each in truck.ask("recycler").get_json()["on_board"]]
    assert standing == ["accepted", "declined", "withdrawn"]


def test_offer_that_ran_out_is_told(truck: Truck) -> None:
    truck.served.played.now += timedelta(days=31)
    assert "the offer has expired" in truck.page().text


def test_after_arrival_the_slip_says_what_came_and_lists_nothing(truck: Truck) -> None:
    truck.accept(truck.packs[0])
    truck.arrive(1, truck.packs[1:], ["04QPB76836300JBC49999999"])
    answer = truck.page()
    assert "Arrived: 1" in answer.text and "2 missing, 1 unexpected" in answer.text
    assert pack_code(1)[:8] not in answer.text and "04QPB" not in answer.text


def test_whoever_does_not_hold_the_slip_learns_nothing(truck: Truck) -> None:
    flipped = ("B" if truck.token[0] == "A" else "A") + truck.token[1:]
    heads = truck.served.client.get(f"/api/v1/subjects/{truck.consignment}").get_json()
    guesses = [
        truck.slip.replace(truck.token, flipped),
        truck.slip.replace(truck.token, "A" * 20),
        truck.slip.replace(f".{truck.token}", ""),
        truck.slip.replace(NAME, "T-20260302-B"),  # the driver changes the name in the address
        truck.slip.replace(truck.served.scene.dismantler.id, truck.served.scene.recycler.id),
        # What strangers are told of a chain makes no token: its head is the event's id.
        truck.slip.replace(truck.token, slip_token(truck.consignment, heads["head"])),
        truck.slip + "/..",
        "/c/",
        "/c/x",
    ]
    answers = {truck.page(path).text for path in guesses[:-2]}
    assert len(answers) == 1, "one answer, whatever was wrong"
    for path in guesses:
        answer = truck.page(path)
        assert answer.status_code == 404, path
        assert "04QPB768" not in answer.text and "UN3480" not in answer.text


def test_token_of_a_slip_goes_nowhere(truck: Truck, caplog: pytest.LogCaptureFixture) -> None:
    answer = truck.page()
    assert (
        truck.token not in answer.text
        and truck.token not in str(answer.headers)
        and truck.token not in caplog.text
    )
    assert (
        answer.headers["Referrer-Policy"] == "no-referrer" and answer.headers["Cache-Control"] == "no-store"
    )
    # Neither is it anywhere in the log, nor what it is made of in anything that strangers are told.
    nonce = parse_jws(truck.dispatched, typ=EVENT).value["nonce"]
    said = truck.served.client.get(f"/api/v1/subjects/{truck.consignment}")
    assert said.status_code == 200 and nonce not in said.text and truck.token not in said.text


def test_case_of_the_token_does_not_matter(truck: Truck) -> None:
    assert truck.page(truck.slip.replace(truck.token, truck.token.lower())).status_code == 200
    assert truck.page(truck.slip + "/").status_code == 200


def test_hostile_name_of_an_organisation_stays_inert(truck: Truck) -> None:
    scene = truck.served.scene
    hostile = "<img src=x onerror=alert(1)>"
    changed = scene.sign(
        scene.registrar, "org.changed", scene.dismantler.org, {"name": {"en": hostile, "zh": "电"}}
    )
    truck.record((changed,))
    assert hostile not in truck.page().text and "&lt;img" in truck.page().text
    assert truck.ask("recycler", "/slip").status_code == 200


@pytest.mark.parametrize("tail", ["", "/slip"])
def test_consignor_and_consignee_are_told_and_nobody_else(truck: Truck, tail: str) -> None:
    assert [truck.ask(party, tail).status_code for party in ("dismantler", "recycler")] == [200, 200]
    check_problem(truck.ask("garage", tail), 403, "NOT_PERMITTED")
    check_problem(truck.ask("", tail), 401, "TOKEN_REQUIRED")


def test_consignment_that_was_not_dispatched_is_unknown(served: Served) -> None:
    truck = Truck(served, 1)
    truck.path += "x"
    check_problem(truck.ask("recycler"), 404, "SUBJECT_UNKNOWN")
    truck.path = f"/api/v1/consignments/battery:gbt34014:{pack_code(1)}"
    check_problem(truck.ask("recycler"), 422, "SUBJECT_INVALID")


def test_what_is_on_board_is_told_with_what_an_acceptance_needs(truck: Truck) -> None:
    body = truck.ask("recycler").get_json()
    assert body["slip"] == truck.slip and body["count"] == 3 and body["arrived"] is None
    for pack, each in zip(truck.packs, body["on_board"], strict=True):
        offered = parse_jws(truck.offers[pack], typ=EVENT)
        assert (each["subject"], each["offer"], each["seq"]) == (pack, offered.id, offered.value["seq"])
        assert (each["standing"], each["mass_g"]) == ("open", 438_500)


def test_printed_slip_is_read_back_to_its_address_and_lists_every_pack(truck: Truck) -> None:
    answer = truck.ask("dismantler", "/slip?host=packs.example")
    assert answer.content_type == "application/pdf" and answer.headers["Cache-Control"] == "no-store"
    (page,) = pypdfium2.PdfDocument(answer.data)
    for dpi in (203, 300, 600):
        assert read(page.render(scale=dpi / 72).to_pil()) == [f"https://packs.example{truck.slip}"]
    said = "\n".join(lines_of(answer.data))
    for number in (1, 2, 3):
        assert " ".join(re.findall("........", pack_code(number))) in said
    for word in (NAME, "UN3480", "1315.5 kg", "438.5 kg", "demonstration", "Driver, plate, date"):
        assert word in said
    assert truck.token not in said
    if CHINESE_FONT:
        assert "交接单" in said
    check_problem(truck.ask("dismantler", "/slip?host=no_host/x"), 422, "BATTERY_CODE_INVALID")
