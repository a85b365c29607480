"""Bodies of notices: the feed, and webhooks."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from .numbers import Count


class FeedQuery(Schema):
    """Where to go on, and how far."""

    after = fields.String(
        validate=validate.Length(max=64),
        metadata={"description": "The `next` of the answer before; from the beginning without it."},
    )
    limit = Count(
        validate=validate.Range(min=1, max=1_000), metadata={"description": "Notices of an answer; 100."}
    )


class NoticeBody(Schema):
    """That there is an event, and where its subject stands now; nothing of what the event says."""

    leaf_index = fields.Integer(required=True, metadata={"description": "Its place in the log: its number."})
    id = fields.String(required=True, metadata={"description": "Event id, 43 characters."})
    subject = fields.String(required=True, metadata={"description": "Of the chain on which it stands."})
    seq = fields.Integer(required=True, metadata={"description": "Its place in that chain."})
    type = fields.String(required=True)
    iss = fields.String(required=True, metadata={"description": "Who signed."})
    recorded_at = fields.String(required=True, metadata={"description": "The log's clock, UTC."})
    stage = fields.String(
        metadata={"description": "Of the battery or lot now, which may be later than the event."}
    )
    custodian_is_you = fields.Boolean(metadata={"description": "Whether you hold it now."})
    offered_to_you = fields.Boolean(metadata={"description": "Whether an open offer names you now."})


class FeedBody(Schema):
    """Notices in the order of the log."""

    notices = fields.List(fields.Nested(NoticeBody), required=True)
    next = fields.String(required=True, metadata={"description": "Cursor of the next question."})
    size = fields.Integer(required=True, metadata={"description": "Entries that the checkpoint covers."})
    complete = fields.Boolean(required=True, metadata={"description": "Whether there are no more by now."})


class WebhookNewBody(Schema):
    """Where notices are to be sent, and from where on."""

    url = fields.String(
        required=True,
        metadata={"description": "http or https, without credentials; every address of it must be public."},
    )
    after = fields.String(metadata={"description": "A cursor; what is recorded from now on without it."})


class ReplayBody(Schema):
    """From where on to tell again."""

    after = fields.String(required=True, metadata={"description": "A cursor."})


class WebhookBody(Schema):
    """A webhook, and how far it has been told."""

    id = fields.String(required=True, metadata={"description": "`aud` of what is sent to it."})
    url = fields.String(required=True)
    state = fields.String(
        required=True,
        metadata={"enum": ["active", "paused"], "description": "paused: nothing is sent until a replay."},
    )
    after = fields.String(required=True, metadata={"description": "Cursor of what is told next."})
    created_at = fields.String(required=True)
    delivered_at = fields.String(metadata={"description": "Of the last success."})
    failures = fields.Integer(required=True, metadata={"description": "Since the last success."})
    failing_since = fields.String(metadata={"description": "Of the first of them."})
    next_attempt_at = fields.String(metadata={"description": "Not before that, while it fails."})
    problem = fields.String(metadata={"description": "Of the last attempt, or why it is paused."})


class WebhooksBody(Schema):
    """The webhooks of an organisation."""

    webhooks = fields.List(fields.Nested(WebhookBody), required=True)
