"""Checks what a statement says against the JSON Schema files of the rule set.

The files are data that `packtrace.schemas.compiled` writes. Here they are only read, so that neither the
ledger nor the verifier loads the library in which they are declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

import orjson
from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError, ValidationErrorKind

from ..codes.battery_code import CODE_LENGTH, ECHELON_CODE_LENGTH
from ..errors import RefusedError, UndecidedError
from .problems import Problem, describe, format_pointer

VERSION: Final = 1

_TYPE: Final = re.compile(r"[a-z]{1,30}\.[a-z_]{1,30}")
_CODED: Final = "battery:gbt34014:"
_PREV: Final = {
    "if": {"properties": {"seq": {"const": 0}}},
    "then": {"properties": {"prev": False}},
    "else": {"required": ["prev"]},
}
_KINDS: Final = {
    "object": "an object",
    "array": "an array",
    "string": "a string",
    "integer": "an integer",
    "boolean": "true or false",
}


class ShapeError(RefusedError):
    """The statement is not what the schema of its type says."""

    code = "SCHEMA_INVALID"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{problems[0]}{more}", where=problems[0].pointer)
        self.problems = problems


class UnknownVersionError(UndecidedError):
    """The statement is of a version or type that this rule set does not know: nothing is said about it."""

    code = "UNKNOWN_EVENT_VERSION"

    def __init__(self, *, expected: str, got: object, where: str) -> None:
        super().__init__(f"expected {expected}, got {describe(got)}, at {where}", where=where)
        self.expected = expected
        self.got = got


@dataclass(frozen=True, slots=True)
class Shape:
    """One type's schema, ready to check with, and what it remarks on the members of ``data``."""

    kinds: tuple[str, ...]  # of the chains that the type extends
    references: tuple[tuple[str, str], ...]  # member of data -> "event", "events", "subject" or "part"
    correctable: frozenset[str]  # members of data that note.corrected may set
    schema: dict[str, Any]
    rest: Draft202012Validator  # all that the schema asks but for what `Shapes.shape_but_for_address` names
    disclosed: Mapping[str, Draft202012Validator]  # by JSON Pointer of the withheld member


