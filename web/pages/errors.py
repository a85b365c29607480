"""What goes wrong with a page is told as a page, and everything else as a problem for programs."""

from __future__ import annotations

from typing import Final

from flask import Response, render_template, request
from werkzeug.exceptions import HTTPException

from ...signing.errors import SigningError
from ...trace.errors import TraceError
from ..problems import MEDIA_TYPE, of_error, of_http

_FOR_PROGRAMS: Final = ("/api/", "/tile/", "/checkpoint", "/metrics")


def answer_error(error: TraceError | SigningError) -> Response:
    """An error of the domain, for whoever asked."""
    return _for_reader(of_error(error), str(error))


def answer_http(error: HTTPException) -> Response:
    """An error of the framework, for whoever asked."""
    return _for_reader(of_http(error), error.description or "")


def _for_reader(problem: Response, detail: str) -> Response:
    if request.path.startswith(_FOR_PROGRAMS):
        return problem
    if request.accept_mimetypes.best_match([MEDIA_TYPE, "text/html"], default=MEDIA_TYPE) != "text/html":
        return problem
    page = Response(
        render_template("problem.html", status=problem.status, detail=detail), problem.status_code
    )
    for name, value in problem.headers.items():
        if not name.startswith("Content-"):
            page.headers[name] = value
    return page
