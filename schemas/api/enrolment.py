"""Bodies about the enrolment of devices."""

from __future__ import annotations

from marshmallow import Schema, fields

from .organisations import OrganisationBody

_SITES = {"description": "At which the key may sign; empty: all."}
_TYPES = {"description": "That the key may sign; empty: all."}
_USE = {"enum": ["sign", "admin"], "description": "admin: it adds and revokes keys, and signs nothing else."}
_SECRET = {"description": "What follows the # of the invitation's link."}
_STATES = ["open", "waiting", "enrolled", "revoked", "refused", "expired"]


class InvitationNewBody(Schema):
    """What a device is invited for."""

    use = fields.String(
        metadata=_USE | {"description": "sign, unless said. admin: by an admin key alone."}
    )
    name = fields.String(metadata={"description": "Of the device; without it, it says itself."})
    sites = fields.List(fields.String(), metadata=_SITES)
    types = fields.List(fields.String(), metadata=_TYPES)
    url = fields.String(metadata={"description": "Of the node as the device reaches it, for `link`: https."})


class InvitationBody(Schema):
    """An invitation."""

    id = fields.String(required=True)
    use = fields.String(required=True, metadata=_USE)
    name = fields.String(required=True, metadata={"description": "Empty where the device says it itself."})
    sites = fields.List(fields.String(), required=True, metadata=_SITES)
    types = fields.List(fields.String(), required=True, metadata=_TYPES)
    created_at = fields.String(required=True)
    expires_at = fields.String(required=True, metadata={"description": "A device must have come by then."})


class InvitationMadeBody(InvitationBody):
    """An invitation with its secret."""

    secret = fields.String(
        required=True,
        metadata={"description": "Told once. The link is `<node>/enrol#<secret>`; a fragment is in no log."},
    )
    link = fields.String(
        metadata={"description": "Where a `url` was given; of loopback, the address of the yard's own https."}
    )
    symbol = fields.List(
        fields.String(),
        metadata={"description": "QR of the link: a text of 0 and 1 a row, 1 is dark, quiet zone included."},
    )


class RequestBody(InvitationBody):
    """A device that asks to be enrolled."""

    kid = fields.String(required=True)
    jwk = fields.Dict(keys=fields.String(), required=True)
    possession = fields.String(required=True, metadata={"description": "As `key.added` is to carry it."})
    asked_at = fields.String(required=True)
    proven = fields.Boolean(
        required=True,
        metadata={"description": "Whether the proof is over the head of the chain as it stands."},
    )


class DeviceBody(Schema):
    """A key that the organisation added, in the order of its chain."""

    kid = fields.String(required=True)
    jwk = fields.Dict(keys=fields.String(), required=True)
    use = fields.String(required=True, metadata={"enum": ["sign", "read", "admin"]})
    name = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": ["valid", "revoked", "not_yet_valid", "expired"]})
    sites = fields.List(fields.String(), required=True, metadata=_SITES)
    types = fields.List(fields.String(), required=True, metadata=_TYPES)
    added_at = fields.String(required=True, metadata={"description": "When the log recorded it."})
    seen_at = fields.String(
        metadata={"description": "When it last showed this node a token, to a quarter of an hour."}
    )
    revoked_at = fields.String(metadata={"description": "When the log recorded that."})
    reason = fields.String(metadata={"description": "Why it was revoked."})
    compromised_since = fields.String()


class DevicesBody(Schema):
    """The devices of an organisation, those that ask, and the invitations that are open."""

    organisation = fields.String(required=True)
    subject = fields.String(required=True, metadata={"description": "The chain of its keys."})
    seq = fields.Integer(required=True, metadata={"description": "Of its last event; -1 before the first."})
    head = fields.String(required=True, allow_none=True, metadata={"description": "Id of its last event."})
    admins = fields.List(
        fields.String(), required=True, metadata={"description": "Key ids that may add and revoke keys now."}
    )
    devices = fields.List(fields.Nested(DeviceBody), required=True)
    requests = fields.List(fields.Nested(RequestBody), required=True)
    invitations = fields.List(fields.Nested(InvitationBody), required=True)


class LookBody(Schema):
    """Which invitation is meant."""

    secret = fields.String(required=True, metadata=_SECRET)


class AskBody(LookBody):
    """A device asks to be enrolled, or how its request stands."""

    jwk = fields.Dict(keys=fields.String(), required=True, metadata={"description": "Its public key."})
    possession = fields.String(
        required=True, metadata={"description": "By that key, over `origin`, `subject` and `head`."}
    )
    name = fields.String(metadata={"description": "What people are to call the device."})


class EnrolmentBody(Schema):
    """What a device is invited for, and how that stands."""

    state = fields.String(required=True, metadata={"enum": _STATES})
    organisation = fields.Nested(OrganisationBody, required=True)
    use = fields.String(required=True, metadata=_USE)
    name = fields.String(required=True)
    sites = fields.List(fields.String(), required=True, metadata=_SITES)
    types = fields.List(fields.String(), required=True, metadata=_TYPES)
    expires_at = fields.String(required=True)
    origin = fields.String(required=True, metadata={"description": "`aud` of the proof."})
    subject = fields.String(required=True, metadata={"description": "`sub` of the proof."})
    head = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "`head` of the proof; null: the proof has none. It moves."},
    )
    trust = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The node's trust file: its six words are compared before it is kept."},
    )
