"""The log as files at the server's root: C2SP tlog-tiles, by their exact paths, and verified from there."""

from __future__ import annotations

import urllib.request
from pathlib import Path

from packtrace.signing.checkpoint import open_checkpoint
from packtrace.signing.log_key import save_log_key
from packtrace.signing.merkle import leaf_hash
from packtrace.signing.policy import NONE, Policy
from packtrace.signing.tiles import parse_entry_bundle, tiles_of
from packtrace.tests.ledger.node import append_one
from packtrace.tests.scene import Scene, pack_code
from packtrace.tests.web.conftest import Served, check_problem, on_both
from packtrace.tests.web.live import serving
from packtrace.tests.web.tokens import bearer
from packtrace.trace.ledger.home import Home
from packtrace.trace.ledger.ledger import Ledger, Submission, system_clock
from packtrace.trace.verify.findings import Outcome
from packtrace.trace.verify.trust import Trust, format_trust
from packtrace.trace.verify.verify_source import verify_source

IMMUTABLE = "public, max-age=31536000, immutable"


def test_checkpoint_is_the_signed_note_and_is_not_kept(served: Served) -> None:
    answer = served.client.get("/checkpoint")
    assert answer.status_code == 200 and answer.content_type == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    opened = open_checkpoint(answer.data, origin=served.ledger.origin, log_keys=served.scene.log_key.vkeys)
    assert opened.checkpoint.size == served.ledger.size
    served.post(served.scene.manufactured(pack_code(1)))
    later = served.client.get("/checkpoint").data
    opened = open_checkpoint(later, origin=served.ledger.origin, log_keys=served.scene.log_key.vkeys)
    assert opened.checkpoint.size == served.ledger.size


@on_both
def test_every_tile_of_the_tree_is_served_and_may_be_kept_for_ever(served: Served) -> None:
    served.ledger.append(
        [Submission((served.scene.manufactured(pack_code(number)),)) for number in range(260)]
    )
    served.node.public_entries = True
    size = served.ledger.size
    hashes = [leaf_hash(entry) for entry in served.ledger.entries(0, size)]
    names = [tile.path for tile in tiles_of(size)]
    assert {"tile/0/000", f"tile/0/001.p/{size - 256}", "tile/1/000.p/1", "tile/entries/000"} <= {*names}
    for tile in tiles_of(size):
        answer = served.client.get(f"/{tile.path}")
        assert (answer.status_code, answer.content_type) == (200, "application/octet-stream")
        assert answer.headers["Cache-Control"] == IMMUTABLE
        start = tile.index * 256
        if tile.level == "entries":
            found = [leaf_hash(entry) for entry in parse_entry_bundle(answer.data, tile.width)]
            assert found == hashes[start : start + tile.width]
        elif tile.level == 0:
            assert answer.data == b"".join(hashes[start : start + tile.width])
    # A tile that was the right-most one once stays where it was.
    assert served.client.get("/tile/0/000.p/7").data == b"".join(hashes[:7])


NO_FILES = (
    *("/tile/0/001", "/tile/0/000.p/11", "/tile/0/000", "/tile/1/000.p/1", "/tile/0/x001/000"),
    *("/tile/0/0", "/tile/0/0000", "/tile/00/000.p/1", "/tile/0/000.p/01", "/tile/0/000.p/0"),
    *("/tile/0/000.p/256", "/tile/0/000.p/1/", "/tile/0/000.p", "/tile/0//000.p/1", "//tile/0/000.p/1"),
    *("/tile/64/000.p/1", "/tile/-1/000.p/1", "/tile/0/x000/000.p/1", "/tile/0/000.P/1", "/Checkpoint"),
    *("/tile/0/" + "x999/" * 8 + "999", "/tile/0/../0/000.p/1", "/tile/0/000.p/１", "/tile/x/000.p/1"),
    *("/tile", "/tile/", "/tile/0", "/tile/0/", "/tile/entries", "/tile/entries/000.p/11"),
    *("/checkpoint/", "/tile/entries/0", "/other.vkey", "/rules/x.json", "/tile/0/%2e%2e/x"),
)


