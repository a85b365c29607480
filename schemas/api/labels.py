"""Bodies round labels: what is to be printed, and what the first one looks like."""

from __future__ import annotations

from marshmallow import Schema, fields


class LabelBody(Schema):
    """One label."""

    code = fields.String(required=True, metadata={"description": "As scanned, or a subject."})
    token = fields.String(
        required=True, metadata={"description": "20 of A-Z 2-7: 100 random bits, kept by nobody but you."}
    )
    name_zh = fields.String(metadata={"description": "At most 80 characters."})
    name_en = fields.String()
    mass_g = fields.Integer(metadata={"description": "In grams."})


class LabelsQuery(Schema):
    """What is to be printed, and on what."""

    host = fields.String(
        required=True, metadata={"description": "Where the public pages are; it stays on the labels."}
    )
    format = fields.String(metadata={"enum": ["pdf", "svg", "png", "zpl", "zpl-picture"]})
    sheet = fields.String(
        metadata={
            "enum": ["L7160", "L7161", "L7163", "L7165", "single"],
            "description": "The sheet of a PDF, and the size of a label in every format.",
        }
    )
    start_slot = fields.Integer(metadata={"description": "The first label that is still there, from 1."})
    outlines = fields.Boolean(
        metadata={"description": "Draw the edges; without labels a page to test the printer with."}
    )
    dpi = fields.Integer(metadata={"enum": [203, 300, 600], "description": "Of the printer: png and zpl."})
    labels = fields.List(fields.Nested(LabelBody), required=True)


class LabelPreviewBody(Schema):
    """The first label, and from how far it is read."""

    svg = fields.String(required=True)
    width_mm = fields.Float(required=True)
    height_mm = fields.Float(required=True)
    slots = fields.Integer(required=True, metadata={"description": "Labels on a sheet."})
    module_um = fields.Integer(required=True, metadata={"description": "Width of a module in print."})
    reach_cm = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "By dots across a camera's picture: from how far it reads the label."},
    )
    chinese = fields.Boolean(required=True, metadata={"description": "Whether Chinese letters are printed."})
