"""Organisations and their public keys, as the log enrolled them."""

from __future__ import annotations

from typing import Any, Final, cast

import orjson
from flask import Flask, Response, current_app
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.events import ProblemBody
from ...schemas.api.organisations import KeysBody, OrganisationBody, OrganisationsBody, PageQuery
from ...trace.codes.party import PartyIdError, parse_party
from ...trace.errors import RefusedError
from ...trace.lifecycle.state import Org
from ..door.bodies import JSON
from ..node import Node, this_node
from ..problems import MEDIA_TYPE
from ..reading.page_tokens import PageTokens
from ..reading.registry import keys_of, organisation_object, organisations

_TOKENS: Final = "packtrace-page-tokens"
_QUERY: Final = "organisations"

blueprint = Blueprint("organisations", __name__, description="Who is enrolled, with which keys.")


class OrganisationUnknownError(RefusedError):
    """The log has not enrolled it."""

    code = "ORGANISATION_UNKNOWN"
    http_status = 404


def install_page_tokens(app: Flask, node: Node) -> None:
    """Make known what seals the tokens of pages."""
    app.extensions[_TOKENS] = PageTokens(node.store)


def page_tokens() -> PageTokens:
    """What seals the tokens of pages of this application."""
    return cast(PageTokens, current_app.extensions[_TOKENS])


@blueprint.route("/organisations")
class Organisations(MethodView):
    """The list of them."""

    @blueprint.doc(summary="Who is enrolled")
    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, OrganisationsBody, description="A page, in the order of their ids.")
    @blueprint.alt_response(
        400, schema=ProblemBody, content_type=MEDIA_TYPE, description="Not a token of this list."
    )
    def get(self, query: dict[str, Any]) -> Response:
        """Public: who may sign what has to be known to everybody who verifies."""
        node = this_node()
        after = page_tokens().open(_QUERY, query["page"]) if "page" in query else ""
        at, most = node.clock(), node.limits.page
        with node.ledger.read() as connection:
            some = list(organisations(connection, after=after, limit=most + 1))
        body: dict[str, Any] = {
            "organisations": [organisation_object(subject, org, at) for subject, org in some[:most]]
        }
        if len(some) > most:
            body["next"] = page_tokens().seal(_QUERY, some[most - 1][0])
        return Response(orjson.dumps(body), content_type=JSON)


@blueprint.route("/organisations/<organisation>")
class Organisation(MethodView):
    """One of them."""

    @blueprint.doc(summary="An organisation")
    @blueprint.response(200, OrganisationBody, description="As the log enrolled it.")
    @blueprint.alt_response(404, schema=ProblemBody, content_type=MEDIA_TYPE, description="Not enrolled.")
    def get(self, organisation: str) -> Response:
        """By its id, with or without `org:`."""
        node, subject = this_node(), _subject(organisation)
        chain = node.ledger.world().chain(subject)
        if chain is None or not isinstance(chain.state, Org):
            raise _unknown(subject)
        body = organisation_object(subject, chain.state, node.clock())
        return Response(orjson.dumps(body), content_type=JSON)


@blueprint.route("/organisations/<organisation>/keys")
class OrganisationKeys(MethodView):
    """Its keys."""

    @blueprint.doc(summary="The public keys of an organisation")
    @blueprint.response(200, KeysBody, description="All that it ever had, each with its state now.")
    @blueprint.alt_response(404, schema=ProblemBody, content_type=MEDIA_TYPE, description="Not enrolled.")
    def get(self, organisation: str) -> Response:
        """Revoked, replaced and expired keys are told too: events that they signed in their time stand."""
        node, subject = this_node(), _subject(organisation)
        keys = keys_of(node.ledger.world(), subject, node.clock())
        if not keys:
            raise _unknown(subject)
        return Response(orjson.dumps({"organisation": subject, "keys": keys}), content_type=JSON)


def _subject(text: str) -> str:
    """Raises:
    OrganisationUnknownError: Not the id of any organisation, and why.
    """
    try:
        return f"org:{parse_party(text.removeprefix('org:'))}"
    except PartyIdError as error:
        raise OrganisationUnknownError(error.message) from error


def _unknown(subject: str) -> OrganisationUnknownError:
    return OrganisationUnknownError(f"organisation: expected one that is enrolled, got {subject}")
