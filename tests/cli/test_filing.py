"""`packtrace filing`: the same workbook as over HTTP, for whoever has the log at hand."""

from __future__ import annotations

from pathlib import Path

from openpyxl import load_workbook

from packtrace.tests.scene import Scene, pack_code
from packtrace.trace.filing.workbook import UNCONFIRMED

from .command import call, call_well


def test_workbook_is_written_for_its_owner_alone_and_never_over_another(
    home: Path, scene: Scene, tmp_path: Path
) -> None:
    out = tmp_path / "january.xlsx"
    asked = ("--home", home, "filing", "--org", scene.maker.id, "--from", "2026-01-01", "--to", "2026-01-31")
    said = call_well(*asked, "--out", out)
    assert "1 batteries" in said and UNCONFIRMED in said
    assert out.stat().st_mode & 0o777 == 0o600
    sheet = load_workbook(out).worksheets[2]
    assert (sheet["A1"].value, sheet["A5"].value) == (UNCONFIRMED, pack_code(1))
    again = call(*asked, "--out", out)
    assert again.exit_code == 2 and "nothing is overwritten" in again.output


def test_what_is_no_day_or_no_member_is_refused(home: Path, scene: Scene, tmp_path: Path) -> None:
    out = tmp_path / "x.xlsx"
    asked = ("--home", home, "filing", "--out", out, "--org")
    assert call(*asked, scene.maker.id, "--from", "2026-01-01", "--to", "2026-13-01").exit_code == 2
    assert call(*asked, scene.maker.id, "--from", "2026-01-02", "--to", "2026-01-01").exit_code == 1
    stranger = call(*asked, "uscc:91440300MA5000099Q", "--from", "2026-01-01", "--to", "2026-01-02")
    assert stranger.exit_code in (1, 2)
    assert not out.exists()
