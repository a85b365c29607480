"""Webhooks: set up by who may, told everything at least once and in order, by the node and nobody else."""

from __future__ import annotations

import itertools
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from packtrace.signing.compact import format_compact
from packtrace.signing.jws import EVENT, NOTICE, sign_jws
from packtrace.signing.keys import PrivateKey, parse_public_jwk
from packtrace.tests.scene import Scene, ed25519_key, pack_code
from packtrace.trace.ledger.register import file_lock
from packtrace.trace.notice import NoticeError, Notices, check_notice, sign_notices
from packtrace.trace.read_token import sign_read_token
from packtrace.web.notices import dispatcher as dispatcher_module
from packtrace.web.notices.dispatcher import AT_ONCE, Dispatcher
from packtrace.web.notices.feed import format_cursor
from packtrace.web.notices.key import load_notice_key
from packtrace.web.notices.outbound import Outbound
from packtrace.web.notices.store import Webhook, Webhooks

from .conftest import Served, check_problem
from .live import Live, found
from .receiver import Receiver, receiving
from .tenants import Tenants, record, settle

HOOKS = "/api/v1/webhooks"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def tenants(served: Served) -> Tenants:
    served.node.webhooks_to_private = True
    return settle(served)


@dataclass
class Hooked:
    """A webhook of the maker from the first leaf on, a receiver, and a dispatcher whose clock tests set."""

    tenants: Tenants
    receiver: Receiver
    id: str
    dispatcher: Dispatcher

    @property
    def webhooks(self) -> Webhooks:
        return self.tenants.served.node.webhooks

    @property
    def key(self) -> PrivateKey:
        return self.tenants.served.node.notice_key

    def look(self) -> int:
        """Deliver what is due, and wait for it."""
        begun = self.dispatcher.deliver_due()
        self.dispatcher.wait()
        return begun

    def told(self) -> list[Notices]:
        return [check_notice(body, self.key.public, self.id) for body in self.receiver.bodies]

    def leaves(self) -> list[int]:
        return [each["leaf_index"] for told in self.told() for each in told.notices]

    def ask(self, method: str = "GET", path: str = "", **body: str) -> dict[str, Any]:
        answer = ask(self.tenants, "past", method, f"/{self.id}{path}", body or None)
        assert answer.status_code == 200, answer.data
        return answer.json or {}

    def expected(self) -> list[int]:
        """Every leaf that concerns the maker, as its feed tells it."""
        feed = self.tenants.ask("past", "/api/v1/feed?limit=1000").json or {}
        return [each["leaf_index"] for each in feed["notices"]]

    def go_on(self, **delta: float) -> None:
        self.tenants.served.played.now += timedelta(**delta)


def ask(tenants: Tenants, asker: str, method: str, path: str = "", body: dict[str, str] | None = None) -> Any:
    return tenants.served.client.open(HOOKS + path, method=method, headers=tenants.header(asker), json=body)


def dispatcher_of(served: Served) -> Dispatcher:
    node = served.node
    outbound = Outbound(to_private=True, limit_s=5)
    lock = served.played.home.path / "notices.lock"
    return Dispatcher(served.ledger, node.webhooks, node.notice_key, outbound, node.clock, lock)


@pytest.fixture
def hooked(tenants: Tenants, receiver: Receiver) -> Iterator[Hooked]:
    made = ask(tenants, "past", "POST", body={"url": receiver.url, "after": format_cursor(0)})
    assert made.status_code == 201, made.data
    dispatcher = dispatcher_of(tenants.served)
    yield Hooked(tenants, receiver, made.json["id"], dispatcher)
    dispatcher.close()


def many(hooked: Hooked, count: int) -> None:
    """More events of the maker."""
    scene, size = hooked.tenants.served.scene, hooked.tenants.served.ledger.size
    record(hooked.tenants.served, *((scene.manufactured(pack_code(size + n)),) for n in range(count)))


def test_webhook_is_told_what_the_feed_says_signed_by_the_node_and_no_more(hooked: Hooked) -> None:
    assert hooked.look() == 1
    assert hooked.leaves() == hooked.expected()
    (told,) = hooked.told()
    served = hooked.tenants.served
    assert (told.origin, told.webhook, told.sent_at) == (served.ledger.origin, hooked.id, served.played.now)
    assert told.cursor == format_cursor(served.ledger.size) == hooked.ask()["after"]
    ((path, headers),) = hooked.receiver.requests
    assert path == "/hook" and headers["Content-Type"] == "application/jose"
    hooked.look()
    assert len(hooked.receiver.bodies) == 1  # nothing new, nothing sent
    node = (served.client.get("/api/v1/node").json or {})["notice_key"]
    assert parse_public_jwk(node) == hooked.key.public


