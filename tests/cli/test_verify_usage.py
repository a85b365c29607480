"""What a newcomer does to the verifier, and what it answers: in one line, with what to do."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from packtrace.tests.cli.command import COMMAND, call, clean_environment

SAMPLES = Path(__file__).parents[2] / "sample_batches" / "truck-of-legacy-packs"
TRUST = ("--trust", SAMPLES / "trust.json")


def verify(source: Path | str, tmp_path: Path, *more: str | Path) -> tuple[int, str, str]:
    result = call("verify", source, *TRUST, "--home", tmp_path / "no home", *more)
    return result.exit_code, result.stdout, result.stderr


def finding_codes(report: str) -> list[str]:
    severities = ("UNCHECKED ", "ERROR ")
    return [line.split()[1] for line in report.splitlines() if line.startswith(severities)]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "ascii", "utf-8"])
def test_terminal_without_chinese_gets_the_verdict_and_the_exit_code(encoding: str, tmp_path: Path) -> None:
    environment = clean_environment(HOME=str(tmp_path), PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    for args, status, start in (
        (("verify", SAMPLES / "bundle.zip", *TRUST), 0, b"VERIFIED "),
        (("verify", SAMPLES / "tampered" / "event-dropped.zip", *TRUST), 1, b"REFUTED "),
        (("verify", tmp_path / "电池", *TRUST), 2, b""),
    ):
        done = subprocess.run([COMMAND, *args], cwd=tmp_path, env=environment, capture_output=True)
        assert (done.returncode, b"Traceback" in done.stderr) == (status, False), done.stderr
        assert done.stdout.startswith(start)


def test_trust_file_in_use_is_named(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(SAMPLES / "trust.json", home)
    named = {
        "--trust": call("verify", SAMPLES / "bundle.zip", *TRUST, "--home", tmp_path / "other"),
        "--home": call("verify", SAMPLES / "bundle.zip", "--home", home),
        "PACKTRACE_HOME": call("verify", SAMPLES / "bundle.zip", PACKTRACE_HOME=str(home)),
    }
    for by, result in named.items():
        path = TRUST[1] if by == "--trust" else home / "trust.json"
        assert f"; trust: {path} ({by})\n" in result.stdout
    for args, expected in ((TRUST, str(TRUST[1])), ((), None)):
        result = call("verify", SAMPLES / "bundle.zip", *args, "--home", tmp_path / "none", "--json")
        assert json.loads(result.stdout.splitlines()[-1])["trust_file"] == expected


def test_source_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    for source in (tmp_path / "nothing", f"sqlite:///{tmp_path}/nothing.db"):
        status, _, errors = verify(source, tmp_path)
        assert status == 2
        assert "source: expected a bundle" in errors and "got nothing there, at" in errors
        assert len(errors.splitlines()) == 1


def test_folder_that_is_no_source_is_undecided_in_one_finding(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    status, report, _ = verify(folder, tmp_path)
    assert (status, finding_codes(report)) == (3, ["SOURCE_UNREADABLE"])
    assert "expected a bundle" in report and "got a folder with nothing" in report
    for number in range(80):
        (folder / f"{number:02}.jpg").write_bytes(b"")
    (folder / "link").symlink_to(tmp_path)
    status, report, _ = verify(folder, tmp_path)
    assert (status, finding_codes(report)) == (3, ["SOURCE_UNREADABLE"])
    assert "got a folder with 00.jpg, 01.jpg, 02.jpg, 03.jpg, 04.jpg, …" in report
    shutil.copy(SAMPLES / "bundle.zip", folder)
    assert f"verify {folder / 'bundle.zip'}" in verify(folder, tmp_path)[1]


def unpacked(path: Path) -> Path:
    with zipfile.ZipFile(SAMPLES / "bundle.zip") as archive:
        archive.extractall(path)
    return path


def test_bundle_one_folder_further_in_is_named(tmp_path: Path) -> None:
    unpacked(tmp_path / "outer" / "copy")
    status, report, _ = verify(tmp_path / "outer", tmp_path)
    assert (status, finding_codes(report)) == (3, ["SOURCE_UNREADABLE"])
    assert f"verify {tmp_path / 'outer' / 'copy'}" in report
    made = shutil.make_archive(str(tmp_path / "made"), "zip", tmp_path / "outer", "copy")
    status, report, _ = verify(made, tmp_path)
    assert (status, finding_codes(report)) == (3, ["SOURCE_UNREADABLE"])
    assert "outer folder; unpack it and verify copy" in report


@pytest.mark.parametrize("name", [".DS_Store", "tile/Thumbs.db", "desktop.ini"])
def test_file_of_a_desktop_is_told_with_what_to_do(name: str, tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "copy")
    (folder / name).write_bytes(b"")
    status, report, _ = verify(folder, tmp_path)
    assert (status, finding_codes(report)) == (3, ["BUNDLE_UNEXPECTED_FILE"])
    assert "delete it, or export again" in report


def test_bundle_without_its_checkpoint_is_still_one(tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "copy")
    (folder / "checkpoint").unlink()
    status, report, _ = verify(folder, tmp_path)
    assert (status, finding_codes(report)[0]) == (3, "BUNDLE_INCOMPLETE")


@pytest.mark.parametrize("form", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_trust_file_in_another_encoding_is_answered_in_one_line(form: str, tmp_path: Path) -> None:
    path = tmp_path / "trust.json"
    path.write_bytes((SAMPLES / "trust.json").read_text().encode(form))
    result = call("verify", SAMPLES / "bundle.zip", "--trust", path, "--home", tmp_path / "h")
    assert result.exit_code == 2 and len(result.stderr.splitlines()) == 1
    got = "UTF-8 with one" if form == "utf-8-sig" else "UTF-16"
    assert f"expected UTF-8 without a byte order mark, got {got}, at {path}" in result.stderr


def test_server_that_does_not_answer_is_told_without_the_librarys_words(tmp_path: Path) -> None:
    status, report, _ = verify("http://127.0.0.1:9", tmp_path)
    assert (status, finding_codes(report)[0]) == (3, "SOURCE_UNREADABLE")
    assert "expected an answer, got " in report
    assert "urlopen" not in report and "Errno" not in report


def test_home_without_a_log_is_told_with_what_to_do(tmp_path: Path) -> None:
    result = call("show", "ZX1PB520B52Q01G490000031", "--home", tmp_path)
    assert result.exit_code == 2 and "Errno" not in result.stderr
    assert "give --home or PACKTRACE_HOME, or run packtrace init" in result.stderr


def test_submit_with_nothing_to_read_answers_in_one_line(home: Path) -> None:
    result = call("submit", "--home", home)
    assert result.exit_code == 2
    assert result.stderr == "Error: input: expected a line with an event, got none, at standard input\n"


def test_sign_lists_every_problem(tmp_path: Path) -> None:
    result = call("key", "new", "--admin", "uscc:91441200EXAMPLE2XJ", "--out", tmp_path / "k.pem",
                  "--origin", "log.packtrace.example/t", "--home", tmp_path)  # fmt: skip
    assert result.exit_code == 0, result.output
    statement = json.dumps({"v": 1, "type": "battery.manufactured", "seq": "0"})
    result = call("sign", "--key", tmp_path / "k.pem", "--home", tmp_path, stdin=statement)
    assert result.exit_code == 1
    assert "/seq" in result.stderr and "/data" in result.stderr and "more)" not in result.stderr
