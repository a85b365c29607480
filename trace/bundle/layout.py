"""Names of the files in a bundle, the same in a folder, in a zip and under a node's URL (C2SP tlog-tiles).

A whole log: `checkpoint`, `checkpoints/<size>`, `log.vkey`, the hash tiles and the bundles of entries of
that size. One battery: `checkpoint`, `log.vkey`, `bundle.json`, `receipts/<leaf index>`.
"""

from __future__ import annotations

import re
from typing import Final

CHECKPOINT: Final = "checkpoint"
CHECKPOINTS: Final = "checkpoints/"
VKEYS: Final = "log.vkey"
ABOUT: Final = "bundle.json"
RECEIPTS: Final = "receipts/"
TOP_LEVEL: Final = frozenset({CHECKPOINT, "checkpoints", "tile", VKEYS, ABOUT, "receipts"})
FORMAT: Final = "packtrace-bundle/1"

_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")


def numbered(name: str, folder: str) -> int | None:
    """The number that is a file's whole name in a folder, or None."""
    if not name.startswith(folder):
        return None
    number = name[len(folder) :]
    return int(number) if _DECIMAL.fullmatch(number) else None
