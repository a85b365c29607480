"""Input that somebody else wrote: opened with a word on what is wrong, and read within bounds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import click

STDIN: Final = "-"


class InputError(click.ClickException):
    """What was named is not what is to be read. Told in one line: the command itself was called rightly."""

    exit_code = 2


@contextmanager
def open_input(named: str) -> Iterator[BinaryIO]:
    """Open a file, or standard input by its name ``-``.

    Raises:
        InputError: Nothing there, a folder, or not to be read.
    """
    if named == STDIN:
        yield sys.stdin.buffer
        return
    check_is_file(named)
    try:
        file = open(named, "rb")  # noqa: SIM115  # closed below; a failure to open is told apart from one to read
    except OSError as error:
        raise InputError(f"input: expected a file, got {error.strerror}, at {named}") from None
    with file:
        yield file


def check_is_file(named: str) -> None:
    """There is something to read at a path.

    Raises:
        InputError: Nothing there, or a folder.
    """
    path = Path(named)
    if path.is_dir():
        raise InputError(f"input: expected a file, got a folder, at {named}")
    if not path.exists():
        raise InputError(f"input: expected a file, got nothing there, at {named}")


def read_text(named: str, *, limit: int) -> str:
    """The whole of a text file.

    Args:
        named: Path, or ``-``.
        limit: Bytes at most.

    Raises:
        InputError: Also for an empty file, a longer one, or one that is no text.
    """
    with open_input(named) as file:
        data = file.read(limit + 1)
    source = "standard input" if named == STDIN else named
    if not data.strip():
        raise InputError(f"input: expected some text, got none, at {source}")
    if len(data) > limit:
        raise InputError(f"input: expected at most {limit} bytes, got more, at {source}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"input: expected text in UTF-8, got other bytes, at byte {error.start} of {source}"
        ) from None


def is_terminal() -> bool:
    """Whether diagnostics are read by a person as they come."""
    return sys.stderr.isatty()
