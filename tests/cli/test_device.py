"""`packtrace device`: from invitation to revocation at the home, whoever's key it is for."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from packtrace.signing.keyfile import save_private_key
from packtrace.signing.keys import PrivateKey
from packtrace.signing.possession import sign_possession
from packtrace.tests.scene import Party, Scene, ed25519_key
from packtrace.trace.cli.ledger_access import read_ledger
from packtrace.trace.cli.place import Place
from packtrace.trace.cli.terminal_qr import format_qr
from packtrace.trace.device_words import device_words
from packtrace.web.enrolment.asking import ask
from packtrace.web.enrolment.invitations import Invitations
from packtrace.web.store import Store

from .command import call, call_well
from .test_token import keep

URL = ("--url", "https://yard.example")


def invite(home: Path, who: Party, *options: str) -> str:
    """The secret of a fresh invitation."""
    said = json.loads(call_well("--home", home, "device", "invite", who.org, *URL, "--json", *options))
    assert said["link"].startswith("https://yard.example/enrol#")
    return str(said["link"].partition("#")[2])


def come(home: Path, secret: str, key: PrivateKey, name: str = "phone") -> str:
    """A device comes with a secret; the words on its screen."""
    store = Store(home / "node.db")
    with read_ledger(Place(home)) as ledger:
        world = ledger.world()
        invitations = Invitations(store, lambda: datetime.now(UTC))
        asked = invitations.known_to(secret, key.public.kid) or invitations.look(secret)
        subject = "keys:" + asked.org.removeprefix("org:")
        chain = world.chain(subject)
        proof = sign_possession(aud=world.origin, sub=subject, head=chain.head if chain else None, signer=key)
        ask(invitations, world, secret=secret, jwk=key.public.jwk(), possession=proof, name=name)
        words = device_words(origin=world.origin, org=asked.org, kid=key.public.kid, use=asked.use)
    store.close()
    return words


def listed(home: Path, who: Party) -> dict[str, dict[str, Any]]:
    lines = call_well("--home", home, "device", "list", who.org, "--json").splitlines()
    return {said["kid"]: said for said in map(json.loads, lines)}


def test_a_device_joins_by_its_words_and_leaves(home: Path, scene: Scene) -> None:
    yard, key = scene.dismantler, ed25519_key("gate")
    keep(home, yard.admin)
    words = come(home, invite(home, yard, "--name", "Gate 1", "--type", "handover.accepted"), key)
    told = call_well("--home", home, "device", "waiting")
    assert told.startswith(f"{words}  {yard.org}  sign only handover.accepted  Gate 1")
    assert "waiting" not in call_well("--home", home, "device", "waiting", scene.recycler.org)
    assert "added" in call_well("--home", home, "device", "approve", *words.split())
    assert call_well("--home", home, "device", "waiting") == ""
    own = listed(home, yard)[key.public.kid]
    assert (own["name"], own["state"], own["types"], own["words"]) == (
        "Gate 1", "valid", ["handover.accepted"], words,
    )  # fmt: skip
    call_well("--home", home, "device", "revoke", words, "--reason", "lost")
    own = listed(home, yard)[key.public.kid]
    assert (own["state"], own["reason"]) == ("revoked", "lost")
    assert "revoked" in call_well("--home", home, "device", "list", yard.id)


def test_the_symbol_in_the_terminal_is_read_as_the_link(home: Path, scene: Scene) -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    said = call_well("--home", home, "device", "invite", scene.dismantler.org, *URL)
    lines = said.splitlines()
    link = next(line for line in lines if line.startswith("https://"))
    rows = []
    for line in lines[: lines.index(link)]:
        rows.append([255 if each in "█▀" else 0 for each in line])
        rows.append([255 if each in "█▄" else 0 for each in line])
    picture = Image.new("L", (len(rows[0]), len(rows)))
    picture.putdata([each for row in rows for each in row])
    big = picture.resize((picture.width * 6, picture.height * 6), Image.Resampling.NEAREST)
    (read,) = zxingcpp.read_barcodes(big)
    assert read.text == link and re.fullmatch(r"https://yard\.example/enrol#[\w-]{22}", link)
    assert all(line.startswith("\x1b[97;40m") for line in format_qr(link, colour=True))


def test_words_of_another_key_add_nothing(home: Path, scene: Scene) -> None:
    yard = scene.dismantler
    keep(home, yard.admin)
    secret = invite(home, yard)
    come(home, secret, ed25519_key("thief"))
    words = device_words(origin=scene.origin, org=yard.org, kid=ed25519_key("gate").public.kid, use="sign")
    refused = call("--home", home, "device", "approve", words)
    assert refused.exit_code == 1 and "KEY_UNKNOWN" in refused.output
    kid = ed25519_key("thief").public.kid
    refused = call("--home", home, "device", "approve", kid, "--yes-words", words)
    assert refused.exit_code == 1 and "add nothing" in refused.output
    assert kid not in listed(home, yard)


@pytest.mark.parametrize(("answer", "added"), [("y\n", True), ("n\n", False), ("\n", False), ("", False)])
def test_with_a_key_id_it_is_asked_whether_the_words_are_the_same(
    home: Path, scene: Scene, answer: str, added: bool
) -> None:
    yard, key = scene.dismantler, ed25519_key("gate")
    keep(home, yard.admin)
    words = come(home, invite(home, yard), key)
    done = call("--home", home, "device", "approve", key.public.kid, stdin=answer)
    assert words in done.output
    assert (done.exit_code == 0) is added and (key.public.kid in listed(home, yard)) is added


def test_scripts_approve_by_key_id_and_words(home: Path, scene: Scene) -> None:
    yard, key = scene.dismantler, ed25519_key("gate")
    keep(home, yard.admin)
    words = come(home, invite(home, yard), key)
    call_well("--home", home, "device", "approve", key.public.kid, "--yes-words", words)
    assert key.public.kid in listed(home, yard)


def test_an_admin_of_another_organisation_approves_nothing(home: Path, scene: Scene, tmp_path: Path) -> None:
    others, file = scene.recycler, tmp_path / "other.pem"
    keep(home, others.admin)
    save_private_key(file, others.admin, passphrase=None)
    words = come(home, invite(home, scene.dismantler), ed25519_key("gate"))
    assert call("--home", home, "device", "approve", words).exit_code == 2
    refused = call("--home", home, "device", "approve", words, "--admin-key", file)
    assert refused.exit_code == 1 and "KEY_FOREIGN" in refused.output


def test_who_waits_while_another_is_added_is_told_to_prove_itself_anew(home: Path, scene: Scene) -> None:
    yard = scene.dismantler
    keep(home, yard.admin)
    secrets = [invite(home, yard), invite(home, yard)]
    keys = [ed25519_key("first"), ed25519_key("second")]
    words = [come(home, secret, key) for secret, key in zip(secrets, keys, strict=True)]
    call_well("--home", home, "device", "approve", words[0])
    refused = call("--home", home, "device", "approve", words[1])
    assert refused.exit_code == 1 and "open the page on the device" in refused.output
    come(home, secrets[1], keys[1])
    call_well("--home", home, "device", "approve", words[1])


def test_an_administrator_is_invited_as_one(home: Path, scene: Scene) -> None:
    yard, key = scene.dismantler, ed25519_key("office")
    keep(home, yard.admin)
    words = come(home, invite(home, yard, "--admin"), key)
    assert "ADMINISTER" in call_well("--home", home, "device", "waiting")
    call_well("--home", home, "device", "approve", words)
    assert listed(home, yard)[key.public.kid]["use"] == "admin"


@pytest.mark.parametrize(
    "url",
    ["http://yard.example", "yard.example", "https://yard.example/x", "https://a@b.example", "https://", ""],
)
def test_no_link_is_made_that_a_browser_makes_no_key_on(home: Path, scene: Scene, url: str) -> None:
    refused = call("--home", home, "device", "invite", scene.dismantler.org, "--url", url)
    assert refused.exit_code == 2 and "--url" in refused.output


def test_nobody_is_invited_for_whom_the_log_has_not_enrolled(home: Path, scene: Scene) -> None:
    refused = call("--home", home, "device", "invite", scene.party("x", 9).org, *URL)
    assert refused.exit_code == 1 and "INVITATION_REFUSED" in refused.output


def test_a_hostile_name_is_told_as_plain_text(home: Path, scene: Scene) -> None:
    yard = scene.dismantler
    come(home, invite(home, yard), ed25519_key("gate"), name="\"'; $(reboot) <b>")
    (line,) = call_well("--home", home, "device", "waiting").splitlines()
    assert "$(reboot) <b>" in line and line.isprintable()


def test_a_key_that_is_no_device_is_not_revoked(home: Path, scene: Scene) -> None:
    kid = ed25519_key("nobody").public.kid
    refused = call("--home", home, "device", "revoke", kid, "--reason", "lost")
    assert refused.exit_code == 1 and "KEY_UNKNOWN" in refused.output
