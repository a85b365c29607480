"""`packtrace.Client`: sign, hand in, and know what became of it; read, and follow what concerns one.

Sync, for one thread at a time, over one connection that is kept. It needs neither Flask nor a database. What
it returns was checked; an answer that could not be read is never success, and says so by its own class.
"""

from __future__ import annotations

import os
import random
import ssl
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import quote

import orjson

from ..signing.base64url import b64url
from ..signing.jws import Jws
from ..signing.keys import PublicKey, Signer, parse_public_jwk
from ..trace.codes.subjects import parse_origin
from ..trace.notice import NoticeError, Notices, check_notice
from ..trace.read_token import sign_read_token
from ..trace.statement import parse_event_jws
from ..trace.verify.trust import Trust, parse_trust
from .handing_in.batch import JobError, LineOutcome, OnError, Sending, send_batch, start_job, wait_for_job
from .handing_in.errors import (
    Head,
    OutcomeUnknownError,
    PlaceTakenError,
    ReceiptRefusedError,
    RefusedByNodeError,
)
from .handing_in.http import JSON, Reply, Retries, Wire, parse_address, unreadable
from .handing_in.read import FeedPage, parse_heads, parse_page
from .handing_in.receipt import Placed, Receipt, check_receipt
from .handing_in.sign import SignedEvent, sign_event

__all__ = [
    "Client",
    "FeedPage",
    "Head",
    "JobError",
    "LineOutcome",
    "Notices",
    "OutcomeUnknownError",
    "PlaceTakenError",
    "Placed",
    "Receipt",
    "ReceiptRefusedError",
    "RefusedByNodeError",
    "Retries",
    "SignedEvent",
]

API: Final = "/api/v1"
Events = SignedEvent | str | Sequence[SignedEvent | str]
"""An event, or a group that stands or falls together."""

_JOSE: Final = "application/jose"
_TOKEN_S: Final = 300
_TOKEN_LEFT_S: Final = 60  # with less left, a new one is made
_HEADS_AT_ONCE: Final = 10_000


