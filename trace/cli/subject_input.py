"""A subject as a person gives it on the command line; what was unusual about a label is said beside."""

from __future__ import annotations

import click

from ..codes.given import read_given
from ..codes.party import parse_party


def parse_subject_input(text: str) -> str:
    """The subject that is meant.

    Raises:
        RefusedError: Neither a subject nor a battery code can be read.
    """
    given = read_given(text)
    for remark in given.remarks:
        click.echo(f"the label: {remark}", err=True)
    return given.subject


def parse_org_input(text: str) -> str:
    """An organisation, with or without ``org:`` before it.

    Raises:
        RefusedError: No organisation's id.
    """
    return f"org:{parse_party(text.removeprefix('org:'))}"
