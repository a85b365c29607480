"""What there is to sign: the next statement of a chain, begun, and the JSON Schema of each type."""

from __future__ import annotations

import hashlib
import os
from typing import Any, Final

import orjson
from flask import Response, request, url_for
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.events import ProblemBody
from ...schemas.api.statements import SchemasBody, TemplateBody, TemplateQuery
from ...signing.base64url import b64url
from ...trace.codes.given import read_given
from ...trace.codes.party import parse_party
from ...trace.codes.subjects import Subject
from ...trace.errors import RefusedError
from ...trace.template import NONCE_BYTES, check_kind, next_statement
from ..door.bodies import JSON
from ..node import this_node
from ..problems import MEDIA_TYPE
from .reading import SECURITY, Asked, answer

SCHEMA: Final = "application/schema+json"
REVALIDATED: Final = "no-cache"  # kept, and asked for again each time: the rules in force may change

blueprint = Blueprint("statements", __name__, description="What there is to sign.")


class TypeUnknownError(RefusedError):
    """The rule set in force has no statement of this type."""

    code = "TYPE_UNKNOWN"
    http_status = 404


@blueprint.route("/statements/<kind>/template")
class Template(MethodView):
    """Where the next statement of a chain is begun."""

    @blueprint.doc(summary="The next statement of a chain, begun", security=SECURITY)
    @blueprint.arguments(TemplateQuery, location="query")
    @blueprint.response(200, TemplateBody, description="The payload, with placeholders.")
    @blueprint.alt_response(401, schema=ProblemBody, content_type=MEDIA_TYPE, description="A bad token.")
    @blueprint.alt_response(404, schema=ProblemBody, content_type=MEDIA_TYPE, description="No such type.")
    @blueprint.alt_response(
        422, schema=ProblemBody, content_type=MEDIA_TYPE, description="The type is not about such a subject."
    )
    def get(self, query: dict[str, Any], kind: str) -> Response:
        """`seq`, `prev`, `nonce` and the times are filled in for everybody; what the log knows of the subject
        for whom it concerns: show a token. Nothing is kept; the place is taken by who submits first.
        """
        asked = Asked()
        _check_known(kind)
        subject = check_kind(asked.world.rules, kind, read_given(query["subject"]).subject)
        iss = f"org:{parse_party(query['iss'].removeprefix('org:'))}" if "iss" in query else None
        if iss is None and asked.reader:
            iss = asked.reader.org
        statement = next_statement(
            asked.world,
            kind,
            subject.text,
            occurred_at=asked.at.replace(microsecond=0),
            nonce=os.urandom(NONCE_BYTES),
            iss=iss,
            known=_concerns(asked, subject),
        )
        return answer(statement)


@blueprint.route("/schemas")
class Schemas(MethodView):
    """The types of statement."""

    @blueprint.doc(summary="Every type of statement in force")
    @blueprint.response(200, SchemasBody, description="Each with its schema's address and digest.")
    def get(self) -> Response:
        """The rule set is named by the digest that the log adopted."""
        rules = this_node().ledger.rules
        lines = [
            {
                "type": kind,
                "url": url_for("statements.StatementSchema", kind=kind),
                "sha256": b64url(hashlib.sha256(rules.shapes.sources[kind]).digest()),
                "subjects": list(rules.shapes.kinds(kind)),
            }
            for kind in sorted(rules.shapes.types)
        ]
        body = {"rules": {"name": rules.name, "sha256": rules.sha256}, "schemas": lines}
        return revalidated(orjson.dumps(body), JSON, rules.sha256)


@blueprint.route("/schemas/<kind>")
class StatementSchema(MethodView):
    """The schema of one type."""

    @blueprint.doc(
        summary="The JSON Schema of a type",
        description="The exact bytes that the digest of the rule set covers; `ETag` is their SHA-256.",
    )
    @blueprint.response(200, {"type": "object"}, content_type=SCHEMA, description="JSON Schema 2020-12.")
    @blueprint.alt_response(304, description="It is the one that you have.")
    @blueprint.alt_response(404, schema=ProblemBody, content_type=MEDIA_TYPE, description="No such type.")
    def get(self, kind: str) -> Response:
        source = _check_known(kind)
        return revalidated(source, SCHEMA, b64url(hashlib.sha256(source).digest()))


def _concerns(asked: Asked, subject: Subject) -> bool:
    """Whether the template tells what the log knows: the reader sees all of the chain, or may begin it."""
    if asked.reader is None:
        return False
    if asked.chain(subject.text):
        return asked.view(subject).is_whole
    about = subject.inner or subject
    if about is not subject and asked.chain(about.text):
        return asked.view(about).is_whole
    if about.party:
        return asked.reader.org == f"org:{about.party}"
    return about.code is not None and asked.reader.org == asked.world.vendor(about.code.vendor)


def _check_known(kind: str) -> bytes:
    source = this_node().ledger.rules.shapes.sources.get(kind)
    if source is None:
        raise TypeUnknownError(f"type: expected one of GET /api/v1/schemas, got {kind[:60]}", where="type")
    return source


def revalidated(data: bytes, content_type: str, digest: str) -> Response:
    """An answer that clients keep, and ask for again each time by the digest that they have."""
    response = Response(data, content_type=content_type)
    response.set_etag(digest)
    response.headers["Cache-Control"] = REVALIDATED
    response.make_conditional(request)
    return response
