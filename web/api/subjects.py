"""`GET /subjects/<subject>`: any subject of the log by its text, and its events."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.reading import EventsBody, PageQuery, SubjectBody
from ...trace.codes.subjects import parse_subject
from ..reading.shown import parse_with_tail
from .reading import answer_events, answer_subject, told_as

blueprint = Blueprint(
    "subjects", __name__, description="Batteries, vehicles, consignments, batches, lots, models, notes …"
)

_ABSENT = "The log says nothing of this subject."
_NO_SUBJECT = "Not the text of a subject."


@blueprint.route("/subjects/<path:subject>")
class ASubject(MethodView):
    """Where a subject is looked up."""

    @told_as(blueprint, SubjectBody, "Look a subject up", on_404=_ABSENT, on_422=_NO_SUBJECT)
    def get(self, subject: str) -> Response:
        """Where its chain ends is public; what is true of it is for whom it concerns."""
        return answer_subject(parse_subject(subject))


@blueprint.route("/subjects/<path:subject>/events")
class SubjectEvents(MethodView):
    """Where its history is read."""

    @told_as(
        blueprint,
        EventsBody,
        "Read the events of a subject",
        on_400="A page token of another answer.",
        on_403="The reader has no part in it.",
        on_404=_ABSENT,
        on_422=f"{_NO_SUBJECT} Or a limit that is none.",
    )
    @blueprint.arguments(PageQuery, location="query")
    def get(self, query: dict[str, Any], subject: str) -> Response:
        """In the order of the chain, as far as they concern you."""
        named, is_name = parse_with_tail(subject, "events")
        return answer_subject(named) if is_name else answer_events(named, query)
