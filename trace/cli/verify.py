"""`packtrace verify`: what it is given. The verifier is loaded once there is something to verify."""

from __future__ import annotations

import click

from .place import Place, place_options


@click.command()
@click.argument("source")
@click.option(
    "--trust",
    "trust_file",
    metavar="FILE",
    help="Whom to trust.  [default: trust.json of the home that was named, unless SOURCE lies in it]",
)
@click.option(
    "--checkpoint",
    "checkpoint_files",
    metavar="FILE",
    multiple=True,
    help="A checkpoint of the log that came another way. May be repeated.",
)
@click.option("-v", "--verbose", is_flag=True, help="One line for each subject as well.")
@click.option("--json", "as_json", is_flag=True, help="One object a line, the summary last.")
@place_options
@click.pass_obj
def verify(
    place: Place,
    source: str,
    trust_file: str | None,
    checkpoint_files: tuple[str, ...],
    verbose: bool,
    as_json: bool,
) -> int:
    """Verify SOURCE: a bundle folder or zip, a receipt, a home or database, or a log's URL.

    Exit code: 0 VERIFIED, 1 REFUTED, 3 UNDECIDED. What is verified is remembered in pins.json of the home, so
    that a log which shows two pasts is caught.
    """
    from .verdict import tell_verdict  # here, as it takes four times as long as telling the options

    return tell_verdict(place, source, trust_file, checkpoint_files, verbose=verbose, as_json=as_json)
