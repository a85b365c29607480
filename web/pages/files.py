"""The files that pages are made with: modules, styles, pictures, texts.

All of them stand under one address, which has the digest of all of them in it. So modules that import each
other by relative addresses are always of one version, and caches may keep them for ever.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
from flask import Blueprint, Response, abort, request

from ..door.headers import DECODER
from .languages import CHINESE, messages
from .words import words_object

FOLDER: Final = Path(__file__).parent.parent / "static"
TEXTS: Final = f"texts/{CHINESE}.json"
"""The texts of scripts, which are those of the templates: made, not a file."""
WORDS: Final = "texts/words.json"
"""What types, stages and findings are called: made as well."""
WORKER: Final = "js/scan/worker.js"
"""The one script that may run compiled code: it decodes pictures, in a thread that has no page."""

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_NOW: Final = "no-cache"
_PACKED: Final = ("text/", "application/json", "application/wasm", "image/svg+xml")
_VERSION_CHARACTERS: Final = 16
_TYPES: Final = {".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm"}

blueprint = Blueprint("files", __name__)


@blueprint.record_once
def _install(state: Any) -> None:
    state.app.jinja_env.globals["static"] = address_of


@blueprint.get("/static/<version>/<path:name>")
def file(version: str, name: str) -> Response:
    """A file. Whoever names another version, as a page that stayed open, is given what there is now."""
    found = _all().get(name)
    if found is None:
        abort(404)
    plain, packed, kind = found
    response = Response(plain, content_type=kind)
    if packed and request.accept_encodings["gzip"] > 0:
        response.set_data(packed)
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = _FOR_EVER if version == version_of_all() else _NOW
    if name == WORKER:
        response.headers["Content-Security-Policy"] = DECODER
    return response


def address_of(name: str) -> str:
    """Where a page finds a file.

    Raises:
        FileNotFoundError: A template names a file that is not there.
    """
    if name not in _all():
        raise FileNotFoundError(name)
    return f"/static/{version_of_all()}/{name}"


@cache
def version_of_all() -> str:
    """The digest of every file with its name."""
    digest = hashlib.sha256()
    for name, (plain, _packed, _kind) in _all().items():
        digest.update(f"{name}\n{len(plain)}\n".encode())
        digest.update(plain)
    return digest.hexdigest()[:_VERSION_CHARACTERS]


def names() -> Iterator[str]:
    """Every file by its name, in order."""
    return iter(_all())


@cache
def _all() -> dict[str, tuple[bytes, bytes, str]]:
    """Every file as it is, packed if that helps, and its media type: a few megabytes in all."""
    made = {TEXTS: messages(), WORDS: words_object()}
    files = {}
    for name, value in made.items():
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        files[name] = text, gzip.compress(text, mtime=0), "application/json"
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file():
            plain = path.read_bytes()
            kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            packed = gzip.compress(plain, mtime=0) if kind.startswith(_PACKED) else b""
            files[path.relative_to(FOLDER).as_posix()] = plain, packed, kind
    return files
