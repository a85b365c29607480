"""Bodies of what is read: an event, a page of events, a subject as it stands."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class WithheldBody(Schema):
    """A member that the event withholds, and what the reader is told of it."""

    pointer = fields.String(required=True, metadata={"description": "JSON Pointer into the payload."})
    state = fields.String(
        required=True,
        metadata={
            "enum": ["disclosed", "withheld", "erased"],
            "description": "withheld: from this reader. erased: this node has it no more, for anybody.",
        },
    )
    value = fields.Raw(metadata={"description": "Where it is disclosed."})
    disclosure = fields.String(
        metadata={"description": "RFC 9901: shows that the value is the one that was signed."}
    )


class EventShownBody(Schema):
    """An event of the log. `jws` is what was signed; the other members say it for reading."""

    id = fields.String(required=True, metadata={"description": "Event id, 43 characters."})
    type = fields.String(required=True)
    seq = fields.Integer(required=True, metadata={"description": "Its place in the chain, from 0."})
    leaf_index = fields.Integer(required=True, metadata={"description": "Its place in the log, from 0."})
    iss = fields.String(required=True, metadata={"description": "Who signed."})
    occurred_at = fields.String(required=True, metadata={"description": "As who signed claims, UTC."})
    recorded_at = fields.String(required=True, metadata={"description": "The log's clock, UTC."})
    data = fields.Dict(required=True, metadata={"description": "Withheld members as slots."})
    jws = fields.String(required=True, metadata={"description": "Compact JWS, exactly as it was signed."})
    withheld = fields.List(fields.Nested(WithheldBody), required=True)
    stage = fields.String(metadata={"description": "Of the subject after it."})
    custodian = fields.String(metadata={"description": "Of the subject after it."})
    subject = fields.String(metadata={"description": "Of what chain; where one event is asked for."})
    tier = fields.String(metadata={"description": "What the reader is to the subject."})


class EventsBody(Schema):
    """A page of the events of a chain, in order."""

    subject = fields.String(required=True)
    tier = fields.String(required=True, metadata={"description": "What the reader is to the subject."})
    seq = fields.Integer(required=True, metadata={"description": "Of the last event of the chain."})
    head = fields.String(required=True, metadata={"description": "Id of the last event of the chain."})
    events = fields.List(fields.Nested(EventShownBody), required=True)
    complete = fields.Boolean(
        required=True, metadata={"description": "Whether the reader sees every event of the chain."}
    )
    next = fields.String(metadata={"description": "Token of the next page; absent on the last."})


class PageQuery(Schema):
    """Which page, and how long."""

    page = fields.String(
        validate=validate.Length(max=512), metadata={"description": "The `next` of the page before."}
    )
    limit = fields.Integer(
        validate=validate.Range(min=1, max=1_000), metadata={"description": "Events of a page; 100."}
    )


class PartyBody(Schema):
    """An organisation with its names; `nobody` where none that is enrolled holds it."""

    id = fields.String(required=True)
    name_zh = fields.String()
    name_en = fields.String()


class LogBody(Schema):
    """How far the log goes."""

    size = fields.Integer(required=True, metadata={"description": "Entries that the checkpoint covers."})
    checkpoint = fields.String(required=True, metadata={"description": "Signed tree head."})


class StageNameBody(Schema):
    """A stage in words."""

    zh = fields.String(required=True)
    en = fields.String(required=True)


class ModelBody(Schema):
    """What is true of all batteries of a model."""

    subject = fields.String(required=True)
    chemistry = fields.String(required=True)
    mass_g = fields.Integer(required=True)
    energy_wh = fields.Integer(required=True)


class StepBody(Schema):
    """A statement that the reader may make next, as far as stage, part and role tell."""

    type = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class OfferBody(Schema):
    """An offer to hand over that is open."""

    event = fields.String(required=True, metadata={"description": "Id of the event that made it."})
    consignee = fields.String(required=True)
    capacity = fields.String(required=True)
    expires_at = fields.String(required=True)
    consignment = fields.String(required=True, metadata={"description": "With which it travels, or empty."})
    mass = fields.Dict(
        metadata={"description": "As its consignor states it: `g`, `basis`; absent: not said."}
    )


class HoldBody(Schema):
    """A hold of an authority."""

    event = fields.String(required=True, metadata={"description": "Id of the event that placed it."})
    authority = fields.String(required=True)


class ChargeBody(Schema):
    """A part of a lot that went into a batch."""

    event = fields.String(required=True)
    batch = fields.String(required=True)
    g = fields.Integer(required=True)


class OutputBody(Schema):
    """An output of a batch."""

    kind = fields.String(required=True)
    g = fields.Integer(required=True)


class SubjectBody(Schema):
    """A subject as it stands. Which members there are depends on its kind, and on who asks."""

    subject = fields.String(required=True)
    origin = fields.String(required=True, metadata={"description": "Of the log."})
    seq = fields.Integer(required=True, metadata={"description": "Of its last event."})
    head = fields.String(required=True, metadata={"description": "Id of its last event."})
    tier = fields.String(
        required=True,
        metadata={
            "enum": ["stranger", "enrolled", "past", "consignee", "holder", "authority"],
            "description": "What the reader is to it.",
        },
    )
    log = fields.Nested(LogBody, required=True)
    stage = fields.String()
    stage_name = fields.Nested(StageNameBody)
    status = fields.String(metadata={"description": "Regulation (EU) 2023/1542, Annex XIII, 4(c)."})
    damaged = fields.Boolean(metadata={"description": "By an incident that no inspection has cleared."})
    chemistry = fields.String()
    maker = fields.Nested(PartyBody, allow_none=True)
    model = fields.Raw(
        metadata={"description": "An object of subject, chemistry, mass_g, energy_wh; null for none."}
    )
    into = fields.String(metadata={"description": "The product or code in which it goes on."})
    label = fields.String(
        metadata={"description": "Digest of its label on record (`docs/format.md`, 7.5), or empty."}
    )
    custodian = fields.Nested(
        PartyBody, allow_none=True, metadata={"description": "Enrolled: who holds it, or nobody."}
    )
    capacity = fields.String(metadata={"description": "Enrolled: the role in which."})
    condition = fields.String(metadata={"description": "Enrolled."})
    label = fields.String(
        metadata={"description": "Enrolled: digest of the label of record (docs/labels.md), or empty."}
    )
    offered = fields.Boolean(metadata={"description": "Enrolled: whether an offer is open."})
    on_hold = fields.Boolean(
        metadata={"description": "Enrolled: whether an authority holds it, or what it is in."}
    )
    origin_contested = fields.Boolean(metadata={"description": "Enrolled: by its maker."})
    steps = fields.List(fields.Nested(StepBody), metadata={"description": "Enrolled: what you may say next."})
    offer = fields.Nested(OfferBody, metadata={"description": "The one that is open; who sees all events."})
    holds = fields.List(fields.Nested(HoldBody), metadata={"description": "In force; who sees all events."})
    contested = fields.String(
        metadata={"description": "Event by which its maker contests its origin, or empty."}
    )
    vehicle = fields.String(metadata={"description": "Of a battery: in which it is, or empty."})
    parent = fields.String(metadata={"description": "Of a battery: in which it is, or out of which it came."})
    components = fields.List(
        fields.String(), metadata={"description": "What it was made with, or fitted with."}
    )
    parts = fields.List(
        fields.String(), metadata={"description": "Batteries with chains of their own in it."}
    )
    before = fields.String(metadata={"description": "The stage before it was lost or left the country."})
    conflicts_with = fields.String(
        metadata={
            "description": "Of a battery: another that has the same code, while that is open, or empty."
        }
    )
    use = fields.String(metadata={"description": "Of a re-coded product: for what it was made, or empty."})
    site = fields.String(metadata={"description": "Of a battery: at which site of its custodian, or empty."})
    batch = fields.String(metadata={"description": "Of a battery: into which it was charged, or empty."})
    kind = fields.String(metadata={"description": "Of a lot: what it is."})
    g = fields.Integer(metadata={"description": "Of a lot: grams that are left of it."})
    charges = fields.List(
        fields.Nested(ChargeBody), metadata={"description": "Of a lot: what went into batches."}
    )
    packs = fields.Integer(
        metadata={"description": "Of a vehicle, or of the one in which a battery is: how many belong in it."}
    )
    swap_model = fields.Boolean(metadata={"description": "Of a vehicle."})
    scrapped = fields.Boolean(metadata={"description": "Of a vehicle."})
    batteries = fields.List(fields.String(), metadata={"description": "Of a vehicle: those that are in it."})
    owner = fields.String(metadata={"description": "Of a model or a batch."})
    mass_g = fields.Integer(metadata={"description": "Of a model."})
    energy_wh = fields.Integer(metadata={"description": "Of a model."})
    consignor = fields.String(metadata={"description": "Of a consignment."})
    consignee = fields.String(metadata={"description": "Of a consignment."})
    arrived = fields.Boolean(metadata={"description": "Of a consignment."})
    closed = fields.Boolean(metadata={"description": "Of a batch."})
    outputs = fields.List(fields.Nested(OutputBody), metadata={"description": "Of a batch that is closed."})
