"""The client against a real node, and against what comes between: no lie and no cut is taken for success."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_address
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import packtrace
from packtrace.signing.base64url import parse_b64url
from packtrace.signing.errors import SigningError
from packtrace.signing.keys import PrivateKey, PublicKey
from packtrace.signing.log_key import generate_log_keys
from packtrace.signing.merkle import leaf_hash
from packtrace.signing.policy import NONE, Policy
from packtrace.signing.tlog_proof import TlogProof, format_tlog_proof, parse_tlog_proof
from packtrace.signing.tree_head import Checkpoint
from packtrace.tests.scene import MODEL_MASS_G, Scene, digest_of, p256_key, pack_code
from packtrace.tests.web.hostile import Spoil, answer, as_it_is, changed, spoiled
from packtrace.tests.web.live import Live, found
from packtrace.trace.errors import RefusedError
from packtrace.trace.ledger.home import Home
from packtrace.trace.notice import NoticeError, sign_notices
from packtrace.trace.statement import format_entry, parse_event_jws
from packtrace.trace.verify.findings import Outcome
from packtrace.trace.verify.trust import Trust, format_trust
from packtrace.trace.verify.verify_source import verify_source
from packtrace.web.client import (
    Client,
    Head,
    LineOutcome,
    OutcomeUnknownError,
    PlaceTakenError,
    Receipt,
    ReceiptRefusedError,
    RefusedByNodeError,
    Retries,
    SignedEvent,
)
from packtrace.web.handing_in.receipt import check_receipt
from packtrace.web.notices.key import load_notice_key


@dataclass
class World:
    """A node, everybody who is enrolled, and codes that nobody has used yet."""

    live: Live
    scene: Scene
    trust: Trust
    codes: Iterator[int]
    slept: list[float]

    def client(self, url: str = "", **more: Any) -> Client:
        """The maker's client; it does not sleep."""
        maker = self.scene.maker
        said: dict[str, Any] = {"trust": self.trust, "signer": maker.key, "org": maker.org}
        return Client(
            url or self.live.url, **(said | {"sleep": self.slept.append, "random": lambda: 0.5} | more)
        )

    def sign(self, client: Client, code: str | None = None, **more: Any) -> SignedEvent:
        """A pack is made."""
        code = code or pack_code(next(self.codes))
        data = {
            "model": self.scene.model,
            "chemistry": "LFP",
            "mass": {"g": MODEL_MASS_G, "basis": "nameplate"},
            "label": digest_of(f"label {code}"),
        } | more
        return client.sign("battery.manufactured", f"battery:gbt34014:{code}", data, after=fresh(code))

    def signed(self, count: int) -> list[SignedEvent]:
        with self.client() as client:
            return [self.sign(client) for _ in range(count)]


def fresh(code: str) -> Head:
    return Head(f"battery:gbt34014:{code}", -1, None)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    scene = Scene()
    live = Live(found(tmp_path_factory.mktemp("client") / "home", scene).path)
    yield live
    live.stop()


@pytest.fixture(scope="module")
def codes() -> Iterator[int]:
    return iter(range(1, 10_000_000))


@pytest.fixture
def world(node: Live, codes: Iterator[int]) -> World:
    scene = Scene()
    kid = scene.registrar.key.public.kid
    return World(
        node, scene, Trust(scene.origin, frozenset({kid}), 1, Policy(NONE, scene.log_key.vkeys)), codes, []
    )


# What it does.


def test_it_signs_on_the_head_of_the_node_and_returns_a_receipt_that_the_verifier_takes(
    world: World, tmp_path: Path
) -> None:
    code = pack_code(next(world.codes))
    with world.client() as client:
        receipt = client.submit(world.sign(client, code))
        assert receipt.status == "accepted" and receipt.is_trusted
        assert receipt.signed_by == world.trust.log_keys and receipt.witnessed
        subject = f"battery:gbt34014:{code}"
        assert client.heads([subject, pack_code(next(world.codes))])[0] == Head(subject, 0, receipt.id)
        signed = client.sign("battery.inspected", subject, {"condition": "intact"})
        assert signed.seq == 1
        assert client.submit(signed).leaf_index > receipt.leaf_index
        assert client.battery(code)["head"] == signed.id
        again = client.receipt(receipt.id)
        assert (again.id, again.leaf_index, again.is_trusted) == (receipt.id, receipt.leaf_index, True)
    receipt.save(tmp_path / "receipt.json")
    report = verify_source(tmp_path / "receipt.json", trust=world.trust)
    assert report.outcome is not Outcome.REFUTED and report.size == receipt.size
    assert {finding.code for finding in report.findings} == {"RECEIPT_ALONE", "BUNDLE_INCOMPLETE"}
    with pytest.raises(FileExistsError):
        receipt.save(tmp_path / "receipt.json")


def test_the_same_bytes_again_are_known_under_the_same_leaf(world: World) -> None:
    with world.client() as client:
        signed = world.sign(client)
        first, second = client.submit(signed), client.submit(str(signed))
    assert (second.status, second.leaf_index) == ("known", first.leaf_index)


