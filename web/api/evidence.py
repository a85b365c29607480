"""`/events/<id>/evidence/<sha256>`: the documents and photos that a recorded event names.

The event says by their digests what they must be, so it does not matter who brings them.
"""

from __future__ import annotations

import hashlib
import tempfile
from typing import Final

import orjson
from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.events import ProblemBody
from ...schemas.api.evidence import DocumentBody
from ...signing.base64url import b64url
from ...trace.documents import Document, documents_of, format_file_name
from ...trace.errors import RefusedError
from ...trace.ledger.evidence_store import DocumentDamagedError, EvidenceStore
from ..door.bodies import JSON, body_chunks
from ..node import this_node
from ..problems import MEDIA_TYPE
from ..reading.shown import Found, find_event, refuse_unseen
from .reading import SECURITY, Asked

BYTES: Final = "application/octet-stream"
_IN_MEMORY: Final = 1 << 20  # bytes; a longer one is written to a file while it arrives

blueprint = Blueprint("evidence", __name__, description="Documents and photos that events name.")


class DocumentNotNamedError(RefusedError):
    """The event names no such document: nobody may leave anything else here."""

    code = "EVIDENCE_NOT_NAMED"
    http_status = 404


class DocumentAbsentError(RefusedError):
    """The event names it, and this node does not have it, or no more as it was."""

    code = "EVIDENCE_ABSENT"
    http_status = 404


@blueprint.route("/events/<event_id>/evidence/<sha256>")
class Evidence(MethodView):
    """A document."""

    @blueprint.doc(
        summary="Hand in a document that an event names",
        requestBody={
            "required": True,
            "content": {BYTES: {"schema": {"type": "string", "format": "binary"}}},
        },
    )
    @blueprint.response(201, DocumentBody, description="Kept.")
    @blueprint.alt_response(200, schema=DocumentBody, description="It was there already.")
    @blueprint.alt_response(
        404,
        schema=ProblemBody,
        content_type=MEDIA_TYPE,
        description="No such event, or it names no such document.",
    )
    @blueprint.alt_response(
        413,
        schema=ProblemBody,
        content_type=MEDIA_TYPE,
        description="Longer than the event says, or than is taken.",
    )
    @blueprint.alt_response(
        422, schema=ProblemBody, content_type=MEDIA_TYPE, description="Another document than the event names."
    )
    def post(self, event_id: str, sha256: str) -> Response:
        """Its bytes, as they are, from anybody: they are kept if they are what the event names."""
        node = this_node()
        asked = Asked()
        document = _named(find_event(asked.ledger, event_id, asked.chain), sha256)
        store = EvidenceStore(node.home.evidence)
        known = store.state(document.sha256) == "there"
        if not known:
            node.check_spare()
            _take_in(store, document, min(document.size, node.limits.document_bytes))
        body = {"sha256": b64url(document.sha256), "bytes": document.size}
        return Response(orjson.dumps(body), 200 if known else 201, content_type=JSON)

    @blueprint.doc(summary="Fetch a document that an event names", security=SECURITY)
    @blueprint.response(
        200, {"type": "string", "format": "binary"}, content_type=BYTES, description="The document."
    )
    @blueprint.alt_response(401, schema=ProblemBody, content_type=MEDIA_TYPE, description="No good token.")
    @blueprint.alt_response(
        403,
        schema=ProblemBody,
        content_type=MEDIA_TYPE,
        description="The reader has no part in the subject of the event.",
    )
    @blueprint.alt_response(
        404,
        schema=ProblemBody,
        content_type=MEDIA_TYPE,
        description="No such event, or it names no such document, or this node does not have it.",
    )
    def get(self, event_id: str, sha256: str) -> Response:
        """Its bytes, for whoever sees the event: as `application/octet-stream`, to be saved, whatever the
        event says of them.
        """
        asked = Asked()
        found = find_event(asked.ledger, event_id, asked.chain)
        view = asked.view(found.subject)
        if not view.sees(found.told):
            refuse_unseen(view, "document")
        document = _named(found, sha256)
        store = EvidenceStore(this_node().home.evidence)
        if store.state(document.sha256) != "there":
            raise DocumentAbsentError("document: expected one that this node has, got one that it has not")
        response = Response(store.chunks(document.sha256), content_type=BYTES)
        name = format_file_name(document.sha256)
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        response.headers["Content-Length"] = str(store.size(document.sha256))
        response.headers["Vary"] = "Authorization"
        return response


def _named(found: Found, sha256: str) -> Document:
    """Raises:
    DocumentNotNamedError: The event names no document of this digest.
    """
    for document in documents_of(found.told.event.jws.value):
        if b64url(document.sha256) == sha256:
            return document
    raise DocumentNotNamedError("document: expected a digest that the event names, got another")


def _take_in(store: EvidenceStore, document: Document, most: int) -> None:
    """Keep the body, if it is the document; nothing else comes into the store.

    Raises:
        BodyError: As `body_chunks`.
        DocumentDamagedError: It is another one.
    """
    digest = hashlib.sha256()
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        size = 0
        for chunk in body_chunks(request, most):
            digest.update(chunk)
            file.write(chunk)
            size += len(chunk)
        if digest.digest() != document.sha256 or size != document.size:
            got = f"{size} bytes with {b64url(digest.digest())}"
            raise DocumentDamagedError(
                f"document: expected {document.size} bytes with SHA-256 {b64url(document.sha256)}, got {got}",
                where="body",
            )
        file.seek(0)
        store.add(file, "body")  # type: ignore[arg-type]  # it reads as a file does
