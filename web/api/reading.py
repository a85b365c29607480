"""What the routes that read subjects and events share: who asks, what they see, and how it is told."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import orjson
from flask import Response
from marshmallow import Schema

from ...schemas.api.events import ProblemBody
from ...trace.codes.subjects import Subject
from ...trace.history import Told
from ...trace.ledger.ledger import Ledger
from ...trace.lifecycle.world import World
from ..door.bodies import JSON
from ..door.rates import count_items
from ..node import this_node
from ..problems import MEDIA_TYPE
from ..reading.access import Reader, reader
from ..reading.passport import subject_object
from ..reading.shown import SubjectUnknownError, load_disclosures, read_whole, refuse_unseen, shown_event
from ..reading.tiers import View, view_of
from .organisations import page_tokens

BEARER: Final = "bearer"
SECURITY: Final[list[dict[str, list[str]]]] = [{}, {BEARER: []}]
"""In the API's document: with a token, or without one as a stranger. A parameter would be no way to say it: a
header of this name is passed over there (OpenAPI 3.1, 4.8.12.1)."""


class Asked:
    """Somebody asks about the log at one moment."""

    def __init__(self) -> None:
        node = this_node()
        self.reader: Reader | None = reader()
        self.ledger: Ledger = node.ledger
        self.world: World = node.ledger.world()
        self.at: datetime = node.clock()
        self._chains: dict[str, list[Told]] = {}

    def chain(self, subject: str) -> list[Told]:
        """The events of a chain."""
        if subject not in self._chains:
            self._chains[subject] = read_whole(self.ledger, subject)
            count_items(len(self._chains[subject]))  # read whole, whoever asks
        return self._chains[subject]

    def known_chain(self, subject: Subject) -> list[Told]:
        """The events of a chain that has begun.

        Raises:
            SubjectUnknownError: It has not.
        """
        chain = self.chain(subject.text)
        if not chain:
            raise SubjectUnknownError(f"subject: expected one that is in the log, got {subject.text}")
        return chain

    def view(self, subject: Subject) -> View:
        """What is seen of it."""
        return view_of(subject, self.chain, self.world, self.reader, self.at)


def answer_subject(subject: Subject) -> Response:
    """A subject as it stands.

    Raises:
        SubjectUnknownError: The log says nothing of it.
    """
    asked = Asked()
    chain = asked.known_chain(subject)
    view = asked.view(subject)
    return answer(subject_object(chain, view, asked.world, asked.ledger, asked.reader, asked.at))


def answer_events(subject: Subject, query: dict[str, Any]) -> Response:
    """A page of the events of a chain.

    Raises:
        SubjectUnknownError: The log says nothing of it.
        TokenRequiredError, NotPermittedError: None of its events is seen.
        PageTokenError: The page token is none of this history.
    """
    asked = Asked()
    chain = asked.known_chain(subject)
    view = asked.view(subject)
    name = f"events of {subject.text}"
    after = int(page_tokens().open(name, query["page"])) if "page" in query else -1
    seen = [told for told in chain if view.sees(told)]
    if not seen:
        refuse_unseen(view, f"events of {subject.text}")
    limit: int = query.get("limit", this_node().limits.page)
    rest = [told for told in seen if told.event.seq > after]
    page = rest[:limit]
    kept = load_disclosures(asked.ledger, page)
    body = {
        "subject": subject.text,
        "tier": view.tier.value,
        "seq": chain[-1].event.seq,
        "head": chain[-1].event.id,
        "events": [shown_event(told, view, kept) for told in page],
        "complete": len(seen) == len(chain),
    }
    if len(rest) > len(page):
        body["next"] = page_tokens().seal(name, str(page[-1].event.seq))
    return answer(body)


def answer(body: dict[str, Any]) -> Response:
    """A body that depends on who asks: no cache keeps it, or takes it for another reader's."""
    response = Response(orjson.dumps(body), 200, content_type=JSON)
    response.headers["Vary"] = "Authorization"
    return response


def told_as(blueprint: Any, body: type[Schema], summary: str, **problems: str) -> Any:
    """Describe a route that reads, in the API's document.

    Args:
        problems: ``on_404`` and so on, each with when it is answered.
    """

    def decorate(view: Any) -> Any:
        said = {"on_401": "A token is needed, or the one that was shown is not good."} | problems
        for name, description in said.items():
            view = blueprint.alt_response(
                int(name.removeprefix("on_")),
                schema=ProblemBody,
                content_type=MEDIA_TYPE,
                description=description,
            )(view)
        view = blueprint.response(200, body)(view)
        return blueprint.doc(summary=summary, security=SECURITY)(view)

    return decorate
