"""`GET /feed`: what concerns an organisation, to poll."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.events import ProblemBody
from ...schemas.api.notices import FeedBody, FeedQuery
from ..node import this_node
from ..notices.feed import format_cursor, parse_cursor, read_feed
from ..problems import MEDIA_TYPE
from ..reading.access import require_reader
from .reading import answer, told_as

blueprint = Blueprint("feed", __name__, description="What concerns the organisation that asks.")


@blueprint.route("/feed")
class FeedView(MethodView):
    """Where notices are asked for."""

    @blueprint.arguments(FeedQuery, location="query")
    @blueprint.alt_response(
        422, schema=ProblemBody, content_type=MEDIA_TYPE, description="`after` is no cursor of this log."
    )
    @told_as(
        blueprint,
        FeedBody,
        "Poll what concerns you",
        on_503="Nothing is signed yet.",
    )
    def get(self, query: dict[str, Any]) -> Response:
        """Notices of the events that concern the reader's organisation, in the order of the log.

        Keep `next` and ask with it again; a notice that comes twice has the same `leaf_index`.
        """
        node = this_node()
        who = require_reader()
        after = parse_cursor(query["after"], node.ledger.published().size) if "after" in query else 0
        limit: int = query.get("limit", node.limits.page)
        feed = read_feed(node.ledger, who.org, after, limit, node.clock())
        return answer(
            {
                "notices": feed.notices,
                "next": format_cursor(feed.next),
                "size": feed.size,
                "complete": feed.is_complete,
            }
        )