def test_more_than_fits_comes_in_order_and_in_several_deliveries(hooked: Hooked) -> None:
    many(hooked, 2 * AT_ONCE)
    hooked.look()
    assert hooked.leaves() == hooked.expected()
    assert [len(told.notices) for told in hooked.told()[:2]] == [AT_ONCE, AT_ONCE]
    many(hooked, 1)
    hooked.look()
    assert hooked.leaves() == hooked.expected()


def test_without_a_cursor_only_what_comes_later_is_told(tenants: Tenants, receiver: Receiver) -> None:
    made = ask(tenants, "holder", "POST", body={"url": receiver.url})
    dispatcher = dispatcher_of(tenants.served)
    hooked = Hooked(tenants, receiver, made.json["id"], dispatcher)
    hooked.look()
    assert receiver.bodies == []
    record(tenants.served, (tenants.served.scene.manufactured(pack_code(100)),))
    hooked.look()
    assert receiver.bodies == []  # the maker's, and none of the dismantler's business
    dispatcher.close()


def test_lost_answer_is_delivered_again_and_nothing_goes_before_it(hooked: Hooked) -> None:
    hooked.receiver.answers = ["lost"]
    hooked.look()
    assert hooked.ask()["failures"] == 1
    many(hooked, 1)
    hooked.look()
    assert len(hooked.receiver.bodies) == 1  # it waits its second
    hooked.go_on(seconds=1)
    hooked.look()
    first, again = hooked.told()
    assert again.notices[: len(first.notices)] == first.notices
    assert [each["leaf_index"] for each in again.notices] == hooked.expected()
    assert hooked.ask()["failures"] == 0 and "problem" not in hooked.ask()


def test_failures_wait_twice_as_long_each_time_up_to_an_hour_and_pause_after_a_week(hooked: Hooked) -> None:
    hooked.receiver.answers = [500] * 1_000
    waits: list[float] = []
    now = hooked.tenants.served.played.now
    while (said := hooked.ask())["state"] == "active":
        hooked.look()
        due = hooked.webhooks.of(hooked.tenants.served.scene.maker.org)[0]
        waits.append((due.next_at - hooked.tenants.served.played.now).total_seconds())
        attempts = len(hooked.receiver.bodies)
        hooked.go_on(seconds=waits[-1] - 0.001)
        hooked.look()
        assert len(hooked.receiver.bodies) == attempts, "not before its time"
        hooked.go_on(seconds=0.001)
    assert waits[:14] == [*(2.0**n for n in range(12)), 3_600, 3_600] and max(waits) == 3_600
    lasted = hooked.tenants.served.played.now - now
    assert timedelta(days=7) <= lasted < timedelta(days=7, hours=3)
    assert said["problem"] == "answer: expected 2xx, got 500" and "next_attempt_at" not in said
    attempts = len(hooked.receiver.bodies)
    hooked.go_on(days=30)
    hooked.look()
    assert len(hooked.receiver.bodies) == attempts
    hooked.receiver.answers = []
    assert hooked.ask("POST", "/replay", after=said["after"])["state"] == "active"
    hooked.look()
    assert [each["leaf_index"] for each in hooked.told()[-1].notices] == hooked.expected()


def test_replay_tells_again_from_a_cursor_also_while_one_is_on_its_way(hooked: Hooked) -> None:
    hooked.look()
    middle = hooked.expected()[2]
    assert hooked.ask("POST", "/replay", after=format_cursor(middle))["after"] == format_cursor(middle)
    hooked.look()
    assert [each["leaf_index"] for each in hooked.told()[1].notices] == hooked.expected()[2:]
    (old,) = hooked.webhooks.of(hooked.tenants.served.scene.maker.org)
    hooked.ask("POST", "/replay", after=format_cursor(0))
    assert hooked.webhooks.delivered(old, 10) is None  # what was on its way says nothing of the replay
    hooked.webhooks.failed(old, "late")
    assert (hooked.ask()["after"], hooked.ask()["failures"]) == (format_cursor(0), 0)


def test_what_was_delivered_and_not_saved_is_delivered_again_by_the_next_process(hooked: Hooked) -> None:
    """As after kill -9 between the answer and the commit: nothing but the webhook's row is remembered."""

    class Dies(Webhooks):
        def delivered(self, webhook: Webhook, after: int) -> Webhook | None:
            raise SystemExit

    served = hooked.tenants.served
    dying = Dies(served.node.store, served.node.clock)
    lock = served.played.home.path / "notices.lock"
    first = Dispatcher(served.ledger, dying, hooked.key, Outbound(to_private=True), served.node.clock, lock)
    first.deliver_due()
    with pytest.raises(SystemExit):
        first.wait()
    first.close()
    hooked.look()
    assert [told.notices for told in hooked.told()] == [hooked.told()[0].notices] * 2
    assert hooked.ask()["after"] == format_cursor(served.ledger.size)


