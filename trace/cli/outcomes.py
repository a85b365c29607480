"""What became of each line, in the order of the lines, for people and for programs."""

from __future__ import annotations

import json

import click

from ..errors import TraceError
from ..ledger.answers import outcome_object
from ..ledger.event_lines import Line
from ..ledger.sequence import Outcome
from ..rules.shapes import ShapeError
from ..verify.report import plain_text


def print_outcome(line: Line, outcome: Outcome, *, as_json: bool) -> None:
    """One line of standard output for one line of input."""
    if as_json:
        # A refusal may quote half a character, which UTF-8 has no bytes for.
        said = {"source": line.source, "line": line.number} | outcome_object(outcome)
        text = json.dumps(said, ensure_ascii=False)
        click.echo(text.encode("utf-8", "backslashreplace").decode())
        return
    head = f"{line.source}:{line.number}: {outcome.status}"
    if outcome.error is not None:
        click.echo(plain_text(f"{head} {outcome.error.finding_code}: {'; '.join(_problems(outcome.error))}"))
    elif outcome.events:
        for placed in outcome.events:
            click.echo(f"{head} at leaf {placed.leaf_index}, event {placed.event_id}")
    else:
        click.echo(head)


def _problems(error: TraceError) -> list[str]:
    of = "" if error.member is None else f", in event {error.member} of the group"
    if isinstance(error, ShapeError):
        return [f"{problem}{of}" for problem in error.problems]
    told = error.where in error.message or not error.where
    return [(error.message if told else f"{error.message}, at {error.where}") + of]
