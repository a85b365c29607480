"""What may be asked for, and what of it the node can check before an administrator looks at it.

The judge of the log decides over the key that is added. A request that it would refuse in any case is
refused here, so that nobody compares words for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from ...signing.compact import format_compact
from ...signing.errors import SigningError
from ...signing.keys import parse_public_jwk
from ...signing.possession import check_possession
from ...trace.devices import keys_subject
from ...trace.errors import RefusedError
from ...trace.lifecycle.state import Org
from ...trace.lifecycle.world import World
from ...trace.rules.ruleset import RuleSet
from .invitations import REFUSED, USES, WAITING, Invitation, Invitations

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_ADDRESS: Final = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?/?")
_ADDRESS_MOST: Final = 300

NAME_MOST: Final = 100
"""Characters of a device's name, as the schema of ``key.added`` has it."""

ENROLLED: Final = "enrolled"
REVOKED: Final = "revoked"
EXPIRED: Final = "expired"


class InvitedError(RefusedError):
    """Not what a device can be invited for."""

    code = "INVITATION_REFUSED"
    http_status = 422


class KeyBoundError(RefusedError):
    """The key is registered already: a device makes a fresh one for each enrolment."""

    code = "KEY_ALREADY_BOUND"
    http_status = 422


class NotProvenError(RefusedError):
    """The proof of possession is not for this key, log, organisation and head.

    Attributes:
        members: `head` of the chain as it stands, over which a proof is to be made.
    """

    code = "KEY_NOT_PROVEN"
    http_status = 422

    def __init__(self, message: str, head: str | None) -> None:
        super().__init__(message, where="possession")
        self.members = {"head": head}


def check_invited(
    world: World, org: str, *, use: str, name: str, sites: tuple[str, ...], types: tuple[str, ...]
) -> None:
    """An organisation may invite a device for this.

    Raises:
        InvitedError: It is not enrolled or suspended, or a use, name, site or type is none.
    """
    state = enrolled(world, org)
    if state.suspended:
        raise InvitedError(f"organisation: expected one in good standing, got {org}, which is suspended")
    if use not in USES:
        raise InvitedError(f"use: expected {' or '.join(USES)}, got {use[:20]!a}", where="use")
    if name:
        check_name(name)
    if use != "sign" and (sites or types):
        raise InvitedError("use: expected sign, where sites or types are named, got admin", where="use")
    known_sites = {site.name for site in state.sites}
    for site in sites:
        if site not in known_sites:
            expected = ", ".join(sorted(known_sites)) or "none, since the organisation has no sites"
            raise InvitedError(f"sites: expected one of {expected}, got {site[:64]!a}", where="sites")
    _check_types(types, world.rules)


def parse_address(url: str) -> str:
    """Where the pages lie, as a device reaches them: scheme and host, without anything behind.

    Raises:
        InvitedError: Anything else, or one on which a browser makes no key: plain http, but on the machine
            itself.
    """
    try:
        parts = urlsplit(url)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    except ValueError:
        safe = False
    if not safe or len(url) > _ADDRESS_MOST or not _ADDRESS.fullmatch(url):
        raise InvitedError(
            "url: expected https://HOST, since a browser makes no key over plain http but on the machine "
            f"itself, got {url[:100]!a}",
            where="url",
        )
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(address: str) -> bool:
    """Whether it means another machine on each machine."""
    return urlsplit(address).hostname in _LOOPBACK


def enrolled(world: World, org: str) -> Org:
    """The organisation as it stands.

    Raises:
        InvitedError: It is not enrolled.
    """
    chain = world.chain(org)
    if chain is None or not isinstance(chain.state, Org):
        raise InvitedError(f"organisation: expected one that is enrolled, got {org}")
    return chain.state


def check_name(name: str) -> None:
    """A device may be called so in a signed event.

    Raises:
        InvitedError: It may not.
    """
    if not 1 <= len(name) <= NAME_MOST:
        raise InvitedError(f"name: expected 1 to {NAME_MOST} characters, got {len(name)}", where="name")
    if not name.isprintable() or name != name.strip():
        raise InvitedError("name: expected one line of visible characters, got another text", where="name")
    try:
        format_compact({"name": name})
    except SigningError as error:
        raise InvitedError(f"name: {error}", where="name") from error


def ask(
    invitations: Invitations, world: World, *, secret: str, jwk: Mapping[str, Any], possession: str, name: str
) -> Invitation:
    """A device asks to be enrolled; asking again with the same key tells how it stands.

    Returns:
        The invitation, bound to this key.

    Raises:
        InvitationUnknownError, InvitationExpiredError, InvitationUsedError: It is not for this device.
        SigningError: The key is none, or a weak one.
        KeyBoundError, NotProvenError, InvitedError: The log would not register it.
    """
    key = parse_public_jwk(jwk)
    known = invitations.known_to(secret, key.kid)
    if known is not None and (world.key_home(key.kid) or possession == known.possession):
        return known
    invitation = known or invitations.look(secret)
    if world.key_home(key.kid):
        raise KeyBoundError(f"jwk: expected a key that nobody has registered, got {key.kid}", where="jwk")
    if name and not invitation.name:
        check_name(name)
    subject = keys_subject(invitation.org)
    head = head_of(world, subject)
    try:
        check_possession(possession, key=key, aud=world.origin, sub=subject, head=head)
    except SigningError as error:
        raise NotProvenError(str(error), head) from error
    return invitations.ask(secret, key.kid, key.jwk(), possession, name)


def standing(invitation: Invitation, world: World, at: datetime) -> str:
    """Open, waiting, enrolled, revoked, refused or expired; the log alone says whether the key is in."""
    signer = world.signer(invitation.kid) if invitation.kid else None
    if signer is not None and signer.key.org == invitation.org:
        return REVOKED if signer.revoked else ENROLLED
    if invitation.state != REFUSED and not invitation.stands(at):
        return EXPIRED
    return invitation.state


def is_proven(invitation: Invitation, world: World) -> bool:
    """Whether the proof is over the head of the chain as it stands; the device makes a fresh one else."""
    if invitation.state != WAITING:
        return False
    subject = keys_subject(invitation.org)
    try:
        check_possession(
            invitation.possession,
            key=parse_public_jwk(invitation.jwk),
            aud=world.origin,
            sub=subject,
            head=head_of(world, subject),
        )
    except SigningError:
        return False
    return True


def head_of(world: World, subject: str) -> str | None:
    """Id of the last event of a chain; None where it has not begun."""
    chain = world.chain(subject)
    return chain.head if chain else None


def _check_types(types: tuple[str, ...], rules: RuleSet) -> None:
    for kind in types:
        if kind not in rules.shapes.types:
            raise InvitedError(f"types: expected types of statements, got {kind[:64]!a}", where="types")
