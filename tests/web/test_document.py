"""The document of the API says what the node does: every route, answer, link, example and error code."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import orjson
import pytest
from openapi_spec_validator import validate
from werkzeug.test import TestResponse

import packtrace.web
from packtrace.signing.errors import SigningError
from packtrace.tests.scene import event_id, pack_code
from packtrace.tests.web.conftest import Served
from packtrace.tests.web.tokens import bearer
from packtrace.trace.errors import TraceError
from packtrace.trace.verify.catalogue import CATALOGUE
from packtrace.web.api import examples
from packtrace.web.api.document import operations
from packtrace.web.codes import CODES
from packtrace.web.door.headers import PAGE
from packtrace.web.problems import _CODES as BY_STATUS

V1 = "/api/v1"
API_MD = Path(packtrace.web.__file__).parent.parent / "docs" / "api.md"
PROBLEM = "application/problem+json"
_CONVERTER = re.compile(r"<(?:[a-z]+:)?([a-z_0-9]+)>")


@pytest.fixture
def document(served: Served) -> dict[str, Any]:
    said: dict[str, Any] = served.client.get(f"{V1}/openapi.json").json or {}
    return said


PAGES = ("passport.", "files.", "https.", "slip.", "worker.", "yard.")
"""Blueprints of what is for people."""


def routes(served: Served) -> set[tuple[str, str]]:
    """Method and path of what is served to programs, as the document writes it; but the document itself."""
    return {
        (method.lower(), _CONVERTER.sub(r"{\1}", rule.rule))
        for rule in served.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule != f"{V1}/openapi.json" and not rule.endpoint.startswith(PAGES)
    }


def answers(document: dict[str, Any], operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for status, answer in operation["responses"].items():
        if "$ref" in answer:
            answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        yield status, answer


def test_document_is_valid_and_has_every_route(served: Served, document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1")
    assert {(method, path) for path, method, _ in operations(document)} == routes(served)
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    for path, _, operation in operations(document):
        assert operation["summary"], path
        assert operation.get("description") or path.endswith(".vkey"), path


def test_every_answer_has_a_schema_and_every_error_is_a_problem(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        said = dict(answers(document, operation))
        assert "default" in said
        assert ("429" in said) != path.startswith(f"{V1}/health/")
        for status, answer in said.items():
            assert answer["description"], (path, status)
            content = answer.get("content", {})
            if status in ("204", "304"):
                assert not content
                continue
            assert content and all("schema" in each for each in content.values()), (method, path, status)
            assert (status[0] in "45d") == (list(content) == [PROBLEM]), (method, path, status)
            for name, needed in (("401", "WWW-Authenticate"), ("429", "Retry-After"), ("503", "Retry-After")):
                assert status != name or needed in answer["headers"], (path, status)


def test_links_lead_where_they_say(document: dict[str, Any]) -> None:
    named = {operation["operationId"]: (path, operation) for path, _, operation in operations(document)}
    seen = 0
    for _, _, operation in operations(document):
        for _, answer in answers(document, operation):
            for link in answer.get("links", {}).values():
                path, target = named[link["operationId"]]
                known = document["paths"][path].get("parameters", []) + target.get("parameters", [])
                assert set(link["parameters"]) <= {parameter["name"] for parameter in known}
                seen += 1
    assert seen > 20


def recorded(served: Served) -> str:
    """Play the story of the examples; the event that they show."""
    text = served.scene.manufactured(pack_code(1))
    assert served.post(text).status_code == 201
    return text


def test_examples_are_those_of_a_node(served: Served) -> None:
    text = recorded(served)
    assert (text, event_id(text), pack_code(1)) == (examples.EVENT, examples.EVENT_ID, examples.CODE)
    assert served.scene.maker.org == examples.ORGANISATION
    assert examples.PARAMETERS["sha256"] == served.scene.rules.sha256


def test_every_documented_example_is_answered_as_documented(served: Served, document: dict[str, Any]) -> None:
    served.node.webhooks_to_private = True  # the name of the example is looked up by no test
    token = bearer(served, served.scene.maker)
    hook = served.client.post(
        f"{V1}/webhooks", json={"url": "https://mes.maker.example/hook"}, headers=token
    ).json
    asked = 0
    for path, method, operation in sorted(operations(document), key=lambda each: each[1] != "post"):
        parameters = document["paths"][path].get("parameters", []) + operation.get("parameters", [])
        values = {
            parameter["name"]: parameter.get("example", parameter["schema"].get("example"))
            for parameter in parameters
            if parameter.get("required") or "example" in parameter
        }
        values |= {"webhook_id": hook["id"]} if "webhook_id" in values else {}
        if "job_id" in values or method == "delete":
            continue  # what a node makes at random: test_jobs, test_webhooks
        if path.endswith("/evidence/{sha256}"):
            continue  # the example names no document: test_evidence
        if (path, method) in ((f"{V1}/pictures", "post"), (f"{V1}/rows", "post")):
            continue  # neither picture nor workbook can be written into JSON: test_pictures, test_rows
        assert None not in values.values(), (path, values)
        target = re.sub(r"\{(\w+)\}", lambda name, known=values: str(known[name[1]]), path)
        query = {
            p["name"]: values[p["name"]] for p in parameters if p["in"] == "query" and p["name"] in values
        }
        bodies = [
            (kind, example["value"])
            for kind, content in operation.get("requestBody", {}).get("content", {}).items()
            for example in content["examples"].values()
        ]
        assert bodies or method == "get", path
        for kind, value in bodies or [("", "")]:
            data = value if isinstance(value, str) else orjson.dumps(value)
            headers = token | ({"Content-Type": kind} if kind else {})
            answer = served.client.open(target, method=method, query_string=query, data=data, headers=headers)
            check_as_documented(document, operation, answer)
            if path.endswith("/take"):
                assert answer.status_code == 409  # the example is in the log by then: test_parked
                continue
            expected = (403,) if path.startswith("/tile/entries") else (200, 201)
            if path.startswith(f"{V1}/enrolment/"):
                expected = (404,)  # its secret is what a node makes at random: test_enrolment
            if path == f"{V1}/vehicles/find":
                expected = (404,)  # no vehicle is in this story: test_vehicles
            if path.startswith(f"{V1}/consignments/"):
                expected = (404,)  # nobody dispatched anything in this story: test_slip
            assert answer.status_code in expected, (method, target, answer.data)
            asked += 1
    assert asked > 35


def check_as_documented(document: dict[str, Any], operation: dict[str, Any], answer: TestResponse) -> None:
    said = dict(answers(document, operation))
    told = said.get(str(answer.status_code), said["default"])
    assert answer.mimetype in told["content"], (operation["operationId"], answer.mimetype)


def test_page_describes_every_operation_shape_and_code(served: Served, document: dict[str, Any]) -> None:
    answer = served.client.get(f"{V1}/docs")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert answer.headers["Content-Security-Policy"] == PAGE
    page = answer.get_data(as_text=True)
    ids, links = anchors(page)
    assert len(ids) == len(set(ids))
    assert {operation["operationId"] for _, _, operation in operations(document)} <= set(ids)
    assert {f"shape-{name}" for name in document["components"]["schemas"]} <= set(ids)
    assert set(CODES) | set(CATALOGUE) <= set(ids)
    assert {link.removeprefix("#") for link in links if link.startswith("#")} <= set(ids)
    assert not [
        link for link in links if not link.startswith("#") and link not in ("openapi.json", "docs.css")
    ]
    for forbidden in ("<script", "<style", " style=", " onclick", "http:"):  # the policy would bar them
        assert forbidden not in page
    style = served.client.get(f"{V1}/docs.css")
    assert (style.status_code, style.mimetype) == (200, "text/css")
    assert "url(" not in style.text and "@import" not in style.text


def anchors(page: str) -> tuple[list[str], list[str]]:
    """Ids, and where links lead."""
    ids: list[str] = []
    links: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            ids.extend(value or "" for name, value in attrs if name == "id")
            links.extend(value or "" for name, value in attrs if name in ("href", "src"))

    Reader().feed(page)
    return ids, links


def codes_of_the_web() -> set[str]:
    """Of every error that a module of the web declares, and of every status."""
    for module in pkgutil.walk_packages(packtrace.web.__path__, "packtrace.web."):
        importlib.import_module(module.name)
    found: set[type[Exception]] = set()
    new: set[type[Exception]] = {TraceError, SigningError}
    while new:
        found |= new
        new = {kind for each in new for kind in each.__subclasses__()} - found
    own = (each for each in found if each.__module__.startswith("packtrace.web."))
    servers = (
        each
        for each in own
        if not each.__module__.startswith(("packtrace.web.client", "packtrace.web.handing_in"))
    )
    inward = {"STORE_VERSION", "DELIVERY_FAILED"}  # for whoever runs the node, and in a webhook's `problem`
    return {str(each.code) for each in servers} - inward | set(BY_STATUS.values())  # type: ignore[attr-defined]


def test_every_code_of_the_web_is_told_in_both_languages() -> None:
    assert codes_of_the_web() <= set(CODES) | set(CATALOGUE)
    assert not set(CODES) & set(CATALOGUE)
    for code, said in CODES.items():
        assert said.en.isascii() and said.en.endswith(".") and said.zh.endswith("。"), code
        assert 400 <= said.status < 600


def test_api_md_names_every_route_and_every_code(served: Served) -> None:
    text = API_MD.read_text("utf-8")
    for code, said in CODES.items():
        row = re.search(rf"^\| (?:\d+ \| )?`{code}` \|.*$", text, re.MULTILINE)
        assert row and str(said.status) in row[0], code
    shown = re.sub(r"<[a-z ]+>", "<>", text)
    for _, path in routes(served):
        written = re.sub(r"\{\w+\}", "<>", path)
        tail = re.sub(r"^.*<>", "…", written)
        head = written.removeprefix(V1)
        assert written in shown or head in shown or tail in shown, path
