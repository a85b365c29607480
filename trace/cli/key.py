"""`packtrace key`: an organisation makes keys, adds them to its chain, and revokes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ...signing.keys import KeyKind, PrivateKey
from ...signing.possession import sign_possession
from ..codes.subjects import parse_origin
from ..ledger.ledger import Ledger
from ..lifecycle.state import Key, Keys, Org
from ..lifecycle.world import World, keys_in
from ..times import format_time
from ..verify.report import plain_text
from .act import act, prove_key
from .chains import chains_of
from .key_store import (
    load_first_key,
    load_key,
    make_key,
    new_passphrase,
    no_passphrase_option,
    passphrase_option,
    read_passphrase,
)
from .ledger_access import open_ledger, read_ledger
from .org import given_key, print_placed, registrar_key
from .place import Place, place_options
from .subject_input import parse_org_input

KINDS = click.Choice(["Ed25519", "P-256"])


@click.group(no_args_is_help=True)
@place_options
def key() -> None:
    """Make, add, revoke and list keys."""


@key.command()
@click.argument("org_id", metavar="[ORG]", required=False)
@click.option("--kind", type=KINDS, default="Ed25519", show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path), help="File to make.  [default: keys/<kid>.pem in the home]"
)
@click.option("--key", "named", metavar="FILE|KID", help="Prove this key instead of making one.")
@click.option("--admin", is_flag=True, help="It is to be the admin key with which ORG is enrolled.")
@click.option("--origin", help="Of the log that it is for.  [default: the one in the home]")
@click.option(
    "--head",
    metavar="EVENT",
    help="Head of the chain that it is for.  [default: as the log in the home says]",
)
@no_passphrase_option
@passphrase_option
@place_options
@click.pass_obj
def new(
    place: Place,
    org_id: str | None,
    kind: KeyKind,
    out: Path | None,
    named: str | None,
    admin: bool,
    origin: str | None,
    head: str | None,
    no_passphrase: bool,
    passphrase_file: Path | None,
) -> None:
    """Make a key file; print its public part, its id and, for ORG, the proof of possession.

    The proof holds for one log, one chain and one head of it: once another key has been added it is of no
    use, and `key new --key FILE ORG` makes another.
    """
    org = parse_org_input(org_id) if org_id else None
    subject = None if org is None else org if admin else _keys_subject(org)
    passphrase = read_passphrase(passphrase_file)
    if subject and origin is None:
        with read_ledger(place) as ledger:
            origin = ledger.origin
            chain = ledger.world().chain(subject)
            head = head or (chain.head if chain else None)
    if named:
        made, path = load_key(named, place.folder, passphrase), named
    else:
        made, file = make_key(kind, out, place.folder, new_passphrase(passphrase, none=no_passphrase))
        path = str(file)
    said: dict[str, Any] = {"kid": made.public.kid, "jwk": made.public.jwk(), "file": path}
    if subject and origin:
        said["possession"] = sign_possession(aud=parse_origin(origin), sub=subject, head=head, signer=made)
    click.echo(json.dumps(said, indent=2))


@key.command()
@click.argument("org_id", metavar="ORG")
@click.option(
    "--key", "named", metavar="FILE|KID", help="The key to add.  [default: a new one, kept in the home]"
)
@click.option("--jwk", metavar="JSON|FILE", help="The key to add, held elsewhere: the public part.")
@click.option(
    "--possession", metavar="JWS|FILE", help="The proof that its holder has it, as `key new` prints."
)
@click.option("--kind", type=KINDS, default="Ed25519", show_default=True, help="Of a new key.")
@click.option("--use", type=click.Choice(["sign", "read", "admin"]), default="sign", show_default=True)
@click.option("--name", help="What people call it, such as the device it lives in.")
@click.option("--type", "types", multiple=True, help="The only types that it may sign. May be repeated.")
@click.option("--site", "sites", multiple=True, help="Where it is used. May be repeated.")
@click.option("--from", "valid_from", metavar="TIME", help="UTC, as 2026-11-23T04:40:00Z.")
@click.option("--until", metavar="TIME", help="The first moment at which it no longer holds.")
@click.option("--admin-key", metavar="FILE|KID", help="Who signs.  [default: the admin key in the home]")
@no_passphrase_option
@passphrase_option
@place_options
@click.pass_obj
def add(
    place: Place,
    org_id: str,
    named: str | None,
    jwk: str | None,
    possession: str | None,
    kind: KeyKind,
    use: str,
    name: str | None,
    types: tuple[str, ...],
    sites: tuple[str, ...],
    valid_from: str | None,
    until: str | None,
    admin_key: str | None,
    no_passphrase: bool,
    passphrase_file: Path | None,
) -> None:
    """Add a key to ORG: sign key.added with its admin key, and submit it."""
    if bool(jwk) != bool(possession) or (jwk and named):
        raise click.UsageError(
            "key: expected --key, or --jwk and --possession, or none of them, got another mix"
        )
    org = parse_org_input(org_id)
    passphrase = read_passphrase(passphrase_file)
    sealed_by = None if named or jwk else new_passphrase(passphrase, none=no_passphrase)
    subject = _keys_subject(org)
    given = {"name": name, "from": valid_from, "until": until, "types": list(types), "sites": list(sites)}
    with open_ledger(place, passphrase) as ledger:
        admin = load_admin_key(ledger, org, place.folder, admin_key, passphrase)
        if jwk and possession:
            new_key, kept = given_key(jwk, possession), "held elsewhere"
        elif named:
            new_key = prove_key(ledger.world(), load_key(named, place.folder, passphrase), subject)
            kept = named
        else:
            made, path = make_key(kind, None, place.folder, sealed_by)
            new_key, kept = prove_key(ledger.world(), made, subject), str(path)
        data = {"use": use, **new_key, **{member: value for member, value in given.items() if value}}
        placed = act(ledger, admin, "key.added", subject, iss=org, data=data)
        kid = _newest_kid(ledger, subject)
    print_placed(f"added {kid} to {org}", placed)
    click.echo(f"key: {kept}")


@key.command(context_settings={"ignore_unknown_options": True})  # a key id may begin with a hyphen
@click.argument("org_id", metavar="ORG")
@click.argument("kid", metavar="KID")
@click.option(
    "--reason",
    type=click.Choice(["compromised", "lost", "superseded", "left_use"]),
    required=True,
)
@click.option("--compromised-since", metavar="TIME", help="Adds warnings to what it signed from then on.")
@click.option("--by-registrar", is_flag=True, help="Signed by the registrar: org.key_revoked.")
@click.option("--admin-key", metavar="FILE|KID", help="Who signs.  [default: the admin key in the home]")
@passphrase_option
@place_options
@click.pass_obj
def revoke(
    place: Place,
    org_id: str,
    kid: str,
    reason: str,
    compromised_since: str | None,
    by_registrar: bool,
    admin_key: str | None,
    passphrase_file: Path | None,
) -> None:
    """Revoke a key of ORG from the next leaf on, whatever times its events claim."""
    org = parse_org_input(org_id)
    passphrase = read_passphrase(passphrase_file)
    data = {"kid": kid, "reason": reason}
    if compromised_since:
        data["compromised_since"] = compromised_since
    with open_ledger(place, passphrase) as ledger:
        if by_registrar:
            registrar, iss = registrar_key(ledger, place.folder, passphrase)
            placed = act(ledger, registrar, "org.key_revoked", org, iss=iss, data=data)
        else:
            admin = load_admin_key(ledger, org, place.folder, admin_key, passphrase)
            placed = act(ledger, admin, "key.revoked", _keys_subject(org), iss=org, data=data)
    print_placed(f"revoked {kid} of {org}", placed)


@key.command(name="list")
@click.argument("org_id", metavar="[ORG]", required=False)
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
@place_options
@click.pass_obj
def list_(place: Place, org_id: str | None, as_json: bool) -> None:
    """List the keys of ORG, or of everybody."""
    with read_ledger(place) as ledger:
        world = ledger.world()
        if org_id:
            subjects = [parse_org_input(org_id)]
            _check_enrolled(world, subjects[0])
        else:
            log = world.chain(f"log:{world.origin}")
            for each in keys_in(log) if log else ():
                click.echo(_key_line(each, revoked=False, as_json=as_json))
            subjects = [chain.subject for chain in chains_of(place, ledger, "org")]
        for subject in subjects:
            chains = [chain for name in (subject, _keys_subject(subject)) if (chain := world.chain(name))]
            states = [chain.state for chain in chains if isinstance(chain.state, Org | Keys)]
            revoked = {kid for state in states for kid in state.revoked}
            for chain in chains:
                for each in keys_in(chain):
                    click.echo(_key_line(each, revoked=each.public.kid in revoked, as_json=as_json))


def load_admin_key(
    ledger: Ledger, org: str, folder: Path, named: str | None, passphrase: bytes | None
) -> PrivateKey:
    """The key with which an organisation changes its own keys.

    Raises:
        click.UsageError: It is not enrolled, or none of its admin keys is here.
    """
    if named:
        return load_key(named, folder, passphrase)
    world = ledger.world()
    _check_enrolled(world, org)
    kids = [
        each.public.kid
        for chain in (world.chain(org), world.chain(_keys_subject(org)))
        if chain
        for each in keys_in(chain)
        if each.use == "admin"
    ]
    found = load_first_key(kids, folder, passphrase)
    if found is None:
        raise click.UsageError(
            f"admin key: expected {' or '.join(kids)} in {folder / 'keys'}, or --admin-key, got neither"
        )
    return found


def _check_enrolled(world: World, org: str) -> None:
    if world.chain(org) is None:
        raise click.UsageError(f"org: expected one that is enrolled, got {org}")


def _keys_subject(org: str) -> str:
    return "keys:" + org.removeprefix("org:")


def _newest_kid(ledger: Ledger, subject: str) -> str:
    chain = ledger.world().chain(subject)
    keys = list(keys_in(chain)) if chain else []
    return keys[-1].public.kid if keys else "?"


def _key_line(key: Key, *, revoked: bool, as_json: bool) -> str:
    bounds = {
        "from": format_time(key.valid_from) if key.valid_from else None,
        "until": format_time(key.until) if key.until else None,
    }
    if as_json:
        said = {
            "kid": key.public.kid,
            "org": key.org,
            "use": key.use,
            "kind": key.public.kind,
            "name": key.name,
            "types": list(key.types),
            "revoked": revoked,
            **bounds,
        }
        return json.dumps(said, ensure_ascii=False)
    parts = [key.public.kid, key.org, key.use, key.public.kind]
    parts += [f"{word} {time}" for word, time in bounds.items() if time]
    parts += [f"only {', '.join(key.types)}"] if key.types else []
    parts += [key.name] if key.name else []
    return plain_text("  ".join([*parts, "revoked" if revoked else "in force"]))
