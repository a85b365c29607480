"""The public passport: what the label on a battery opens, for whoever stands before it.

It says what is public (DESIGN, sections 8 and 9), whether the label is the one on record, and whether the
history holds: every signature and link of the chain is checked for the page, and proven under the checkpoint.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from ...signing.errors import SigningError
from ...signing.jws import check_signature
from ...trace.codes.battery_code import BatteryCodeError
from ...trace.codes.label import is_token, label_digest
from ...trace.codes.scan import read_printed
from ...trace.codes.subjects import Subject, parse_subject
from ...trace.errors import RefusedError
from ...trace.history import Told
from ...trace.ledger.errors import LedgerError
from ...trace.ledger.ledger import Ledger
from ...trace.lifecycle import words
from ...trace.lifecycle.state import Battery, Log
from ...trace.lifecycle.world import World
from ..door.rates import count_items
from ..node import this_node
from ..reading.passport import subject_object
from ..reading.shown import parse_battery_name, read_whole
from ..reading.tiers import view_of

HTML: Final = "text/html"
JSON_LD: Final = "application/ld+json"
_KEPT: Final = "public, max-age=300"
_ENDED: Final = (words.DISMANTLED, words.RECYCLED, words.USED_IN, words.MERGED, words.EXPORTED)
"""Stages in which there is nothing left here to be handed in."""

_LOOK_ALIKE: Final = str.maketrans({"I": "1", "O": "0"})

blueprint = Blueprint("passport", __name__)


@dataclass(frozen=True, slots=True)
class History:
    """What was checked of a chain, just now."""

    events: int
    last: str  # day on which the last one was recorded, UTC
    size: int  # of the tree under which each is proven
    holds: bool


@blueprint.get("/")
def begin() -> AnyResponse:
    """Where a code is typed; a typed code leads to its passport."""
    code = request.args.get("code", "").strip()
    if code:
        try:
            subject = parse_battery_name(code)
        except RefusedError as error:
            return Response(render_template("begin.html", code=code, problem=error.message), 422)
        return redirect(f"/p/{subject.text.split(':', 2)[2]}", 303)
    return Response(render_template("begin.html", code="", problem=""))


@blueprint.get("/p/<path:text>")
def passport(text: str) -> AnyResponse:
    """The passport of a battery, by its code, and the token of its label if that was scanned."""
    code, _ = _split(text)
    node = this_node()
    try:
        subject, token = _find(text, node.ledger)
    except BatteryCodeError as error:
        return Response(render_template("unknown.html", code=code, problem=error.message, meant=None), 404)
    chain = read_whole(node.ledger, subject.text)
    count_items(len(chain))
    if not chain:
        meant = _meant(code, node.ledger)
        return Response(render_template("unknown.html", code=code, problem="", meant=meant), 404)
    world = node.ledger.world()
    view = view_of(subject, lambda _: chain, world, None, node.clock())
    said = subject_object(chain, view, world, node.ledger, None, node.clock())
    best = request.accept_mimetypes.best_match([HTML, JSON_LD], default=HTML)
    if best == JSON_LD:
        response = Response(orjson.dumps(_linked(said)), content_type=JSON_LD)
    else:
        page = render_template(
            "passport.html",
            said=said,
            groups=_groups(subject),
            label=_label(chain[-1], subject, token),
            history=check_history(chain, world, node.ledger),
            ended=chain[-1].after.stage in _ENDED if isinstance(chain[-1].after, Battery) else True,
            purpose=_purpose(world),
        )
        response = Response(page)
    response.headers["Vary"] = "Accept, Accept-Language"
    if token:  # what only the label tells goes into no cache, and to no other site
        response.headers["Referrer-Policy"] = "no-referrer"
    else:
        response.headers["Cache-Control"] = _KEPT
        response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
        response.make_conditional(request)
    return response


def check_history(chain: Sequence[Told], world: World, ledger: Ledger) -> History:
    """Check that each event is signed by the key that it names, follows the one before, and is in the log."""
    receipts = ledger.receipts([told.event.id for told in chain])
    holds = not any(isinstance(receipt, LedgerError) for receipt in receipts)
    before: str | None = None
    for place, told in enumerate(chain):
        event = told.event
        signer = world.signer(event.jws.kid)
        try:
            if signer is None or signer.key.org != event.iss:
                raise SigningError("key: expected one of the issuer, got another")
            check_signature(event.jws, signer.key.public)
        except SigningError:
            holds = False
        holds = holds and (event.seq, event.prev) == (place, before)
        before = event.id
    size = ledger.published().size
    return History(len(chain), chain[-1].recorded_at.date().isoformat(), size, holds)


def _purpose(world: World) -> str:
    """What the log is for: production, test or demonstration."""
    chain = world.chain(f"log:{world.origin}")
    return chain.state.purpose if chain and isinstance(chain.state, Log) else ""


def _split(text: str) -> tuple[str, str]:
    """Code and token of an address; case does not matter, since scanners differ."""
    code, _, token = text.partition(".")
    return code.upper() if not code.startswith("battery:") else code, token.upper()


def _find(text: str, ledger: Ledger) -> tuple[Subject, str]:
    """The battery and the token of an address: of what the code can mean, the one that is in the log."""
    try:
        scan = read_printed(text)
    except RefusedError:  # a damaged token, perhaps: the page says that it is not the one on record
        code, token = _split(text)
        return parse_battery_name(code), token
    for subject in scan.subjects:
        if ledger.entries_of(subject):
            return parse_subject(subject), scan.token
    return parse_battery_name(scan.code), scan.token


def _label(last: Told, subject: Subject, token: str) -> str:
    """Whether a label is the one on record: ``record``, ``other``, or nothing where no token was scanned."""
    if not token or not isinstance(last.after, Battery):
        return ""
    expected = last.after.facts.label
    got = label_digest(subject.text.split(":", 2)[2], token) if is_token(token) else ""
    return "record" if expected and hmac.compare_digest(expected, got) else "other"


def _meant(code: str, ledger: Ledger) -> str | None:
    """A code that is in the log and looks like the one that is not."""
    other = code.translate(_LOOK_ALIKE)
    try:
        subject = parse_battery_name(other)
    except RefusedError:
        return None
    return other if other != code and ledger.entries_of(subject.text) else None


def _groups(subject: Subject) -> list[str]:
    """The code as it is printed: in groups of eight, so that it can be read out."""
    code = subject.text.split(":", 2)[2]
    return [code[first : first + 8] for first in range(0, len(code), 8)]


def _linked(said: dict[str, Any]) -> dict[str, Any]:
    """The passport as linked data: the same members, each a name of this vocabulary."""
    context = {"@vocab": "https://packtrace.example/vocabulary#", "log": {"@type": "@json"}}
    return {"@context": context, "@id": request.base_url, "@type": "Battery", **said}
