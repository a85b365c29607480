"""Bodies about the log as a whole."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from .numbers import Count

_SIZE: Final = validate.Range(min=1, max=(1 << 53) - 1)


class ConsistencyQuery(Schema):
    """Two sizes of the tree."""

    from_ = Count(
        data_key="from",
        required=True,
        validate=_SIZE,
        metadata={"description": "Size of the checkpoint that you have; from 1.", "example": 10},
    )
    to = Count(
        validate=_SIZE,
        metadata={"description": "A later size; by default that of the newest checkpoint."},
    )


class ConsistencyBody(Schema):
    """A proof of RFC 6962, 2.1.2."""

    from_ = fields.Integer(data_key="from", required=True)
    to = fields.Integer(required=True)
    hashes = fields.List(
        fields.String(), required=True, metadata={"description": "In the order of RFC 6962; standard base64."}
    )
    checkpoint = fields.String(required=True, metadata={"description": "The newest: a signed note."})
