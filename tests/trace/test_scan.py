"""Whatever a scanner gives: our address in its many spellings, or a bare code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packtrace.trace.codes.given import read_given
from packtrace.trace.codes.label import (
    LabelError,
    format_token,
    is_token,
    label_digest,
    label_url,
    parse_host,
)
from packtrace.trace.codes.scan import MAX_SCAN, read_scan
from packtrace.trace.errors import RefusedError

CODE = "04QPB76836300JBC40000903"
TOKEN = "ABCDEFGHIJ234567QRST"
URL = f"https://packs.example/p/{CODE}.{TOKEN}"
SUBJECT = f"battery:gbt34014:{CODE}"
PARTY = "uscc:91110000600037341L"

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "docs" / "vectors" / "scans" / "cases.json").read_text("utf-8")
)["cases"]

SPELLINGS = {
    "as printed": URL,
    "upper case throughout": URL.upper(),
    "lower case throughout": URL.lower(),
    "AIM prefix of QR": "]Q1" + URL,
    "AIM prefix of Data Matrix": "]d2" + URL,
    "without its scheme": URL.removeprefix("https://"),
    "http": URL.replace("https", "http"),
    "query": URL + "?from=wechat",
    "fragment": URL + "#top",
    "slash at the end": URL + "/",
    "line end": URL + "\r\n",
    "broken over lines": URL[:40] + "\n" + URL[40:],
    "blanks around": f"  {URL} ",
    "escaped": URL.replace(".ABC", "%2EABC"),
}


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_published_scans_are_read_as_they_say(case: dict[str, Any]) -> None:
    if case["says"] is None:
        with pytest.raises(RefusedError) as refused:
            read_scan(case["text"])
        assert TOKEN[:8] not in str(refused.value)
    else:
        scan = read_scan(case["text"])
        said = {"code": scan.code, "subjects": [*scan.subjects], "token": scan.token, "host": scan.host}
        assert said | {"remarks": [*scan.remarks]} == case["says"]


def test_published_scans_are_of_every_kind() -> None:
    kinds = {"label", "code", "slip", "page", "lookalike", "foreign", "unreadable"}
    assert {case["kind"] for case in VECTORS} == kinds
    assert len({case["name"] for case in VECTORS}) == len(VECTORS) > 90


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_our_address_is_read_in_every_spelling(spelling: str) -> None:
    scan = read_scan(SPELLINGS[spelling])
    assert (scan.code, scan.token, scan.host, scan.subjects[0]) == (CODE, TOKEN, "packs.example", SUBJECT)
    assert label_digest(scan.code, scan.token) == label_digest(CODE, TOKEN)


def test_full_width_letters_are_read_and_remarked() -> None:
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in URL)
    scan = read_scan(wide)
    assert (scan.code, scan.token) == (CODE, TOKEN)
    assert scan.remarks == ("WIDE_CHARACTERS",)


def test_an_address_without_token_is_read_without_one() -> None:
    scan = read_scan(f"https://packs.example/p/{CODE}")
    assert (scan.code, scan.token, scan.subjects[0]) == (CODE, "", SUBJECT)


@pytest.mark.parametrize(
    ("text", "remarks"),
    [
        (CODE, ()),
        (CODE.lower(), ()),
        ("]C1" + CODE, ()),
        (CODE + "7F", ("NON_STANDARD_TAIL",)),
        (f"{CODE[:14]}\r\n{CODE[14:]}", ("JOINED_LINES",)),
        ("04QCB76B3C0221953RP", ()),
    ],
)
def test_bare_codes_are_read_as_before(text: str, remarks: tuple[str, ...]) -> None:
    scan = read_scan(text)
    assert (scan.token, scan.host, scan.remarks) == ("", "", remarks)
    assert scan.subjects == (f"battery:gbt34014:{scan.code}",)


@pytest.mark.parametrize(
    ("subject", "printed"),
    [
        ("battery:gbt34014:04QCB76B3C0221953RP", "04QCB76B3C0221953RP"),
        ("battery:gbt40098:ABC12345", "ABC12345"),
        ("battery:iso15459:UN12/AB.C-1", "UN12/AB.C-1"),
        (f"battery:tag:{PARTY}/Tag-7.b", f"{PARTY}/Tag-7.b"),
    ],
)
def test_a_label_of_every_scheme_reads_back(subject: str, printed: str) -> None:
    assert subject.split(":", 2)[2] == printed
    scan = read_scan(label_url("packs.example", printed, TOKEN))
    assert (scan.code, scan.token) == (printed, TOKEN)
    assert subject in scan.subjects


def test_a_code_that_two_schemes_know_names_both() -> None:
    assert read_scan("https://h.example/p/ABC12345").subjects == (
        "battery:gbt40098:ABC12345",
        "battery:iso15459:ABC12345",
    )


@pytest.mark.parametrize(
    "text",
    [
        f"https://packs.example/q/{CODE}.{TOKEN}",  # another page
        "https://packs.example/",
        "https://packs.example/p/",
        f"javascript://packs.example/p/{CODE}.{TOKEN}",
        f"https://packs.example@evil.example/p/{CODE}.{TOKEN}",
        f"https:///p/{CODE}.{TOKEN}",
        f"https://packs.example/p/{CODE}.{TOKEN[:-1]}",  # a token cut short
        f"https://packs.example/p/{CODE}.{TOKEN}A",
        f"https://packs.example/p/{CODE[1:]}.{TOKEN}x?".replace("P", "!"),
        f"https://packs.example/p/../p/{CODE}.{TOKEN}",
        f"https://packs.example/p/%FF{CODE}.{TOKEN}",
        "jbc4000090304qcb76836300",
        "A765101015",
        "04QCB76B2Y0221953RP",
        "",
    ],
)
def test_what_is_no_label_is_refused_and_no_token_repeated(text: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read_scan(text)
    assert TOKEN[:8] not in str(refused.value)


def test_a_scan_is_bounded() -> None:
    assert read_scan(URL + "?" + "x" * (MAX_SCAN - len(URL) - 1)).code == CODE
    with pytest.raises(RefusedError):
        read_scan(URL + "?" + "x" * (MAX_SCAN - len(URL)))


@given(st.text(max_size=120) | st.text(max_size=60).map(lambda tail: "https://a.example/p/" + tail))
def test_anything_is_read_or_refused(text: str) -> None:
    try:
        scan = read_scan(text)
    except RefusedError:
        return
    assert scan.subjects and (not scan.token or is_token(scan.token))


def test_a_token_is_in_no_repr() -> None:
    assert TOKEN not in repr(read_scan(URL))


def test_a_scanned_address_names_a_subject_for_commands() -> None:
    assert read_given(URL).subject == SUBJECT


@given(st.binary(min_size=13, max_size=13))
def test_a_token_has_a_hundred_of_the_random_bits(random: bytes) -> None:
    token = format_token(random)
    assert is_token(token)
    # The last four bits are the ones that are left over.
    assert token == format_token(random[:12] + bytes([random[12] ^ 0x0F]))
    assert token != format_token(random[:12] + bytes([random[12] ^ 0x10]))


@pytest.mark.parametrize("random", [b"", b"x" * 12, b"x" * 14])
def test_a_token_of_other_randomness_is_refused(random: bytes) -> None:
    with pytest.raises(LabelError):
        format_token(random)


@pytest.mark.parametrize("host", ["packs.example", "PACKS.example", "yard.local:8443", "127.0.0.1:8000"])
def test_hosts_are_lower_case(host: str) -> None:
    assert parse_host(host) == host.lower()


@pytest.mark.parametrize(
    "host",
    [
        "",
        "https://packs.example",
        "packs.example/p",
        "a b",
        "-a.example",
        "a..b",
        "a@b",
        "a:99999999",
        "例.cn",
        "x" * 101,
    ],
)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(LabelError):
        parse_host(host)


@pytest.mark.parametrize("code", ["", "A B", "A^XZ", "A\n", "../x", "A?", "电"])
def test_no_address_is_made_of_what_is_no_code(code: str) -> None:
    with pytest.raises(LabelError):
        label_url("packs.example", code, TOKEN)


@pytest.mark.parametrize("token", ["", TOKEN[:-1], TOKEN.lower(), TOKEN[:-1] + "1"])
def test_no_address_is_made_of_what_is_no_token(token: str) -> None:
    with pytest.raises(LabelError) as refused:
        label_url("packs.example", CODE, token)
    assert TOKEN[:8] not in str(refused.value).upper()
