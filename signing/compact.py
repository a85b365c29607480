"""The compact form of JSON that everything signed is written in: one grammar, one strict reader.

The grammar (`docs/format.md`) leaves one way to write each value, so reading and writing again gives the same
bytes and nothing can mean two things to two readers:

- one object, without white space anywhere, at most `limit` bytes, nested at most 16 deep;
- member names `[A-Za-z_][A-Za-z0-9_]{0,63}` or the literal `...`, unique in their object, in any order;
- integers `0|-?[1-9][0-9]*` within ±(2^53-1), `true`, `false`; no other number, and no `null`: what is absent
  is left out;
- strings in raw UTF-8 and Unicode NFC, with `\\"`, `\\\\` and `\\n` as the only escapes, without other
  control characters, U+2028, U+2029, U+FEFF, bidi controls, surrogates and noncharacters.

`parse_compact` has two ways through.  The fast one lets orjson read and write the document and looks only at
what a round trip cannot show; the slow one, `compact_scan`, is the grammar character by character.  Whatever
the fast way does not accept goes through the slow one, whose word is final and which says what is wrong and
where.  Tests hold that the fast way accepts nothing that the slow one refuses.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import orjson

from .compact_scan import (
    DEFAULT_LIMIT,
    MAX_DEPTH,
    MAX_INTEGER,
    NAME,
    REFUSED_CHARACTER,
    CompactFormError,
    scan_compact,
)

__all__ = [
    "DEFAULT_LIMIT",
    "CompactFormError",
    "format_compact",
    "format_compact_array",
    "parse_compact",
    "parse_compact_array",
]

_WHOLE: Final = "the whole document"
_BACKSLASH: Final = 0x5C
_DELETE: Final = 0x7F


def parse_compact(data: bytes, *, limit: int = DEFAULT_LIMIT) -> dict[str, Any]:
    """Read one object in compact form; `format_compact` of the result is `data`.

    Args:
        data: The bytes exactly as signed.
        limit: The most bytes that are looked at.

    Raises:
        CompactFormError: The bytes are not in compact form; says at which byte, what was expected and got,
            and which setting of an encoder usually causes it.
    """
    value = _parse_fast(data, limit)
    if type(value) is not dict:
        value = scan_compact(data, opening="{", limit=limit)
    return value  # type: ignore[no-any-return]  # the scanner reads an object where `{` opens


def parse_compact_array(data: bytes, *, limit: int = DEFAULT_LIMIT) -> list[Any]:
    """Read one array by the same rules, as disclosures are written.

    Raises:
        CompactFormError: As `parse_compact`.
    """
    value = _parse_fast(data, limit)
    if type(value) is not list:
        value = scan_compact(data, opening="[", limit=limit)
    return value  # type: ignore[no-any-return]  # the scanner reads an array where `[` opens


def format_compact(value: Mapping[str, Any], *, limit: int = DEFAULT_LIMIT) -> bytes:
    """Write an object in compact form, members in the order of `value`; tuples are written as arrays.

    Nothing is converted: a float, a date, an enumeration or a string that is not in NFC is refused, so that
    what is signed is what the caller said.

    Raises:
        CompactFormError: The value, or its size, is something that `parse_compact` would refuse; `where` is
            the JSON pointer of the place.
    """
    return _format(value if type(value) is dict else dict(value), limit)


def format_compact_array(value: Sequence[Any], *, limit: int = DEFAULT_LIMIT) -> bytes:
    """Write an array by the same rules.

    Raises:
        CompactFormError: As `format_compact`.
    """
    return _format(list(value), limit)


def _parse_fast(data: bytes, limit: int) -> Any:
    """Return the value of a document that is plainly in compact form, else None; None proves nothing."""
    if len(data) > limit:
        return None
    try:
        value = orjson.loads(data)
        # The round trip refuses white space, repeated names, other spellings of numbers and needless escapes,
        # and integers of more than 53 bits.
        if orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER) != data:
            return None
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    return value if _fits(value, _text_check(data), 1) else None


def _text_check(data: bytes) -> Callable[[str], bool] | None:
    """Choose how the strings of a document are looked at: not at all, quickly, or with every rule."""
    if data.isascii() and _BACKSLASH not in data and _DELETE not in data:
        # Raw control characters are no JSON; in ASCII without a backslash only U+007F is left to refuse.
        return None
    # In UTF-8 the characters from U+10000 to U+3FFFF begin with this byte, the late combining marks too.
    return _is_text if 0xF0 in data else _is_early_text


def _fits(value: Any, is_text: Callable[[str], bool] | None, depth: int) -> bool:
    """Tell whether a value that orjson writes, with strict integers, holds only what the grammar can say."""
    if depth > MAX_DEPTH:
        return False
    if type(value) is dict:
        if not _are_names(tuple(value)):
            return False
        items: Iterable[Any] = value.values()
    elif type(value) is list:
        items = value
    else:
        return False
    for item in items:
        kind = type(item)
        if kind is str:
            if is_text and not (item.isascii() and item.isprintable()) and not is_text(item):
                return False
        elif kind is not int and kind is not bool and not _fits(item, is_text, depth + 1):
            return False
    return True


@lru_cache(maxsize=512)  # documents have few shapes; whoever makes names up fills no more than 16 MiB
def _are_names(names: tuple[str, ...]) -> bool:
    """Tell whether these are names of the grammar."""
    return all(map(NAME.fullmatch, names))


def _is_text(text: str) -> bool:
    return REFUSED_CHARACTER.search(text) is None and unicodedata.is_normalized("NFC", text)


def _is_early_text(text: str) -> bool:
    """As `_is_text`, for a text without late combining marks: nothing else that is printable is refused."""
    return (text.isprintable() and unicodedata.is_normalized("NFC", text)) or _is_text(text)


def _format(value: dict[Any, Any] | list[Any], limit: int) -> bytes:
    try:
        data = orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER)
        sure = _fits(value, _text_check(data), 1)
    except orjson.JSONEncodeError:
        sure = False
    if not sure:
        _check_value(value, "", 1)
        data = orjson.dumps(value)
    if len(data) > limit:
        raise CompactFormError(where=_WHOLE, expected=f"at most {limit} bytes", got=f"{len(data)}")
    return data


def _check_value(value: Any, pointer: str, depth: int) -> None:
    """Check one value before it is written.

    Raises:
        CompactFormError: It cannot be written in compact form.
    """
    kind = type(value)
    where = pointer or _WHOLE
    if kind is str:
        _check_text(value, where)
    elif kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise CompactFormError(where=where, expected="an integer within ±(2^53-1)", got="a larger one")
    elif kind is dict or kind is list or kind is tuple:
        if depth > MAX_DEPTH:
            raise CompactFormError(where=where, expected=f"nesting at most {MAX_DEPTH} deep", got="deeper")
        if kind is dict:
            for name, item in value.items():
                _check_name(name, where)
                _check_value(item, f"{pointer}/{name}", depth + 1)
        else:
            for index, item in enumerate(value):
                _check_value(item, f"{pointer}/{index}", depth + 1)
    elif kind is not bool:
        got = "null" if value is None else kind.__name__
        hint = "leave an absent member out" if value is None else "convert it first; quantities are integers"
        expected = "a string, an integer, true, false, an object or an array"
        raise CompactFormError(where=where, expected=expected, got=got, hint=hint)


def _check_name(name: Any, where: str) -> None:
    if type(name) is not str or not NAME.fullmatch(name):
        got = ascii(name[:80]) if type(name) is str else type(name).__name__
        raise CompactFormError(where=where, expected="a member name [A-Za-z_][A-Za-z0-9_]{0,63}", got=got)


def _check_text(text: str, where: str) -> None:
    refused = REFUSED_CHARACTER.search(text)
    if refused is not None:
        got = f"U+{ord(refused[0]):04X} at character {refused.start()}"
        raise CompactFormError(where=where, expected="a character that signed text may hold", got=got)
    if not unicodedata.is_normalized("NFC", text):
        hint = 'unicodedata.normalize("NFC", text)'
        raise CompactFormError(where=where, expected="text in Unicode NFC", got="another form", hint=hint)
