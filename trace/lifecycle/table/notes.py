"""Rows of the notes on a subject: whoever does not hold it speaks here, and moves no head but the notes'."""

from __future__ import annotations

from typing import Final

from ..words import CUSTODIAL, REGULATOR
from .row import By, Row

_AUTHORITY: Final = (By("authority", (REGULATOR,)),)

NOTES: Final = (
    Row("note.corrected", "notes", (By("author"),), "更正", "corrected", also=("correctable",)),
    Row("note.disputed", "notes", (By("anyone"),), "异议", "disputed", also=("about_event",)),
    Row("note.agreed", "notes", (By("anyone"),), "同意", "agreed", also=("about_event",)),
    Row("note.incident", "notes", (By("anyone"),), "事故报告", "incident reported", also=("subject_known",)),
    Row("origin.confirmed", "notes", (By("maker"),), "来源确认", "origin confirmed", also=("of_code",)),
    Row("origin.contested", "notes", (By("maker"),), "来源存疑", "origin contested", also=("of_code",)),
    Row(
        "custody.claimed", "notes", (By("anyone", CUSTODIAL),), "主张保管", "custody claimed",
        also=("held_by_another",),
    ),
    Row("site.inspected", "notes", _AUTHORITY, "现场检查", "site inspected", also=("of_organisation",)),
    Row("hold.placed", "notes", _AUTHORITY, "查封扣押", "hold placed", also=("may_be_held",)),
    Row("hold.lifted", "notes", _AUTHORITY, "解除查封", "hold lifted", also=("own_hold",)),
)  # fmt: skip
