"""How often one address or key may ask, and whose word for an address is taken."""

from __future__ import annotations

import pytest

from packtrace.tests.scene import pack_code
from packtrace.tests.web.conftest import Served, check_problem
from packtrace.tests.web.tenants import record
from packtrace.tests.web.tokens import bearer
from packtrace.web.app import create_app
from packtrace.web.door.rates import WINDOW_S, Rates, client_of
from packtrace.web.limits import Limits

URL = "/api/v1/schemas/battery.inspected"


def limited(served: Served, most: int, proxies: int = 0) -> None:
    """The same node under another limit."""
    served.node.limits = Limits(requests_a_minute=most)
    served.app = create_app(served.node, proxies=proxies)
    served.client = served.app.test_client()


def from_address(served: Served, address: str, forwarded: str | None = None, **headers: str) -> int:
    more = headers | ({"X-Forwarded-For": forwarded} if forwarded else {})
    return served.client.get(URL, headers=more, environ_base={"REMOTE_ADDR": address}).status_code


def test_one_request_too_many_of_an_address_is_told_when_to_come_back(served: Served) -> None:
    limited(served, 3)
    for _ in range(3):
        assert served.client.get(URL).status_code == 200
    answer = served.client.get(URL)
    check_problem(answer, 429, "TOO_MANY_REQUESTS")
    assert 1 <= int(answer.headers["Retry-After"]) <= WINDOW_S
    text = served.scene.manufactured(pack_code(1))
    check_problem(served.post(text), 429, "TOO_MANY_REQUESTS")
    assert served.ledger.tally()["accepted"] == 10  # those that founded the log
    check_problem(served.client.get("/no/such/page"), 429, "TOO_MANY_REQUESTS")
    assert from_address(served, "192.0.2.7") == 200


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        ("heads", "application/json", b'{"codes":[' + b",".join([b'"x"'] * 300) + b"]}"),
        ("events/batch", "application/x-ndjson", b"x\n" * 300),
    ],
)
def test_request_for_many_things_counts_for_more_than_one(
    served: Served, path: str, kind: str, body: bytes
) -> None:
    limited(served, 7)
    for _ in range(2):  # four each
        assert served.client.post(f"/api/v1/{path}", data=body, content_type=kind).status_code == 200
    check_problem(served.client.get(URL), 429, "TOO_MANY_REQUESTS")
    assert from_address(served, "192.0.2.7") == 200


@pytest.mark.parametrize("page", ["/api/v1/batteries/", "/p/"])
def test_reading_a_long_chain_counts_for_more_than_one(served: Served, page: str) -> None:
    scene, code = served.scene, pack_code(1)
    record(served, (scene.manufactured(code),), *((scene.inspected(scene.maker, code),) for _ in range(299)))
    limited(served, 7)
    assert served.client.get(f"{page}{code}").status_code == 200
    _, head = scene.heads[f"battery:gbt34014:{code}"]
    assert served.client.get(f"/api/v1/events/{head}").status_code == 401  # read too, and counted
    check_problem(served.client.get(URL), 429, "TOO_MANY_REQUESTS")


def test_health_is_told_however_often_somebody_asks(served: Served) -> None:
    limited(served, 1)
    for _ in range(5):
        assert served.client.get("/api/v1/health/live").status_code == 200
        assert served.client.get("/api/v1/health/ready").status_code == 200
    assert served.client.get(URL).status_code == 200


def test_key_is_counted_wherever_it_asks_from_and_no_forged_token_is(served: Served) -> None:
    limited(served, 4)
    scene = served.scene
    # Somebody who does not have the key can't use up what its owner may ask.
    good = bearer(served, scene.maker)["Authorization"]
    forged = {"Authorization": good[:-2] + ("AA" if good[-2:] != "AA" else "BA")}
    for number in range(8):
        assert from_address(served, f"198.51.100.{number}", **forged) == 200
    for number in range(4):
        assert from_address(served, f"203.0.113.{number}", **bearer(served, scene.maker)) == 200
    assert from_address(served, "203.0.113.9", **bearer(served, scene.maker)) == 429
    assert from_address(served, "203.0.113.9", **bearer(served, scene.recycler)) == 200


def test_nobody_is_believed_about_an_address_unless_proxies_are_said_to_be_there(served: Served) -> None:
    limited(served, 2)
    codes = [from_address(served, "192.0.2.1", f"203.0.113.{number}") for number in range(3)]
    assert codes == [200, 200, 429]
    limited(served, 2, proxies=1)
    assert [from_address(served, "192.0.2.1", f"203.0.113.{number}") for number in range(3)] == [200] * 3
    # What stands before the proxy's own word was written by the client.
    codes = [from_address(served, "192.0.2.1", f"10.0.0.{number}, 203.0.113.50") for number in range(3)]
    assert codes == [200, 200, 429]


def test_count_begins_anew_with_the_window() -> None:
    now = 10.0
    rates = Rates(2, lambda: now)
    assert [rates.take("a"), rates.take("a")] == [0.0, 0.0]
    now += 20
    assert rates.take("a") == pytest.approx(WINDOW_S - 20)
    assert rates.take("b") == 0.0
    now += WINDOW_S - 20
    assert [rates.take("a"), rates.take("a")] == [0.0, 0.0] and rates.take("a") > 0


def test_address_of_ipv6_is_the_network_that_one_client_has() -> None:
    assert client_of("2001:db8:1:2:3::4") == client_of("2001:db8:1:2::1") != client_of("2001:db8:1:3::1")
    assert client_of("::ffff:192.0.2.1") == "192.0.2.1" != client_of("::ffff:192.0.2.2")
    assert len(client_of("x:" * 1_000)) == len(client_of("y" * 1_000)) == 64
