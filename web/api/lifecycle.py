"""`GET /lifecycle`: the very table by which events are judged, with the words in which it is told."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson
from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.lifecycle import LifecycleBody
from ...trace.lifecycle import words
from ...trace.lifecycle.conditions.keeping import CLEARERS
from ...trace.lifecycle.table import IN_USE_BARRED_TO
from ...trace.rules.ruleset import RuleSet
from ..door.bodies import JSON
from ..node import this_node
from .statements import revalidated

blueprint = Blueprint("lifecycle", __name__, description="What may follow what.")


@blueprint.route("/lifecycle")
class Lifecycle(MethodView):
    """The life cycle."""

    @blueprint.doc(summary="The life cycle: stages, roles and steps")
    @blueprint.response(200, LifecycleBody, description="The rules in force; `ETag` is their digest.")
    @blueprint.alt_response(304, description="It is the one that you have.")
    def get(self) -> Response:
        """Forms and scan pages tell from it which step is lawful next, without a network. What a row can't
        say in its columns is named in `also`, and is checked when the event is sent.
        """
        rules = this_node().ledger.rules
        return revalidated(orjson.dumps(lifecycle_object(rules)), JSON, rules.sha256)


def lifecycle_object(rules: RuleSet) -> dict[str, Any]:
    """The life cycle of a rule set, for programs."""
    policy = asdict(rules.policy)
    del policy["sources"]
    return {
        "rules": {"name": rules.name, "sha256": rules.sha256},
        "stages": [{"stage": stage, **asdict(told)} for stage, told in words.TOLD.items()],
        "roles": [_role(role) for role in words.ROLES],
        "in_use": words.IN_USE,
        "waste": words.WASTE,
        "ended": sorted({*words.ENDED, words.CHARGED, words.SPLIT, words.FINAL}),
        "in_use_barred_to": IN_USE_BARRED_TO,
        "unsafe": words.UNSAFE,
        "clearers": CLEARERS,
        "rows": [asdict(row) for row in rules.table],
        "policy": policy,
    }


def _role(role: str) -> dict[str, Any]:
    zh, en = words.ROLE_NAMES[role]
    said: dict[str, Any] = {"role": role, "zh": zh, "en": en, "custodial": role in words.CUSTODIAL}
    return said | ({"waste_stage": words.waste_stage(role)} if said["custodial"] else {})
