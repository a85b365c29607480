"""Bodies about an event that was refused: what was sent, and why it is not recorded."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from ...trace.explanation import LANGUAGES


class ExplainQuery(Schema):
    """For whom the fix is told."""

    language = fields.String(
        validate=validate.OneOf(LANGUAGES), metadata={"description": "In which the event was made."}
    )


class RuleBody(Schema):
    """The rule that is broken, in both languages."""

    step = fields.Integer(metadata={"description": "Of the verification (`docs/format.md`, section 9)."})
    zh = fields.String()
    en = fields.String()
    row = fields.String(metadata={"description": "Of the life cycle (`docs/lifecycle.md`)."})


class ExplainedBody(Schema):
    """One thing that is wrong."""

    code = fields.String(required=True)
    rule = fields.Nested(RuleBody)
    where = fields.String(
        metadata={"description": "JSON Pointer into the payload, or the part meant."}
    )
    byte = fields.Integer(metadata={"description": "Of the decoded payload, from 0."})
    context = fields.String(metadata={"description": "What stands round that byte."})
    expected = fields.String()
    got = fields.String()
    detail = fields.String(required=True)
    fix = fields.String(
        metadata={"description": "The setting that usually causes it."}
    )


class NextBody(Schema):
    """What to sign in its place, on the head as it is now."""

    payload = fields.String(required=True, metadata={"description": "In compact form, ready to be signed."})
    base64url = fields.String(required=True, metadata={"description": "The same, as the part of a JWS."})
    remaining = fields.List(
        fields.Nested(ExplainedBody),
        required=True,
        metadata={"description": "What is wrong with that too, and only its author can mend."},
    )


class ExplanationBody(Schema):
    """What the log answers to an event, why, and what to sign in its place."""

    status = fields.String(required=True, metadata={"enum": ["refused", "acceptable", "known"]})
    reasons = fields.List(fields.Nested(ExplainedBody), required=True)
    next = fields.Nested(NextBody, metadata={"description": "Absent where nothing could be read or mended."})
