"""The command `packtrace`: finds the subcommand, and says in one line what went wrong.

Each subcommand lives in a module of its own, which is imported when it is called, so that `packtrace verify`
loads no database and help comes at once.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final, NoReturn

import click

from ...signing.errors import SigningError
from ..errors import RefusedError, TraceError
from .place import Place, place_options

ACCEPTED: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
UNDECIDED: Final = 3
BROKEN: Final = 70  # EX_SOFTWARE of BSD's sysexits.h: a defect of this program
CLOSED_PIPE: Final = 141  # as a shell reports a program that SIGPIPE ended

_LOOK_FOR_CYCLES_AFTER: Final = 50_000  # objects more than were let go of

_DATABASE: Final = ("sqlalchemy.", "psycopg.", "sqlite3")

COMMANDS: Final[dict[str, str]] = {
    "init": "Found a log: its keys, its first entry, its trust file.",
    "org": "Enrol, list and suspend organisations.",
    "key": "Make, add, revoke and list keys.",
    "device": "Invite, approve, list and revoke devices: phones and computers that sign.",
    "template": "Print the next statement about a subject, to be filled in.",
    "sign": "Sign a statement.",
    "submit": "Hand signed events to the log.",
    "explain-event": "Say why the log refuses an event, and what to sign in its place.",
    "show": "Tell the history of a battery.",
    "labels": "Make labels to be printed: PDF sheets, SVG, PNG, ZPL.",
    "filing": "Write what an organisation files with the national platform.",
    "evidence": "Keep the documents and photos that events refer to.",
    "serve": "Serve the log over HTTP: the JSON API.",
    "dev": "Start a throw-away node with test organisations, to write programs against.",
    "erase": "Forget what events withhold: value and salt; the log stays as it is.",
    "token": "Make a bearer token, with which an organisation reads.",
    "export": "Write a bundle to be verified elsewhere.",
    "verify": "Verify a bundle, a receipt, a database or a log on the web.",
    "lifecycle": "Print the life cycle: who may say what, when, and what each statement holds.",
    "rules": "Show the rule sets of a log, and make one with other numbers.",
    "load": "Load a folder of sample events through the real pipeline.",
    "demo": "Load, export, verify, damage and verify again, on a log of samples.",
    "bench": "Measure this machine against its own signatures.",
}
"""Each command with its line of help, told here so that listing them imports none."""


class ClosedPipeError(Exception):
    """Nobody reads what is printed any more."""


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = cmd_name.replace("-", "_")
        command = getattr(import_module(f".{module}", __package__), module)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and see its output on its way: click would answer a closed pipe as a refusal."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError as error:
            raise ClosedPipeError from error
        return result

    def main(self, args: Sequence[str] | None = None, **extra: Any) -> NoReturn:  # type: ignore[override]
        """Run, and leave with an exit code: this is the outermost edge, where every error is answered."""
        extra["standalone_mode"] = False
        # Hardly anything here is a cycle: looking for them after every 700 objects is a tenth of an audit.
        gc.set_threshold(_LOOK_FOR_CYCLES_AFTER, 20, 100)
        for stream in (sys.stdout, sys.stderr):
            # A terminal that lacks a character shows its number; the verdict is told all the same.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            status = super().main(args, **extra)
        except ClosedPipeError:  # the reader, `head` perhaps, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            sys.exit(CLOSED_PIPE)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except click.Abort:
            click.echo("packtrace: stopped", err=True)
            sys.exit(130)
        except (TraceError, SigningError) as error:
            click.echo(f"packtrace: {describe(error)}", err=True)
            sys.exit(exit_code(error))
        except OSError as error:
            place = f", at {error.filename}" if error.filename else ""
            click.echo(
                f"packtrace: expected to read and write, got {error.strerror or error}{place}", err=True
            )
            sys.exit(UNDECIDED)
        except Exception as error:  # the outermost edge: a defect is answered, not shown as a traceback
            if os.environ.get("PACKTRACE_DEBUG"):
                raise
            # Named by its module, since importing the library takes longer than most commands.
            if type(error).__module__.startswith(_DATABASE):
                said = str(error).strip().partition("\n")[0]
                click.echo(f"packtrace: database: expected an answer, got {said}", err=True)
                sys.exit(UNDECIDED)
            click.echo(
                f"packtrace: a defect of this program: {type(error).__name__}: {error}\n"
                "What was being submitted may be recorded: submit the same again, and what is known is\n"
                "answered so. With PACKTRACE_DEBUG=1 it says where; please report that.",
                err=True,
            )
            sys.exit(BROKEN)
        sys.exit(status if isinstance(status, int) else ACCEPTED)


def describe(error: TraceError | SigningError) -> str:
    """An error in one line: code, expected and got, and where unless that is said already."""
    if isinstance(error, SigningError):
        return f"{error.code}: {error}"
    problems = getattr(error, "problems", ())  # of a shape; told all, as `submit` does
    if problems:
        return f"{error.finding_code}: {'; '.join(map(str, problems))}"
    where = f" (at {error.where})" if error.where and not error.message.endswith(error.where) else ""
    return f"{error.finding_code}: {error.message}{where}"


def exit_code(error: TraceError | SigningError) -> int:
    """2 where another key, passphrase or home is called for, 1 for what is wrong, 3 for the rest."""
    code = error.code if isinstance(error, SigningError) else error.finding_code
    if code.startswith("KEY_FILE_") or code in ("LOG_KEY_INVALID", "HOME_INVALID"):
        return USAGE
    return REFUSED if isinstance(error, SigningError | RefusedError) else UNDECIDED


@click.group(cls=LazyGroup, no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})
@place_options
@click.version_option(package_name="packtrace")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Trace traction batteries by signed events in a log that anybody can verify.

    Exit codes: 0 all well; 1 something was refused, or refuted; 2 wrong usage; 3 not decided, or not to be
    read.
    """
    ctx.ensure_object(Place)
