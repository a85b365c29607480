"""`POST /api/v1/heads`: an answer for each code in its place, whatever the others are."""

from __future__ import annotations

import json
from typing import Any

from packtrace.tests.scene import event_id, pack_code
from packtrace.tests.web.conftest import Served, check_problem

URL = "/api/v1/heads"


def ask(served: Served, codes: list[Any]) -> list[dict[str, Any]]:
    answer = served.client.post(URL, json={"codes": codes})
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    heads: list[dict[str, Any]] = (answer.json or {})["heads"]
    assert [each["code"] for each in heads] == [code if isinstance(code, str) else None for code in codes]
    return heads


def test_heads_are_told_in_order_also_twice_and_of_what_has_not_begun(served: Served) -> None:
    made, unmade, again = pack_code(1), pack_code(2), served.scene.model
    text = served.scene.manufactured(made)
    served.post(text)
    heads = ask(served, [unmade, made, again, made])
    subject = f"battery:gbt34014:{made}"
    assert (heads[0]["seq"], heads[0]["head"]) == (-1, None)
    assert heads[1] == heads[3] == {"code": made, "subject": subject, "seq": 0, "head": event_id(text)}
    assert (heads[2]["seq"], heads[2]["head"]) == served.scene.heads[again]


def test_codes_are_read_as_scanners_give_them(served: Served) -> None:
    code = pack_code(1)
    (head,) = ask(served, [f"]Q1{code.lower()}\r\n"])
    assert head["subject"] == f"battery:gbt34014:{code}" and "problem" not in head
    (joined,) = ask(served, [f"{code[:14]}\n{code[14:]}"])
    assert joined["remarks"] == ["JOINED_LINES"]


def test_code_that_is_none_has_its_problem_in_its_place_and_spoils_no_other(served: Served) -> None:
    good = pack_code(1)
    text = served.scene.manufactured(good)
    served.post(text)
    bad: list[tuple[Any, str]] = [
        ("nonsense", "BATTERY_CODE_INVALID"),
        ("", "BATTERY_CODE_INVALID"),
        (good[:-1], "BATTERY_CODE_INVALID"),
        ("battery:gbt34014:X", "SUBJECT_INVALID"),
        ("org:uscc:1", "SUBJECT_INVALID"),
        ("uscc:91440300MA5000001X", "SUBJECT_INVALID"),
        ("x" * 5_000, "BATTERY_CODE_INVALID"),
        ("'; DROP TABLE chain; --", "BATTERY_CODE_INVALID"),
        (7, "BATTERY_CODE_INVALID"),
        (None, "BATTERY_CODE_INVALID"),
        ({"code": good}, "BATTERY_CODE_INVALID"),
    ]
    heads = ask(served, [good, *(code for code, _ in bad), good])
    assert heads[0]["head"] == heads[-1]["head"] == event_id(text)
    for head, (code, expected) in zip(heads[1:-1], bad, strict=True):
        assert head["problem"]["code"] == expected, code
        assert head["problem"]["detail"] and "seq" not in head and "subject" not in head


def test_ten_thousand_codes_are_answered_and_one_more_is_too_many(served: Served) -> None:
    codes = [pack_code(number) for number in range(10_000)]
    assert len(ask(served, codes)) == 10_000
    check_problem(served.client.post(URL, json={"codes": [*codes, codes[0]]}), 413, "BODY_TOO_LARGE")


def test_body_that_asks_for_nothing_is_refused(served: Served) -> None:
    for body in ("[]", "{}", '{"codes":"x"}', '{"codes":{}}', '{"codes":[NaN]}', "x", ""):
        check_problem(
            served.client.post(URL, data=body, content_type="application/json"), 400, "BODY_MALFORMED"
        )
    body = json.dumps({"codes": ["x" * 100] * 30_000})
    check_problem(served.client.post(URL, data=body, content_type="application/json"), 413, "BODY_TOO_LARGE")
    check_problem(served.client.post(URL, data="{}"), 415, "MEDIA_TYPE_UNSUPPORTED")
    assert check_problem(served.client.get(URL), 405, "METHOD_NOT_ALLOWED")
    assert ask(served, []) == []
