"""`packtrace template`: the next statement about a subject, to be filled in, signed and submitted."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Any

import click

from ..template import NONCE_BYTES, next_statement, optional_members
from ..times import format_time, parse_time
from .ledger_access import read_world
from .place import Place, place_options
from .subject_input import parse_subject_input


@click.command()
@click.argument("type_", metavar="TYPE")
@click.argument("subject", metavar="SUBJECT")
@click.option("--iss", metavar="ORG", help="Who signs.  [default: whoever the life cycle says]")
@click.option("--occurred-at", metavar="TIME", help="When it happened, UTC.  [default: now]")
@click.option(
    "--set",
    "given",
    metavar="NAME=VALUE",
    multiple=True,
    help="A member of `data`: JSON, or text as it stands. May be repeated.",
)
@place_options
@click.pass_obj
def template(
    place: Place, type_: str, subject: str, iss: str | None, occurred_at: str | None, given: tuple[str, ...]
) -> None:
    """Print the statement TYPE that comes next in the chain of SUBJECT, as JSON.

    SUBJECT is a subject such as batch:uscc:…/B7, or a battery code as scanned. What the log knows is filled
    in; the rest stands as "<fill in: …>".
    """
    said = parse_time(occurred_at) if occurred_at else datetime.now(UTC).replace(microsecond=0)
    named = parse_subject_input(subject)
    members = dict(parse_member(text) for text in given)
    with read_world(place) as world:
        statement = next_statement(
            world, type_, named, occurred_at=said, nonce=os.urandom(NONCE_BYTES), iss=_org(iss)
        )
        optional = [name for name in optional_members(world.rules, type_) if name not in members]
    statement["data"] |= members
    click.echo(json.dumps(statement, ensure_ascii=False, indent=2))
    if optional:
        click.echo(f"optional members of data: {', '.join(optional)}", err=True)


def parse_member(text: str) -> tuple[str, Any]:
    """Read ``NAME=VALUE``; what is no JSON is text."""
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise click.UsageError(f"--set: expected NAME=VALUE, got {text}")
    try:
        return name, json.loads(value)
    except (ValueError, RecursionError):
        return name, value


def now() -> str:
    """The time as a party claims it."""
    return format_time(datetime.now(UTC).replace(microsecond=0))


def _org(text: str | None) -> str | None:
    return text if text is None or text.startswith("org:") else f"org:{text}"
