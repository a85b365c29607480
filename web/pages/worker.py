"""The service worker: which files and pages a device keeps, so that they open without a network.

What it does is a module like the others, `js/device/worker.js`. This address, which never changes, says of
which version, and so every change of any file makes browsers take in that version whole.
"""

from __future__ import annotations

import re
from typing import Final

import orjson
from flask import Blueprint, Response

from .files import address_of, names, version_of_all
from .languages import LANGUAGES
from .yard import SHELLS, Shell

_CONVERTER: Final = re.compile(r"<(path:)?\w+>")
_MODULE: Final = "js/device/worker.js"
_NOT_KEPT: Final = ("docs.css",)

blueprint = Blueprint("worker", __name__)


@blueprint.get("/sw.js")
def worker() -> Response:
    """The script that browsers ask for again each day, and at each visit."""
    build = {
        "version": version_of_all(),
        "files": [name for name in names() if name not in _NOT_KEPT],
        "shells": [{"rule": rule_of(shell), "path": example_of(shell)} for shell in SHELLS],
        "languages": list(LANGUAGES),
    }
    source = (
        f'import {{ serve }} from "{address_of(_MODULE)}";\n\nserve(self, {orjson.dumps(build).decode()});\n'
    )
    response = Response(source, content_type="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


def rule_of(shell: Shell) -> str:
    """All addresses of a page, as a regular expression that JavaScript reads as Python does."""
    parts = _CONVERTER.split(shell.rule)
    texts, kinds = parts[::2], parts[1::2]
    fillings = ["." if kind else "[^/]" for kind in kinds]
    middle = "".join(
        f"{filling}+{re.escape(text)}" for filling, text in zip(fillings, texts[1:], strict=True)
    )
    return f"^{re.escape(texts[0])}{middle}$"


def example_of(shell: Shell) -> str:
    """An address of a page under which it is fetched, and kept for all of its addresses."""
    return _CONVERTER.sub("-", shell.rule)
