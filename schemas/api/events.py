"""Bodies round events: what is posted, the receipt, and the problem in its place."""

from __future__ import annotations

from marshmallow import Schema, fields


class EventBody(Schema):
    """One event with its disclosures, or a group that stands or falls together."""

    event = fields.String(metadata={"description": "A compact JWS."})
    disclosures = fields.List(
        fields.String(), metadata={"description": "What opens its withheld members (RFC 9901), all of them."}
    )
    events = fields.List(
        fields.String(),
        metadata={"description": "In place of the two: JWS or JWS~disclosure~…~, each event of a group."},
    )


class PlacedBody(Schema):
    """Where the log has an event."""

    id = fields.String(required=True, metadata={"description": "Event id, 43 characters."})
    leaf_index = fields.Integer(required=True)


class ReceiptBody(Schema):
    """A receipt as `packtrace verify` takes it: the entry, and a proof with the checkpoint."""

    status = fields.String(metadata={"enum": ["accepted", "known"]})
    id = fields.String(required=True, metadata={"description": "Event id, 43 characters."})
    leaf_index = fields.Integer(required=True)
    recorded_at = fields.String(required=True, metadata={"description": "The log's clock, UTC."})
    checkpoint = fields.String(required=True, metadata={"description": "Signed tree head over it."})
    entry = fields.String(required=True, metadata={"description": "The leaf of the log, exactly."})
    proof = fields.String(
        required=True, metadata={"description": "c2sp.org/tlog-proof@v1: inclusion proof and checkpoint."}
    )
    events = fields.List(fields.Nested(PlacedBody), metadata={"description": "Every event, for a group."})


class ReasonBody(Schema):
    """One thing that is wrong."""

    pointer = fields.String(metadata={"description": "JSON Pointer into the payload."})
    detail = fields.String(required=True, metadata={"description": "Expected, got."})
    parameter = fields.String(metadata={"description": "Of the request, where that is wrong."})
    in_ = fields.String(data_key="in", metadata={"description": "Where the parameter stands: query, path."})


class ProblemBody(Schema):
    """An error (RFC 9457)."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True, metadata={"description": "Stable: for programs."})
    detail = fields.String(required=True, metadata={"description": "Expected, got, where: for people."})
    where = fields.String(metadata={"description": "Member, byte or header that is meant."})
    event = fields.Integer(metadata={"description": "Of a group: which event is meant, from 0."})
    errors = fields.List(fields.Nested(ReasonBody), metadata={"description": "Every reason."})
    head = fields.String(allow_none=True, metadata={"description": "Of the chain, to sign on."})
    head_seq = fields.Integer(metadata={"description": "Its place; -1 where the chain has not begun."})
