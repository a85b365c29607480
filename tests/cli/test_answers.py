"""A refusal says which event is meant and enough to mend it: what somebody who signs elsewhere goes by."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from packtrace.signing.jws import EVENT, parse_jws
from packtrace.tests.cli.command import call
from packtrace.tests.cli.conftest import CODE
from packtrace.tests.scene import Scene, digest_of


def answer(home: Path, *events: str) -> dict[str, Any]:
    line = {"events": list(events)} if len(events) > 1 else {"event": events[0]}
    said: dict[str, Any] = json.loads(call("submit", "--json", "--home", home, stdin=json.dumps(line)).stdout)
    return said


def follower(scene: Scene, **changes: Any) -> tuple[str, str]:
    """A pack goes into a vehicle; the second event says something else than it should."""
    installed, fitted = scene.installed(CODE)
    value = parse_jws(fitted.partition("~")[0], typ=EVENT).value
    scene.heads.pop(value["sub"])
    again = scene.sign(scene.maker, value["type"], value["sub"], value["data"] | changes)
    return installed, again + "~" + fitted.partition("~")[2]


def badly_signed(scene: Scene) -> tuple[str, str]:
    installed, fitted = scene.installed(CODE)
    jws, _, rest = fitted.partition("~")
    signed, _, signature = jws.rpartition(".")
    return installed, f"{signed}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}~{rest}"


WRONG: dict[str, Callable[[Scene], tuple[str, str]]] = {
    "REFERENCE_ABSENT": lambda scene: follower(scene, installed=digest_of("another")),
    "SCHEMA_INVALID": lambda scene: follower(scene, packs="one"),
    "DISCLOSURE_MISMATCH": lambda scene: follower(scene, vin=[{"...": digest_of("another")}]),
    "SIGNATURE_INVALID": badly_signed,
}


@pytest.mark.parametrize("code", WRONG)
def test_the_answer_to_a_group_names_the_event_that_is_wrong(code: str, home: Path, scene: Scene) -> None:
    group = WRONG[code](scene)
    said = answer(home, *group)
    assert (said["status"], said["code"], said["event"]) == ("refused", code, 1)
    told = call("submit", "--home", home, stdin=json.dumps({"events": list(group)})).stdout
    assert told.rstrip().endswith(", in event 1 of the group")


def test_the_first_of_a_group_is_named_and_one_that_is_alone_is_not(home: Path, scene: Scene) -> None:
    installed, fitted = scene.installed(CODE)
    assert answer(home, installed)["code"] == "GROUP_INCOMPLETE"
    assert "event" not in answer(home, installed)
    assert answer(home, fitted, installed)["event"] == 0


def test_a_value_given_in_the_open_is_answered_with_how_it_is_withheld(home: Path, scene: Scene) -> None:
    said = answer(home, *follower(scene, vin="LSVAA4187E2184847"))
    assert said["where"] == "/data/vin"
    assert "a withheld value, whose digest stands in its place" in said["detail"]
    assert "LSVAA4187E2184847" not in json.dumps(said)


def test_a_code_is_measured_in_the_notes_on_it_too(home: Path, scene: Scene) -> None:
    note = {"kind": "drop", "note": "off the lift"}
    text = scene.sign(scene.maker, "note.incident", f"notes:battery:gbt34014:{CODE[:-1]}", note)
    assert "whose code has 23 characters, not 24 or 19" in answer(home, text)["detail"]
