"""A whole log as a bundle: an honest one is verified, and for every check its forgery is refuted."""

from __future__ import annotations

from pathlib import Path

from packtrace.tests.verify.small_log import life, trust_of
from packtrace.trace.verify.findings import Outcome
from packtrace.trace.verify.report import format_text
from packtrace.trace.verify.verify_source import verify_source


def test_honest_log_is_verified(tmp_path: Path) -> None:
    scene, log = life()
    report = verify_source(log.write(tmp_path / "bundle"), trust=trust_of(scene))
    assert list(report.findings) == []
    assert report.outcome is Outcome.VERIFIED, format_text(report)
    assert report.entries == log.size and report.size == log.size
