"""Whether the process lives, and whether it is ready to record."""

from __future__ import annotations

from typing import Any, Final, cast

from flask import Flask, current_app
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.health import HealthBody, NotReadyBody
from ..node import Node
from ..problems import MEDIA_TYPE
from ..readiness import Readiness

_READINESS: Final = "packtrace-readiness"

blueprint = Blueprint("health", __name__, description="For whoever keeps the node running.")


def install_readiness(app: Flask, node: Node) -> None:
    """Make known what is asked whether the node is ready."""
    app.extensions[_READINESS] = Readiness(node)


@blueprint.route("/health/live")
class Live(MethodView):
    """Whether the process answers."""

    @blueprint.doc(summary="Whether the process answers")
    @blueprint.response(200, HealthBody, description="It does.", example={"status": "alive"})
    def get(self) -> dict[str, Any]:
        """Alive: the process answers. It says nothing about the log."""
        return {"status": "alive"}


@blueprint.route("/health/ready")
class Ready(MethodView):
    """Whether the node can record."""

    @blueprint.doc(summary="Whether the node can record")
    @blueprint.response(200, HealthBody, description="It can.", example={"status": "ready"})
    @blueprint.alt_response(
        503, schema=NotReadyBody, content_type=MEDIA_TYPE, description="It can't, with every reason."
    )
    def get(self) -> dict[str, Any]:
        """Ready: the database takes a write, the checkpoint fits the register and the database, the disk has
        its reserve, and somebody appends. The database is asked at most every five seconds.
        """
        cast(Readiness, current_app.extensions[_READINESS]).check()
        return {"status": "ready"}
