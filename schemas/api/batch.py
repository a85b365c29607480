"""Bodies of batches and jobs: the outcome of a line, and how far a job is."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from .events import PlacedBody, ReasonBody

ON_ERROR = ("continue", "stop", "rollback")


class BatchParameters(Schema):
    """What a batch asks for in its address."""

    on_error = fields.String(
        load_default="continue",
        validate=validate.OneOf(ON_ERROR),
        metadata={"description": "After a refusal: go on; skip the rest; or record nothing at all."},
    )


class OutcomeBody(Schema):
    """What became of one line, itself one line of the answer."""

    line = fields.Integer(required=True, metadata={"description": "Of the input, from 1."})
    status = fields.String(
        required=True, metadata={"enum": ["accepted", "known", "refused", "skipped", "unknown"]}
    )
    events = fields.List(
        fields.Nested(PlacedBody), metadata={"description": "Where the log has them: accepted or known."}
    )
    code = fields.String(metadata={"description": "Why not: stable, for programs."})
    detail = fields.String(metadata={"description": "Expected, got, where: for people."})
    where = fields.String(metadata={"description": "Member or byte that is meant."})
    event = fields.Integer(metadata={"description": "Of a group: which event is meant, from 0."})
    errors = fields.List(fields.Nested(ReasonBody), metadata={"description": "Every reason."})
    head = fields.String(allow_none=True, metadata={"description": "Of the chain, to sign on."})
    head_seq = fields.Integer(metadata={"description": "Its place; -1 where the chain has not begun."})


class JobBody(Schema):
    """How far a job is."""

    id = fields.String(required=True)
    status = fields.String(required=True, metadata={"enum": ["waiting", "running", "done", "failed"]})
    on_error = fields.String(required=True, metadata={"enum": list(ON_ERROR)})
    lines = fields.Integer(required=True, metadata={"description": "Of the input, blank ones too."})
    done = fields.Integer(required=True, metadata={"description": "Lines that were judged."})
    accepted = fields.Integer(required=True)
    known = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    skipped = fields.Integer(required=True)
    result = fields.String(required=True, metadata={"description": "Address of the outcomes, once done."})
