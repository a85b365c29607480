"""The log's own chain: what it adopts, who registers, and when it ends."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.signing.compact import format_compact
from packtrace.signing.jws import APPROVAL, EVENT, parse_jws, sign_jws
from packtrace.signing.keys import PrivateKey
from packtrace.signing.merkle import leaf_hash, root_of
from packtrace.signing.note import format_vkey
from packtrace.signing.possession import sign_possession
from packtrace.tests.scene import Party, Scene, ed25519_key, pack_code
from packtrace.tests.trace.court import Court
from packtrace.trace.errors import RefusedError, TraceError
from packtrace.trace.lifecycle.keyring import approval_digest
from packtrace.trace.lifecycle.world import Memory
from packtrace.trace.rules.ruleset import (
    RuleBook,
    RuleSet,
    RulesUnknownError,
    format_rules,
    load_rules,
    parse_rules,
    rules_digest,
    with_policy,
)
from packtrace.trace.times import format_time

INSTALLED = load_rules()


def other_rules(**numbers: int) -> RuleSet:
    """The installed rules with other numbers."""
    policy = json.loads(INSTALLED.parts["policy.json"])
    for name, value in numbers.items():
        policy["values"][name]["value"] = value
    return with_policy(INSTALLED, "house-rules/2", json.dumps(policy).encode())


def adopted(scene: Scene, rules: RuleSet, **override: Any) -> str:
    data = {"rules": {"name": rules.name, "sha256": rules.sha256}, "reason": "other"}
    return scene.sign(scene.registrar, "log.rules_adopted", f"log:{scene.origin}", data, **override)


def court(*files: RuleSet) -> Court:
    """A log of one registrar, with these rule sets at hand."""
    made = Court(Scene(), found=False)
    known = {rules.sha256: format_rules(rules) for rules in files}
    made.world = Memory(made.scene.origin, INSTALLED, RuleBook(INSTALLED, known.get))
    for text in made.scene.founding():
        made.admit(text)
    return made


def offer(scene: Scene, days: int) -> str:
    data = {
        "consignee": scene.garage.org,
        "capacity": "dealer",
        "expires_at": format_time(scene.at + timedelta(days=days)),
    }
    return scene.sign(scene.maker, "handover.offered", f"battery:gbt34014:{pack_code(1)}", data, seq=1)


# A rule set is a file under a digest.


def test_a_rule_set_survives_being_written_and_read() -> None:
    rules = other_rules(void_hours=1)
    again = parse_rules(format_rules(rules), INSTALLED)
    assert (again.id, again.policy.void_hours) == (rules.id, 1)
    assert again.sha256 == rules_digest(rules.parts) != INSTALLED.sha256


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: [],
        lambda file: file | {"name": "Not a name"},
        lambda file: file | {"parts": {}},
        lambda file: file | {"more": 1},
        lambda file: file | {"parts": file["parts"] | {"lifecycle": "[]"}},
        lambda file: file | {"parts": file["parts"] | {"policy.json": "{}"}},
        lambda file: file | {"parts": file["parts"] | {"schemas/statements/log.heads.json": "[]"}},
        lambda file: (
            file
            | {"parts": file["parts"] | {"schemas/statements/log.heads.json": '{"$ref":"http://x.example"}'}}
        ),
    ],
)
def test_a_file_that_this_version_cannot_apply_is_no_rule_set(damage: Any) -> None:
    file = json.loads(format_rules(INSTALLED))
    with pytest.raises(RulesUnknownError):
        parse_rules(json.dumps(damage(file)).encode(), INSTALLED)


def test_a_file_is_used_under_its_own_digest_alone() -> None:
    mild, strict = other_rules(void_hours=100), other_rules(void_hours=1)
    book = RuleBook(INSTALLED, lambda sha256: format_rules(mild))
    assert book.find(*mild.id).policy.void_hours == 100
    with pytest.raises(RulesUnknownError):
        book.find(*strict.id)


def test_adopted_schemas_can_forbid_and_never_allow_what_this_version_cannot_judge() -> None:
    name = "schemas/statements/battery.inspected.json"
    file = json.loads(format_rules(INSTALLED))
    schema = json.loads(file["parts"][name])
    schema["properties"]["data"]["properties"]["condition"]["enum"] = ["intact", "melted"]
    file["parts"][name] = json.dumps(schema)
    rules = parse_rules(json.dumps(file).encode(), INSTALLED)
    scene = Scene()
    found = {}
    for condition in ("intact", "damaged", "melted"):
        text = scene.sign(
            scene.maker, "battery.inspected", f"battery:gbt34014:{pack_code(1)}", {"condition": condition}
        )
        try:
            rules.shapes.check(parse_jws(text, typ=EVENT).value)
            found[condition] = "fits"
        except TraceError as error:
            found[condition] = type(error).__name__
    assert found == {"intact": "fits", "damaged": "ShapeError", "melted": "UnknownVersionError"}


# Adoption in the log.


def test_from_the_next_leaf_on_the_adopted_rules_judge() -> None:
    rules = other_rules(offer_least_days=20)
    log = court(rules)
    log.admit(log.scene.manufactured(pack_code(1)))
    log.later(days=1)
    short = offer(log.scene, 10)
    log.admit(adopted(log.scene, rules))
    assert log.world.rules.id == rules.id
    assert log.refusal(short) != "accepted"
    log.admit(offer(log.scene, 25))


def test_without_the_adoption_the_same_offer_stands() -> None:
    log = court(other_rules(offer_least_days=20))
    log.admit(log.scene.manufactured(pack_code(1)))
    log.later(days=1)
    log.admit(offer(log.scene, 10))


def test_rules_that_nobody_has_are_not_adopted_and_leave_the_old_ones_in_force() -> None:
    log = court()
    assert log.refusal(adopted(log.scene, other_rules(void_hours=1))) == "RULES_UNKNOWN"
    assert log.world.rules.id == INSTALLED.id


def test_the_rules_in_force_are_not_adopted_again() -> None:
    log = court()
    assert log.refusal(adopted(log.scene, INSTALLED)) == "ILLEGAL_TRANSITION"


# Registrars.


def registrars(
    log: Court,
    *kept: tuple[Party, PrivateKey],
    new: tuple[tuple[Party, PrivateKey], ...] = (),
    threshold: int = 1,
    key: PrivateKey | None = None,
    approved_by: tuple[PrivateKey, ...] = (),
    proven_by: PrivateKey | None = None,
) -> str:
    """A change of registrars; its approvals are of the statement as it then stands."""
    scene, sub = log.scene, f"log:{log.scene.origin}"
    head = scene.heads[sub][1]
    named = [{"org": party.org, "jwk": each.public.jwk()} for party, each in kept]
    for party, each in new:
        proof = sign_possession(signer=proven_by or each, aud=scene.origin, sub=sub, head=head)
        named.append({"org": party.org, "jwk": each.public.jwk(), "possession": proof})
    data: dict[str, Any] = {"registrars": named, "threshold": threshold, "reason": "other"}
    return joint(log, "registrar.key_changed", data, key, approved_by)


def joint(
    log: Court,
    kind: str,
    data: dict[str, Any],
    key: PrivateKey | None = None,
    approved_by: tuple[PrivateKey, ...] = (),
    sub: str = "",
) -> str:
    scene, sub = log.scene, sub or f"log:{log.scene.origin}"
    seq, prev = scene.heads[sub][0] + 1, scene.heads[sub][1]
    place = {"seq": seq, "prev": prev, "nonce": "AAAAAAAAAAAAAAAAAAAAAA", "key": key}
    if approved_by:
        draft = parse_jws(scene.sign(scene.registrar, kind, sub, data, **place), typ=EVENT).value
        body = format_compact({"aud": scene.origin, "statement": approval_digest(draft)})
        data = data | {"approvals": [sign_jws(body, each, APPROVAL) for each in approved_by]}
    text = scene.sign(scene.registrar, kind, sub, data, **place)
    return text


def admit(log: Court, text: str) -> None:
    """Take an event in whose place was given, and follow its chain."""
    log.admit(text)
    jws = parse_jws(text, typ=EVENT)
    log.scene.heads[jws.value["sub"]] = (jws.value["seq"], jws.id)


SECOND = ed25519_key("second registrar")
THIRD = ed25519_key("third registrar")


def two_registrars() -> Court:
    """A log whose two registrars must agree."""
    log = court(other_rules(void_hours=1))
    scene = log.scene
    text = registrars(
        log, (scene.registrar, scene.registrar.key), new=((scene.regulator, SECOND),), threshold=2
    )
    admit(log, text)
    return log


def test_a_new_registrar_proves_its_key() -> None:
    log = court()
    scene = log.scene
    text = registrars(
        log,
        (scene.registrar, scene.registrar.key),
        new=((scene.regulator, SECOND),),
        proven_by=scene.maker.key,
    )
    assert log.refusal(text) == "KEY_NOT_PROVEN"


def test_the_old_threshold_decides_on_new_registrars() -> None:
    log = two_registrars()
    scene = log.scene
    alone = ((scene.registrar, scene.registrar.key),)
    assert log.refusal(registrars(log, *alone)) == "REGISTRY_QUORUM_UNMET"
    assert log.refusal(registrars(log, *alone, approved_by=(THIRD,))) == "APPROVAL_INVALID"
    admit(log, registrars(log, *alone, approved_by=(SECOND,)))


def test_no_threshold_that_cannot_be_met_is_set() -> None:
    log = court()
    scene = log.scene
    text = registrars(log, (scene.registrar, scene.registrar.key), threshold=2)
    assert log.refusal(text) == "REGISTRY_QUORUM_UNMET"


def test_a_former_registrar_signs_nothing_and_approves_nothing() -> None:
    log = two_registrars()
    scene = log.scene
    old = scene.registrar.key
    text = registrars(
        log,
        (scene.regulator, SECOND),
        new=((scene.registrar, THIRD),),
        threshold=2,
        approved_by=(SECOND,),
    )
    admit(log, text)
    suspended = {"reason": "other"}
    org = scene.garage.org
    signed_by_old = joint(log, "org.suspended", suspended, old, (SECOND,), org)
    assert log.refusal(signed_by_old) == "KEY_USE_FORBIDDEN"
    approved_by_old = joint(log, "org.suspended", suspended, THIRD, (old,), org)
    assert log.refusal(approved_by_old) == "APPROVAL_INVALID"
    admit(log, joint(log, "org.suspended", suspended, THIRD, (SECOND,), org))


def test_one_registrar_alone_leaves_nobody_undecided() -> None:
    log = two_registrars()
    unknown = other_rules(void_hours=2)
    data = {"rules": {"name": unknown.name, "sha256": unknown.sha256}, "reason": "other"}
    assert log.refusal(joint(log, "log.rules_adopted", data)) == "REGISTRY_QUORUM_UNMET"


# A key for who lost its own.


def recovered(log: Court, key: PrivateKey, days: int) -> str:
    scene, org = log.scene, log.scene.garage.org
    proof = sign_possession(signer=key, aud=scene.origin, sub=org, head=scene.heads[org][1])
    since = format_time((log.now + timedelta(days=days)).replace(microsecond=0))
    data = {"jwk": key.public.jwk(), "possession": proof, "from": since, "reason": "lost"}
    return scene.sign(scene.registrar, "org.key_recovered", org, data)


def added_with(log: Court, key: PrivateKey) -> str:
    scene = log.scene
    sub = f"keys:{scene.garage.id}"
    new = ed25519_key("garage, once more")
    seq, head = scene.heads[sub]
    proof = sign_possession(signer=new, aud=scene.origin, sub=sub, head=head)
    data = {"use": "sign", "jwk": new.public.jwk(), "possession": proof}
    return scene.sign(scene.garage, "key.added", sub, data, key=key, seq=seq + 1, prev=head)


def test_a_recovered_key_acts_after_the_delay_and_is_told() -> None:
    log = court()
    key = ed25519_key("garage recovered")
    days = INSTALLED.policy.recovery_delay_days
    log.admit(recovered(log, key, days + 1))
    assert [remark.code for remark in log.remarks] == ["KEY_ADDED_BY_REGISTRAR"]
    assert log.refusal(added_with(log, key)) == "KEY_NOT_VALID_AT_SIGNING"
    log.later(days=days + 2)
    log.admit(added_with(log, key))


def test_no_key_is_recovered_sooner_than_the_policy_says() -> None:
    log = court()
    text = recovered(log, ed25519_key("garage recovered"), INSTALLED.policy.recovery_delay_days - 1)
    assert log.refusal(text) == "RECOVERY_TOO_SOON"


def test_the_organisation_revokes_a_recovered_key_before_it_acts() -> None:
    log = court()
    key = ed25519_key("garage recovered")
    log.admit(recovered(log, key, INSTALLED.policy.recovery_delay_days + 1))
    log.admit(log.scene.key_revoked(log.scene.garage, key))
    log.later(days=INSTALLED.policy.recovery_delay_days + 2)
    assert log.refusal(added_with(log, key)) == "KEY_REVOKED_AT_SIGNING"


# The heads of all chains.


def heads(log: Court, **change: Any) -> str:
    """What ``log.heads`` says of this moment, counted here a second time."""
    chains = log.world.chains.values()
    leaves = sorted(
        hashlib.sha256(each.subject.encode()).digest() + each.seq.to_bytes(8, "big") + parse_b64url(each.head)
        for each in chains
    )
    root = b64url(root_of([leaf_hash(leaf) for leaf in leaves]))
    scene = log.scene
    data = {"size": log.leaves, "count": len(leaves), "root": root} | change
    seq, head = scene.heads[f"log:{scene.origin}"]
    return scene.sign(scene.registrar, "log.heads", f"log:{scene.origin}", data, seq=seq + 1, prev=head)


def test_the_heads_of_all_chains_are_told_as_they_are() -> None:
    log = court()
    log.admit(log.scene.manufactured(pack_code(1)))
    log.admit(heads(log))


def test_no_other_root_count_or_size_is_told() -> None:
    log = court()
    log.admit(log.scene.manufactured(pack_code(1)))
    for change in ({"root": b64url(bytes(32))}, {"count": 1}, {"size": log.leaves - 1}):
        assert log.refusal(heads(log, **change)) == "HEADS_MISMATCH"
    with pytest.raises(RefusedError, match="over their leaves in the order of their bytes"):
        log.admit(heads(log, root=b64url(bytes(32))))
    stale = heads(log)
    log.admit(log.scene.manufactured(pack_code(2)))
    assert log.refusal(stale) == "HEADS_MISMATCH"


def test_the_keys_of_the_log_do_not_change_where_no_verifier_would_follow() -> None:
    log = court()
    key = log.scene.log_key.vkeys[:1]
    data = {"log_keys": [format_vkey(vkey) for vkey in key], "reason": "other"}
    text = log.scene.sign(log.scene.registrar, "log.key_changed", f"log:{log.scene.origin}", data)
    assert log.refusal(text) == "UNKNOWN_EVENT_VERSION"


# The end.


def test_nothing_follows_the_seal() -> None:
    log = court()
    scene = log.scene
    log.admit(scene.sign(scene.registrar, "log.sealed", f"log:{scene.origin}", {"reason": "other"}))
    assert log.refusal(log.scene.manufactured(pack_code(1))) == "LOG_SEALED"
    assert log.refusal(adopted(log.scene, other_rules(void_hours=1))) == "LOG_SEALED"
