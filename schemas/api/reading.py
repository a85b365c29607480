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
    custodian = fields.Nested(
        PartyBody, allow_none=True, metadata={"description": "Enrolled: who holds it, or nobody."}
    )
    capacity = fields.String(metadata={"description": "Enrolled: the role in which."})
    condition = fields.String(metadata={"description": "Enrolled."})
    offered = fields.Boolean(metadata={"description": "Enrolled: whether an offer is open."})
    on_hold = fields.Boolean(metadata={"description": "Enrolled: whether an authority holds it."})
    origin_contested = fields.Boolean(metadata={"description": "Enrolled: by its maker."})
    steps = fields.List(fields.Nested(StepBody), metadata={"description": "Enrolled: what you may say next."})
