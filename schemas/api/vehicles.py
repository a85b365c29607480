"""Bodies round the search for a vehicle."""

from __future__ import annotations

from marshmallow import Schema, fields

from .reading import StageNameBody


class VinQuery(Schema):
    """The VIN of a vehicle."""

    vin = fields.String(
        required=True,
        metadata={"description": "17 characters; spaces and small letters are taken.", "example": "LSVAA…"},
    )


class InVehicleBody(Schema):
    """A pack that was fitted and not taken out."""

    subject = fields.String(required=True)
    seq = fields.Integer(required=True)
    head = fields.String(required=True, metadata={"description": "Its last event, to sign on."})
    stage = fields.String(required=True)
    stage_name = fields.Nested(StageNameBody, required=True)
    in_it = fields.Boolean(
        required=True, metadata={"description": "Whether it must be there, as far as the log says."}
    )
    custodian = fields.String(required=True, metadata={"description": "Who holds it, or `nobody`."})


class VehicleFoundBody(Schema):
    """A vehicle as it stands."""

    subject = fields.String(required=True)
    seq = fields.Integer(required=True)
    head = fields.String(required=True, metadata={"description": "Of its chain, to sign on."})
    packs = fields.Integer(required=True, metadata={"description": "How many belong in it."})
    swap_model = fields.Boolean(required=True, metadata={"description": "Its packs belong to a pool."})
    scrapped = fields.Boolean(required=True)
    batteries = fields.List(fields.Nested(InVehicleBody), required=True)


class VehiclesBody(Schema):
    """Every vehicle of which somebody said that it has the VIN."""

    check_digit = fields.Boolean(
        required=True, metadata={"description": "Whether the ninth character checks; in Europe it need not."}
    )
    vehicles = fields.List(fields.Nested(VehicleFoundBody), required=True)