def test_without_a_trust_file_a_receipt_says_that_nobody_known_signed(world: World) -> None:
    with world.client(trust=None) as client:
        receipt = client.submit(world.sign(client))
    assert client.origin == world.scene.origin
    assert receipt.signed_by == () and not receipt.is_trusted and not receipt.witnessed


def test_a_trust_file_is_read_from_its_path(world: World, tmp_path: Path) -> None:
    (tmp_path / "trust.json").write_bytes(format_trust(world.trust))
    with world.client(trust=tmp_path / "trust.json") as client:
        assert client.trust and client.trust.keys_digest == world.trust.keys_digest


def test_a_group_is_signed_on_its_own_events_and_a_vin_is_withheld(world: World) -> None:
    code = pack_code(next(world.codes))
    with world.client() as client:
        made = client.submit(world.sign(client, code))
        subject, vehicle = f"battery:gbt34014:{code}", "vehicle:" + made.id[:21] + "A"
        installed = client.sign("battery.installed", subject, {"vehicle": vehicle, "position": 1, "of": 1})
        fitted = client.sign(
            "vehicle.fitted",
            vehicle,
            {"battery": subject, "installed": installed.id, "packs": 1, "swap_model": False},
            withheld={"vin": "LSVAA4187E2184847"},
        )
        receipt = client.submit([installed, fitted])
        assert [placed.id for placed in receipt.events] == [installed.id, fitted.id]
        after = client.sign("battery.inspected", subject, {"condition": "intact"}, after=installed.head)
        assert client.submit(after).status == "accepted"
    assert "LSVAA4187E2184847" not in receipt.answer.decode()


def test_a_taken_place_gives_the_head_to_sign_on(world: World) -> None:
    code = pack_code(next(world.codes))
    with world.client() as client:
        first = client.submit(world.sign(client, code))
        with pytest.raises(PlaceTakenError) as caught:
            client.submit(world.sign(client, code))
        assert caught.value.head == Head(f"battery:gbt34014:{code}", 0, first.id)
        on = caught.value.head
        signed = client.sign("battery.inspected", on.subject, {"condition": "intact"}, after=on)
        assert client.submit(signed).status == "accepted"
    assert not world.slept


def test_a_refusal_has_its_code_and_every_reason_and_is_not_sent_again(world: World) -> None:
    with world.client() as client, pytest.raises(RefusedByNodeError) as caught:
        client.submit(world.sign(client, model="nonsense", label="short"))
    error = caught.value
    assert (error.status, error.finding_code) == (422, "SCHEMA_INVALID")
    assert {reason.partition(":")[0] for reason in error.reasons} >= {"/data/model", "/data/label"}
    assert not world.slept


def test_any_signer_will_do(world: World) -> None:
    class Kms:
        """Signs as a service does that never lets the key out."""

        def __init__(self, key: PrivateKey) -> None:
            self.asked = 0
            self._key = key

        @property
        def public(self) -> PublicKey:
            return self._key.public

        def sign(self, message: bytes) -> bytes:
            self.asked += 1
            return self._key.sign(message)

    kms = Kms(world.scene.maker.key)
    with world.client(signer=kms) as client:
        assert client.submit(world.sign(client)).status == "accepted"
        assert list(client.feed())[-1].complete and kms.asked == 2  # the event, and one token for two pages


def test_the_time_of_an_event_is_told_in_utc_and_whole_seconds(world: World) -> None:
    at = datetime(2026, 5, 6, 15, 0, 0, 123_456, tzinfo=timezone(timedelta(hours=8)))
    with world.client() as client:
        signed = client.sign(
            "battery.inspected",
            "battery:gbt34014:" + pack_code(1),
            {},
            occurred_at=at,
            after=fresh(pack_code(1)),
        )
        payload = signed.text.split(".")[1]
    assert json.loads(parse_b64url(payload))["occurred_at"] == "2026-05-06T07:00:00Z"


def test_the_feed_goes_on_where_it_was_left(world: World) -> None:
    with world.client() as client:
        before = [page.next for page in client.feed(limit=1_000)][-1]
        signed = [world.sign(client) for _ in range(5)]
        for each in signed:
            client.submit(each)
        pages = list(client.feed(before, limit=2))
    assert [notice["id"] for page in pages for notice in page.notices] == [each.id for each in signed]
    assert [page.complete for page in pages] == [False, False, True]


def test_a_stranger_reads_what_is_public_and_signs_nothing(world: World) -> None:
    code = pack_code(next(world.codes))
    with world.client() as maker:
        maker.submit(world.sign(maker, code))
    with world.client(signer=None, org=None) as client:
        assert client.battery(code)["tier"] == "stranger"
        with pytest.raises(ValueError, match="signer"):
            client.sign("battery.inspected", f"battery:gbt34014:{code}", {})
        with pytest.raises(RefusedByNodeError) as caught:
            list(client.feed())
    assert caught.value.finding_code == "TOKEN_REQUIRED"


