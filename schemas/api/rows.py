"""Bodies round workbooks: the columns of a step, the rows of a workbook, and what became of them."""

from __future__ import annotations

from marshmallow import Schema, fields


class ChoiceBody(Schema):
    """An allowed value."""

    value = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class ColumnBody(Schema):
    """A column of a step."""

    name = fields.String(
        required=True, metadata={"description": "`code`, `occurred_at`, or a member of data."}
    )
    zh = fields.String(required=True)
    en = fields.String(required=True)
    kind = fields.String(
        required=True, metadata={"enum": ["code", "time", "choice", "kilograms", "whole", "text"]}
    )
    required = fields.Boolean(required=True)
    withheld = fields.Boolean(required=True, metadata={"description": "Whether its value is withheld."})
    unit = fields.String(required=True)
    choices = fields.List(fields.Nested(ChoiceBody), required=True)
    pattern = fields.String(required=True)
    most = fields.Integer(required=True, metadata={"description": "Characters, or the largest number."})
    says = fields.String(required=True)
    example = fields.String(required=True)


class StepColumnsBody(Schema):
    """A step that rows can tell."""

    type = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    columns = fields.List(fields.Nested(ColumnBody), required=True)


class StepsBody(Schema):
    """Every such step of the rules in force."""

    steps = fields.List(fields.Nested(StepColumnsBody), required=True)


class CellBody(Schema):
    """A cell that is not empty."""

    kind = fields.String(
        required=True, metadata={"enum": ["text", "number", "time", "flag", "formula", "error"]}
    )
    text = fields.String(required=True, metadata={"description": "Empty for a formula: none is computed."})


class RowBody(Schema):
    """A row that is not empty."""

    row = fields.Integer(required=True, metadata={"description": "Its number in the sheet, from 1."})
    cells = fields.List(fields.Nested(CellBody, allow_none=True), required=True)


class GridBody(Schema):
    """The first sheet that is shown."""

    sheet = fields.String(required=True)
    left_out = fields.List(
        fields.String(), required=True, metadata={"description": "The other sheets, the hidden ones too."}
    )
    rows = fields.List(fields.Nested(RowBody), required=True)


class OutcomeRowBody(Schema):
    """A row as it was handed in, and what became of it."""

    row = fields.Integer(required=True)
    cells = fields.List(fields.String(allow_none=True), required=True)
    outcome = fields.String(
        metadata={
            "enum": ["accepted", "known", "waiting", "parked", "refused", "not_signed", "skipped"],
        }
    )
    event = fields.String(metadata={"description": "Its event id."})
    why = fields.String(metadata={"description": "Why it was refused, or not signed."})


class OutcomesQuery(Schema):
    """The rows of a sheet."""

    sheet = fields.String(required=True)
    rows = fields.List(fields.Nested(OutcomeRowBody), required=True)
