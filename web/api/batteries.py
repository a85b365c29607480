"""`GET /batteries/<code>`: the passport that everybody sees, more for whom it concerns, and the events."""

from __future__ import annotations

import io
from typing import Any, Final

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.events import ProblemBody
from ...schemas.api.reading import EventsBody, PageQuery, SubjectBody
from ...trace.bundle.output import write_zip
from ...trace.bundle.write import battery_files
from ...trace.codes.subjects import Subject
from ...trace.ledger.bundle_source import LedgerSource
from ...trace.ledger.errors import ReceiptPendingError
from ..door.rates import count_items
from ..node import this_node
from ..problems import MEDIA_TYPE
from ..reading.part import SeenLog
from ..reading.shown import parse_battery_name, parse_with_tail, refuse_unseen
from .reading import SECURITY, Asked, answer_events, answer_subject, told_as

blueprint = Blueprint("batteries", __name__, description="Batteries, by code or subject.")

_ABSENT = "The log says nothing of this battery."
_NO_CODE = "Neither a battery code nor the subject of a battery."

ZIP: Final = "application/zip"
_ENTRY_COSTS: Final = 20  # events that are read: each entry of a bundle is judged, and proven
_FILE: Final[dict[str, Any]] = {"type": "string", "format": "binary"}


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


@blueprint.route("/batteries/<path:code>/bundle")
class BatteryBundle(MethodView):
    """Where its part of the log is taken away, to be verified elsewhere."""

    @blueprint.doc(summary="Take away what verifying a battery needs", security=SECURITY)
    @blueprint.response(200, _FILE, content_type=ZIP, description="A zip that `packtrace verify` takes.")
    @blueprint.alt_response(401, schema=ProblemBody, content_type=MEDIA_TYPE, description="Show a token.")
    @blueprint.alt_response(403, schema=ProblemBody, content_type=MEDIA_TYPE, description="It is not yours.")
    @blueprint.alt_response(404, schema=ProblemBody, content_type=MEDIA_TYPE, description=_ABSENT)
    @blueprint.alt_response(422, schema=ProblemBody, content_type=MEDIA_TYPE, description=_NO_CODE)
    @blueprint.alt_response(503, schema=ProblemBody, content_type=MEDIA_TYPE, description="None signed.")
    def get(self, code: str) -> Response:
        """A bundle of one battery: the events that you see, and of what they rest on as much as you see."""
        subject, is_name = parse_with_tail(code, "bundle", parse_battery_name)
        return answer_subject(subject) if is_name else _answer_bundle(subject)


def _answer_bundle(subject: Subject) -> Response:
    asked, node = Asked(), this_node()
    chain = asked.known_chain(subject)
    view = asked.view(subject)
    seen = [told for told in chain if view.sees(told)]
    if not seen:
        refuse_unseen(view, f"bundle of {subject.text}")
    if seen[0].leaf_index >= node.ledger.published().size:
        raise ReceiptPendingError("bundle: expected a checkpoint that covers the battery, got none yet")
    files, entries = battery_files(
        SeenLog(LedgerSource(node.ledger), asked.chain, asked.view),
        subject=subject.text,
        rules=node.ledger.book.installed,
        vkeys=node.home.load_vkeys(),
        adopted=node.ledger.adopted(),
    )
    count_items(_ENTRY_COSTS * len(entries))
    packed = io.BytesIO()
    write_zip(packed, files)
    response = Response(packed.getvalue(), content_type=ZIP)
    name = subject.text.rpartition(":")[2]
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.zip")
    response.headers["Vary"] = "Authorization"
    response.headers["Cache-Control"] = "no-store"
    return response
