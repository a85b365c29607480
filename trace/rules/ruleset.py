"""A rule set: the schemas, the policy and the life cycle by which statements are judged, under one digest.

The log adopts a rule set by name and digest, so that whoever verifies later knows whether it judges by the
same rules. As one file a rule set travels to where it is not installed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from ...signing.base64url import b64url
from ..errors import UndecidedError
from ..lifecycle.table import TABLE, Row, format_table
from ..statement import Event
from .narrowed import NarrowedShapes
from .policy import Policy, PolicyError, load_policy_source, parse_policy
from .problems import describe
from .shapes import Shapes, load_shapes

NAME: Final = "packtrace-rules/1"
CONTEXT: Final = b"packtrace-rules/v1\n"
MAX_FILE: Final = 1 << 23
"""Bytes of a file with a rule set; this version's has some 500,000."""

_NAME: Final = re.compile(r"[a-z][a-z0-9./-]{0,63}")
_SCHEMAS: Final = "schemas/statements/"


class RulesUnknownError(UndecidedError):
    """A rule set that is not at hand, or that this version can't apply: nothing is decided under it."""

    code = "RULES_UNKNOWN"


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules that are in force from the leaf that adopts them."""

    name: str
    sha256: str  # base64url, 43 characters
    shapes: Shapes
    policy: Policy
    table: tuple[Row, ...]
    parts: Mapping[str, bytes]  # that give the digest

    @property
    def id(self) -> tuple[str, str]:
        """Name and digest, by which the log adopts it."""
        return (self.name, self.sha256)

    def references(self, event: Event) -> tuple[str, ...]:
        """The event ids and subjects that an event names, by which it is found again.

        Raises:
            UnknownVersionError: The event's type is not known.
        """
        named: list[str] = []
        for name, kind in self.shapes.references(event.type):
            if name in event.data:
                named += event.data[name] if kind in ("part", "events") else (event.data[name],)
        return tuple(named)


def rules_digest(parts: Mapping[str, bytes]) -> str:
    """The digest of a rule set, base64url.

    It is SHA-256 over the context and, for each part in the order of the bytes of its name, the name in UTF-8
    and the content, each after its length in bytes as eight bytes, big-endian.

    Args:
        parts: ``schemas/statements/<type>.json``, ``policy.json`` and ``lifecycle``, with their bytes.
    """
    digest = hashlib.sha256(CONTEXT)
    for name, content in sorted((name.encode(), content) for name, content in parts.items()):
        for piece in (name, content):
            digest.update(len(piece).to_bytes(8, "big"))
            digest.update(piece)
    return b64url(digest.digest())


def load_rules() -> RuleSet:
    """The rule set that is installed with this package.

    Raises:
        PolicyError: The installed policy file is damaged.
    """
    shapes = load_shapes()
    policy = load_policy_source()
    parts = {f"{_SCHEMAS}{name}.json": source for name, source in shapes.sources.items()}
    parts |= {"policy.json": policy, "lifecycle": format_table()}
    return RuleSet(NAME, rules_digest(parts), shapes, parse_policy(policy), TABLE, parts)


def format_rules(rules: RuleSet) -> bytes:
    """A rule set as one file: ``{"name","parts"}``, each part as the text that the digest covers."""
    parts = {name: content.decode() for name, content in rules.parts.items()}
    return orjson.dumps({"name": rules.name, "parts": parts}, option=orjson.OPT_SORT_KEYS)


def parse_rules(data: bytes, installed: RuleSet) -> RuleSet:
    """Read a rule set that somebody else wrote.

    Its policy is taken as it is. Its schemas can forbid what those of this version allow, and nothing they
    allow beyond that can be judged here (`NarrowedShapes`). Its life cycle must be this version's, whose
    conditions are code.

    Raises:
        RulesUnknownError: It is no rule set, or not one that this version can apply.
    """
    return _assemble(*parse_parts(data), installed)


def parse_parts(data: bytes) -> tuple[str, dict[str, bytes]]:
    """Name and parts of a file with a rule set, whether or not they can be applied here.

    Raises:
        RulesUnknownError: It is no such file.
    """
    if len(data) > MAX_FILE:
        raise RulesUnknownError(f"rules: expected at most {MAX_FILE} bytes, got {len(data)}")
    try:
        document: Any = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise RulesUnknownError(f"rules: expected JSON, got {error}") from error
    if not isinstance(document, dict) or set(document) != {"name", "parts"}:
        raise RulesUnknownError(f"rules: expected name and parts, got {describe(document)}")
    name, texts = document["name"], document["parts"]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise RulesUnknownError(f"rules: expected the name of a rule set, got {describe(name)}")
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise RulesUnknownError("rules: expected texts, got something else", where="/parts")
    return name, {part: text.encode() for part, text in texts.items()}


def with_policy(rules: RuleSet, name: str, policy: bytes) -> RuleSet:
    """The same rules with other numbers.

    Args:
        name: Of the new rule set.
        policy: The policy file.

    Raises:
        RulesUnknownError: No name of a rule set.
        PolicyError: The policy file is not one.
    """
    if not _NAME.fullmatch(name):
        raise RulesUnknownError(f"rules: expected the name of a rule set, got {describe(name)}")
    parse_policy(policy)
    return _assemble(name, {**rules.parts, "policy.json": policy}, rules)


def _assemble(name: str, parts: Mapping[str, bytes], installed: RuleSet) -> RuleSet:
    """Raises:
    RulesUnknownError: As `parse_rules`.
    """
    if set(parts) != set(installed.parts):
        odd = sorted(set(parts) ^ set(installed.parts))
        raise RulesUnknownError(f"rules: expected the parts of this version, got others: {describe(odd[0])}")
    if parts["lifecycle"] != installed.parts["lifecycle"]:
        raise RulesUnknownError("rules: expected the life cycle of this version, got another")
    try:
        policy = parse_policy(parts["policy.json"])
    except PolicyError as error:
        raise RulesUnknownError(f"rules: {error.message}", where="policy.json") from error
    schemas = {part: content for part, content in parts.items() if part.startswith(_SCHEMAS)}
    shapes = installed.shapes
    if any(installed.parts[part] != content for part, content in schemas.items()):
        sources = {
            part.removeprefix(_SCHEMAS).removesuffix(".json"): content for part, content in schemas.items()
        }
        try:
            shapes = NarrowedShapes(sources, installed.shapes)
        except ValueError as error:
            raise RulesUnknownError(f"rules: expected schemas, got {error}") from error
    return RuleSet(name, rules_digest(parts), shapes, policy, installed.table, dict(parts))


class RuleBook:
    """The rule sets that are at hand: the installed one, and what can be read under a digest."""

    def __init__(self, installed: RuleSet, read: Callable[[str], bytes | None] | None = None) -> None:
        """Args:
        installed: Judges until a log names its rules.
        read: Gives the file that is said to have this digest, or None. It is not believed.
        """
        self.installed = installed
        self._read = read
        self._found: dict[tuple[str, str], RuleSet] = {installed.id: installed}

    def find(self, name: str, sha256: str) -> RuleSet:
        """The rule set of this name and digest.

        Raises:
            RulesUnknownError: It is not at hand, or this version can't apply it.
        """
        found = self._found.get((name, sha256))
        if found is not None:
            return found
        data = self._read(sha256) if self._read else None
        if data is None:
            here = " ".join(self.installed.id)
            raise RulesUnknownError(f"rules: expected {here} or a file with others, got {name} {sha256}")
        rules = parse_rules(data, self.installed)
        if rules.id != (name, sha256):
            raise RulesUnknownError(f"rules: expected {name} {sha256}, got a file with {' '.join(rules.id)}")
        self._found[rules.id] = rules
        return rules
