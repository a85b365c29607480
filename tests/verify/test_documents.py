"""Documents in a bundle: the ones that events refer to, exactly as they were signed, and no others."""

from __future__ import annotations

import hashlib
import json
import os
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from packtrace.signing.base64url import b64url
from packtrace.tests.scene import Scene, event_id, pack_code
from packtrace.tests.verify.small_log import SmallLog, entries_of_events, trust_of
from packtrace.trace.bundle.enclosed import Enclosed, State
from packtrace.trace.bundle.write import write_battery_bundle, write_bundle
from packtrace.trace.documents import MAX_DOCUMENT
from packtrace.trace.errors import RefusedError
from packtrace.trace.verify import documents as documents_module
from packtrace.trace.verify.documents import DocumentCheck, DocumentTally
from packtrace.trace.verify.findings import Findings, Outcome
from packtrace.trace.verify.report import Report, format_json_lines, format_text
from packtrace.trace.verify.verify_source import verify_source

PHOTO, TICKET, UNSEEN = b"\xff\xd8\xff a photo", b"a ticket of 438 kg", b"not handed over"
FIRST, SECOND = (f"battery:gbt34014:{pack_code(number)}" for number in (0, 1))


def said(content: bytes, **changes: Any) -> dict[str, Any]:
    """What a statement says of a document."""
    sha256 = b64url(hashlib.sha256(content).digest())
    return {"kind": "photo", "sha256": sha256, "media_type": "image/jpeg", "bytes": len(content)} | changes


def path_of(content: bytes) -> str:
    return f"evidence/{hashlib.sha256(content).hexdigest()}"


@dataclass
class Kept:
    """A store of documents in memory."""

    contents: tuple[bytes, ...]
    asked: list[bytes] = field(default_factory=list)

    def state(self, sha256: bytes) -> State:
        self.asked.append(sha256)
        return "there" if sha256 in self._by_digest() else "missing"

    def chunks(self, sha256: bytes) -> Iterator[bytes]:
        content = self._by_digest()[sha256]
        yield content[:3]
        yield content[3:]

    def _by_digest(self) -> dict[bytes, bytes]:
        return {hashlib.sha256(content).digest(): content for content in self.contents}


@cache
def log_with_documents() -> tuple[Scene, SmallLog]:
    """Two packs: the first with a photo and a ticket, the other with that ticket; a correction adds one."""
    scene = Scene()
    events = scene.founding()
    made = scene.manufactured(pack_code(0), evidence=[said(PHOTO), said(TICKET)])
    events += [made, scene.manufactured(pack_code(1), evidence=[said(TICKET)])]
    corrected = {"event": event_id(made), "set": {"evidence": [said(UNSEEN)]}, "reason": "a clearer photo"}
    events.append(scene.sign(scene.maker, "note.corrected", f"notes:{FIRST}", corrected))
    return scene, SmallLog(scene.log_key, entries_of_events(events))


def written(
    out: Path, *contents: bytes, subject: str | None = None, store: Kept | None = None
) -> tuple[Scene, Path]:
    """A bundle with those documents that are kept."""
    scene, log = log_with_documents()
    enclosed = Enclosed(store or Kept(contents))
    if subject:
        write_battery_bundle(log, out, subject=subject, rules=scene.rules, vkeys=log.vkeys, enclosed=enclosed)
    else:
        write_bundle(log, out, vkeys=log.vkeys, enclosed=enclosed)
    return scene, out


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


def verdicts(report: Report) -> dict[str, Outcome]:
    return {result.subject: result.outcome for result in report.subjects}


@pytest.mark.parametrize("name", ["log", "log.zip"])
@pytest.mark.parametrize("subject", [None, FIRST])
def test_documents_as_they_were_signed_are_counted_once(
    tmp_path: Path, name: str, subject: str | None
) -> None:
    scene, out = written(tmp_path / name, PHOTO, TICKET, UNSEEN, subject=subject)
    report = verify_source(out, trust=trust_of(scene))
    assert (codes(report), report.outcome) == ([], Outcome.VERIFIED)
    assert report.documents == DocumentTally(3, 3, 3)
    assert "Evidence 证据: 3 of 3 documents given, all match 全部相符\n" in format_text(report)


def test_document_that_is_not_given_decides_nothing(tmp_path: Path) -> None:
    """Documents may be kept elsewhere; the report says how many came."""
    scene, out = written(tmp_path / "some", PHOTO, TICKET)
    report = verify_source(out, trust=trust_of(scene))
    assert (codes(report), report.outcome) == ([], Outcome.VERIFIED)
    assert "Evidence 证据: 2 of 3 documents given, all match" in format_text(report)
    scene, out = written(tmp_path / "none")
    report = verify_source(out, trust=trust_of(scene))
    assert report.outcome is Outcome.VERIFIED
    assert "Evidence 证据: 0 of 3 documents given 未随附\n" in format_text(report)


