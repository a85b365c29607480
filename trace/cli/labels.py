"""`packtrace labels`: labels to be printed, and a file of the tokens on them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from ..codes.label import TOKEN_RANDOM_BYTES, format_token, parse_host
from ..labels.fonts import CHINESE, Font, check_font, find_font
from ..labels.label import Label, is_latin, make_label
from ..labels.pdf import outline_pdf
from ..labels.sheets import SHEETS
from .label_files import FOLDERS, FORMATS, SECRET, check_nothing_at, write_labels, write_new
from .label_input import Wanted, read_wanted
from .label_source import LabelSource
from .ledger_access import read_ledger
from .place import Place, place_options
from .progress import progress

REASONS: Final = ("unreadable", "damaged", "missing", "code_found", "compromised")


@dataclass(frozen=True, slots=True)
class _Made:
    """A label with the battery that it is for."""

    subject: str
    token: str
    label: Label


@click.command()
@click.argument("codes", metavar="[CODE…]", nargs=-1)
@click.option(
    "--from",
    "named",
    metavar="FILE",
    help="Codes, one a line, or rows of CSV or NDJSON; - for standard input.",
)
@click.option(
    "--host", required=True, help="Where the public pages are, as packs.example; it stays on the labels."
)
@click.option("--format", "kind", type=click.Choice(FORMATS), default="pdf", show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="A file, or for svg and png a folder; nothing may be there yet.",
)
@click.option(
    "--tokens",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file of tokens.  [default: OUT.tokens.ndjson]",
)
@click.option(
    "--sheet",
    "sheet_name",
    type=click.Choice(list(SHEETS)),
    default="L7160",
    show_default=True,
    help="The sheet of a PDF, and the size of a label in every format.",
)
@click.option(
    "--start-slot",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="The first label of the sheet that is still there.",
)
@click.option(
    "--outlines", is_flag=True, help="Draw the edges of labels. Without codes: a page to test with."
)
@click.option(
    "--dpi",
    type=click.Choice(["203", "300", "600"]),
    default="300",
    show_default=True,
    help="Of the printer, for png and zpl.",
)
@click.option(
    "--font",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A font with Chinese letters.  [default: one of the system's]",
)
@click.option("--model", metavar="MODEL", help="Name and mass of new batteries, as the log has them.")
@click.option("--reissue", "reason", type=click.Choice(REASONS), help="Why the old labels are to be dead.")
@place_options
@click.pass_obj
def labels(
    place: Place,
    codes: tuple[str, ...],
    named: str | None,
    host: str,
    kind: str,
    out: Path,
    tokens: Path | None,
    sheet_name: str,
    start_slot: int,
    outlines: bool,
    dpi: str,
    font: Path | None,
    model: str | None,
    reason: str | None,
) -> None:
    """Make labels for batteries, each CODE as scanned or as a subject.

    A new label has a new token. The file of tokens is secret: with it labels can be copied. Its `digest` is
    what the chain gets to know, as `label` of battery.manufactured, or of label.reissued, which --reissue
    prepares.
    """
    sheet, now = SHEETS[sheet_name], datetime.now(UTC).replace(microsecond=0)
    if start_slot > sheet.slots:
        raise click.UsageError(f"--start-slot: expected 1 to {sheet.slots} on {sheet.name}, got {start_slot}")
    if kind == "pdf" and outlines and not codes and named is None:
        write_new(out, outline_pdf(sheet, now))
        return
    wanted = read_wanted(codes, named)
    if not wanted:
        raise click.UsageError("labels: expected codes, as arguments or by --from, got none")
    tokens = tokens or out.with_name(f"{out.name}.tokens.ndjson")
    to_sign = out.with_name(f"{out.name}.statements.ndjson") if reason else None
    check_nothing_at(out, tokens, *([to_sign] if to_sign else []))
    chinese = _load_font(font) if font else find_font(CHINESE)
    made, statements = _make_all(place, wanted, parse_host(host), model, reason, now)
    # The tokens are on the disk before any label is: one whose token is lost is waste.
    write_new(tokens, _lines([_token(one) for one in made]), SECRET)
    if to_sign:
        write_new(to_sign, _lines(statements))
    with progress("labels", len(made)) as done:
        paths = write_labels(
            [one.label for one in made],
            kind,
            out,
            sheet,
            first_slot=start_slot - 1,
            outlines=outlines,
            dpi=int(dpi),
            chinese=chinese,
            made_at=now,
            done=done,
        )
    where = out if kind in FOLDERS else ", ".join(map(str, paths))
    click.echo(f"{len(made)} {'label' if len(made) == 1 else 'labels'} in {where}")
    click.echo(f"tokens, to be kept secret, in {tokens}")
    if to_sign:
        click.echo(f"to be signed by whoever holds the batteries: {to_sign}; until then the old labels count")
    if chinese is None and kind != "svg":
        _say_no_font(made)


def _load_font(path: Path) -> Font:
    font = Font(path)
    try:
        check_font(font)
    except OSError as error:
        raise click.UsageError(
            f"--font: expected a TrueType or OpenType font, got {error}, at {path}"
        ) from None
    return font


def _make_all(
    place: Place, wanted: Sequence[Wanted], host: str, model: str | None, reason: str | None, now: datetime
) -> tuple[list[_Made], list[dict[str, Any]]]:
    """All labels; with a log at hand also what it knows, and what it is to be told."""
    if not (reason or model or place.said_home or place.db):
        return [_make(one, host) for one in wanted], []
    made, statements = [], []
    with read_ledger(place) as ledger:
        source = LabelSource(ledger, model)
        for one in wanted:
            label = _make(source.fill(one), host)
            source.check_new(one.subject, label.label, reissued=reason is not None)
            made.append(label)
            if reason:
                statements.append(source.reissue(one.subject, label.label, reason, now))
    return made, statements


def _make(wanted: Wanted, host: str) -> _Made:
    token = wanted.token or format_token(os.urandom(TOKEN_RANDOM_BYTES))
    label = make_label(
        host,
        wanted.code,
        token,
        name_zh=wanted.name_zh,
        name_en=wanted.name_en,
        mass_g=wanted.mass_g,
    )
    return _Made(wanted.subject, token, label)


def _token(made: _Made) -> dict[str, Any]:
    """What is remembered of a label: given back by --from, it prints the same label again."""
    label = made.label
    said = {"subject": made.subject, "code": label.code, "token": made.token, "digest": label.digest}
    shown = {"name": label.name_zh, "name_en": label.name_en, "mass_g": label.mass_g}
    return said | {name: value for name, value in shown.items() if value}


def _lines(values: Sequence[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values).encode()


def _say_no_font(made: Sequence[_Made]) -> None:
    left_out = sum(not is_latin(one.label.name_zh) for one in made)
    click.echo(
        "no font with Chinese letters was found: the labels have their Latin text only, "
        f"{left_out} without their Chinese name; "
        "install fonts-wqy-microhei or fonts-droid-fallback, or give --font",
        err=True,
    )
