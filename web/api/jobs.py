"""`GET /jobs/<id>`: how far a batch is that became a job, and the outcome of each of its lines."""

from __future__ import annotations

from typing import Any, Final

import orjson
from flask import Response, url_for
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.batch import JobBody, OutcomeBody
from ...schemas.api.events import ProblemBody
from ..batches.jobs import ENDED, Job
from ..door.bodies import JSON
from ..node import this_node
from ..problems import MEDIA_TYPE

_NDJSON: Final = "application/x-ndjson"

OUTCOME_EXAMPLE: Final[dict[str, Any]] = {
    "line": 1,
    "status": "accepted",
    "events": [{"id": "QvhZC-bAd8cu_Hlr2ZxFP0yvFBNRa5z0Wcl9k8C0Xts", "leaf_index": 1041}],
}
JOB_EXAMPLE: Final[dict[str, Any]] = {
    "id": "3qGZ0bIuV6m1nEo0c9Xk2A",
    "status": "done",
    "on_error": "continue",
    "lines": 25_000,
    "done": 25_000,
    "accepted": 24_998,
    "known": 0,
    "refused": 2,
    "skipped": 0,
    "result": "/api/v1/jobs/3qGZ0bIuV6m1nEo0c9Xk2A/result",
}

blueprint = Blueprint("jobs", __name__, description="Batches that are judged later.")


@blueprint.route("/jobs/<string:job_id>")
class JobState(MethodView):
    """How far a job is."""

    @blueprint.doc(summary="How far a job is", operationId="getJob")
    @blueprint.response(
        200, JobBody, description="As it stands; ask again while it is not done.", example=JOB_EXAMPLE
    )
    @blueprint.alt_response(404, schema=ProblemBody, content_type=MEDIA_TYPE, description="No such job.")
    def get(self, job_id: str) -> Response:
        """Whoever has the link may ask: it can't be guessed. A job is kept for 7 days after its end."""
        job = this_node().jobs.get(job_id)
        response = Response(orjson.dumps(job_object(job)), content_type=JSON)
        if job.status not in ENDED:
            response.headers["Retry-After"] = "1"
        return response


@blueprint.route("/jobs/<string:job_id>/result")
class JobResult(MethodView):
    """What became of its lines."""

    @blueprint.doc(summary="The outcomes of a job", operationId="getJobResult")
    @blueprint.response(
        200,
        OutcomeBody,
        content_type=_NDJSON,
        description="The outcome of each line, one a line, in order.",
        example=OUTCOME_EXAMPLE,
    )
    @blueprint.alt_response(404, schema=ProblemBody, content_type=MEDIA_TYPE, description="No such job.")
    @blueprint.alt_response(409, schema=ProblemBody, content_type=MEDIA_TYPE, description="Not done yet.")
    def get(self, job_id: str) -> Response:
        """As a batch is answered that needs no job."""
        jobs = this_node().jobs
        job = jobs.get(job_id)
        response = Response(jobs.result_of(job), content_type=_NDJSON)
        response.content_length = job.result_bytes
        return response


def job_object(job: Job) -> dict[str, Any]:
    """A job as the API tells it."""
    return {
        "id": job.id,
        "status": job.status,
        "on_error": job.on_error,
        "lines": job.lines,
        "done": job.done,
        "accepted": job.accepted,
        "known": job.known,
        "refused": job.refused,
        "skipped": job.skipped,
        "result": url_for("jobs.JobResult", job_id=job.id),
    }
