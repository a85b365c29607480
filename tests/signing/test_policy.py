"""Which witnesses are enough, and which policy files say so."""

from __future__ import annotations

import base64
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from packtrace.signing.checkpoint import CosignerKey, check_cosignatures, sign_cosignature, with_signatures
from packtrace.signing.note import Note, VerifierKey, VerifierKeyError, format_vkey, parse_vkey
from packtrace.signing.policy import Group, Policy, PolicyError, format_policy, parse_policy, quorum_met
from packtrace.signing.tree_head import ED25519, ED25519_COSIGNATURE
from packtrace.tests.deterministic_signer import DeterministicLogSigner, published_seed

LOG = DeterministicLogSigner.published("log.packtrace.example/test")


def witness(name: str) -> VerifierKey:
    return CosignerKey(name, Ed25519PrivateKey.from_private_bytes(published_seed(name))).vkey


X1, X2, X3, Y1, Y2 = (witness(f"{name}.example") for name in ("x1", "x2", "x3", "y1", "y2"))
TWO_LEVELS = f"""\
log {format_vkey(LOG.vkeys[0])} https://log.packtrace.example/test/
# Two organisations run witnesses.

witness X1 {format_vkey(X1)}
witness X2 {format_vkey(X2)} https://x2.example/
witness\tX3  {format_vkey(X3)}\t
group X 2 X1 X2 X3
  # The second has two.
witness 见证 {format_vkey(Y1)}
witness Y2 {format_vkey(Y2)}
group Y any 见证 Y2
group X-and-Y all X Y
quorum X-and-Y
"""


def as_cosigner(vkey: str) -> str:
    """The same key as a witness's: type 0x04 instead of 0x01."""
    parsed = parse_vkey(vkey)
    return format_vkey(VerifierKey(parsed.name, ED25519_COSIGNATURE, parsed.key))


# Rows of the published table that upstream accepts and the specification does not, and why.
UPSTREAM_ONLY = {
    "tidy": "witness keys of type 0x01, which makes no cosignatures",
    "whitespace and comments": "as above, and a comment behind a definition",
    "group numerical": "as above, and one key under two witness names",
}


def test_published_policies_are_judged_by_the_specification(vectors: Path) -> None:
    cases = json.loads((vectors / "signed-note/tlog-policy-cases.json").read_bytes())
    assert [case["name"] for case in cases if case["ok"]] == list(UPSTREAM_ONLY)
    assert len(cases) == 6
    for case in cases:
        with pytest.raises((PolicyError, VerifierKeyError)):
            parse_policy(case["policy"])


def test_published_policies_hold_once_their_keys_can_cosign(vectors: Path) -> None:
    cases = json.loads((vectors / "signed-note/tlog-policy-cases.json").read_bytes())
    vkey = re.compile(r"[a-z0-9.]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+")
    for case in cases[:2]:
        text = vkey.sub(lambda found: as_cosigner(found[0]), case["policy"]).replace(
            "    #comment\ngroup", "\ngroup"
        )
        policy = parse_policy(text.replace("https://sigsum.org/witness/    #comment", ""))
        assert policy.groups[policy.quorum] == Group(case["quorum_n"], ("w1", "w2"))


def test_published_quorums_are_judged_as_published(vectors: Path) -> None:
    cases = json.loads((vectors / "signed-note/witness-quorum-cases.json").read_bytes())
    keys: dict[str, CosignerKey] = {}
    for name in ("wit1", "wit2", "wit3"):
        *_, key_name, _, encoded = cases["published_test_keys"][f"{name}_skey"].split("+", 4)
        keys[name] = CosignerKey(key_name, _private(encoded))
        published = parse_vkey(cases["published_test_keys"][f"{name}_vkey"])
        assert published.key == keys[name].vkey.key
    assert len(cases["cases"]) == 8
    for case in cases["cases"]:
        note = Note(cases["note_text"], ())
        note = with_signatures(note, [sign_cosignature(note, keys[each], 1) for each in case["signers"]])
        cosigning = check_cosignatures(note, [key.vkey for key in keys.values()])
        groups = dict(_groups_of(case["group_go"]))
        # A threshold of 0 is `quorum none` here: the specification has no group that needs nobody.
        optional = case["group_go"].startswith("NewGroup(0")
        policy = Policy(
            "none" if optional else list(groups)[-1],
            (),
            {name: key.vkey for name, key in keys.items()},
            groups,
        )
        assert quorum_met(policy, cosigning.keys()) == case["satisfied"], case["desc"]


