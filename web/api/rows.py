"""`/rows`: tables of what was done on paper. The node reads and writes workbooks, and keeps none."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import orjson
from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.events import ProblemBody
from ...schemas.api.rows import GridBody, OutcomesQuery, StepsBody
from ...signing.base64url import b64url
from ...trace.workbook.reading import MAX_BYTES, read_workbook
from ..door.bodies import JSON, media_type, read_body, read_json
from ..node import this_node
from ..office.columns import Step, step_object, steps_of
from ..office.rows import grid_object, outcome_workbook, template_workbook
from ..office.turns import take_turn
from ..problems import MEDIA_TYPE
from ..reading.access import require_reader
from .reading import BEARER, answer
from .statements import REVALIDATED, TypeUnknownError

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OUTCOME_BYTES: Final = 4 << 20
_BINARY: Final[dict[str, Any]] = {"type": "string", "format": "binary"}

blueprint = Blueprint("rows", __name__, description="Tables of what was done on paper.")


def _refuses(view: Any) -> Any:
    for status, description in (
        (400, "Not such a body."),
        (401, "No good token."),
        (413, "More than is taken."),
        (415, "Another media type."),
        (503, "Others are being served; ask again."),
    ):
        view = blueprint.alt_response(
            status, schema=ProblemBody, content_type=MEDIA_TYPE, description=description
        )(view)
    return view


@blueprint.route("/rows")
class Rows(MethodView):
    """Where a workbook is read."""

    @blueprint.doc(summary="The columns of every step that rows can tell")
    @blueprint.response(200, StepsBody, description="In the order in which steps are taken.")
    @blueprint.alt_response(304, description="They are those that you have.")
    def get(self) -> Response:
        """Made from the schemas of the rules in force: members, units, allowed values, in both languages."""
        data = orjson.dumps({"steps": [step_object(step) for step in _steps()]})
        response = Response(data, content_type=JSON)
        response.set_etag(b64url(hashlib.sha256(data).digest()))
        response.headers["Cache-Control"] = REVALIDATED
        response.make_conditional(request)
        return response

    @blueprint.doc(
        summary="A workbook as rows",
        security=[{BEARER: []}],
        requestBody={"required": True, "content": {XLSX: {"schema": _BINARY}}},
    )
    @blueprint.response(200, GridBody, description="The cells of the first sheet that is shown.")
    @_refuses
    @blueprint.alt_response(
        422, schema=ProblemBody, content_type=MEDIA_TYPE, description="No workbook, or too large a one."
    )
    def post(self) -> Response:
        """Nothing is computed, followed or kept: a formula is told as one. Each cell says what it is, so that
        what a spreadsheet made of a code can be told from the code.
        """
        require_reader()
        media_type(request, XLSX)
        data = read_body(request, MAX_BYTES)
        with take_turn():
            return answer(grid_object(read_workbook(data)))


@blueprint.route("/rows/<kind>/template")
class RowsTemplate(MethodView):
    """Where an empty workbook is had."""

    @blueprint.doc(summary="An empty workbook of a step", security=[{BEARER: []}])
    @blueprint.response(200, _BINARY, content_type=XLSX, description="With drop-downs, and an example.")
    @blueprint.alt_response(401, schema=ProblemBody, content_type=MEDIA_TYPE, description="No good token.")
    @blueprint.alt_response(404, schema=ProblemBody, content_type=MEDIA_TYPE, description="No such step.")
    @blueprint.alt_response(503, schema=ProblemBody, content_type=MEDIA_TYPE, description="Ask again.")
    def get(self, kind: str) -> Response:
        """To be filled in by hand and handed in at `POST /rows`."""
        require_reader()
        step = next((each for each in _steps() if each.type == kind), None)
        if step is None:
            raise TypeUnknownError(f"type: expected one of GET /api/v1/rows, got {kind[:60]}", where="type")
        with take_turn():
            return workbook(template_workbook(step, this_node().clock()), f"{kind}.xlsx")


@blueprint.route("/rows/outcome")
class RowsOutcome(MethodView):
    """Where rows come back as a workbook."""

    @blueprint.doc(
        summary="The same rows with what became of each",
        security=[{BEARER: []}],
        requestBody={"required": True, "content": {JSON: {"schema": OutcomesQuery}}},
    )
    @blueprint.response(200, _BINARY, content_type=XLSX, description="Every row at its place.")
    @_refuses
    def post(self) -> Response:
        """Every cell is written as text, so that none acts as a formula and no code loses a zero."""
        require_reader()
        body = read_json(request, OUTCOME_BYTES)
        with take_turn():
            return workbook(outcome_workbook(body, this_node().clock()), "outcome.xlsx")


def workbook(data: bytes, name: str) -> Response:
    """A workbook to be saved."""
    response = Response(data, content_type=XLSX)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return response


def _steps() -> tuple[Step, ...]:
    return steps_of(this_node().ledger.rules.shapes)
