"""Schemas of a rule set that is not installed, applied by a version that has others.

What the conditions and the fold read of a statement is code, written for the schemas of this version. So a
statement must fit both: what the adopted schemas forbid is wrong, and what they allow while those of this
version don't, this version can't judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from .shapes import Shape, ShapeError, Shapes, UnknownVersionError

_SCHEMA: Final = "https://json-schema.org/draft/2020-12/schema"
"""The one that the validator has; any other it would fetch from wherever the file says."""


class NarrowedShapes(Shapes):
    """Two sets of schemas for the same types, of which both must hold."""

    def __init__(self, sources: Mapping[str, bytes], known: Shapes) -> None:
        """Args:
        sources: Type -> the bytes of its file, from somebody else.
        known: Of this version.

        Raises:
            ValueError: One of them is not a schema that is safe to apply.
        """
        super().__init__(sources)
        self._known = known
        self._same = frozenset(name for name in sources if sources[name] == known.sources.get(name))
        for name, source in sources.items():
            if name in self._same:
                continue
            try:
                _check_plain(orjson.loads(source), orjson.loads(known.sources[name]).get("$id"))
                self._shape(name)
            except (KeyError, TypeError, AttributeError, RecursionError, ValueError) as error:
                raise ValueError(f"for {name} one that can't be applied: {error!r:.200}") from error

    def kinds(self, name: str) -> tuple[str, ...]:
        return self._known.kinds(name)

    def references(self, name: str) -> tuple[tuple[str, str], ...]:
        return self._known.references(name)

    def correctable(self, name: str) -> frozenset[str]:
        return super().correctable(name) & self._known.correctable(name)

    def withheld(self, name: str) -> frozenset[str]:
        return super().withheld(name) | self._known.withheld(name)

    def check(self, value: dict[str, Any]) -> None:
        super().check(value)
        try:
            self._known.check(value)
        except ShapeError as error:
            raise _beyond(value, error) from error

    def shape_but_for_address(self, value: dict[str, Any]) -> Shape | None:
        # Another schema may ask more of an address than its form: only `check` looks at that.
        name = value.get("type")
        if type(name) is not str or name not in self._same:
            return None
        return self._known.shape_but_for_address(value)

    def check_disclosed(self, value: dict[str, Any], disclosed: Mapping[str, Any]) -> None:
        super().check_disclosed(value, disclosed)
        try:
            self._known.check_disclosed(value, disclosed)
        except ShapeError as error:
            raise _beyond(value, error) from error


def _beyond(value: dict[str, Any], error: ShapeError) -> UnknownVersionError:
    return UnknownVersionError(
        expected="a statement of the form that this version knows", got=value["type"], where=error.where
    )


def _check_plain(schema: Any, name: object) -> None:
    """No keyword leads out of the schema: whoever wrote it must not decide where a verifier connects.

    Args:
        schema: From somebody else.
        name: The ``$id`` of this version's schema for the same type.

    Raises:
        ValueError: The schema leads to another one, or holds what may not be a schema.
    """
    allowed = {"$schema": _SCHEMA, "$id": name}
    stack = [schema]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            for keyword, value in part.items():
                if keyword.startswith("$") and (keyword not in allowed or value != allowed[keyword]):
                    raise ValueError(f"the keyword {keyword} with another value than this version's")
            stack += part.values()
        elif isinstance(part, list):
            stack += part
