"""Whatever can be raised has a finding, whatever is a finding is documented, and says what reports print."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from packtrace.trace.verify.catalogue import CATALOGUE, Severity
from packtrace.trace.verify.findings import MAX_KEPT, Finding, Findings, Outcome

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"[A-Z]{4,}(?:_[A-Z0-9]+)*|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
NAMED_CALLS = {"refuse", "remark", "Finding"}  # their first argument is a code

# What is raised, and by whom, but never while a source is verified.
AT_THE_DOOR = {"PLACE_TAKEN": "FORKED_CHAIN or DUPLICATE_EVENT", "LABEL_MISMATCH": "needs a withheld value"}
OF_OTHERS = {
    "private keys": {"KEY_FILE_EXISTS", "KEY_FILE_UNREADABLE", "KEY_FILE_UNSAFE", "LOG_KEY_INVALID"},
    "the installed package": {"POLICY_INVALID"},
    "forms and trust files": {"REGION_INVALID", "WITNESS_POLICY_INVALID", "OUTPUT_EXISTS"},
    "what is shown to a node, or sent by one": {"NOTICE_INVALID", "TOKEN_INVALID"},
    "what a vehicle is looked up by": {"VIN_INVALID"},
    "base classes": {"SIGNING_ERROR", "TRACE_ERROR", "REFUSED", "UNDECIDED"},
    "notes, said as CHECKPOINT_MALFORMED": {"NOTE_MALFORMED", "NOTE_SIGNATURE_INVALID"},
}
# They stop a writer, answer a command, or read and write tables for people.
ELSEWHERE = ("trace/ledger/", "trace/cli/", "trace/filing/", "trace/workbook/")


def codes_in(source: str) -> Iterator[str]:
    """Texts in the form of a code where one is given: ``code = …``, ``code=…``, refuse(…), remark(…)."""
    for node in ast.walk(ast.parse(source)):
        values: list[ast.expr] = []
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
            values = [node.value] if "code" in names and node.value else []
        elif isinstance(node, ast.Call):
            values = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            if ast.unparse(node.func).rpartition(".")[2] in NAMED_CALLS:
                values += node.args[:1]
        for value in values:
            for part in ast.walk(value):
                if isinstance(part, ast.Constant) and CODE.fullmatch(str(part.value)):
                    yield part.value  # type: ignore[misc]  # a text, as the pattern fits it


def raised() -> dict[str, str]:
    """Every code that is raised in the core, and one module that does."""
    found: dict[str, str] = {}
    for folder in ("signing", "trace"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(ELSEWHERE):
                found |= dict.fromkeys(codes_in(path.read_text(encoding="utf-8")), name)
    return found


def called(name: str) -> set[str]:
    """The codes that the judge gives to its ``refuse`` or its ``remark``."""
    return {
        part.value
        for path in (ROOT / "trace" / "lifecycle").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name
        for part in ast.walk(node.args[0])
        if isinstance(part, ast.Constant) and CODE.fullmatch(str(part.value))
    }


def test_everything_that_can_be_raised_is_in_the_catalogue() -> None:
    known = {*CATALOGUE, *AT_THE_DOOR, *(code for codes in OF_OTHERS.values() for code in codes)}
    unknown = {code: where for code, where in raised().items() if code not in known}
    assert not unknown


def test_everything_in_the_catalogue_can_be_raised() -> None:
    assert set(CATALOGUE) <= set(raised())


def test_code_that_nobody_catalogued_would_be_noticed() -> None:
    forms = 'case.refuse("ONE_A")\nraise X(code="TWO_A")\nclass Y:\n    code: str = "THREE_A"\n'
    forms += 'code, what = "FOUR_A", f"seq"\nFinding("FIVE_A" if a else "SIX_A")\nNAME = "NOT_A_CODE"\n'
    expected = ["ONE_A", "TWO_A", "THREE_A", "FOUR_A", "FIVE_A", "SIX_A"]
    assert sorted(codes_in(forms)) == sorted(expected)
    with pytest.raises(KeyError, match="NOT_A_CODE"):
        Finding("NOT_A_CODE")


def documented() -> dict[str, str]:
    text = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    sections = re.findall(r"^### `(\w+)`\n\n(.+)\n\n(?!#)(.+)\n", text, re.MULTILINE)
    return {code: said for code, said, _ in sections}


def test_every_finding_has_a_section_with_its_severity_and_sentences() -> None:
    expected = {code: f"{kind.severity.name}. {kind.zh} {kind.en}" for code, kind in CATALOGUE.items()}
    assert documented() == expected


def test_sections_stand_in_the_order_of_the_steps() -> None:
    assert list(documented()) == list(CATALOGUE)
    steps = [kind.step for kind in CATALOGUE.values()]
    assert steps == sorted(steps)


def test_conduct_decides_nothing() -> None:
    """Mass, lateness and what is merely told never refute a record."""
    conduct = {code: kind.severity for code, kind in CATALOGUE.items() if kind.step in (9, 10)}
    assert conduct
    assert {*conduct.values()} <= {Severity.INFO, Severity.WARNING}


def test_what_the_judge_merely_remarks_decides_nothing() -> None:
    told = called("remark")
    assert {"HOLD_PLACED", "MASS_CREATED", "UNSEEN_LABEL"} <= told
    assert {CATALOGUE[code].severity for code in told} <= {Severity.INFO, Severity.WARNING}


def test_what_the_judge_refuses_is_an_error() -> None:
    """No code is both: as a remark it would refute what the rules allow."""
    refused = called("refuse")
    assert {"HELD_BY_AUTHORITY", "DAMAGED", "MASS_MISMATCH"} <= refused
    assert {CATALOGUE[code].severity for code in refused - {*AT_THE_DOOR}} == {Severity.ERROR}


def test_every_sentence_is_in_both_languages() -> None:
    for code, kind in CATALOGUE.items():
        assert kind.zh.endswith("。") and not kind.zh.isascii(), code
        assert kind.en.endswith(".") and kind.en.isascii(), code


def test_findings_beyond_what_is_kept_still_count() -> None:
    findings = Findings()
    for number in range(MAX_KEPT + 5):
        findings.add(Finding("UNSEEN_LABEL", subject=f"battery:{number}"))
    findings.add(Finding("SIGNATURE_INVALID", subject="battery:last"))
    assert len(findings) == MAX_KEPT + 6
    assert [finding.code for finding in findings][-1] == "SIGNATURE_INVALID", "the first of each code is kept"
    assert findings.worst is Severity.ERROR
    assert findings.verdict("battery:last") is Outcome.REFUTED
    assert findings.verdict("battery:1") is Outcome.VERIFIED


def test_nothing_is_verified_in_a_source_that_as_a_whole_is_not() -> None:
    findings = Findings()
    findings.add(Finding("LOG_ROOT_MISMATCH"))
    assert findings.verdict("battery:1") is Outcome.UNDECIDED
