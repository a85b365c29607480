"""Bodies about the symbols in a picture."""

from __future__ import annotations

from marshmallow import Schema, fields


class SymbolBody(Schema):
    """A symbol, as it stands in the picture."""

    text = fields.String(
        required=True, metadata={"description": "What it says; untrusted, and cut after 400 characters."}
    )
    format = fields.String(required=True, metadata={"enum": ["QRCode", "DataMatrix", "Code128"]})


class PictureBody(Schema):
    """What was found in a picture."""

    symbols = fields.List(
        fields.Nested(SymbolBody),
        required=True,
        metadata={"description": "At most 16; empty where none could be read."},
    )