def test_log_without_documents_has_no_line_of_them(tmp_path: Path) -> None:
    scene = Scene()
    log = SmallLog(scene.log_key, entries_of_events(scene.founding()))
    report = verify_source(log.write(tmp_path / "log"), trust=trust_of(scene))
    assert report.documents == DocumentTally(0, 0, 0)
    assert "Evidence" not in format_text(report)


def test_json_has_the_count_of_documents(tmp_path: Path) -> None:
    scene, out = written(tmp_path / "log", PHOTO)
    (out / path_of(PHOTO)).write_bytes(b"another")
    *_, summary = format_json_lines(verify_source(out, trust=trust_of(scene)))
    assert json.loads(summary)["documents"] == {"referred": 3, "given": 1, "matching": 0}


def test_bundle_holds_only_documents_that_its_events_refer_to(tmp_path: Path) -> None:
    _, out = written(tmp_path / "second", PHOTO, TICKET, UNSEEN, b"a stranger's", subject=SECOND)
    assert [path.name for path in (out / "evidence").iterdir()] == [hashlib.sha256(TICKET).hexdigest()]
    _, out = written(tmp_path / "all", PHOTO, TICKET, UNSEEN, b"a stranger's")
    assert len(list((out / "evidence").iterdir())) == 3


def test_document_of_several_events_is_taken_once(tmp_path: Path) -> None:
    store = Kept((TICKET,))
    _, out = written(tmp_path / "log.zip", store=store)
    assert sorted(store.asked) == sorted({*store.asked}), "it is hashed once"
    with zipfile.ZipFile(out) as archive:
        assert archive.namelist().count(path_of(TICKET)) == 1


@pytest.mark.parametrize("subject", [None, FIRST])
def test_same_documents_give_the_same_zip(tmp_path: Path, subject: str | None) -> None:
    first, second = (
        written(tmp_path / name, PHOTO, TICKET, subject=subject)[1] for name in ("1.zip", "2.zip")
    )
    assert first.read_bytes() == second.read_bytes()


def changed(content: bytes) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:]


FORGERIES: dict[str, Callable[[bytes], bytes]] = {
    "one bit": changed,
    "cut": lambda content: content[:-1],
    "longer": lambda content: content + b"\0",
    "empty": lambda content: b"",
    "another document": lambda content: UNSEEN,
}


@pytest.mark.parametrize("how", FORGERIES)
def test_document_that_is_not_the_signed_one_leaves_its_subjects_undecided(tmp_path: Path, how: str) -> None:
    """The chain is whole: nothing is refuted. But what was signed is not what lies there."""
    scene, out = written(tmp_path / "log", PHOTO, TICKET)
    (out / path_of(PHOTO)).write_bytes(FORGERIES[how](PHOTO))
    report = verify_source(out, trust=trust_of(scene))
    (finding,) = report.findings
    assert (finding.code, report.outcome) == ("EVIDENCE_MISMATCH", Outcome.UNDECIDED)
    assert (finding.subject, finding.place) == (FIRST, path_of(PHOTO))
    assert report.documents == DocumentTally(3, 2, 1)
    assert "2 of 3 documents given, 1 not confirmed" in format_text(report)
    others = {subject: outcome for subject, outcome in verdicts(report).items() if subject != FIRST}
    assert verdicts(report)[FIRST] is Outcome.UNDECIDED
    assert {*others.values()} == {Outcome.VERIFIED}, "nobody else's record suffers"


def test_damage_is_told_of_every_event_that_rests_on_it(tmp_path: Path) -> None:
    scene, out = written(tmp_path / "log", PHOTO, TICKET)
    (out / path_of(TICKET)).write_bytes(changed(TICKET))
    report = verify_source(out, trust=trust_of(scene))
    assert [finding.subject for finding in report.findings] == [FIRST, SECOND]


@pytest.mark.parametrize("deflate", [False, True])
def test_damaged_member_of_a_zip_is_no_graver_than_a_damaged_file(tmp_path: Path, deflate: bool) -> None:
    scene, out = written(tmp_path / "log.zip", PHOTO)
    forged = tmp_path / "forged.zip"
    method = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(forged, "w", method) as new:
        for name in old.namelist():
            new.writestr(name, changed(PHOTO) if name == path_of(PHOTO) and deflate else old.read(name))
    if not deflate:  # The content no longer fits the check sum of the zip.
        data = forged.read_bytes()
        forged.write_bytes(data.replace(PHOTO, changed(PHOTO)))
    report = verify_source(forged, trust=trust_of(scene))
    assert (codes(report), report.outcome) == (["EVIDENCE_MISMATCH"], Outcome.UNDECIDED)