def test_a_token_is_not_shown_over_plain_http_to_another_machine(world: World) -> None:
    with world.client("http://node.example") as client, pytest.raises(ValueError, match="https"):
        client.battery(pack_code(1))


def test_a_wrong_code_among_heads_is_named(world: World) -> None:
    with world.client() as client, pytest.raises(RefusedByNodeError) as caught:
        client.heads([pack_code(1), "no code"])
    assert caught.value.where == "no code"


@pytest.mark.parametrize(
    "lie",
    [
        {"subject": "battery:gbt34014:" + pack_code(9_999_999)},
        {"seq": 3},
        {"head": "A" * 43},
        {"seq": -2},
        {"seq": "0"},
        {"subject": None},
    ],
)
def test_a_head_of_something_else_is_not_signed_on(world: World, lie: dict[str, Any]) -> None:
    def spoil(number: int, data: bytes) -> bytes:
        return changed(data, lambda body: {"heads": [body["heads"][0] | lie]})

    with (
        spoiled(world.live.port, spoil) as proxy,
        world.client(proxy.url) as client,
        pytest.raises(OutcomeUnknownError),
    ):
        client.heads([pack_code(next(world.codes))])


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"longest_s": -1.0}])
def test_retries_that_can_not_be_made_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="retries"):
        Retries(**wrong)


