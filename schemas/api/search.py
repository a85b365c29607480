"""Bodies of a search for batteries."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from ...trace.lifecycle.words import ABSENT, STAGES

_TIME = "UTC in whole seconds, as 2026-11-23T04:40:00Z"


class SearchQuery(Schema):
    """What to look for; everything that is given must hold."""

    stage = fields.String(validate=validate.OneOf([stage for stage in STAGES if stage != ABSENT]))
    custodian = fields.String(
        metadata={"description": "Who holds it: `org:…`, or `nobody`; `none` of what has ended."}
    )
    region = fields.String(
        metadata={"description": "Where it is held; a region holds those below it.", "example": "CN-440000"}
    )
    batch = fields.String(metadata={"description": "Into which it was charged: `batch:…`."})
    changed_after = fields.String(metadata={"description": f"Last event recorded then or later; {_TIME}."})
    changed_before = fields.String(metadata={"description": f"Last event recorded before then; {_TIME}."})
    page = fields.String(metadata={"description": "`next` of the page before; without it, the first page."})
    limit = fields.Integer(
        validate=validate.Range(1, 1_000), metadata={"description": "Batteries of a page; 100 by default."}
    )


class FoundBody(Schema):
    """A battery, as far as the reader sees it."""

    battery = fields.String(required=True, metadata={"description": "Its subject."})
    tier = fields.String(required=True, metadata={"enum": ["past", "consignee", "holder", "authority"]})
    stage = fields.String(required=True)
    custodian = fields.String(required=True, metadata={"description": "`org:…`, `nobody` or `none`."})
    seq = fields.Integer(required=True)
    head = fields.String(required=True)
    region = fields.String(
        allow_none=True, metadata={"description": "Where it is; only for who sees its last event."}
    )
    batch = fields.String(allow_none=True, metadata={"description": "Only for who sees its last event."})
    changed_at = fields.String(metadata={"description": "When its last event was recorded; as above."})


class FoundPageBody(Schema):
    """A page of batteries."""

    batteries = fields.List(fields.Nested(FoundBody), required=True)
    next = fields.String(metadata={"description": "Token of the next page; absent on the last."})
