"""A log ends, and its successor goes on: a chain names where it ended in the log before."""

from __future__ import annotations

from typing import Any

import pytest

from packtrace.tests.scene import Scene, digest_of
from packtrace.tests.trace.court import Court

FORMER = "log.packtrace.example/former"


class Successor(Scene):
    """A scene whose log goes on from a sealed one."""

    def log_opened(self, **changes: Any) -> str:
        end = {"origin": FORMER, "size": 9, "root": digest_of("root"), "checkpoint": digest_of("note")}
        return super().log_opened(succeeds=end, **changes)


def registered(log: Court, **more: Any) -> str:
    scene = log.scene
    data = {"stage": "waste", "holder": "signer", "capacity": "pack_dismantler", "read_by": "camera"}
    sub = f"battery:tag:{scene.dismantler.id}/a"
    return scene.sign(scene.dismantler, "battery.registered", sub, data | more)


def ended(origin: str) -> dict[str, Any]:
    return {"origin": origin, "seq": 3, "head": digest_of("its last event")}


@pytest.mark.parametrize(
    "more", [{"basis": "other_log", "predecessor": ended(FORMER)}, {"basis": "label_unreadable"}]
)
def test_a_chain_goes_on_from_the_log_that_this_one_succeeds_or_begins_here(more: dict[str, Any]) -> None:
    log = Court(Successor())
    log.admit(registered(log, **more))


@pytest.mark.parametrize(
    "more",
    [
        {"basis": "other_log"},
        {"basis": "other_log", "predecessor": ended("log.packtrace.example/another")},
        {"basis": "legacy", "predecessor": ended(FORMER)},
    ],
)
def test_a_chain_that_names_another_end_or_none_does_not_go_on(more: dict[str, Any]) -> None:
    log = Court(Successor())
    assert log.refusal(registered(log, **more)) == "ILLEGAL_TRANSITION"


def test_what_comes_from_a_log_that_this_one_does_not_succeed_is_vouched_for() -> None:
    log = Court(Scene())
    log.admit(registered(log, basis="other_log"))