@pytest.mark.parametrize("url", ["ftp://node", "http://", "node", "http://a@node", "http://node/?x=1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        Client(url)


@pytest.mark.parametrize(
    ("data", "error"),
    [({"g": 1.5}, "integer"), ({"name": None}, "null"), ({"name": "e\u0301"}, "NFC")],
)
def test_what_the_compact_form_can_not_say_is_not_signed(
    world: World, data: dict[str, Any], error: str
) -> None:
    code = pack_code(1)
    with world.client() as client, pytest.raises(SigningError, match=error):
        client.sign("battery.inspected", f"battery:gbt34014:{code}", data, after=fresh(code))


def test_a_naive_time_is_refused(world: World) -> None:
    code = pack_code(1)
    naive = datetime(2026, 5, 6, 15)  # noqa: DTZ001
    with world.client() as client, pytest.raises(RefusedError, match="UTC"):
        client.sign("x.y", f"battery:gbt34014:{code}", {}, occurred_at=naive, after=fresh(code))


def test_the_head_of_another_chain_is_not_signed_on(world: World) -> None:
    with world.client() as client, pytest.raises(ValueError, match="after"):
        client.sign("x.y", f"battery:gbt34014:{pack_code(1)}", {}, after=fresh(pack_code(2)))


def test_a_refused_event_is_explained(world: World) -> None:
    with world.client() as client:
        said = client.explain(world.sign(client, label="short"))
    assert "SCHEMA_INVALID" in json.dumps(said)


def test_a_notice_is_taken_from_the_key_of_the_node_alone(world: World) -> None:
    key = load_notice_key(Home.load(world.live.home))
    said: dict[str, Any] = {"webhook": "hook", "notices": [], "cursor": "x", "at": datetime.now(tz=UTC)}
    with world.client() as client:
        good = sign_notices(key, origin=world.scene.origin, **said)
        assert client.check_notice(good, "hook").cursor == "x"
        for text, webhook in (
            (good, "another"),
            (good[:-4] + "AAAA", "hook"),
            (sign_notices(world.scene.maker.key, origin=world.scene.origin, **said), "hook"),
            (sign_notices(key, origin="another.example/log", **said), "hook"),
        ):
            with pytest.raises(NoticeError):
                client.check_notice(text, webhook)


# What it does not need.


def test_it_is_imported_without_a_web_server_and_without_a_database(tmp_path: Path) -> None:
    code = (
        "import sys\nimport packtrace\nassert 'packtrace.web.client' not in sys.modules\n"
        "from packtrace import Client\nClient('http://node.example').close()\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    folder = Path(packtrace.__path__[0]).parent
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(folder), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "packtrace" in loaded
    assert not loaded & {"flask", "werkzeug", "sqlmodel", "sqlalchemy", "alembic", "marshmallow", "click"}


def test_the_root_has_nothing_else_to_hand_on() -> None:
    assert packtrace.__all__ == ["Client"] and packtrace.Client is Client
    with pytest.raises(AttributeError, match="Ledger"):
        packtrace.Ledger  # type: ignore[attr-defined]  # noqa: B018


# What happens on the way.


@pytest.mark.parametrize("cut", [0, 1, 20, 200, 1_500, -1])
def test_an_answer_that_is_cut_is_asked_for_again_and_the_receipt_is_of_the_first(
    world: World, cut: int
) -> None:
    with spoiled(world.live.port, lambda number, data: data[:cut] if number == 0 else data) as proxy:
        with world.client() as direct:
            signed = world.sign(direct)
        with world.client(proxy.url) as client:
            receipt = client.submit(signed)
    assert receipt.status == "known" and len(proxy.requests) == 2 == len(world.slept) + 1
    bodies = {request.partition(b"\r\n\r\n")[2] for request in proxy.requests}
    assert bodies == {str(signed).encode()}


@pytest.mark.parametrize(
    "forged",
    [
        answer("201 Created", b""),
        answer("201 Created", b"{}"),
        answer("201 Created", b"null"),
        answer("201 Created", b"<html>welcome</html>", "text/html"),
        answer("200 OK", b'{"status":"accepted"}'),
        answer("204 No Content", b""),
        answer("302 Found", b"", "text/html", "Location: /elsewhere"),
        answer("404 Not Found", b"<html>no</html>", "text/html"),
        answer("500 Internal Server Error", b"oops", "text/plain"),
        answer("502 Bad Gateway", b"", "text/html"),
        answer("422 Unprocessable", b'{"code":"X","status":409}', "application/problem+json"),
        b"HTTP/1.1 201 Created\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
    ],
)
def test_an_answer_that_says_nothing_is_never_success_and_never_a_refusal(
    world: World, forged: bytes
) -> None:
    signed = world.signed(1)[0]
    with (
        spoiled(world.live.port, lambda number, data: forged) as proxy,
        world.client(proxy.url) as client,
        pytest.raises(OutcomeUnknownError),
    ):
        client.submit(signed)
    # What a proxy made up does not get better by being asked for again at once.
    assert len(proxy.requests) == (1 if forged[9:10] in (b"3", b"4", b"5") else 6)
    with world.client() as client:
        assert client.submit(signed).status == "known"  # it was recorded all the while


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "422 Unprocessable", "500 Oops"])
def test_nothing_is_sent_again_after_4xx_or_500(world: World, status: str) -> None:
    body = json.dumps({"code": "X", "status": int(status[:3]), "detail": "no"}).encode()
    refused = answer(status, body, "application/problem+json")
    signed = world.signed(1)[0]
    with (
        spoiled(world.live.port, lambda number, data: refused) as proxy,
        world.client(proxy.url) as client,
        pytest.raises((RefusedByNodeError, OutcomeUnknownError)) as caught,
    ):
        client.submit(signed)
    assert len(proxy.requests) == 1 and not world.slept
    assert isinstance(caught.value, RefusedByNodeError) == status.startswith("4")


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_a_busy_node_is_asked_again_when_it_says_and_not_much_later(world: World, status: str) -> None:
    body = json.dumps({"code": "BUSY", "status": int(status[:3]), "detail": "later"}).encode()
    waits = ["Retry-After: 7", "Retry-After: 86400", "Retry-After: soon"]
    signed = world.signed(1)[0]

    def spoil(number: int, data: bytes) -> bytes:
        return answer(status, body, "application/problem+json", waits[number]) if number < 3 else data

    with spoiled(world.live.port, spoil) as proxy, world.client(proxy.url) as client:
        assert client.submit(signed).id == signed.id
    assert world.slept == [7 * 1.125, 30 * 1.125, 0.5 * 4 * 0.75]


@pytest.mark.parametrize(
    ("status", "error"), [("429 No", RefusedByNodeError), ("503 No", OutcomeUnknownError)]
)
def test_it_gives_up_after_its_attempts(world: World, status: str, error: type[Exception]) -> None:
    body = json.dumps({"code": "BUSY", "status": int(status[:3]), "detail": "later"}).encode()
    busy = answer(status, body, "application/problem+json")
    with (
        spoiled(world.live.port, lambda number, data: busy) as proxy,
        world.client(proxy.url, retries=Retries(attempts=3)) as client,
        pytest.raises(error),
    ):
        client.submit(world.sign(client))
    assert len(proxy.requests) == 3 and len(world.slept) == 2


def test_nobody_at_the_address_is_not_a_refusal(world: World) -> None:
    with spoiled(world.live.port, as_it_is) as proxy:
        pass
    with world.client(proxy.url) as client, pytest.raises(OutcomeUnknownError):
        client.submit(world.sign(client))


def test_a_connection_that_went_idle_is_replaced_without_a_wait(world: World) -> None:
    with spoiled(world.live.port, as_it_is) as proxy, world.client(proxy.url) as client:
        for _ in range(3):  # the proxy closes after each answer, and does not say so before
            client.submit(world.sign(client))
    assert not world.slept and len(proxy.requests) == 3


# What a lying node says.


def lied_to(world: World, spoil: Spoil, *, trust: Trust | None = None) -> Exception:
    """What a client says of an answer that holds a lie."""
    with (
        spoiled(world.live.port, spoil) as proxy,
        world.client(proxy.url, trust=trust or world.trust) as client,
        pytest.raises((ReceiptRefusedError, OutcomeUnknownError)) as caught,
    ):
        client.submit(world.sign(client))
    assert isinstance(caught.value, ReceiptRefusedError), caught.value
    assert len(proxy.requests) == 1, "a lie does not get better by being asked for again"
    assert caught.value.answer
    return caught.value


def honest(world: World) -> dict[str, Any]:
    """A true receipt, of another event."""
    with world.client() as client:
        value: dict[str, Any] = json.loads(client.submit(world.sign(client)).answer)
    return value


def test_the_receipt_of_another_event_is_refused(world: World) -> None:
    other = honest(world)
    lied_to(world, lambda number, data: changed(data, lambda body: other))
    lied_to(world, lambda number, data: changed(data, lambda body: other | {"id": body["id"]}))
    lied_to(
        world,
        lambda number, data: changed(data, lambda body: other | {"entry": body["entry"], "id": body["id"]}),
    )


def test_the_proof_of_another_entry_is_refused(world: World) -> None:
    other = honest(world)
    lied_to(world, lambda number, data: changed(data, lambda body: body | {"proof": other["proof"]}))

    def moved(body: dict[str, Any]) -> dict[str, Any]:
        """The entry in the proof is the right one, its place is another's."""
        at = f"\nindex {body['leaf_index']}\n"
        proof = body["proof"].replace(at, f"\nindex {other['leaf_index']}\n")
        return body | {"proof": proof, "leaf_index": other["leaf_index"]}

    error = lied_to(world, lambda number, data: changed(data, moved))
    assert getattr(error, "finding_code", "") == "LOG_INCLUSION_INVALID"


def resealed(text: str) -> str:
    """The same proof, with another entry beside it."""
    proof = parse_tlog_proof(text.encode())
    return format_tlog_proof(replace(proof, extra=b"another")).decode()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "A" * 43),
        ("leaf_index", 3),
        ("checkpoint", "another"),
        ("entry", '{"event":"x"}'),
        ("entry", "电"),
        ("proof", "c2sp.org/tlog-proof@v1\n"),
        ("events", []),
        ("events", lambda body: [body["events"][0] | {"leaf_index": 3}]),
        ("proof", lambda body: resealed(body["proof"])),
        ("events", [{"id": "x", "leaf_index": 1}]),
        ("events", "none"),
    ],
)
def test_a_member_that_is_not_what_is_proven_is_refused(world: World, name: str, value: object) -> None:
    def lie(body: dict[str, Any]) -> dict[str, Any]:
        return body | {name: value(body) if callable(value) else value}

    lied_to(world, lambda number, data: changed(data, lie))


