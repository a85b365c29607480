"""Bodies about the node itself."""

from __future__ import annotations

from marshmallow import Schema, fields

from .events import ProblemBody


class HealthBody(Schema):
    """How the node is."""

    status = fields.String(required=True)


class WhyNotBody(Schema):
    """One thing that keeps the node from recording."""

    check = fields.String(required=True, metadata={"enum": ["writer", "disk", "checkpoint", "database"]})
    code = fields.String(required=True, metadata={"description": "Stable: for programs."})


class NotReadyBody(ProblemBody):
    """An error (RFC 9457) with everything that keeps the node from recording."""

    reasons = fields.List(fields.Nested(WhyNotBody), required=True)
