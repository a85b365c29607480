"""What became of each line, in the order of the lines, for people and for programs."""

from __future__ import annotations

import json
from typing import Any

import click

from ..errors import TraceError
from ..ledger.sequence import Outcome
from ..lifecycle.judge import ChainLinkError
from ..rules.shapes import ShapeError
from ..verify.report import plain_text
from .event_lines import Line


def print_outcome(line: Line, outcome: Outcome, *, as_json: bool) -> None:
    """One line of standard output for one line of input."""
    if as_json:
        # A refusal may quote half a character, which UTF-8 has no bytes for.
        said = json.dumps(_as_object(line, outcome), ensure_ascii=False)
        click.echo(said.encode("utf-8", "backslashreplace").decode())
        return
    head = f"{line.source}:{line.number}: {outcome.status}"
    if outcome.error is not None:
        click.echo(plain_text(f"{head} {outcome.error.finding_code}: {'; '.join(_problems(outcome.error))}"))
    elif outcome.events:
        for placed in outcome.events:
            click.echo(f"{head} at leaf {placed.leaf_index}, event {placed.event_id}")
    else:
        click.echo(head)


def refusal(error: TraceError) -> dict[str, Any]:
    """A refusal for programs: code, detail, where, and what of it a program can act on."""
    said: dict[str, Any] = {"code": error.finding_code, "detail": error.message, "where": error.where}
    if isinstance(error, ShapeError):
        said["errors"] = [
            {"pointer": problem.pointer, "detail": problem.detail} for problem in error.problems
        ]
    if isinstance(error, ChainLinkError):
        said |= {"head_seq": error.head_seq, "head": error.head}
    return said


def _as_object(line: Line, outcome: Outcome) -> dict[str, Any]:
    said: dict[str, Any] = {"source": line.source, "line": line.number, "status": outcome.status}
    if outcome.error is not None:
        return said | refusal(outcome.error)
    events = [{"id": placed.event_id, "leaf_index": placed.leaf_index} for placed in outcome.events]
    return said | ({"events": events} if events else {})


def _problems(error: TraceError) -> list[str]:
    if isinstance(error, ShapeError):
        return [str(problem) for problem in error.problems]
    told = error.where in error.message or not error.where
    return [error.message if told else f"{error.message}, at {error.where}"]
