"""Where a command finds its log: the home folder and the database, said before or after the subcommand."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(slots=True)
class Place:
    """What was said about the home and the database on the command line."""

    home: Path | None = None
    db: str | None = None

    @property
    def said_home(self) -> Path | None:
        """The home that somebody named, by option or environment."""
        named = os.environ.get("PACKTRACE_HOME")
        return self.home or (Path(named) if named else None)

    @property
    def said_by(self) -> str:
        """By what the home was named."""
        return "--home" if self.home else "PACKTRACE_HOME"

    @property
    def folder(self) -> Path:
        """The home: the one that was named, else the usual place for a program's files."""
        return self.said_home or Path(click.get_app_dir("packtrace"))


def place_options(command: Command) -> Command:
    """Give a command ``--home`` and ``--db``; what stands nearest to the end holds."""
    home = click.option(
        "--home",
        type=click.Path(path_type=Path, file_okay=False),
        expose_value=False,
        callback=_remember,
        help="Folder of the log and its keys.  [default: PACKTRACE_HOME, else the user's own]",
    )
    db = click.option(
        "--db",
        metavar="URL",
        expose_value=False,
        callback=_remember,
        help="Another database than the one in the home.",
    )
    return home(db(command))


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    if value is not None and param.name:
        setattr(ctx.ensure_object(Place), param.name, value)
    return value
