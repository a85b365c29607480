"""The filing for the national platform: the asker's own events of a time, and marked as what it is."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from openpyxl import load_workbook
from werkzeug.test import TestResponse

from packtrace.signing.disclosures import format_presentation, withhold
from packtrace.tests.deterministic_signer import published_seed
from packtrace.tests.scene import VIN, Party, event_id, module_code, pack_code
from packtrace.tests.web.conftest import Served, check_problem
from packtrace.tests.web.tenants import CODE, SUB, VEHICLE, record
from packtrace.tests.web.tokens import bearer
from packtrace.trace.filing.gathering import ERASED, gather
from packtrace.trace.filing.workbook import UNCONFIRMED
from packtrace.trace.ledger.erasing import erase

PATH = "/api/v1/filing"
MARCH = {"from": "2026-03-01", "to": "2026-03-31"}
SHEETS = ["车辆报废 scrapped", "废旧电池出库 waste out", "数字身份 identity", "车辆档案 vehicle file"]


def played(served: Served) -> str:
    """A pack's whole life, and its vehicle scrapped by the dismantler; the id of that."""
    scene = served.scene
    groups = scene.life_of_a_pack(CODE)
    record(served, *groups[:2])
    slot, disclosure = withhold(VIN, published_seed("salt of the scrapping")[:16])
    data = {
        "packs": 1,
        "swap_model": False,
        "present": [],
        "missing": [{"battery": SUB, "why": "not_said", "note": '=HYPERLINK("http://evil.example")'}],
        "vin": slot,
    }
    scrapped = scene.sign(scene.dismantler, "vehicle.scrapped", VEHICLE, data)
    record(served, *groups[2:])
    outcome = served.post(format_presentation(scrapped, [disclosure]))
    assert outcome.status_code == 201, outcome.data
    return event_id(scrapped)


def ask(served: Served, who: Party, **query: str) -> TestResponse:
    return served.client.get(PATH, query_string=MARCH | query, headers=bearer(served, who))


def sheets(answer: TestResponse) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of each sheet behind its two lines of headings."""
    assert answer.status_code == 200, answer.data
    book = load_workbook(io.BytesIO(answer.data))
    found = {}
    for sheet in book.worksheets:
        rows = list(sheet.iter_rows(values_only=True))
        assert rows[0][0] == UNCONFIRMED and "not public" in str(rows[0][1])
        marked = [mark for mark in rows[2] if mark == UNCONFIRMED]
        assert marked and all(cell.data_type in "sn" for row in sheet.iter_rows() for cell in row)
        found[sheet.title] = rows[4:]
    assert list(found) == SHEETS
    return found


def test_each_sees_what_is_its_own_to_file(served: Served) -> None:
    scrapped = played(served)
    dismantler = sheets(ask(served, served.scene.dismantler))
    assert dismantler[SHEETS[0]] == [
        (VIN, "2026-03-02", CODE, "磷酸铁锂 LFP", "缺失 missing: not_said", scrapped)
    ]
    (out,) = dismantler[SHEETS[1]]  # the module that went to the recycler
    assert out[:4] == (
        module_code(CODE),
        "2026-03-02",
        "recycler",
        served.scene.recycler.id.removeprefix("uscc:"),
    )
    identities = {row[0]: row for row in dismantler[SHEETS[2]]}
    assert set(identities) == {CODE}
    assert identities[CODE][1] == "电池包 pack" and "dismantled" in identities[CODE][2]
    maker = sheets(ask(served, served.scene.maker))
    assert maker[SHEETS[0]] == []
    assert [row[:2] for row in maker[SHEETS[1]]] == [(CODE, "2026-03-02")]
    ((vin, code, made, *_),) = maker[SHEETS[3]]
    assert (vin, code, made) == (VIN, CODE, "2021-12-04")


def test_a_vin_is_told_to_nobody_who_did_not_sign_it(served: Served) -> None:
    played(served)
    for who in (served.scene.recycler, served.scene.garage):
        assert VIN not in str(sheets(ask(served, who)))


def test_an_erased_vin_is_gone_from_the_filing(served: Served) -> None:
    scrapped = played(served)
    erase(served.played.home, event_id=scrapped)
    dismantler = sheets(ask(served, served.scene.dismantler))
    assert dismantler[SHEETS[0]][0][0] == ERASED


def test_days_are_chinas_and_both_are_included(served: Served) -> None:
    played(served)  # at 08:00 UTC, which is 16:00 there
    who = served.scene.dismantler
    assert sheets(ask(served, who, **{"from": "2026-03-02", "to": "2026-03-02"}))[SHEETS[0]]
    assert not sheets(ask(served, who, **{"from": "2026-03-03"}))[SHEETS[0]]
    assert not sheets(ask(served, who, to="2026-03-01"))[SHEETS[0]]
    late = served.scene.manufactured(pack_code(2))
    record(served, (late,))
    maker = gather(served.ledger, served.scene.maker.org, date(2026, 3, 2), date(2026, 3, 2))
    assert pack_code(2) in {row.code for row in maker.identities}  # it holds it, whenever it was made


def test_what_was_voided_is_not_filed(served: Served) -> None:
    scrapped = played(served)
    voided = served.scene.sign(
        served.scene.dismantler, "vehicle.voided", VEHICLE, {"event": scrapped, "reason": "mistaken"}
    )
    record(served, (voided,))
    assert sheets(ask(served, served.scene.dismantler))[SHEETS[0]] == []


@pytest.mark.parametrize(
    "query",
    [
        {"to": "2026-02-01"},
        {"from": "2026-3-1"},
        {"from": "2026-02-30"},
        {"from": "yesterday"},
        {"from": ""},
    ],
    ids=str,
)
def test_what_is_no_time_is_refused(served: Served, query: dict[str, str]) -> None:
    check_problem(ask(served, served.scene.maker, **query), 422, "PARAMETERS_INVALID")


def test_a_stranger_files_nothing(served: Served) -> None:
    check_problem(served.client.get(PATH, query_string=MARCH), 401, "TOKEN_REQUIRED")