def of_a_log_of_ones_own(world: World, text: str, origin: str) -> dict[str, Any]:
    """A receipt that a log would give that has nothing but this entry; its keys are named after `origin`."""
    entry = format_entry(text, datetime(2026, 5, 6, tzinfo=UTC))
    keys = world.scene.log_key if origin == world.scene.origin else generate_log_keys(origin)
    checkpoint = keys.sign(Checkpoint(origin, 1, leaf_hash(entry)), time=1_778_000_000)
    proof = TlogProof(0, (), checkpoint, entry)
    return {
        "status": "accepted",
        "id": parse_event_jws(text).id,
        "leaf_index": 0,
        "recorded_at": "2026-05-06T00:00:00.000Z",
        "checkpoint": checkpoint.decode(),
        "entry": entry.decode(),
        "proof": format_tlog_proof(proof).decode(),
    }


def test_an_entry_whose_signature_is_not_ours_is_refused_though_the_log_signed_it(world: World) -> None:
    signed = world.signed(1)[0]
    key = world.scene.maker.key.public

    def verdict(text: str) -> Receipt:
        value = of_a_log_of_ones_own(world, text, world.scene.origin)
        return check_receipt(value, b"x", [signed.id], trust=world.trust, key=key)

    assert verdict(signed.text).is_trusted
    with pytest.raises(ReceiptRefusedError) as caught:
        verdict(signed.text[:-86] + "A" * 86)
    assert caught.value.finding_code == "SIGNATURE_INVALID"


def test_the_checkpoint_of_another_log_is_refused_also_without_a_trust_file(world: World) -> None:
    signed = world.signed(1)[0]
    value = of_a_log_of_ones_own(world, signed.text, "another.example/log")
    with pytest.raises(ReceiptRefusedError, match="origin"):
        check_receipt(value, b"x", [signed.id], trust=None)


