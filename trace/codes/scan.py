"""Whatever a camera, a handheld scanner or a keyboard gives, read as a battery and perhaps its token.

There is one reader for our own address (DESIGN, section 8) and for the bare codes of GB/T 34014. An address
is never followed: who scans is told which host it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import unquote

from ..errors import RefusedError
from .battery_code import (
    AIM_PREFIX,
    ECHELON_CODE_LENGTH,
    NARROW,
    SYNTAX_BATTERY_CODE,
    SYNTAX_ECHELON_CODE,
    WIDE_CHARACTERS,
    read_label_text,
)
from .label import MAX_HOST, PATH, SYNTAX_HOST, is_token
from .quote import quote
from .subjects import SubjectError, parse_subject

MAX_SCAN: Final = 300  # characters

_ADDRESS: Final = re.compile(
    rf"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>[^/?#]*)|(?P<bare>{SYNTAX_HOST})(?=/p/))(?P<path>[^?#]*).*",
    re.IGNORECASE,
)
_HOST: Final = re.compile(SYNTAX_HOST)
_GBT34014_GOES_ON: Final = re.compile(rf"(?:{SYNTAX_BATTERY_CODE}|{SYNTAX_ECHELON_CODE}).", re.DOTALL)
_TYPED: Final = str.maketrans("\u3002\u3001", "./")  # what a Chinese input method makes of a scanner's keys
_SCHEMES: Final = ("gbt34014", "tag", "gbt40098", "iso15459")


class ScanError(RefusedError):
    """No battery can be read from what was scanned; the message never repeats a token."""

    code = "BATTERY_CODE_INVALID"


@dataclass(frozen=True, slots=True)
class Scan:
    """What a label says."""

    code: str  # as printed
    subjects: tuple[str, ...]  # the batteries that have this code, the likeliest first; at least one
    token: str = field(default="", repr=False)  # empty where the label has none
    host: str = ""  # that the label names; empty for a bare code
    remarks: tuple[str, ...] = ()  # as `read_label_text` makes them


def read_scan(raw: str) -> Scan:
    """Read a scan: our address, with token or without, or a bare code as `read_label_text` takes it.

    An address may come in any case (some scanners change it), after an AIM prefix, in full-width forms,
    broken over lines, with a query or a fragment behind it, without its scheme, with the stops and commas of
    a Chinese input method. `docs/vectors/scans` has cases; the browser reads them as this does.

    Args:
        raw: The scan, at most 300 characters.

    Raises:
        ScanError: An address that is no label's, or too much text.
        BatteryCodeError: No code can be read.
    """
    if len(raw) > MAX_SCAN:
        raise ScanError(f"scan: expected at most {MAX_SCAN} characters, got {len(raw)}")
    narrow = raw.translate(NARROW)
    text = "".join(AIM_PREFIX.sub("", narrow).split())
    match = _ADDRESS.fullmatch(text.translate(_TYPED))
    if match is None:
        scanned = read_label_text(raw)
        code = scanned.code.text
        return Scan(code, (f"battery:gbt34014:{code}",), remarks=scanned.remarks)
    host = _host(match)
    path = unquote(match["path"], errors="replace") if "%" in match["path"] else match["path"]
    rest = path[len(PATH) :].removesuffix("/")
    if path[: len(PATH)].lower() != PATH or not rest.isascii():
        raise ScanError(f"scan: expected a label's address, https://{host}{PATH}..., got another of {host}")
    scan = read_printed(rest)
    remarks = (WIDE_CHARACTERS,) if narrow != raw else ()
    return replace(scan, host=host, remarks=remarks)


def read_printed(text: str) -> Scan:
    """Read what stands behind the host on a label: a code, with a dot and a token or without.

    Raises:
        ScanError: Neither.
    """
    code, _, token = text.rpartition(".")
    token = token.upper()
    if not code or not is_token(token):
        code, token = text, ""
    subjects = tuple(_subjects(code))
    if not subjects:
        # What follows a dot, or a code that lost its dot, may be a token: it is not repeated.
        shown = quote(code.partition(".")[0][:ECHELON_CODE_LENGTH])
        raise ScanError(
            f"scan: expected a code, a dot and a token of 20 characters after {PATH}, got {shown}..."
        )
    return Scan(subjects[0].split(":", 2)[2], subjects, token)


def _host(match: re.Match[str]) -> str:
    """The host of a web address, lower case."""
    if match["scheme"] and match["scheme"].lower() not in ("https", "http"):
        raise ScanError(f"scan: expected https://, got an address of the kind {quote(match['scheme'])}")
    host = (match["host"] or match["bare"] or "").lower()
    host = host.removesuffix(":80" if (match["scheme"] or "").lower() == "http" else ":443")
    if len(host) > MAX_HOST or not _HOST.fullmatch(host):  # a user name before an @, too
        raise ScanError("scan: expected the name of a host after https://, got something else")
    return host


def _subjects(code: str) -> Iterator[str]:
    """The batteries that a code can mean. A party's own tag keeps its case; all others are upper case."""
    upper = code.upper()
    # A code of ISO/IEC 15459 may go on so; a token that was cut short or lost its dot is likelier, and would
    # be told everybody.
    if _GBT34014_GOES_ON.match(upper):
        return
    for scheme in _SCHEMES:
        text = f"battery:{scheme}:{code if scheme == 'tag' else upper}"
        try:
            yield parse_subject(text).text
        except SubjectError:
            continue
