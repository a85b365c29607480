"""The grammar of the compact form, character by character: the normative reader, and the one that explains.

It is slow and simple on purpose.  `compact.parse_compact` comes here whenever its fast way is not sure, and
whatever this module refuses is refused.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

from .errors import SigningError

DEFAULT_LIMIT: Final = 32_768
MAX_DEPTH: Final = 16
MAX_INTEGER: Final = 2**53 - 1
SLOT_NAME: Final = "..."  # the one other member name: a withheld value's digest stands there
NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}|\.\.\.")

# Cc except the line feed, separators and bidi controls that hide or reorder text, surrogates, noncharacters.
# The last line are the combining marks that came to Unicode after version 14.0 (Python 3.11): Python versions
# that know them disagree with those that do not on what is NFC, and one text must have one verdict.
REFUSED_CHARACTER: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f"
    "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
    "\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "\U00010efd-\U00010eff\U00011f41\U00011f42\U0001e08f\U0001e4ec-\U0001e4ef]"
)

_NUMBER_LIKE = re.compile(r"[-+0-9.eE]+")
_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_HEX = re.compile(r"[0-9A-Fa-f]{4}")
_WORD = re.compile(r"[A-Za-z]+")
_UNTIL_QUOTE = re.compile(r'[^"\\]*')
_ESCAPES: Final = {'"': '"', "\\": "\\", "n": "\n"}

_HINT_SPACE = (
    'Python: separators=(",",":"); JavaScript: JSON.stringify without a third argument; Go: trim the line '
    "feed of Encoder.Encode; .NET: WriteIndented=false; Java: no pretty printing"
)
_HINT_ASCII = (
    "Python: ensure_ascii=False; PHP: JSON_UNESCAPED_UNICODE; Jackson: without ESCAPE_NON_ASCII, by "
    "writeValueAsString(value).getBytes(UTF_8); .NET: an encoder that escapes nothing above ASCII "
    "(UnsafeRelaxedJsonEscaping still escapes U+3000 and what lies beyond U+FFFF)"
)
_HINT_HTML = (
    "Go: Encoder.SetEscapeHTML(false); .NET: Encoder=JavaScriptEncoder.UnsafeRelaxedJsonEscaping; Gson: "
    "disableHtmlEscaping()"
)
_HINT_SLASH = "PHP: JSON_UNESCAPED_SLASHES; other encoders: do not escape the slash"
_HINT_CONTROL = "take the character out of the text; of the control characters only the line feed is allowed"
_HINT_NFC = (
    'Python: unicodedata.normalize("NFC", text); JavaScript: text.normalize("NFC"); Java: Normalizer; Go: '
    "norm.NFC; .NET: text.Normalize()"
)
_HINT_NUMBER = (
    "quantities are integers in the unit that their name says; JavaScript: Math.round, and strings beyond "
    "2^53-1; Python: int, not float; Go: int64, not float64"
)
_HINT_NULL = (
    "leave the member out; Jackson: Include.NON_NULL; .NET: JsonIgnoreCondition.WhenWritingNull; "
    "Go: omitempty"
)
_HINT_UTF8 = "encode as UTF-8 without a byte order mark; .NET: new UTF8Encoding(false); PowerShell: utf8NoBOM"
_HINT_WORD = "the only words are true and false; Python: json.dumps(allow_nan=False), not str() or repr()"


class CompactFormError(SigningError):
    """The document is not in compact form.

    Attributes:
        at: Offset of the first wrong byte when reading, counted from 0; None when writing.
        where: The place in words: `byte 17`, or the JSON pointer of a value to be written.
        expected, got: What the grammar asks for there, and what there is.
        hint: The encoder setting that usually causes it, or an empty string.
    """

    code = "NON_CANONICAL_ENCODING"

    def __init__(
        self, *, expected: str, got: str, at: int | None = None, where: str = "", hint: str = ""
    ) -> None:
        self.at = at
        self.where = where or f"byte {at}"
        self.expected = expected
        self.got = got
        self.hint = hint
        super().__init__(f"{self.where}: expected {expected}, got {got}" + (f" ({hint})" if hint else ""))


def scan_compact(data: bytes, *, opening: str, limit: int) -> Any:
    """Read one object (`opening` is `{`) or one array (`[`) in compact form.

    Raises:
        CompactFormError: At the first byte where the grammar does not hold.
    """
    if len(data) > limit:
        raise CompactFormError(at=limit, expected=f"at most {limit} bytes", got=f"{len(data)}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        got = f"byte 0x{data[error.start]:02x}"
        raise CompactFormError(at=error.start, expected="UTF-8", got=got, hint=_HINT_UTF8) from None
    scanner = _Scanner(text)
    if scanner.peek() != opening:
        raise scanner.refuse(f"'{opening}'")
    value = scanner.value(1)
    if scanner.at < len(text):
        raise scanner.refuse("the end of the document")
    return value


class _Scanner:
    """A position in a text, and the rules that move it on."""

    __slots__ = ("at", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0  # in characters; errors say bytes

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def refuse(
        self, expected: str, got: str = "", hint: str = "", *, at: int | None = None
    ) -> CompactFormError:
        at = self.at if at is None else at
        there = self.text[at : at + 1]
        if not got:
            got = _name_character(there) if there else "the end of the document"
            if not hint and there and there in " \t\r\n":
                hint = _HINT_SPACE
            elif not hint and there and there in "\ufeff\x00":
                hint = _HINT_UTF8
        offset = len(self.text[:at].encode("utf-8"))
        return CompactFormError(at=offset, expected=expected, got=got, hint=hint)

    def value(self, depth: int) -> Any:
        first = self.peek()
        if first == '"':
            return self.string()
        if first == "{" or first == "[":
            if depth > MAX_DEPTH:
                raise self.refuse(f"nesting at most {MAX_DEPTH} deep", "deeper nesting")
            return self.object(depth) if first == "{" else self.array(depth)
        if first and first in "-+.0123456789":
            return self.integer()
        return self.word()

    def object(self, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        self.at += 1
        if self.peek() == "}":
            self.at += 1
            return members
        while True:
            start = self.at
            name = self.name()
            if name in members:
                raise self.refuse("each member once in its object", f"'{name}' again", at=start)
            if self.peek() != ":":
                raise self.refuse("':'")
            self.at += 1
            members[name] = self.value(depth + 1)
            if self.ends("}"):
                return members

    def array(self, depth: int) -> list[Any]:
        items: list[Any] = []
        self.at += 1
        if self.peek() == "]":
            self.at += 1
            return items
        while True:
            items.append(self.value(depth + 1))
            if self.ends("]"):
                return items

    def ends(self, closing: str) -> bool:
        """Step over a comma or the end of what is open; tell whether it was the end."""
        after = self.peek()
        if after != "," and after != closing:
            raise self.refuse(f"',' or '{closing}'")
        self.at += 1
        return after == closing

    def name(self) -> str:
        if self.peek() != '"':
            raise self.refuse("a member name in double quotes")
        match = NAME.match(self.text, self.at + 1)
        if match is None or self.text[match.end() : match.end() + 1] != '"':
            got = ascii(self.text[self.at + 1 : self.at + 66].partition('"')[0])
            raise self.refuse("a member name [A-Za-z_][A-Za-z0-9_]{0,63}", got)
        self.at = match.end() + 1
        return match[0]

    def integer(self) -> int:
        match = _NUMBER_LIKE.match(self.text, self.at)
        literal = match[0] if match else ""
        if _INTEGER.fullmatch(literal) is None:
            got = literal[:40]
            raise self.refuse("an integer 0|-?[1-9][0-9]*", got, _HINT_NUMBER)
        # Seventeen characters hold the largest; the length is looked at first, since `int` has limits.
        if len(literal) > 17 or abs(int(literal)) > MAX_INTEGER:
            raise self.refuse("an integer within ±(2^53-1)", literal[:40], _HINT_NUMBER)
        self.at += len(literal)
        return int(literal)

    def word(self) -> bool:
        match = _WORD.match(self.text, self.at)
        word = match[0] if match else ""
        if word == "true" or word == "false":
            self.at += len(word)
            return word == "true"
        expected = "a string, an integer, true, false, '{' or '['"
        if word:
            raise self.refuse(expected, f"'{word[:40]}'", _HINT_NULL if word == "null" else _HINT_WORD)
        raise self.refuse(expected)

    def string(self) -> str:
        start = self.at
        self.at += 1
        parts: list[str] = []
        while True:
            match = _UNTIL_QUOTE.match(self.text, self.at)
            part = match[0] if match else ""
            refused = REFUSED_CHARACTER.search(part.replace("\n", "\x00"))
            if refused is not None:
                at = self.at + refused.start()
                got = _name_character(self.text[at])
                hint = "write the line feed as \\n" if self.text[at] == "\n" else _HINT_CONTROL
                raise self.refuse("a character that signed text may hold", got, hint, at=at)
            parts.append(part)
            self.at += len(part)
            stop = self.peek()
            if stop == '"':
                break
            if not stop:
                raise self.refuse("'\"' at the end of the string")
            escaped = _ESCAPES.get(self.text[self.at + 1 : self.at + 2])
            if escaped is None:
                raise self.refuse_escape()
            parts.append(escaped)
            self.at += 2
        self.at += 1
        text = "".join(parts)
        if not unicodedata.is_normalized("NFC", text):
            raise self.refuse("text in Unicode NFC", "another form", _HINT_NFC, at=start)
        return text

    def refuse_escape(self) -> CompactFormError:
        letter = self.text[self.at + 1 : self.at + 2]
        expected = 'only the escapes \\" \\\\ \\n, all else raw'
        if letter != "u":
            hint = _HINT_SLASH if letter == "/" else _HINT_CONTROL if letter and letter in "bfrt" else ""
            return self.refuse(expected, ascii("\\" + letter).replace("\\\\", "\\"), hint)
        digits = self.text[self.at + 2 : self.at + 6]
        code = int(digits, 16) if _HEX.fullmatch(digits) else -1
        if code < 0:
            hint = ""
        elif code >= 0x7F:
            allowed = code in _SURROGATES or REFUSED_CHARACTER.match(chr(code)) is None
            hint = _HINT_ASCII if allowed else _HINT_CONTROL
        elif code >= 0x20:
            hint = _HINT_HTML
        else:
            hint = "write the line feed as \\n" if code == 0x0A else _HINT_CONTROL
        return self.refuse(expected, ascii("\\u" + digits).replace("\\\\", "\\"), hint)


_SURROGATES: Final = range(0xD800, 0xE000)


def _name_character(character: str) -> str:
    if character.isascii() and character.isprintable():
        return ascii(character)
    return f"U+{ord(character):04X}"
