"""`GET /docs`: the document for people, as one page that needs no script."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import orjson
from flask import Flask, Response, current_app, render_template
from flask.views import MethodView
from flask_smorest import Blueprint
from markupsafe import Markup, escape

from ...trace.verify.catalogue import CATALOGUE
from ..codes import CODES
from .document import operations

_DOCUMENT: Final = "packtrace-document"
_PAGE: Final = "packtrace-docs-page"
_STYLE: Final = (Path(__file__).parent.parent / "static" / "docs.css").read_bytes()
_CODE: Final = re.compile(r"`([^`]+)`")
_HTML: Final = "text/html; charset=utf-8"
_CSS: Final = "text/css; charset=utf-8"
_KEPT: Final = "public, max-age=300"

blueprint = Blueprint("docs", __name__, description="This description.")


def install_docs(app: Flask, document: dict[str, Any]) -> None:
    """Make known what the page describes."""
    app.extensions[_DOCUMENT] = document
    app.jinja_env.filters["prose"] = format_prose
    app.jinja_env.filters["pretty"] = lambda value: orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    app.jinja_env.filters["kind"] = describe_type


@blueprint.route("/docs")
class Docs(MethodView):
    """The page."""

    @blueprint.doc(summary="This description, for people")
    @blueprint.response(200, {"type": "string"}, content_type="text/html", description="One page of HTML.")
    def get(self) -> Response:
        """Every operation, shape and error code; the `type` of a problem points to its code here."""
        page = current_app.extensions.get(_PAGE)
        if page is None:
            page = current_app.extensions[_PAGE] = _render(current_app.extensions[_DOCUMENT])
        return Response(page, content_type=_HTML, headers={"Cache-Control": _KEPT})


@blueprint.route("/docs.css")
class Style(MethodView):
    """How it looks."""

    @blueprint.doc(summary="The style of the description")
    @blueprint.response(200, {"type": "string"}, content_type="text/css", description="A style sheet.")
    def get(self) -> Response:
        """For `GET /docs`."""
        return Response(_STYLE, content_type=_CSS, headers={"Cache-Control": _KEPT})


def _render(document: dict[str, Any]) -> str:
    grouped: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, method, operation in operations(document):
        parameters = document["paths"][path].get("parameters", []) + operation.get("parameters", [])
        told = {"path": path, "method": method, "parameters": parameters, "operation": operation}
        grouped[operation["tags"][0]].append(told | {"curl": curl_line(path, method, parameters, operation)})
    return render_template(
        "docs.html",
        document=document,
        tags={tag["name"]: tag["description"] for tag in document["tags"]},
        grouped=grouped,
        codes=CODES,
        findings={code: kind for code, kind in sorted(CATALOGUE.items()) if code not in CODES},
    )


def curl_line(path: str, method: str, parameters: list[dict[str, Any]], operation: dict[str, Any]) -> str:
    """How the operation is asked for on the command line."""
    query: list[str] = []
    for parameter in parameters:
        name, example = parameter["name"], parameter.get("example", parameter["schema"].get("example"))
        if parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", str(example or f"<{name}>"))
        elif parameter["in"] == "query" and parameter.get("required"):
            query.append(f"{name}={example}")
    line = ["curl"]
    security = operation.get("security", [])
    if security:
        line.append("-H 'Authorization: Bearer <token>'")
    body = operation.get("requestBody", {}).get("content", {})
    if body:
        line.append(f"-H 'Content-Type: {next(iter(body))}' --data-binary @body")
    elif method != "get":
        line.append(f"-X {method.upper()}")
    address = f"https://node.example{path}" + (f"?{'&'.join(query)}" if query else "")
    return " ".join((*line, f"'{address}'"))


def describe_type(schema: dict[str, Any]) -> Markup:
    """The type of a value in a word or two; of a shape with a link to it."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Markup('<a href="#shape-{0}">{0}</a>').format(name)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return Markup(" or ").join(describe_type(each) for each in schema[several])
    if schema.get("type") == "array":
        return Markup("list of {}").format(describe_type(schema.get("items", {})))
    kinds = schema.get("type", "any value")
    said = escape(" or ".join(kinds) if isinstance(kinds, list) else kinds)
    if "enum" in schema:
        said += Markup(": ") + Markup(", ").join(
            Markup("<code>{}</code>").format(each) for each in schema["enum"]
        )
    for low, high, unit in (("minimum", "maximum", ""), ("minLength", "maxLength", " characters")):
        if low in schema or high in schema:
            said += escape(f", {schema.get(low, 0)} to {schema.get(high, 'any')}{unit}")
    return said


def format_prose(text: str) -> Markup:
    """A sentence of the document: what stands between back quotes is code."""
    parts = _CODE.split(" ".join(text.split()))  # every second one stood between back quotes
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )
