"""`/webhooks`: where an organisation has its notices sent."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.events import ProblemBody
from ...schemas.api.notices import ReplayBody, WebhookBody, WebhookNewBody, WebhooksBody
from ...trace.times import format_log_time
from ..door.bodies import JSON, BodyError, read_json
from ..node import Node, this_node
from ..notices.feed import format_cursor, parse_cursor
from ..notices.outbound import check_numeric, parse_destination
from ..notices.store import ACTIVE, Webhook
from ..problems import MEDIA_TYPE
from ..reading.access import require_reader, require_signer
from .reading import BEARER, answer, told_as

blueprint = Blueprint("webhooks", __name__, description="What concerns an organisation, sent to it.")

_UNKNOWN = "The organisation has no such webhook."
_USE = "The key of the token may only read."


def _takes(body: Any, summary: str) -> Any:
    content = {JSON: {"schema": body}}
    return blueprint.doc(
        summary=summary, security=[{BEARER: []}], requestBody={"required": True, "content": content}
    )


@blueprint.route("/webhooks")
class WebhooksView(MethodView):
    """All of an organisation."""

    @_takes(WebhookNewBody, "Have notices sent to a URL")
    @blueprint.response(201, WebhookBody, description="Set up.")
    @blueprint.alt_response(
        200, schema=WebhookBody, description="There was one of this URL; it is as it was."
    )
    @blueprint.alt_response(401, schema=ProblemBody, content_type=MEDIA_TYPE, description="No good token.")
    @blueprint.alt_response(403, schema=ProblemBody, content_type=MEDIA_TYPE, description=_USE)
    @blueprint.alt_response(
        409, schema=ProblemBody, content_type=MEDIA_TYPE, description="The organisation has its number."
    )
    @blueprint.alt_response(
        422,
        schema=ProblemBody,
        content_type=MEDIA_TYPE,
        description="Nothing is sent to this URL, or no cursor.",
    )
    def post(self) -> Response:
        """Notices of `GET /feed` as signed deliveries, at least once each and in order.

        The webhook stands as long as the key that signed the token is in force.
        """
        node, who = this_node(), require_signer()
        said = _members(node, "url", "after")
        if "url" not in said:
            raise BodyError("url: expected an address, got none", where="url")
        destination = parse_destination(said["url"])
        if not node.webhooks_to_private:
            check_numeric(destination)
        size = node.ledger.published().size
        after = parse_cursor(said["after"], size) if "after" in said else size
        webhook, is_new = node.webhooks.create(who.org, who.kid, said["url"], after)
        response = answer(webhook_object(webhook))
        response.status_code = 201 if is_new else 200
        response.headers["Location"] = f"{request.path}/{webhook.id}"
        return response

    @told_as(blueprint, WebhooksBody, "List your webhooks")
    def get(self) -> Response:
        """Each with how far it has been told, and what is wrong where something is."""
        who = require_reader()
        return answer({"webhooks": [webhook_object(each) for each in this_node().webhooks.of(who.org)]})


@blueprint.route("/webhooks/<webhook_id>")
class WebhookView(MethodView):
    """One of them."""

    @told_as(blueprint, WebhookBody, "Read a webhook", on_404=_UNKNOWN)
    def get(self, webhook_id: str) -> Response:
        """How far it has been told."""
        return answer(webhook_object(this_node().webhooks.get(require_reader().org, webhook_id)))

    @blueprint.doc(summary="Delete a webhook", security=[{BEARER: []}])
    @blueprint.response(204, description="Nothing is sent to it any more; what is on its way may arrive.")
    @blueprint.alt_response(401, schema=ProblemBody, content_type=MEDIA_TYPE, description="No good token.")
    @blueprint.alt_response(403, schema=ProblemBody, content_type=MEDIA_TYPE, description=_USE)
    @blueprint.alt_response(404, schema=ProblemBody, content_type=MEDIA_TYPE, description=_UNKNOWN)
    def delete(self, webhook_id: str) -> Response:
        """For good; the feed goes on."""
        this_node().webhooks.delete(require_signer().org, webhook_id)
        return Response(status=204)


@blueprint.route("/webhooks/<webhook_id>/replay")
class WebhookReplay(MethodView):
    """Telling one again."""

    @_takes(ReplayBody, "Have notices sent again")
    @blueprint.response(200, WebhookBody, description="It is told from there on, at once.")
    @blueprint.alt_response(401, schema=ProblemBody, content_type=MEDIA_TYPE, description="No good token.")
    @blueprint.alt_response(403, schema=ProblemBody, content_type=MEDIA_TYPE, description=_USE)
    @blueprint.alt_response(404, schema=ProblemBody, content_type=MEDIA_TYPE, description=_UNKNOWN)
    @blueprint.alt_response(
        422, schema=ProblemBody, content_type=MEDIA_TYPE, description="`after` is no cursor of this log."
    )
    def post(self, webhook_id: str) -> Response:
        """From a cursor on, also where it is paused. The key of this token answers for it from now on."""
        node, who = this_node(), require_signer()
        said = _members(node, "after")
        if "after" not in said:
            raise BodyError("after: expected a cursor, got none", where="after")
        node.webhooks.get(who.org, webhook_id)
        after = parse_cursor(said["after"], node.ledger.published().size)
        return answer(webhook_object(node.webhooks.replay(who.org, webhook_id, who.kid, after)))


def webhook_object(webhook: Webhook) -> dict[str, Any]:
    """A webhook as the API tells it."""
    said = {
        "id": webhook.id,
        "url": webhook.url,
        "state": webhook.state,
        "after": format_cursor(webhook.after),
        "created_at": format_log_time(webhook.created_at),
        "failures": webhook.failures,
    }
    for name, at in (("delivered_at", webhook.delivered_at), ("failing_since", webhook.failing_since)):
        if at:
            said[name] = format_log_time(at)
    if webhook.failures and webhook.state == ACTIVE:
        said["next_attempt_at"] = format_log_time(webhook.next_at)
    if webhook.problem:
        said["problem"] = webhook.problem
    return said


def _members(node: Node, *names: str) -> dict[str, str]:
    """The members of a body, all of them texts.

    Raises:
        BodyError: Others, or of another kind.
    """
    said = read_json(request, node.limits.json_bytes)
    if not said.keys() <= set(names) or not all(isinstance(value, str) for value in said.values()):
        raise BodyError(f"body: expected texts {' and '.join(names)}, got others", where="body")
    return said
