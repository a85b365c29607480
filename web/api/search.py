"""`GET /batteries`: those that one holds, held or is offered, or that are in an authority's region."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final, cast

import orjson
from flask import Flask, Response, current_app
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.events import ProblemBody
from ...schemas.api.search import FoundPageBody, SearchQuery
from ...trace.codes.party import parse_party
from ...trace.codes.region import parse_region
from ...trace.codes.subjects import parse_subject
from ...trace.lifecycle.custody import holder_of
from ...trace.lifecycle.state import Battery
from ...trace.lifecycle.words import NOBODY, NONE
from ...trace.read_token import Reader
from ...trace.times import format_log_time, parse_time
from ..node import Node, this_node
from ..problems import MEDIA_TYPE
from ..reading.access import require_reader
from ..reading.search_index import CATCH_UP, Filters, SearchBehindError, SearchIndex, region_now
from ..reading.tiers import Tier
from .organisations import page_tokens
from .reading import BEARER, Asked, answer

_INDEX: Final = "packtrace-search"
_LOOKED_AT: Final = 5  # times as many batteries as fit a page, before a page is given that is not full

blueprint = Blueprint("search", __name__, description="Batteries, searched.")


def install_search(app: Flask, node: Node) -> SearchIndex:
    """Make known what proposes the batteries of an answer."""
    index = app.extensions[_INDEX] = SearchIndex(node.store, node.ledger)
    return index


def search_index(app: Flask) -> SearchIndex:
    """What proposes the batteries of an answer."""
    return cast(SearchIndex, app.extensions[_INDEX])


@blueprint.route("/batteries")
class Search(MethodView):
    """Where batteries are searched."""

    @blueprint.doc(summary="Search batteries", security=[{BEARER: []}])
    @blueprint.arguments(SearchQuery, location="query")
    @blueprint.response(200, FoundPageBody, description="A page, in the order of the subjects.")
    @blueprint.alt_response(
        400, schema=ProblemBody, content_type=MEDIA_TYPE, description="Not a token of this query."
    )
    @blueprint.alt_response(401, schema=ProblemBody, content_type=MEDIA_TYPE, description="No good token.")
    @blueprint.alt_response(422, schema=ProblemBody, content_type=MEDIA_TYPE, description="A wrong filter.")
    @blueprint.alt_response(
        503, schema=ProblemBody, content_type=MEDIA_TYPE, description="The index is still being made."
    )
    def get(self, query: dict[str, Any]) -> Response:
        """What you hold, held, signed for or are offered; of an authority, also what is or was in its region.
        A page may be short, or empty: only where `next` is missing there is no more.
        """
        who = require_reader()
        filters = _filters(query)
        limit: int = query.get("limit", this_node().limits.page)
        sealed = orjson.dumps([who.org, asdict(filters)], default=str).decode()
        after = page_tokens().open(sealed, query["page"]) if "page" in query else ""
        index = search_index(current_app)
        if not index.bring_up(CATCH_UP):
            raise SearchBehindError("index: expected one of the whole log, got one that is still being made")
        found, last = _find(Asked(), who, index, filters, after, limit)
        body: dict[str, Any] = {"batteries": found}
        if last:
            body["next"] = page_tokens().seal(sealed, last)
        return answer(body)


def _find(
    asked: Asked, who: Reader, index: SearchIndex, filters: Filters, after: str, limit: int
) -> tuple[list[dict[str, Any]], str]:
    """The batteries of a page, and after which the next one begins; empty where there is no more."""
    regions = [parse_region(region) for region in who.regions]
    found: list[dict[str, Any]] = []
    for _ in range(_LOOKED_AT):
        proposed = index.propose(filters, who.org, regions, after, limit + 1)
        for subject in proposed[:limit]:
            row = _row(asked, subject, filters)
            if row:
                found.append(row)
            after = subject
            if len(found) == limit:
                more = subject != proposed[-1]
                return found, after if more else ""
        if len(proposed) <= limit:
            return found, ""
    return found, after


def _row(asked: Asked, subject: str, filters: Filters) -> dict[str, Any] | None:
    """A battery as the ledger has it, if it matches and the reader may find it."""
    named = parse_subject(subject)
    chain = asked.chain(subject) if named.kind == "battery" else []
    battery = chain[-1].after if chain else None
    if not isinstance(battery, Battery):
        return None
    view = asked.view(named)
    if view.tier in (Tier.STRANGER, Tier.ENROLLED):
        return None
    sees_the_end = view.sees(chain[-1])
    if filters.asks_for_more_than_the_stage and not sees_the_end:
        return None
    holder, region, changed = (
        holder_of(asked.world, battery),
        region_now(asked.world, battery),
        chain[-1].recorded_at,
    )
    if not (
        filters.stage in (None, battery.stage)
        and filters.custodian in (None, holder)
        and filters.batch in (None, battery.facts.batch)
        and (filters.region is None or (region and filters.region.covers(parse_region(region))))
        and (filters.since is None or filters.since <= changed)
        and (filters.until is None or changed < filters.until)
    ):
        return None
    event = chain[-1].event
    row = {
        "battery": subject,
        "tier": view.tier.value,
        "stage": battery.stage,
        "custodian": holder,
        "seq": event.seq,
        "head": event.id,
    }
    if sees_the_end:
        row |= {
            "region": region or None,
            "batch": battery.facts.batch or None,
            "changed_at": format_log_time(changed),
        }
    return row


def _filters(query: dict[str, Any]) -> Filters:
    """Raises:
    RefusedError: A filter that is none.
    """
    return Filters(
        query.get("stage"),
        _custodian(query["custodian"]) if "custodian" in query else None,
        parse_region(query["region"]) if "region" in query else None,
        parse_subject(query["batch"]).text if "batch" in query else None,
        parse_time(query["changed_after"], "changed_after") if "changed_after" in query else None,
        parse_time(query["changed_before"], "changed_before") if "changed_before" in query else None,
    )


def _custodian(text: str) -> str:
    return text if text in (NOBODY, NONE) else f"org:{parse_party(text.removeprefix('org:'))}"
