"""What is refused before any history is looked at, and what waits for an event of the same batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from packtrace.signing.disclosures import format_presentation, withhold
from packtrace.tests.ledger.node import Node, append_one, codes, statuses
from packtrace.tests.scene import Scene, ed25519_key, event_id, pack_code
from packtrace.trace.errors import RefusedError
from packtrace.trace.ledger.home import Home
from packtrace.trace.ledger.ledger import Ledger, Submission

CODE = pack_code(1)
SUB = f"battery:gbt34014:{CODE}"


def made(scene: Scene, **override: Any) -> str:
    data = {
        "model": scene.model,
        "chemistry": "LFP",
        "mass": {"g": 1, "basis": "nameplate"},
        "label": "A" * 43,
    }
    return scene.sign(scene.maker, "battery.manufactured", SUB, data, **override)


def fitted(scene: Scene, *disclosures: str, slot: object, **data: object) -> tuple[str, str]:
    """A group whose second event has this slot for a VIN, presented with these disclosures."""
    installed, _ = scene.installed(CODE)
    vehicle = "vehicle:" + "B" * 21 + "A"
    data = {"battery": SUB, "installed": event_id(installed), "packs": 1, "swap_model": False, **data}
    text = scene.sign(scene.maker, "vehicle.fitted", vehicle, data | {"vin": slot})
    return installed, format_presentation(text, disclosures)


SALT = bytes(16)
SLOT, DISCLOSURE = withhold("LSVAA4187E2184847", SALT)
OTHER_SLOT, OTHER = withhold("LSVAA4187E2184848", SALT)
SHORT_SLOT, SHORT = withhold("LSV", SALT)

REFUSED: dict[str, tuple[Callable[[Scene], tuple[str, ...]], str]] = {
    "no JWS": (lambda scene: ("abc",), "MALFORMED_JWS"),
    "not canonical base64url": (lambda scene: (made(scene) + "=",), "NON_CANONICAL_ENCODING"),
    "meant for another log": (lambda scene: (made(scene, aud="other.example"),), "WRONG_AUDIENCE"),
    "unknown version": (lambda scene: (made(scene, v=2),), "UNKNOWN_EVENT_VERSION"),
    "unknown type": (lambda scene: (made(scene, type="battery.blessed"),), "UNKNOWN_EVENT_VERSION"),
    "extra member": (lambda scene: (made(scene, extra=1),), "SCHEMA_INVALID"),
    "day that does not exist": (
        lambda scene: (made(scene, sub=f"battery:gbt34014:{CODE[:15]}2X{CODE[17:]}"),),
        "SUBJECT_INVALID",
    ),
    "wrong check character": (
        lambda scene: (made(scene, iss=scene.maker.org[:-1] + ("0" if scene.maker.org[-1] != "0" else "1")),),
        "PARTY_ID_INVALID",
    ),
    "second that does not exist": (
        lambda scene: (made(scene, occurred_at="2026-02-30T00:00:00Z"),),
        "TIME_INVALID",
    ),
    "withheld value not shown": (lambda scene: fitted(scene, slot=SLOT), "DISCLOSURE_MISMATCH"),
    "another value shown": (lambda scene: fitted(scene, OTHER, slot=SLOT), "DISCLOSURE_MISMATCH"),
    "more shown than withheld": (
        lambda scene: fitted(scene, DISCLOSURE, OTHER, slot=SLOT),
        "DISCLOSURE_MISMATCH",
    ),
    "shown value has not the shape": (lambda scene: fitted(scene, SHORT, slot=SHORT_SLOT), "SCHEMA_INVALID"),
    "text after the last disclosure": (
        lambda scene: (fitted(scene, DISCLOSURE, slot=SLOT)[1] + "x",),
        "DISCLOSURE_MALFORMED",
    ),
    "disclosure where nothing is withheld": (
        lambda scene: (format_presentation(made(scene), [DISCLOSURE]),),
        "DISCLOSURE_MISMATCH",
    ),
    "key of somebody else": (
        lambda scene: (made(scene, key=scene.recycler.key),),
        "KEY_FOREIGN",
    ),
    "key that nobody registered": (
        lambda scene: (made(scene, key=ed25519_key("nobody")),),
        "KEY_UNKNOWN",
    ),
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """Refusals change nothing: one ledger serves them all."""
    node = Node(Home.create(tmp_path_factory.mktemp("door") / "home", Scene().origin))
    node.create()
    yield node
    node.close()


@pytest.mark.parametrize("name", REFUSED)
def test_what_needs_no_history_to_be_refused(opened: Node, name: str) -> None:
    (ledger,) = opened.opened
    size = ledger.size
    forge, code = REFUSED[name]
    scene = Scene()
    scene.heads |= {SUB: (0, "A" * 43)} if name.startswith(("withheld", "another", "more", "shown")) else {}
    assert codes([append_one(ledger, *forge(scene))]) == [code]
    assert ledger.size == size


def test_key_may_sign_in_the_batch_that_registers_it(node: Node) -> None:
    ledger = node.create()
    key = ed25519_key("maker second key")
    added = node.scene.key_added(node.scene.maker, key)
    node.scene.maker.key = key
    text = node.scene.manufactured(CODE)
    early = ledger.append([Submission((text,)), Submission((added,))])
    assert codes(early) == ["KEY_UNKNOWN", None]
    assert append_one(ledger, text).status == "accepted"


def test_signature_by_a_key_of_the_same_batch_is_checked_too(node: Node) -> None:
    ledger = node.create()
    key = ed25519_key("maker second key")
    added = node.scene.key_added(node.scene.maker, key)
    node.scene.maker.key = key
    text = node.scene.manufactured(CODE)
    forged = text[:-8] + ("AAAAAAAA" if text[-8:] != "AAAAAAAA" else "BAAAAAAA")
    outcomes = ledger.append([Submission((each,)) for each in (added, forged, text)])
    assert codes(outcomes) == [None, "SIGNATURE_INVALID", None]


def test_revoked_key_signs_nothing_from_the_next_leaf_on(node: Node) -> None:
    ledger = node.create()
    before, revoked = (
        node.scene.manufactured(CODE),
        node.scene.key_revoked(node.scene.maker, node.scene.maker.key),
    )
    after = node.scene.manufactured(pack_code(2))
    outcomes = ledger.append([Submission((each,)) for each in (before, revoked, after)])
    assert codes(outcomes) == [None, None, "KEY_REVOKED_AT_SIGNING"]
    assert append_one(ledger, before).status == "known"


def test_many_threads_judge_as_one_does(tmp_path: Path) -> None:
    scene = Scene()
    node = Node(Home.create(tmp_path / "home", scene.origin), scene)
    node.create()
    texts = [scene.manufactured(pack_code(number)) for number in range(100)]
    texts[7] = texts[7][:-8] + "AAAAAAAA"
    texts[70] = "abc"
    ledger = node.open(threads=3)
    outcomes = ledger.append([Submission((text,)) for text in texts])
    assert [at for at, status in enumerate(statuses(outcomes)) if status == "refused"] == [7, 70]
    assert codes([outcomes[7], outcomes[70]]) == ["SIGNATURE_INVALID", "MALFORMED_JWS"]
    node.close()


def test_log_is_opened_with_the_keys_that_sign_it(tmp_path: Path) -> None:
    scene = Scene()
    home = Home.create(tmp_path / "home", scene.origin)
    wrong = scene.log_opened(log_keys=["other.packtrace.example+00000000+AAAA"])
    for text in (wrong, scene.manufactured(CODE)):
        with pytest.raises(RefusedError) as error:
            Ledger.create(home, text, scene.log_key, lambda: scene.at)
        assert error.value.finding_code == "LOG_NOT_OPENED"
    Ledger.create(home, Scene().log_opened(), scene.log_key, lambda: scene.at).close()
