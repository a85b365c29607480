"""What can be said of an event without any history: the first step of appending.

Much arrives here that will never be recorded, so this runs outside any lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from ...signing.disclosures import check_disclosures, split_presentation
from ...signing.errors import SigningError
from ...signing.jws import check_signature
from ...signing.keys import PublicKey
from ..errors import RefusedError
from ..rules.ruleset import RuleSet
from ..rules.shapes import UnknownVersionError
from ..statement import Event, parse_event_jws, read_addressed

MAX_GROUP: Final = 1_000  # events


class Submission(Struct, frozen=True, gc=False):
    """Events that are recorded all or not at all: usually one, else a group in its order.

    Each text is a compact JWS, or ``JWS~disclosure~…~`` where members are withheld.
    """

    events: tuple[str, ...]


class Arrival(Struct, gc=False):
    """An event whose form, shape and addressee are right."""

    event: Event
    disclosures: tuple[tuple[str, str], ...]  # JSON Pointer of the slot, and what opens it
    shown: Mapping[str, Any]  # JSON Pointer of the slot -> the value that is withheld in the log
    checked_with: PublicKey | None = None  # under which the signature was found to hold
    member: int | None = None  # its number in a group, from 0


def read_submission(submission: Submission, rules: RuleSet, origin: str) -> list[Arrival]:
    """Take a submission in.

    Raises:
        RefusedError: An event has not the form, shape, addressee or disclosures that it must have, with the
            code of what is wrong; or there are no events, or too many.
    """
    count = len(submission.events)
    if not 1 <= count <= MAX_GROUP:
        said = f"group: expected 1 to {MAX_GROUP} events, got {count}"
        raise RefusedError(said, code="GROUP_TOO_LARGE", where="events")
    if count == 1:
        return [_read(submission.events[0], rules, origin)]
    arrivals: list[Arrival] = []
    for member, text in enumerate(submission.events):
        try:
            arrival = _read(text, rules, origin)
        except RefusedError as error:
            error.member = member
            raise
        arrival.member = member
        arrivals.append(arrival)
    return arrivals


def check_arrival(arrival: Arrival, key: PublicKey) -> None:
    """The key signed the event.

    Raises:
        RefusedError: It did not.
    """
    try:
        check_signature(arrival.event.jws, key)
    except SigningError as error:
        refused = RefusedError(str(error), code=error.code, where="jws")
        refused.member = arrival.member
        raise refused from error
    arrival.checked_with = key


def _read(text: str, rules: RuleSet, origin: str) -> Arrival:
    try:
        jws_text, shown = split_presentation(text)
    except SigningError as error:
        raise RefusedError(str(error), code=error.code, where="disclosures") from error
    jws = parse_event_jws(jws_text)
    try:
        event = read_addressed(jws, rules.shapes, origin)
    except UnknownVersionError as error:
        # A verifier can't judge what it does not know; a log does not record what it can't judge.
        raise RefusedError(error.message, code=error.finding_code, where=error.where) from error
    # A shape is closed: where it has no room for a withheld member there is none.
    if not shown and not rules.shapes.withheld(event.type):
        return Arrival(event, (), {})
    try:
        opened = check_disclosures(jws.value, shown)
    except SigningError as error:
        raise RefusedError(str(error), code=error.code, where="disclosures") from error
    values = {pointer: each.value for pointer, each in opened.items()}
    rules.shapes.check_disclosed(jws.value, values)
    return Arrival(event, tuple((pointer, each.text) for pointer, each in opened.items()), values)
