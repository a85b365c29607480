"""`packtrace explain-event`: why the log refuses an event, and what to sign in its place."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any, Final

import click

from ..explanation import LANGUAGES
from ..ledger.explaining import explanation_object, next_moment
from ..template import NONCE_BYTES
from ..verify.report import plain_text
from .ledger_access import read_ledger
from .place import Place, place_options
from .text_input import STDIN, read_text

_LIMIT: Final = 4 << 20
_LABELS: Final = ("where", "byte", "context", "expected", "got", "fix")


@click.command()
@click.argument("file", default=STDIN)
@click.option("--language", type=click.Choice(LANGUAGES), help="In which the event was made.")
@click.option("--json", "as_json", is_flag=True, help="One object.")
@place_options
@click.pass_obj
def explain_event(place: Place, file: str, language: str | None, as_json: bool) -> None:
    """Say what the log in the home would answer to the event in FILE, and record nothing.

    What can be mended by a machine is: the payload that is printed last is ready to be signed.
    """
    text = read_text(file, limit=_LIMIT).strip()
    with read_ledger(place) as ledger:
        said = explanation_object(
            ledger, text, at=next_moment(ledger), nonce=os.urandom(NONCE_BYTES), language=language
        )
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False, indent=2))
    else:
        for line in _lines(said):
            click.echo(line)


def _lines(said: dict[str, Any]) -> Iterator[str]:
    yield said["status"]
    for reason in said["reasons"]:
        yield from _reason_lines(reason)
    if "next" in said:
        remaining = said["next"]["remaining"]
        yield ""
        yield "still wrong with the payload below:" if remaining else "to be signed in its place:"
        for reason in remaining:
            yield from _reason_lines(reason)
        yield said["next"]["payload"]


def _reason_lines(reason: dict[str, Any]) -> Iterator[str]:
    rule = reason.get("rule", {})
    yield plain_text(f"{reason['code']}: {reason['detail']}")
    if "en" in rule:
        yield f"  rule      step {rule['step']}: {rule['zh']} {rule['en']}"
    if "row" in rule:
        yield f"  row       {rule['row']}, see packtrace lifecycle"
    for name in _LABELS:
        if name in reason:
            yield plain_text(f"  {name:<9} {reason[name]}")