def test_an_event_for_another_log_than_the_trusted_one_has_no_receipt_of_it(world: World) -> None:
    elsewhere = Scene(origin="another.example/log").manufactured(pack_code(1))
    value = of_a_log_of_ones_own(world, elsewhere, world.scene.origin)
    with pytest.raises(ReceiptRefusedError, match="origin"):
        check_receipt(value, b"x", [value["id"]], trust=world.trust)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.replace(b"201 CREATED", b"200 OK", 1),
        lambda data: data.replace(b"Content-Length: ", b"Content-Length: 1", 1),
        lambda data: answer("201 Created", b'{"status":"known",' + data.partition(b"\r\n\r\n{")[2]),
        lambda data: data.replace(b"application/json", b"text/plain", 1),
    ],
)
def test_a_receipt_in_an_answer_that_contradicts_itself_says_nothing(
    world: World, spoil: Callable[[bytes], bytes]
) -> None:
    """The first answer is spoiled; asked again, the node says that it knows the event."""
    seen: list[bytes] = []

    def once(number: int, data: bytes) -> bytes:
        if seen:
            return data
        seen.append(spoil(data))
        assert seen[0] != data
        return seen[0]

    with spoiled(world.live.port, once) as proxy, world.client(proxy.url) as client:
        assert client.submit(world.sign(client)).status == "known"
    assert len(proxy.requests) == 2


def test_a_checkpoint_by_other_keys_is_refused(world: World) -> None:
    others = generate_log_keys(world.scene.origin).vkeys
    error = lied_to(
        world,
        as_it_is,
        trust=Trust(world.scene.origin, world.trust.registrars, 1, Policy(NONE, others)),
    )
    assert getattr(error, "finding_code", "") == "CHECKPOINT_SIGNATURE_INVALID"


def test_a_leaf_that_was_given_to_another_event_is_refused(world: World, tmp_path: Path) -> None:
    """By a log that begins a second history, under its own keys, and shows it to the same client."""
    other = Live(found(tmp_path / "home", Scene()).path)
    try:
        with spoiled(world.live.port, as_it_is) as proxy, world.client(proxy.url) as client:
            client.submit(world.sign(client))
            proxy.node = other.port
            with pytest.raises(ReceiptRefusedError, match="given for another event before"):
                client.submit(world.sign(client))
    finally:
        other.stop()


def test_a_group_whose_events_have_one_leaf_is_refused(world: World) -> None:
    first, second = world.signed(2)

    def twice(body: dict[str, Any]) -> dict[str, Any]:
        return body | {
            "events": [{"id": each.id, "leaf_index": body["leaf_index"]} for each in (first, second)]
        }

    with (
        spoiled(world.live.port, lambda number, data: changed(data, twice)) as proxy,
        world.client(proxy.url) as client,
        pytest.raises(ReceiptRefusedError),
    ):
        client.submit([first, second])


# Batches.


def told(outcomes: Iterator[LineOutcome]) -> list[tuple[int, str]]:
    return [(outcome.number, outcome.status) for outcome in outcomes]


def test_a_batch_has_an_outcome_for_each_event_in_order(world: World) -> None:
    signed = world.signed(7)
    with world.client() as client:
        client.submit(signed[2])
        taken = world.sign(client, signed[0].subject.rpartition(":")[2])
        outcomes = list(client.submit_batch([*signed, taken], lines_at_once=3))
    assert [outcome.number for outcome in outcomes] == list(range(1, 9))
    statuses = [outcome.status for outcome in outcomes]
    assert statuses == ["accepted", "accepted", "known", *["accepted"] * 4, "refused"]
    assert [outcome.events[0].id for outcome in outcomes[:7]] == [each.id for each in signed]
    assert (outcomes[7].code, outcomes[7].is_recorded, outcomes[7].events) == ("PLACE_TAKEN", False, ())


def test_a_batch_stops_at_a_refusal_if_it_is_told_to(world: World) -> None:
    first, second = world.signed(2)
    with world.client() as client:
        wrong = world.sign(client, label="short")
        assert told(client.submit_batch([first, wrong, second], on_error="stop")) == [
            (1, "accepted"),
            (2, "refused"),
        ]
        assert client.heads([second.subject])[0].seq == -1


@pytest.mark.parametrize("cut", [0, 10, 400, 900, 2_000, 3_000, -1, -5, -150])
def test_a_batch_that_is_cut_anywhere_goes_on_where_no_outcome_was_read(world: World, cut: int) -> None:
    signed = world.signed(12)
    with (
        spoiled(world.live.port, lambda number, data: data[:cut] if number < 3 else data) as proxy,
        world.client(proxy.url) as client,
    ):
        outcomes = list(client.submit_batch(signed))
    assert [outcome.events[0].id for outcome in outcomes] == [each.id for each in signed]
    assert {outcome.status for outcome in outcomes} <= {"accepted", "known"}
    assert [outcome.number for outcome in outcomes] == list(range(1, 13))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(st.integers(0, 1_500), max_size=4),
    ends=st.lists(st.integers(0, 6), max_size=3),
    at_once=st.integers(1, 7),
)
def test_whatever_is_cut_and_however_often_the_process_ends_each_event_has_one_outcome_in_order(
    world: World, tmp_path: Path, cuts: list[int], ends: list[int], at_once: int
) -> None:
    signed, file = world.signed(6), tmp_path / f"outcomes{next(world.codes)}"
    left = iter(cuts)

    def spoil(number: int, data: bytes) -> bytes:
        return data[: next(left, len(data))]

    with spoiled(world.live.port, spoil) as proxy, world.client(proxy.url) as client:
        for end in ends:
            going = client.submit_batch(signed, resume_file=file, lines_at_once=at_once)
            assert [outcome.number for outcome in islice(going, end)] == list(range(1, end + 1))
            going.close()
        outcomes = list(client.submit_batch(signed, resume_file=file, lines_at_once=at_once))
    assert [outcome.events[0].id for outcome in outcomes] == [each.id for each in signed]
    leaves = [outcome.events[0].leaf_index for outcome in outcomes]
    assert leaves == sorted(set(leaves))


