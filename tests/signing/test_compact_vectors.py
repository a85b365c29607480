"""Our reader and writer on the published vectors of the compact form, which others can run too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from packtrace.signing.compact import CompactFormError, format_compact, parse_compact

VECTORS = Path(__file__).parents[2] / "docs" / "vectors" / "compact"
CASES = sorted(path.name for path in VECTORS.iterdir() if path.is_dir())
WRITTEN = [name for name in CASES if not name.endswith("_fail")]
REFUSED = [name for name in CASES if name.endswith("_fail")]


def test_there_are_cases_of_both_kinds_and_each_says_in_words_what_it_shows() -> None:
    assert len(WRITTEN) >= 10
    assert len(REFUSED) >= 40
    for name in CASES:
        files = {path.name for path in (VECTORS / name).iterdir()}
        beside = "expected.json" if name in REFUSED else "value.json"
        assert files == {"README.md", "compact.json", beside}, name
        assert (VECTORS / name / "README.md").read_text(encoding="utf-8").strip().endswith(".")


@pytest.mark.parametrize("name", WRITTEN)
def test_value_has_exactly_this_text(name: str) -> None:
    value = json.loads((VECTORS / name / "value.json").read_text(encoding="utf-8"))
    data = (VECTORS / name / "compact.json").read_bytes()
    assert format_compact(value) == data
    assert parse_compact(data) == value
    assert list(parse_compact(data)) == list(value)
    # The line that docs/format.md gives for the standard library.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    assert text.encode() == data


@pytest.mark.parametrize("name", REFUSED)
def test_document_is_refused_at_this_byte(name: str) -> None:
    expected = json.loads((VECTORS / name / "expected.json").read_text(encoding="utf-8"))
    with pytest.raises(CompactFormError) as caught:
        parse_compact((VECTORS / name / "compact.json").read_bytes())
    error = caught.value
    assert {"at": error.at, "expected": error.expected, "got": error.got} == expected
