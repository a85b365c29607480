"""`/parked`: records that came too late for their place, among the devices of one organisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from flask import Flask, Response, current_app, request
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError

from ...schemas.api.events import ProblemBody
from ...schemas.api.parked import ParkedBody, ParkedNewBody, ParkedPageBody, TakeBody
from ...schemas.api.reading import PageQuery
from ...trace.errors import RefusedError
from ...trace.ledger.door import Submission, check_arrival, read_submission
from ...trace.ledger.stored import StoredWorld
from ...trace.read_token import Reader
from ...trace.times import format_log_time
from ..door.bodies import JSON, BodyError, read_json
from ..node import Node, this_node
from ..parked.store import Parked, ParkedRecords
from ..problems import MEDIA_TYPE
from ..reading.access import NotPermittedError, require_reader, require_signer
from .organisations import page_tokens
from .reading import BEARER, answer, told_as

_PARKED: Final = "packtrace-parked"
_UNKNOWN: Final = "The organisation has parked no such record."
_USE: Final = "The key of the token may only read, or the record is another organisation's."
_ROOM: Final = 4 << 10  # bytes of a body beside the events

blueprint = Blueprint("parked", __name__, description="Records that came too late for their place.")


def install_parked(app: Flask, node: Node) -> None:
    """Make known what keeps parked records."""

    def in_log(ids: Sequence[str]) -> set[str]:
        world = node.ledger.world()
        return set(world.known(ids)) if isinstance(world, StoredWorld) else set()

    app.extensions[_PARKED] = ParkedRecords(node.store, node.clock, in_log)


def _records() -> ParkedRecords:
    return cast(ParkedRecords, current_app.extensions[_PARKED])


def _takes(body: type[Schema], summary: str) -> Any:
    content = {JSON: {"schema": body}}
    return blueprint.doc(
        summary=summary, security=[{BEARER: []}], requestBody={"required": True, "content": content}
    )


def _refuses(status: int, description: str) -> Any:
    return blueprint.alt_response(
        status, schema=ProblemBody, content_type=MEDIA_TYPE, description=description
    )


@blueprint.route("/parked")
class ParkedRecordsView(MethodView):
    """All of an organisation."""

    @_takes(ParkedNewBody, "Share a record that came too late")
    @blueprint.response(201, ParkedBody, description="Parked.")
    @blueprint.alt_response(200, schema=ParkedBody, description="It was there; it is as it was.")
    @_refuses(400, "Not such a body.")
    @_refuses(401, "No good token.")
    @_refuses(403, _USE)
    @_refuses(409, "The organisation has parked as much as one may.")
    @_refuses(422, "No record that the door of the log would read, or not signed by the organisation.")
    def post(self) -> Response:
        """What was signed stays as it was. Any device of the organisation may sign the same again, with its
        original `occurred_at`, at the place where the chain ends by then.
        """
        node, who = this_node(), require_signer()
        said = _body(node, ParkedNewBody(), node.limits.event_bytes)
        node.check_room()
        event_id = _check_own(node, who, said["events"])
        records = _records()
        parked, is_new = records.add(who.org, who.kid, event_id, said["events"], said["code"], said["detail"])
        response = answer(parked_object(parked))
        response.status_code = 201 if is_new else 200
        response.headers["Location"] = f"{request.path}/{parked.id}"
        return response

    @told_as(blueprint, ParkedPageBody, "List your parked records", on_400="Not a token of your list.")
    @blueprint.arguments(PageQuery, location="query")
    def get(self, query: dict[str, Any]) -> Response:
        """Your organisation's own, from every device; also what was settled within the last 30 days."""
        who = require_reader()
        name = f"parked of {who.org}"
        after = page_tokens().open(name, query["page"]) if "page" in query else ""
        limit: int = query.get("limit", this_node().limits.page)
        found = _records().of(who.org, after, limit + 1)
        body: dict[str, Any] = {"parked": [parked_object(each) for each in found[:limit]]}
        if len(found) > limit:
            body["next"] = page_tokens().seal(name, found[limit - 1].id)
        return answer(body)


@blueprint.route("/parked/<parked_id>")
class ParkedRecordView(MethodView):
    """One of them."""

    @blueprint.doc(summary="Let a parked record go", security=[{BEARER: []}])
    @blueprint.response(204, description="Nobody is asked to sign it again.")
    @_refuses(401, "No good token.")
    @_refuses(403, _USE)
    @_refuses(404, _UNKNOWN)
    def delete(self, parked_id: str) -> Response:
        """Because what it says is recorded otherwise, or is not to be. The device that signed it keeps it."""
        _records().delete(require_signer().org, parked_id)
        return Response(status=204)


@blueprint.route("/parked/<parked_id>/take")
class ParkedTake(MethodView):
    """Taking one to sign it again."""

    @_takes(TakeBody, "Take a parked record to sign it again")
    @blueprint.response(200, ParkedBody, description="It is yours for an hour.")
    @_refuses(400, "Not such a body.")
    @_refuses(401, "No good token.")
    @_refuses(403, _USE)
    @_refuses(404, _UNKNOWN)
    @_refuses(409, "Another device took it within the hour, or it is settled.")
    def post(self, parked_id: str) -> Response:
        """Name the events that you signed in its place before you submit them, so that no other device does
        the same. Once the last of them is in the log, the record is settled and its text removed here.
        """
        node, who = this_node(), require_signer()
        said = _body(node, TakeBody(), node.limits.json_bytes)
        return answer(parked_object(_records().take(who.org, who.kid, parked_id, said["as_"])))


def parked_object(parked: Parked) -> dict[str, Any]:
    """A parked record as the API tells it."""
    taken = None
    if parked.taken_at:
        at = format_log_time(parked.taken_at)
        taken = {"kid": parked.taken_kid, "at": at, "as": list(parked.taken_as)}
    return {
        "id": parked.id,
        "events": list(parked.events),
        "kid": parked.kid,
        "code": parked.code,
        "detail": parked.detail,
        "parked_at": format_log_time(parked.parked_at),
        "settled": parked.settled,
        "taken": taken,
    }


def _check_own(node: Node, who: Reader, events: Sequence[str]) -> str:
    """The record is one that the log could have taken, signed by whose token it is; the id of its last event.

    Raises:
        RefusedError: It is not.
        NotPermittedError: It is another organisation's.
    """
    world = node.ledger.world()
    arrivals = read_submission(Submission(tuple(events)), node.ledger.rules, node.ledger.origin)
    for arrival in arrivals:
        event = arrival.event
        if event.iss != who.org:
            raise NotPermittedError(f"iss: expected {who.org}, got {event.iss}", where="events")
        signer = world.signer(event.jws.kid)
        if signer is None or signer.key.org != who.org or signer.revoked:
            raise RefusedError(
                f"kid: expected a key of {who.org} that is in force, got another",
                code="KEY_UNKNOWN",
                where="events",
            )
        check_arrival(arrival, signer.key.public)
    return arrivals[-1].event.id


def _body(node: Node, shape: Schema, most: int) -> dict[str, Any]:
    """Raises:
    BodyError: Not a body of this shape.
    """
    try:
        said: dict[str, Any] = shape.load(read_json(request, most + _ROOM))
    except ValidationError as error:
        name, why = next(iter(error.messages_dict.items()))
        raise BodyError(
            f"body: expected {type(shape).__name__}, got {name}: {why}"[:400], where="body"
        ) from None
    return said
