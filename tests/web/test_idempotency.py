"""`Idempotency-Key`: bound to one request; the same request again is the same, and another is refused."""

from __future__ import annotations

import gzip
from datetime import timedelta

import pytest

from packtrace.tests.web.conftest import JOSE, Served, check_problem
from packtrace.tests.web.lines import body, made, post, told
from packtrace.trace.read_token import sign_read_token
from packtrace.web.batches.idempotency import KeyReusedError, bind_key

KEY = {"Idempotency-Key": "6b0f7c9e-0001"}


def test_a_key_with_other_bytes_is_refused_and_nothing_recorded(served: Served) -> None:
    first, second = made(served.scene, 1, 2)
    assert served.post(first, **KEY).status_code == 201
    size = served.ledger.size
    check_problem(served.post(second, **KEY), 422, "IDEMPOTENCY_KEY_REUSED")
    check_problem(post(served, body(second), **KEY), 422, "IDEMPOTENCY_KEY_REUSED")
    assert served.ledger.size == size
    again = served.post(first, **KEY)
    assert again.status_code == 200 and (again.json or {})["status"] == "known"


def test_a_batch_sent_again_under_its_key_is_answered_again(served: Served) -> None:
    lines = body(*made(served.scene, 1, 2))
    assert told(post(served, lines, **KEY)) == [(1, "accepted"), (2, "accepted")]
    assert told(post(served, lines, **KEY)) == [(1, "known"), (2, "known")]
    packed = post(served, gzip.compress(lines), Content_Encoding="gzip", **KEY)
    assert told(packed) == [(1, "known"), (2, "known")]


@pytest.mark.parametrize("change", ["bytes", "on_error", "path"])
def test_every_part_of_a_request_is_bound_to_its_key(served: Served, change: str) -> None:
    (event,) = made(served.scene, 1, 1)
    assert told(post(served, body(event), **KEY)) == [(1, "accepted")]
    answer = {
        "bytes": lambda: post(served, body(event) + b"\n", **KEY),
        "on_error": lambda: post(served, body(event), "?on_error=stop", **KEY),
        "path": lambda: served.post(body(event), **KEY),
    }[change]()
    check_problem(answer, 422, "IDEMPOTENCY_KEY_REUSED")


def test_another_key_is_another_request(served: Served) -> None:
    first, second = made(served.scene, 1, 2)
    assert served.post(first, **KEY).status_code == 201
    assert served.post(second, **{"Idempotency-Key": "another"}).status_code == 201


def test_a_key_begins_one_job_however_often_it_is_sent(served: Served) -> None:
    lines = body(*made(served.scene, 1, 2))
    options = {"Prefer": "respond-async"} | KEY
    locations = {post(served, lines, **options).headers["Location"] for _ in range(3)}
    assert len(locations) == 1
    check_problem(post(served, lines + b"x\n", **options), 422, "IDEMPOTENCY_KEY_REUSED")
    without = post(served, lines, Prefer="respond-async").headers["Location"]
    assert without not in locations


def test_nobody_takes_the_key_of_another(served: Served) -> None:
    scene = served.scene
    first, second, third = made(scene, 1, 3)
    assert served.post(first, **KEY).status_code == 201  # a stranger, who guessed it
    for text, party in ((second, scene.maker), (third, scene.garage)):
        token = sign_read_token(party.key, origin=scene.origin, org=party.org, at=served.played.clock())
        own = KEY | {"Authorization": f"Bearer {token}"}
        assert served.post(text, **own).status_code == 201
        check_problem(served.post(first, **own), 422, "IDEMPOTENCY_KEY_REUSED")
    elsewhere = served.client.post(
        "/api/v1/events", data=second, headers=JOSE | KEY, environ_base={"REMOTE_ADDR": "192.0.2.7"}
    )
    assert elsewhere.status_code == 200
    forged = KEY | {"Authorization": "Bearer x"}
    check_problem(served.post(second, **forged), 422, "IDEMPOTENCY_KEY_REUSED")  # as without a token


def test_only_so_many_keys_are_kept_and_the_oldest_go_first(served: Served) -> None:
    def bind(key: str, request: bytes) -> None:
        with served.node.store.write() as connection:
            bind_key(
                connection, key, request, sender="x", now=int(served.played.now.timestamp()), days=7, most=3
            )

    for number in range(4):
        bind(f"key {number}", b"one")
    bind("key 0", b"another")
    for kept in (2, 3):
        with pytest.raises(KeyReusedError):
            bind(f"key {kept}", b"another")
    with served.node.store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM request_key").scalar() <= 4


def test_a_key_is_forgotten_after_its_days(served: Served) -> None:
    first, second = made(served.scene, 1, 2)
    assert served.post(first, **KEY).status_code == 201
    served.played.now += timedelta(days=6)
    check_problem(served.post(second, **KEY), 422, "IDEMPOTENCY_KEY_REUSED")
    served.played.now += timedelta(days=2)
    assert served.post(second, **KEY).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "k" * 256])
def test_a_key_of_another_form_is_refused(served: Served, key: str) -> None:
    (event,) = made(served.scene, 1, 1)
    check_problem(served.post(event, **{"Idempotency-Key": key}), 400, "IDEMPOTENCY_KEY_INVALID")
    assert served.post(event).status_code == 201


def test_key_that_can_not_be_kept_is_no_failure_of_the_server_and_nothing_is_recorded(served: Served) -> None:
    (event,) = made(served.scene, 1, 1)
    with served.node.store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE request_key RENAME TO away")
    size = served.ledger.size
    answer = served.post(event, **KEY)
    check_problem(answer, 503, "STORAGE_FAILED")
    assert answer.headers["Retry-After"] and served.ledger.size == size
    served.node.free_bytes = lambda: 0
    check_problem(served.post(event, **KEY), 507, "DISK_NEARLY_FULL")
