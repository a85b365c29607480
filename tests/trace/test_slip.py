"""The address on a truck's handover slip: who holds the slip knows the token, and nobody else."""

from __future__ import annotations

import pytest

from packtrace.trace.codes.label import is_token, parse_host
from packtrace.trace.codes.slip import SlipError, is_slip_of, read_slip, slip_token, slip_url
from packtrace.trace.errors import RefusedError

SUBJECT = "consignment:uscc:91110000600037341L/T-1.B"
NONCE = "mS0AAAAAAAAAAAAAAAAAAA"
TOKEN = slip_token(SUBJECT, NONCE)
URL = f"https://packs.example/c/uscc:91110000600037341L/T-1.B.{TOKEN}"


def test_address_of_a_slip_is_read_back_to_its_consignment_and_token() -> None:
    assert slip_url("packs.example", SUBJECT, TOKEN) == URL
    for text in (URL.partition("/c/")[2], f"uscc:91110000600037341L/T-1.B.{TOKEN.lower()}"):
        slip = read_slip(text)
        assert (slip.subject, slip.token) == (SUBJECT, TOKEN)
        assert is_slip_of(slip, NONCE)
    assert TOKEN not in repr(slip)


def test_token_is_published_as_its_pre_image_says() -> None:
    # SHA-256 of "packtrace-slip/v1", LF, subject, LF, nonce; the first 100 bits in base32.
    assert TOKEN == "ISK4WKMSNYLK67TX6GW3"


def test_token_of_another_consignment_or_another_dispatch_is_not_its_token() -> None:
    others = {
        slip_token("consignment:uscc:91110000600037341L/T-1", NONCE),
        slip_token("consignment:uscc:91110000600037341L/T-2.B", NONCE),
        slip_token(SUBJECT, NONCE.replace("m", "n")),
    }
    assert len(others) == 3 and TOKEN not in others
    assert all(is_token(each) for each in others)
    for other in others:
        assert not is_slip_of(read_slip(f"uscc:91110000600037341L/T-1.B.{other}"), NONCE)


@pytest.mark.parametrize(
    "text",
    [
        f"uscc:91110000600037341L/T-1.B.{TOKEN[:-1]}",
        f"uscc:91110000600037341L/T-1.B.{TOKEN}A",
        f"uscc:91110000600037341L/T-1.B{TOKEN}",
        f"uscc:91110000600037341L/.{TOKEN}",
        f"uscc:91110000600037341L/../x.{TOKEN}",
        f"uscc:91110000600037341X/T-1.B.{TOKEN}",  # its check digit is wrong
        f"/T-1.B.{TOKEN}",
        f"uscc:91110000600037341L/电.{TOKEN}",
        "",
    ],
)
def test_other_address_is_refused_without_repeating_the_token(text: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read_slip(text)
    assert TOKEN[:8] not in str(refused.value)


def test_slip_is_of_a_consignment_alone() -> None:
    with pytest.raises(SlipError):
        slip_url("packs.example", "batch:uscc:91110000600037341L/T-1", TOKEN)
    with pytest.raises(SlipError):
        slip_url("packs.example", SUBJECT, "short")
    assert parse_host("packs.example") in slip_url("Packs.Example", SUBJECT, TOKEN)
