"""`POST /events`: one event, or a group that stands or falls together, and its receipt."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import orjson
from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.events import EventBody, ProblemBody, ReceiptBody
from ...trace.ledger.door import Submission
from ...trace.ledger.writer import Answer
from ...trace.statement import parse_entry
from ...trace.times import format_log_time
from ..batches.idempotency import KEY_PARAMETER, read_key, request_digest
from ..door.bodies import JSON, BodyError, media_type, parse_body_json, read_body
from ..door.senders import sender
from ..node import keep_key, this_node

JOSE: Final = "application/jose"
"""RFC 7515, 9.2.1: a JWS in compact serialisation; here with its disclosures behind it, if it has any."""

blueprint = Blueprint("events", __name__, description="Signed events, one at a time.")


@blueprint.route("/events")
class Events(MethodView):
    """Where events are posted."""

    @blueprint.doc(
        summary="Record one event, or a group",
        parameters=[KEY_PARAMETER],
        requestBody={
            "required": True,
            "content": {
                JOSE: {"schema": {"type": "string", "description": "A compact JWS, or JWS~disclosure~…~"}},
                JSON: {"schema": EventBody},
            },
        },
    )
    @blueprint.response(201, ReceiptBody, description="Recorded, and in a signed checkpoint.")
    @blueprint.alt_response(200, schema=ReceiptBody, description="The same event was recorded before.")
    @blueprint.alt_response(
        409, schema=ProblemBody, description="Another event stands at this place of the chain; with its head."
    )
    @blueprint.alt_response(422, schema=ProblemBody, description="Refused, with every reason.")
    def post(self) -> Response:
        """Sign on the head of the chain that you last saw. The same bytes again get
        the same receipt.

        An answer without a receipt says nothing: send the same bytes again.
        """
        node = this_node()
        key = read_key(request)
        kind = media_type(request, JOSE, JSON)
        data = read_body(request, node.limits.event_bytes)
        submission = read_submission(kind, data)
        if key is not None:
            node.check_room()  # before a byte is written
            digest = request_digest(request.path, "", hashlib.sha256(data).digest())
            keep_key(node, key, digest, sender())
        answer = node.submit(submission)
        if answer.outcome.error is not None:
            raise answer.outcome.error
        body = receipt_object(answer)
        status = 201 if answer.outcome.status == "accepted" else 200
        response = Response(orjson.dumps(body), status, content_type=JSON)
        response.headers["Location"] = f"{request.path}/{body['id']}"
        return response


def read_submission(kind: str, data: bytes) -> Submission:
    """What a request to record one event carries.

    Args:
        kind: Media type of the body.
        data: The body, unpacked.

    Raises:
        BodyError: Neither a JWS nor an object that holds some.
    """
    if kind == JOSE:
        try:
            return Submission((data.decode("ascii").strip(),))
        except UnicodeDecodeError as error:
            raise BodyError(
                f"body: expected a JWS in ASCII, got byte 0x{data[error.start]:02x} at byte {error.start}",
                where="body",
            ) from None
    return parse_submission(parse_body_json(data))


def parse_submission(value: dict[str, Any]) -> Submission:
    """A submission from ``{"event", "disclosures"}``, or from ``{"events"}`` for a group.

    Raises:
        BodyError: Other members, or values of another kind.
    """
    names = set(value)
    if "event" in names and names <= {"event", "disclosures"}:
        disclosures = value.get("disclosures", [])
        if isinstance(value["event"], str) and _are_texts(disclosures):
            return Submission(
                ("~".join([value["event"], *disclosures, ""]) if disclosures else value["event"],)
            )
    elif names == {"events"} and value["events"] and _are_texts(value["events"]):
        return Submission(tuple(value["events"]))
    raise BodyError(
        'body: expected {"event": "<JWS>", "disclosures": ["…"]} or {"events": ["<JWS>", …]}, '
        f"got members {', '.join(sorted(names))[:200] or 'none'}, or values of another kind",
        where="body",
    )


def receipt_object(answer: Answer) -> dict[str, Any]:
    """The receipt of a submission: of its last event, which for a group covers all before it."""
    assert answer.receipt is not None, "an accepted or known event has a receipt"  # noqa: S101
    receipt = answer.receipt
    _, recorded_at = parse_entry(receipt.entry)
    return {
        "status": answer.outcome.status,
        "id": receipt.id,
        "leaf_index": receipt.leaf_index,
        "recorded_at": format_log_time(recorded_at),
        "checkpoint": receipt.checkpoint.decode("utf-8"),
        "entry": receipt.entry.decode("ascii"),
        "proof": receipt.proof.decode("utf-8"),
        "events": [
            {"id": placed.event_id, "leaf_index": placed.leaf_index} for placed in answer.outcome.events
        ],
    }


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
