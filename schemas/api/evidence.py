"""Bodies about documents and photos that events name."""

from __future__ import annotations

from marshmallow import Schema, fields


class DocumentBody(Schema):
    """A document that the node has."""

    sha256 = fields.String(required=True, metadata={"description": "As events name it, base64url."})
    bytes = fields.Integer(required=True)
