"""`POST /explain`: why an event is refused, and what to sign in its place. Nothing is kept."""

from __future__ import annotations

import os
from typing import Any

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.events import EventBody, ProblemBody
from ...schemas.api.explain import ExplainQuery, ExplanationBody
from ...trace.ledger.explaining import explanation_object, next_moment
from ...trace.template import NONCE_BYTES
from ..door.bodies import JSON, BodyError, media_type, parse_body_json, read_body
from ..node import this_node
from ..problems import MEDIA_TYPE
from ..quoting import encode_json
from .events import JOSE, parse_submission

blueprint = Blueprint("explain", __name__, description="Why an event is refused.")


@blueprint.route("/explain")
class Explain(MethodView):
    """Where a refused event is explained."""

    @blueprint.doc(
        summary="Why an event is refused, and what to sign in its place",
        requestBody={
            "required": True,
            "content": {
                JOSE: {"schema": {"type": "string", "description": "The event as it was refused."}},
                JSON: {"schema": EventBody},
            },
        },
    )
    @blueprint.arguments(ExplainQuery, location="query")
    @blueprint.response(200, ExplanationBody, description="What the log answers to it now.")
    @blueprint.alt_response(400, schema=ProblemBody, content_type=MEDIA_TYPE, description="Not one event.")
    @blueprint.alt_response(413, schema=ProblemBody, content_type=MEDIA_TYPE, description="Too long.")
    @blueprint.alt_response(
        415, schema=ProblemBody, content_type=MEDIA_TYPE, description="Another media type."
    )
    def post(self, query: dict[str, Any]) -> Response:
        """Each reason with the rule, the place, expected and got, and the fix in your language; then the
        payload, mended as far as a machine can, on the head as it is now. What rests on the state of a chain
        is told of events that a registered key signed.
        """
        node = this_node()
        said = explanation_object(
            node.ledger,
            _read_event(node.limits.event_bytes),
            at=next_moment(node.ledger),
            nonce=os.urandom(NONCE_BYTES),
            language=query.get("language"),
        )
        return Response(encode_json(said), content_type=JSON)


def _read_event(limit: int) -> str:
    """The one event of the request, whatever its form.

    Raises:
        BodyError: No text, or several events.
    """
    kind = media_type(request, JOSE, JSON)
    data = read_body(request, limit)
    if kind == JSON:
        events = parse_submission(parse_body_json(data)).events
        if len(events) != 1:
            raise BodyError(f"body: expected one event, got {len(events)}", where="body")
        return events[0]
    try:
        return data.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        said = f"body: expected text in UTF-8, got other bytes from byte {error.start} on"
        raise BodyError(said, where="body") from None
