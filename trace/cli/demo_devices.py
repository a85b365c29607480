"""Links by which a newcomer's browser or phone joins the demonstration, as a device of one of its parties."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import click

from ...signing.keys import PrivateKey
from ..device_words import device_words
from ..devices import keys_subject, revoked_kids
from ..ledger.home import Home
from ..lifecycle.state import Org
from ..lifecycle.world import World, keys_in
from ..verify.report import plain_text
from .demo_yard import DISMANTLER, RECYCLER
from .key_store import load_first_key
from .terminal_qr import format_qr

if TYPE_CHECKING:
    from ...web.enrolment.invitations import Invitation
    from ...web.node import Node

PARTIES: Final = (("a dismantler", DISMANTLER), ("a recycler", RECYCLER))
LINKS: Final = 3
"""Of each party: each is for one device, and people try things twice."""
_GOOD_FOR: Final = timedelta(days=7)
"""Longer than the demonstration runs, which alone adds what comes by them: a newcomer reads first."""


@dataclass(frozen=True, slots=True)
class Links:
    """Of one party."""

    title: str
    name: str
    secrets: tuple[str, ...]


def invite_devices(node: Node) -> list[Links]:
    """Make links, and let the node add the keys of the devices that come by them.

    Raises:
        NotDemonstrationError: The log is not for demonstration.
    """
    from ...web.enrolment.demonstration import confirm_by_itself

    world = node.ledger.world()
    admins = {org: _admin_key(world, node.home, org) for _, org in PARTIES}
    node.confirm = confirm_by_itself(node, admins, lambda request: _tell_added(request, world.origin))
    return [
        Links(
            title,
            _name(world, org),
            tuple(node.invitations.invite(org, good_for=_GOOD_FOR)[1] for _ in range(LINKS)),
        )
        for title, org in PARTIES
    ]


def tell_links(links: Sequence[Links], url: str, *, is_https: bool) -> None:
    """Print the links, and where to begin."""
    click.echo("Open a link in a browser: it makes a key of its own there, and this log of samples adds it.")
    for each in links:
        click.echo(f"  {each.title}, {each.name}; each link is for one device:")
        for secret in each.secrets:
            click.echo(f"    {url}/enrol#{secret}")
    if is_https:
        port = url.rpartition(":")[2]
        click.echo(f"In a browser of this PC put http://localhost:{port} in place of {url}.")
        click.echo(f"The first of {links[0].title}, for a phone that trusts the authority named below:")
        click.echo("\n".join(format_qr(f"{url}/enrol#{links[0].secrets[0]}", colour=sys.stdout.isatty())))
    else:
        click.echo("A phone needs https: start this with --https (make demo: DEMO_ARGS=--https).")


def _tell_added(request: Invitation, origin: str) -> None:
    words = device_words(origin=origin, org=request.org, kid=request.kid, use=request.use)
    click.echo(
        plain_text(f"enrolled {request.name or 'a device'} for {request.org}; its six words are {words}")
    )


def _admin_key(world: World, home: Home, org: str) -> PrivateKey:
    revoked = revoked_kids(world, org)
    chains = (world.chain(org), world.chain(keys_subject(org)))
    kids = [
        key.public.kid
        for chain in chains
        if chain
        for key in keys_in(chain)
        if key.use == "admin" and key.public.kid not in revoked
    ]
    key = load_first_key(kids, home.path, None)
    if key is None:
        raise LookupError(f"keys: expected an admin key of {org} in the home, got none")
    return key


def _name(world: World, org: str) -> str:
    chain = world.chain(org)
    state = chain.state if chain else None
    return " ".join(filter(None, (state.name_zh, state.name_en))) if isinstance(state, Org) else org
