"""`packtrace evidence`, and bundles with documents, from the file to the verdict."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from packtrace.signing.base64url import b64url
from packtrace.tests.cli.command import call, call_well, run
from packtrace.tests.cli.conftest import CODE, begin
from packtrace.tests.scene import Scene, pack_code
from packtrace.trace.documents import MAX_DOCUMENT

PHOTO, TICKET = b"\xff\xd8\xff\xe0 a photo", b"438 kg\n"
OTHER = pack_code(2)
SIZE = len(begin()[1])  # of the log of the home


def name_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "DSC_0031.JPG"
    path.write_bytes(PHOTO)
    return path


@pytest.fixture
def ticket(tmp_path: Path) -> Path:
    path = tmp_path / "ticket.txt"
    path.write_bytes(TICKET)
    return path


def added(home: Path, *files: Path, **options: str) -> list[dict[str, Any]]:
    more = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
    lines = call_well("evidence", "add", *files, *more, "--home", home).splitlines()
    return [json.loads(line) for line in lines]


def record(home: Path, scene: Scene, code: str, evidence: list[dict[str, Any]]) -> None:
    """A pack is made, with documents."""
    call_well("submit", "--home", home, stdin=scene.manufactured(code, evidence=evidence))


def listed(home: Path) -> list[dict[str, Any]]:
    result = call("evidence", "list", "--json", "--home", home)
    return [json.loads(line) for line in result.stdout.splitlines()]


def states(home: Path) -> dict[str, str]:
    return {line["file"]: line["state"] for line in listed(home)}


def test_what_add_prints_goes_into_a_statement_as_it_is(
    home: Path, scene: Scene, photo: Path, ticket: Path
) -> None:
    said = added(home, photo, ticket)
    assert said == [
        {
            "kind": "photo",
            "sha256": b64url(hashlib.sha256(PHOTO).digest()),
            "media_type": "image/jpeg",
            "bytes": len(PHOTO),
        },
        {
            "kind": "other",
            "sha256": b64url(hashlib.sha256(TICKET).digest()),
            "media_type": "text/plain",
            "bytes": len(TICKET),
        },
    ]
    record(home, scene, OTHER, said)
    assert states(home) == {name_of(PHOTO): "there", name_of(TICKET): "there"}


def test_printed_object_fits_set_of_template(home: Path, photo: Path) -> None:
    line = call_well("evidence", "add", photo, "--home", home).strip()
    printed = call_well("template", "battery.inspected", CODE, "--set", f"evidence=[{line}]", "--home", home)
    assert json.loads(printed)["data"]["evidence"] == [json.loads(line)]


def test_kind_and_media_type_are_what_was_said(home: Path, ticket: Path) -> None:
    (said,) = added(home, ticket, kind="ticket", media_type="text/csv")
    assert (said["kind"], said["media_type"]) == ("ticket", "text/csv")


@pytest.mark.parametrize(
    "args", [("--kind", "selfie"), ("--media-type", "JPEG"), ("--media-type", "a/" * 60)]
)
def test_other_kinds_and_media_types_are_wrong_usage(home: Path, photo: Path, args: tuple[str, str]) -> None:
    result = call("evidence", "add", photo, *args, "--home", home)
    assert result.exit_code == 2
    assert not (home / "evidence").exists()


@pytest.mark.parametrize("what", ["nothing", "folder", "empty", "long", "link", "pipe"])
def test_what_is_no_document_is_refused_in_one_line(home: Path, tmp_path: Path, what: str) -> None:
    path = tmp_path / what
    match what:
        case "folder":
            path.mkdir()
        case "empty":
            path.touch()
        case "long":
            with path.open("wb") as file:
                file.truncate(MAX_DOCUMENT + 1)
        case "link":
            (tmp_path / "real").write_bytes(PHOTO)
            path.symlink_to(tmp_path / "real")
        case "pipe":
            os.mkfifo(path)
    result = call("evidence", "add", path, "--home", home)
    assert result.exit_code == (2 if what in ("nothing", "folder") else 1)
    assert result.stdout == ""
    assert "expected" in result.stderr and "got" in result.stderr and str(path) in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_evidence_needs_a_home_with_a_log(tmp_path: Path, photo: Path) -> None:
    for args in (("add", photo), ("list",), ("get", "0" * 64, "--out", tmp_path / "out")):
        result = call("evidence", *args, "--home", tmp_path / "none")
        assert (result.exit_code, "HOME_INVALID" in result.stderr) == (2, True)


def test_list_says_what_is_there_missing_unreferenced_and_damaged(
    home: Path, scene: Scene, tmp_path: Path, photo: Path, ticket: Path
) -> None:
    record(home, scene, OTHER, added(home, photo))
    missing = {"kind": "court", "sha256": b64url(bytes(32)), "media_type": "application/pdf", "bytes": 9}
    record(home, scene, pack_code(3), [missing])
    added(home, ticket)
    assert states(home) == {name_of(PHOTO): "there", "00" * 32: "missing", name_of(TICKET): "unreferenced"}
    result = call("evidence", "list", "--home", home)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == (
        f"there         {name_of(PHOTO)} photo image/jpeg {len(PHOTO)} bytes leaf {SIZE} "
        f"battery:gbt34014:{OTHER}"
    )
    (home / "evidence" / name_of(PHOTO)[:2] / name_of(PHOTO)).write_bytes(b"another")
    (home / "evidence" / "stray").touch()
    result = call("evidence", "list", "--home", home)
    assert result.exit_code == 1, "a damaged document is no success"
    words = [line.split()[0] for line in result.stdout.splitlines()]
    assert words == ["damaged", "missing", "unreferenced", "unexpected"]


def test_list_tells_an_event_that_states_another_size(home: Path, scene: Scene, photo: Path) -> None:
    (said,) = added(home, photo)
    record(home, scene, OTHER, [said | {"bytes": said["bytes"] + 1}])
    assert list(states(home).values()) == ["misstated"]
    assert call("evidence", "list", "--home", home).exit_code == 1


def test_list_counts_the_events_of_one_document(home: Path, scene: Scene, photo: Path) -> None:
    said = added(home, photo)
    record(home, scene, OTHER, said)
    record(home, scene, pack_code(3), said)
    (line,) = listed(home)
    assert [event["leaf_index"] for event in line["events"]] == [SIZE, SIZE + 1]
    assert " and 1 more" in call_well("evidence", "list", "--home", home)


@pytest.mark.parametrize("form", ["as in an event", "as listed"])
def test_get_writes_the_document(home: Path, tmp_path: Path, photo: Path, form: str) -> None:
    added(home, photo)
    digest = name_of(PHOTO) if form == "as listed" else b64url(hashlib.sha256(PHOTO).digest())
    out = tmp_path / "out.jpg"
    assert (
        call_well("evidence", "get", digest, "--out", out, "--home", home) == f"{out}: {len(PHOTO)} bytes\n"
    )
    assert out.read_bytes() == PHOTO


def test_get_serves_no_damaged_document(home: Path, tmp_path: Path, photo: Path) -> None:
    added(home, photo)
    (home / "evidence" / name_of(PHOTO)[:2] / name_of(PHOTO)).write_bytes(b"another")
    result = call("evidence", "get", name_of(PHOTO), "--out", tmp_path / "out", "--home", home)
    assert (result.exit_code, "EVIDENCE_MISMATCH" in result.stderr) == (1, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [photo.name, "home"]


def test_get_overwrites_nothing(home: Path, tmp_path: Path, photo: Path) -> None:
    added(home, photo)
    out = tmp_path / "out"
    for make in (out.touch, out.mkdir, lambda: out.symlink_to(tmp_path / "nowhere")):
        make()
        result = call("evidence", "get", name_of(PHOTO), "--out", out, "--home", home)
        assert (result.exit_code, "expected nothing there" in result.stderr) == (2, True)
        out.rmdir() if out.is_dir() else out.unlink()


@pytest.mark.parametrize(
    ("digest", "status"),
    [("0" * 64, 3), ("0" * 63, 2), ("../../keys/log.pem", 2), ("é", 2), ("", 2)],
)
def test_get_takes_nothing_but_the_digest_of_a_document(
    home: Path, tmp_path: Path, digest: str, status: int
) -> None:
    result = call("evidence", "get", digest, "--out", tmp_path / "out", "--home", home)
    assert (result.exit_code, (tmp_path / "out").exists()) == (status, False)


@pytest.mark.parametrize("out", ["copy", "copy.zip"])
@pytest.mark.parametrize("battery", [False, True])
def test_exported_documents_are_verified_elsewhere(
    home: Path, scene: Scene, tmp_path: Path, photo: Path, ticket: Path, out: str, battery: bool
) -> None:
    record(home, scene, OTHER, added(home, photo))
    added(home, ticket)
    args = ["--battery", OTHER] if battery else []
    said = call_well("export", tmp_path / out, "--with-evidence", *args, "--home", home)
    assert said.splitlines()[1] == f"{tmp_path / out}: 1 of 1 documents"
    result = call("verify", tmp_path / out, "--home", home)
    assert result.exit_code == 0, result.output
    assert "Evidence 证据: 1 of 1 documents given, all match" in result.stdout
    again = tmp_path / f"again-{out}"
    call_well("export", again, "--with-evidence", *args, "--home", home)
    pairs = [(tmp_path / out, again)]
    if not out.endswith(".zip"):
        files = [path.relative_to(again) for path in again.rglob("*") if path.is_file()]
        pairs = [(tmp_path / out / name, again / name) for name in files]
        assert Path("evidence", name_of(PHOTO)) in files
    assert all(one.read_bytes() == other.read_bytes() for one, other in pairs)


def test_documents_that_are_missing_or_damaged_are_told_and_left_out(
    home: Path, scene: Scene, tmp_path: Path, photo: Path, ticket: Path
) -> None:
    record(home, scene, OTHER, added(home, photo, ticket))
    (home / "evidence" / name_of(PHOTO)[:2] / name_of(PHOTO)).write_bytes(b"another")
    (home / "evidence" / name_of(TICKET)[:2] / name_of(TICKET)).unlink()
    out = tmp_path / "copy"
    said = call_well("export", out, "--with-evidence", "--home", home)
    assert said.splitlines()[1] == (
        f"{out}: 0 of 2 documents; 1 missing: {name_of(TICKET)}; 1 damaged: {name_of(PHOTO)}"
    )
    assert not (out / "evidence").exists()
    assert call("verify", out, "--home", home).exit_code == 0


def test_bundle_holds_no_documents_unless_asked(
    home: Path, scene: Scene, tmp_path: Path, photo: Path
) -> None:
    record(home, scene, OTHER, added(home, photo))
    call_well("export", tmp_path / "copy", "--home", home)
    assert not (tmp_path / "copy" / "evidence").exists()
    assert "0 of 1 documents given" in call_well("verify", tmp_path / "copy", "--home", home)


def test_bundle_with_documents_is_overwritten_when_asked(
    home: Path, scene: Scene, tmp_path: Path, photo: Path
) -> None:
    record(home, scene, OTHER, added(home, photo))
    call_well("export", tmp_path / "copy", "--with-evidence", "--home", home)
    call_well("export", tmp_path / "copy", "--overwrite", "--home", home)
    assert not (tmp_path / "copy" / "evidence").exists()


def test_damaged_document_in_a_bundle_is_undecided_by_exit_code(
    home: Path, scene: Scene, tmp_path: Path, photo: Path
) -> None:
    record(home, scene, OTHER, added(home, photo))
    call_well("export", tmp_path / "copy", "--with-evidence", "--home", home)
    (tmp_path / "copy" / "evidence" / name_of(PHOTO)).write_bytes(PHOTO[:-1] + b"!")
    result = call("verify", tmp_path / "copy", "--home", home)
    assert result.exit_code == 3
    assert "UNCHECKED EVIDENCE_MISMATCH" in result.stdout
    *_, summary = call("verify", tmp_path / "copy", "--json", "--home", home).stdout.splitlines()
    assert json.loads(summary)["documents"] == {"referred": 1, "given": 1, "matching": 0}


def test_documents_of_the_home_are_its_owners_alone(home: Path, photo: Path) -> None:
    added(home, photo)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (home / "evidence").rglob("*")}
    assert modes == {0o700, 0o600}


def test_command_runs_by_itself(tmp_path: Path, home: Path, photo: Path) -> None:
    done = run(tmp_path, "evidence", "add", photo.name, "--home", home)
    assert (done.returncode, json.loads(done.stdout)["bytes"], done.stderr) == (0, len(PHOTO), "")
