"""A key that its owner no longer trusts: what it signed is listed, and what came of that; no more."""

from __future__ import annotations

from datetime import timedelta

from packtrace.signing.disclosures import split_presentation
from packtrace.tests.scene import START, Scene, module_code, pack_code
from packtrace.tests.trace.court import Court
from packtrace.trace.lifecycle.world import Memory
from packtrace.trace.statement import parse_event_jws, read_event
from packtrace.trace.times import format_time
from packtrace.trace.verify.compromised import list_touched, parse_revocation
from packtrace.trace.verify.findings import Finding

CODE = pack_code(1)
PACK, MODULE = f"battery:gbt34014:{CODE}", f"battery:gbt34014:{module_code(CODE)}"


def listed(scene: Scene, court: Court, since: str | None) -> Finding | None:
    """What an audit says once the dismantler has revoked its key."""
    party = scene.dismantler
    data = {"kid": party.key.public.kid, "reason": "compromised"}
    data |= {"compromised_since": since} if since else {}
    text = scene.sign(party, "key.revoked", f"keys:{party.id}", data, key=party.admin)
    court.admit(text)
    event = read_event(parse_event_jws(split_presentation(text)[0]))
    revocation = parse_revocation(event, court.leaves - 1)
    assert isinstance(court.world, Memory)
    return list_touched(court.world, revocation) if revocation else None


def lived() -> tuple[Scene, Court]:
    scene = Scene()
    court = Court(scene)
    for group in scene.life_of_a_pack(CODE):
        court.admit(*group)
    return scene, court


def test_what_a_stolen_key_signed_is_listed_down_to_the_batch() -> None:
    scene, court = lived()
    finding = listed(scene, court, format_time(START))
    assert finding is not None
    assert (finding.code, finding.subject) == ("KEY_COMPROMISED", f"keys:{scene.dismantler.id}")
    signed, _, came_of_it = finding.evidence.partition("; what came of these: ")
    assert PACK in signed and MODULE in signed
    assert f"batch:{scene.recycler.id}/{CODE}" in came_of_it


def test_what_was_recorded_before_is_not_listed() -> None:
    scene, court = lived()
    court.later(days=2)
    assert listed(scene, court, format_time(court.now - timedelta(days=1))) is None


def test_a_revocation_that_says_no_time_lists_nothing() -> None:
    scene, court = lived()
    assert listed(scene, court, None) is None
