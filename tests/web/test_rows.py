"""Tables through the API: every step has its columns and its workbook, and rows come back as they went."""

from __future__ import annotations

import io
from typing import Any

import orjson
import pytest
from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from werkzeug.test import TestResponse

from packtrace.schemas.statements import STATEMENTS
from packtrace.tests.scene import pack_code
from packtrace.tests.trace.test_workbook import HOSTILE, workbook
from packtrace.tests.web.conftest import Served, check_problem
from packtrace.tests.web.tokens import bearer
from packtrace.web.office.columns import STEPS, WORDS
from packtrace.web.office.rows import EXAMPLE

PATH = "/api/v1/rows"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def send(served: Served, data: bytes, path: str = PATH, kind: str = XLSX) -> TestResponse:
    headers = {"Content-Type": kind} | bearer(served, served.scene.dismantler)
    return served.client.post(path, data=data, headers=headers)


def outcome(served: Served, body: Any) -> TestResponse:
    return send(served, orjson.dumps(body), f"{PATH}/outcome", "application/json")


def columns(served: Served, kind: str) -> dict[str, dict[str, Any]]:
    steps = (served.client.get(PATH).json or {})["steps"]
    (step,) = (each for each in steps if each["type"] == kind)
    return {column["name"]: column for column in step["columns"]}


