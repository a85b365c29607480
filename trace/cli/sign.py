"""`packtrace sign`: statements, checked by the rules that need no log, become events."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from ...signing.compact import format_compact
from ...signing.disclosures import SALT_BYTES, format_presentation, withhold
from ...signing.jws import EVENT, parse_jws, sign_jws
from ...signing.keys import PrivateKey
from ..codes.party import parse_party
from ..codes.subjects import parse_subject
from ..known_data import LEADER_ID
from ..rules.ruleset import RuleSet, load_rules
from ..template import find_placeholders
from ..times import parse_time
from .key_store import load_key, passphrase_option, read_passphrase
from .place import Place, place_options
from .text_input import read_text

MAX_STATEMENT: Final = 1 << 20
"""Bytes of JSON that are read; the compact form of it may have 32 KiB."""


@click.command()
@click.argument("statement", metavar="[FILE]", default="-")
@click.option(
    "--key", "named", metavar="FILE|KID", required=True, help="Who signs: a key file, or a key in the home."
)
@click.option("--json", "as_json", is_flag=True, help='Print {"id", "event"}, as `submit` takes it.')
@click.option("--alg", type=click.Choice(["EdDSA"]), help="Write the older name of the algorithm.")
@passphrase_option
@place_options
@click.pass_obj
def sign(
    place: Place, statement: str, named: str, as_json: bool, alg: str | None, passphrase_file: Path | None
) -> None:
    """Sign a statement, JSON from FILE or standard input, and print the compact JWS.

    The JSON may be spread over lines; what is signed is its compact form. A value where the schema has room
    for a withheld one (a VIN) is replaced by a salted digest, and printed behind the JWS as its disclosure.
    An array of statements, as `template --group` prints it, becomes one line {"events": […]} for `submit`.
    """
    value = parse_statement(read_text(statement, limit=MAX_STATEMENT), statement)
    key = load_key(named, place.folder, read_passphrase(passphrase_file))
    if isinstance(value, list):
        click.echo(json.dumps({"events": sign_group(value, key, load_rules(), alg=alg)}))
        return
    text = sign_statement(value, key, load_rules(), alg=alg)
    event_id = parse_jws(text.partition("~")[0], typ=EVENT).id
    click.echo(json.dumps({"id": event_id, "event": text}) if as_json else text)
    if sys.stderr.isatty():
        place_in_chain = f"{value['type']}, {value['sub']}, seq {value['seq']}"
        click.echo(f"signed {place_in_chain}: event {event_id}", err=True)


def parse_statement(text: str, source: str) -> dict[str, Any] | list[dict[str, Any]]:
    """Read a statement, or those of a group, that a person or a program wrote: JSON of any layout, and no
    ambiguity in it.

    Raises:
        click.UsageError: Neither an object nor a list of them, a name twice, a number that is no integer, or
            nested too deep.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=unique_members, parse_float=_no_float, parse_constant=_no_float
        )
    except RecursionError:
        raise click.UsageError(f"statement: expected at most 16 levels, got far more, at {source}") from None
    except ValueError as error:
        raise click.UsageError(f"statement: expected a JSON object, got {error}, at {source}") from None
    is_group = isinstance(value, list) and value and all(isinstance(each, dict) for each in value)
    if isinstance(value, dict) or is_group:
        return value  # type: ignore[no-any-return]  # checked in the two lines above
    raise click.UsageError(
        f"statement: expected a JSON object, or a list of them, got another value, at {source}"
    )


def sign_group(
    statements: Sequence[dict[str, Any]], key: PrivateKey, rules: RuleSet, *, alg: str | None = None
) -> list[str]:
    """Sign the statements of a group, in their order.

    `LEADER_ID` in the ``data`` of a later one becomes the id of the first.

    Raises:
        As `sign_statement`.
    """
    texts: list[str] = []
    leader = ""
    for statement in statements:
        data = statement.get("data")
        if leader and isinstance(data, dict):
            named = {name: leader if value == LEADER_ID else value for name, value in data.items()}
            statement = {**statement, "data": named}
        texts.append(sign_statement(statement, key, rules, alg=alg))
        leader = leader or parse_jws(texts[0].partition("~")[0], typ=EVENT).id
    return texts


def sign_statement(
    value: Mapping[str, Any], key: PrivateKey, rules: RuleSet, *, alg: str | None = None
) -> str:
    """Check a statement as the door of the log will, and sign it.

    Returns:
        The compact JWS, with a disclosure for each value that was withheld.

    Raises:
        click.UsageError: A placeholder is left.
        RefusedError, UnknownVersionError, SigningError: What the log would refuse whatever it holds.
    """
    format_compact(value)  # first the grammar: it bounds the depth, and names what no schema can describe
    left = list(find_placeholders(value))
    if left:
        raise click.UsageError(
            "statement: expected every placeholder to be filled in, got\n"
            + "\n".join(f"  {pointer}: {text}" for pointer, text in left)
        )
    payload, disclosures, shown = withhold_members(value, rules)
    rules.shapes.check(payload)
    rules.shapes.check_disclosed(payload, shown)
    parse_subject(payload["sub"])
    parse_party(payload["iss"].removeprefix("org:"))
    parse_time(payload["occurred_at"])
    return format_presentation(sign_jws(format_compact(payload), key, EVENT, alg=alg), disclosures)


def withhold_members(
    value: Mapping[str, Any], rules: RuleSet
) -> tuple[dict[str, Any], list[str], dict[str, Any]]:
    """Put a slot with a fresh salt in place of each plain value for which the schema has one.

    Returns:
        The payload, the disclosures, and what they disclose by JSON Pointer.
    """
    payload = dict(value)
    disclosures: list[str] = []
    shown: dict[str, Any] = {}
    kind = payload.get("type")
    if kind in rules.shapes.types and isinstance(payload.get("data"), dict):
        payload["data"] = data = dict(payload["data"])
        for pointer in sorted(rules.shapes.withheld(kind)):
            member = pointer.removeprefix("/data/")
            if member in data and not isinstance(data[member], list):
                shown[pointer] = data[member]
                data[member], disclosure = withhold(data[member], os.urandom(SALT_BYTES))
                disclosures.append(disclosure)
    return payload, disclosures, shown


def unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON with no name twice; for ``object_pairs_hook``.

    Raises:
        ValueError: A name stands there twice.
    """
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the member {twice!r} twice")
    return value


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"the number {text[:40]}: quantities are integers in base units")
