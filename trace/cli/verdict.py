"""What `packtrace verify` does: the verdict on a source, and whom it rests on. Loads no database library."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
from filelock import FileLock

from ...signing.errors import SigningError
from ...signing.note import MAX_NOTE
from ..errors import TraceError
from ..verify.findings import Outcome
from ..verify.pins import MAX_PINS, Pins, format_pins, parse_pins
from ..verify.report import Report, format_json_lines, format_text
from ..verify.trust import Trust, parse_trust
from ..verify.verify_source import verify_source
from .place import Place
from .progress import progress
from .text_input import InputError, check_is_file

_MAX_FILE: Final = 16 << 20
_MARK: Final = "://"
_SQLITE: Final = "sqlite:///"
TRUST: Final = "trust.json"


def tell_verdict(
    place: Place,
    source: str,
    trust_file: str | None,
    checkpoint_files: Sequence[str],
    *,
    verbose: bool,
    as_json: bool,
) -> int:
    """Verify a source, print the report, and remember what is verified; the exit code.

    Raises:
        InputError: A file that is named is not there, or not what it should be.
    """
    _check_is_there(source)
    named, by = _find_trust(place, source, trust_file)
    trust = _load_trust(named) if named else None
    checkpoints = [_read_file(file, MAX_NOTE) for file in checkpoint_files]
    pins = _load_pins(place.folder / "pins.json")
    with progress("verifying", None) as advance:
        seen = 0

        def on_progress(done: int, total: int) -> None:
            nonlocal seen
            advance(done - seen)
            seen = done

        report = verify_source(
            source,
            trust=trust,
            checkpoints=checkpoints,
            pins=pins,
            progress=on_progress,
            may_connect=_is_home(source, place.said_home),
        )
    if as_json:
        for line in format_json_lines(report, trust_file=named):
            sys.stdout.write(line.decode("utf-8") + "\n")
    else:
        sys.stdout.write(format_text(report, verbose=verbose, trust_file=f"{named} ({by})" if named else ""))
    if report.outcome is Outcome.VERIFIED and report.trust is not None:
        _pin(place.folder, report, report.trust)
    return report.exit_code


def _check_is_there(source: str) -> None:
    """Raises:
    InputError: The source is a path, and there is nothing.
    """
    path = source.removeprefix(_SQLITE)
    if _MARK not in path and not os.path.lexists(path):
        kinds = "a bundle, a receipt, a home, a database or a URL"
        raise InputError(f"source: expected {kinds}, got nothing there, at {path}")


def _find_trust(place: Place, source: str, named: str | None) -> tuple[str | None, str]:
    """The trust file that is meant, and by what it was named; None, which is told, where there is none.

    It never lies beside the source, where whoever made the source could have written it.
    """
    if named is not None:
        return named, "--trust"
    home = place.said_home
    missing = _why_untrusted(home, source)
    if home is None or missing:
        why = f"expected --trust FILE, got none{missing}"
        click.echo(f"trust: {why}; whose log this is, is not checked", err=True)
        return None, ""
    return str(home / TRUST), place.said_by


def _load_trust(named: str) -> Trust:
    """Raises:
    InputError: The file that is meant is no trust file.
    """
    try:
        return parse_trust(_read_file(named, _MAX_FILE))
    except (TraceError, SigningError) as error:
        raise InputError(f"trust: {error}, at {named}") from error


def _why_untrusted(home: Path | None, source: str) -> str:
    """Why the trust file of the home that was named is not taken; empty where it is, or no home was named."""
    if home is None:
        return ""
    if _lies_in(source, home):
        return f", and the source lies in {home} itself"
    return "" if (home / TRUST).is_file() else f", and there is none in {home}"


def _lies_in(source: str, home: Path) -> bool:
    path = source.removeprefix(_SQLITE)
    if _MARK in path:
        description = home / "home.json"
        # The home says which database is its own; a home without one has it inside.
        return description.is_file() and path.partition(_MARK)[2] in description.read_text("utf-8", "replace")
    return Path(path).resolve().is_relative_to(home.resolve()) or _is_its_database(Path(path), home)


def _is_its_database(path: Path, home: Path) -> bool:
    """Whether the home says that this SQLite file is its own, wherever that lies."""
    description = home / "home.json"
    if not description.is_file():
        return False
    said = description.read_text("utf-8", "replace")
    return any(f"{_SQLITE}{one}" in said for one in (os.path.abspath(path), path.resolve()))


def _is_home(source: str, home: Path | None) -> bool:
    """Whether the source is the very home that somebody named as theirs."""
    return home is not None and Path(source).resolve() == home.resolve()


def _read_file(named: str, limit: int) -> bytes:
    check_is_file(named)
    with open(named, "rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise InputError(f"input: expected at most {limit} bytes, got more, at {named}")
    return data


def _load_pins(path: Path) -> Pins:
    """What was verified before; a file that can't be read is an error, since a lost pin hides a second past.

    Raises:
        InputError: It holds something else.
    """
    if not path.exists():
        return Pins()
    try:
        return parse_pins(_read_file(str(path), MAX_PINS))
    except TraceError as error:
        raise InputError(f"pins: {error}, at {path}") from error


def _pin(folder: Path, report: Report, trust: Trust) -> None:
    """Remember what was verified. The verdict stands where this fails, and the failure is told."""
    path = folder / "pins.json"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(folder / "pins.json.lock"):
            pins = _load_pins(path).with_pin((trust.origin, trust.keys_digest), report.size, report.root)
            beside = path.with_name("pins.json.new")
            beside.write_bytes(format_pins(pins))
            beside.replace(path)
    except OSError as error:
        click.echo(f"pins: expected to remember this, got {error.strerror or error}, at {path}", err=True)
