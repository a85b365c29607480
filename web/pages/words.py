"""What things are called in both languages, for scripts: types of events, stages, findings.

It is made of the table of the life cycle and of the catalogue of findings, so it can't differ from them.
"""

from __future__ import annotations

from typing import Any

from ...trace.lifecycle import words
from ...trace.lifecycle.table import TABLE
from ...trace.verify.catalogue import CATALOGUE


def words_object() -> dict[str, Any]:
    """Types with what they do to stage and custody, stages, and what each finding means."""
    types: dict[str, Any] = {}
    for row in reversed(TABLE):  # a type that stands in two tables is told by the first
        types[row.type] = {"zh": row.zh, "en": row.en, "stage": row.stage, "custody": row.custody}
    return {
        "types": types,
        "stages": {stage: {"zh": told.zh, "en": told.en} for stage, told in words.TOLD.items()},
        "in_use": list(words.IN_USE),
        "findings": {
            code: {"zh": kind.zh, "en": kind.en, "severity": kind.severity.name, "step": kind.step}
            for code, kind in CATALOGUE.items()
        },
    }
