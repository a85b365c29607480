"""The compact form: one way to write each value, and a refusal that says what is wrong where."""

from __future__ import annotations

import datetime
import enum
import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packtrace.signing.compact import (
    CompactFormError,
    _parse_fast,
    format_compact,
    format_compact_array,
    parse_compact,
    parse_compact_array,
)
from packtrace.signing.compact_scan import REFUSED_CHARACTER, scan_compact

LIMIT = 32_768

characters = st.one_of(
    st.characters(exclude_categories=["Cc", "Cs", "Cn"]), st.sampled_from('\n"\\/<>&é中电池🔋\u0301\u2027')
)


def signable(text: str) -> str:
    """Make a text that the grammar allows, without asking the code under test."""
    kept = "".join(c for c in text if c == "\n" or (unicodedata.category(c) not in {"Cc", "Cn", "Cs"}))
    bidi = "\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
    return unicodedata.normalize("NFC", kept.translate(dict.fromkeys(map(ord, bidi))))


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,63}", fullmatch=True) | st.just("...")
leaves = (
    st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(characters, max_size=8).map(signable)
    | st.text("ab1 -:,{}[]", max_size=5)
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=12,
)
objects = st.dictionaries(names, values, max_size=4)


def by_scanner(data: bytes) -> Any:
    return scan_compact(data, opening="{", limit=LIMIT)


def refusal(data: bytes) -> CompactFormError:
    with pytest.raises(CompactFormError) as caught:
        parse_compact(data)
    assert caught.value.code == "NON_CANONICAL_ENCODING"
    return caught.value


@given(objects)
def test_parse_and_format_invert_each_other(value: dict[str, Any]) -> None:
    data = format_compact(value)
    assert data == json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    assert parse_compact(data) == value
    assert list(parse_compact(data)) == list(value)
    assert by_scanner(data) == value


@settings(max_examples=400)
@given(
    objects,
    st.lists(
        st.tuples(
            st.integers(0, 10_000),
            st.integers(0, 3),
            st.sampled_from(
                [
                    b"",
                    b" ",
                    b'"',
                    b"\\",
                    b"0",
                    b"-",
                    b".",
                    b"e",
                    b",",
                    b":",
                    b"{",
                    b"}",
                    b"[",
                    b"]",
                    b"null",
                    b"\\n",
                    b"\\t",
                    b"\\u0041",
                    b"\\/",
                    b"\x7f",
                    b"\xc2\x85",
                    b"\xe2\x80\xa8",
                    b"\xcc\x81",
                    b"\xff",
                    b'"a":1,',
                    b"true",
                    b"1e2",
                    b"1.0",
                    b"9007199254740992",
                    b"\xef\xbb\xbf",
                    b"\n",
                    b"A" * 65,
                ]
            ),
        ),
        max_size=3,
    ),
)
def test_the_fast_way_accepts_nothing_that_the_grammar_refuses(
    value: dict[str, Any], edits: list[tuple[int, int, bytes]]
) -> None:
    data = format_compact(value)
    for place, removed, inserted in edits:
        at = place % (len(data) + 1)
        data = data[:at] + inserted + data[at + removed :]
    fast = _parse_fast(data, LIMIT)
    try:
        slow = by_scanner(data)
    except CompactFormError as error:
        assert type(fast) is not dict, error
        assert error.at is not None
        assert 0 <= error.at <= len(data)
        with pytest.raises(CompactFormError):
            parse_compact(data)
    else:
        assert fast is None or fast == slow
        assert parse_compact(data) == slow
        assert format_compact(slow) == data  # what is accepted has no second spelling


