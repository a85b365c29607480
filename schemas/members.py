"""What several statements are made of: kinds of text, and parts with members of their own.

Remarks carried in the metadata:

``x-reference``
    What the member names is found again from there: an event (``event``), events (``events``), a subject
    (``subject``) or subjects (``part``). An event of the chain itself is found along the chain, and has no
    remark.
``x-correctable``
    ``note.corrected`` may give the member another value.
"""

from __future__ import annotations

from typing import Any, Final

from ..trace.codes import subjects
from ..trace.codes.label import PATTERN_TOKEN
from ..trace.codes.party import SYNTAX_PARTY
from ..trace.codes.region import PATTERN_REGION
from ..trace.lifecycle.words import CUSTODIAL
from ..trace.times import PATTERN_TIME
from .fields import PATTERN_DIGEST, PATTERN_JWS, Choice, Many, Shape, Text, Whole, Withheld

EVENT = {"x-reference": "event"}
EVENTS = {"x-reference": "events"}
SUBJECT = {"x-reference": "subject"}
PARTS = {"x-reference": "part"}
CORRECTABLE = {"x-correctable": True}

GRAMS = 1_000_000_000_000
"""Upper bound of a mass, in grams: a million tonnes."""

PATTERN_SITE: Final = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
PATTERN_VENDOR_CODE: Final = "^[A-Z0-9]{3}$"
PATTERN_CHEMISTRY: Final = "^[A-Za-z0-9()+ ./-]+$"

_OWNED: Final = f"{SYNTAX_PARTY}/{subjects.SYNTAX_NAME}"
_NOTED: Final = "|".join(
    (
        subjects.SYNTAX_BATTERY,
        f"vehicle:{subjects.SYNTAX_VEHICLE}",
        f"org:{SYNTAX_PARTY}",
        f"(?:model|consignment|batch|lot):{_OWNED}",
    )
)
CHAINS: Final[dict[str, tuple[str, str]]] = {
    "log": (f"^log:{subjects.SYNTAX_ORIGIN}$", "a log, log:<origin>"),
    "org": (f"^org:{SYNTAX_PARTY}$", "an organisation, org:<scheme>:<id>"),
    "keys": (f"^keys:{SYNTAX_PARTY}$", "an organisation's keys, keys:<scheme>:<id>"),
    "model": (f"^model:{_OWNED}$", "a model, model:<scheme>:<id>/<name>"),
    "battery": (subjects.PATTERN_BATTERY, "a battery, battery:<scheme>:<code>"),
    "vehicle": (f"^vehicle:{subjects.SYNTAX_VEHICLE}$", "a vehicle, vehicle:<22 characters>"),
    "consignment": (f"^consignment:{_OWNED}$", "a consignment, consignment:<scheme>:<id>/<name>"),
    "batch": (f"^batch:{_OWNED}$", "a batch, batch:<scheme>:<id>/<name>"),
    "lot": (f"^lot:{_OWNED}$", "a lot, lot:<scheme>:<id>/<name>"),
    "notes": (f"^notes:(?:{_NOTED})$", "the notes on a subject, notes:<subject>"),
}
"""The kinds of chain: what a subject of each looks like, and how a message calls it."""

HOLDING: Final = (f"^(?:{subjects.SYNTAX_BATTERY}|lot:{_OWNED})$", "a battery or a lot")


def subject(*kinds: str, **kwargs: Any) -> Text:
    """A subject of one kind, or a battery or a lot."""
    pattern, says = HOLDING if kinds == ("battery", "lot") else CHAINS[kinds[0]]
    return Text(pattern=pattern, says=says, most=subjects.MAX_SUBJECT_LENGTH, **kwargs)


def digest(**kwargs: Any) -> Text:
    return Text(pattern=PATTERN_DIGEST, says="a SHA-256 digest in base64url", least=43, most=43, **kwargs)


def time(**kwargs: Any) -> Text:
    return Text(
        pattern=PATTERN_TIME,
        says="UTC in whole seconds, as 2026-11-23T04:40:00Z",
        least=20,
        most=20,
        **kwargs,
    )


def region(**kwargs: Any) -> Text:
    return Text(pattern=PATTERN_REGION, says="a region, as DE, CN-440300 or DE-BY", least=2, most=9, **kwargs)


def site(**kwargs: Any) -> Text:
    return Text(pattern=PATTERN_SITE, says="a site's name of A-Z a-z 0-9 . _ -", most=64, **kwargs)


def vendor_code(**kwargs: Any) -> Text:
    return Text(pattern=PATTERN_VENDOR_CODE, says="a GB/T 34014 vendor code", least=3, most=3, **kwargs)


def chemistry(**kwargs: Any) -> Text:
    return Text(pattern=PATTERN_CHEMISTRY, says="a chemistry of A-Z a-z 0-9 ( ) + . / -", most=40, **kwargs)


def coordinate(**kwargs: Any) -> Text:
    return Text(pattern="^[A-Za-z0-9_-]{43}$", says="32 bytes in base64url", least=43, most=43, **kwargs)


def jws(**kwargs: Any) -> Text:
    return Text(pattern=PATTERN_JWS, says="a compact JWS", least=90, most=4096, **kwargs)


def capacity(**kwargs: Any) -> Choice:
    return Choice(*CUSTODIAL, **kwargs)


def reason(**kwargs: Any) -> Text:
    return Text(most=500, **kwargs)


def approvals(**kwargs: Any) -> Many:
    return Many(jws(), most=15, **kwargs)


def label_token(**kwargs: Any) -> Withheld:
    shown = Text(pattern=PATTERN_TOKEN, says="a label's token, 20 of A-Z 2-7", least=20, most=20)
    return Withheld(shown, **kwargs)


class Name(Shape):
    """A name in Chinese, in English, or in both."""

    at_least = 1
    zh = Text(most=200)
    en = Text(most=200)


class Mass(Shape):
    """A mass in grams and how it is known. ``scale_g`` is the smallest step of the scale, in grams."""

    g = Whole(most=GRAMS, required=True)
    basis = Choice("measured", "nameplate", "shared_ticket", required=True)
    scale_g = Whole(least=1, most=1_000_000)


class Evidence(Shape):
    """A document or photo, by digest; the file itself lies beside the log."""

    kind = Choice(
        "photo", "ticket", "certificate", "customs", "contract", "court", "report", "dismantling_manual",
        "fire_safety", "other", required=True,
    )  # fmt: skip
    sha256 = digest(required=True)
    media_type = Text(pattern="^[a-z0-9.+-]+/[a-z0-9.+-]+$", most=100, required=True)
    bytes = Whole(least=1, required=True)


class NotMeasured(Shape):
    """What nobody measured, and why: never invented."""

    what = Choice("mass", "soh", "condition", "module_codes", "label", required=True)
    reason = reason(required=True)


class Detached(Shape):
    """A list that lies elsewhere: how many lines, and the RFC 6962 root over them (`docs/format.md`)."""

    count = Whole(least=1, most=1_000_000, required=True)
    root = digest(required=True)


READ_BY = ("camera", "scanner", "photo", "typed", "unreadable")
CONDITIONS = ("intact", "damaged", "opened", "leaking", "burnt", "unknown")
