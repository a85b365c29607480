"""`/metrics`: what is counted, and that nothing in it tells whose battery it was."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from packtrace.tests.scene import pack_code
from packtrace.tests.web.conftest import Served
from packtrace.tests.web.tokens import bearer
from packtrace.web.app import create_app

CODE = pack_code(1)


def numbers(served: Served) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels."""
    answer = served.client.get("/metrics")
    assert answer.status_code == 200 and answer.content_type.startswith("text/plain")
    assert answer.headers["Cache-Control"] == "no-store"
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_requests_are_counted_by_route_and_status(served: Served) -> None:
    text = served.scene.manufactured(CODE)
    for _ in range(2):
        served.post(text)
    served.client.get(f"/api/v1/batteries/{CODE}")
    served.client.get("/api/v1/health/live")
    found = numbers(served)
    name = "packtrace_http_requests_total"
    assert found[name, "POST", "/api/v1/events", "201"] == 1
    assert found[name, "POST", "/api/v1/events", "200"] == 1
    assert found["packtrace_http_request_seconds_count", "POST", "/api/v1/events"] == 2
    assert found[name, "GET", "/api/v1/batteries/<path:code>", "200"] == 1


def test_submissions_are_counted_by_outcome(served: Served) -> None:
    before = numbers(served)
    text = served.scene.manufactured(CODE)
    served.post(text)
    served.post(text)
    served.post(served.scene.manufactured(pack_code(2), model="nonsense"))
    found = numbers(served)
    name = "packtrace_submissions_total"
    for outcome in ("accepted", "known", "refused"):
        assert found[name, outcome] == before.get((name, outcome), 0) + 1


def test_node_is_told_as_it_is_now(served: Served) -> None:
    served.node.free_bytes = lambda: 12_345
    served.post(served.scene.manufactured(CODE))
    found = numbers(served)
    assert found[("packtrace_disk_free_bytes",)] == 12_345
    assert found[("packtrace_log_size",)] == served.ledger.published().size
    assert found[("packtrace_waiting",)] == 0
    age = found[("packtrace_checkpoint_age_seconds",)]
    served.played.now = served.played.now.replace(day=served.played.now.day + 1)
    assert numbers(served)[("packtrace_checkpoint_age_seconds",)] == age + 86_400
    served.played.home.register.write_text("{}")
    assert ("packtrace_checkpoint_age_seconds",) not in numbers(served)  # none is better than a wrong one


def test_labels_hold_no_codes_keys_or_tokens_and_can_not_be_made_without_end(served: Served) -> None:
    token = bearer(served, served.scene.maker)
    for number in range(30):
        served.client.get(f"/api/v1/batteries/{pack_code(number)}", headers=token)
        served.client.get(f"/nowhere/{number}")
        served.client.open("/api/v1/node", method=f"M{number}")
    text = served.client.get("/metrics").text
    assert CODE[:8] not in text and token["Authorization"][7:20] not in text and "nowhere" not in text
    assert served.scene.maker.id not in text
    rows = [line for line in text.splitlines() if line.startswith("packtrace_http_requests_total")]
    assert len(rows) <= 4 and sum("other" in row for row in rows) == 1


def test_two_applications_in_one_process_count_for_themselves(served: Served) -> None:
    served.client.get("/api/v1/node")
    other = create_app(served.node).test_client()
    assert 'route="/api/v1/node"' not in other.get("/metrics").text
