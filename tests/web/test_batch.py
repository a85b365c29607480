"""`POST /api/v1/events/batch`: an outcome for each line in order, real statuses while nothing is recorded."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from packtrace.tests.ledger.node import check_whole_log
from packtrace.tests.scene import event_id, pack_code
from packtrace.tests.web.conftest import Served, check_problem, on_both
from packtrace.tests.web.lines import NDJSON, URL, body, made, outcomes, post, told
from packtrace.trace.ledger.errors import LedgerDamagedError, LedgerStoppedError


def limit(served: Served, **limits: int) -> None:
    served.node.limits = replace(served.node.limits, **limits)


@on_both
def test_each_line_has_its_outcome_in_order_and_blank_lines_count(served: Served) -> None:
    first, second, third = made(served.scene, 1, 3)
    size = served.ledger.size
    answer = post(served, body(first, "", "nonsense", f'{{"event":"{second}"}}', "  ", first, third))
    got = outcomes(answer)
    assert [(each["line"], each["status"]) for each in got] == [
        (1, "accepted"),
        (3, "refused"),
        (4, "accepted"),
        (6, "known"),
        (7, "accepted"),
    ]
    assert got[0]["events"] == got[3]["events"] == [{"id": event_id(first), "leaf_index": size}]
    assert got[1]["code"] == "MALFORMED_JWS" and got[1]["detail"]
    assert answer.headers["Cache-Control"] == "no-store"
    check_whole_log(served.ledger, served.played)


def test_a_last_line_needs_no_end_and_lines_may_end_as_on_windows(served: Served) -> None:
    first, second = made(served.scene, 1, 2)
    assert told(post(served, f"{first}\r\n{second}".encode())) == [(1, "accepted"), (2, "accepted")]


@on_both
def test_a_group_on_a_line_stands_or_falls_together(served: Served) -> None:
    code = pack_code(1)
    served.post(served.scene.manufactured(code))
    group = served.scene.installed(code)
    whole, half = json.dumps({"events": group}), json.dumps({"events": group[:1]})
    got = outcomes(post(served, body(half, whole)))
    assert [each["status"] for each in got] == ["refused", "accepted"]
    assert got[0]["code"] == "GROUP_INCOMPLETE" and len(got[1]["events"]) == 2


@pytest.mark.parametrize(
    ("on_error", "expected"),
    [
        ("continue", ["known", "accepted", "refused", "accepted"]),
        ("stop", ["known", "accepted", "refused", "skipped"]),
        ("rollback", ["known", "skipped", "refused", "skipped"]),
    ],
)
@pytest.mark.parametrize("wrong", ["unreadable", "stale"])
def test_on_error_says_what_a_refusal_does_to_the_others(
    served: Served, on_error: str, expected: list[str], wrong: str
) -> None:
    before, first, second = made(served.scene, 1, 3)
    assert served.post(before).status_code == 201
    stale = served.scene.inspected(served.scene.maker, pack_code(1), seq=3, prev=event_id(before))
    size = served.ledger.size
    lines = body(before, first, '{"events":[]}' if wrong == "unreadable" else stale, second)
    got = [each["status"] for each in outcomes(post(served, lines, f"?on_error={on_error}"))]
    if on_error == "rollback" and wrong == "unreadable":
        expected = ["skipped", *expected[1:]]  # nothing was looked at further
    assert got == expected
    assert served.ledger.size == size + got.count("accepted")


def test_a_taken_place_is_told_with_the_head(served: Served) -> None:
    first = served.scene.manufactured(pack_code(1))
    del served.scene.heads[f"battery:gbt34014:{pack_code(1)}"]
    other = served.scene.manufactured(pack_code(1))
    got = outcomes(post(served, body(first, other)))[1]
    assert (got["code"], got["head_seq"], got["head"]) == ("PLACE_TAKEN", 0, event_id(first))


def test_more_than_an_append_holds_is_answered_in_order(served: Served) -> None:
    events = made(served.scene, 1, 3)
    junk = [b"x"] * 2_500
    got = told(post(served, body(*junk, *events)))
    assert got == [(n, "refused") for n in range(1, 2_501)] + [(n, "accepted") for n in range(2_501, 2_504)]


def test_stop_reaches_beyond_an_append(served: Served) -> None:
    events = made(served.scene, 1, 2)
    got = told(post(served, body(events[0], *([b"x"] * 1_500), events[1]), "?on_error=stop"))
    assert [status for _, status in got] == ["accepted", "refused"] + ["skipped"] * 1_500


def test_a_gzipped_batch_is_unpacked(served: Served) -> None:
    lines = body(*made(served.scene, 1, 2))
    packed = gzip.compress(lines[:100], mtime=0) + gzip.compress(lines[100:])
    got = told(post(served, packed, Content_Encoding="gzip"))
    assert got == [(1, "accepted"), (2, "accepted")]


def test_a_line_too_long_is_refused_and_the_rest_goes_on(served: Served) -> None:
    limit(served, line_bytes=8_000)
    first, second = made(served.scene, 1, 2)
    fits = second.ljust(8_000)
    got = outcomes(post(served, body(first, b"a" * 8_001, b"b" * 100_000, fits)))
    assert [each["status"] for each in got] == ["accepted", "refused", "refused", "accepted"]
    assert "8000 bytes" in got[1]["detail"]


@pytest.mark.parametrize(
    ("data", "headers", "status", "code"),
    [
        (b"", {}, 400, "BODY_MALFORMED"),
        (b"\n  \n\r\n", {}, 400, "BODY_MALFORMED"),
        (b"not gzip\n", {"Content_Encoding": "gzip"}, 400, "BODY_MALFORMED"),
        (gzip.compress(b"x\n" * 999, mtime=0)[:-9], {"Content_Encoding": "gzip"}, 400, "BODY_MALFORMED"),
        (b"x\n", {"Content_Encoding": "br"}, 415, "MEDIA_TYPE_UNSUPPORTED"),
        (b"x\n", {"Content_Type": "application/json"}, 415, "MEDIA_TYPE_UNSUPPORTED"),
        (b"x\n", {"Content_Type": "application/x-ndjson; charset=utf-16"}, 415, "MEDIA_TYPE_UNSUPPORTED"),
        (b"x\n", {"Idempotency_Key": "a b"}, 400, "IDEMPOTENCY_KEY_INVALID"),
        (b"x\n", {"Idempotency_Key": "k" * 256}, 400, "IDEMPOTENCY_KEY_INVALID"),
    ],
)
def test_what_is_wrong_with_the_body_has_a_status(
    served: Served, data: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    check_problem(post(served, data, **headers), status, code)


def test_a_body_cut_or_packed_too_tightly_is_refused_before_anything_is_recorded(served: Served) -> None:
    """A bomb, or a bad end, behind good lines: nothing of them was recorded when that is seen."""
    limit(served, job_bytes=50_000, batch_bytes=50_000)
    size = served.ledger.size
    good = body(*made(served.scene, 1, 2))
    bomb = gzip.compress(good + b" " * 5_000_000, mtime=0)
    assert len(bomb) < 50_000
    check_problem(post(served, bomb, Content_Encoding="gzip"), 413, "BODY_TOO_LARGE")
    check_problem(post(served, good + b" " * 60_000), 413, "BODY_TOO_LARGE")
    check_problem(post(served, gzip.compress(good)[:-8], Content_Encoding="gzip"), 400, "BODY_MALFORMED")
    assert served.ledger.size == size
    assert told(post(served, good)) == [(1, "accepted"), (2, "accepted")]


def test_all_or_nothing_takes_no_more_than_one_append(served: Served) -> None:
    limit(served, batch_lines=3)
    events = made(served.scene, 1, 4)
    body_of_four = post(served, body(*events), "?on_error=rollback")
    assert "at most 3 lines" in check_problem(body_of_four, 413, "BODY_TOO_LARGE")["detail"]
    assert told(post(served, body(*events[:3]), "?on_error=rollback")) == [(n, "accepted") for n in (1, 2, 3)]


def test_another_on_error_is_refused(served: Served) -> None:
    check_problem(post(served, b"x\n", "?on_error=ignore"), 422, "PARAMETERS_INVALID")


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        b'{"event":' + b"[" * 100_000,
        b'{"event":"\\ud800"}',
        b'{"\\ud800":1}',
        b'{"event":NaN}',
        b'{"event":1' + b"0" * 10_000 + b"}",
        b'{"event":"a","event":"b"}',
        b'{"events":[]}',
        b'{"events":["a",1]}',
        b"\xff\xfe{\x00}\x00",
        b"\x00",
        "中文".encode(),
        b"a.b.c~~~",
        b"..",
    ],
)
def test_a_line_of_anything_is_that_lines_refusal(served: Served, line: bytes) -> None:
    (event,) = made(served.scene, 1, 1)
    assert told(post(served, body(line, event))) == [(1, "refused"), (2, "accepted")]


def test_a_disk_nearly_full_is_told_before_anything_is_recorded(served: Served) -> None:
    served.node.free_bytes = lambda: 0
    size = served.ledger.size
    check_problem(post(served, body(*made(served.scene, 1, 1))), 507, "DISK_NEARLY_FULL")
    assert served.ledger.size == size


def test_a_disk_that_fills_up_meanwhile_skips_the_rest_with_the_reason(served: Served) -> None:
    asked: list[int] = []

    def free() -> int:
        asked.append(1)
        return 10**12 if len(asked) <= 2 else 0  # at the door, and for the first append

    served.node.free_bytes = free
    first, last = made(served.scene, 1, 2)
    size = served.ledger.size
    got = outcomes(post(served, body(first, *([b"x"] * 999), b"x", last)))
    assert [each["status"] for each in got] == ["accepted"] + ["refused"] * 999 + ["skipped"] * 2
    assert got[-1]["code"] == "DISK_NEARLY_FULL" and served.ledger.size == size + 1


def test_a_ledger_that_has_stopped_is_a_status_and_not_an_outcome(served: Served) -> None:
    served.ledger.close()
    answer = post(served, body(*made(served.scene, 1, 1)))
    check_problem(answer, 503, LedgerStoppedError.code)
    assert answer.headers["Retry-After"] == "1"


def test_lines_are_unknown_where_the_ledger_stopped_before_it_could_tell(served: Served) -> None:
    first, second, third = made(served.scene, 1, 3)
    answer = post(served, body(first, *([b"x"] * 999), second, *([b"x"] * 999), third))
    # The first append is done, and the answer not yet read: so the second meets what happens here.
    served.played.execute("UPDATE tree SET size = size - 1")
    got = outcomes(answer)
    statuses = [each["status"] for each in got]
    assert statuses[0] == "accepted" and statuses[1:1000] == ["refused"] * 999
    assert statuses[1000:2000] == ["unknown"] * 1_000 and statuses[2000] == "skipped"
    assert got[1000]["code"] == got[2000]["code"] == LedgerDamagedError.code


def test_too_many_batches_at_a_time_are_told_to_come_back(served: Served) -> None:
    lines = body(*made(served.scene, 1, 1))
    waiting = [post(served, body(*([b"x"] * 2_000))) for _ in range(served.node.limits.batches)]
    answer = post(served, lines)
    check_problem(answer, 503, "LEDGER_BUSY")
    assert answer.headers["Retry-After"]
    waiting[0].close()  # a client that goes away lets go of its turn
    assert told(post(served, lines)) == [(1, "accepted")]


def test_memory_is_that_of_an_append_and_not_of_the_batch(served: Served, tmp_path: Path) -> None:
    peaks = []
    for count in (2_000, 6_000):
        file = tmp_path / "lines"
        file.write_bytes(body(*([b"x" * 3_000] * count)))
        with file.open("rb") as stream:
            environ = {"CONTENT_LENGTH": str(file.stat().st_size)}
            tracemalloc.start()
            answer = served.client.post(URL, input_stream=stream, headers=NDJSON, environ_overrides=environ)
            assert sum(piece.count(b"\n") for piece in answer.iter_encoded()) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0], peaks


def test_what_lies_on_the_disk_meanwhile_has_no_name(served: Served, tmp_path: Path) -> None:
    answer = post(served, body(*([b"x" * 1_000] * 3_000)))
    names = {path.name for path in (tmp_path / "home" / "jobs").iterdir()}
    assert names <= {"lock"}
    assert len(told(answer)) == 3_000
