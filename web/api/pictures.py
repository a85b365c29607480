"""`POST /pictures`: the symbols in a frame or a photo, for a phone that can't read them itself."""

from __future__ import annotations

import threading
from typing import Any, Final

from flask import Flask, Response, current_app, request
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.events import ProblemBody
from ...schemas.api.pictures import PictureBody
from ...trace.errors import TraceError
from ..door.bodies import JSON, media_type, read_body
from ..door.rates import Rates, TooManyRequestsError, client_of
from ..node import Node, this_node
from ..pictures.reading import MEDIA_TYPES, Symbol, read_picture
from ..problems import MEDIA_TYPE
from ..quoting import encode_json

_EXTENSION: Final = "packtrace-pictures"

blueprint = Blueprint("pictures", __name__, description="Labels in pictures.")


class PicturesBusyError(TraceError):
    """As many pictures are being read as the node reads at the same time."""

    code = "PICTURES_BUSY"
    http_status = 503


class Readers:
    """How many pictures are read at the same time, and of one address in a minute."""

    def __init__(self, together: int, a_minute: int, wait_s: float = 2.0) -> None:
        """Args:
        together: A hostile picture costs seconds of a processor, and this many are left to them at most.
        wait_s: For those before it.
        """
        self._wait_s = wait_s
        self._places = threading.Semaphore(together)
        self._rates = Rates(a_minute)

    def read(self, data: bytes, most_pixels: int, address: str) -> tuple[Symbol, ...]:
        """Read a picture when it is its turn.

        Raises:
            TooManyRequestsError: This address asked too often.
            PicturesBusyError: It did not get its turn.
            PictureError: As `read_picture`.
        """
        if wait_s := self._rates.take(client_of(address)):
            raise TooManyRequestsError("address", self._rates.most, wait_s)
        if not self._places.acquire(timeout=self._wait_s):
            raise PicturesBusyError("pictures: expected a free place, got others before it for too long")
        try:
            return read_picture(data, most_pixels=most_pixels)
        finally:
            self._places.release()


def install_pictures(app: Flask, node: Node) -> None:
    """Let an application read pictures."""
    app.extensions[_EXTENSION] = Readers(node.limits.pictures, node.limits.pictures_a_minute)


@blueprint.route("/pictures")
class Pictures(MethodView):
    """Where pictures are read."""

    @blueprint.doc(
        summary="Read the labels in a picture",
        requestBody={
            "required": True,
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES},
        },
    )
    @blueprint.response(200, PictureBody, description="What its symbols say.")
    @blueprint.alt_response(400, schema=ProblemBody, content_type=MEDIA_TYPE, description="Not a whole body.")
    @blueprint.alt_response(413, schema=ProblemBody, content_type=MEDIA_TYPE, description="Too many bytes.")
    @blueprint.alt_response(415, schema=ProblemBody, content_type=MEDIA_TYPE, description="No such picture.")
    @blueprint.alt_response(
        422, schema=ProblemBody, content_type=MEDIA_TYPE, description="Damaged, or too many pixels."
    )
    @blueprint.alt_response(503, schema=ProblemBody, content_type=MEDIA_TYPE, description="Busy.")
    def post(self) -> Response:
        """QR, Data Matrix and Code 128. The scan page asks for this where a browser can't read pictures
        itself. Nothing of a picture is kept, and what its symbols say is looked up nowhere.
        """
        limits = this_node().limits
        media_type(request, *MEDIA_TYPES)
        data = read_body(request, limits.picture_bytes)
        readers: Readers = current_app.extensions[_EXTENSION]
        found = readers.read(data, limits.picture_pixels, request.remote_addr or "")
        said: dict[str, Any] = {"symbols": [{"text": each.text, "format": each.format} for each in found]}
        return Response(encode_json(said), content_type=JSON)
