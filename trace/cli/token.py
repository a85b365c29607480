"""`packtrace token`: an organisation's key signs the bearer token with which it reads."""

from __future__ import annotations

from pathlib import Path

import click

from ..codes.subjects import parse_origin
from ..errors import RefusedError
from ..ledger.ledger import system_clock
from ..lifecycle.state import Keys
from ..lifecycle.world import World
from ..read_token import MAX_SECONDS, USES, sign_read_token
from .key_store import load_first_key, load_key, passphrase_option, read_passphrase
from .ledger_access import read_ledger
from .place import Place, place_options
from .subject_input import parse_org_input


@click.command()
@click.option("--org", "org_id", metavar="ORG", required=True, help="Who is to read.")
@click.option(
    "--key",
    "named",
    metavar="FILE|KID",
    help="A key of it, for sign or read.  [default: the first in the home]",
)
@click.option("--origin", help="Of the log that is to be read.  [default: the one in the home]")
@click.option(
    "--seconds", type=click.IntRange(1, MAX_SECONDS), default=300, show_default=True, help="For how long."
)
@passphrase_option
@place_options
@click.pass_obj
def token(
    place: Place,
    org_id: str,
    named: str | None,
    origin: str | None,
    seconds: int,
    passphrase_file: Path | None,
) -> None:
    """Print a bearer token: whoever shows it reads as ORG until it expires. With --key and --origin it needs
    no log at hand.
    """
    org, passphrase = parse_org_input(org_id), read_passphrase(passphrase_file)
    kids: list[str] = []
    if named is None or origin is None:
        with read_ledger(place) as ledger:
            origin = origin or ledger.origin
            kids = _kids(ledger.world(), org)
    key = (
        load_key(named, place.folder, passphrase) if named else load_first_key(kids, place.folder, passphrase)
    )
    if key is None:
        raise RefusedError(
            f"key: expected one of {org} for {' or '.join(USES)} in {place.folder / 'keys'}, got none",
            code="KEY_UNKNOWN",
        )
    text = sign_read_token(key, origin=parse_origin(origin), org=org, at=system_clock(), seconds=seconds)
    click.echo(text)


def _kids(world: World, org: str) -> list[str]:
    """The keys in force with which the organisation may read."""
    chain = world.chain(f"keys:{org.removeprefix('org:')}")
    keys = chain.state if chain and isinstance(chain.state, Keys) else Keys()
    return [key.public.kid for key in keys.keys if key.use in USES and key.public.kid not in keys.revoked]
