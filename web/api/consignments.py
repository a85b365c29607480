"""`GET /consignments/<name>`: what is on a truck, and the slip that travels with it."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.consignments import ConsignmentBody, SlipQuery
from ...schemas.api.events import ProblemBody
from ...trace.codes.subjects import Subject, SubjectError, parse_subject
from ...trace.labels.manifest import manifest_pdf
from ..office.labels import PDF, chinese_font
from ..office.turns import take_turn
from ..problems import MEDIA_TYPE
from ..reading.loads import Load, load_object, read_load
from ..reading.manifests import manifest_of, slip_path
from ..reading.shown import SubjectUnknownError, parse_with_tail, refuse_unseen
from .reading import SECURITY, Asked, answer, told_as

blueprint = Blueprint("consignments", __name__, description="Consignments: what travels together.")

_KIND: Final = "consignment:"
_ABSENT: Final = "Nothing was dispatched under this name."
_NO_NAME: Final = "Not the name of a consignment."
_NO_PART: Final = "The reader has no part in it."
_FILE: Final[dict[str, Any]] = {"type": "string", "format": "binary"}


@blueprint.route("/consignments/<path:name>")
class Consignment(MethodView):
    """Where a truck is looked up."""

    @told_as(
        blueprint,
        ConsignmentBody,
        "See what is on a truck",
        on_403=_NO_PART,
        on_404=_ABSENT,
        on_422=_NO_NAME,
    )
    def get(self, name: str) -> Response:
        """By `<organisation>/<name>` or its subject: for consignor, consignee and the authority."""
        return _answer_load(_parse(name))


@blueprint.route("/consignments/<path:name>/slip")
class Slip(MethodView):
    """Where the slip is printed."""

    @blueprint.doc(summary="Print the handover slip of a truck", security=SECURITY)
    @blueprint.arguments(SlipQuery, location="query")
    @blueprint.response(200, _FILE, content_type=PDF, description="A4 pages, in Chinese and English.")
    @blueprint.alt_response(401, schema=ProblemBody, content_type=MEDIA_TYPE, description="Show a token.")
    @blueprint.alt_response(403, schema=ProblemBody, content_type=MEDIA_TYPE, description=_NO_PART)
    @blueprint.alt_response(404, schema=ProblemBody, content_type=MEDIA_TYPE, description=_ABSENT)
    @blueprint.alt_response(422, schema=ProblemBody, content_type=MEDIA_TYPE, description=_NO_NAME)
    @blueprint.alt_response(503, schema=ProblemBody, content_type=MEDIA_TYPE, description="Ask again.")
    def get(self, query: dict[str, Any], name: str) -> Response:
        """Its QR opens the consignment for whoever holds the paper: the driver needs no account."""
        subject, is_name = parse_with_tail(name, "slip", _parse)
        return _answer_load(subject) if is_name else _answer_slip(subject, query.get("host", request.host))


def _answer_load(subject: Subject) -> Response:
    load, asked = _load(subject)
    return answer(load_object(load, asked.world) | {"slip": slip_path(load)})


def _answer_slip(subject: Subject, host: str) -> Response:
    load, asked = _load(subject)
    manifest = manifest_of(load, asked.world, host)
    with take_turn():
        made = manifest_pdf(manifest, made_at=asked.at, font=chinese_font())
    response = Response(made, content_type=PDF)
    response.headers.set("Content-Disposition", "inline", filename=f"{subject.name}.pdf")
    response.headers["Vary"] = "Authorization"
    response.headers["Cache-Control"] = "no-store"
    return response


def _load(subject: Subject) -> tuple[Load, Asked]:
    asked = Asked()
    view = asked.view(subject)
    load = read_load(subject.text, asked.chain, asked.world, asked.at)
    if load is None:
        raise SubjectUnknownError(f"consignment: expected one that was dispatched, got {subject.text}")
    if not view.sees(load.dispatched):
        refuse_unseen(view, subject.text)
    return load, asked


def _parse(name: str) -> Subject:
    subject = parse_subject(name if name.startswith(_KIND) else f"{_KIND}{name}")
    if subject.kind != "consignment":
        raise SubjectError(expected="a consignment", got=subject.kind, where="kind")
    return subject