def test_of_two_processes_on_one_home_one_delivers_until_it_ends(hooked: Hooked) -> None:
    other = dispatcher_of(hooked.tenants.served)
    hooked.dispatcher.start()
    wait_for(lambda: len(hooked.receiver.bodies) == 1)
    other.start()
    hooked.receiver.answers = ["slow"]
    many(hooked, 1)
    wait_for(lambda: len(hooked.receiver.bodies) == 2 and not hooked.receiver.at_once)
    assert not other._lock.is_locked
    hooked.dispatcher.close()
    many(hooked, 1)
    wait_for(lambda: len(hooked.receiver.bodies) == 3)
    other.close()
    assert hooked.leaves() == hooked.expected()  # each once
    with file_lock(hooked.tenants.served.played.home.path / "notices.lock").acquire(timeout=0):
        pass  # whoever comes next can have it


def test_webhooks_outlive_a_database_that_fails_for_a_while(
    hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher_module, "_AGAIN_S", 0.1)
    store = hooked.tenants.served.node.store
    with store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE webhook RENAME TO away")
    hooked.dispatcher.start()
    time.sleep(1)
    with store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO webhook")
    wait_for(lambda: hooked.receiver.bodies)


def test_what_was_told_and_can_not_be_noted_is_not_told_at_every_look(hooked: Hooked) -> None:
    store = hooked.tenants.served.node.store
    with store.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE UPDATE ON webhook BEGIN SELECT RAISE(FAIL, 'disk full'); END"
        )
    hooked.dispatcher.start()
    time.sleep(3)
    assert len(hooked.receiver.bodies) == 1
    with store.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
    wait_for(lambda: hooked.ask()["after"] == format_cursor(hooked.tenants.served.ledger.size))


def test_turn_of_an_organisation_ends_however_many_webhooks_it_has(
    hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher_module, "_TURN_S", 0.0)
    for number in range(3):
        body = {"url": f"{hooked.receiver.url}?{number}", "after": format_cursor(0)}
        assert ask(hooked.tenants, "past", "POST", body=body).status_code == 201
    told = []
    for _ in range(12):
        hooked.look()
        told.append(len(hooked.receiver.requests))
        hooked.go_on(seconds=1)
    assert told[0] == 1 and all(now - before <= 1 for before, now in itertools.pairwise(told))
    assert {path for path, _ in hooked.receiver.requests} == {"/hook", "/hook?0", "/hook?1", "/hook?2"}


def test_one_delivery_of_an_organisation_at_a_time(hooked: Hooked) -> None:
    for number in range(3):
        body = {"url": f"{hooked.receiver.url}?{number}", "after": format_cursor(0)}
        assert ask(hooked.tenants, "past", "POST", body=body).status_code == 201
    many(hooked, 3 * AT_ONCE)
    hooked.dispatcher.deliver_due()
    assert hooked.dispatcher.deliver_due() == 0
    hooked.dispatcher.wait()
    assert hooked.receiver.most_at_once == 1
    assert {path for path, _ in hooked.receiver.requests} == {"/hook", "/hook?0", "/hook?1", "/hook?2"}


def test_webhook_ends_with_the_key_that_set_it_up_until_another_takes_it_over(hooked: Hooked) -> None:
    scene, served = hooked.tenants.served.scene, hooked.tenants.served
    second = ed25519_key("maker second")
    record(
        served, (scene.key_added(scene.maker, second),), (scene.key_revoked(scene.maker, scene.maker.key),)
    )
    hooked.look()
    assert hooked.receiver.bodies == []
    scene.maker.key = second
    said = hooked.ask()
    assert said["state"] == "paused" and "revoked" in said["problem"]
    hooked.ask("POST", "/replay", after=said["after"])
    hooked.look()
    assert hooked.leaves() == hooked.expected()


def test_suspended_organisation_is_sent_nothing(hooked: Hooked) -> None:
    scene = hooked.tenants.served.scene
    record(
        hooked.tenants.served,
        (scene.sign(scene.registrar, "org.suspended", scene.maker.org, {"reason": "closed"}),),
    )
    hooked.look()
    assert hooked.receiver.bodies == []
    (webhook,) = hooked.webhooks.of(scene.maker.org)
    assert webhook.state == "paused" and "suspended" in webhook.problem