class Shapes:
    """The schemas of one rule set, each compiled when its type is first met."""

    def __init__(self, sources: Mapping[str, bytes]) -> None:
        """Args:
        sources: Type -> the bytes of its file.
        """
        self._sources = dict(sources)
        self._shapes: dict[str, Shape] = {}
        self._wholes: dict[str, Draft202012Validator] = {}

    @property
    def types(self) -> frozenset[str]:
        return frozenset(self._sources)

    @property
    def sources(self) -> Mapping[str, bytes]:
        """The bytes of each type's file, as they are hashed into the rule set."""
        return self._sources

    def kinds(self, name: str) -> tuple[str, ...]:
        """The kinds of chain that a type extends.

        Raises:
            UnknownVersionError: The type is not known.
        """
        return self._shape(name).kinds

    def references(self, name: str) -> tuple[tuple[str, str], ...]:
        """The members of a type's ``data`` that name an "event", "events", a "subject", or "part" subjects.

        Raises:
            UnknownVersionError: The type is not known.
        """
        return self._shape(name).references

    def correctable(self, name: str) -> frozenset[str]:
        """The members of a type's ``data`` to which ``note.corrected`` may give another value.

        Raises:
            UnknownVersionError: The type is not known.
        """
        return self._shape(name).correctable

    def withheld(self, name: str) -> frozenset[str]:
        """The JSON Pointers at which a type has room for a withheld value.

        Raises:
            UnknownVersionError: The type is not known.
        """
        return frozenset(self._shape(name).disclosed)

    def check(self, value: dict[str, Any]) -> None:
        """Check a whole payload, withheld members as slots.

        Args:
            value: As the strict reader gives it: there are no floats, since 72.0 would be an integer here.

        Raises:
            ShapeError: A member is missing, too many, or not what it should be; all of it in `problems`.
            UnknownVersionError: A version or type that is well formed but not known.
        """
        shape = self._shape_of(value)
        name: str = value["type"]
        whole = self._wholes.get(name)
        if whole is None:
            whole = self._wholes[name] = _validator(shape.schema)
        if not whole.is_valid(value):
            errors = whole.iter_errors(value)
            raise ShapeError(
                tuple(problem for error in errors for problem in _translate(shape.schema, error))
            )

    def shape_but_for_address(self, value: dict[str, Any]) -> Shape | None:
        """The shape of a payload of which `check` has nothing to say but perhaps of the forms of ``sub``,
        ``iss`` and ``occurred_at``, which are texts at least, and of the kind of the subject.

        For who parses those three anyway this is half of the work; of what does not fit, for which this is
        None, `check` says why.
        """
        name = value.get("type")
        if type(name) is not str or name not in self._sources:
            return None
        shape = self._shape(name)
        return shape if shape.rest.is_valid(value) and ("prev" in value) is (value["seq"] != 0) else None

    def check_disclosed(self, value: dict[str, Any], disclosed: Mapping[str, Any]) -> None:
        """Check the values that disclosures put into the slots of a payload that `check` has passed.

        The message never repeats such a value.

        Args:
            value: The payload.
            disclosed: JSON Pointer of the slot -> the value shown for it.

        Raises:
            ShapeError: There is no such slot, or its value is not what the schema says.
            UnknownVersionError: As `check`.
        """
        shape = self._shape_of(value)
        problems: list[Problem] = []
        for pointer, shown in disclosed.items():
            validator = shape.disclosed.get(pointer)
            if validator is None or not _has(value, pointer):
                problems.append(Problem(pointer, "expected no disclosure, got one"))
            elif not validator.is_valid(shown):
                expected = _expected(next(validator.iter_errors(shown)).kind, {})
                problems.append(Problem(pointer, f"expected {expected}, got another disclosed value"))
        if problems:
            raise ShapeError(tuple(problems))

    def _shape_of(self, value: dict[str, Any]) -> Shape:
        version, name = value.get("v"), value.get("type")
        if version == VERSION and isinstance(name, str) and (shape := self._shapes.get(name)) is not None:
            return shape  # what follows only names what is wrong, or meets a type for the first time
        if type(version) is not int or version < VERSION:
            raise ShapeError((Problem("/v", f"expected {VERSION}, got {describe(version)}"),))
        if version != VERSION:
            raise UnknownVersionError(expected=str(VERSION), got=version, where="/v")
        if not isinstance(name, str) or not _TYPE.fullmatch(name):
            raise ShapeError((Problem("/type", f"expected a type of statement, got {describe(name)}"),))
        return self._shape(name)

    def _shape(self, name: str) -> Shape:
        shape = self._shapes.get(name)
        if shape is None:
            if name not in self._sources:
                raise UnknownVersionError(expected="a type that is known here", got=name, where="/type")
            shape = self._shapes[name] = _parse_shape(self._sources[name])
        return shape


def load_shapes() -> Shapes:
    """The schemas that are installed with this package."""
    folder = files("packtrace.schemas") / "statements"
    return Shapes(
        {
            file.name.removesuffix(".json"): file.read_bytes()
            for file in sorted(folder.iterdir(), key=lambda file: file.name)
            if file.name.endswith(".json")
        }
    )


def _parse_shape(source: bytes) -> Shape:
    schema: dict[str, Any] = orjson.loads(source)
    members: dict[str, dict[str, Any]] = schema["properties"]["data"]["properties"]
    return Shape(
        kinds=tuple(schema["x-chain"]),
        references=tuple(
            (name, member["x-reference"]) for name, member in members.items() if "x-reference" in member
        ),
        correctable=frozenset(name for name, member in members.items() if member.get("x-correctable")),
        schema=schema,
        rest=_validator(_without_address(schema)),
        disclosed={
            format_pointer(("data", name)): _validator(member["x-disclosed"])
            for name, member in members.items()
            if "x-disclosed" in member
        },
    )


