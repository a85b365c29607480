"""`packtrace template`: the next statement about a subject, to be filled in, signed and submitted."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Any

import click

from ..known_data import group_data
from ..lifecycle.table import ROWS
from ..lifecycle.world import World
from ..rules.problems import Problem
from ..rules.ruleset import RuleSet
from ..rules.shapes import ShapeError
from ..template import NONCE_BYTES, may_be_empty, next_statement, optional_members
from ..times import parse_time
from .ledger_access import read_world
from .place import Place, place_options
from .preview import Follower, Preview, preview, shape_problems
from .sign import unique_members
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
@click.option("--group", is_flag=True, help="Print the whole group as a JSON array, for `sign`.")
@place_options
@click.pass_obj
def template(
    place: Place,
    type_: str,
    subject: str,
    iss: str | None,
    occurred_at: str | None,
    given: tuple[str, ...],
    group: bool,
) -> None:
    """Print the statement TYPE that comes next in the chain of SUBJECT, as JSON.

    SUBJECT is a subject such as batch:uscc:…/B7, or a battery code as scanned. What the log knows is filled
    in; the rest stands as "<fill in: …>". A note says if the log would refuse it as it stands now.
    """
    said = parse_time(occurred_at) if occurred_at else datetime.now(UTC).replace(microsecond=0)
    named = parse_subject_input(subject)
    members = dict(parse_member(text) for text in given)
    with read_world(place) as world:
        statement = next_statement(
            world, type_, named, occurred_at=said, nonce=os.urandom(NONCE_BYTES), iss=_org(iss)
        )
        statement["data"] |= members
        problems = shape_problems(world, statement)
        if wrong := [problem for problem in problems if _is_of(members, problem)]:
            raise ShapeError(tuple(wrong))
        foreseen = Preview(ShapeError(problems), ()) if problems else preview(world, statement)
        followers = [_follower(world, statement, one) for one in foreseen.followers] if group else []
        click.echo(json.dumps([statement, *followers] if group else statement, ensure_ascii=False, indent=2))
        _remark(world.rules, statement, members, foreseen, whole=group)


def _remark(
    rules: RuleSet, statement: dict[str, Any], members: dict[str, Any], foreseen: Preview, *, whole: bool
) -> None:
    """Say beside the statement what it does not show."""
    kind = statement["type"]
    if optional := [name for name in optional_members(rules, kind) if name not in statement["data"]]:
        click.echo(f"optional members of data: {', '.join(optional)}", err=True)
    if empty := [name for name in may_be_empty(rules, kind) if name not in members]:
        click.echo(f"where there is none, an empty list []: {', '.join(empty)}", err=True)
    if foreseen.refusal:
        refusal = foreseen.refusal
        click.echo(
            f"note: as the log stands this would be refused: {refusal.finding_code}: {refusal.message}",
            err=True,
        )
    if foreseen.followers and not whole:
        click.echo("a group: in the same line of `submit`, or not at all, must follow", err=True)
        for follower, subject in foreseen.followers:
            click.echo(f"  {follower} {subject}", err=True)
        click.echo("`template --group` prints them together, and `sign` takes that as it is", err=True)
    elif ROWS[kind].leads not in ((), ("*.voided",)) and not foreseen.followers:
        click.echo(
            f"a group: {' or '.join(ROWS[kind].leads)} follows for what `data` names; "
            "give that by --set, and --group prints it too",
            err=True,
        )


def _follower(world: World, leader: dict[str, Any], follower: Follower) -> dict[str, Any]:
    """A further statement of the group, about the same time and by the same organisation."""
    kind, subject = follower
    statement = next_statement(
        world,
        kind,
        subject,
        occurred_at=parse_time(leader["occurred_at"]),
        nonce=os.urandom(NONCE_BYTES),
        iss=leader["iss"],
    )
    statement["data"] |= group_data(world, leader, kind, subject, statement["data"])
    return statement


def _is_of(members: dict[str, Any], problem: Problem) -> bool:
    """Whether a problem lies in a member that was given by ``--set``."""
    return any(f"{problem.pointer}/".startswith(f"/data/{name}/") for name in members)


def parse_member(text: str) -> tuple[str, Any]:
    """Read ``NAME=VALUE``; what is no JSON is text."""
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise click.UsageError(f"--set: expected NAME=VALUE, got {text}")
    try:
        return name, json.loads(value, object_pairs_hook=unique_members)
    except (ValueError, RecursionError):
        return name, value


def _org(text: str | None) -> str | None:
    return text if text is None or text.startswith("org:") else f"org:{text}"