@settings(max_examples=300)
@given(st.binary(max_size=60) | st.text(max_size=40).map(str.encode))
def test_arbitrary_bytes_are_read_or_refused_but_never_crash(data: bytes) -> None:
    try:
        value = parse_compact(data)
    except CompactFormError:
        return
    assert format_compact(value) == data


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b'{"a":0,"b":-1,"c":9007199254740991,"d":-9007199254740991}',
        b'{"z":true,"a":false,"_":"","A9":[[],{}]}',
        '{"s":"中文 é \\" \\\\ \\n / < > & \' 🔋"}'.encode(),
        '{"s":"\\n\u0301"}'.encode(),  # a mark after a line feed composes with nothing
        b'{"vin":[{"...":"x"}]}',
        b'{"' + b"a" * 64 + b'":1}',
        b'{"a":' * 15 + b"{}" + b"}" * 15,
        b'{"a":' + b"[" * 15 + b"]" * 15 + b"}",
        b'{"a":"' + b"x" * (LIMIT - 8) + b'"}',
    ],
)
def test_what_the_grammar_allows_is_accepted(data: bytes) -> None:
    value = parse_compact(data)
    assert value == json.loads(data) == by_scanner(data)
    assert format_compact(value) == data


@pytest.mark.parametrize(
    ("data", "at", "got", "hint"),
    [
        (b"", 0, "the end of the document", ""),
        (b"[]", 0, "'['", ""),
        (b'"a"', 0, "'\"'", ""),
        (b"1", 0, "'1'", ""),
        (b"{", 1, "the end of the document", ""),
        (b"{}\n", 2, "U+000A", "Encoder.Encode"),
        (b"{}{}", 2, "'{'", ""),
        (b' {"a":1}', 0, "' '", "separators"),
        (b'{"a": 1}', 5, "' '", "separators"),
        (b'{"a":1, "b":2}', 7, "' '", "separators"),
        (b'{"a":1,}', 7, "'}'", ""),
        (b'{"a":[1,]}', 8, "']'", ""),
        (b"{'a':1}", 1, '"\'"', ""),
        (b'{"a":1,"a":1}', 7, "'a' again", ""),
        (b'{"a":{"b":1,"c":2,"b":1}}', 18, "'b' again", ""),
        (b'{"":1}', 1, "''", ""),
        (b'{"1a":1}', 1, "'1a'", ""),
        (b'{"a-b":1}', 1, "'a-b'", ""),
        (b'{"....":1}', 1, "'....'", ""),
        (b'{"..":1}', 1, "'..'", ""),
        (b'{"' + b"a" * 65 + b'":1}', 1, "'" + "a" * 65 + "'", ""),
        ('{"é":1}'.encode(), 1, "'\\xe9'", ""),
        (b'{"\\u0061":1}', 1, "'\\\\u0061'", ""),
        (b'{"a":1.0}', 5, "1.0", "integers"),
        (b'{"a":1e2}', 5, "1e2", "integers"),
        (b'{"a":-0}', 5, "-0", "integers"),
        (b'{"a":-0.0}', 5, "-0.0", "integers"),
        (b'{"a":01}', 5, "01", "integers"),
        (b'{"a":+1}', 5, "+1", "integers"),
        (b'{"a":-}', 5, "-", "integers"),
        (b'{"a":.5}', 5, ".5", "integers"),
        (b'{"a":9007199254740992}', 5, "9007199254740992", "2^53-1"),
        (b'{"a":-9007199254740992}', 5, "-9007199254740992", "2^53-1"),
        (b'{"a":18446744073709551616}', 5, "18446744073709551616", "2^53-1"),
        (b'{"a":' + b"9" * 30_000 + b"}", 5, "9" * 40, "2^53-1"),
        (b'{"a":NaN}', 5, "'NaN'", "allow_nan"),
        (b'{"a":-Infinity}', 5, "-", "integers"),
        (b'{"a":null}', 5, "'null'", "leave the member out"),
        (b'{"a":True}', 5, "'True'", "true and false"),
        (b'{"a":undefined}', 5, "'undefined'", "true and false"),
        (b'{"a":"\\u003cb"}', 6, "'\\u003c'", "SetEscapeHTML(false)"),
        (b'{"a":"\\u0026"}', 6, "'\\u0026'", "disableHtmlEscaping"),
        (b'{"a":"\\u002B"}', 6, "'\\u002B'", "UnsafeRelaxedJsonEscaping"),
        (b'{"a":"\\u7535"}', 6, "'\\u7535'", "ensure_ascii=False"),
        (b'{"a":"\\ud83d\\udd0b"}', 6, "'\\ud83d'", "ensure_ascii=False"),
        (b'{"a":"\\ud800"}', 6, "'\\ud800'", "ensure_ascii=False"),
        (b'{"a":"\\u2028"}', 6, "'\\u2028'", "take the character out"),
        (b'{"a":"\\u000a"}', 6, "'\\u000a'", "line feed as \\n"),
        (b'{"a":"\\u0000"}', 6, "'\\u0000'", "take the character out"),
        (b'{"a":"\\uZZZZ"}', 6, "'\\uZZZZ'", ""),
        (b'{"a":"x\\/y"}', 7, "'\\/'", "JSON_UNESCAPED_SLASHES"),
        (b'{"a":"\\t"}', 6, "'\\t'", "take the character out"),
        (b'{"a":"\\', 6, "'\\'", ""),
        (b'{"a":"\n"}', 6, "U+000A", "line feed as \\n"),
        (b'{"a":"\t"}', 6, "U+0009", "take the character out"),
        (b'{"a":"\x00"}', 6, "U+0000", "take the character out"),
        (b'{"a":"\x7f"}', 6, "U+007F", "take the character out"),
        ('{"电":1}'.encode(), 1, "'\\u7535'", ""),
        ('{"a":"电池\u0085"}'.encode(), 12, "U+0085", "take the character out"),
        ('{"a":"电池e\u0301"}'.encode(), 5, "another form", "NFC"),
        ('{"a":"\u212b"}'.encode(), 5, "another form", "NFC"),
        (b'{"a":"\xff"}', 6, "byte 0xff", "UTF-8"),
        (b'{"a":"\xed\xa0\x80"}', 6, "byte 0xed", "UTF-8"),
        (b'{"a":"\xc0\x80"}', 6, "byte 0xc0", "UTF-8"),
        (b"\xef\xbb\xbf{}", 0, "U+FEFF", "byte order mark"),
        ('{"a":1}'.encode("utf-16"), 0, "byte 0xff", "UTF-8"),
        ('{"a":1}'.encode("utf-16-le"), 1, "U+0000", "UTF-8"),
        ('{"a":1}'.encode("utf-32-be"), 0, "U+0000", "UTF-8"),
        (bytes(range(256)), 128, "byte 0x80", "UTF-8"),
        (b'{"a":' * 17, 80, "deeper nesting", ""),
        (b'{"a":' * 16 + b"{}" + b"}" * 16, 80, "deeper nesting", ""),
        (b'{"a":' + b"[" * 1_000 + b"]" * 1_000 + b"}", 20, "deeper nesting", ""),
        (b"[" * 1_000, 0, "'['", ""),
        (b'{"a":' + b"[" * 30_000, 20, "deeper nesting", ""),
        (b'{"a":' * 100_000, LIMIT, "500000", ""),
        (b'{"a":"' + b"x" * (LIMIT - 7) + b'"}', LIMIT, str(LIMIT + 1), ""),
        (b'{"a":"' + b"x" * 10_000_000 + b'"}', LIMIT, "10000008", ""),
    ],
    ids=lambda value: ascii(value)[:40] if isinstance(value, bytes) else "",
)
def test_what_the_grammar_does_not_allow_is_refused_at_its_byte(
    data: bytes, at: int, got: str, hint: str
) -> None:
    error = refusal(data)
    assert (error.at, error.got) == (at, got)
    assert hint in error.hint
    assert bool(hint) == bool(error.hint)
    assert str(error).startswith(f"byte {at}: expected {error.expected}, got {got}")