def test_event_that_states_another_size_than_the_document_has_is_told(tmp_path: Path) -> None:
    scene = Scene()
    wrong = scene.manufactured(pack_code(0), evidence=[said(PHOTO, bytes=len(PHOTO) + 1)])
    right = scene.manufactured(pack_code(1), evidence=[said(PHOTO)])
    log = SmallLog(scene.log_key, entries_of_events([*scene.founding(), wrong, right]))
    write_bundle(log, tmp_path / "log", vkeys=log.vkeys, enclosed=Enclosed(Kept((PHOTO,))))
    report = verify_source(tmp_path / "log", trust=trust_of(scene))
    (finding,) = report.findings
    assert (finding.code, finding.subject) == ("EVIDENCE_MISMATCH", FIRST)
    assert finding.evidence == f"expected {len(PHOTO) + 1} bytes, got {len(PHOTO)}"
    assert report.documents == DocumentTally(1, 1, 0)


@pytest.mark.parametrize("subject", [None, FIRST])
@pytest.mark.parametrize(
    "name",
    [
        path_of(b"of no event"),
        path_of(PHOTO).upper().replace("EVIDENCE", "evidence"),
        f"{path_of(PHOTO)}.jpg",
        "evidence/photo.jpg",
        f"evidence/ab/{hashlib.sha256(PHOTO).hexdigest()}",
    ],
)
def test_file_that_no_event_refers_to_is_unexpected(tmp_path: Path, name: str, subject: str | None) -> None:
    scene, out = written(tmp_path / "log", PHOTO, subject=subject)
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).write_bytes(PHOTO)
    report = verify_source(out, trust=trust_of(scene))
    assert (codes(report), report.outcome) == (["BUNDLE_UNEXPECTED_FILE"], Outcome.UNDECIDED)
    assert [finding.place for finding in report.findings] == [name]


def test_link_in_place_of_a_document_is_refused(tmp_path: Path) -> None:
    scene, out = written(tmp_path / "log", PHOTO)
    (tmp_path / "elsewhere").write_bytes(PHOTO)
    (out / path_of(PHOTO)).unlink()
    (out / path_of(PHOTO)).symlink_to(tmp_path / "elsewhere")
    report = verify_source(out, trust=trust_of(scene))
    assert (codes(report)[0], report.outcome) == ("BUNDLE_MALFORMED", Outcome.REFUTED)


def test_events_of_a_refused_chain_still_refer_to_their_documents(tmp_path: Path) -> None:
    """One wrong event gives one finding, not one more for each document."""
    scene = Scene()
    events = scene.founding()
    made = scene.manufactured(pack_code(0), evidence=[said(PHOTO)])
    forged = made.rpartition(".")[0] + "." + "A" * 86
    log = SmallLog(scene.log_key, entries_of_events([*events, forged]))
    write_bundle(log, tmp_path / "log", vkeys=log.vkeys, enclosed=Enclosed(Kept((PHOTO,))))
    report = verify_source(tmp_path / "log", trust=trust_of(scene))
    assert codes(report) == ["SIGNATURE_INVALID"]
    assert report.documents == DocumentTally(1, 1, 1)


# -- hostile bundles ---------------------------------------------------------------------------------------


def test_file_is_read_only_where_an_event_refers_to_it_in_its_size(tmp_path: Path) -> None:
    """Else a bundle could make whoever verifies it hash a disk of nothing."""
    scene, out = written(tmp_path / "log", PHOTO, TICKET)
    for name in (path_of(b"huge"), path_of(PHOTO)):
        with (out / name).open("wb") as file:
            file.truncate(1 << 40)  # sparse; to read it would take longer than any test
    report = verify_source(out, trust=trust_of(scene))
    assert codes(report) == ["EVIDENCE_MISMATCH", "BUNDLE_UNEXPECTED_FILE"]
    assert report.documents == DocumentTally(3, 2, 1)


def test_document_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    scene = Scene()
    made = scene.manufactured(pack_code(0), evidence=[said(PHOTO, bytes=MAX_DOCUMENT + 1)])
    log = SmallLog(scene.log_key, entries_of_events([*scene.founding(), made]))
    log.write(tmp_path / "log")
    (tmp_path / "log" / "evidence").mkdir()
    with (tmp_path / "log" / path_of(PHOTO)).open("wb") as file:
        file.truncate(MAX_DOCUMENT + 1)
    report = verify_source(tmp_path / "log", trust=trust_of(scene))
    assert (codes(report), report.outcome) == (["SOURCE_TOO_LARGE"], Outcome.UNDECIDED)


