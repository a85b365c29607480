"""Bodies round consignments: what is on a truck."""

from __future__ import annotations

from marshmallow import Schema, fields

from .reading import PartyBody


class OnBoardBody(Schema):
    """A battery or lot that was offered with the consignment."""

    subject = fields.String(required=True)
    offer = fields.String(required=True, metadata={"description": "Event id: an acceptance names it."})
    seq = fields.Integer(required=True, metadata={"description": "Of the offer in its chain."})
    capacity = fields.String(required=True)
    expires_at = fields.String(required=True)
    mass_g = fields.Integer(required=True, allow_none=True, metadata={"description": "As stated, grams."})
    damaged = fields.Boolean(required=True)
    standing = fields.String(
        required=True,
        metadata={"enum": ["open", "accepted", "declined", "withdrawn", "expired", "closed"]},
    )


class ArrivedBody(Schema):
    """What came, as the consignee said it."""

    arrived = fields.Integer(required=True)
    missing = fields.List(fields.String(), required=True)
    unexpected = fields.List(fields.String(), required=True)


class ConsignmentBody(Schema):
    """What is on a truck."""

    subject = fields.String(required=True)
    consignor = fields.Nested(PartyBody, required=True)
    consignee = fields.Nested(PartyBody, required=True)
    carrier = fields.Nested(PartyBody, required=True, allow_none=True)
    dispatched = fields.String(required=True, metadata={"description": "Event id."})
    dispatched_at = fields.String(required=True, metadata={"description": "As the consignor claims, UTC."})
    un_number = fields.String(required=True)
    packing = fields.String(required=True)
    mass_g = fields.Integer(required=True, allow_none=True, metadata={"description": "Of all, in grams."})
    count = fields.Integer(required=True)
    on_board = fields.List(fields.Nested(OnBoardBody), required=True)
    arrived = fields.Nested(ArrivedBody, required=True, allow_none=True)
    slip = fields.String(
        required=True,
        metadata={"description": "Path that the slip's QR opens; who has it reads what is here."},
    )


class SlipQuery(Schema):
    """How the slip is made."""

    host = fields.String(
        metadata={"description": "Of the address in its QR; the one asked, if none is named."}
    )
