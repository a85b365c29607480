"""The files that pages are made with: styles and pictures, each at an address of its content."""

from __future__ import annotations

import hashlib
import mimetypes
from functools import cache
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Response, abort
from werkzeug.security import safe_join

FOLDER: Final = Path(__file__).parent.parent / "static"
_FOR_EVER: Final = "public, max-age=31536000, immutable"

blueprint = Blueprint("files", __name__)


@blueprint.record_once
def _install(state: Any) -> None:
    state.app.jinja_env.globals["static"] = address_of


@blueprint.get("/static/<path:name>")
def file(name: str) -> Response:
    """A file. What follows its name in an address is for caches: another content has another address."""
    path = safe_join(str(FOLDER), name)
    try:
        data = Path(path or "").read_bytes()  # they are small
    except (OSError, ValueError):  # none, a folder, or what can be no name
        abort(404)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    response = Response(data, content_type=kind)
    response.headers["Cache-Control"] = _FOR_EVER
    return response


@cache
def address_of(name: str) -> str:
    """Where a page finds a file.

    Raises:
        FileNotFoundError: A template names a file that is not there.
    """
    digest = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"
