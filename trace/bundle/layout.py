"""Names of the files in a bundle, the same in a folder, in a zip and under a node's URL (C2SP tlog-tiles).

A whole log: `checkpoint`, `checkpoints/<size>`, the two keys, the hash tiles and the bundles of entries of
that size. One battery: `checkpoint`, the two keys, `bundle.json`, `receipts/<leaf index>`. The keys have a
file each, because most tools that read a `.vkey` expect one line of Ed25519 in it. Either may hold documents
that its events refer to, `evidence/<SHA-256 in hexadecimal digits>`, and rule sets that the log adopted,
`rules/<digest>.json`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ...signing.note import VerifierKey, format_vkey
from ...signing.tree_head import ML_DSA_44
from ..documents import format_file_name, parse_file_name

CHECKPOINT: Final = "checkpoint"
CHECKPOINTS: Final = "checkpoints/"
VKEY: Final = "log.vkey"
ML_DSA_VKEY: Final = "log-ml-dsa.vkey"
VKEYS: Final = (VKEY, ML_DSA_VKEY)
ABOUT: Final = "bundle.json"
RECEIPTS: Final = "receipts/"
EVIDENCE: Final = "evidence/"
RULES: Final = "rules/"
TOP_LEVEL: Final = frozenset(
    {CHECKPOINT, "checkpoints", "tile", *VKEYS, ABOUT, "receipts", "evidence", "rules"}
)
FORMAT: Final = "packtrace-bundle/1"

RULES_DIGEST: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")


def vkey_files(vkeys: Sequence[VerifierKey]) -> dict[str, bytes]:
    """The files in which the log's public keys lie, one line each."""
    names = {vkey: ML_DSA_VKEY if vkey.algorithm == ML_DSA_44 else VKEY for vkey in vkeys}
    return {name: f"{format_vkey(vkey)}\n".encode() for vkey, name in names.items()}


def numbered(name: str, folder: str) -> int | None:
    """The number that is a file's whole name in a folder, or None."""
    if not name.startswith(folder):
        return None
    number = name[len(folder) :]
    return int(number) if _DECIMAL.fullmatch(number) else None


def evidence_path(sha256: bytes) -> str:
    """Where a document lies."""
    return EVIDENCE + format_file_name(sha256)


def parse_evidence_path(name: str) -> bytes | None:
    """The SHA-256 of the document that should lie there, or None where no document does."""
    return parse_file_name(name.removeprefix(EVIDENCE)) if name.startswith(EVIDENCE) else None


def rules_path(sha256: str) -> str:
    """Where the rule set of this digest lies."""
    return f"{RULES}{sha256}.json"


def is_rules_path(name: str) -> bool:
    """Whether a rule set may lie there; whether it does, its digest says."""
    sha256 = name.removeprefix(RULES).removesuffix(".json")
    return RULES_DIGEST.fullmatch(sha256) is not None and name == rules_path(sha256)
