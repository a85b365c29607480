"""`GET /yard`: what a device of an organisation takes along to where there is no network."""

from __future__ import annotations

from typing import Any, Final, cast

from flask import Flask, Response, current_app
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.events import ProblemBody
from ...schemas.api.reading import PageQuery
from ...schemas.api.yard import YardBody
from ...trace.codes.subjects import parse_subject
from ...trace.history import Told
from ...trace.lifecycle.conditions.case import org_of
from ...trace.lifecycle.state import Batch, Battery, Consignment, Lot, State
from ...trace.times import format_log_time
from ..node import Node, this_node
from ..problems import MEDIA_TYPE
from ..reading.access import require_reader
from ..reading.passport import log_object, subject_object
from ..reading.registry import organisation_object
from ..reading.search_index import CATCH_UP, SearchBehindError
from ..reading.yard_index import YardIndex
from .organisations import page_tokens
from .reading import BEARER, Asked, answer

_INDEX: Final = "packtrace-yard"

blueprint = Blueprint("yard api", __name__, description="What an organisation has to deal with.")


def install_yard(app: Flask, node: Node) -> YardIndex:
    """Make known what proposes the lines of a yard."""
    index = app.extensions[_INDEX] = YardIndex(node.store, node.ledger)
    return index


def yard_index(app: Flask) -> YardIndex:
    """What proposes the lines of a yard."""
    return cast(YardIndex, app.extensions[_INDEX])


@blueprint.route("/yard")
class Yard(MethodView):
    """Where a yard is read."""

    @blueprint.doc(summary="What you hold, are offered, own or have on the road", security=[{BEARER: []}])
    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, YardBody, description="A page, in the order of the subjects.")
    @blueprint.alt_response(
        400, schema=ProblemBody, content_type=MEDIA_TYPE, description="Not a token of your yard."
    )
    @blueprint.alt_response(401, schema=ProblemBody, content_type=MEDIA_TYPE, description="No good token.")
    @blueprint.alt_response(
        503, schema=ProblemBody, content_type=MEDIA_TYPE, description="The index is still being made."
    )
    def get(self, query: dict[str, Any]) -> Response:
        """Each as it stands, with the place of its next event, so that a device can sign without a network.
        A page may be short, or empty: only where `next` is missing there is no more.
        """
        who = require_reader()
        limit: int = query.get("limit", this_node().limits.page)
        name = f"yard of {who.org}"
        after = page_tokens().open(name, query["page"]) if "page" in query else ""
        index = yard_index(current_app)
        if not index.bring_up(CATCH_UP):
            raise SearchBehindError("index: expected one of the whole log, got one that is still being made")
        asked = Asked()
        proposed = index.propose(who.org, after, limit + 1)
        body: dict[str, Any] = {
            "organisation": _own(asked, who.org),
            "log": log_object(asked.ledger),
            "items": [item for subject in proposed[:limit] if (item := _item(asked, subject, who.org))],
        }
        if len(proposed) > limit:
            body["next"] = page_tokens().seal(name, proposed[limit - 1])
        return answer(body)


def _own(asked: Asked, org: str) -> dict[str, Any]:
    """Whoever has a good token is enrolled, or is a registrar's, which has no roles and no sites."""
    found = org_of(asked.world, org)
    if found is None:
        return {"id": org, "roles": [], "sites": []}
    sites = [{"name": site.name, "region": site.region} for site in found.sites]
    return {**organisation_object(org, found, asked.at), "sites": sites}


def _item(asked: Asked, subject: str, org: str) -> dict[str, Any] | None:
    """A subject as the ledger has it, if it is the reader's to deal with."""
    chain = asked.chain(subject)
    part = _part(asked, chain[-1].after if chain else None, org)
    if not part:
        return None
    view = asked.view(parse_subject(subject))
    said = subject_object(chain, view, asked.world, asked.ledger, asked.reader, asked.at)
    del said["log"]
    return {**said, "part": part, "since": format_log_time(_since(asked, chain, part, org).recorded_at)}


def _part(asked: Asked, state: State | None, org: str) -> str:
    """What somebody has to do with a subject; empty for nothing."""
    match state:
        case Battery() | Lot():
            if state.custodian == org:
                return "held"
            offer = state.offer
            return "offered" if offer and offer.consignee == org and asked.at < offer.expires_at else ""
        case Batch(closed=False):
            return "own" if state.owner == org else ""
        case Consignment(arrived=False):
            return "expected" if state.consignee == org else "sent" if state.consignor == org else ""
        case _:
            return ""


def _since(asked: Asked, chain: list[Told], part: str, org: str) -> Told:
    """The event with which that began: the first of those at the end after which it is so without a break."""
    at = len(chain) - 1
    while at > 0 and _part(asked, chain[at - 1].after, org) == part:
        at -= 1
    return chain[at]
