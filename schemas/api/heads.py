"""Bodies of the question where chains end."""

from __future__ import annotations

from marshmallow import Schema, fields


class HeadsQuery(Schema):
    """Up to 10,000 codes."""

    codes = fields.List(
        fields.String(),
        required=True,
        metadata={
            "description": "Battery codes as scanned, or subjects such as `batch:uscc:…/B7`.",
            "example": ["04QPB76836300JBC40000001", "battery:gbt34014:04QPB76836300JBC40000002"],
        },
    )


class CodeProblemBody(Schema):
    """Why a code is none."""

    code = fields.String(required=True)
    detail = fields.String(required=True)
    where = fields.String()


class HeadBody(Schema):
    """Where one chain ends, or why its code is none."""

    code = fields.String(required=True, allow_none=True, metadata={"description": "As it was given."})
    subject = fields.String()
    seq = fields.Integer(metadata={"description": "Of the last event; -1 where the log has none."})
    head = fields.String(allow_none=True, metadata={"description": "Its id, to sign on."})
    remarks = fields.List(fields.String(), metadata={"description": "What was unusual about the label."})
    problem = fields.Nested(CodeProblemBody)


class HeadsBody(Schema):
    """An answer for each code, in order."""

    heads = fields.List(fields.Nested(HeadBody), required=True)
