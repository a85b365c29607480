"""The log as files at the server's root (C2SP tlog-tiles): what `packtrace verify http://…` reads.

Tiles are served as far as the newest checkpoint goes: what is committed and not signed is nobody's to see.
Their bytes never change, so caches may keep them for ever; the checkpoint is never kept.
"""

from __future__ import annotations

from typing import Any, Final

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.events import ProblemBody
from ...signing.errors import SigningError
from ...signing.merkle import HASH_SIZE
from ...signing.tiles import ENTRIES, TILE_HEIGHT, TILE_WIDTH, TileId, format_entry_bundle, parse_tile_path
from ...trace.bundle.layout import CHECKPOINT, ML_DSA_VKEY, VKEY, rules_path, vkey_files
from ...trace.errors import TraceError
from ...trace.ledger.errors import LedgerDamagedError
from ...trace.rules.ruleset import format_rules
from ..door.bodies import JSON
from ..node import Node, this_node
from ..problems import MEDIA_TYPE
from ..reading.access import NotPermittedError, require_reader
from ..reading.registry import regions
from .reading import SECURITY

TEXT: Final = "text/plain; charset=utf-8"
BYTES: Final = "application/octet-stream"
FOR_EVER: Final = "public, max-age=31536000, immutable"

_FILE: Final[dict[str, Any]] = {"type": "string", "format": "binary"}

blueprint = Blueprint("log", __name__, description="The log as static files (C2SP tlog-tiles).")


class FileUnknownError(TraceError):
    """The log has no file of this name, or not yet."""

    code = "NOT_FOUND"
    http_status = 404


@blueprint.route(f"/{CHECKPOINT}")
class Checkpoint(MethodView):
    """The newest signed tree head."""

    @blueprint.doc(
        summary="The newest checkpoint",
        description="C2SP tlog-checkpoint: a note with the signatures of both keys of the log. Never cached.",
    )
    @blueprint.response(200, {"type": "string"}, content_type="text/plain", description="A signed note.")
    @blueprint.alt_response(503, schema=ProblemBody, content_type=MEDIA_TYPE, description="None yet.")
    def get(self) -> Response:
        return Response(this_node().ledger.checkpoint(), content_type=TEXT)


@blueprint.route("/tile/<level>/<path:index>")
class Tile(MethodView):
    """Hashes of one level of the tree."""

    @blueprint.doc(
        summary="A hash tile",
        description="C2SP tlog-tiles. `index` is in groups of three digits, each but the last after an x "
        "(x001/234); a partial tile ends in .p/<width>.",
    )
    @blueprint.response(200, _FILE, content_type=BYTES, description="32 bytes a hash, 256 in a full tile.")
    @blueprint.alt_response(404, schema=ProblemBody, content_type=MEDIA_TYPE, description="Beyond the tree.")
    def get(self, level: str, index: str) -> Response:
        node = this_node()
        tile = find_tile(node, f"tile/{level}/{index}")
        data = node.ledger.tile(int(tile.level), tile.index, tile.width)
        if len(data) != tile.width * HASH_SIZE:
            raise LedgerDamagedError(f"{tile.path}: expected {tile.width * HASH_SIZE} bytes, got {len(data)}")
        return _kept(data, BYTES)


@blueprint.route("/tile/entries/<path:index>")
class Entries(MethodView):
    """The entries of 256 leaves, or as many as there are."""

    @blueprint.doc(
        summary="A bundle of entries",
        security=SECURITY,
        description="C2SP tlog-tiles: each entry after its length in two bytes. For everybody where the node "
        "says so (`packtrace serve --public-entries`); else for an authority of every region of the log.",
    )
    @blueprint.response(200, _FILE, content_type=BYTES, description="The entries of these leaves.")
    @blueprint.alt_response(401, schema=ProblemBody, content_type=MEDIA_TYPE, description="Not public here.")
    @blueprint.alt_response(403, schema=ProblemBody, content_type=MEDIA_TYPE, description="Of some regions.")
    @blueprint.alt_response(404, schema=ProblemBody, content_type=MEDIA_TYPE, description="Beyond the tree.")
    def get(self, index: str) -> Response:
        node = this_node()
        check_may_read_entries(node)
        tile = find_tile(node, f"tile/{ENTRIES}/{index}")
        start = tile.index * TILE_WIDTH
        data = format_entry_bundle(node.ledger.entries(start, start + tile.width))
        return _kept(data, BYTES) if node.public_entries else Response(data, content_type=BYTES)


@blueprint.route(f"/{VKEY}", endpoint="ed25519_key")
@blueprint.route(f"/{ML_DSA_VKEY}", endpoint="ml_dsa_key")
class LogKey(MethodView):
    """The public keys of the log."""

    @blueprint.doc(
        summary="A public key of the log",
        description="A verifier key of C2SP signed-note, one line. Whom to trust is never learned from here.",
    )
    @blueprint.response(200, {"type": "string"}, content_type="text/plain", description="A verifier key.")
    def get(self) -> Response:
        files = vkey_files(this_node().home.load_vkeys())
        return Response(files[request.path.removeprefix("/")], content_type=TEXT)


@blueprint.route("/rules/<sha256>.json")
class Rules(MethodView):
    """The rule sets that the log adopted."""

    @blueprint.doc(summary="A rule set, by its digest")
    @blueprint.response(200, {"type": "object"}, description="Name and parts, as bundles carry it.")
    @blueprint.alt_response(404, schema=ProblemBody, content_type=MEDIA_TYPE, description="Never adopted.")
    def get(self, sha256: str) -> Response:
        """The exact bytes that the digest is of: what judged the entries after its adoption."""
        for rules in this_node().ledger.adopted():
            if rules.sha256 == sha256:
                return _kept(format_rules(rules), JSON)
        raise FileUnknownError(f"{rules_path(sha256[:43])}: expected a rule set of this log, got none")


def check_may_read_entries(node: Node) -> None:
    """Entries are for everybody here, or whoever asks is an authority over all that they can tell of.

    Raises:
        RefusedError: Neither, or no token that says who asks.
    """
    if node.public_entries:
        return
    who = require_reader()
    with node.ledger.read() as connection:
        others = sorted(region for region in regions(connection) if not who.covers(region))
    if others:
        raise NotPermittedError(
            f"entries: expected an authority of every region of the log, got {who.org}, "
            f"which is none of {others[0]}"
        )


def find_tile(node: Node, path: str) -> TileId:
    """The tile of this path, if the newest checkpoint covers all of it.

    Raises:
        FileUnknownError: Another spelling, or beyond the tree.
    """
    try:
        tile = parse_tile_path(path)
    except SigningError as error:
        raise FileUnknownError(str(error), where="path") from error
    size = node.ledger.published().size
    hashes = size if tile.level == ENTRIES else size >> (TILE_HEIGHT * int(tile.level))
    if tile.index * TILE_WIDTH + tile.width > hashes:
        raise FileUnknownError(
            f"path: expected a tile of the tree of size {size}, got {tile.path}", where="path"
        )
    return tile


def _kept(data: bytes, content_type: str) -> Response:
    response = Response(data, content_type=content_type)
    response.headers["Cache-Control"] = FOR_EVER
    return response