class Endless:
    """Documents of any size, which are right."""

    def __init__(self, contents: list[bytes]) -> None:
        self.read = 0
        self._contents = {hashlib.sha256(content).digest(): content for content in contents}

    def digests(self) -> list[bytes]:
        return list(self._contents)

    def size(self, sha256: bytes) -> int:
        return len(self._contents[sha256])

    def hash(self, sha256: bytes) -> bytes:
        self.read += 1
        return sha256


def test_no_more_is_hashed_than_the_bound() -> None:
    contents = [b"%03d" % number for number in range(10)]
    given, findings = Endless(contents), Findings()
    check = DocumentCheck(given, findings, most=15)
    payload = {"data": {"evidence": [said(content) for content in contents]}}
    for leaf in range(3):  # A document is hashed once, whoever refers to it.
        check.check(payload, FIRST, leaf, "id")
    assert given.read == 5
    assert findings.counts == {"SOURCE_TOO_LARGE": 15}
    assert check.tally == DocumentTally(10, 10, 5)
    assert documents_module.MAX_HASHED >= MAX_DOCUMENT, "one document is always within the bound"


def test_many_files_of_no_event_cost_no_reading_and_little_memory(tmp_path: Path) -> None:
    scene, out = written(tmp_path / "log.zip", PHOTO)
    many = 20_000
    with zipfile.ZipFile(out, "a") as archive:
        for number in range(many):
            archive.writestr(path_of(b"%d" % number), b"")
    report = verify_source(out, trust=trust_of(scene))
    assert report.findings.counts == {"BUNDLE_UNEXPECTED_FILE": many}
    assert report.outcome is Outcome.UNDECIDED


def test_bomb_among_the_documents_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    scene, out = written(tmp_path / "log.zip", PHOTO)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(path_of(b"bomb"), bytes(5_000_000), zipfile.ZIP_DEFLATED)
    report = verify_source(out, trust=trust_of(scene))
    assert (codes(report)[0], report.outcome) == ("BUNDLE_MALFORMED", Outcome.REFUTED)


@pytest.mark.parametrize("name", ["log", "log.zip"])
def test_long_document_is_never_held_in_memory(tmp_path: Path, name: str) -> None:
    """200 MB of video, written and verified within a few megabytes."""
    piece, pieces = bytes(range(256)) * 4096, 200
    digest = hashlib.sha256()
    for _ in range(pieces):
        digest.update(piece)
    video = said(b"", sha256=b64url(digest.digest()), bytes=len(piece) * pieces, media_type="video/mp4")

    class Streamed(Kept):
        def state(self, sha256: bytes) -> State:
            return "there"

        def chunks(self, sha256: bytes) -> Iterator[bytes]:
            for _ in range(pieces):
                yield piece

    scene = Scene()
    made = scene.manufactured(pack_code(0), evidence=[video])
    log = SmallLog(scene.log_key, entries_of_events([*scene.founding(), made]))
    tracemalloc.start()
    try:
        write_bundle(log, tmp_path / name, vkeys=log.vkeys, enclosed=Enclosed(Streamed(())))
        report = verify_source(tmp_path / name, trust=trust_of(scene))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (codes(report), report.documents) == ([], DocumentTally(1, 1, 1))
    assert peak < 40 << 20


def test_bundle_is_not_written_where_a_document_changes_meanwhile(tmp_path: Path) -> None:
    class Changing(Kept):
        def chunks(self, sha256: bytes) -> Iterator[bytes]:
            yield b"another"
            raise RefusedError("SHA-256: expected one, got another", code="EVIDENCE_MISMATCH")

    for name in ("log", "log.zip"):
        with pytest.raises(RefusedError):
            written(tmp_path / name, store=Changing((PHOTO,)))
    assert os.listdir(tmp_path) == []


def test_bounds_are_those_that_are_documented() -> None:
    docs = Path(__file__).parents[2] / "docs"
    assert f"at most {MAX_DOCUMENT:,} bytes" in (docs / "format.md").read_text(encoding="utf-8")
    decided = (docs / "adr" / "0012-a-document-is-not-the-record.md").read_text(encoding="utf-8")
    assert f"{MAX_DOCUMENT >> 20} MiB, and {documents_module.MAX_HASHED >> 30} GiB in all" in decided
    assert f"at most {MAX_DOCUMENT >> 20} MiB" in (docs / "cli.md").read_text(encoding="utf-8")
