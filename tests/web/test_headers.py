"""What every answer tells browsers: as strict as it can be for what the answer is, and never a cookie."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from packtrace.tests.web.conftest import Served
from packtrace.tests.web.tenants import Tenants, settled
from packtrace.tests.web.test_tenants import ROWS, Row, send
from packtrace.web.door.headers import ALWAYS, DATA, DECODER, PAGE, PERMISSIONS, SCRIPT
from packtrace.web.pages.files import WORKER, names

WEB = Path(__file__).parents[2] / "web"
POLICIES = {"text/html": PAGE, "text/javascript": SCRIPT}


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenants]:
    with settled(tmp_path_factory.mktemp("tenants")) as found:
        yield found


def check_headers(answer: TestResponse) -> None:
    expected = ALWAYS | {"Content-Security-Policy": POLICIES.get(answer.mimetype, DATA)}
    assert {name: answer.headers.get(name) for name in expected} == expected
    assert "Set-Cookie" not in answer.headers
    assert "Strict-Transport-Security" not in answer.headers  # it would close the page that sets phones up
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]
    assert answer.headers.get("Cache-Control"), "somebody has to decide whether it may be kept"


@pytest.mark.parametrize("asker", ["nobody", "holder"])
@pytest.mark.parametrize("row", ROWS, ids=str)  # a row for each route, which another test holds
def test_every_answer_has_the_headers_of_what_it_is(tenants: Tenants, row: Row, asker: str) -> None:
    token = {} if asker == "nobody" else tenants.header(asker)
    check_headers(send(tenants, row, token | {"Cookie": "session=x", "Origin": "https://elsewhere.example"}))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/api/v1/nowhere", 404),
        ("DELETE", "/scan", 405),
        ("POST", "/api/v1/events", 415),
        ("OPTIONS", "/api/v1/events", 200),
        ("GET", "/static/x/../../app.py", 404),
    ],
)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_so_has_every_refusal(served: Served, method: str, path: str, status: int, accept: str) -> None:
    answer = served.client.open(path, method=method, headers={"Accept": accept})
    assert answer.status_code == status
    check_headers(answer)


def test_every_file_is_bound_and_compiled_code_runs_in_one_of_them(served: Served) -> None:
    free = set()
    for name in names():
        answer = served.client.get(f"/static/any/{name}")
        policy = answer.headers["Content-Security-Policy"]
        assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"  # else no worker starts
        if "wasm" in policy:
            free.add(name)
        else:
            check_headers(answer)
    assert free == {WORKER} and "'wasm-unsafe-eval'" in DECODER


def test_no_policy_lets_in_what_is_inline_evaluated_or_from_elsewhere() -> None:
    for policy in (PAGE, SCRIPT, DECODER, DATA):
        assert policy.startswith("default-src 'none'")
        assert "base-uri 'none'" in policy and "frame-ancestors 'none'" in policy
        sources = set(re.findall(r"[^\s;]+", policy))
        assert not sources & {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "https:", "http:"}
    assert "'wasm-unsafe-eval'" not in PAGE + SCRIPT + DATA
    assert "require-trusted-types-for 'script'" in PAGE
    assert "camera=(self)" in PERMISSIONS and "geolocation=()" in PERMISSIONS


def test_nothing_of_ours_reads_or_writes_a_cookie_or_makes_markup_of_text() -> None:
    """Two faults that no header mends where trusted types are not known."""
    sinks = (
        r"document\.cookie|set_cookie|\.(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\("
        r"|new Function"
    )
    for path in (
        *WEB.rglob("*.py"),
        *(WEB / "static" / "js").rglob("*.js"),
        *WEB.glob("templates/**/*.html"),
    ):
        found = re.search(sinks, path.read_text("utf-8"))
        assert not found, f"{path.relative_to(WEB)}: {found[0] if found else ''}"


def test_no_template_has_script_style_or_an_address_of_elsewhere_in_it() -> None:
    for path in WEB.glob("templates/**/*.html"):
        text = path.read_text("utf-8")
        assert not re.search(
            r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|\|\s*safe\b|javascript:", text
        ), path.name
        assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", text), path.name
