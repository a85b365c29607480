"""Bodies of a yard: what an organisation holds, is offered, owns or has on the road."""

from __future__ import annotations

from marshmallow import Schema, fields

from .organisations import OrganisationBody
from .reading import LogBody, SubjectBody


class SiteBody(Schema):
    """A place of an organisation."""

    name = fields.String(required=True)
    region = fields.String(required=True)


class OwnOrganisationBody(OrganisationBody):
    """The organisation that asks, with its sites, which are not told to others here."""

    sites = fields.List(fields.Nested(SiteBody), required=True)


class YardItemBody(SubjectBody):
    """A battery, lot, consignment or batch as `GET /subjects/<subject>` tells it to you, without `log`."""

    class Meta:
        exclude = ("log",)

    part = fields.String(
        required=True,
        metadata={
            "enum": ["held", "offered", "expected", "sent", "own"],
            "description": "held: in your custody. offered: to you. expected, sent: a consignment on its way "
            "to you or from you. own: a batch of yours that is open.",
        },
    )
    since = fields.String(
        required=True, metadata={"description": "When that began, by the log's clock: how long it waits."}
    )


class YardBody(Schema):
    """A page of a yard, in the order of the subjects."""

    organisation = fields.Nested(OwnOrganisationBody, required=True)
    log = fields.Nested(LogBody, required=True)
    items = fields.List(fields.Nested(YardItemBody), required=True)
    next = fields.String(metadata={"description": "Token of the next page; absent on the last."})
