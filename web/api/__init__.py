"""The JSON API, and the document that describes it."""

from __future__ import annotations

from typing import Any, Final

import orjson
from flask import Flask, Response
from flask_smorest import Api
from werkzeug.exceptions import HTTPException

from ...schemas.api.events import ProblemBody
from ..door.bodies import JSON
from ..problems import MEDIA_TYPE, of_http
from . import (
    about,
    batch,
    batteries,
    consignments,
    consistency,
    enrolment,
    event_reads,
    events,
    evidence,
    explain,
    feed,
    filing,
    heads,
    health,
    jobs,
    labels,
    lifecycle,
    monitoring,
    organisations,
    pages,
    parked,
    pictures,
    rows,
    search,
    statements,
    static_log,
    subjects,
    vehicles,
    webhooks,
    yard,
)
from .document import complete, prose_of
from .pages import install_docs
from .reading import BEARER

PREFIX: Final = "/api/v1"
_BLUEPRINTS: Final = (
    events.blueprint,
    explain.blueprint,
    batch.blueprint,
    jobs.blueprint,
    event_reads.blueprint,
    batteries.blueprint,
    search.blueprint,
    subjects.blueprint,
    consignments.blueprint,
    heads.blueprint,
    statements.blueprint,
    lifecycle.blueprint,
    organisations.blueprint,
    pictures.blueprint,
    about.blueprint,
    feed.blueprint,
    webhooks.blueprint,
    labels.blueprint,
    rows.blueprint,
    filing.blueprint,
    vehicles.blueprint,
    yard.blueprint,
    parked.blueprint,
    evidence.blueprint,
    enrolment.blueprint,
    consistency.blueprint,
    health.blueprint,
    pages.blueprint,
)
_ROOT_BLUEPRINTS: Final = (static_log.blueprint, monitoring.blueprint)
"""What others say where it lies: the paths of C2SP tlog-tiles begin at the root."""


class _Api(Api):
    """flask-smorest with this project's errors: its own drop `Allow` and answer pages in JSON."""

    ERROR_SCHEMA = ProblemBody
    document = b""

    def _register_responses(self) -> None:
        """What a route answers beside what it tells of itself is a problem too, in its own media type."""
        usual: str = Api.DEFAULT_RESPONSE_CONTENT_TYPE
        self.DEFAULT_RESPONSE_CONTENT_TYPE = MEDIA_TYPE
        super()._register_responses()
        self.DEFAULT_RESPONSE_CONTENT_TYPE = usual

    def _openapi_json(self) -> Response:
        """The document as it is completed, which is done once."""
        return Response(self.document, content_type=JSON)

    def handle_http_exception(self, error: HTTPException) -> Response:
        return of_http(error)


def install_api(app: Flask) -> Api:
    """Give an application the routes of the API and its document at ``/api/v1/openapi.json``."""
    app.config.update(
        API_TITLE="Packtrace",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
    )
    api = _Api(app, spec_kwargs=_document())
    api.spec.components.security_scheme(
        BEARER,
        {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "packtrace-read+jwt",
            "description": "A compact JWS that a registered key signs; minutes of life. `packtrace token`.",
        },
    )
    for blueprint in _BLUEPRINTS:
        api.register_blueprint(blueprint, url_prefix=PREFIX)
    for blueprint in _ROOT_BLUEPRINTS:
        api.register_blueprint(blueprint, url_prefix="")
    completed = complete(api.spec.to_dict(), prose_of(app))
    api.document = orjson.dumps(completed)
    install_docs(app, completed)
    return api


def _document() -> dict[str, Any]:
    return {
        "info": {
            "title": "Packtrace",
            "description": "Signed events of traction batteries, in a log that anybody can verify.",
        },
        "servers": [{"url": "/"}],
    }
