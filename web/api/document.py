"""The document of the API, completed: what is so of every route is said here once, not at each.

Names of operations, links from one answer to the next request, examples, the headers that come with 401, 405,
429 and 503, and the media type of problems.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from flask import Flask

from ..door.bodies import JSON
from ..problems import MEDIA_TYPE
from .examples import BODIES, PARAMETERS

METHODS: Final = ("get", "post", "delete")
_TAKEN: Final = (  # bodies of requests
    "EventBody",
    "HeadsQuery",
    "LabelBody",
    "LabelsQuery",
    "ParkedNewBody",
    "OutcomeRowBody",
    "OutcomesQuery",
    "ReplayBody",
    "TakeBody",
    "VinQuery",
    "WebhookNewBody",
    "InvitationNewBody",
    "LookBody",
    "AskBody",
)
_PROBLEM: Final = {"$ref": "#/components/schemas/ProblemBody"}
_UNLIMITED: Final = "/api/v1/health/"
_CONVERTER: Final = re.compile(r"<(?:[a-z]+:)?(\w+)>")
_WORD: Final = re.compile(r"[A-Za-z0-9]+")
_RETRY: Final[dict[str, Any]] = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
}
_CHALLENGE: Final[dict[str, Any]] = {
    "WWW-Authenticate": {"description": "`Bearer` (RFC 6750).", "schema": {"type": "string"}}
}

# From the answer of one operation to the path of another: the operation and status, and by which member.
_ID: Final = "$response.body#/id"
_LINKS: Final[tuple[tuple[str, str, str, str, str], ...]] = (
    *(
        ("postEvents", status, target, "event_id", _ID)
        for status in ("200", "201")
        for target in ("getEvent", "getEventReceipt")
    ),
    ("postEventsBatch", "202", "getJob", "job_id", _ID),
    ("postEventsBatch", "202", "getJobResult", "job_id", _ID),
    ("getJob", "200", "getJobResult", "job_id", _ID),
    ("getEvent", "200", "getEventReceipt", "event_id", _ID),
    ("getEvent", "200", "getSubject", "subject", "$response.body#/subject"),
    ("getBattery", "200", "getBatteryEvents", "code", "$response.body#/subject"),
    ("getSubject", "200", "getSubjectEvents", "subject", "$response.body#/subject"),
    ("getOrganisation", "200", "getOrganisationKeys", "organisation", _ID),
    ("getOrganisations", "200", "getOrganisation", "organisation", "$response.body#/organisations/0/id"),
    ("getOrganisations", "200", "getOrganisations", "page", "$response.body#/next"),
    ("getBatteries", "200", "getBatteries", "page", "$response.body#/next"),
    ("getBatteries", "200", "getBattery", "code", "$response.body#/batteries/0/battery"),
    ("getFeed", "200", "getFeed", "after", "$response.body#/next"),
    ("getFeed", "200", "getEvent", "event_id", "$response.body#/notices/0/id"),
    ("getSchemas", "200", "getSchema", "kind", "$response.body#/schemas/0/type"),
    *(
        ("postWebhooks", status, target, "webhook_id", _ID)
        for status in ("200", "201")
        for target in ("getWebhook", "deleteWebhook", "postWebhookReplay")
    ),
    ("getWebhooks", "200", "getWebhook", "webhook_id", "$response.body#/webhooks/0/id"),
)


def complete(document: dict[str, Any], prose: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """Complete the document of every route, in place.

    Args:
        prose: What each route does, by path and method.

    Raises:
        KeyError: A link from or to what is not there.
    """
    by_name: dict[str, dict[str, Any]] = {}
    for path, method, operation in operations(document):
        name = operation_id(method, path)
        operation["operationId"] = name
        if (path, method) in prose:
            operation["description"] = prose[path, method]
        by_name[name] = operation
        parameters = document["paths"][path].get("parameters", []) + operation.get("parameters", [])
        _complete_parameters(parameters, path)
        _complete_answers(operation["responses"], is_limited=not path.startswith(_UNLIMITED))
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            examples = BODIES.get((path, kind), {})
            content["examples"] = {key: {"value": value} for key, value in examples.items()}
    for source, status, target, parameter, value in _LINKS:
        by_name[target]  # it is there
        links = by_name[source]["responses"][status].setdefault("links", {})
        links[f"{target} by {parameter}"] = {"operationId": target, "parameters": {parameter: value}}
    for name, shape in document["components"]["schemas"].items():
        if name not in _TAKEN:  # members are added to answers, never renamed
            shape.pop("additionalProperties", None)
    default = document["components"]["responses"]["DEFAULT_ERROR"]
    default["description"] = "Any other error: a problem with its `code`. 405 comes with `Allow`."
    default["headers"] = {
        "Allow": {"description": "With 405: the methods that there are.", "schema": {"type": "string"}}
    }
    return document


def prose_of(app: Flask) -> dict[tuple[str, str], str]:
    """What each route does, in the words of its docstring, by path and method."""
    said: dict[tuple[str, str], str] = {}
    for rule in app.url_map.iter_rules():
        view = getattr(app.view_functions[rule.endpoint], "view_class", None)
        for method in METHODS:
            if view and (text := inspect.getdoc(getattr(view, method, None))):
                said[_CONVERTER.sub(r"{\1}", rule.rule), method] = " ".join(text.split())
    return said


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation of each route."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def operation_id(method: str, path: str) -> str:
    """A name such as `getEventReceipt`: what is asked for by a parameter is one, not many."""
    parts = path.removeprefix("/api/v1").strip("/").split("/")
    named: list[str] = []
    for part in parts:
        words = "".join(word[0].upper() + word[1:] for word in _WORD.findall(part.partition("{")[0]))
        if part.startswith("{") and named:
            named[-1] = _one(named[-1])
        elif words:
            named.append(words)
    return method + "".join(named)


def _one(name: str) -> str:
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name.removesuffix("s")


def _complete_parameters(parameters: list[dict[str, Any]], path: str) -> None:
    for parameter in parameters:
        if parameter["in"] == "path":
            parameter["schema"].setdefault("minLength", 1)
            example = "000.p/1" if path.startswith("/tile/") and parameter["name"] == "index" else None
            example = example or PARAMETERS.get(parameter["name"])
            if example:
                parameter["example"] = example


def _complete_answers(answers: dict[str, Any], *, is_limited: bool) -> None:
    if is_limited:
        answers["429"] = {"description": "Too many requests of one address, or of one key, in a minute."}
        answers["429"]["content"] = {MEDIA_TYPE: {"schema": _PROBLEM}}
    for status, answer in answers.items():
        if "$ref" in answer or status < "400" or status == "default":
            continue
        if JSON in answer.get("content", {}):
            answer["content"][MEDIA_TYPE] = answer["content"].pop(JSON)
        if status == "401":
            answer["headers"] = _CHALLENGE
        if status in ("429", "503"):
            answer["headers"] = _RETRY
    ordered = dict(sorted(answers.items()))
    answers.clear()
    answers.update(ordered)
