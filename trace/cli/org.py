"""`packtrace org`: the registrar enrols organisations, and suspends them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import click

from ...signing.keys import PrivateKey
from ..errors import RefusedError
from ..ledger.ledger import Ledger
from ..ledger.sequence import Placed
from ..lifecycle.keyring import log_state
from ..lifecycle.state import Org
from ..lifecycle.words import ROLES
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
from .place import Place, place_options
from .subject_input import parse_org_input
from .text_input import read_text

_JWS: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")


@click.group(no_args_is_help=True)
@place_options
def org() -> None:
    """Enrol, list and suspend organisations."""


@org.command()
@click.argument("org_id", metavar="ORG")
@click.option("--name-zh", help="Chinese name.")
@click.option("--name-en", help="English name.")
@click.option("--region", required=True, help="As CN-440300, DE-BY or DE.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    metavar="ROLE[:SCOPE,…][@LICENCE]",
    help=f"May be repeated: {', '.join(ROLES)}.",
)
@click.option("--vendor-code", "vendor_codes", multiple=True, help="GB/T 34014 vendor code. May be repeated.")
@click.option("--site", "sites", multiple=True, metavar="NAME=REGION", help="May be repeated.")
@click.option(
    "--admin-key", metavar="FILE|KID", help="Its admin key.  [default: a new one, kept in the home]"
)
@click.option("--admin-jwk", metavar="JSON|FILE", help="Its admin key, held elsewhere: the public part.")
@click.option(
    "--possession", metavar="JWS|FILE", help="The proof that it holds that key, as `key new` prints."
)
@no_passphrase_option
@passphrase_option
@place_options
@click.pass_obj
def enrol(
    place: Place,
    org_id: str,
    name_zh: str | None,
    name_en: str | None,
    region: str,
    roles: tuple[str, ...],
    vendor_codes: tuple[str, ...],
    sites: tuple[str, ...],
    admin_key: str | None,
    admin_jwk: str | None,
    possession: str | None,
    no_passphrase: bool,
    passphrase_file: Path | None,
) -> None:
    """Enrol an organisation: sign org.enrolled with the registrar's key in the home, and submit it."""
    if not (name_zh or name_en):
        raise click.UsageError("name: expected --name-zh, --name-en or both, got neither")
    if bool(admin_jwk) != bool(possession) or (admin_jwk and admin_key):
        raise click.UsageError(
            "admin key: expected --admin-key, or --admin-jwk and --possession, got another mix"
        )
    subject = parse_org_input(org_id)
    passphrase = read_passphrase(passphrase_file)
    sealed_by = None if admin_key or admin_jwk else new_passphrase(passphrase, none=no_passphrase)
    names = {"zh": name_zh, "en": name_en}
    data: dict[str, Any] = {
        "name": {language: name for language, name in names.items() if name},
        "region": region,
        "roles": [parse_role(text) for text in roles],
    }
    if vendor_codes:
        data["vendor_codes"] = list(vendor_codes)
    if sites:
        data["sites"] = [_parse_site(text) for text in sites]
    with open_ledger(place, passphrase) as ledger:
        registrar, iss = registrar_key(ledger, place.folder, passphrase)
        if admin_jwk and possession:
            data["admin"] = given_key(admin_jwk, possession)
            kept = "held by the organisation"
        elif admin_key:
            key = load_key(admin_key, place.folder, passphrase)
            data["admin"], kept = prove_key(ledger.world(), key, subject), admin_key
        else:
            _refuse_enrolled(ledger, subject)  # before a key file is made for nothing
            key, path = make_key("Ed25519", None, place.folder, sealed_by)
            data["admin"], kept = prove_key(ledger.world(), key, subject), str(path)
        placed = act(ledger, registrar, "org.enrolled", subject, iss=iss, data=data)
    print_placed(f"enrolled {subject}", placed)
    click.echo(f"admin key: {kept}")


@org.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
@place_options
@click.pass_obj
def list_(place: Place, as_json: bool) -> None:
    """List the organisations that are enrolled."""
    with read_ledger(place) as ledger:
        for chain in chains_of(place, ledger, "org"):
            state = chain.state
            if isinstance(state, Org):
                click.echo(_org_line(chain.subject, state, as_json=as_json))


@org.command()
@click.argument("org_id", metavar="ORG")
@click.option("--reason", required=True)
@passphrase_option
@place_options
@click.pass_obj
def suspend(place: Place, org_id: str, reason: str, passphrase_file: Path | None) -> None:
    """Suspend an organisation: from the next leaf on it says nothing but that a key of its own is bad."""
    _registrar_says(place, "org.suspended", org_id, reason, passphrase_file)


