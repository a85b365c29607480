"""`packtrace erase`: what events withhold is forgotten, on this machine."""

from __future__ import annotations

import sys

import click

from ..ledger.erasing import erase as erase_withheld
from .ledger_access import load_home, wait_for_lock
from .place import Place, place_options
from .subject_input import parse_subject_input


# The id of an event may begin with a dash, as one in 64 does.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("event_id", metavar="[EVENT]", required=False)
@click.option("--subject", help="In place of EVENT: every event of this chain, by subject or battery code.")
@click.option("--pointer", help="Only the member at this JSON Pointer, as /data/vin.")
@click.option("--evidence", is_flag=True, help="Delete the documents to which the events refer, too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@place_options
@click.pass_obj
def erase(
    place: Place, event_id: str | None, subject: str | None, pointer: str | None, evidence: bool, yes: bool
) -> None:
    """Erase what an EVENT withholds: value and salt, from the database and every file of it.

    The log stays as it is, and verifies as before; nothing tells of the erasure. What was disclosed to
    others, and backups made before, are theirs to erase.
    """
    if (event_id is None) is (subject is None):
        raise click.UsageError("erase: expected an event or --subject, got both or none")
    named = parse_subject_input(subject) if subject else None
    home = load_home(place)
    if not yes:
        _ask(event_id or str(named))
    wait_for_lock(home)
    erased = erase_withheld(home, event_id=event_id, subject=named, pointer=pointer, evidence=evidence)
    for slot in erased.slots:
        click.echo(f"erased {slot.event_id} {slot.pointer}")
    for slot in erased.bare:
        click.echo(f"was erased before: {slot.event_id} {slot.pointer}")
    for sha256 in erased.documents:
        click.echo(f"deleted document {sha256}")
    if not (erased.slots or erased.bare or erased.documents):
        click.echo("nothing is withheld there")
    for path in erased.waiting:
        click.echo(f"note: {path} still holds what was sent in, until that job is done", err=True)
    if home.db.startswith("postgres"):
        click.echo("note: archived WAL, replicas and backups of the database are yours to clear", err=True)


def _ask(named: str) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("erase: expected --yes where nobody can be asked, got none")
    click.confirm(f"Erase for good what {named} withholds?", abort=True, err=True)
