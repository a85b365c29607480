"""What never reaches the log, whoever sends it, and the answer that it gets."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from packtrace.signing.base64url import b64url
from packtrace.signing.compact import format_compact
from packtrace.signing.jws import EVENT, POP, parse_jws, sign_jws
from packtrace.signing.keys import PrivateKey
from packtrace.tests.cli.command import call, call_well
from packtrace.tests.cli.conftest import CODE
from packtrace.tests.scene import Scene, digest_of, ed25519_key, event_id, pack_code
from packtrace.trace.ledger.home import Home
from packtrace.trace.ledger.ledger import Ledger, system_clock

PACK = f"battery:gbt34014:{CODE}"
INTACT = {"condition": "intact"}
WEAK_X = b64url(bytes([1] + [0] * 31))  # the neutral point: any signature by it holds for many messages


def size_of(home: Path, scene: Scene) -> int:
    with Ledger.open(Home.load(home), scene.log_key, system_clock) as ledger:
        return ledger.size


def signed_raw(payload: bytes, key: PrivateKey) -> str:
    """A JWS whose payload no honest writer would sign."""
    header = format_compact({"alg": "Ed25519", "kid": key.public.kid, "typ": EVENT})
    signed = f"{b64url(header)}.{b64url(payload)}"
    return f"{signed}.{b64url(key.sign(signed.encode()))}"


def spaced(scene: Scene) -> str:
    value = parse_jws(scene.inspected(scene.maker, CODE), typ=EVENT).value
    return signed_raw(json.dumps(value).encode(), scene.maker.key)


def wrong_typ(scene: Scene) -> str:
    jws = parse_jws(scene.inspected(scene.maker, CODE), typ=EVENT)
    return sign_jws(jws.payload, scene.maker.key, POP)


def bad_signature(scene: Scene) -> str:
    signed, _, signature = scene.inspected(scene.maker, CODE).rpartition(".")
    return f"{signed}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


def weak_key(scene: Scene) -> str:
    proof = sign_jws(format_compact({"a": 1}), scene.maker.key, POP)
    data = {"use": "sign", "jwk": {"crv": "Ed25519", "kty": "OKP", "x": WEAK_X}, "possession": proof}
    return scene.sign(scene.maker, "key.added", f"keys:{scene.maker.id}", data, key=scene.maker.admin)


def correction_of(scene: Scene, event: str) -> str:
    data = {"event": event, "set": {"note": "as weighed"}, "reason": "typing"}
    return scene.sign(scene.maker, "note.corrected", f"notes:{PACK}", data)


def offer_as_waste(scene: Scene) -> str:
    data = {
        "consignee": scene.recycler.org,
        "capacity": "recycler",
        "expires_at": "2027-01-01T00:00:00Z",
    }
    return scene.sign(scene.maker, "handover.offered", PACK, data)


REFUSED: dict[str, tuple[Callable[[Scene], str], str]] = {
    "malformed_jws": (lambda scene: "eyJhbGciOiJub25lIn0.e30.", "MALFORMED_JWS"),
    "outside_the_compact_form": (spaced, "NON_CANONICAL_ENCODING"),
    "thousand_levels": (
        lambda scene: signed_raw(b'{"a":' * 1000 + b"1" + b"}" * 1000, scene.maker.key),
        "NON_CANONICAL_ENCODING",
    ),
    "wrong_audience": (
        lambda scene: scene.inspected(scene.maker, CODE, aud="other.example"),
        "WRONG_AUDIENCE",
    ),
    "wrong_typ": (wrong_typ, "WRONG_TYP"),
    "bad_signature": (bad_signature, "SIGNATURE_INVALID"),
    "unknown_key": (
        lambda scene: scene.inspected(scene.maker, CODE, key=ed25519_key("stranger")),
        "KEY_UNKNOWN",
    ),
    "foreign_key": (lambda scene: scene.inspected(scene.maker, CODE, key=scene.garage.key), "KEY_FOREIGN"),
    "admin_key": (
        lambda scene: scene.inspected(scene.maker, CODE, key=scene.maker.admin),
        "KEY_USE_FORBIDDEN",
    ),
    "weak_key": (weak_key, "KEY_WEAK"),
    "place_taken": (lambda scene: scene.inspected(scene.maker, CODE, seq=0, prev=None), "PLACE_TAKEN"),
    "sequence_gap": (
        lambda scene: scene.inspected(scene.maker, CODE, seq=5, prev=scene.heads[PACK][1]),
        "SEQUENCE_GAP",
    ),
    "wrong_prev": (
        lambda scene: scene.inspected(scene.maker, CODE, seq=1, prev=digest_of("another")),
        "CHAIN_LINK_BROKEN",
    ),
    "illegal_transition": (
        lambda scene: scene.sign(
            scene.maker, "battery.recycled", PACK, {"batch": f"batch:{scene.maker.id}/1", "mass": MASS}
        ),
        "ILLEGAL_TRANSITION",
    ),
    "wrong_role": (
        lambda scene: scene.sign(
            scene.maker, "battery.retired", PACK, {"capacity": "recycler", "reason": "recall"}
        ),
        "SIGNER_ROLE_FORBIDDEN",
    ),
    "wrong_capacity": (offer_as_waste, "WRONG_CAPACITY"),
    "not_the_custodian": (lambda scene: scene.inspected(scene.garage, CODE), "NOT_CUSTODIAN"),
    "foreign_vendor_code": (lambda scene: scene.manufactured("05Q" + CODE[3:]), "FOREIGN_VENDOR_CODE"),
    "future_time": (
        lambda scene: scene.inspected(scene.maker, CODE, occurred_at=datetime(2999, 1, 1, tzinfo=UTC)),
        "TIME_IN_FUTURE",
    ),
    "reference_to_something_absent": (
        lambda scene: correction_of(scene, digest_of("nothing")),
        "REFERENCE_ABSENT",
    ),
    "reference_to_something_later": (
        lambda scene: correction_of(scene, event_id(scene.inspected(scene.maker, CODE))),
        "REFERENCE_ABSENT",
    ),
    "half_a_group": (lambda scene: scene.installed(CODE)[0], "GROUP_INCOMPLETE"),
    "unknown_type": (
        lambda scene: scene.sign(scene.maker, "battery.melted", PACK, {}),
        "UNKNOWN_EVENT_VERSION",
    ),
    "member_too_many": (
        lambda scene: scene.sign(scene.maker, "battery.inspected", PACK, INTACT | {"mood": "good"}),
        "SCHEMA_INVALID",
    ),
}
MASS = {"g": 1_000, "basis": "measured"}


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_event_is_refused_with_its_reason_and_recorded_nowhere(
    name: str, home: Path, scene: Scene
) -> None:
    before = size_of(home, scene)
    make, code = REFUSED[name]
    result = call("submit", "--json", "--home", home, stdin=make(scene))
    said = json.loads(result.stdout)
    assert (result.exit_code, said["status"], said["code"]) == (1, "refused", code)
    assert "expected" in said["detail"] and "got" in said["detail"]
    assert said["where"], said
    assert size_of(home, scene) == before


@pytest.mark.parametrize("name", ["wrong_audience", "not_the_custodian"])
def test_refusal_says_expected_got_and_where_to_people(name: str, home: Path, scene: Scene) -> None:
    make, code = REFUSED[name]
    result = call("submit", "--home", home, stdin=make(scene))
    assert f"stdin:1: refused {code}: " in result.stdout
    assert "expected" in result.stdout and "got" in result.stdout and ", at /" in result.stdout


def test_right_event_beside_the_wrong_ones_is_accepted(home: Path, scene: Scene) -> None:
    """The forgeries above are refused for what is wrong with them, not for what they have in common."""
    result = call("submit", "--home", home, stdin=scene.inspected(scene.maker, CODE))
    assert (result.exit_code, "accepted at leaf 11" in result.stdout) == (0, True)


def test_expired_and_revoked_keys_are_refused(home: Path, scene: Scene) -> None:
    old, lost = ed25519_key("old"), ed25519_key("lost")
    added = [scene.key_added(scene.maker, old, until="2026-01-06T00:00:00Z")]
    added += [scene.key_added(scene.maker, lost), scene.key_revoked(scene.maker, lost)]
    call_well("submit", "--home", home, stdin="\n".join(added))
    for key, code in ((old, "KEY_NOT_VALID_AT_SIGNING"), (lost, "KEY_REVOKED_AT_SIGNING")):
        text = scene.inspected(scene.maker, CODE, key=key, seq=1, prev=scene.heads[PACK][1])
        assert f"refused {code}" in call("submit", "--home", home, stdin=text).stdout


def test_same_event_again_is_known_and_no_error(home: Path, scene: Scene) -> None:
    text = scene.inspected(scene.maker, CODE)
    first = json.loads(call_well("submit", "--json", "--home", home, stdin=text))
    again = json.loads(call_well("submit", "--json", "--home", home, stdin=text))
    assert (first["status"], again["status"]) == ("accepted", "known")
    assert first["events"] == again["events"]


@pytest.mark.parametrize(
    ("on_error", "statuses"),
    [
        ("continue", ["accepted", "refused", "refused", "accepted"]),
        ("stop", ["accepted", "refused", "skipped", "skipped"]),
        ("rollback", ["skipped", "refused", "skipped", "skipped"]),
    ],
)
def test_answers_stand_in_the_order_of_the_lines(
    on_error: str, statuses: list[str], home: Path, scene: Scene
) -> None:
    lines = [
        json.dumps({"event": scene.inspected(scene.maker, CODE)}),
        "no event at all",
        scene.inspected(scene.garage, CODE, seq=9, prev=digest_of("x")),
        json.dumps({"events": list(scene.installed(CODE))}),
    ]
    before = size_of(home, scene)
    result = call("submit", "--json", "--on-error", on_error, "--home", home, stdin="\n\n".join(lines))
    said = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["status"] for each in said] == statuses
    assert [each["line"] for each in said] == [1, 3, 5, 7]
    assert result.exit_code == 1
    assert size_of(home, scene) - before == {"continue": 3, "stop": 1, "rollback": 0}[on_error]


@pytest.mark.parametrize(
    "line",
    [
        b'{"event":1}',
        b'{"events":[]}',
        b'{"events":"x"}',
        b"{}",
        b'{"event":"x","extra":1}',
        b'{"event":"x","event":"y"}',
        b'{"event":"x"',
        b'{"a":' * 100_000,
        b"[" * 1000,
        "事件".encode(),
        b"\xff\xfe\x00",
        b'{"event":"x","at":5}',
    ],
    ids=lambda line: repr(line[:20]),
)
def test_line_that_holds_no_event_is_refused(line: bytes, home: Path) -> None:
    result = call("submit", "--home", home, stdin=line)
    assert (result.exit_code, "refused MALFORMED_JWS" in result.stdout) == (1, True)
    assert "expected" in result.stdout and "got" in result.stdout


def test_id_that_is_not_the_events_is_refused(home: Path, scene: Scene) -> None:
    text = scene.inspected(scene.maker, CODE)
    wrong = json.dumps({"id": digest_of("x"), "event": text})
    assert "id: expected" in call("submit", "--home", home, stdin=wrong).stdout
    call_well("submit", "--home", home, stdin=json.dumps({"id": event_id(text), "event": text}))


def test_line_of_ten_megabytes_is_refused_and_the_next_is_read(home: Path, scene: Scene) -> None:
    data = b"A" * 10_000_000 + b"\n" + scene.inspected(scene.maker, CODE).encode()
    result = call("submit", "--home", home, stdin=data)
    first, second = result.stdout.splitlines()
    assert "refused MALFORMED_JWS: line: expected at most" in first
    assert "2: accepted" in second


def test_sealed_vin_needs_its_disclosure(home: Path, scene: Scene) -> None:
    installed, fitted = scene.installed(CODE)
    bare = json.dumps({"events": [installed, fitted.partition("~")[0]]})
    assert "refused DISCLOSURE_MISMATCH" in call("submit", "--home", home, stdin=bare).stdout
    call_well("submit", "--home", home, stdin=json.dumps({"events": [installed, fitted]}))


def test_second_pack_is_another_chain(home: Path, scene: Scene) -> None:
    text = scene.manufactured(pack_code(2))
    call_well("submit", "--home", home, stdin=text)