def test_forged_notice_is_refused(hooked: Hooked) -> None:
    hooked.look()
    (text,) = (body.decode() for body in hooked.receiver.bodies)
    key, good = hooked.key, check_notice(text, hooked.key.public, hooked.id)
    said = {
        "aud": hooked.id, "iss": good.origin, "sent_at": "2026-03-02T09:00:00Z", "cursor": good.cursor,
        "notices": [dict(each) for each in good.notices],
    }  # fmt: skip

    def signed(signer: PrivateKey = key, typ: str = NOTICE, **changes: Any) -> str:
        value = {name: each for name, each in (said | changes).items() if each is not None}
        return sign_jws(format_compact(value), signer, typ)

    assert check_notice(signed(), key.public, hooked.id).notices == good.notices
    swapped = [*said["notices"][1::-1], *said["notices"][2:]]
    forged = {
        "another key": signed(ed25519_key("stranger")),
        "another purpose": signed(typ=EVENT),
        "another webhook": signed(aud="A" * 22),
        "a member more": signed(more="x"),
        "a member less": signed(cursor=None),
        "swapped": signed(notices=swapped),
        "twice": signed(notices=[said["notices"][0]] * 2),
        "no notice": signed(notices=["x"]),
        "without its leaf": signed(notices=[{**said["notices"][0], "leaf_index": "5"}]),
        "no time": signed(sent_at="2026-13-02T09:00:00Z"),
        "a byte changed": text[:-3] + ("A" if text[-3] != "A" else "B") + text[-2:],
        "cut": text[:-1],
        "none": "",
    }
    for why, body in forged.items():
        try:
            check_notice(body, key.public, hooked.id)
        except NoticeError as error:
            assert error.code == "NOTICE_INVALID"
        else:
            pytest.fail(why)


def test_largest_delivery_can_be_signed(hooked: Hooked) -> None:
    longest = {
        "leaf_index": 2**53 - 1, "id": "A" * 43, "subject": "s" * 300, "seq": 2**53 - 1, "type": "t" * 30,
        "iss": "org:iso15459:" + "A" * 50, "recorded_at": "2026-11-23T04:40:01.123Z",
        "stage": "at_repurposer", "custodian_is_you": False, "offered_to_you": False,
    }  # fmt: skip
    text = sign_notices(
        hooked.key, origin="o" * 200, webhook="A" * 22, notices=[longest] * AT_ONCE, cursor="A" * 64,
        at=hooked.tenants.served.played.now,
    )  # fmt: skip
    assert len(text) < 1 << 15


def test_key_of_the_node_is_made_once_and_is_its_owners_alone(hooked: Hooked) -> None:
    home = hooked.tenants.served.played.home
    assert load_notice_key(home).public == hooked.key.public
    assert (home.keys / "notice.pem").stat().st_mode & 0o777 == 0o600


def test_same_url_again_is_the_same_webhook_and_ten_are_enough(hooked: Hooked) -> None:
    again = ask(hooked.tenants, "past", "POST", body={"url": hooked.receiver.url})
    assert (again.status_code, again.json["id"]) == (200, hooked.id)
    for number in range(9):
        body = {"url": f"{hooked.receiver.url}?{number}"}
        assert ask(hooked.tenants, "past", "POST", body=body).status_code == 201
    check_problem(
        ask(hooked.tenants, "past", "POST", body={"url": "http://a.example/"}), 409, "WEBHOOKS_TOO_MANY"
    )
    assert ask(hooked.tenants, "holder", "POST", body={"url": hooked.receiver.url}).status_code == 201
    assert len((ask(hooked.tenants, "past", "GET").json or {})["webhooks"]) == 10


def test_deleted_webhook_is_told_nothing_more(hooked: Hooked) -> None:
    assert ask(hooked.tenants, "past", "DELETE", f"/{hooked.id}").status_code == 204
    hooked.look()
    assert hooked.receiver.bodies == []
    check_problem(ask(hooked.tenants, "past", "DELETE", f"/{hooked.id}"), 404, "WEBHOOK_UNKNOWN")


def test_webhook_is_its_organisations_alone(hooked: Hooked) -> None:
    after = {"after": format_cursor(0)}
    for method, path, body in (("GET", "", None), ("DELETE", "", None), ("POST", "/replay", after)):
        place = f"/{hooked.id}{path}"
        check_problem(ask(hooked.tenants, "stranger", method, place, body), 401, "TOKEN_REQUIRED")
        for asker in ("any", "holder", "region"):
            check_problem(ask(hooked.tenants, asker, method, place, body), 404, "WEBHOOK_UNKNOWN")
    check_problem(ask(hooked.tenants, "stranger", "GET"), 401, "TOKEN_REQUIRED")
    check_problem(
        ask(hooked.tenants, "stranger", "POST", "", {"url": "http://a.example/"}), 401, "TOKEN_REQUIRED"
    )
    assert (ask(hooked.tenants, "holder", "GET").json or {})["webhooks"] == []


