"""`GET /node`: which log this is, by which rules it judges, and what the node takes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson
from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.events import ProblemBody
from ...schemas.api.node import NodeBody
from ...signing.note import format_vkey
from ...trace.lifecycle.state import Log
from ..door.bodies import JSON
from ..node import this_node
from ..problems import MEDIA_TYPE

blueprint = Blueprint("node", __name__, description="The node and its log.")


@blueprint.route("/node")
class About(MethodView):
    """The node, described."""

    @blueprint.doc(summary="The node and its log")
    @blueprint.response(200, NodeBody, description="Origin, keys, rules and limits.")
    @blueprint.alt_response(503, schema=ProblemBody, content_type=MEDIA_TYPE, description="None signed.")
    def get(self) -> Response:
        """What an integrator's program reads once, before its first event."""
        node = this_node()
        world = node.ledger.world()
        chain = world.chain(f"log:{node.ledger.origin}")
        state = chain.state if chain and isinstance(chain.state, Log) else None
        body: dict[str, Any] = {
            "origin": node.ledger.origin,
            "purpose": state.purpose if state else "",
            "vkeys": [format_vkey(vkey) for vkey in node.home.load_vkeys()],
            "notice_key": node.notice_key.public.jwk(),
            "size": node.ledger.published().size,
            "rules": {"name": world.rules.name, "sha256": world.rules.sha256},
            "sealed": bool(state and state.sealed),
            "public_entries": node.public_entries,
            "limits": asdict(node.limits),
        }
        if state and state.succeeds:
            body["succeeds"] = state.succeeds
        return Response(orjson.dumps(body), content_type=JSON)
