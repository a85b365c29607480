"""A rule set: the schemas, the policy and the life cycle by which statements are judged, under one digest.

The log adopts a rule set by name and digest, so that whoever verifies later knows whether it judges by the
same rules.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ...signing.base64url import b64url
from ..lifecycle.table import TABLE, Row, format_table
from ..statement import Event
from .policy import Policy, load_policy_source, parse_policy
from .shapes import Shapes, load_shapes

NAME: Final = "packtrace-rules/1"
CONTEXT: Final = b"packtrace-rules/v1\n"


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules that are in force from the leaf that adopts them."""

    name: str
    sha256: str  # base64url, 43 characters
    shapes: Shapes
    policy: Policy
    table: tuple[Row, ...]

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
    parts = {f"schemas/statements/{name}.json": source for name, source in shapes.sources.items()}
    parts |= {"policy.json": policy, "lifecycle": format_table()}
    return RuleSet(NAME, rules_digest(parts), shapes, parse_policy(policy), TABLE)
