"""`/invitations`, `/devices` and `/enrolment`: a device gets a key of its organisation, by no password."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast

from flask import Flask, Response, current_app, request
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.enrolment import (
    AskBody,
    DevicesBody,
    EnrolmentBody,
    InvitationMadeBody,
    InvitationNewBody,
    LookBody,
)
from ...schemas.api.events import ProblemBody
from ...trace.devices import Device, key_state, keys_subject, read_devices, revoked_kids
from ...trace.labels.symbol import QUIET, make_symbol
from ...trace.lifecycle.state import Key
from ...trace.lifecycle.world import World, keys_in
from ...trace.times import format_log_time
from ..door.bodies import JSON, BodyError, read_json
from ..door.rates import Rates, TooManyRequestsError, client_of
from ..enrolment.asking import (
    ask,
    check_invited,
    enrolled,
    head_of,
    is_loopback,
    is_proven,
    parse_address,
    standing,
)
from ..enrolment.invitations import OPEN, WAITING, Invitation, InvitationUnknownError
from ..node import Node, this_node
from ..problems import MEDIA_TYPE
from ..reading.access import Member, NotPermittedError, known_reader, require_member
from ..reading.registry import organisation_object
from ..reading.shown import read_whole
from ..store import StoreFailedError
from ..tls.page import yard_address
from .reading import BEARER, answer, told_as

blueprint = Blueprint("enrolment", __name__, description="Devices of an organisation, and how they join it.")

GUESSES: Final = 30
"""Secrets in a minute that one address may show of which the node knows none."""
_EXTENSION: Final = "packtrace-guesses"
_UNKNOWN: Final = "No such invitation."
_OTHERS: Final = "Another device came with it first, or it was refused."


def install_enrolment(app: Flask, node: Node) -> None:
    """Make known what counts guesses, and note which devices are in use."""
    app.extensions[_EXTENSION] = Rates(GUESSES)

    @app.after_request
    def note(response: Response) -> Response:
        who = known_reader()
        if who is not None:
            try:
                node.seen.note(who.kid)
            except StoreFailedError:  # what was asked for is answered all the same
                pass
        return response


def _told(body: Any, summary: str, security: Any = None) -> Any:
    content = {JSON: {"schema": body}}
    said: dict[str, Any] = {"summary": summary, "requestBody": {"required": True, "content": content}}
    return blueprint.doc(**said, security=security or [{}])


def _problem(status: int, description: str) -> Any:
    return blueprint.alt_response(
        status, schema=ProblemBody, content_type=MEDIA_TYPE, description=description
    )


@blueprint.route("/invitations")
class InvitationsView(MethodView):
    """Those of an organisation."""

    @_told(InvitationNewBody, "Invite a device", [{BEARER: []}])
    @blueprint.response(201, InvitationMadeBody, description="With its secret, which is told here alone.")
    @_problem(401, "No good token.")
    @_problem(403, "The key of the token may only read; or it is no admin key, and admin is asked for.")
    @_problem(409, "The organisation has as many open as one may have.")
    @_problem(422, "Nothing that a device can be invited for.")
    def post(self) -> Response:
        """For one device, within ten minutes. It gives nothing by itself: an administrator adds the key."""
        node, who = this_node(), require_member()
        said = _members(node, {"use": str, "name": str, "sites": list, "types": list, "url": str})
        use, name = said.get("use", "sign"), said.get("name", "")
        sites, types = tuple(said.get("sites", ())), tuple(said.get("types", ()))
        if who.use == "read" or (use == "admin" and who.use != "admin"):
            expected = "admin" if use == "admin" else "sign or admin"
            raise NotPermittedError(
                f"token, kid: expected a key for {expected}, got one for {who.use}", where="Authorization"
            )
        check_invited(node.ledger.world(), who.org, use=use, name=name, sites=sites, types=types)
        base = parse_address(said["url"]) if "url" in said else ""
        if base and is_loopback(base):  # the office's own browser; a phone reaches it elsewhere
            base = yard_address() or base
        made, secret = node.invitations.invite(
            who.org, use=use, name=name, sites=sites, types=types, made_by=who.kid
        )
        link = f"{base}/enrol#{secret}"
        symbol = {"link": link, "symbol": symbol_rows(link)} if base else {}
        response = answer(invitation_object(made) | {"secret": secret} | symbol)
        response.status_code = 201
        response.headers["Location"] = f"{request.path}/{made.id}"
        return response


@blueprint.route("/invitations/<invitation_id>")
class InvitationView(MethodView):
    """One of them."""

    @blueprint.doc(summary="Take an invitation back", security=[{BEARER: []}])
    @blueprint.response(204, description="No device comes with it any more, and the one that did is told so.")
    @_problem(401, "No good token.")
    @_problem(403, "The key of the token may only read.")
    @_problem(404, _UNKNOWN)
    def delete(self, invitation_id: str) -> Response:
        """Also to turn a device away that asks. A key that was added is revoked by `key.revoked` alone."""
        node, who = this_node(), require_member()
        if who.use == "read":
            raise NotPermittedError(
                "token, kid: expected a key for sign or admin, got one for read", where="Authorization"
            )
        node.invitations.refuse(who.org, invitation_id)
        return Response(status=204)


@blueprint.route("/devices")
class Devices(MethodView):
    """What an organisation signs with."""

    @told_as(blueprint, DevicesBody, "Your devices")
    def get(self) -> Response:
        """Every key that the organisation added, the devices that ask to be, and the open invitations.

        An admin key, which reads nothing else, may ask too.
        """
        node, who = this_node(), require_member()
        return answer(_devices(node, who))


@blueprint.route("/enrolment/invitation")
class EnrolmentInvitation(MethodView):
    """A device looks at its invitation."""

    @_told(LookBody, "Look at an invitation")
    @blueprint.response(200, EnrolmentBody, description="What it is for.")
    @_problem(404, _UNKNOWN)
    @_problem(409, _OTHERS)
    @_problem(410, "It has expired.")
    def post(self) -> Response:
        """By its secret, which goes in the body, since addresses are logged."""
        node = this_node()
        said = _members(node, {"secret": str}, needed=("secret",))
        return _answer(node, _guarded(lambda: node.invitations.look(said["secret"])))


@blueprint.route("/enrolment/request")
class EnrolmentRequest(MethodView):
    """A device asks to be enrolled."""

    @_told(AskBody, "Ask to be enrolled")
    @blueprint.response(200, EnrolmentBody, description="How the request stands.")
    @_problem(404, _UNKNOWN)
    @_problem(409, _OTHERS)
    @_problem(410, "It has expired.")
    @_problem(422, "The log would not register this key; with KEY_NOT_PROVEN `head` says what to prove.")
    def post(self) -> Response:
        """The first key binds the invitation. Posting the same again tells how it stands.

        The proof is over the head of the organisation's chain of keys. Where that moves while the device
        waits, it posts a fresh proof by the same key.
        """
        node = this_node()
        kinds: dict[str, type[Any]] = {"secret": str, "jwk": dict, "possession": str, "name": str}
        said = _members(node, kinds, needed=("secret", "jwk", "possession"))
        given = {"name": "", **said}
        asked = _guarded(lambda: ask(node.invitations, node.ledger.world(), **given))
        if node.confirm and standing(asked, node.ledger.world(), node.clock()) == WAITING:
            node.confirm(asked)
        return _answer(node, asked)


def symbol_rows(text: str) -> list[str]:
    """The modules of a QR symbol with its quiet zone, a text of 0 and 1 for each row; 1 is dark."""
    symbol = make_symbol(text)
    above = ["0" * symbol.total] * QUIET
    aside = "0" * QUIET
    return [*above, *(f"{aside}{row:0{symbol.size}b}{aside}" for row in symbol.rows), *above]


def invitation_object(invitation: Invitation) -> dict[str, Any]:
    """An invitation as the API tells it to its organisation."""
    return {
        "id": invitation.id,
        "use": invitation.use,
        "name": invitation.name,
        "sites": list(invitation.sites),
        "types": list(invitation.types),
        "created_at": format_log_time(invitation.created_at),
        "expires_at": format_log_time(invitation.expires_at),
    }


def _devices(node: Node, who: Member) -> dict[str, Any]:
    world, at, subject = node.ledger.world(), node.clock(), keys_subject(who.org)
    chain, revoked = world.chain(subject), revoked_kids(world, who.org)
    asking: list[dict[str, Any]] = []
    invited: list[dict[str, Any]] = []
    for each in node.invitations.of(who.org):
        state = standing(each, world, at)
        if state == WAITING:
            asking.append(_request_object(each, world))
        elif state == OPEN:
            invited.append(invitation_object(each))
    return {
        "organisation": who.org,
        "subject": subject,
        "seq": chain.seq if chain else -1,
        "head": chain.head if chain else None,
        "admins": _admins(world, who.org, at),
        "devices": _device_objects(node, subject, revoked, at),
        "requests": asking,
        "invitations": invited,
    }


def _request_object(request: Invitation, world: World) -> dict[str, Any]:
    return invitation_object(request) | {
        "kid": request.kid,
        "jwk": dict(request.jwk),
        "possession": request.possession,
        "asked_at": format_log_time(request.asked_at),
        "proven": is_proven(request, world),
    }


def _device_objects(node: Node, subject: str, revoked: set[str], at: datetime) -> list[dict[str, Any]]:
    devices = read_devices(read_whole(node.ledger, subject))
    seen = node.seen.of([each.key.public.kid for each in devices])
    told = [_device_object(each, revoked, at) for each in devices]
    return [
        each | ({"seen_at": format_log_time(seen[each["kid"]])} if each["kid"] in seen else {})
        for each in told
    ]


def _device_object(device: Device, revoked: set[str], at: datetime) -> dict[str, Any]:
    key = device.key
    said = {
        "kid": key.public.kid,
        "jwk": key.public.jwk(),
        "use": key.use,
        "name": key.name,
        "state": key_state(key, revoked=key.public.kid in revoked, at=at),
        "sites": list(key.sites),
        "types": list(key.types),
        "added_at": format_log_time(device.added_at),
    }
    if device.revoked_at:
        said |= {"revoked_at": format_log_time(device.revoked_at), "reason": device.reason}
    if device.compromised_since:
        said["compromised_since"] = device.compromised_since
    return said


def _admins(world: World, org: str, at: datetime) -> list[str]:
    """Keys by which devices are added and revoked, as they stand."""
    revoked = revoked_kids(world, org)
    chains = [world.chain(name) for name in (org, keys_subject(org))]
    keys: list[Key] = [key for chain in chains if chain for key in keys_in(chain) if key.use == "admin"]
    return [
        key.public.kid for key in keys if key_state(key, revoked=key.public.kid in revoked, at=at) == "valid"
    ]


def _answer(node: Node, invitation: Invitation) -> Response:
    """What a device is told: nothing that is not public, but what it is invited for."""
    world, at, subject = node.ledger.world(), node.clock(), keys_subject(invitation.org)
    try:
        trust = node.home.trust.read_text(encoding="utf-8")
    except FileNotFoundError:
        trust = None
    return answer(
        {
            "state": standing(invitation, world, at),
            "organisation": organisation_object(invitation.org, enrolled(world, invitation.org), at),
            "use": invitation.use,
            "name": invitation.name,
            "sites": list(invitation.sites),
            "types": list(invitation.types),
            "expires_at": format_log_time(invitation.expires_at),
            "origin": world.origin,
            "subject": subject,
            "head": head_of(world, subject),
            "trust": trust,
        }
    )


def _guarded(find: Any) -> Invitation:
    """Find by a secret, unless this address has guessed too often.

    Raises:
        TooManyRequestsError: It has; whether the secret is one was not looked at.
        InvitationUnknownError: And that counts as a guess.
    """
    guesses = cast(Rates, current_app.extensions[_EXTENSION])
    who = client_of(request.remote_addr or "")
    if wait_s := guesses.take(who, 0):
        raise TooManyRequestsError("address with unknown secrets", guesses.most, wait_s)
    try:
        return cast(Invitation, find())
    except InvitationUnknownError:
        guesses.take(who)
        raise


def _members(node: Node, kinds: Mapping[str, type[Any]], *, needed: tuple[str, ...] = ()) -> dict[str, Any]:
    """The members of a body, each of its kind; in lists nothing but texts.

    Raises:
        BodyError: Others, or of another kind; their values are not repeated.
    """
    said = read_json(request, node.limits.json_bytes)
    for name, value in said.items():
        if name not in kinds:
            raise BodyError(f"body: expected {', '.join(kinds)}, got another member", where="body")
        texts = value if isinstance(value, list) else ()
        if type(value) is not kinds[name] or not all(isinstance(each, str) for each in texts):
            raise BodyError(f"{name}: expected {_KINDS[kinds[name]]}, got another kind of value", where=name)
    for name in needed:
        if name not in said:
            raise BodyError(f"{name}: expected {_KINDS[kinds[name]]}, got none", where=name)
    return said


_KINDS: Final[Mapping[type[Any], str]] = {str: "a text", list: "a list of texts", dict: "an object"}
