"""`POST /labels`: labels as a file to print. The tokens are the asker's; nothing of the body is kept."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.events import ProblemBody
from ...schemas.api.labels import LabelPreviewBody, LabelsQuery
from ..door.bodies import JSON, BodyError, read_json
from ..door.rates import count_items
from ..node import this_node
from ..office.labels import PDF, PNG, SVG, ZIP, ZPL, Order, preview, print_order, read_order
from ..office.turns import take_turn
from ..problems import MEDIA_TYPE
from ..reading.access import require_reader
from .reading import BEARER, answer

blueprint = Blueprint("labels", __name__, description="Labels, to print.")

_FILE: Final = {"schema": {"type": "string", "format": "binary"}}
_FILES: Final = {
    "200": {
        "description": "A file; several pictures are a zip.",
        "content": dict.fromkeys((PDF, SVG, PNG, ZIP, ZPL), _FILE),
    }
}


def _takes(summary: str, **more: Any) -> Any:
    return blueprint.doc(
        **more,
        summary=summary,
        security=[{BEARER: []}],
        requestBody={"required": True, "content": {JSON: {"schema": LabelsQuery}}},
    )


def _refuses(view: Any) -> Any:
    for status, description in (
        (400, "Not such a body."),
        (401, "No good token."),
        (413, "Too many labels."),
        (415, "Not JSON."),
        (422, "A label that can't be made."),
        (503, "Others are being served; ask again."),
    ):
        view = blueprint.alt_response(
            status, schema=ProblemBody, content_type=MEDIA_TYPE, description=description
        )(view)
    return view


@blueprint.route("/labels")
class Labels(MethodView):
    """Where labels are printed."""

    @_takes("Labels as a file to print", responses=_FILES)
    @blueprint.response(200, description="A file; several pictures are a zip.")
    @_refuses
    def post(self) -> Response:
        """The node draws what the body says and forgets it: it keeps and logs no token, and looks nothing up.
        So a label of record is printed again only by who kept its token.
        """
        order = _order()
        count_items(len(order.labels) * 100)  # a label costs as much as a request
        with take_turn():
            made = print_order(order, this_node().clock())
        response = Response(made.data, 200, content_type=made.media_type)
        response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{made.name}"
        return response


@blueprint.route("/labels/preview")
class LabelsPreview(MethodView):
    """Where a label is looked at before it is printed."""

    @_takes("The first label as it will look")
    @blueprint.response(200, LabelPreviewBody, description="As SVG, with its reach.")
    @_refuses
    def post(self) -> Response:
        """The same body as for the file."""
        order = _order()
        if not order.labels:
            raise BodyError("labels: expected one to look at, got none", where="/labels")
        return answer(preview(order))


def _order() -> Order:
    require_reader()
    limits = this_node().limits
    return read_order(read_json(request, limits.json_bytes), limits.labels)
