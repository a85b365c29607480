"""`packtrace submit`: signed events go to the log, and each line gets its answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from ..ledger.event_lines import SKIPPED, Line, append_lines, batches, parse_event_lines
from ..ledger.ledger import Ledger
from ..ledger.sequence import OnError, Outcome
from .key_store import passphrase_option, read_passphrase
from .ledger_access import open_ledger
from .outcomes import print_outcome
from .place import Place, place_options
from .progress import progress
from .text_input import STDIN, InputError, check_is_file, open_input


@click.command()
@click.argument("files", metavar="[FILE]...", nargs=-1)
@click.option(
    "--on-error",
    type=click.Choice(["continue", "stop", "rollback"]),
    default="continue",
    show_default=True,
    help="After a refusal: go on; skip the rest; or record nothing at all.",
)
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
@click.option(
    "--confirm-clock", is_flag=True, help="This machine's clock is right, however far from the last entry's."
)
@passphrase_option
@place_options
@click.pass_obj
def submit(
    place: Place,
    files: tuple[str, ...],
    on_error: OnError,
    as_json: bool,
    confirm_clock: bool,
    passphrase_file: Path | None,
) -> int:
    """Submit the events in FILEs, or on standard input, and print what became of each line.

    A line is a compact JWS, {"event":"…"}, or {"events":["…",…]} for a group that stands or falls together.
    The exit code is 0 where every line is accepted, or known from before.
    """
    named = files or (STDIN,)
    for file in named:
        if file != STDIN:
            check_is_file(file)  # all of them, before the first is submitted
    seen, refused = 0, False
    with open_ledger(place, read_passphrase(passphrase_file)) as ledger, progress("submitting", None) as done:
        for line, outcome in submit_lines(
            ledger, _read(named), on_error=on_error, confirm_clock=confirm_clock
        ):
            print_outcome(line, outcome, as_json=as_json)
            seen += 1
            refused = refused or outcome.status in ("refused", "skipped")
            done(1)
    if not seen:
        read = ", ".join("standard input" if each == STDIN else each for each in named)
        raise InputError(f"input: expected a line with an event, got none, at {read}")
    return 1 if refused else 0


def submit_lines(
    ledger: Ledger,
    lines: Iterator[Line],
    *,
    on_error: OnError,
    confirm_clock: bool = False,
    story_from: datetime | None = None,
) -> Iterator[tuple[Line, Outcome]]:
    """Append what the lines hold, a thousand at a time, and tell what became of each, in their order.

    Args:
        ledger: Where to.
        lines: A line that could not be read is refused like any other.
        on_error: What a refusal does to the lines after it, or to all.
        confirm_clock: As `Ledger.append`.
        story_from: Record the times that the lines name, but none before this one; for a log of samples.
    """
    stopped = False
    whole = [list(lines)] if on_error == "rollback" else batches(lines)
    for batch in whole:
        if stopped:
            yield from ((line, SKIPPED) for line in batch)
            continue
        outcomes = append_lines(ledger, batch, on_error, confirm_clock=confirm_clock, story_from=story_from)
        stopped = on_error == "stop" and any(outcome.status == "refused" for outcome in outcomes)
        yield from zip(batch, outcomes, strict=True)


def _read(named: tuple[str, ...]) -> Iterator[Line]:
    for each in named:
        with open_input(each) as file:
            yield from parse_event_lines(each if each != STDIN else "stdin", file)
