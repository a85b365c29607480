"""Pins: the checkpoints that this verifier has verified, by log, so that nobody shows it another past.

All sizes are kept: an older bundle is compared with the pin of its own size. Only a report that says VERIFIED
adds one (`with_pin`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Final

import orjson

from ...signing.base64url import Base64urlError, b64url, parse_b64url
from ...signing.merkle import HASH_SIZE
from ..errors import RefusedError
from .strict_json import JsonFileError, check_members, parse_json_object

VERSION: Final = 1
MAX_PINS: Final = 1 << 26
"""Bytes of a file of pins: some million sizes. It grows by one with every size that is verified."""

LogName = tuple[str, str]
"""Origin, and SHA-256 over the log's keys (`Trust.keys_digest`): a new key is a new log to a pin."""


class PinConflictError(RefusedError):
    """A pin of that size is there, with another root."""

    code: ClassVar[str] = "TREE_SPLIT_VIEW"


@dataclass(frozen=True, slots=True)
class Pins:
    """The roots that were verified: log -> size -> root."""

    logs: Mapping[LogName, Mapping[int, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        frozen = {log: MappingProxyType(dict(sorted(roots.items()))) for log, roots in self.logs.items()}
        object.__setattr__(self, "logs", MappingProxyType(frozen))

    def of(self, log: LogName) -> Mapping[int, bytes]:
        """Size -> root of everything that was verified of a log, smallest first."""
        return self.logs.get(log, {})

    def with_pin(self, log: LogName, size: int, root: bytes) -> Pins:
        """These pins and one more.

        Raises:
            PinConflictError: There is a pin of this size with another root.
        """
        if self.of(log).get(size, root) != root:
            raise PinConflictError(
                f"pin of {log[0]} at size {size}: expected {self.of(log)[size].hex()}, got {root.hex()}"
            )
        return Pins({**self.logs, log: {**self.of(log), size: root}})


def parse_pins(data: bytes) -> Pins:
    """Read a file of pins strictly.

    Raises:
        JsonFileError: Anything that `format_pins` would not say.
    """
    value = check_members(
        parse_json_object(data, "pins", limit=MAX_PINS), {"version": int, "logs": list}, "pins"
    )
    if value["version"] != VERSION:
        raise JsonFileError(expected=f"version {VERSION}", got=str(value["version"]), where="pins/version")
    logs: dict[LogName, dict[int, bytes]] = {}
    for number, entry in enumerate(value["logs"]):
        where = f"pins/logs/{number}"
        check_members(entry, {"origin": str, "log_keys": str, "roots": dict}, where)
        name = (entry["origin"], entry["log_keys"])
        if name in logs:
            raise JsonFileError(expected="each log once", got=entry["origin"], where=where)
        logs[name] = dict(_parse_root(size, root, where) for size, root in entry["roots"].items())
    return Pins(logs)


def format_pins(pins: Pins) -> bytes:
    """The file of pins; `parse_pins` gives an equal value."""
    logs: list[dict[str, Any]] = [
        {
            "origin": origin,
            "log_keys": keys,
            "roots": {str(size): b64url(root) for size, root in roots.items()},
        }
        for (origin, keys), roots in sorted(pins.logs.items())
    ]
    return orjson.dumps({"version": VERSION, "logs": logs}, option=orjson.OPT_INDENT_2) + b"\n"


def _parse_root(size: str, root: Any, where: str) -> tuple[int, bytes]:
    try:
        data = parse_b64url(root) if isinstance(root, str) else b""
    except Base64urlError:
        data = b""
    if not (size.isascii() and size.isdecimal() and len(size) < 20 and str(int(size)) == size):
        raise JsonFileError(expected="a tree size", got=size[:40], where=where)
    if len(data) != HASH_SIZE:
        raise JsonFileError(expected="a root of 32 bytes in base64url", got=str(root)[:60], where=where)
    return int(size), data
