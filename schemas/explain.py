"""Says what is wrong with a refused statement, member by member, from the shapes as they were declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import ValidationError

from ..trace.rules.problems import Problem, describe, format_pointer
from .envelope import VERSION, envelope_of
from .statements import STATEMENTS

WHOLE_OBJECT = "_schema"
"""Where marshmallow files what is wrong with an object rather than with one of its members."""


def explain(value: Mapping[str, Any]) -> list[Problem]:
    """Everything that is wrong with a payload, in the order of its declaration; empty if nothing is.

    Args:
        value: The parsed payload, withheld members as slots.
    """
    version, name = value.get("v"), value.get("type")
    if type(version) is not int or version != VERSION:
        return [Problem("/v", f"expected {VERSION}, got {describe(version)}")]
    if not isinstance(name, str) or name not in STATEMENTS:
        return [Problem("/type", f"expected a type of statement that is known here, got {describe(name)}")]
    try:
        envelope_of(name).load(value)
    except ValidationError as error:
        return list(_walk(error.messages, ()))
    return []


def _walk(messages: Any, path: tuple[str | int, ...]) -> Iterator[Problem]:
    """Flatten marshmallow's messages, which are nested as the statement is."""
    if isinstance(messages, dict):
        for step, inner in messages.items():
            yield from _walk(inner, path if step == WHOLE_OBJECT else (*path, step))
    else:
        for message in messages:
            yield Problem(format_pointer(path), message)
