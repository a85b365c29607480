"""`packtrace export`: a copy of the log, or of one battery's part of it, to be verified elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from ..bundle.write import write_battery_bundle, write_bundle
from .chains import LedgerSource
from .ledger_access import load_home, read_ledger
from .place import Place, place_options
from .subject_input import parse_subject_input


@click.command()
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--battery", metavar="CODE", help="Only what it takes to judge this battery.")
@click.option("--overwrite", is_flag=True, help="Replace what is at OUT.")
@place_options
@click.pass_obj
def export(place: Place, out: Path, battery: str | None, overwrite: bool) -> None:
    """Write the log as its newest checkpoint has it into the folder OUT, or a zip where OUT ends in .zip.

    The trust file is not in it: who verifies must have that from somebody whom it trusts.
    """
    if not out.absolute().parent.is_dir():
        raise click.UsageError(
            f"OUT: expected a folder to write into, got nothing there, at {out.absolute().parent}"
        )
    if out.exists() and not overwrite:
        raise click.UsageError(f"OUT: expected nothing there, or --overwrite, got something, at {out}")
    subject = parse_subject_input(battery) if battery else None
    vkeys = load_home(place).load_vkeys()
    with read_ledger(place) as ledger:
        source = LedgerSource(place, ledger)
        if subject:
            count = write_battery_bundle(
                source, out, subject=subject, rules=ledger.rules, vkeys=vkeys, overwrite=overwrite
            )
            click.echo(f"{out}: {count} entries, all that {subject} rests on")
        else:
            size = write_bundle(source, out, vkeys=vkeys, overwrite=overwrite)
            click.echo(f"{out}: the log {ledger.origin} at size {size}")
