"""`GET /batteries/<code>`: the passport that everybody sees, more for whom it concerns, and the events."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.reading import EventsBody, PageQuery, SubjectBody
from ..reading.shown import parse_battery_name, parse_with_tail
from .reading import answer_events, answer_subject, told_as

blueprint = Blueprint("batteries", __name__, description="Batteries, by code or subject.")

_ABSENT = "The log says nothing of this battery."
_NO_CODE = "Neither a battery code nor the subject of a battery."


@blueprint.route("/batteries/<path:code>")
class Battery(MethodView):
    """Where a battery is looked up."""

    @told_as(blueprint, SubjectBody, "Look a battery up", on_404=_ABSENT, on_422=_NO_CODE)
    def get(self, code: str) -> Response:
        """By its code as scanned, or by its subject (`battery:…`). Strangers see its passport."""
        return answer_subject(parse_battery_name(code))


@blueprint.route("/batteries/<path:code>/events")
class BatteryEvents(MethodView):
    """Where its history is read."""

    @told_as(
        blueprint,
        EventsBody,
        "Read the events of a battery",
        on_400="A page token of another answer.",
        on_403="The reader has no part in it.",
        on_404=_ABSENT,
        on_422=f"{_NO_CODE} Or a limit that is none.",
    )
    @blueprint.arguments(PageQuery, location="query")
    def get(self, query: dict[str, Any], code: str) -> Response:
        """In the order of the chain, as far as they concern you."""
        subject, is_name = parse_with_tail(code, "events", parse_battery_name)
        return answer_subject(subject) if is_name else answer_events(subject, query)
