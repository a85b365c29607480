"""Cases that Python has judged, for the browser's own core to judge the same (`tests/js`).

Everything is made from a seed and from published test keys, so that a run that fails can be run again.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from nacl.bindings import crypto_core_ed25519_add, crypto_scalarmult_ed25519_base_noclamp

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.signing.compact import CompactFormError, format_compact, parse_compact
from packtrace.signing.disclosures import check_disclosures, split_presentation, withhold
from packtrace.signing.ed25519 import check_prime_order
from packtrace.signing.errors import SigningError
from packtrace.signing.jws import EVENT, check_signature, parse_jws
from packtrace.signing.keys import PublicKey, parse_public_jwk
from packtrace.signing.note import VerifierKey
from packtrace.signing.policy import NONE, Group, Policy
from packtrace.tests.scene import VIN, Scene, ed25519_key, p256_key, pack_code
from packtrace.tests.web.js_bundles import (
    bundle_cases,
    catalogue_case,
    quorum_cases,
    use_cases,
    zip_cases,
)
from packtrace.tests.web.js_handover import truckload
from packtrace.tests.web.js_lifecycle import KINDS as LIFECYCLE
from packtrace.tests.web.js_threads import thread_cases
from packtrace.trace.codes.battery_code import BatteryCodeError, read_label_text
from packtrace.trace.codes.label import label_digest
from packtrace.trace.codes.scan import read_scan
from packtrace.trace.codes.slip import slip_token
from packtrace.trace.device_words import device_words
from packtrace.trace.errors import RefusedError
from packtrace.trace.verify.six_words import WORDS
from packtrace.trace.verify.trust import Trust, format_trust, parse_trust, six_words

SCANS = Path(__file__).parents[2] / "docs" / "vectors" / "scans" / "cases.json"
COMPACT = Path(__file__).parents[2] / "docs" / "vectors" / "compact"
OK = "ok"
Case = dict[str, Any]

# What a signer's library may write where the grammar has one way only.
_PIECES = (
    *(b" ", b"\n", b"\t", b",", b":", b'"', b"{", b"}", b"[", b"]", b"null", b"true", b"1.0", b"1e3", b"-0"),
    *(b"01", b"+1", b"9007199254740993", b"-9007199254740991", b"\\u7535", b"\\/", b"\\t", b"\\n", b"\\"),
    *(b"\x7f", b"\xc2\x85", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xff"),
    *("\u0301".encode(), "🔋".encode(), "\U00010efd".encode(), "\uffff".encode(), b"\xf4\x90\x80\x80", b"'"),
    *("电".encode(), b"...", b"a-b", b"\xe7\x94", b"e\xcc\x81"),
)  # fmt: skip


def write_cases(path: Path) -> None:
    """Write every kind of case to one file, with the bundles beside it."""
    made: dict[str, Any] = {name: make() for name, make in KINDS.items()}
    made |= {"bundles": bundle_cases(path.parent), "zips": zip_cases(path.parent)}
    made |= {name: make() for name, make in LIFECYCLE.items()}
    made |= {"uses": use_cases(), "quorums": quorum_cases(), "catalogue": catalogue_case()}
    made |= {"words": words_case()} | thread_cases()
    path.write_bytes(orjson.dumps(made))


def words_case() -> Case:
    """The list, and six words of devices and of trust files however they are written."""
    chance, scene = random.Random(22), Scene()
    devices = []
    for number in range(40):
        said = {
            "origin": chance.choice((scene.origin, "log.packtrace.example/2")),
            "org": chance.choice((scene.maker.org, "org:x:" + "9" * (number + 1))),
            "kid": ed25519_key(f"device {number}").public.kid,
            "use": chance.choice(("sign", "admin")),
        }
        devices.append(said | {"words": device_words(**said)})
    kids = [party.key.public.kid for party in (*scene.members, scene.registrar)]
    witnesses = {
        name: VerifierKey(name, 4, ed25519_key(name).public.raw) for name in ("10", "9", "w.example", "见证")
    }
    policies = [
        Policy(NONE, scene.log_key.vkeys),
        Policy("both", scene.log_key.vkeys, witnesses, {"both": Group(2, ("9", "10", "w.example"))}),
    ]
    trusts = []
    for policy in policies:
        trust = Trust(scene.origin, frozenset(kids), 2, policy)
        value = orjson.loads(format_trust(trust))
        mixed = {name: value[name] for name in chance.sample(sorted(value), len(value))}
        mixed["log_keys"] = mixed["log_keys"][::-1]
        mixed["registrars"]["kids"] = mixed["registrars"]["kids"][::-1]
        for text in (format_trust(trust).decode(), orjson.dumps(mixed).decode()):
            assert six_words(parse_trust(text.encode())) == six_words(trust)
            trusts.append({"text": text, "words": six_words(trust)})
    return {"list": list(WORDS), "devices": devices, "trusts": trusts}


def verdict(run: Callable[[], object]) -> str:
    """`ok`, or the code of the refusal."""
    try:
        run()
    except SigningError as error:
        return error.code
    return OK


def compact_cases() -> list[Case]:
    """Documents, whole and with something changed, with what the strict reader says of each."""
    chance = random.Random(20261123)
    documents = [path.read_bytes() for path in sorted(COMPACT.glob("*/compact.json"))]
    documents = [data for data in documents if len(data) < 2_000] + [
        parse_jws(text, typ=EVENT).payload for text in events()
    ]
    cases = []
    for _ in range(2_500):
        data = chance.choice(documents)
        for _ in range(chance.randrange(3)):
            start = chance.randrange(len(data) + 1)
            stop = min(len(data), start + chance.choice((0, 0, 1, 1, 2, 5)))
            data = data[:start] + chance.choice((b"", bytes([chance.randrange(256)]), *_PIECES)) + data[stop:]
        cases.append({"data": data.hex(), "refusal": _compact_refusal(data)})
    return cases


def _compact_refusal(data: bytes) -> Case | None:
    try:
        parse_compact(data)
    except CompactFormError as error:
        return {"at": error.at, "expected": error.expected, "got": error.got}
    return None


def nfc_cases() -> list[Case]:
    """Texts of letters, marks, Hangul and late characters in every order, without those that are refused."""
    chance = random.Random(15)
    alphabet = "aeA\u0301\u0316\u0327\u0345\u00e9\u1100\u1161\u11a8\uac00\u212b\ufb33\u0897\u1acf\U00016d67"
    alphabet += "\U000105d2\u0307\U0001e6e3\U00011382\U000113c9\U0001d15e\u0344\u2126"
    texts = ["".join(chance.choices(alphabet, k=chance.randrange(1, 7))) for _ in range(3_000)]
    return [{"text": text, "is_nfc": unicodedata.is_normalized("NFC", text)} for text in texts]


def ed25519_key_cases() -> list[Case]:
    """Keys of prime order, of mixed order, and bytes that are no point."""
    chance = random.Random(8)
    # A point of order 8, in its canonical encoding; adding it to a sound key gives one of mixed order.
    eight = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
    keys: list[bytes] = []
    for _ in range(12):
        scalar = chance.randrange(1, 2**252).to_bytes(32, "little")
        sound = crypto_scalarmult_ed25519_base_noclamp(scalar)
        keys += [sound, crypto_core_ed25519_add(sound, eight), chance.randbytes(32)]
    keys += [
        b"\xff" * 32,
        (2**255 - 19).to_bytes(32, "little"),
        bytes(32),
        (2**255 - 20).to_bytes(32, "little"),
    ]
    return [
        {"key": key.hex(), "sound": verdict(lambda key=key: check_prime_order(key)) == OK} for key in keys
    ]


@cache
def events() -> tuple[str, ...]:
    """The events of a scene, with Ed25519 and P-256 keys."""
    scene = Scene()
    texts = [*scene.founding(), scene.model_published(), scene.manufactured(pack_code(1))]
    second = p256_key("garage phone")
    texts.append(scene.key_added(scene.garage, second))
    sub = f"battery:gbt34014:{pack_code(1)}"
    texts.append(scene.sign(scene.garage, "battery.inspected", sub, {"condition": "intact"}, key=second))
    return tuple(texts)


def _keys() -> dict[str, PublicKey]:
    scene = Scene()
    parties = (scene.registrar, *scene.members)
    keys = [key for party in parties for key in (party.admin, party.key)]
    return {key.public.kid: key.public for key in [*keys, p256_key("garage phone"), ed25519_key("nobody")]}


def jws_cases() -> list[Case]:
    """Events, and what a forger, a bad library or a broken line makes of them."""
    chance = random.Random(7515)
    keys = _keys()
    cases: list[Case] = []

    def judge(text: str, key: PublicKey) -> None:
        found: dict[str, str] = {}

        def run() -> None:
            jws = parse_jws(text, typ=EVENT)
            found["id"] = jws.id
            check_signature(jws, parse_public_jwk(key.jwk()))

        cases.append({"text": text, "jwk": key.jwk(), "verdict": verdict(run), "id": found.get("id")})

    for text in events():
        header, payload, signature = text.split(".")
        named = orjson.loads(parse_b64url(header))
        key = keys[named["kid"]]
        judge(text, key)
        judge(text, chance.choice([other for other in keys.values() if other != key]))
        other = "ES256" if named["alg"] == "Ed25519" else "Ed25519"
        for change in (
            *(
                {"alg": "EdDSA"},
                {"alg": other},
                {"alg": "none"},
                {"alg": "HS256"},
                {"typ": "JWT"},
                {"kid": "short"},
            ),
            *(
                {"typ": "packtrace-pop+jwt"},
                {"kid": named["kid"] + "="},
                {"jku": "https://evil.example"},
                {"crit": []},
            ),
        ):
            judge(f"{b64url(format_compact(named | change))}.{payload}.{signature}", key)
        judge(f"{b64url(orjson.dumps(named, option=orjson.OPT_INDENT_2))}.{payload}.{signature}", key)
        judge(f"{header}.{b64url(parse_b64url(payload) + b' ')}.{signature}", key)
        for wrong in (
            f"{header}.{payload}",
            f"{text}.",
            f"{text}=",
            f"{text}A",
            f"{header}..{signature}",
            "",
            "..",
            text.upper(),
        ):
            judge(wrong, key)
        for _ in range(12):
            at = chance.randrange(len(text))
            judge(text[:at] + chance.choice("AZaz09-_.=+/ ~") + text[at + 1 :], key)
    return cases


def presentation_cases() -> list[Case]:
    """Payloads with slots and disclosures: whole, one missing, one too many, out of place, cut."""
    chance = random.Random(9901)
    cases: list[Case] = []

    def judge(payload: Case, texts: list[str], ending: str = "~") -> None:
        text = "~".join(["a.b.c", *texts]) + ending
        judged = verdict(lambda: check_disclosures(payload, split_presentation(text)[1]))
        cases.append({"text": text, "payload": payload, "verdict": judged})

    for number in range(60):
        values: list[Any] = [VIN, "粤B12345", {"price_fen": number}, [1, "王师傅"]]
        made = [withhold(value, chance.randbytes(16)) for value in values[: chance.randrange(1, 5)]]
        payload: Case = {"seq": number, "data": {f"m{at}": slot for at, (slot, _) in enumerate(made)}}
        texts = [text for _, text in made]
        judge(payload, texts)
        judge(payload, texts[::-1])
        judge(payload, texts[1:])
        judge(payload, [*texts, texts[0]])
        judge(payload, [*texts, withhold("other", chance.randbytes(16))[1]])
        judge(payload, [*texts[:-1], texts[-1][:-2]])
        judge(payload, texts, "")
        judge(payload, [*texts, ""])
        judge({**payload, "again": made[0][0]}, texts)
        judge({**payload, "loose": made[0][0][0]}, texts)
    return cases


def label_cases() -> list[Case]:
    """Codes as labels have them and as scanners garble them."""
    chance = random.Random(34014)
    sound = [pack_code(7), "ZP1PB52G490000001RP", "ZX1MB520B52Q01G490000002", "0IOPB76836300OB110000903"]
    sound += ["04QPB7683630012B20000903", "04QPB7683630012BR0000903", "04QPB76836300C2A00000903"]
    alphabet = "ABCIOQUZ0129prm \r\n\t]Q\u3000Ａ１\u0130ß电-.\x1d\x85\ufeff'\"\\"
    wraps = ("{}", "]Q1{}", " ]d2{}\r\n", "{}V1", "{}7", "{}V12", "\x1d{}", "{}\u3000", "]C1{}\n")
    cases: list[Case] = []
    for _ in range(4_000):
        text = chance.choice(sound)
        if chance.random() < 0.3:
            text = "".join(chr(ord(letter) + 0xFEE0) if chance.random() < 0.5 else letter for letter in text)
        for _ in range(chance.choice((0, 0, 0, 1, 1, 2))):
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice(("", *alphabet)) + text[at + chance.randrange(2) :]
        text = chance.choice(wraps).format(chance.choice((str, str.lower, str.swapcase))(text))
        cases.append(_read_label(text))
    return cases + [
        _read_label(text) for text in ("", " ", "A" * 81, "电" * 24, "🔋" * 24, "]Q1", pack_code(1) * 4)
    ]


def _read_label(text: str) -> Case:
    try:
        scanned = read_label_text(text)
    except BatteryCodeError as error:
        # Of a text of neither length the browser names both.
        expected = error.expected.replace("24 characters", "24 or 19 characters")
        refusal = {"at": error.position, "expected": expected, "got": error.got}
        return {"text": text, "code": None, "remarks": [], "refusal": refusal}
    return {"text": text, "code": scanned.code.text, "remarks": scanned.remarks, "refusal": None}


def scan_cases() -> list[Case]:
    """Scans of labels and codes, changed by chance, and what Python reads in them."""
    chance = random.Random(15424)
    published = [case["text"] for case in orjson.loads(SCANS.read_bytes())["cases"]]
    alphabet = "A7z.:/?#%-_\\ \r\n\t]。、Ａ\u3000\x1d\x85\ufeff\u0130电"
    cases: list[Case] = []
    for _ in range(4_000):
        text = chance.choice(published)
        for _ in range(chance.choice((0, 1, 1, 2))):
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice(("", *alphabet)) + text[at + chance.randrange(2) :]
        text = chance.choice((str, str, str.lower, str.upper))(text)
        try:
            scan = read_scan(text)
        except RefusedError:
            cases.append({"text": text, "says": None})
            continue
        said = {"code": scan.code, "subjects": scan.subjects, "token": scan.token, "host": scan.host}
        cases.append({"text": text, "says": said | {"remarks": scan.remarks}})
    return cases


def label_digest_cases() -> list[Case]:
    """Codes with tokens, and the digest by which a chain knows the label."""
    tokens = ("MFRGGZDFMZTWQ2LKNNWG", "A" * 20, "7" * 20)
    made = [(pack_code(number), token) for number in range(3) for token in tokens]
    return [{"code": code, "token": token, "digest": label_digest(code, token)} for code, token in made]


def slip_token_cases() -> list[Case]:
    """Consignments with nonces, and the token on the slip."""
    subjects = ("consignment:uscc:91440300MA5EXAMPL0/T-1", "consignment:duns:123456789/a.B_7")
    nonces = ("mS0AAAAAAAAAAAAAAAAAAA", "_-8AAAAAAAAAAAAAAAAAAQ")
    made = [(subject, nonce) for subject in subjects for nonce in nonces]
    return [{"subject": sub, "nonce": nonce, "token": slip_token(sub, nonce)} for sub, nonce in made]


KINDS: dict[str, Callable[[], list[Case]]] = {
    "compact": compact_cases,
    "nfc": nfc_cases,
    "ed25519_keys": ed25519_key_cases,
    "jws": jws_cases,
    "presentations": presentation_cases,
    "labels": label_cases,
    "scans": scan_cases,
    "label_digests": label_digest_cases,
    "slip_tokens": slip_token_cases,
    "trucks": lambda: [truckload(count) for count in (1, 3, 40)],
}