def test_no_other_path_is_a_tile(served: Served) -> None:
    served.node.public_entries = True
    assert served.ledger.size == 10
    assert served.client.get("/tile/0/000.p/1").status_code == 200
    for path in NO_FILES:
        answer = served.client.get(path)
        assert answer.status_code == 404, path
        check_problem(answer, 404, "NOT_FOUND")
        assert answer.headers["Cache-Control"] == "no-store"


def test_what_is_committed_and_not_signed_is_not_served(served: Served) -> None:
    size = served.ledger.size
    stub = served.ledger._publisher
    published = stub.publish
    stub.publish = lambda now: None  # type: ignore[method-assign,assignment]
    append_one(served.ledger, served.scene.manufactured(pack_code(1)))
    assert served.ledger.size == size + 1
    check_problem(served.client.get(f"/tile/0/000.p/{size + 1}"), 404, "NOT_FOUND")
    stub.publish = published  # type: ignore[method-assign]
    served.ledger.recover()
    assert served.client.get(f"/tile/0/000.p/{size + 1}").status_code == 200


def test_entries_are_only_for_an_authority_of_every_region(served: Served) -> None:
    scene, path = served.scene, "/tile/entries/000.p/10"
    check_problem(served.client.get(path), 401, "TOKEN_REQUIRED")
    check_problem(served.client.get(path, headers=bearer(served, scene.maker)), 403, "NOT_PERMITTED")
    for texts in scene.regulator_enrolled():
        append_one(served.ledger, *texts)
    answer = served.client.get(path, headers=bearer(served, scene.regulator))
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    assert parse_entry_bundle(answer.data, 10) == list(served.ledger.entries(0, 10))
    elsewhere = scene.party("elsewhere", 8, "collector")
    append_one(served.ledger, scene.enrolled(elsewhere, region="DE-BY"))
    check_problem(served.client.get(path, headers=bearer(served, scene.regulator)), 403, "NOT_PERMITTED")


def test_keys_and_adopted_rules_lie_where_a_bundle_has_them(served: Served) -> None:
    for name in ("log.vkey", "log-ml-dsa.vkey"):
        assert served.client.get(f"/{name}").data == (served.played.home.path / name).read_bytes()
    rules = served.ledger.rules
    answer = served.client.get(f"/rules/{rules.sha256}.json")
    assert answer.status_code == 200 and (answer.json or {})["name"] == rules.name
    check_problem(served.client.get(f"/rules/{'A' * 43}.json"), 404, "NOT_FOUND")


def test_live_node_is_verified_by_its_address(tmp_path: Path) -> None:
    scene = Scene()
    opened, *others = scene.founding()
    home = Home.create(tmp_path / "home", scene.origin)
    save_log_key(home.log_key, scene.log_key)
    with Ledger.create(home, opened, scene.log_key, system_clock) as ledger:
        packs = [scene.manufactured(pack_code(number)) for number in range(300)]
        ledger.append([Submission((text,)) for text in [*others, *packs]])
    kids = frozenset({scene.registrar.key.public.kid})
    trust = Trust(scene.origin, kids, 1, Policy(NONE, scene.log_key.vkeys))
    (tmp_path / "trust.json").write_bytes(format_trust(trust))
    with serving(home.path, "--public-entries") as url:
        report = verify_source(url, trust=trust)
        assert report.outcome is Outcome.VERIFIED, report.findings
        with urllib.request.urlopen(f"{url}/checkpoint") as answer:  # noqa: S310
            assert answer.headers["Cache-Control"] == "no-store"
    with serving(home.path) as url:
        report = verify_source(url, trust=trust)
        assert report.outcome is Outcome.UNDECIDED
        assert "status 401" in str(list(report.findings))
