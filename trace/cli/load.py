"""`packtrace load`: a folder of sample events goes through the real pipeline, at the times of its story."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from ..ledger.event_lines import Line, parse_event_lines
from ..ledger.ledger import Ledger
from ..lifecycle.keyring import log_state
from ..statement import parse_entry
from .key_store import passphrase_option, read_passphrase
from .ledger_access import open_ledger
from .outcomes import print_outcome
from .place import Place, place_options
from .progress import progress
from .published_keys import DEMONSTRATION, found_sample_log
from .submit import submit_lines
from .text_input import check_is_file, open_input

EVENTS: Final = "events.ndjson"


@click.command()
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One object a line of events, as `submit` prints them.")
@passphrase_option
@place_options
@click.pass_obj
def load(place: Place, folder: Path, as_json: bool, passphrase_file: Path | None) -> int:
    """Load FOLDER/events.ndjson, sample events that were signed before, into the log of the home.

    Where the home has no log, one for demonstration is founded, with the keys that are published beside the
    samples. The times of the story are recorded only by a log for demonstration.
    """
    counts = load_samples(place, folder, as_json=as_json, passphrase=read_passphrase(passphrase_file))
    if not as_json:
        click.echo(format_counts(folder, counts))
    return 1 if counts["refused"] or counts["skipped"] else 0


def load_samples(place: Place, folder: Path, *, as_json: bool, passphrase: bytes | None) -> Counter[str]:
    """Append every line of a folder, founding its log where there is none; refusals are printed.

    Returns:
        How many lines were accepted, known, refused and skipped.

    Raises:
        click.UsageError: The folder holds no samples.
    """
    events = folder / EVENTS
    check_is_file(str(events))
    lines = _read(events)
    if not lines:
        raise click.UsageError(f"input: expected a line with an event, got none, at {events}")
    if not (place.folder / "home.json").exists():
        found_sample_log(place, folder, lines[0], passphrase)
    counts: Counter[str] = Counter()
    with open_ledger(place, passphrase) as ledger, progress("loading", len(lines)) as done:
        story_from = _story_from(ledger, lines)
        for line, outcome in submit_lines(ledger, iter(lines), on_error="stop", story_from=story_from):
            if as_json or outcome.status == "refused":
                print_outcome(line, outcome, as_json=as_json)
            counts[outcome.status] += 1
            done(1)
    return counts


def format_counts(folder: Path, counts: Counter[str]) -> str:
    """How many lines of a folder became what."""
    said = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    return f"{folder.name}: {counts.total()} lines, {said}"


def _read(events: Path) -> list[Line]:
    with open_input(str(events)) as file:
        return list(parse_event_lines(str(events), file))


def _story_from(ledger: Ledger, lines: list[Line]) -> datetime | None:
    """The last time that the log has recorded, if lines may name later ones; None where the clock rules."""
    if log_state(ledger.world()).purpose != DEMONSTRATION or not all(line.at for line in lines):
        return None
    size = ledger.size
    (entry,) = ledger.entries(size - 1, size)
    return parse_entry(entry)[1]