def test_depth_is_refused_without_recursion_even_when_the_size_is_not() -> None:
    data = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    with pytest.raises(CompactFormError, match="nesting at most 16 deep"):
        parse_compact(data, limit=len(data))


@pytest.mark.parametrize(
    "code",
    [
        128,
        159,
        1564,
        8206,
        8207,
        8232,
        8233,
        8234,
        8238,
        8294,
        8297,
        65279,
        64976,
        65007,
        65534,
        65535,
        131070,
        1114111,
        123023,
    ],
)
def test_a_character_that_hides_or_reorders_text_is_refused_raw_and_written(code: int) -> None:
    assert refusal(f'{{"a":"x{chr(code)}"}}'.encode()).got == f"U+{code:04X}"
    with pytest.raises(CompactFormError, match=f"^/a: .*U\\+{code:04X}"):
        format_compact({"a": "x" + chr(code)})


@pytest.mark.parametrize("code", [0x200B, 0x200D, 0x2027, 0x2065, 0x206A, 0xFDCF, 0xFDF0, 0xFFFD, 0x1FFFD])
def test_its_neighbours_are_allowed(code: int) -> None:
    if unicodedata.is_normalized("NFC", chr(code)):
        data = f'{{"a":"{chr(code)}"}}'.encode()
        assert parse_compact(data) == by_scanner(data) == {"a": chr(code)}


