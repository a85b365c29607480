"""`GET /events/<id>`: an event of the log, and its receipt, for whoever sees it."""

from __future__ import annotations

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.events import ReceiptBody
from ...schemas.api.reading import EventShownBody
from ...trace.ledger.sequence import Outcome, Placed
from ...trace.ledger.writer import Answer
from ..reading.shown import find_event, load_disclosures, refuse_unseen, shown_event
from .events import receipt_object
from .reading import Asked, answer, told_as

blueprint = Blueprint("event reads", __name__, description="Recorded events, for those whom they concern.")

_ABSENT = "No event of this id is in the log."
_UNSEEN = "The reader has no part in the subject of the event."


@blueprint.route("/events/<event_id>")
class Event(MethodView):
    """Where an event is read."""

    @told_as(blueprint, EventShownBody, "Read an event", on_403=_UNSEEN, on_404=_ABSENT)
    def get(self, event_id: str) -> Response:
        """The JWS as it was signed, its place in the log, and of what it withholds what is yours."""
        asked = Asked()
        found = find_event(asked.ledger, event_id, asked.chain)
        view = asked.view(found.subject)
        if not view.sees(found.told):
            refuse_unseen(view, "event")
        kept = load_disclosures(asked.ledger, [found.told])
        shown = shown_event(found.told, view, kept)
        return answer({"subject": found.subject.text, "tier": view.tier.value, **shown})


@blueprint.route("/events/<event_id>/receipt")
class EventReceipt(MethodView):
    """Where its receipt is fetched again."""

    @told_as(
        blueprint,
        ReceiptBody,
        "Fetch the receipt of an event again",
        on_403=_UNSEEN,
        on_404=_ABSENT,
        on_503="It is recorded, but no checkpoint covers it yet.",
    )
    def get(self, event_id: str) -> Response:
        """The proof against the newest checkpoint. It holds the event, so it is for whoever sees that."""
        asked = Asked()
        found = find_event(asked.ledger, event_id, asked.chain)
        view = asked.view(found.subject)
        if not view.sees(found.told):
            refuse_unseen(view, "receipt")
        placed = Placed(found.told.event.id, found.told.leaf_index)
        receipt = asked.ledger.receipt(placed.event_id)
        return answer(receipt_object(Answer(Outcome("known", (placed,)), receipt)))