def without(data: bytes, keep: Callable[[list[bytes]], list[bytes]]) -> bytes:
    """The answer to a batch with other lines in it, well framed."""
    head, _, body = data.partition(b"\r\n\r\n")
    if b"chunked" in head.lower():
        lines = b""
        while body:
            size, _, body = body.partition(b"\r\n")
            lines, body = lines + body[: int(size, 16)], body[int(size, 16) + 2 :]
        body = lines
    return answer("200 OK", b"".join(keep(body.splitlines(keepends=True))), "application/x-ndjson")


def with_status(status: str) -> Callable[[list[bytes]], list[bytes]]:
    """Every line has this status."""
    return lambda lines: [
        json.dumps(json.loads(line) | {"status": status}).encode() + b"\n" for line in lines
    ]


@pytest.mark.parametrize(
    "keep",
    [
        lambda lines: lines[:-1],
        lambda lines: [],
        lambda lines: lines[1:],
        lambda lines: [b"\n", *lines],
        lambda lines: [b"[]\n", *lines[1:]],
        lambda lines: [line.rstrip() for line in lines],
        lambda lines: [*lines[:-1], lines[-1].rstrip()],
        with_status("unknown"),
        with_status("skipped"),
        with_status("fine"),
    ],
)
def test_lines_that_are_missing_or_say_nothing_are_not_success(
    world: World, keep: Callable[[list[bytes]], list[bytes]]
) -> None:
    signed = world.signed(3)
    with (
        spoiled(world.live.port, lambda number, data: without(data, keep)) as proxy,
        world.client(proxy.url) as client,
    ):
        outcomes: list[LineOutcome] = []
        with pytest.raises(OutcomeUnknownError):
            outcomes.extend(client.submit_batch(signed))
    assert [outcome.events[0].id for outcome in outcomes] == [each.id for each in signed[: len(outcomes)]]
    assert len(outcomes) < 3


def test_more_lines_than_were_sent_are_refused(world: World) -> None:
    with (
        spoiled(world.live.port, lambda number, data: without(data, lambda lines: lines * 2)) as proxy,
        world.client(proxy.url) as client,
        pytest.raises(ReceiptRefusedError, match="got more"),
    ):
        list(client.submit_batch(world.signed(2)))


def test_a_line_that_names_another_event_is_refused(world: World) -> None:
    signed = world.signed(2)
    with (
        spoiled(
            world.live.port,
            lambda number, data: without(
                data, lambda lines: [lines[0].replace(signed[0].id.encode(), signed[1].id.encode()), lines[1]]
            ),
        ) as proxy,
        world.client(proxy.url) as client,
        pytest.raises(ReceiptRefusedError),
    ):
        list(client.submit_batch(signed))


def test_a_leaf_given_twice_in_a_batch_is_refused(world: World) -> None:
    signed = world.signed(2)

    def same(lines: list[bytes]) -> list[bytes]:
        first, second = map(json.loads, lines)
        second["events"][0]["leaf_index"] = first["events"][0]["leaf_index"]
        return [lines[0], json.dumps(second).encode() + b"\n"]

    with (
        spoiled(world.live.port, lambda number, data: without(data, same)) as proxy,
        world.client(proxy.url) as client,
        pytest.raises(ReceiptRefusedError, match="expected more than"),
    ):
        list(client.submit_batch(signed))


def test_after_the_end_of_the_process_a_batch_goes_on_from_its_file(world: World, tmp_path: Path) -> None:
    signed, file = world.signed(6), tmp_path / "outcomes"
    with spoiled(world.live.port, as_it_is) as proxy, world.client(proxy.url) as client:
        going = client.submit_batch(signed, resume_file=file, lines_at_once=2)
        first = [next(going), next(going), next(going)]
        going.close()
        with file.open("ab") as torn:
            torn.write(b'{"sha256":"half a li')
        asked = len(proxy.requests)
        again = list(client.submit_batch(signed, resume_file=file, lines_at_once=10))
        assert again[:3] == first and [outcome.number for outcome in again] == [1, 2, 3, 4, 5, 6]
        assert [outcome.status for outcome in again] == [*["accepted"] * 3, "known", "accepted", "accepted"]
        assert (
            len(proxy.requests) == asked + 1
            and proxy.requests[-1].count(b"\n") - proxy.requests[-1].count(b"\r\n") == 3
        )
        assert list(client.submit_batch(signed, resume_file=file)) == again
        assert len(proxy.requests) == asked + 1


