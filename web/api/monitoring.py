"""`GET /metrics`, where Prometheus looks for it."""

from __future__ import annotations

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from ..metrics import answer_metrics

blueprint = Blueprint("monitoring", __name__, description="For whoever keeps the node running.")


@blueprint.route("/metrics")
class Numbers(MethodView):
    """The node in numbers."""

    @blueprint.doc(summary="The node in numbers", description="In the text format of Prometheus.")
    @blueprint.response(200, {"type": "string"}, content_type="text/plain", description="The numbers.")
    def get(self) -> Response:
        return answer_metrics()
