"""docs/cli.md tells every command and every option."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from packtrace.trace.cli.main import main

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
EVERYWHERE = {"--home", "--db", "--help"}


def commands(group: click.Group, name: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        assert command is not None, word
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


COMMANDS = dict(commands(main, "packtrace"))


def test_every_command_has_its_section_and_no_other_is_told() -> None:
    assert list(SECTIONS) and sorted(SECTIONS) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_told_with_its_command(name: str) -> None:
    options = {
        option for param in COMMANDS[name].params for option in param.opts if option.startswith("--")
    } - EVERYWHERE
    told = set(re.findall(r"`(--[a-z-]+)[` ]", SECTIONS[name]))
    told |= {"--passphrase-file"} & set(re.findall(r"--[a-z-]+", SECTIONS[name]))
    assert options <= told, f"{name}: not told {options - told}"


@pytest.mark.parametrize("name", COMMANDS)
def test_no_option_is_told_that_is_none(name: str) -> None:
    options = {option for param in COMMANDS[name].params for option in param.opts}
    of_others = EVERYWHERE | {"--origin", "--admin"}  # of `key new`, named where its output is used
    told = set(re.findall(r"^- `(--[a-z-]+)", SECTIONS[name], re.MULTILINE))
    assert told <= options | of_others


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_itself_at_work(name: str) -> None:
    assert re.search(rf"^(?:\$ |  \| ){name}\b", SECTIONS[name], re.MULTILINE)


def test_options_of_all_commands_are_told_once() -> None:
    for option in EVERYWHERE:
        assert option in PAGE.partition("\n## ")[0]
