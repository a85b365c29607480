"""`POST /heads`: where up to 10,000 chains end."""

from __future__ import annotations

import orjson
from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.events import ProblemBody
from ...schemas.api.heads import HeadsBody, HeadsQuery
from ..door.bodies import JSON, BodyError, BodyTooLargeError, media_type, parse_body_json, read_body
from ..door.rates import count_items
from ..node import this_node
from ..problems import MEDIA_TYPE
from ..reading.heads import read_heads

blueprint = Blueprint("heads", __name__, description="Where chains end, to sign on.")


@blueprint.route("/heads")
class Heads(MethodView):
    """Where many heads are asked for at once."""

    @blueprint.doc(
        summary="Where up to 10,000 chains end",
        requestBody={"required": True, "content": {JSON: {"schema": HeadsQuery}}},
    )
    @blueprint.response(200, HeadsBody, description="An answer for each code, in order.")
    @blueprint.alt_response(400, schema=ProblemBody, content_type=MEDIA_TYPE, description="Not such a body.")
    @blueprint.alt_response(413, schema=ProblemBody, content_type=MEDIA_TYPE, description="Too many codes.")
    @blueprint.alt_response(415, schema=ProblemBody, content_type=MEDIA_TYPE, description="Not JSON.")
    def post(self) -> Response:
        """A code that is none gets its own `problem` in its place; the others are answered."""
        node = this_node()
        media_type(request, JSON)
        value = parse_body_json(read_body(request, node.limits.heads_bytes))
        codes = value.get("codes")
        if set(value) != {"codes"} or not isinstance(codes, list):
            raise BodyError(
                'body: expected {"codes": ["…", …]}, '
                f"got members {', '.join(sorted(value))[:200] or 'none'}, or no list",
                where="body",
            )
        if len(codes) > node.limits.heads:
            raise BodyTooLargeError(
                f"codes: expected at most {node.limits.heads}, got {len(codes)}", where="/codes"
            )
        count_items(len(codes))
        with node.ledger.read() as connection:
            return Response(orjson.dumps({"heads": read_heads(connection, codes)}), content_type=JSON)
