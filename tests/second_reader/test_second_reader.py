"""Who had only docs/format.md and docs/lifecycle.md signs what the log takes, and verifies as we do."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from packtrace.signing.jws import EVENT, parse_jws
from packtrace.tests.cli.command import call, call_well
from packtrace.tests.second_reader.verifier import load, verify
from packtrace.trace.lifecycle.table import TABLE
from packtrace.trace.verify.catalogue import CATALOGUE
from packtrace.trace.verify.findings import Severity

HERE = Path(__file__).parent
SAMPLES = HERE.parents[1] / "sample_batches"
GOOD = sorted(SAMPLES.glob("*/bundle.zip"))
TAMPERED = sorted(SAMPLES.glob("*/tampered/*.zip"))
ORIGIN, REGISTRAR = "log.packtrace.example/second-reader", "duns:150483782"

# What another log's keys or rules are needed for; every other type is in the story.
NOT_TOLD = {"log.opened", "log.key_changed", "log.rules_adopted"}


def steps_of(bundle: Path, *elsewhere: Path) -> set[int]:
    trust = next(folder for folder in bundle.parents if (folder / "trust.json").exists()) / "trust.json"
    notes = [path.read_bytes() for path in elsewhere]
    return {step for step, _, _ in verify(load(bundle), json.loads(trust.read_text()), *notes)}


def test_the_second_reader_uses_nothing_of_ours() -> None:
    tree = ast.parse((HERE / "verifier.py").read_text(encoding="utf-8"))
    named = {each.name for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names}
    named |= {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in named if name.startswith((".", "packtrace"))}
    programs = "".join((HERE / name).read_text(encoding="utf-8") for name in ("sign.mjs", "story.mjs"))
    assert set(re.findall(r' from "([^"]+)";', programs)) == {"node:crypto", "node:fs", "./sign.mjs"}


@pytest.mark.parametrize("bundle", GOOD, ids=lambda path: path.parent.name)
def test_it_finds_nothing_wrong_with_a_good_sample(bundle: Path) -> None:
    assert steps_of(bundle, bundle.with_name("checkpoint")) == set()


@pytest.mark.parametrize("bundle", TAMPERED, ids=lambda path: f"{path.parents[1].name}-{path.stem}")
def test_it_stops_at_the_steps_at_which_our_verifier_does(bundle: Path) -> None:
    """`expected.json` is what `packtrace verify` says, which the tests of the samples hold."""
    expected = json.loads(bundle.with_suffix(".expected.json").read_text(encoding="utf-8"))
    kinds = [CATALOGUE[finding["code"]] for finding in expected["findings"]]
    ours = {kind.step for kind in kinds if kind.severity is Severity.ERROR}
    elsewhere = [bundle.parent / expected["checkpoint"]] if "checkpoint" in expected else []
    assert steps_of(bundle, *elsewhere) == ours - {1, 8}


# ---- the signer ----


def node(program: str, *arguments: Path, stdin: str) -> str:
    found = shutil.which("node")
    if found is None:
        reason = "no node: apt-get install nodejs"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    done = subprocess.run(
        [found, program, *arguments], cwd=HERE, input=stdin, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


def told(home: Path) -> list[list[dict[str, Any]]]:
    """The submissions of the story, for a log that has just been founded."""
    named = ("--origin", ORIGIN, "--registrar", REGISTRAR, "--name", "Registry", "--purpose", "test")
    call_well("init", *named, "--no-passphrase", "--home", home)
    heads = {}
    for subject in (f"log:{ORIGIN}", f"org:{REGISTRAR}"):
        shown = json.loads(call_well("show", subject, "--json", "--home", home))
        heads[subject] = {"seq": shown["seq"], "id": shown["head"]}
    (kid,) = json.loads((home / "trust.json").read_text())["registrars"]["kids"]
    log = {"origin": ORIGIN, "registrar": REGISTRAR, "heads": heads}
    lines = node("story.mjs", home / "keys" / f"{kid}.pem", stdin=json.dumps(log)).splitlines()
    return [json.loads(line)["events"] if line.startswith("{") else [line] for line in lines]


def types_in(story: list[list[str]]) -> set[str]:
    texts = [event.partition("~")[0] for group in story for event in group]
    return {parse_jws(text, typ=EVENT).value["type"] for text in texts}


def test_what_it_signs_of_every_type_is_accepted_and_verifies(tmp_path: Path) -> None:
    home, bundle = tmp_path / "home", tmp_path / "story.zip"
    story = told(home)
    assert types_in(story) == {row.type for row in TABLE} - NOT_TOLD
    lines = "\n".join(json.dumps({"events": group}) for group in story)
    answers = [
        json.loads(line) for line in call("submit", "--json", "--home", home, stdin=lines).stdout.splitlines()
    ]
    assert [answer for answer in answers if answer["status"] != "accepted"] == []
    call_well("export", bundle, "--home", home)
    trust = home / "trust.json"
    assert "VERIFIED" in call_well("verify", bundle, "--trust", trust, "--home", home)
    assert verify(load(bundle), json.loads(trust.read_text())) == []


def test_a_story_that_lacks_a_submission_is_refused_from_there(tmp_path: Path) -> None:
    home = tmp_path / "home"
    story = told(home)
    lines = "\n".join(json.dumps({"events": group}) for group in [*story[:3], *story[4:]])
    said = call("submit", "--json", "--on-error", "stop", "--home", home, stdin=lines).stdout.splitlines()
    statuses = [json.loads(line)["status"] for line in said]
    assert "refused" in statuses and statuses[-1] == "skipped"
