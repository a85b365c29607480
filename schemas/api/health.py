"""Bodies about the node itself."""

from __future__ import annotations

from marshmallow import Schema, fields


class HealthBody(Schema):
    """How the node is."""

    status = fields.String(required=True)
