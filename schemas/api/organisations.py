"""Bodies about organisations and their keys."""

from __future__ import annotations

from marshmallow import Schema, fields

_FROM = {"description": "Valid from then on; null: from the start."}
_UNTIL = {"description": "Valid before then; null: without end."}


class PageQuery(Schema):
    """Which page of a list."""

    page = fields.String(metadata={"description": "`next` of the page before; without it, the first page."})


class NameBody(Schema):
    """A name in both languages; empty where there is none."""

    zh = fields.String(required=True)
    en = fields.String(required=True)


class RoleBody(Schema):
    """A role that an organisation is enrolled with."""

    role = fields.String(required=True)
    scope = fields.List(fields.String(), required=True, metadata={"description": "Of the licence."})
    valid = fields.Boolean(required=True, metadata={"description": "Now."})
    from_ = fields.String(data_key="from", required=True, allow_none=True, metadata=_FROM)
    until = fields.String(required=True, allow_none=True, metadata=_UNTIL)


class OrganisationBody(Schema):
    """An enrolled organisation."""

    id = fields.String(required=True, metadata={"description": "As events name it: `org:uscc:…`."})
    name = fields.Nested(NameBody, required=True)
    region = fields.String(required=True)
    roles = fields.List(fields.Nested(RoleBody), required=True)
    vendor_codes = fields.List(fields.String(), required=True)
    enrolled_at = fields.String(required=True)
    suspended = fields.Boolean(required=True)


class OrganisationsBody(Schema):
    """A page of organisations, in the order of their ids."""

    organisations = fields.List(fields.Nested(OrganisationBody), required=True)
    next = fields.String(metadata={"description": "Token of the next page; absent on the last."})


class KeyBody(Schema):
    """A public key of an organisation."""

    kid = fields.String(required=True, metadata={"description": "RFC 7638 thumbprint."})
    jwk = fields.Dict(keys=fields.String(), required=True)
    use = fields.String(required=True, metadata={"enum": ["admin", "sign", "read", "registrar", "former"]})
    state = fields.String(
        required=True, metadata={"enum": ["valid", "revoked", "replaced", "not_yet_valid", "expired"]}
    )
    from_ = fields.String(data_key="from", required=True, allow_none=True, metadata=_FROM)
    until = fields.String(required=True, allow_none=True, metadata=_UNTIL)
    types = fields.List(fields.String(), metadata={"description": "That it may sign; absent: all."})
    sites = fields.List(fields.String(), metadata={"description": "At which it may sign; absent: all."})


class KeysBody(Schema):
    """Every key that the log knows of an organisation."""

    organisation = fields.String(required=True)
    keys = fields.List(fields.Nested(KeyBody), required=True)
