"""`packtrace device`: an organisation's phones and computers join it and leave it, without a password."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...signing.keys import parse_public_jwk
from ..device_words import device_words
from ..devices import Device, key_state, keys_subject, read_devices, revoked_kids
from ..errors import RefusedError
from ..history import read_chain
from ..ledger.ledger import Ledger, system_clock
from ..lifecycle.world import World
from ..times import format_time, show_time
from ..verify.report import plain_text
from ..verify.six_words import SIX
from .act import act
from .key import load_admin_key
from .key_store import passphrase_option, read_passphrase
from .ledger_access import load_home, open_ledger, read_ledger
from .org import print_placed
from .place import Place, place_options
from .subject_input import parse_org_input
from .terminal_qr import format_qr

if TYPE_CHECKING:
    from ...web.enrolment.invitations import Invitation, Invitations


@click.group(no_args_is_help=True)
@place_options
def device() -> None:
    """Invite, approve, list and revoke devices."""


@device.command()
@click.argument("org_id", metavar="ORG")
@click.option(
    "--url",
    envvar="PACKTRACE_URL",
    required=True,
    help="Of the node as the device reaches it, such as https://yard.example.  [default: PACKTRACE_URL]",
)
@click.option("--admin", is_flag=True, help="For a key that adds and revokes keys, and signs nothing else.")
@click.option("--name", default="", help="Of the device.  [default: as it says itself]")
@click.option("--site", "sites", multiple=True, help="The only site at which it may sign. May be repeated.")
@click.option("--type", "types", multiple=True, help="The only type that it may sign. May be repeated.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, and no symbol.")
@place_options
@click.pass_obj
def invite(
    place: Place,
    org_id: str,
    url: str,
    admin: bool,
    name: str,
    sites: tuple[str, ...],
    types: tuple[str, ...],
    as_json: bool,
) -> None:
    """Print a link and its QR symbol, by which one device of ORG may ask to be enrolled, within ten minutes.

    It gives nothing by itself: an admin key of ORG adds the device's key, by `device approve` or on the page
    /devices.
    """
    from ...web.enrolment.asking import check_invited

    org, base = parse_org_input(org_id), _check_url(url)
    use = "admin" if admin else "sign"
    with _invitations(place) as invitations, read_ledger(place) as ledger:
        check_invited(ledger.world(), org, use=use, name=name, sites=sites, types=types)
        made, secret = invitations.invite(org, use=use, name=name, sites=sites, types=types)
    link = f"{base}/enrol#{secret}"
    if as_json:
        click.echo(
            json.dumps({"id": made.id, "link": link, "expires_at": format_time(_whole(made.expires_at))})
        )
        return
    click.echo("\n".join(format_qr(link, colour=sys.stdout.isatty())))
    click.echo(link)
    click.echo(
        f"For one device of {org}, to {'administer its devices' if admin else 'sign'}, "
        f"until {show_time(_whole(made.expires_at))}.\n"
        "1. Scan the symbol with the device, or open the link there.\n"
        "2. It shows six words. Add its key with these words, typed from its screen:\n"
        "     packtrace device approve SIX WORDS\n"
        "   The key of an administrator is asked for. Whoever else scans the symbol has other words."
    )


@device.command()
@click.argument("org_id", metavar="[ORG]", required=False)
@click.option("--json", "as_json", is_flag=True, help="One object a line, with the key and its proof.")
@place_options
@click.pass_obj
def waiting(place: Place, org_id: str | None, as_json: bool) -> None:
    """List the devices that ask to be enrolled, each with the six words that it shows itself."""
    with read_ledger(place) as ledger, _invitations(place) as invitations:
        world = ledger.world()
        for each in _waiting(invitations, world):
            if org_id is None or each.org == parse_org_input(org_id):
                click.echo(_waiting_line(each, world, as_json=as_json))


@device.command(context_settings={"ignore_unknown_options": True})  # a key id may begin with a hyphen
@click.argument("what", metavar="WORDS|KID", nargs=-1, required=True)
@click.option("--yes-words", metavar="WORDS", help="With KID: the words that the device shows; no question.")
@click.option("--admin-key", metavar="FILE|KID", help="Who signs.  [default: the admin key in the home]")
@passphrase_option
@place_options
@click.pass_obj
def approve(
    place: Place,
    what: tuple[str, ...],
    yes_words: str | None,
    admin_key: str | None,
    passphrase_file: Path | None,
) -> None:
    """Add the key of a device that waits: by the six words on its screen, or by its key id.

    Words that are typed from the screen of the device are the comparison. With a key id the words are shown,
    and it is asked whether the device shows the same.
    """
    passphrase = read_passphrase(passphrase_file)
    with open_ledger(place, passphrase) as ledger, _invitations(place) as invitations:
        world = ledger.world()
        request = _find_waiting(invitations, world, what)
        words = _words(request, world)
        if yes_words is not None and yes_words.split() != words.split():
            raise RefusedError(
                f"words: expected {words}, got others: this is not the key of that device, add nothing",
                code="KEY_NOT_PROVEN",
            )
        if len(what) == 1 and len(what[0].split()) == 1 and yes_words is None:
            click.echo(plain_text(f"{request.name or 'a device'} asks to {_may(request)} for {request.org}"))
            click.confirm(f"Does its screen show exactly: {words} ?", abort=True, err=True)
        admin = load_admin_key(ledger, request.org, place.folder, admin_key, passphrase)
        try:
            placed = act(
                ledger,
                admin,
                "key.added",
                keys_subject(request.org),
                iss=request.org,
                data=request.key_data(),
            )
        except RefusedError as error:
            if error.finding_code != "KEY_NOT_PROVEN":
                raise
            raise RefusedError(
                "possession: expected a proof over the keys as they stand, got an older one, since another "
                "key was added meanwhile: open the page on the device, which makes a fresh one; and again",
                code="KEY_NOT_PROVEN",
            ) from error
    print_placed(plain_text(f"added {request.kid} of {request.name or 'a device'} to {request.org}"), placed)


@device.command(name="list")
@click.argument("org_id", metavar="ORG")
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
@place_options
@click.pass_obj
def list_(place: Place, org_id: str, as_json: bool) -> None:
    """List the devices of ORG, those revoked too."""
    org = parse_org_input(org_id)
    with read_ledger(place) as ledger:
        world = ledger.world()
        if world.chain(org) is None:
            raise click.UsageError(f"org: expected one that is enrolled, got {org}")
        revoked, at = revoked_kids(world, org), system_clock()
        for each in _devices(ledger, org):
            state = key_state(each.key, revoked=each.key.public.kid in revoked, at=at)
            click.echo(_device_line(each, world.origin, state, as_json=as_json))


@device.command(context_settings={"ignore_unknown_options": True})
@click.argument("what", metavar="WORDS|KID", nargs=-1, required=True)
@click.option(
    "--reason",
    type=click.Choice(["lost", "left_use", "superseded", "compromised"]),
    required=True,
    help="left_use: it is retired.",
)
@click.option("--compromised-since", metavar="TIME", help="Adds warnings to what it signed from then on.")
@click.option("--admin-key", metavar="FILE|KID", help="Who signs.  [default: the admin key in the home]")
@passphrase_option
@place_options
@click.pass_obj
def revoke(
    place: Place,
    what: tuple[str, ...],
    reason: str,
    compromised_since: str | None,
    admin_key: str | None,
    passphrase_file: Path | None,
) -> None:
    """Revoke the key of a device, named by its key id or by its six words, from the next leaf on."""
    passphrase = read_passphrase(passphrase_file)
    with open_ledger(place, passphrase) as ledger:
        org, kid = _find_device(ledger, place, what)
        admin = load_admin_key(ledger, org, place.folder, admin_key, passphrase)
        data = {"kid": kid, "reason": reason}
        if compromised_since:
            data["compromised_since"] = compromised_since
        placed = act(ledger, admin, "key.revoked", keys_subject(org), iss=org, data=data)
    print_placed(f"revoked {kid} of {org}", placed)


@contextmanager
def _invitations(place: Place) -> Iterator[Invitations]:
    """Those of the node whose home it is, which may run meanwhile."""
    from ...web.enrolment.invitations import Invitations
    from ...web.store import Store

    store = Store(load_home(place).path / "node.db")
    try:
        yield Invitations(store, system_clock)
    finally:
        store.close()


def _waiting(invitations: Invitations, world: World) -> list[Invitation]:
    from ...web.enrolment.asking import standing

    at = system_clock()
    return [each for each in invitations.all() if standing(each, world, at) == "waiting"]


def _find_waiting(invitations: Invitations, world: World, what: tuple[str, ...]) -> Invitation:
    """Raises:
    RefusedError: No device that waits has this key or these words.
    """
    said = " ".join(" ".join(what).split())
    for each in _waiting(invitations, world):
        if said in (each.kid, _words(each, world)):
            return each
    kind = f"{SIX} words" if " " in said else "key id"
    raise RefusedError(
        f"device: expected one that waits, got a {kind} of none; `packtrace device waiting` lists them. "
        "A device whose words are not listed asked by another key: add nothing",
        code="KEY_UNKNOWN",
    )


def _find_device(ledger: Ledger, place: Place, what: tuple[str, ...]) -> tuple[str, str]:
    """The organisation and key id of an enrolled device.

    Raises:
        RefusedError: There is none.
    """
    from .chains import chains_of

    said, world = " ".join(" ".join(what).split()), ledger.world()
    signer = world.signer(said)
    if signer is not None:
        return signer.key.org, said
    for chain in chains_of(place, ledger, "keys"):
        org = "org:" + chain.subject.removeprefix("keys:")
        for each in _devices(ledger, org):
            key = each.key
            words = device_words(origin=world.origin, org=org, kid=key.public.kid, use=key.use)
            if words == said:
                return org, key.public.kid
    raise RefusedError(
        "device: expected the key id or six words of one, got those of none", code="KEY_UNKNOWN"
    )


def _devices(ledger: Ledger, org: str) -> list[Device]:
    return read_devices(read_chain(ledger.entries_of(keys_subject(org))))


def _words(request: Invitation, world: World) -> str:
    """Of the key itself, whatever the node calls it."""
    kid = parse_public_jwk(request.jwk).kid
    return device_words(origin=world.origin, org=request.org, kid=kid, use=request.use)


def _may(request: Invitation) -> str:
    if request.use == "admin":
        return "ADMINISTER its devices"
    limits = [f"at {', '.join(request.sites)}"] if request.sites else []
    limits += [f"only {', '.join(request.types)}"] if request.types else []
    return " ".join(["sign", *limits])


def _waiting_line(request: Invitation, world: World, *, as_json: bool) -> str:
    words = _words(request, world)
    if as_json:
        said: dict[str, Any] = {"org": request.org, "kid": request.kid, "words": words, **request.key_data()}
        return json.dumps(said | {"asked_at": format_time(_whole(request.asked_at))}, ensure_ascii=False)
    parts = (
        words,
        request.org,
        _may(request),
        request.name,
        show_time(_whole(request.asked_at)),
        request.kid,
    )
    return plain_text("  ".join(filter(None, parts)))


def _device_line(each: Device, origin: str, state: str, *, as_json: bool) -> str:
    key = each.key
    words = device_words(origin=origin, org=key.org, kid=key.public.kid, use=key.use)
    if as_json:
        said = {
            "kid": key.public.kid,
            "words": words,
            "name": key.name,
            "use": key.use,
            "state": state,
            "sites": list(key.sites),
            "types": list(key.types),
            "added_at": format_time(_whole(each.added_at)),
            "revoked_at": format_time(_whole(each.revoked_at)) if each.revoked_at else None,
            "reason": each.reason or None,
        }
        return json.dumps(said, ensure_ascii=False)
    parts = [key.public.kid, key.use, key.name or "no name", f"added {show_time(_whole(each.added_at))}"]
    parts += [f"at {', '.join(key.sites)}"] if key.sites else []
    parts += [f"only {', '.join(key.types)}"] if key.types else []
    ended = f" {show_time(_whole(each.revoked_at))}, {each.reason}" if each.revoked_at else ""
    return plain_text("  ".join([*parts, "in force" if state == "valid" else f"{state}{ended}", words]))


def _check_url(url: str) -> str:
    """Raises:
    click.UsageError: Not where a browser makes keys.
    """
    from ...web.enrolment.asking import InvitedError, parse_address

    try:
        return parse_address(url)
    except InvitedError as error:
        raise click.UsageError(f"--{error.message}") from None


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)
