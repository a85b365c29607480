"""Bodies about the node and its log."""

from __future__ import annotations

from marshmallow import Schema, fields

from .statements import RulesBody


class NodeBody(Schema):
    """Which log this is, and what the node takes."""

    origin = fields.String(required=True, metadata={"description": "Name of the log: `aud` of every event."})
    purpose = fields.String(required=True)
    vkeys = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Of the log. Whom to trust is never learned from here."},
    )
    notice_key = fields.Dict(
        required=True, metadata={"description": "Public JWK with which the node signs notices to webhooks."}
    )
    size = fields.Integer(required=True, metadata={"description": "Entries under the newest checkpoint."})
    rules = fields.Nested(RulesBody, required=True)
    sealed = fields.Boolean(required=True, metadata={"description": "Whether nothing more is recorded."})
    succeeds = fields.String(metadata={"description": "Origin of the log from which this one goes on."})
    public_entries = fields.Boolean(required=True)
    limits = fields.Dict(keys=fields.String(), values=fields.Raw(), required=True)
