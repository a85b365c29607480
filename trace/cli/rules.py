"""`packtrace rules`: the rule sets of a log, and how to make one with other numbers."""

from __future__ import annotations

from pathlib import Path

import click

from ..bundle.layout import rules_path
from ..ledger.home import save_durably
from ..rules.ruleset import RuleSet, format_rules, load_rules, with_policy
from .ledger_access import load_home, read_ledger
from .place import Place, place_options


@click.group()
def rules() -> None:
    """Show the rule sets that a log adopted, and make one with other numbers."""


@rules.command("show")
@place_options
@click.pass_obj
def show_rules(place: Place) -> None:
    """Print name and digest of every rule set that the log named, and which is in force."""
    with read_ledger(place) as ledger:
        adopted = ledger.adopted()
        now = ledger.rules.id
    installed = load_rules().id
    for each in adopted:
        marks = [word for word, id in (("in force", now), ("installed", installed)) if id == each.id]
        click.echo(" ".join((*each.id, *(f"({mark})" for mark in marks))))


@rules.command("with")
@click.option("--name", required=True, help="Of the new rule set, such as house-rules/2.")
@click.option(
    "--policy",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The file with its numbers; the schemas and the life cycle are those installed.",
)
@place_options
@click.pass_obj
def with_numbers(place: Place, name: str, policy: Path) -> None:
    """Put a rule set with other numbers into the home, where `log.rules_adopted` can name it.

    Nothing is in force before the registrars adopt it in the log.
    """
    made: RuleSet = with_policy(load_rules(), name, policy.read_bytes())
    path = load_home(place).path / rules_path(made.sha256)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    save_durably(path, format_rules(made))
    click.echo(" ".join(made.id))
