"""Events as the API shows them: what was signed, its place, and what of the withheld the reader sees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from ...signing.disclosures import find_slots, parse_disclosure
from ...trace.codes.battery_code import read_label_text
from ...trace.codes.subjects import Subject, parse_subject
from ...trace.errors import RefusedError
from ...trace.history import Told, event_object, read_chain
from ...trace.ledger.errors import EventUnknownError
from ...trace.ledger.ledger import Ledger
from ...trace.ledger.tables import DISCLOSURE, ENTRY
from .access import NotPermittedError, TokenRequiredError
from .tiers import ReadChain, View

_ID_CHARACTERS: Final = 43

Disclosures = Mapping[str, Mapping[str, str]]
"""Event id -> JSON Pointer of the slot -> the disclosure that opens it."""


class SubjectUnknownError(RefusedError):
    """The log says nothing of the subject. That it says something is public."""

    code = "SUBJECT_UNKNOWN"
    http_status = 404


@dataclass(frozen=True, slots=True)
class Found:
    """An event that is in the log, with its subject."""

    subject: Subject
    told: Told


def parse_battery_name(text: str) -> Subject:
    """A battery by its subject, or by the code that a scanner read.

    Raises:
        RefusedError: Neither.
    """
    if not text.startswith("battery:"):
        text = f"battery:gbt34014:{read_label_text(text).code.text}"
    return parse_subject(text)


def parse_with_tail(
    text: str, tail: str, parse: Callable[[str], Subject] = parse_subject
) -> tuple[Subject, bool]:
    """A subject from an address that may end with a word of the route, or with a name that is that word.

    Names may hold what an address splits at: ``batch:uscc:…/events`` is a batch, and has events.

    Returns:
        The subject, and whether the word belongs to it.

    Raises:
        RefusedError: No subject either way.
    """
    try:
        return parse(text), False
    except RefusedError as error:
        try:
            return parse(f"{text}/{tail}"), True
        except RefusedError:
            raise error from None


def find_event(ledger: Ledger, event_id: str, read: ReadChain | None = None) -> Found:
    """An event of the log.

    Args:
        read: Reads its chain, for who needs that again; by itself where there is none.

    Raises:
        EventUnknownError: There is none of this id.
    """
    row = None
    if len(event_id) == _ID_CHARACTERS and event_id.isascii() and event_id.isprintable():
        with ledger.read() as connection:
            query = select(ENTRY.c.subject, ENTRY.c.seq).where(ENTRY.c.event_id == event_id)
            row = connection.execute(query).one_or_none()
    if row is None:
        raise EventUnknownError("event: expected one that is in the log, got another id")
    chain = read(row.subject) if read else read_whole(ledger, row.subject)
    return Found(parse_subject(row.subject), chain[row.seq])


def read_whole(ledger: Ledger, subject: str) -> list[Told]:
    """The events of a chain in order; none where it has not begun."""
    return list(read_chain(ledger.entries_of(subject)))


def load_disclosures(ledger: Ledger, events: Iterable[Told]) -> Disclosures:
    """What opens the withheld members of these events, as far as it is still there."""
    ids = [told.event.id for told in events if next(find_slots(told.event.jws.value), None)]
    found: dict[str, dict[str, str]] = {each: {} for each in ids}
    if ids:
        with ledger.read() as connection:
            for row in connection.execute(select(DISCLOSURE).where(DISCLOSURE.c.event_id.in_(ids))):
                found[row.event_id][row.pointer] = row.disclosure
    return found


def shown_event(told: Told, view: View, kept: Disclosures) -> dict[str, Any]:
    """An event for a reader who sees it: the JWS, which anybody can check, and what it withholds."""
    opened = kept.get(told.event.id, {})
    shown = view.shows_values(told)
    withheld = [
        _slot(pointer, opened.get(pointer)) if shown else {"pointer": pointer, "state": "withheld"}
        for pointer, _digest in find_slots(told.event.jws.value)
    ]
    return {**event_object(told), "jws": told.event.jws.text, "withheld": withheld}


def refuse_unseen(view: View, what: str) -> None:
    """Say to whoever does not see something why not.

    Raises:
        TokenRequiredError: They did not say who they are.
        NotPermittedError: They have no part in it.
    """
    if not view.org:
        raise TokenRequiredError(f"{what}: expected a token of somebody who has a part in it, got none")
    raise NotPermittedError(
        f"{what}: expected somebody who holds it or held it, to whom it is offered, or an authority "
        f"of the region, got {view.org}"
    )


def _slot(pointer: str, disclosure: str | None) -> dict[str, Any]:
    """What a member withholds, or that nobody can tell any more here."""
    if disclosure is None:
        return {"pointer": pointer, "state": "erased"}
    value = parse_disclosure(disclosure).value
    return {"pointer": pointer, "state": "disclosed", "value": value, "disclosure": disclosure}
