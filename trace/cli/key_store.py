"""Private keys of the parties: files that somebody names, or files in the home, one for each key id."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from ...signing.keyfile import load_private_key, save_private_key
from ...signing.keys import KeyKind, PrivateKey, generate_private_key
from .text_input import open_input

Command = TypeVar("Command", bound=Callable[..., Any])

_KID: Final = re.compile("[A-Za-z0-9_-]{43}")
_ENCRYPTED: Final = b"ENCRYPTED PRIVATE KEY-----"
_PEM_LIMIT: Final = 65_536

TERMINAL: Final = "/dev/tty"
"""The terminal that controls this process, if one does (POSIX, 10.1)."""


def passphrase_option(command: Command) -> Command:
    """Give a command ``--passphrase-file``; it arrives as `passphrase_file`."""
    option = click.option(
        "--passphrase-file",
        type=click.Path(path_type=Path),
        help="File with the passphrase of private keys.  [default: PACKTRACE_PASSPHRASE, else asked for]",
    )
    return option(command)


def no_passphrase_option(command: Command) -> Command:
    """Give a command that makes keys ``--no-passphrase``; it arrives as `no_passphrase`."""
    option = click.option(
        "--no-passphrase", is_flag=True, help="Make keys without a passphrase, and do not ask for one."
    )
    return option(command)


def read_passphrase(file: Path | None) -> bytes | None:
    """The passphrase that was given, by file or environment; None where none was.

    Raises:
        click.UsageError: No file, or an empty passphrase, which is a mistake and no wish for none.
    """
    if file is not None:
        with open_input(str(file)) as opened:
            given = opened.read(_PEM_LIMIT).rstrip(b"\r\n")
        where = str(file)
    else:
        if "PACKTRACE_PASSPHRASE" not in os.environ:
            return None
        given, where = os.environ["PACKTRACE_PASSPHRASE"].encode(), "PACKTRACE_PASSPHRASE"
    if not given:
        raise click.UsageError(f"passphrase: expected at least one character, got none, at {where}")
    return given


def is_encrypted(path: Path) -> bool:
    """Whether a key file asks for a passphrase."""
    with path.open("rb") as file:
        return _ENCRYPTED in file.read(_PEM_LIMIT)


def passphrase_for(path: Path, given: bytes | None) -> bytes | None:
    """The passphrase to open a key file with: none where it needs none, asked for where nobody gave it.

    Raises:
        click.UsageError: It needs one, none was given, and nobody is there to be asked.
    """
    if not is_encrypted(path):
        return None
    if given is not None:
        return given
    if not _has_terminal():
        raise click.UsageError(
            f"{path}: expected a passphrase by --passphrase-file or PACKTRACE_PASSPHRASE, got none"
        )
    # A hidden prompt is shown and answered on the controlling terminal, whatever standard input is.
    asked: str = click.prompt(f"Passphrase of {path.name}", hide_input=True, err=True)
    return asked.encode()


def new_passphrase(given: bytes | None, *, none: bool) -> bytes | None:
    """The passphrase for keys that are about to be made: as given, else asked for at a terminal.

    Args:
        given: As `read_passphrase` found it.
        none: Somebody wishes for none.

    Raises:
        click.UsageError: One was given, and none is wished for.
    """
    if given is not None and none:
        raise click.UsageError("passphrase: expected one, or --no-passphrase, got both")
    if given is not None or none or not sys.stdin.isatty():
        return given
    asked: str = click.prompt(
        "New passphrase for the keys that are made", hide_input=True, confirmation_prompt=True, err=True
    )
    return asked.encode()


def say_unencrypted(path: Path) -> None:
    """Say that a key, or a folder of keys, is protected by nothing but the rights of the file."""
    click.echo(f"not encrypted, and readable by this user alone (0600): {path}", err=True)


def _has_terminal() -> bool:
    """Whether somebody can be asked, though input may come through a pipe."""
    if sys.stdin.isatty() or sys.platform == "win32":
        return sys.stdin.isatty() or sys.stderr.isatty()
    try:
        os.close(os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def find_key_file(named: str, folder: Path) -> Path:
    """The file of a key that is named by path, or by key id if it lies in the home.

    Raises:
        click.UsageError: There is no such file.
    """
    path = Path(named)
    if path.is_file():
        return path
    if _KID.fullmatch(named) and (kept := key_file(folder, named)).is_file():
        return kept
    got = "a folder" if path.is_dir() else "nothing there"
    raise click.UsageError(
        f"key: expected a file, or the id of a key in {folder / 'keys'}, got {named}, {got}"
    )


def load_key(named: str, folder: Path, passphrase: bytes | None) -> PrivateKey:
    """Read a private key, named as for `find_key_file`."""
    path = find_key_file(named, folder)
    return load_private_key(path, passphrase=passphrase_for(path, passphrase))


def load_first_key(kids: list[str], folder: Path, passphrase: bytes | None) -> PrivateKey | None:
    """The first of these keys that is kept in the home."""
    for kid in kids:
        if key_file(folder, kid).is_file():
            return load_key(kid, folder, passphrase)
    return None


def make_key(
    kind: KeyKind, out: Path | None, folder: Path, passphrase: bytes | None
) -> tuple[PrivateKey, Path]:
    """Make a key and keep it, in the home unless a path is said."""
    key = generate_private_key(kind)
    path = out or key_file(folder, key.public.kid)
    if out is None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    save_private_key(path, key, passphrase=passphrase)
    if passphrase is None:
        say_unencrypted(path)
    return key, path


def key_file(folder: Path, kid: str) -> Path:
    """Where the home keeps a key."""
    return folder / "keys" / f"{kid}.pem"