class Client:
    """One organisation's, or a stranger's, way to a node.

    Args:
        url: Of the node, before ``/api/v1``.
        trust: The log that is meant and its keys, as a trust file or read from one. Without it receipts are
            checked against themselves alone, and the origin that is signed for is the node's word.
        signer: Signs events and bearer tokens: a `PrivateKey`, or any object with `public` and `sign`, such
            as one that asks an HSM or a KMS.
        org: In whose name, as ``org:uscc:…``.
        timeout_s: For a connection, and for each piece of an answer. A node may take 30 s to record.
        retries: How often the same bytes are sent again.
        tls: In place of the system's certificates.
        plain_tokens: Show bearer tokens also over plain http to other machines.
        clock, sleep, random, urandom: Time and randomness, for those who test.

    Raises:
        ValueError: The URL is none, or `signer` and `org` are not given together.
        TraceError, OSError: The trust file can't be read.
    """

    def __init__(
        self,
        url: str,
        *,
        trust: Trust | str | os.PathLike[str] | None = None,
        signer: Signer | None = None,
        org: str | None = None,
        timeout_s: float = 60.0,
        retries: Retries | None = None,
        tls: ssl.SSLContext | None = None,
        plain_tokens: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(tz=UTC),
        sleep: Callable[[float], object] = time.sleep,
        random: Callable[[], float] = random.random,
        urandom: Callable[[int], bytes] = os.urandom,
    ) -> None:
        if (signer is None) != (org is None):
            raise ValueError("signer and org: expected both or neither, got one")
        self._address = parse_address(url)
        self.trust = trust if isinstance(trust, Trust | None) else parse_trust(Path(trust).read_bytes())
        self._signer = signer
        self._org = org
        self._may_show_tokens = plain_tokens or self._address.is_private
        self._clock = clock
        self._urandom = urandom
        self._origin = self.trust.origin if self.trust else None
        self._token: tuple[str, datetime] | None = None
        self._notice_key: PublicKey | None = None
        self._last_leaf = -1

        def wire() -> Wire:
            return Wire(
                self._address,
                timeout_s=timeout_s,
                tls=tls,
                retries=retries or Retries(),
                sleep=sleep,
                random=random,
            )

        self._new_wire = wire
        self._wire = wire()
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._wire.close()

    @property
    def origin(self) -> str:
        """The log's name: by the trust file, else by the node's word, asked once.

        Raises:
            OutcomeUnknownError, RefusedByNodeError: The node doesn't say.
        """
        if self._origin is None:
            said = self.node().get("origin")
            self._origin = parse_origin(said if isinstance(said, str) else "")
        return self._origin

    # What is signed, and handed in.

    def sign(
        self,
        type: str,
        subject: str,
        data: Mapping[str, Any],
        *,
        occurred_at: datetime | None = None,
        after: Head | None = None,
        withheld: Mapping[str, Any] | None = None,
    ) -> SignedEvent:
        """Sign the next statement of a chain. Nothing is sent.

        Args:
            type: As ``battery.manufactured``.
            subject: As ``battery:gbt34014:…``.
            data: What the type says; quantities are integers with their unit in the name.
            occurred_at: When it happened, aware; fractions of a second are dropped. By default now.
            after: Where the chain ends; by default the node is asked. Of an event that was signed just
                before and not handed in yet, its `head`.
            withheld: Members of `data` of which only a salted digest is signed, as ``{"vin": "…"}``. Their
                values go to the node as disclosures.

        Raises:
            ValueError: No signer, or a member is both in `data` and withheld.
            SigningError: Something that the compact form can't say: a float, a text that is not NFC.
            RefusedError: The subject or the time is none.
            OutcomeUnknownError, RefusedByNodeError: The node was asked for the head and did not tell.
        """
        signer, org = self._signing()
        on = after or self.heads([subject])[0]
        if on.subject != subject:
            raise ValueError(f"after: expected the head of {subject}, got that of {on.subject}")
        return sign_event(
            signer,
            origin=self.origin,
            org=org,
            type=type,
            on=on,
            data=data,
            withheld=withheld or {},
            occurred_at=occurred_at or self._clock(),
            random=self._urandom,
        )

    def submit(self, events: Events) -> Receipt:
        """Hand in one event, or a group that stands or falls together, and return once it is recorded.

        The same bytes again get the same receipt, so this may be called again after any failure.

        Raises:
            PlaceTakenError: Something else stands at this place: sign again on its `head`.
            RefusedByNodeError: Refused, with every reason; nothing is recorded.
            OutcomeUnknownError: No answer could be read: hand in the same again.
            ReceiptRefusedError: The answer does not show what it says.
            RefusedError: A text is no event.
        """
        texts = _texts(events)
        sent = [parse_event_jws(text.partition("~")[0]) for text in texts]
        if not sent:
            raise ValueError("events: expected one or more, got none")
        if len(texts) == 1:
            kind, body = _JOSE, texts[0].encode("ascii")
        else:
            kind, body = JSON, orjson.dumps({"events": texts})
        found: list[Receipt] = []
        try:
            self._wire.ask(
                "POST",
                f"{self._address.path}{API}/events",
                body=body,
                headers={"Content-Type": kind},
                readable=lambda reply: found.append(self._receipt(reply, sent)),
            )
        except RefusedByNodeError as error:
            if error.status == 409 and type(error.problem.get("head_seq")) is int:
                at = error.event if isinstance(error.event, int) and error.event < len(sent) else -1
                raise PlaceTakenError(409, error.problem, sent[at].value["sub"]) from error
            raise
        return self._in_order(found[0])

    def submit_batch(
        self,
        events: Iterable[Events],
        *,
        resume_file: str | os.PathLike[str] | None = None,
        on_error: OnError = "continue",
        lines_at_once: int = 2_000,
    ) -> Generator[LineOutcome, None, None]:
        """Hand in any number of events, and yield what became of each, in their order, as the node tells.

        A cut on the way is mended by itself: what has no answer that could be read is sent again. After the
        process itself has ended, call this with the same events and the same `resume_file`: the outcomes
        that are known are yielded from there, and the rest is handed in.

        Args:
            events: Each an event, or a sequence of them for a group that stands or falls together.
            resume_file: Gets a line for each outcome before that is yielded.
            on_error: `stop` ends after the first refusal; nothing after it is recorded.
            lines_at_once: In one request; they and their answer are held in memory.

        Raises:
            OutcomeUnknownError: Cut again and again, or the node's ledger stopped: call again later.
            RefusedByNodeError: The node takes no batch at all from us.
            ReceiptRefusedError: An answer names other events than were sent.
            ValueError: `resume_file` is of other events.
        """
        return send_batch(
            self._sending(),
            map(_texts, events),
            resume_file=resume_file,
            on_error=on_error,
            at_once=lines_at_once,
        )

    def start_job(
        self,
        events: Iterable[Events],
        *,
        on_error: OnError = "continue",
        key: str | None = None,
    ) -> str:
        """Hand in events to be judged later, whatever happens to this process; `wait_job` tells what became
        of them. All of them are held in memory and go in one request: for more, there is `submit_batch`.

        Args:
            key: 1 to 255 visible characters of ASCII. The same key with the same events is the same job, for
                seven days. By default a random one.

        Returns:
            The id of the job. Whoever knows it may read the outcomes.

        Raises:
            OutcomeUnknownError: No answer could be read: call again with the same events.
            RefusedByNodeError: The node does not take them.
        """
        return start_job(self._sending(), map(_texts, events), on_error, key or b64url(self._urandom(16)))

    def wait_job(self, job: str, *, longest_s: float = 86_400.0) -> Iterator[dict[str, Any]]:
        """Wait for a job that a batch became, and yield what became of each line, as the node tells it.

        Args:
            job: Its id, or the `Location` that the node answered with.

        Raises:
            JobError: It failed, or is not done in time.
            OutcomeUnknownError, RefusedByNodeError: The node does not tell.
        """
        return wait_for_job(self._sending(), job.rstrip("/").rpartition("/")[2], longest_s)

    # What is read.

    def node(self) -> dict[str, Any]:
        """The node's word about itself: origin, keys, rules, limits. Whom to trust is not learned from it."""
        return self._get("/node", token=False)

    def heads(self, codes: Sequence[str]) -> list[Head]:
        """Where chains end.

        Args:
            codes: Codes as scanned, or subjects; any number.

        Returns:
            The head of each, in order.

        Raises:
            RefusedByNodeError: One of the codes is none.
        """
        found: list[Head] = []
        for start in range(0, len(codes), _HEADS_AT_ONCE):
            asked = list(codes[start : start + _HEADS_AT_ONCE])
            reply = self._wire.ask(
                "POST",
                f"{self._address.path}{API}/heads",
                body=orjson.dumps({"codes": asked}),
                headers={"Content-Type": JSON},
                readable=partial(parse_heads, codes=asked),
            )
            found += parse_heads(reply, asked)
        return found

    def battery(self, code: str) -> dict[str, Any]:
        """A battery as it stands and as this reader may see it; `tier` says as what.

        Args:
            code: As scanned, or the subject.
        """
        return self._get(f"/batteries/{quote(code, safe='')}")

    def receipt(self, event_id: str) -> Receipt:
        """The receipt of an event against the newest checkpoint, checked as `submit` does."""
        path = f"{self._address.path}{API}/events/{quote(event_id, safe='')}/receipt"
        reply = self._wire.ask("GET", path, headers=self._headers())
        value = reply.json()
        key = self._signer.public if self._signer else None
        return check_receipt(value, reply.body, [event_id], trust=self.trust, key=key)

    def feed(self, after: str | None = None, *, limit: int = 100) -> Iterator[FeedPage]:
        """What concerns the organisation, page by page, up to what is signed by now.

        Deal with the notices of a page, then keep its `next`, and begin there the next time.

        Args:
            after: The cursor that was kept; None for all from the beginning.
            limit: Notices of a page, 1 to 1,000.
        """
        while True:
            query = f"?limit={limit}" + (f"&after={quote(after, safe='')}" if after else "")
            page = parse_page(self._get(f"/feed{query}"))
            yield page
            if page.complete:
                return
            if page.next == after:
                raise unreadable("a cursor that moves on", "the same one")
            after = page.next

    def check_notice(self, body: str | bytes, webhook: str) -> Notices:
        """What a delivery to a webhook says, once it is shown to be this node's and meant for that webhook.

        Args:
            body: Exactly as it came.
            webhook: Its id.

        Raises:
            NoticeError: It is not; nothing of it is to be acted on.
        """
        if self._notice_key is None:
            if not self._address.is_private:
                raise ValueError("url: expected https to learn the key of notices by, got http")
            said = self.node().get("notice_key")
            self._notice_key = parse_public_jwk(said if isinstance(said, dict) else {})
        notices = check_notice(body, self._notice_key, webhook)
        if notices.origin != self.origin:
            raise NoticeError(f"notice, iss: expected {self.origin}, got another log", where="iss")
        return notices

    def explain(self, event: SignedEvent | str) -> dict[str, Any]:
        """Why the node refuses an event: rule, place, expected and got, the fix, and what to sign in its
        place. Nothing is recorded.
        """
        return self._wire.ask(
            "POST",
            f"{self._address.path}{API}/explain",
            body=str(event).encode("ascii"),
            headers={"Content-Type": _JOSE},
        ).json()

    # How.

    def _receipt(self, reply: Reply, sent: Sequence[Jws]) -> Receipt:
        key = self._signer.public if self._signer else None
        ids = [jws.id for jws in sent]
        receipt = check_receipt(reply.json(), reply.body, ids, trust=self.trust, key=key)
        if receipt.status is None or reply.status != (201 if receipt.status == "accepted" else 200):
            raise unreadable("201 for accepted, 200 for known", f"{reply.status} for {receipt.status}")
        return receipt

    def _in_order(self, receipt: Receipt) -> Receipt:
        """A log only grows: what it takes in now lies behind all that it took in before."""
        if receipt.status == "accepted":
            first = receipt.events[0].leaf_index
            if first <= self._last_leaf:
                raise ReceiptRefusedError(
                    f"leaf_index: expected more than {self._last_leaf}, given for another event before, "
                    f"got {first}",
                    answer=receipt.answer,
                )
            self._last_leaf = max(placed.leaf_index for placed in receipt.events)
        return receipt

    def _sending(self) -> Sending:
        """A connection of its own, so that other requests can be made while a batch goes on."""
        return Sending(self._new_wire(), f"{self._address.path}{API}", self._sleep)

    def _get(self, path: str, *, token: bool = True) -> dict[str, Any]:
        headers = self._headers() if token else {}
        return self._wire.ask("GET", f"{self._address.path}{API}{path}", headers=headers).json()

    def _headers(self) -> dict[str, str]:
        """Who asks: a token of minutes, made when it is needed; a stranger shows none."""
        if self._signer is None or self._org is None:
            return {}
        if not self._may_show_tokens:
            raise ValueError("url: expected https for bearer tokens to another machine, got http")
        now = self._clock()
        if self._token is None or (self._token[1] - now).total_seconds() < 0:
            text = sign_read_token(self._signer, origin=self.origin, org=self._org, at=now, seconds=_TOKEN_S)
            self._token = text, now + timedelta(seconds=_TOKEN_S - _TOKEN_LEFT_S)
        return {"Authorization": f"Bearer {self._token[0]}"}

    def _signing(self) -> tuple[Signer, str]:
        if self._signer is None or self._org is None:
            raise ValueError("client: expected a signer and an organisation to sign, got none")
        return self._signer, self._org


def _texts(events: Events) -> list[str]:
    """The texts of one submission."""
    return [str(events)] if isinstance(events, SignedEvent | str) else [str(each) for each in events]
