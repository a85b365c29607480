"""`packtrace init`: a log begins, with its keys, its first entry and its trust file."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from sqlalchemy import text

from ...signing.keyfile import save_private_key
from ...signing.keys import PrivateKey, generate_private_key
from ...signing.log_key import LogKey, generate_log_keys, save_log_key
from ...signing.note import format_vkey
from ...signing.policy import NONE, Policy
from ..codes.region import parse_region
from ..codes.subjects import parse_origin
from ..ledger.database import Database
from ..ledger.errors import HomeError
from ..ledger.home import Home, check_database_url, save_durably
from ..ledger.ledger import Ledger, system_clock
from ..lifecycle.world import EmptyWorld
from ..rules.ruleset import RuleSet, load_rules
from ..template import NONCE_BYTES, next_statement
from ..verify.trust import Trust, format_trust, six_words
from .act import act, claimed_now, prove_key
from .key_store import (
    new_passphrase,
    no_passphrase_option,
    passphrase_option,
    read_passphrase,
    say_unencrypted,
)
from .place import Place, place_options
from .sign import sign_statement
from .subject_input import parse_org_input


@click.command()
@click.option(
    "--origin",
    required=True,
    help="Name of the log for good, as a host with or without a path: no year in it.",
)
@click.option(
    "--registrar", required=True, metavar="ORG", help="Who enrols organisations: uscc:…, lei:… or duns:…."
)
@click.option("--name", help="Enrols the registrar as well, under this name.")
@click.option("--region", default="CN", show_default=True, help="Of the registrar, where it is enrolled.")
@click.option(
    "--purpose",
    type=click.Choice(["production", "test", "demonstration"]),
    default="production",
    show_default=True,
    help="A log for demonstration takes the times of a story.",
)
@no_passphrase_option
@passphrase_option
@place_options
@click.pass_obj
def init(
    place: Place,
    origin: str,
    registrar: str,
    name: str | None,
    region: str,
    purpose: str,
    no_passphrase: bool,
    passphrase_file: Path | None,
) -> None:
    """Found a log: make its keys and the registrar's, record log.opened, and write trust.json.

    Give trust.json to everybody who is to verify, and let them compare its six words with yours by phone.
    """
    org = parse_org_input(registrar)
    parse_region(region)
    parse_origin(origin)
    passphrase = new_passphrase(read_passphrase(passphrase_file), none=no_passphrase)
    log_key = generate_log_keys(origin)
    key = generate_private_key("Ed25519")
    home, words = found_log(
        place, log_key, key, org, purpose=purpose, passphrase=passphrase, db=place.db or ""
    )
    click.echo(f"log        {origin}, for {purpose}")
    click.echo(f"home       {home.path}")
    click.echo(f"registrar  {org}, key {key.public.kid}")
    click.echo(f"trust      {home.trust}")
    click.echo(f"six words  {words}")
    if name:
        _enrol_registrar(home, log_key, key, org, name, region, passphrase)
        click.echo(f"enrolled   {org} as registrar")
    if passphrase is None:
        say_unencrypted(home.keys)


def found_log(
    place: Place,
    log_key: LogKey,
    key: PrivateKey,
    registrar: str,
    *,
    purpose: str,
    passphrase: bytes | None,
    db: str,
) -> tuple[Home, str]:
    """Make the home of a new log and record its first event.

    Returns:
        The home, and the six words of its trust file.

    Raises:
        HomeError: There is a log already.
        RefusedError: The first event can't stand; nothing has been made then.
    """
    if (place.folder / "home.json").exists():
        raise HomeError(f"home: expected no log yet, got one, at {place.folder}")
    opened = _log_opened(load_rules(), log_key, key, registrar, purpose)
    if db:
        check_database(Home(place.folder, log_key.origin, check_database_url(db)))
    home = Home.create(place.folder, log_key.origin, db=db)
    save_log_key(home.log_key, log_key, passphrase=passphrase)
    save_private_key(home.key(key.public.kid), key, passphrase=passphrase)
    Ledger.create(home, opened, log_key, system_clock).close()
    trust = Trust(log_key.origin, frozenset({key.public.kid}), 1, Policy(NONE, log_key.vkeys))
    save_durably(home.trust, format_trust(trust))
    return home, six_words(trust)


def check_database(home: Home) -> None:
    """The database answers, so that no home is made beside one that does not.

    Raises:
        LedgerDamagedError: It does not.
    """
    with closing(Database(home.database_url)) as database, database.read() as connection:
        connection.execute(text("SELECT 1"))


def _log_opened(rules: RuleSet, log_key: LogKey, key: PrivateKey, registrar: str, purpose: str) -> str:
    world = EmptyWorld(log_key.origin, rules)
    subject = f"log:{log_key.origin}"
    data: dict[str, Any] = {
        "purpose": purpose,
        "registrars": [{"org": registrar, **prove_key(world, key, subject)}],
        "threshold": 1,
        "log_keys": [format_vkey(vkey) for vkey in log_key.vkeys],
        "rules": {"name": rules.name, "sha256": rules.sha256},
    }
    statement = next_statement(
        world,
        "log.opened",
        subject,
        iss=registrar,
        occurred_at=claimed_now(),
        nonce=os.urandom(NONCE_BYTES),
        data=data,
    )
    return sign_statement(statement, key, rules)


def _enrol_registrar(
    home: Home, log_key: LogKey, key: PrivateKey, org: str, name: str, region: str, passphrase: bytes | None
) -> None:
    """Give the registrar a name in its own log, and an admin key of its own."""
    admin = generate_private_key("Ed25519")
    save_private_key(home.key(admin.public.kid), admin, passphrase=passphrase)
    with Ledger.open(home, log_key, system_clock) as ledger:
        data = {
            "name": {"en" if name.isascii() else "zh": name},
            "region": region,
            "roles": [{"role": "registrar"}],
            "admin": prove_key(ledger.world(), admin, org),
        }
        act(ledger, key, "org.enrolled", org, iss=org, data=data)