def _without_address(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema that leaves open what `Shapes.shape_but_for_address` does not look at, or looks at itself.

    Raises:
        ValueError: It says something else than every schema here about when ``prev`` is there.
    """
    if {name: schema.get(name) for name in _PREV} != _PREV:
        raise ValueError(f"{schema['title']}: expected prev wherever seq is not 0, got another rule")
    rest = {name: part for name, part in schema.items() if name not in _PREV}
    texts = {name: {"type": "string"} for name in ("sub", "iss", "occurred_at")}
    return rest | {"properties": schema["properties"] | texts}


def _validator(schema: dict[str, Any]) -> Draft202012Validator:
    # The engine without backtracking: no pattern and no text can make it slow.
    return Draft202012Validator(schema, pattern_options=RegexOptions())


def _has(value: dict[str, Any], pointer: str) -> bool:
    """Whether a payload has a value at a pointer of two plain steps, as those of all slots are."""
    _, outer, inner = pointer.split("/")
    return inner in value.get(outer, ())


def _translate(schema: dict[str, Any], error: ValidationError) -> Iterator[Problem]:
    """Put what the validator found into words, and each missing or unexpected member at its own place."""
    path = list(error.instance_path)
    match error.kind:
        case ValidationErrorKind.Required(property=name):
            yield Problem(format_pointer([*path, name]), "expected this member, got none")
        case ValidationErrorKind.AdditionalProperties(unexpected=names):
            for name in names:
                yield Problem(format_pointer([*path, name]), "expected no such member, got one")
        case ValidationErrorKind.FalseSchema():
            yield Problem(format_pointer(path), "expected no prev at seq 0, got one")
        case kind:
            expected = _expected(kind, _at(schema, error.schema_path[:-1]))
            withheld = _is_withheld(schema, error.schema_path)
            if withheld:
                expected = f"a withheld value, whose digest stands in its place: {expected}"
            got = "something else" if withheld else _measure(kind, error.instance)
            yield Problem(format_pointer(path), f"expected {expected}, got {got}")


def _at(schema: Any, path: list[str | int]) -> dict[str, Any]:
    """The part of a schema in which a keyword stands."""
    for step in path:
        schema = schema[step]
    return schema if isinstance(schema, dict) else {}


def _is_withheld(schema: Any, path: list[str | int]) -> bool:
    """Whether a keyword speaks of a withheld member: what stands there may be the value in the open."""
    for step in path:
        schema = schema[step]
        if isinstance(schema, dict) and "x-disclosed" in schema:
            return True
    return False


def _expected(kind: ValidationErrorKind, schema: dict[str, Any]) -> str:
    """What a keyword asks for. Every keyword that the compiled files use has its words."""
    match kind:
        case ValidationErrorKind.Type(types=types):
            return " or ".join(_KINDS[name] for name in types)
        case ValidationErrorKind.Enum(options=options):
            return f"one of {', '.join(str(option) for option in options)}"
        case ValidationErrorKind.Constant(expected_value=constant):
            return str(constant)
        case ValidationErrorKind.Pattern(pattern=pattern):
            return str(schema.get("description", f"a text that matches {pattern}"))
        case ValidationErrorKind.MinLength(limit=limit):
            return f"at least {limit} characters"
        case ValidationErrorKind.MaxLength(limit=limit):
            return f"at most {limit} characters"
        case ValidationErrorKind.MinItems(limit=limit):
            return f"at least {limit} elements"
        case ValidationErrorKind.MaxItems(limit=limit):
            return f"at most {limit} elements"
        case ValidationErrorKind.MinProperties(limit=limit):
            return f"at least {limit} member"
        case ValidationErrorKind.Minimum(limit=bound):
            return f"at least {bound}"
        case ValidationErrorKind.Maximum(limit=bound):
            return f"at most {bound}"
        case _:
            return f"what the schema says under {kind.name}"


def _measure(kind: ValidationErrorKind, value: object) -> str:
    """What was there instead: its size where the size is wrong, and a code's where that is."""
    if isinstance(value, str) and isinstance(
        kind, ValidationErrorKind.MinLength | ValidationErrorKind.MaxLength
    ):
        return str(len(value))
    coded = value.removeprefix("notes:") if isinstance(value, str) else ""
    if coded.startswith(_CODED) and isinstance(kind, ValidationErrorKind.Pattern):
        length = len(coded) - len(_CODED)
        if length not in (CODE_LENGTH, ECHELON_CODE_LENGTH):
            lengths = f"{CODE_LENGTH} or {ECHELON_CODE_LENGTH}"
            return f"{describe(value)}, whose code has {length} characters, not {lengths}"
    return describe(value)
