"""`packtrace export`: a copy of the log, or of one battery's part of it, to be verified elsewhere."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

import click

from ..bundle.enclosed import Enclosed
from ..bundle.write import write_battery_bundle, write_bundle
from ..ledger.bundle_source import LedgerSource
from ..ledger.evidence_store import EvidenceStore
from .ledger_access import load_home, read_ledger
from .place import Place, place_options
from .subject_input import parse_subject_input

_NAMED: Final = 3  # of the documents that are not in the bundle


@click.command()
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--battery", metavar="CODE", help="Only what it takes to judge this battery.")
@click.option("--with-evidence", is_flag=True, help="With the documents that its events refer to.")
@click.option("--overwrite", is_flag=True, help="Replace what is at OUT.")
@place_options
@click.pass_obj
def export(place: Place, out: Path, battery: str | None, with_evidence: bool, overwrite: bool) -> None:
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
    home = load_home(place)
    vkeys = home.load_vkeys()
    enclosed = Enclosed(EvidenceStore(home.evidence)) if with_evidence else None
    with read_ledger(place) as ledger:
        source = LedgerSource(ledger)
        if subject:
            count = write_battery_bundle(
                source,
                out,
                subject=subject,
                rules=ledger.book.installed,
                adopted=ledger.adopted(),
                vkeys=vkeys,
                overwrite=overwrite,
                enclosed=enclosed,
            )
            click.echo(f"{out}: {count} entries, all that {subject} rests on")
        else:
            size = write_bundle(
                source, out, vkeys=vkeys, overwrite=overwrite, enclosed=enclosed, adopted=ledger.adopted()
            )
            click.echo(f"{out}: the log {ledger.origin} at size {size}")
    if enclosed:
        click.echo(f"{out}: {_format_enclosed(enclosed)}")


def _format_enclosed(enclosed: Enclosed) -> str:
    """Which documents are in the bundle, and which are not, in one line."""
    states = Counter(enclosed.states.values())
    line = f"{states['there']} of {states.total()} documents"
    for state in ("missing", "damaged"):
        names = [sha256.hex() for sha256, found in enclosed.states.items() if found == state]
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            line += f"; {len(names)} {state}: {', '.join(names[:_NAMED])}{more}"
    return line