def test_the_file_of_another_batch_is_refused(world: World, tmp_path: Path) -> None:
    file = tmp_path / "outcomes"
    with world.client() as client:
        list(client.submit_batch(world.signed(2), resume_file=file))
        for others in (world.signed(2), []):
            with pytest.raises(ValueError, match="resume_file"):
                list(client.submit_batch(others, resume_file=file))


@pytest.mark.parametrize("text", ["", "a\nb", "{}", "a b", "电"])
def test_what_is_no_event_is_not_put_on_a_line(world: World, text: str) -> None:
    with world.client() as client, pytest.raises(ValueError, match="event 1"):
        list(client.submit_batch([text]))


def test_a_job_that_is_started_twice_by_a_cut_is_one_job(world: World) -> None:
    signed = world.signed(3)
    with spoiled(world.live.port, lambda number, data: data[: 100 if number == 0 else None]) as proxy:
        with world.client(proxy.url) as client:
            job = client.start_job(signed, key="of-tonight")
            lines = list(client.wait_job(job))
        assert [line["status"] for line in lines] == ["accepted"] * 3
        assert [request.split(b" ")[0] for request in proxy.requests[:2]] == [b"POST", b"POST"]
    with world.client() as client:
        assert client.start_job(signed, key="of-tonight") == job != client.start_job(signed)
        with pytest.raises(RefusedByNodeError) as caught:
            client.start_job(signed[:1], key="of-tonight")
    assert caught.value.finding_code == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize(
    "forged",
    [
        answer("202 Accepted", b""),
        answer("202 Accepted", b'{"id":"../x"}'),
        answer("200 OK", b'{"id":"' + b"A" * 22 + b'"}'),
    ],
)
def test_an_answer_without_a_job_is_no_job(world: World, forged: bytes) -> None:
    with (
        spoiled(world.live.port, lambda number, data: forged) as proxy,
        world.client(proxy.url) as client,
        pytest.raises(OutcomeUnknownError),
    ):
        client.start_job(world.signed(1))


def test_a_batch_of_which_the_node_made_a_job_has_the_same_outcomes(world: World) -> None:
    signed = world.signed(4)
    with (
        spoiled(world.live.port, as_it_is, added=b"Prefer: respond-async\r\n") as proxy,
        world.client(proxy.url) as client,
    ):
        outcomes = list(client.submit_batch(signed))
    assert [outcome.events[0].id for outcome in outcomes] == [each.id for each in signed]
    assert proxy.requests[-1].partition(b" HTTP")[0].endswith(b"/result")


def test_a_job_is_waited_for_by_its_id_or_its_address(world: World) -> None:
    signed = world.signed(4)
    with world.client() as client:
        job = client.start_job(signed)
        for named in (job, f"/api/v1/jobs/{job}"):
            lines = list(client.wait_job(named))
            assert [line["events"][0]["id"] for line in lines] == [each.id for each in signed]
        with pytest.raises(RefusedByNodeError) as caught:
            list(client.wait_job("A" * 22))
        assert caught.value.finding_code == "JOB_UNKNOWN"
        for text in ("http://elsewhere/x?y", "../events"):
            with pytest.raises(ValueError, match="job"):
                list(client.wait_job(text))


def test_the_result_of_a_job_that_is_cut_between_two_lines_goes_on_after_them(world: World) -> None:
    signed = world.signed(3)
    seen: list[bytes] = []

    def spoil(number: int, data: bytes) -> bytes:
        if b"/result " not in proxy.requests[number]:
            return data
        seen.append(data)
        return data if len(seen) > 1 else data[: data.index(b"\n", data.index(b'{"line"')) + 1]

    with spoiled(world.live.port, spoil) as proxy, world.client(proxy.url) as client:
        lines = list(client.wait_job(client.start_job(signed)))
    assert [line["line"] for line in lines] == [1, 2, 3] and len(seen) == 2


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody's system trusts, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    at = datetime.now(tz=UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, at - timedelta(1), at + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "tls.pem"
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    return file


def test_a_server_whose_certificate_is_not_trusted_is_told_nothing(world: World, tmp_path: Path) -> None:
    file = certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    with spoiled(world.live.port, as_it_is, tls=tls) as proxy:
        with world.client(proxy.url) as client, pytest.raises(OutcomeUnknownError, match="CERTIFICATE"):
            client.submit(world.sign(client))
        assert not proxy.requests and not world.slept
        trusting = ssl.create_default_context(cafile=str(file))
        with world.client(proxy.url, tls=trusting) as client:
            assert client.submit(world.sign(client)).status == "accepted"


def test_a_p256_key_signs_too(world: World) -> None:
    """The log takes it once it is registered; until then it is refused by name."""
    with world.client(signer=p256_key("maker p256")) as client, pytest.raises(RefusedByNodeError) as caught:
        client.submit(world.sign(client))
    assert caught.value.finding_code == "KEY_UNKNOWN"
