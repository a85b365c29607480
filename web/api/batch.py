"""`POST /events/batch`: many events in one request, and the outcome of each line in order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from typing import Any, Final

import orjson
from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.batch import BatchParameters, JobBody, OutcomeBody
from ...schemas.api.events import ProblemBody
from ...trace.ledger.event_lines import parse_event_lines
from ...trace.ledger.sequence import OnError
from ..batches.batch import append_all, format_answers
from ..batches.idempotency import KEY_PARAMETER, read_key, request_digest
from ..batches.spool import Spool
from ..door.bodies import JSON, body_chunks, media_type
from ..door.rates import count_items
from ..door.senders import sender
from ..node import Node, keep_key, this_node
from ..problems import MEDIA_TYPE
from .jobs import JOB_EXAMPLE, OUTCOME_EXAMPLE, job_object

NDJSON: Final = "application/x-ndjson"
_PREFER: Final[dict[str, Any]] = {
    "in": "header",
    "name": "Prefer",
    "description": "`respond-async` makes it a job (RFC 7240).",
    "schema": {"type": "string"},
}

blueprint = Blueprint("batch", __name__, description="Signed events, many at a time.")


@blueprint.route("/events/batch")
class Batch(MethodView):
    """Where batches are posted."""

    @blueprint.doc(
        summary="Record many events",
        parameters=[KEY_PARAMETER, _PREFER],
        requestBody={
            "required": True,
            "content": {
                NDJSON: {
                    "schema": {
                        "type": "string",
                        "description": "A line is a compact JWS, JWS~disclosure~…~, "
                        '{"event": "<JWS>"}, or {"events": ["<JWS>", …]} for a group.',
                    }
                }
            },
        },
        responses={
            202: {
                "links": {
                    "job": {"operationId": "getJob", "parameters": {"job_id": "$response.body#/id"}},
                    "result": {"operationId": "getJobResult", "parameters": {"job_id": "$response.body#/id"}},
                }
            }
        },
    )
    @blueprint.arguments(BatchParameters, location="query")
    @blueprint.response(
        200,
        OutcomeBody,
        content_type=NDJSON,
        description="The outcome of each line, one a line, in order.",
        example=OUTCOME_EXAMPLE,
    )
    @blueprint.alt_response(
        202,
        schema=JobBody,
        description="It is a job now; `Location` says how it goes.",
        headers={"Location": {"schema": {"type": "string"}, "description": "Of the job."}},
        example=JOB_EXAMPLE | {"status": "waiting", "done": 0, "accepted": 0, "refused": 0},
    )
    @blueprint.alt_response(400, schema=ProblemBody, content_type=MEDIA_TYPE, description="Not read.")
    @blueprint.alt_response(413, schema=ProblemBody, content_type=MEDIA_TYPE, description="Too large.")
    @blueprint.alt_response(415, schema=ProblemBody, content_type=MEDIA_TYPE, description="Not NDJSON.")
    @blueprint.alt_response(
        422, schema=ProblemBody, content_type=MEDIA_TYPE, description="The key was used for another request."
    )
    @blueprint.alt_response(503, schema=ProblemBody, content_type=MEDIA_TYPE, description="Busy or stopped.")
    @blueprint.alt_response(507, schema=ProblemBody, content_type=MEDIA_TYPE, description="Disk nearly full.")
    def post(self, parameters: dict[str, Any]) -> Response:
        """The body is read whole before anything of it is recorded. Then its lines are appended a thousand at
        a time, and answered as they are recorded.

        An answer with fewer lines than the body was cut: send the same bytes again.
        """
        node = this_node()
        media_type(request, NDJSON)
        key = read_key(request)
        on_error: OnError = parameters["on_error"]
        wants_job = _prefers_job()
        limits = node.limits
        node.check_room()
        with ExitStack() as held:
            spool = Spool(node.jobs.folder)
            held.callback(spool.close)
            # All or nothing is one append, so it can't be larger than a batch that is answered at once.
            whole = on_error == "rollback"
            pieces = body_chunks(request, limits.batch_bytes if whole else limits.job_bytes)
            spool.take(pieces, limits, node.check_spare, whole=whole)
            count_items(min(spool.lines, limits.batch_lines))
            digest = request_digest(request.path, f"on_error={on_error}", spool.sha256)
            if wants_job or not spool.is_batch(limits):
                job = node.jobs.create(spool, on_error, sender=sender(), key=key, request=digest)
                node.runner.wake()
                body = job_object(job)
                headers = {"Location": body["result"].removesuffix("/result"), "Retry-After": "1"}
                if wants_job:
                    headers["Preference-Applied"] = "respond-async"
                return Response(orjson.dumps(body), 202, headers, content_type=JSON)
            if key is not None:
                keep_key(node, key, digest, sender())
            held.enter_context(node.take_batch())
            return _answer(node, spool, on_error, held)


def _answer(node: Node, spool: Spool, on_error: OnError, held: ExitStack) -> Response:
    """Append and answer.

    Args:
        held: What is to be let go of when the last line was sent, or the client went away.
    """
    lines = parse_event_lines("", spool.file, limit=node.limits.line_bytes)
    answers = append_all(node.ledger, lines, on_error, node.check_room)
    # While nothing was sent, what stops the ledger still has a status of its own.
    first = next(answers)
    held = held.pop_all()
    response = Response(_sent(chain((first,), answers), held), 200, content_type=NDJSON)
    response.call_on_close(held.close)
    return response


def _sent(answers: Iterator[Any], held: ExitStack) -> Iterator[bytes]:
    with held:
        yield from map(format_answers, answers)


def _prefers_job() -> bool:
    """RFC 7240: preferences separated by commas, each perhaps with parameters."""
    said = ",".join(request.headers.getlist("Prefer"))
    return "respond-async" in {each.partition(";")[0].strip().lower() for each in said.split(",")}
