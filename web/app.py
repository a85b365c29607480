"""The application: views, errors and headers round one node."""

from __future__ import annotations

import logging
from typing import Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from ..signing.errors import SigningError
from ..trace.errors import TraceError
from .api import install_api
from .api.enrolment import install_enrolment
from .api.health import install_readiness
from .api.organisations import install_page_tokens
from .api.parked import install_parked
from .api.pictures import install_pictures
from .api.search import install_search
from .api.vehicles import install_vins
from .api.yard import install_yard
from .door.headers import install_headers
from .door.rates import install_rates
from .metrics import install_metrics
from .node import Node, install
from .office.turns import install_turns
from .pages import install_pages
from .pages.errors import answer_error, answer_http
from .problems import problem
from .tls import page as https
from .tls.page import Reach

_LOG: Final = logging.getLogger("packtrace.web")


def create_app(node: Node, *, proxies: int = 0, reach: Reach | None = None) -> Flask:
    """Make the application of a node.

    Args:
        node: Open; whoever made it closes it.
        proxies: How many stand before it, each of which says whom it asks for. With none, nobody is believed.
        reach: How it is reached where it serves a yard's own https.
    """
    app = _begin(node)
    install_readiness(app, node)
    install_page_tokens(app, node)
    install_search(app, node)
    install_pictures(app, node)
    install_yard(app, node)
    install_parked(app, node)
    install_metrics(app, node)
    install_rates(app, node)
    install_turns(app)
    install_enrolment(app, node)
    install_vins(app, node)
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]
    install_api(app)
    install_pages(app)
    app.register_blueprint(https.blueprint)
    if reach:
        https.install_https(app, reach)
    app.register_error_handler(HTTPException, answer_http)  # in place of that of flask-smorest
    return app


def create_plain_app(node: Node, reach: Reach) -> Flask:
    """Make what is served over plain http beside a yard's own https: how to go on, and nothing of the log."""
    app = _begin(node)
    install_rates(app, node)
    https.install_plain(app, reach)
    app.register_error_handler(HTTPException, answer_http)
    return app


def _begin(node: Node) -> Flask:
    """What every application of a node has: limits, errors, headers."""
    app = Flask("packtrace.web", static_folder=None)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.url_map.merge_slashes = False  # codes and tiles have slashes that mean something; none is moved
    install(app, node)
    app.register_error_handler(TraceError, answer_error)
    app.register_error_handler(SigningError, answer_error)
    app.register_error_handler(Exception, _failed)
    install_headers(app)
    return app


def _failed(error: Exception) -> Response:
    """A defect of this program: told in the log with its trace, and without it to the caller."""
    _LOG.exception("%s %s failed", request.method, request.path, exc_info=error)
    return problem(500, "SERVER_FAILED", "expected an answer, got a failure of the server; it was logged")
