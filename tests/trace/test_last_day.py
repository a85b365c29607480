"""A log may claim to be of the last day of the year 9999; it is judged like any other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from packtrace.tests.scene import Scene, event_id, pack_code
from packtrace.tests.trace.court import Court
from packtrace.trace.times import later

LAST_DAY = datetime(9999, 12, 31, 23, 59, 58, tzinfo=UTC)
PACK = f"battery:gbt34014:{pack_code(1)}"


def court() -> Court:
    made = Court(Scene())
    made.now = made.scene.at = LAST_DAY
    return made


def test_no_time_is_later_than_the_last() -> None:
    assert later(LAST_DAY, timedelta(seconds=1)) == LAST_DAY + timedelta(seconds=1)
    assert later(LAST_DAY, timedelta(days=400)).year == 9999


def test_an_offer_that_can_not_stand_long_enough_is_refused() -> None:
    log = court()
    log.admit(log.scene.manufactured(pack_code(1)))
    data = {
        "consignee": log.scene.garage.org,
        "capacity": "repairer",
        "expires_at": "9999-12-31T23:59:58Z",
    }
    assert log.refusal(log.scene.sign(log.scene.maker, "handover.offered", PACK, data)) == "OFFER_EXPIRY"


def test_a_claim_after_the_log_s_time_and_a_void_are_judged() -> None:
    log = court()
    made = log.scene.manufactured(pack_code(1))
    log.scene.at = LAST_DAY + timedelta(seconds=1)
    log.admit(made)
    void = log.scene.sign(
        log.scene.maker, "battery.voided", PACK, {"event": event_id(made), "reason": "entered_wrongly"}
    )
    log.admit(void)