def _private(encoded: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(encoded)[1:])


def _groups_of(expression: str) -> Iterator[tuple[str, Group]]:
    """`NewGroup(1, NewGroup(1, wit1))`, the inner group first."""
    for number in itertools.count():
        found = re.search(r"NewGroup\(([0-9]), ([^()]*)\)", expression)
        if found is None:
            return
        if found[1] != "0":
            yield f"g{number}", Group(int(found[1]), tuple(found[2].split(", ")))
        expression = expression.replace(found[0], f"g{number}")


def test_example_of_the_specification_is_evaluated_as_it_says() -> None:
    policy = parse_policy(TWO_LEVELS)
    everybody = [X1, X2, X3, Y1, Y2]
    for count in range(6):
        for cosigning in itertools.combinations(everybody, count):
            enough = len({X1, X2, X3} & set(cosigning)) >= 2 and bool({Y1, Y2} & set(cosigning))
            assert quorum_met(policy, set(cosigning)) == enough


def test_policy_and_its_parser_invert_each_other() -> None:
    policy = parse_policy(TWO_LEVELS)
    assert parse_policy(format_policy(policy)) == policy
    assert policy.log_keys == LOG.vkeys[:1]
    assert list(policy.witnesses.values()) == [X1, X2, X3, Y1, Y2]
    assert list(policy.groups) == ["X", "Y", "X-and-Y"]


def test_log_key_of_ml_dsa_is_taken() -> None:
    policy = Policy("none", LOG.vkeys)
    assert parse_policy(format_policy(policy)) == policy


def test_quorum_none_asks_for_nobody_and_a_single_witness_for_itself() -> None:
    assert quorum_met(parse_policy("quorum none\n"), set())
    single = parse_policy(f"witness w {format_vkey(X1)}\nquorum w\n")
    assert quorum_met(single, {X1})
    assert not quorum_met(single, {X2})
    assert not quorum_met(single, set())


def test_keys_that_the_policy_does_not_name_count_for_nothing() -> None:
    policy = parse_policy(TWO_LEVELS)
    same_key_other_name = VerifierKey("x2-again.example", ED25519_COSIGNATURE, X2.key)
    assert not quorum_met(policy, {X1, same_key_other_name, Y1, *LOG.vkeys})


def test_witness_is_counted_once_whatever_the_groups() -> None:
    """Once in a group, once under any name, in one group only."""
    x1 = f"witness X1 {format_vkey(X1)}\n"
    again = format_vkey(VerifierKey("other-name.example", ED25519_COSIGNATURE, X1.key))
    for text in (
        f"{x1}group g 2 X1 X1\nquorum g\n",
        f"{x1}witness X2 {again}\ngroup g 2 X1 X2\nquorum g\n",
        f"{x1}group g any X1\ngroup h any X1\ngroup i 2 g h\nquorum i\n",
        f"{x1}group g any X1\ngroup h 2 g X1\nquorum h\n",
    ):
        with pytest.raises(PolicyError):
            parse_policy(text)


