"""A subject as a person gives it: by its own text, or by the code that a scanner read from a label."""

from __future__ import annotations

from typing import Final

import click

from ..codes.battery_code import read_label_text
from ..codes.party import parse_party
from ..codes.subjects import parse_subject
from ..errors import RefusedError

_KINDS: Final = (
    "battery:",
    "vehicle:",
    "batch:",
    "lot:",
    "model:",
    "consignment:",
    "org:",
    "keys:",
    "log:",
    "notes:",
)
_PARTIES: Final = ("uscc:", "lei:", "duns:")


def parse_subject_input(text: str) -> str:
    """The subject that is meant.

    Raises:
        RefusedError: Neither a subject nor a battery code can be read.
    """
    if text.startswith(_KINDS):
        return parse_subject(text).text
    if text.startswith(_PARTIES):
        raise RefusedError(
            f"subject: expected its kind before the organisation, as org:{text} or keys:{text}, got {text}",
            code="SUBJECT_INVALID",
        )
    scanned = read_label_text(text)
    for remark in scanned.remarks:
        click.echo(f"the label: {remark}", err=True)
    return f"battery:gbt34014:{scanned.code.text}"


def parse_org_input(text: str) -> str:
    """An organisation, with or without ``org:`` before it.

    Raises:
        RefusedError: No organisation's id.
    """
    return f"org:{parse_party(text.removeprefix('org:'))}"
