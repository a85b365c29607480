"""Whether the process lives, and whether it is ready to record."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.health import HealthBody

blueprint = Blueprint("health", __name__, description="For whoever keeps the node running.")


@blueprint.route("/health/live")
class Live(MethodView):
    """Whether the process answers."""

    @blueprint.response(200, HealthBody)
    def get(self) -> dict[str, Any]:
        """Alive: the process answers. It says nothing about the log."""
        return {"status": "alive"}
