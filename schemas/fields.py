"""The few kinds of value that a statement is made of, each with the JSON Schema that says the same.

Every field is strict: no number for a text, no text for a number, no truth value for an integer. A
pattern must match the whole text, and each is written so that Python's ``re`` and the Rust engine that
checks the compiled JSON Schemas give it the same meaning (ASCII classes only, ``^`` and ``$`` outermost).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from marshmallow import Schema, ValidationError, fields, validates_schema

from ..trace.rules.problems import describe

MAX_SAFE_INTEGER: Final = 2**53 - 1

PATTERN_DIGEST: Final = "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$"
"""SHA-256 as base64url, 43 characters with the two unused bits zero."""

PATTERN_JWS: Final = r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$"

# What marshmallow says on its own, in the words of this project.
MESSAGES: Final[dict[str, str | list[Any] | dict[Any, Any]]] = {
    "required": "expected this member, got none",
    "null": "expected a value, got null",
    "type": "expected an object, got something else",
}
OBJECT_MESSAGES: Final = {
    "unknown": "expected no such member, got one",
    "type": "expected an object, got something else",
}


class Text(fields.Field[str]):
    """A string, by pattern or by length in code points.

    Args:
        pattern: Anchored expression the whole text must match.
        says: What such a text is, for messages; published with the schema.
        least: Fewest code points.
        most: Most code points.
    """

    default_error_messages = MESSAGES

    def __init__(
        self, *, pattern: str | None = None, says: str = "", least: int = 1, most: int = 500, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.pattern = pattern
        self.says = says
        self.least = least
        self.most = most
        self._compiled = re.compile(pattern, re.ASCII) if pattern else None

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        if not isinstance(value, str):
            raise ValidationError(f"expected a string, got {describe(value)}")
        if not self.least <= len(value) <= self.most:
            raise ValidationError(f"expected {self.least} to {self.most} characters, got {len(value)}")
        if self._compiled is not None and not self._compiled.fullmatch(value):
            raise ValidationError(f"expected {self.says or self.pattern}, got {describe(value)}")
        return value

    def json_schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "string"}
        if self.says:
            schema["description"] = self.says
        schema |= {"minLength": self.least, "maxLength": self.most}
        if self.pattern:
            schema["pattern"] = self.pattern
        return schema


class Whole(fields.Field[int]):
    """An integer between two bounds, both allowed. The unit is in the member's name."""

    default_error_messages = MESSAGES

    def __init__(self, *, least: int = 0, most: int = MAX_SAFE_INTEGER, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least = least
        self.most = most

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        if type(value) is not int:
            raise ValidationError(f"expected an integer, got {describe(value)}")
        if not self.least <= value <= self.most:
            raise ValidationError(f"expected {self.least} to {self.most}, got {value}")
        return value

    def json_schema(self) -> dict[str, Any]:
        if self.least == self.most:
            return {"const": self.least}
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


class Flag(fields.Field[bool]):
    """True or false, and nothing that merely looks like it."""

    default_error_messages = MESSAGES

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> bool:
        if type(value) is not bool:
            raise ValidationError(f"expected true or false, got {describe(value)}")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


class Choice(fields.Field[str]):
    """One word of a closed list."""

    default_error_messages = MESSAGES

    def __init__(self, *words: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words = words

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        if not isinstance(value, str) or value not in self.words:
            raise ValidationError(f"expected one of {', '.join(self.words)}, got {describe(value)}")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"const": self.words[0]} if len(self.words) == 1 else {"enum": list(self.words)}


class Many(fields.List[Any]):
    """An array of bounded length, with every member of one kind."""

    default_error_messages = MESSAGES

    def __init__(self, inner: fields.Field[Any], *, least: int = 1, most: int = 256, **kwargs: Any) -> None:
        super().__init__(inner, **kwargs)
        self.least = least
        self.most = most

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        if not isinstance(value, list):
            raise ValidationError(f"expected an array, got {describe(value)}")
        if not self.least <= len(value) <= self.most:
            raise ValidationError(f"expected {self.least} to {self.most} elements, got {len(value)}")
        return super()._deserialize(value, attr, data, **kwargs)

    def json_schema(self) -> dict[str, Any]:
        return {
            "type": "array",
            "minItems": self.least,
            "maxItems": self.most,
            "items": schema_of_field(self.inner),
        }


class Part(fields.Nested):
    """A nested object of its own closed shape."""

    default_error_messages = MESSAGES

    def json_schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = self.schema.json_schema()  # type: ignore[attr-defined]  # every part is a Shape
        return schema


class Withheld(fields.Field[list[dict[str, str]]]):
    """A slot for a value that is not in the log: ``[{"...": digest}]`` (RFC 9901, array elements).

    Args:
        disclosed: What the value must be when it is shown.
    """

    default_error_messages = MESSAGES

    def __init__(self, disclosed: fields.Field[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.disclosed = disclosed
        self._digest = re.compile(PATTERN_DIGEST, re.ASCII)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[dict[str, str]]:
        if not (isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict)):
            # What stands here may be the value in the open, which no message repeats.
            raise ValidationError('expected a withheld value, [{"...": digest}], got something else')
        slot = value[0]
        digest = slot.get("...")
        if set(slot) != {"..."} or not isinstance(digest, str) or not self._digest.fullmatch(digest):
            raise ValidationError('expected exactly the member "..." with a SHA-256 digest in base64url')
        return value

    def json_schema(self) -> dict[str, Any]:
        return {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": {
                "type": "object",
                "properties": {"...": {"type": "string", "maxLength": 43, "pattern": PATTERN_DIGEST}},
                "required": ["..."],
                "additionalProperties": False,
            },
            "x-disclosed": schema_of_field(self.disclosed),
        }


class Shape(Schema):
    """A closed object: a member that it does not name is refused."""

    at_least: ClassVar[int] = 0
    """Fewest members, where none of them is required by itself."""

    error_messages = OBJECT_MESSAGES

    class Meta:
        unknown = "raise"
        register = False  # shapes are found by import, not by name in a table of the library

    @validates_schema
    def check_at_least(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        """Refuse an object with too few members."""
        if len(data) < self.at_least:
            names = ", ".join(names_of(self))
            raise ValidationError(f"expected at least {self.at_least} of {names}, got {len(data)}")

    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema (2020-12) of this object; members in the order of their declaration."""
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {name: schema_of_field(field) for name, field in names_of(self).items()},
            "additionalProperties": False,
        }
        required = [name for name, field in names_of(self).items() if field.required]
        if required:
            schema["required"] = required
        if self.at_least:
            schema["minProperties"] = self.at_least
        return schema


def names_of(shape: Schema) -> dict[str, fields.Field[Any]]:
    """The fields of a shape by the names that its members have in JSON."""
    return {field.data_key or name: field for name, field in shape.fields.items()}


def schema_of_field(field: fields.Field[Any]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one of the fields above, with its ``x-`` remarks."""
    schema: dict[str, Any] = field.json_schema()  # type: ignore[attr-defined]  # every field above has it
    schema.update({name: value for name, value in field.metadata.items() if name.startswith("x-")})
    return schema