W = f"witness w {format_vkey(X1)}\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        W,
        "quorum none",
        f"{W}quorum w",
        f"{W}quorum w ",  # without the last character it would be a policy
        "quorum\n",
        "quorum none none\n",
        "quorum none\nquorum none\n",
        f"quorum w\n{W}",
        "quorum unknown\n",
        f"{W}group g 0 w\nquorum g\n",
        f"{W}group g 2 w\nquorum g\n",
        f"{W}group g -1 w\nquorum g\n",
        f"{W}group g 01 w\nquorum g\n",
        f"{W}group g +1 w\nquorum g\n",
        f"{W}group g some w\nquorum g\n",
        f"{W}group g any\nquorum g\n",
        f"{W}group g\nquorum w\n",
        f"{W}group g any none\nquorum g\n",
        f"{W}group g any g\nquorum g\n",
        f"{W}group g any h\ngroup h any w\nquorum g\n",
        f"group g any w\n{W}quorum g\n",
        f"{W}group w any w\nquorum w\n",
        f"{W}group none any w\nquorum none\n",
        f"{W}group all any w\nquorum all\n",
        f"{W}{W}quorum w\n",
        f"{W}witness w {format_vkey(X2)}\nquorum w\n",
        f"witness none {format_vkey(X1)}\nquorum none\n",
        "witness w\nquorum none\n",
        f"{W[:-1]} https://w.example/ more\nquorum w\n",
        f"witness w {format_vkey(LOG.vkeys[0])}\nquorum w\n",
        f"log {format_vkey(X1)}\nquorum none\n",
        f"log {format_vkey(LOG.vkeys[0])}\nlog {format_vkey(LOG.vkeys[0])}\nquorum none\n",
        "log\nquorum none\n",
        "logs none\nquorum none\n",
        "Quorum none\n",
        "quorum none\r\n",
        "quorum\N{NO-BREAK SPACE}none\n",
        "quorum none # comment\n",
        "quorum none\x00\n",
    ],
)
def test_malformed_policy_is_refused(text: str) -> None:
    with pytest.raises(PolicyError):
        parse_policy(text)


def test_key_that_is_none_is_refused() -> None:
    for line in ("witness w nonsense", "log nonsense"):
        with pytest.raises(VerifierKeyError):
            parse_policy(f"{line}\nquorum none\n")


def test_policy_built_by_hand_keeps_the_same_rules() -> None:
    for wrong in (
        lambda: Policy("w"),
        lambda: Policy("g", (), {"w": X1}, {"g": Group(0, ("w",))}),
        lambda: Policy("g", (), {"w": X1}, {"g": Group(1, ())}),
        lambda: Policy("g", (), {"w": X1}, {"g": Group(1, ("g",))}),
        lambda: Policy("none", (), {"a b": X1}),
        lambda: Policy("none", (), {"a\nquorum": X1}),
        lambda: Policy("none", (), {"": X1}),
        lambda: Policy("none", (), {"any": X1}),
        lambda: Policy("none", (), {"v": X1, "w": X1}),
        lambda: Policy("none", (X1,)),
        lambda: Policy("none", (), {"w": VerifierKey("w", ED25519, X1.key)}),
    ):
        with pytest.raises(PolicyError):
            wrong()


def test_policy_cannot_be_changed_after_its_checks() -> None:
    witnesses = {"w": X1}
    policy = Policy("w", (), witnesses)
    witnesses["w"] = X2
    assert policy.witnesses == {"w": X1}
    with pytest.raises(TypeError):
        policy.witnesses["w"] = X2  # type: ignore[index]


def test_policy_of_32_logs_witnesses_and_groups_is_taken() -> None:
    """tlog-policy, "Implementation limits"."""
    names = [f"w{number}.example" for number in range(32)]
    lines = [f"witness {name} {format_vkey(witness(name))}" for name in names]
    lines += [f"group g{at} any {name}" for at, name in enumerate(names)]
    lines += [f"log {format_vkey(VerifierKey(name, ED25519, witness(name).key))}" for name in names]
    policy = parse_policy("\n".join([*lines, "quorum g31", ""]))
    assert quorum_met(policy, {witness("w31.example")})


@given(st.text(max_size=60))
def test_arbitrary_text_is_a_policy_or_refused(text: str) -> None:
    try:
        policy = parse_policy(text)
    except (PolicyError, VerifierKeyError):
        return
    assert parse_policy(format_policy(policy)) == policy