@org.command()
@click.argument("org_id", metavar="ORG")
@click.option("--reason", required=True)
@passphrase_option
@place_options
@click.pass_obj
def reinstate(place: Place, org_id: str, reason: str, passphrase_file: Path | None) -> None:
    """End the suspension of an organisation."""
    _registrar_says(place, "org.reinstated", org_id, reason, passphrase_file)


def parse_role(text: str) -> dict[str, Any]:
    """Read ``ROLE[:SCOPE,…][@LICENCE]``.

    Raises:
        click.UsageError: An unknown role, or a licence without scope or the other way round.
    """
    head, mark, number = text.partition("@")
    role, _, scopes = head.partition(":")
    if role not in ROLES:
        raise click.UsageError(f"--role: expected one of {', '.join(ROLES)}, got {role}")
    if bool(scopes) != bool(mark and number):
        raise click.UsageError(
            f"--role: expected a licence with scope and number, ROLE:SCOPE@NUMBER, got {text}"
        )
    return {"role": role} | ({"licence": {"number": number, "scope": scopes.split(",")}} if scopes else {})


def registrar_key(ledger: Ledger, folder: Path, passphrase: bytes | None) -> tuple[PrivateKey, str]:
    """The registrar's key that is kept in the home, and the registrar.

    Raises:
        click.UsageError: None is.
    """
    registrars = {key.public.kid: key.org for key in log_state(ledger.world()).registrars}
    key = load_first_key(list(registrars), folder, passphrase)
    if key is None:
        raise click.UsageError(
            f"registrar's key: expected one of {', '.join(registrars)} in {folder / 'keys'}, got none; "
            "where it is kept elsewhere, use template, sign and submit"
        )
    return key, registrars[key.public.kid]


def given_key(jwk: str, possession: str) -> dict[str, Any]:
    """A key that somebody else holds: its public part and the proof, each as a text or a file.

    Raises:
        click.UsageError: The public part is no JSON object.
    """
    text = jwk if jwk.lstrip().startswith("{") else read_text(jwk, limit=4_096)
    try:
        value = json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"jwk: expected a JSON object, got {error}") from None
    if not isinstance(value, dict):
        raise click.UsageError("jwk: expected a JSON object, got another value")
    is_proof = _JWS.fullmatch(possession) is not None
    return {
        "jwk": value,
        "possession": possession if is_proof else read_text(possession, limit=8_192).strip(),
    }


def print_placed(what: str, placed: Placed) -> None:
    """Say what was recorded, and where."""
    click.echo(f"{what}: leaf {placed.leaf_index}, event {placed.event_id}")


def _registrar_says(place: Place, kind: str, org_id: str, reason: str, passphrase_file: Path | None) -> None:
    subject = parse_org_input(org_id)
    passphrase = read_passphrase(passphrase_file)
    with open_ledger(place, passphrase) as ledger:
        registrar, iss = registrar_key(ledger, place.folder, passphrase)
        placed = act(ledger, registrar, kind, subject, iss=iss, data={"reason": reason})
    print_placed(f"{kind} {subject}", placed)


def _refuse_enrolled(ledger: Ledger, subject: str) -> None:
    if ledger.world().chain(subject):
        raise RefusedError(
            f"org: expected one that is not enrolled, got {subject}", code="ILLEGAL_TRANSITION", where="/sub"
        )


def _parse_site(text: str) -> dict[str, str]:
    name, mark, region = text.partition("=")
    if not mark:
        raise click.UsageError(f"--site: expected NAME=REGION, got {text}")
    return {"site": name, "region": region}


def _org_line(subject: str, state: Org, *, as_json: bool) -> str:
    roles = [grant.role for grant in state.roles]
    standing = "suspended" if state.suspended else "in good standing"
    if as_json:
        return json.dumps(
            {
                "org": subject,
                "name": {"zh": state.name_zh, "en": state.name_en},
                "region": state.region,
                "roles": roles,
                "vendor_codes": list(state.vendor_codes),
                "suspended": state.suspended,
                "admin_kid": state.admin.public.kid,
            },
            ensure_ascii=False,
        )
    name = " ".join(filter(None, (state.name_zh, state.name_en)))
    codes = f", vendor codes {', '.join(state.vendor_codes)}" if state.vendor_codes else ""
    return plain_text(f"{subject}  {name}  {state.region}  {', '.join(roles)}{codes}  {standing}")
