"""Bodies about records that came too late for their place."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

_ID = validate.Regexp(r"\A[A-Za-z0-9_-]{43}\Z")


class ParkedNewBody(Schema):
    """A record that was refused for its place."""

    events = fields.List(
        fields.String(),
        required=True,
        validate=validate.Length(1),
        metadata={
            "description": "Exactly as it was submitted: a JWS, or `JWS~disclosure~…~`, for each event."
        },
    )
    code = fields.String(required=True, validate=validate.Regexp(r"\A[A-Z][A-Z0-9_]{2,63}\Z"))
    detail = fields.String(required=True, validate=validate.Length(max=1_000))


class TakeBody(Schema):
    """What a device signed in place of a record."""

    as_ = fields.List(
        fields.String(validate=_ID),
        data_key="as",
        required=True,
        validate=validate.Length(1, 2_000),
        metadata={"description": "The ids of the new events, in their order."},
    )


class TakenBody(Schema):
    """That a device signs a record again."""

    kid = fields.String(required=True, metadata={"description": "Its key."})
    at = fields.String(required=True)
    as_ = fields.List(fields.String(), data_key="as", required=True)


class ParkedBody(Schema):
    """A parked record."""

    id = fields.String(required=True, metadata={"description": "Of its last event."})
    events = fields.List(fields.String(), required=True, metadata={"description": "None once it is settled."})
    kid = fields.String(required=True, metadata={"description": "Key of the device that parked it."})
    code = fields.String(required=True, metadata={"description": "Why it was refused."})
    detail = fields.String(required=True)
    parked_at = fields.String(required=True)
    settled = fields.Boolean(
        required=True, metadata={"description": "The log has it, or what was signed in its place."}
    )
    taken = fields.Nested(TakenBody, allow_none=True, required=True)


class ParkedPageBody(Schema):
    """A page of parked records, in the order of their ids."""

    parked = fields.List(fields.Nested(ParkedBody), required=True)
    next = fields.String(metadata={"description": "Token of the next page; absent on the last."})