def test_key_that_may_only_read_sets_nothing_up(hooked: Hooked) -> None:
    scene, served = hooked.tenants.served.scene, hooked.tenants.served
    reading = ed25519_key("maker reads")
    record(served, (scene.key_added(scene.maker, reading, use="read"),))
    scene.maker.key = reading
    assert ask(hooked.tenants, "past", "GET", f"/{hooked.id}").status_code == 200
    after = {"after": format_cursor(0)}
    for method, path, body in (
        ("POST", "", {"url": "http://a.example/"}),
        ("DELETE", f"/{hooked.id}", None),
        ("POST", f"/{hooked.id}/replay", after),
    ):
        check_problem(ask(hooked.tenants, "past", method, path, body), 403, "NOT_PERMITTED")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"url": "ftp://a.example/"}, 422, "WEBHOOK_URL_REFUSED"),
        ({"url": "http://127.0.0.1/"}, 422, "WEBHOOK_URL_REFUSED"),
        ({"url": "http://0x7f000001/"}, 422, "WEBHOOK_URL_REFUSED"),
        ({"url": "http://[::1]/"}, 422, "WEBHOOK_URL_REFUSED"),
        ({"url": "http://a.example/", "after": "x"}, 422, "CURSOR_INVALID"),
        ({"url": "http://a.example/", "more": "x"}, 400, "BODY_MALFORMED"),
        ({"url": 5}, 400, "BODY_MALFORMED"),
        ({}, 400, "BODY_MALFORMED"),
    ],
)
def test_what_can_not_be_a_webhook_is_refused(
    tenants: Tenants, body: dict[str, Any], status: int, code: str
) -> None:
    tenants.served.node.webhooks_to_private = False
    check_problem(ask(tenants, "past", "POST", body=body), status, code)


def test_address_that_is_not_public_is_refused_when_something_is_sent(hooked: Hooked) -> None:
    served = hooked.tenants.served
    node = served.node
    public = Dispatcher(
        served.ledger,
        node.webhooks,
        node.notice_key,
        Outbound(),
        node.clock,
        served.played.home.path / "other.lock",
    )
    public.deliver_due()
    public.wait()
    public.close()
    assert hooked.receiver.bodies == []
    assert "public" in hooked.ask()["problem"] and "127" not in hooked.ask()["problem"]


def wait_for(happened: Any, seconds: float = 20) -> None:
    """Until something happened in another thread."""
    stop, until = threading.Event(), time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it did not happen"
        stop.wait(0.02)


def test_webhooks_outlive_a_killed_process_and_another_on_the_same_home_goes_on(
    tmp_path: Path, receiver: Receiver
) -> None:
    scene = Scene(at=datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1))
    home = found(tmp_path / "home", scene)
    options = ("--webhooks-to-private",)
    first, second = Live(home.path, options), Live(home.path, options)
    try:
        now = datetime.now(UTC)
        token = sign_read_token(scene.maker.key, origin=scene.origin, org=scene.maker.org, at=now)
        made = send(f"{first.url}{HOOKS}", orjson.dumps({"url": receiver.url}), token)
        key = load_notice_key(home).public

        def leaves() -> list[int]:
            told = [check_notice(body, key, made["id"]) for body in receiver.bodies]
            return [notice["leaf_index"] for each in told for notice in each.notices]

        def record_at(node: Live, number: int) -> int:
            text = scene.manufactured(pack_code(number))
            leaf: int = send(f"{node.url}/api/v1/events", text.encode())["leaf_index"]
            return leaf

        expected = [record_at(first, 1)]
        wait_for(lambda: leaves() == expected)
        receiver.answers = ["lost"]
        expected.append(record_at(second, 2))
        wait_for(lambda: len(receiver.bodies) == 2)
        first.kill()
        expected.append(record_at(second, 3))
        wait_for(lambda: sorted(set(leaves())) == expected)
        assert leaves()[:2] == expected[:2]
    finally:
        first.kill()
        second.stop()


def send(url: str, body: bytes, token: str = "") -> dict[str, Any]:
    """Post over HTTP; what is answered, which is success."""
    kind = "application/json" if body.startswith(b"{") else "application/jose"
    headers = {"Content-Type": kind} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - of a node on this machine
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        said: dict[str, Any] = orjson.loads(answer.read())
        return said
