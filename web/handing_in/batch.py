"""Any number of events handed in as batches, an outcome for each in order, through every kind of cut.

The rule that holds it together: an outcome is one that was read, whole, and names the events of its line.
What has none is sent again, since the same bytes are the same event.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Final, Literal

import orjson

from ...signing.base64url import b64url
from ...trace.errors import UndecidedError
from .errors import OutcomeUnknownError, ReceiptRefusedError, RefusedByNodeError
from .http import Reply, Wire, check_success, parse_object, read_whole, unreadable
from .receipt import Placed, check_places

OnError = Literal["continue", "stop"]
Told = dict[str, Any]
"""What the node says of a line."""

OK: Final = 200
ACCEPTED: Final = 202
NDJSON: Final = "application/x-ndjson"
MAX_LINE: Final = 4 << 20
"""Bytes of a line of an answer."""

_FINAL: Final = ("accepted", "known", "refused")
_BYTES_AT_ONCE: Final = 16 << 20  # a fourth of what a node answers at once
_JOB: Final = re.compile("[A-Za-z0-9_-]{16,64}")
_EVENT: Final = re.compile("[A-Za-z0-9_.~-]+")
_POLL_S: Final = 1.0
_LONGEST_POLL_S: Final = 10.0
_LONGEST_JOB_S: Final = 86_400.0


class JobError(UndecidedError):
    """A job did not end as it should; its lines may be recorded, or not: hand in the same again."""

    code: ClassVar[str] = "OUTCOME_UNKNOWN"


@dataclass(frozen=True, slots=True)
class LineOutcome:
    """What became of one event, or of one group that stands or falls together."""

    number: int  # in the order of what was handed in, from 1
    status: Literal["accepted", "known", "refused"]
    events: tuple[Placed, ...]  # where the log has them; none for what is refused
    code: str = ""  # of what is refused
    detail: str = ""
    answer: dict[str, Any] = field(default_factory=dict, repr=False)  # all that the node said of it

    @property
    def is_recorded(self) -> bool:
        """Whether it is in the log, now or from before. Not proven: `Client.receipt` gives the proof."""
        return self.status != "refused"


@dataclass(frozen=True, slots=True)
class Sending:
    """How a batch goes out."""

    wire: Wire
    api: str  # path of the API
    sleep: Callable[[float], object]


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    body: bytes  # with the line feed
    ids: tuple[str, ...]
    sha256: str


def send_batch(
    sending: Sending,
    groups: Iterable[Sequence[str]],
    *,
    resume_file: str | os.PathLike[str] | None,
    on_error: OnError,
    at_once: int,
) -> Generator[LineOutcome, None, None]:
    """Yield the outcome of each group. See `Client.submit_batch`."""
    lines = map(_line, groups, count(1))
    order = _Order()
    record = _Record(Path(resume_file)) if resume_file is not None else None
    try:
        for line, told in record.known(lines) if record else ():
            outcome = _outcome(told, line)
            yield outcome
            if on_error == "stop" and outcome.status == "refused":
                return
        while block := _take(lines, at_once):
            for line, told in _send_block(sending, block, on_error):
                outcome = _outcome(told, line)
                order.check(outcome)
                if record:
                    record.keep(line, told)
                yield outcome
                if on_error == "stop" and outcome.status == "refused":
                    return
    finally:
        sending.wire.close()
        if record:
            record.close()


def start_job(sending: Sending, groups: Iterable[Sequence[str]], on_error: str, key: str) -> str:
    """Hand in events to be judged later, and return the id of the job. See `Client.start_job`."""

    def job_id(reply: Reply) -> str:
        said = reply.json().get("id")
        if reply.status != ACCEPTED or not isinstance(said, str) or not _JOB.fullmatch(said):
            raise unreadable(f"{ACCEPTED} with the id of a job", f"{reply.status} with another object")
        return said

    body = b"".join(line.body for line in map(_line, groups, count(1)))
    headers = {"Content-Type": NDJSON, "Prefer": "respond-async", "Idempotency-Key": key}
    path = f"{sending.api}/events/batch?on_error={on_error}"
    try:
        return job_id(sending.wire.ask("POST", path, body=body, headers=headers, readable=job_id))
    finally:
        sending.wire.close()


def wait_for_job(sending: Sending, job: str, longest_s: float) -> Iterator[Told]:
    """Yield the outcome of each line of a job, once it is done. See `Client.wait_job`."""
    if not _JOB.fullmatch(job):
        raise ValueError("job: expected its id, or the address that the node answered with, got another text")
    path, waited, pause = f"{sending.api}/jobs/{job}", 0.0, _POLL_S
    while (status := sending.wire.ask("GET", path).json().get("status")) != "done":
        if status not in ("waiting", "running"):
            raise JobError(f"job {job}: expected it to end, got status {str(status)[:20]}")
        if waited >= longest_s:
            raise JobError(f"job {job}: expected its end within {longest_s:g} s, got status {status}")
        sending.sleep(pause)
        waited, pause = waited + pause, min(pause * 1.5, _LONGEST_POLL_S)
    done = 0
    while True:
        for wait in sending.wire.attempts():
            before = done
            try:
                with sending.wire.open("GET", f"{path}/result") as response:
                    for told in islice(_told(response), done, None):
                        yield told
                        done += 1
                return
            except (OutcomeUnknownError, RefusedByNodeError) as error:
                if done == before:
                    wait(error)
                    continue
            break  # It got further: the attempts are counted anew.


def _send_block(sending: Sending, block: Sequence[_Line], on_error: OnError) -> Iterator[tuple[_Line, Told]]:
    """Hand in some lines until each has an outcome that was read."""
    left = list(block)
    while left:
        for wait in sending.wire.attempts():
            done = 0
            try:
                for told in _answers(sending, left, on_error):
                    yield left[done], told
                    done += 1
            except (OutcomeUnknownError, RefusedByNodeError) as error:
                if not done:
                    wait(error)
                    continue
            break  # It got further: the attempts are counted anew.
        del left[:done]


def _answers(sending: Sending, lines: Sequence[_Line], on_error: OnError) -> Iterator[Told]:
    """Send some lines once, and yield the outcome of each in order, as far as one is told.

    Raises:
        OutcomeUnknownError: The answer ends, or says that it knows no more, before the last line.
        RefusedByNodeError: The node does not take the batch.
        ReceiptRefusedError: It tells of more than was sent.
    """
    path = f"{sending.api}/events/batch?on_error={on_error}"
    body = b"".join(line.body for line in lines)
    with ExitStack() as held:
        response = held.enter_context(
            sending.wire.open("POST", path, body=body, headers={"Content-Type": NDJSON})
        )
        if response.status == ACCEPTED:  # More than this node answers at once: it has made a job of it.
            job = Reply(response.status, response.headers, read_whole(response)).json().get("id")
            held.close()
            answers = wait_for_job(sending, str(job), _LONGEST_JOB_S)
        else:
            answers = _told(response)
        for number in range(1, len(lines) + 1):
            told = next(answers, None)
            if told is None:
                raise unreadable(f"{len(lines)} lines", f"{number - 1}: it was cut")
            if told.get("line") != number:
                raise unreadable(f"line {number}", f"line {str(told.get('line'))[:20]}")
            status = told.get("status")
            if status not in _FINAL:
                got = f"{str(status)[:20]}: {str(told.get('detail', ''))[:200]}"
                raise unreadable(f"{', '.join(_FINAL)} for line {number}", got)
            yield told
            if on_error == "stop" and status == "refused":
                return
        if (more := next(answers, None)) is not None:
            raise ReceiptRefusedError(
                f"answer: expected {len(lines)} lines, got more", answer=orjson.dumps(more)
            )


def _told(response: http.client.HTTPResponse) -> Iterator[Told]:
    """The lines of an answer, each whole.

    Raises:
        OutcomeUnknownError: It is cut, or a line is none.
        RefusedByNodeError: The answer is a refusal.
    """
    if response.status != OK or response.headers.get_content_type() != NDJSON:
        check_success(Reply(response.status, response.headers, read_whole(response)))
        raise unreadable(f"200 with {NDJSON}", f"{response.status} with another body")
    while data := response.readline(MAX_LINE + 1):
        if not data.endswith(b"\n"):
            raise unreadable("lines, each with its end", "one without: it was cut, or is too long")
        yield parse_object(data)
    if response.length:
        raise unreadable(f"{response.length} bytes more", "the end")


def _line(group: Sequence[str], number: int) -> _Line:
    """One line of a batch.

    Raises:
        ValueError: An event that is no JWS at all.
    """
    if not group or not all(_EVENT.fullmatch(text) for text in group):
        raise ValueError(f"event {number}: expected a JWS, or JWS~disclosure~…, got another text")
    text = group[0].encode() if len(group) == 1 else orjson.dumps({"events": list(group)})
    inputs = (each.partition("~")[0].rpartition(".")[0] for each in group)
    ids = tuple(b64url(hashlib.sha256(each.encode()).digest()) for each in inputs)
    return _Line(number, text + b"\n", ids, b64url(hashlib.sha256(text).digest()))


def _take(lines: Iterator[_Line], at_once: int) -> list[_Line]:
    """The next lines that go in one request."""
    taken: list[_Line] = []
    size = 0
    for line in islice(lines, at_once):
        taken.append(line)
        size += len(line.body)
        if size >= _BYTES_AT_ONCE:
            break
    return taken


def _outcome(told: Told, line: _Line) -> LineOutcome:
    """What was told of a line, if it speaks of the events of that line.

    Raises:
        ReceiptRefusedError: It names others.
    """
    status = told["status"]
    if status == "refused":
        code, detail = str(told.get("code", "")), str(told.get("detail", ""))
        return LineOutcome(line.number, status, (), code, detail, told)
    events = check_places(told.get("events"), line.ids, orjson.dumps(told))
    return LineOutcome(line.number, status, events, answer=told)


class _Order:
    """A log only grows: what is taken in lies behind all that was taken in before."""

    def __init__(self) -> None:
        self._last = -1

    def check(self, outcome: LineOutcome) -> None:
        """Raises:
        ReceiptRefusedError: A leaf that was given before, or one before it.
        """
        if outcome.status != "accepted":
            return
        first = outcome.events[0].leaf_index
        if first <= self._last:
            raise ReceiptRefusedError(
                f"leaf_index of event {outcome.number}: expected more than {self._last}, got {first}",
                answer=orjson.dumps(outcome.answer),
            )
        self._last = max(placed.leaf_index for placed in outcome.events)


class _Record:
    """The outcomes so far in a file, a line each, with the digest of the line that was handed in.

    It is written, not forced to the disk: what a power cut takes from it is sent again, and known.
    """

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("a+b")

    def close(self) -> None:
        self._file.close()

    def known(self, lines: Iterator[_Line]) -> Iterator[tuple[_Line, Told]]:
        """The lines that have an outcome, taken from `lines`. A torn last one is cut off.

        Raises:
            ValueError: Other lines were handed in then.
        """
        self._file.seek(0)
        end = 0
        while data := self._file.readline():
            kept = _parse_kept(data)
            if kept is None:
                break
            sha256, told = kept
            line = next(lines, None)
            if line is None or line.sha256 != sha256:
                got = "another" if line else "none"
                raise ValueError(
                    f"resume_file: expected the same events as before, got {got} after {end} bytes"
                )
            end += len(data)
            yield line, told
            self._file.seek(end)
        self._file.truncate(end)

    def keep(self, line: _Line, told: Told) -> None:
        """Add an outcome."""
        self._file.write(
            orjson.dumps({"sha256": line.sha256, "told": told}, option=orjson.OPT_APPEND_NEWLINE)
        )
        self._file.flush()


def _parse_kept(data: bytes) -> tuple[str, Told] | None:
    """A line of the file; None for one that is not whole."""
    try:
        value = orjson.loads(data) if data.endswith(b"\n") else None
    except ValueError:
        return None
    match value:
        case {"sha256": str(sha256), "told": {"status": "accepted" | "known" | "refused"} as told}:
            return sha256, told
        case _:
            return None
