"""`GET /filing`: what an organisation files with the national platform, as a workbook."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.events import ProblemBody
from ...schemas.api.filing import FilingQuery
from ...trace.filing.gathering import gather
from ...trace.filing.workbook import filing_workbook
from ..door.rates import count_items
from ..node import this_node
from ..office.turns import take_turn
from ..problems import MEDIA_TYPE
from ..reading.access import require_reader
from .reading import BEARER
from .rows import XLSX, workbook

_COST: Final = 5_000  # items: as much as fifty requests

blueprint = Blueprint("filing", __name__, description="What is filed elsewhere.")


@blueprint.route("/filing")
class FilingView(MethodView):
    """Where a filing is had."""

    @blueprint.doc(summary="A filing for the national platform", security=[{BEARER: []}])
    @blueprint.arguments(FilingQuery, location="query")
    @blueprint.response(
        200, {"type": "string", "format": "binary"}, content_type=XLSX, description="A sheet for each table."
    )
    @blueprint.alt_response(401, schema=ProblemBody, content_type=MEDIA_TYPE, description="No good token.")
    @blueprint.alt_response(422, schema=ProblemBody, content_type=MEDIA_TYPE, description="No such time.")
    @blueprint.alt_response(503, schema=ProblemBody, content_type=MEDIA_TYPE, description="Ask again.")
    def get(self, query: dict[str, Any]) -> Response:
        """What you recorded in a time, and hold now. The platform's table of fields is not public: the
        columns are unconfirmed, and every sheet says so.
        """
        who, node = require_reader(), this_node()
        since: date = query["since"]
        until: date = query["until"]
        count_items(_COST)
        with take_turn():
            data = filing_workbook(gather(node.ledger, who.org, since, until), node.clock())
        response = workbook(data, f"filing-{since}-{until}.xlsx")
        response.headers["Vary"] = "Authorization"
        return response