def test_no_python_version_disagrees_on_what_is_normal() -> None:
    # Combining marks of Unicode 15.0 and 15.1: unknown to Python 3.11, reordered by 3.12 and 3.13.
    for code in [0x10EFD, 0x10EFF, 0x11F41, 0x11F42, 0x1E08F, 0x1E4EC, 0x1E4EF]:
        refusal(f'{{"a":"a{chr(code)}\u0300"}}'.encode())


def test_what_is_printable_and_not_of_the_first_astral_planes_holds_no_refused_character() -> None:
    # The fast way looks no further at such a text: all Python versions must agree on it.
    printable = "".join(chr(code) for code in range(0x110000) if chr(code).isprintable())
    early = "".join(character for character in printable if character.encode()[0] != 0xF0)
    assert len(early) > 50_000
    assert REFUSED_CHARACTER.search(early) is None


@pytest.mark.parametrize("text", ["电池", "é", "🔋", "a\u0301", "\U0001e4ec", "\u2028", "\x7f", "\n", '"'])
def test_the_fast_way_looks_at_every_string_of_a_document(text: str) -> None:
    for document in [{"a": text}, {"a": "电池", "b": [{"c": text}]}, {"a": "x\n", "b": ["y", text]}]:
        data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        try:
            by_scanner(data)
        except CompactFormError:
            assert _parse_fast(data, LIMIT) is None
        else:
            assert _parse_fast(data, LIMIT) == document


class Colour(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"a": 1.0}, "/a"),
        ({"a": None}, "/a"),
        ({"a": {"b": [1, float("nan")]}}, "/a/b/1"),
        ({"a": 2**53}, "/a"),
        ({"a": -(2**64)}, "/a"),
        ({"a": "\ud800"}, "/a"),
        ({"a": "e\u0301"}, "/a"),
        ({"a": "\t"}, "/a"),
        ({"a": b"bytes"}, "/a"),
        ({"a": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)}, "/a"),
        ({"a": Colour.RED}, "/a"),
        ({"a": {1, 2}}, "/a"),
        ({"a": {1: 2}}, "/a"),
        ({"a b": 1}, "the whole document"),
        ({"é": 1}, "the whole document"),
        ({"": 1}, "the whole document"),
        ({"a" * 65: 1}, "the whole document"),
        ({"a": "x" * LIMIT}, "the whole document"),
    ],
)
def test_nothing_is_written_that_could_not_be_read(value: dict[str, Any], where: str) -> None:
    with pytest.raises(CompactFormError) as caught:
        format_compact(value)
    assert caught.value.where == where
    assert caught.value.at is None


def test_writing_is_refused_beyond_the_depth_also_for_a_value_that_holds_itself() -> None:
    value: dict[str, Any] = {}
    value["a"] = value
    with pytest.raises(CompactFormError, match="16 deep"):
        format_compact(value)


def test_tuples_are_written_as_arrays() -> None:
    assert format_compact({"a": (1, ("x",))}) == b'{"a":[1,["x"]]}'


def test_an_array_is_read_by_the_same_rules() -> None:
    assert parse_compact_array(b'["salt",{"a":1}]') == ["salt", {"a": 1}]
    assert format_compact_array(["salt", {"a": 1}]) == b'["salt",{"a":1}]'
    for data in [b"{}", b"[1.0]", b"[ ]", b"[1]\n", b"", b"[null]"]:
        with pytest.raises(CompactFormError):
            parse_compact_array(data)