def test_every_step_has_columns_in_both_languages(served: Served) -> None:
    answer = served.client.get(PATH)
    steps = (answer.json or {})["steps"]
    assert [step["type"] for step in steps] == list(STEPS)
    for step in steps:
        assert [column["name"] for column in step["columns"][:2]] == ["code", "occurred_at"]
        for column in step["columns"]:
            assert column["zh"] and column["en"].isascii() and not column["zh"].isascii()
            for choice in column["choices"]:
                assert choice["value"] in WORDS, choice
    again = served.client.get(PATH, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_every_required_member_is_a_column_or_known_to_the_device() -> None:
    from packtrace.trace.rules.ruleset import load_rules
    from packtrace.web.office.columns import steps_of

    for step in steps_of(load_rules().shapes):
        _, shape = STATEMENTS[step.type]
        required = {name for name, field in shape().fields.items() if field.required}
        told = {column.name.partition(".")[0] for column in step.columns if column.required}
        assert required - told <= {"offer"}, step.type
        assert told - required == {"code", "occurred_at"}, step.type


def test_what_schemas_bound_and_withhold_is_told(served: Served) -> None:
    taken_in = columns(served, "battery.taken_in")
    assert taken_in["token"]["withheld"] and taken_in["token"]["pattern"] == "^[A-Z2-7]{20}$"
    assert (taken_in["mass.g"]["kind"], taken_in["mass.g"]["unit"]) == ("kilograms", "kg")
    assert [choice["value"] for choice in taken_in["condition"]["choices"]][:2] == ["intact", "damaged"]
    assert columns(served, "handover.offered")["expires_at"]["kind"] == "time"
    assert "offer" not in columns(served, "handover.accepted")


@pytest.mark.parametrize("kind", STEPS)
def test_workbook_of_a_step_offers_what_is_allowed_and_reads_back(served: Served, kind: str) -> None:
    answer = served.client.get(f"{PATH}/{kind}/template", headers=bearer(served, served.scene.garage))
    assert answer.mimetype == XLSX and f"{kind}.xlsx" in answer.headers["Content-Disposition"]
    book = load_workbook(io.BytesIO(answer.data))
    sheet, known = book.worksheets[0], columns(served, kind)
    has_choices = any(column["choices"] for column in known.values())
    assert (book.worksheets[-1].sheet_state == "hidden") is has_choices
    assert sheet["A1"].value == kind
    names = [cell.value for cell in sheet[3]]
    assert names == list(known)
    heads = [cell.value for cell in sheet[5]]
    for name, head in zip(names, heads, strict=True):
        assert known[name]["zh"] in head and known[name]["en"] in head
        assert head.endswith("*") == known[name]["required"]
    offered = {
        names[range_boundaries(str(rule.sqref))[0] - 1] for rule in sheet.data_validations.dataValidation
    }
    assert offered == {name for name in names if known[name]["choices"]}
    assert sheet["A6"].value.startswith(EXAMPLE)
    assert sheet["A7"].number_format == "@"  # a code that is typed here keeps its zeros
    grid = send(served, answer.data).json or {}
    assert (grid["sheet"], [row["row"] for row in grid["rows"]]) == (
        kind.replace(".", " "),
        [1, 2, 3, 4, 5, 6],
    )


def test_cells_say_what_they_are(served: Served) -> None:
    grid = send(served, workbook([pack_code(1), 1.23e23, "=1+1", None, 438.5])).json or {}
    assert grid["rows"] == [
        {
            "row": 1,
            "cells": [
                {"kind": "text", "text": pack_code(1)},
                {"kind": "number", "text": "1.23E+23"},
                {"kind": "formula", "text": ""},
                None,
                {"kind": "number", "text": "438.5"},
            ],
        }
    ]


def test_rows_come_back_at_their_places_and_no_cell_acts(served: Served) -> None:
    body = {
        "sheet": "a/b:c*[x]",
        "rows": [
            {"row": 5, "cells": ["编码 Code", "x"]},
            {"row": 7, "cells": [pack_code(1), HOSTILE[0]], "outcome": "accepted", "event": "e" * 43},
            {"row": 8, "cells": [HOSTILE[2]], "outcome": "refused", "why": HOSTILE[1]},
            {"row": 9, "cells": [None, "x"], "outcome": "not_signed", "why": "C9: expected …"},
        ],
    }
    answer = outcome(served, body)
    assert answer.status_code == 200, answer.data
    sheet = load_workbook(io.BytesIO(answer.data)).worksheets[0]
    assert sheet.title == "abcx"
    assert [cell.value for cell in sheet[7]] == [
        pack_code(1), HOSTILE[0], "已接受 accepted", "e" * 43, None,
    ]  # fmt: skip
    assert [cell.value for cell in sheet[8]] == [HOSTILE[2], None, "被拒绝 refused", None, HOSTILE[1]]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s", "n"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"sheet": "a", "rows": {}},
        {"sheet": 1, "rows": []},
        {"sheet": "a", "rows": [], "more": 1},
        {"sheet": "a", "rows": [{"row": 1}]},
        {"sheet": "a", "rows": [{"row": 0, "cells": []}]},
        {"sheet": "a", "rows": [{"row": 2001, "cells": []}]},
        {"sheet": "a", "rows": [{"row": True, "cells": []}]},
        {"sheet": "a", "rows": [{"row": 2, "cells": []}, {"row": 2, "cells": []}]},
        {"sheet": "a", "rows": [{"row": 1, "cells": "x"}]},
        {"sheet": "a", "rows": [{"row": 1, "cells": [1]}]},
        {"sheet": "a", "rows": [{"row": 1, "cells": ["x" * 2001]}]},
        {"sheet": "a", "rows": [{"row": 1, "cells": [None] * 61}]},
        {"sheet": "a", "rows": [{"row": 1, "cells": [], "why": 1}]},
    ],
    ids=str,
)
def test_what_are_no_rows_is_refused(served: Served, body: dict[str, Any]) -> None:
    check_problem(outcome(served, body), 400, "BODY_MALFORMED")


def test_what_is_no_workbook_is_refused(served: Served) -> None:
    check_problem(send(served, b"PK"), 422, "WORKBOOK_REFUSED")
    check_problem(send(served, b"a\tb", kind="text/csv"), 415, "MEDIA_TYPE_UNSUPPORTED")
    check_problem(send(served, b"\0" * ((4 << 20) + 1)), 413, "BODY_TOO_LARGE")
    token = bearer(served, served.scene.garage)
    check_problem(served.client.get(f"{PATH}/log.opened/template", headers=token), 404, "TYPE_UNKNOWN")


def test_a_stranger_has_no_workbook_read_or_written(served: Served) -> None:
    data = workbook(["x"])
    check_problem(served.client.post(PATH, data=data, content_type=XLSX), 401, "TOKEN_REQUIRED")
    check_problem(served.client.get(f"{PATH}/battery.taken_in/template"), 401, "TOKEN_REQUIRED")
    check_problem(
        served.client.post(f"{PATH}/outcome", json={"sheet": "a", "rows": []}), 401, "TOKEN_REQUIRED"
    )
