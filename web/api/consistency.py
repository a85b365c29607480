"""`GET /consistency`: that the log only ever grew."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.events import ProblemBody
from ...schemas.api.log import ConsistencyBody, ConsistencyQuery
from ...signing.std_base64 import format_base64
from ..door.bodies import JSON
from ..node import this_node
from ..problems import MEDIA_TYPE

blueprint = Blueprint("consistency", __name__, description="Proofs about the log as a whole.")


@blueprint.route("/consistency")
class Consistency(MethodView):
    """Where proofs of consistency are asked for."""

    @blueprint.doc(
        summary="Prove that the log of one size begins with the log of another",
        description="Check it against roots that you have: that of `from` from your own checkpoint, that of "
        "`to` from the checkpoint in the answer or another one. Never cached.",
    )
    @blueprint.arguments(ConsistencyQuery, location="query")
    @blueprint.response(200, ConsistencyBody, description="The proof, and the newest checkpoint.")
    @blueprint.alt_response(
        404, schema=ProblemBody, content_type=MEDIA_TYPE, description="No checkpoint covers that size."
    )
    @blueprint.alt_response(
        422, schema=ProblemBody, content_type=MEDIA_TYPE, description="`from` is above `to`, or not from 1."
    )
    @blueprint.alt_response(503, schema=ProblemBody, content_type=MEDIA_TYPE, description="None yet.")
    def get(self, query: dict[str, Any]) -> Response:
        ledger = this_node().ledger
        old: int = query["from_"]
        new: int = query.get("to", ledger.published().size)
        hashes, registered = ledger.prove_consistency(old, new)
        body = {
            "from": old,
            "to": new,
            "hashes": [format_base64(each) for each in hashes],
            "checkpoint": registered.note.decode("utf-8"),
        }
        return Response(orjson.dumps(body), content_type=JSON)
