"""Bodies about statements: what there is to sign, and the schemas that it must fit."""

from __future__ import annotations

from marshmallow import Schema, fields


class TemplateQuery(Schema):
    """What the next statement is about, and who signs."""

    subject = fields.String(
        required=True,
        metadata={
            "description": "A subject, or a battery code as scanned.",
            "example": "battery:gbt34014:04QPB76836300JBC40000001",
        },
    )
    iss = fields.String(metadata={"description": "Who signs, with or without `org:`."})


class TemplateBody(Schema):
    """A payload, begun: `<fill in: …>` stands where only the signer can say what belongs there."""

    v = fields.Integer(required=True)
    aud = fields.String(required=True)
    nonce = fields.String(required=True)
    type = fields.String(required=True)
    sub = fields.String(required=True)
    seq = fields.Integer(required=True)
    prev = fields.String()
    iss = fields.String(required=True)
    occurred_at = fields.String(required=True)
    data = fields.Dict(keys=fields.String(), required=True)


class SchemaLineBody(Schema):
    """One type of statement."""

    type = fields.String(required=True)
    url = fields.String(required=True)
    sha256 = fields.String(required=True, metadata={"description": "Of the file's bytes, base64url."})
    subjects = fields.List(
        fields.String(), required=True, metadata={"description": "Kinds of chain that it extends."}
    )


class RulesBody(Schema):
    """The name and digest of a rule set."""

    name = fields.String(required=True)
    sha256 = fields.String(required=True)


class SchemasBody(Schema):
    """Every type of the rule set in force."""

    rules = fields.Nested(RulesBody, required=True)
    schemas = fields.List(fields.Nested(SchemaLineBody), required=True)
