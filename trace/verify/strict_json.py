"""JSON files that people keep beside a verifier: bounded, and no member twice."""

from __future__ import annotations

import json
from typing import Any, ClassVar, Final, NoReturn

from ..errors import UndecidedError

MAX_FILE: Final = 1 << 22  # bytes

_UTF_8_MARK: Final = b"\xef\xbb\xbf"
_UTF_16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


class JsonFileError(UndecidedError):
    """A file of the verifier's own is not in its form; nothing is decided with it."""

    code: ClassVar[str] = "SOURCE_UNREADABLE"

    def __init__(self, *, expected: str, got: str, where: str) -> None:
        super().__init__(f"{where}: expected {expected}, got {got}", where=where)
        self.expected = expected
        self.got = got


def parse_json_object(data: bytes, where: str, *, limit: int = MAX_FILE) -> dict[str, Any]:
    """Read one JSON object in UTF-8; floats, NaN and members that occur twice are refused.

    Raises:
        JsonFileError: Anything else.
    """
    if len(data) > limit:
        raise JsonFileError(expected=f"at most {limit} bytes", got=str(len(data)), where=where)

    expected = "UTF-8 without a byte order mark"
    if data.startswith(_UTF_8_MARK):
        raise JsonFileError(expected=expected, got="UTF-8 with one", where=where)
    if data.startswith(_UTF_16_MARKS) or data[:2] in (b"{\0", b"\0{"):
        raise JsonFileError(expected=expected, got="UTF-16", where=where)

    def refuse(text: str) -> NoReturn:
        raise JsonFileError(expected="integers and texts", got=text[:40], where=where)

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(members)
        if len(value) != len(members):
            raise JsonFileError(expected="each member once", got="one twice", where=where)
        return value

    try:
        value = json.loads(
            data.decode("utf-8"), parse_float=refuse, parse_constant=refuse, object_pairs_hook=pairs
        )
    except (ValueError, RecursionError) as error:
        raise JsonFileError(expected="JSON in UTF-8", got=str(error)[:200], where=where) from error
    if not isinstance(value, dict):
        raise JsonFileError(expected="an object", got=type(value).__name__, where=where)
    return value


def check_members(value: Any, expected: dict[str, type], where: str) -> dict[str, Any]:
    """Check that a value is an object with exactly these members, each of its type, and give it back.

    Raises:
        JsonFileError: It is not.
    """
    if not isinstance(value, dict) or set(value) != set(expected):
        got = ", ".join(sorted(value)) if isinstance(value, dict) else type(value).__name__
        raise JsonFileError(expected="the members " + ", ".join(expected), got=got[:200], where=where)
    for name, kind in expected.items():
        if not isinstance(value[name], kind) or isinstance(value[name], bool):
            raise JsonFileError(
                expected=kind.__name__, got=type(value[name]).__name__, where=f"{where}/{name}"
            )
    return value


def check_texts(value: list[Any], where: str) -> tuple[str, ...]:
    """Check that every element is a text, none twice.

    Raises:
        JsonFileError: It is not.
    """
    if not all(isinstance(item, str) for item in value) or len(set(value)) != len(value):
        raise JsonFileError(expected="different texts", got="something else", where=where)
    return tuple(value)
