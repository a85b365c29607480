"""`packtrace filing`: what an organisation files with the national platform, as a workbook."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from ..filing.gathering import gather
from ..filing.workbook import UNCONFIRMED, filing_workbook
from .label_files import check_nothing_at, write_new
from .ledger_access import read_ledger
from .place import Place, place_options
from .subject_input import parse_org_input

_DAY: Final = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--org", "org_id", metavar="ORG", required=True, help="Who files.")
@click.option(
    "--from", "since", metavar="DAY", type=_DAY, required=True, help="The first day, in China's time."
)
@click.option("--to", "until", metavar="DAY", type=_DAY, required=True, help="The last day.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The workbook; nothing may be there yet.",
)
@place_options
@click.pass_obj
def filing(place: Place, org_id: str, since: datetime, until: datetime, out: Path) -> None:
    """Write what ORG recorded in a time, and holds now, in the columns of the national platform.

    The platform's table of fields is not public: the columns are unconfirmed, and every sheet says so. VINs
    that were withheld are in it for whoever signed them, as far as they are not erased.
    """
    org = parse_org_input(org_id)
    check_nothing_at(out)
    with read_ledger(place) as ledger:
        found = gather(ledger, org, since.date(), until.date())
    write_new(out, filing_workbook(found, datetime.now(UTC)), 0o600)
    counts = (
        f"{len(found.scrapped)} scrapped, {len(found.waste_out)} handed over as waste, "
        f"{len(found.identities)} batteries, {len(found.vehicles)} vehicles"
    )
    click.echo(f"{out}: {counts}; {UNCONFIRMED}")
