"""docs/lifecycle.md is what the table and the schemas say, in words that people read."""

from __future__ import annotations

from pathlib import Path

from packtrace.trace.lifecycle import words
from packtrace.trace.lifecycle.document import format_document
from packtrace.trace.lifecycle.table import TABLE
from packtrace.trace.rules.ruleset import load_rules

PAGE = Path(__file__).parents[1] / "docs" / "lifecycle.md"


def test_the_page_is_what_the_command_writes() -> None:
    """After a change of the table or a schema: `packtrace lifecycle > docs/lifecycle.md`."""
    assert PAGE.read_text(encoding="utf-8") == format_document(load_rules())


def test_every_type_and_every_stage_stands_on_the_page_in_both_languages() -> None:
    page = format_document(load_rules())
    for row in TABLE:
        assert f"`{row.type}` · {row.zh} · {row.en}" in page, row.type
    for stage in words.STAGES:
        told = words.TOLD[stage]
        assert f"| `{stage}` | {told.zh} | {told.en} |" in page


def test_every_number_of_the_policy_stands_on_the_page() -> None:
    rules = load_rules()
    page = format_document(rules)
    for source in rules.policy.sources:
        assert f"| `{source.name}` | {getattr(rules.policy, source.name)} |" in page, source.name


def test_every_check_of_the_table_is_told_in_a_sentence() -> None:
    page = format_document(load_rules())
    assert "- None" not in page
    for row in TABLE:
        section = page.partition(f"### `{row.type}` ·")[2].partition("\n### ")[0]
        assert section.count("\n- ") >= len(row.also), row.type
