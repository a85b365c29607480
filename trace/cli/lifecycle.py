"""`packtrace lifecycle`: the rules in force, as a page to read."""

from __future__ import annotations

import click

from ..lifecycle.document import format_document
from ..rules.ruleset import load_rules


@click.command()
def lifecycle() -> None:
    """Print the life cycle: who may say what, when, and what each statement holds (Markdown)."""
    click.echo(format_document(load_rules()), nl=False)
