"""Batches that are taken now and judged later: kept in files beside the log until they are done.

A job survives whatever happens to the process. Each thousand lines is three durable steps: the events in the
log, their outcomes in the file of results, how far that is in the node's database. After a crash the file of
results is cut back to what the database says, and the lines behind it are submitted again: those that were
recorded are answered ``known``. So every line has one outcome, and every event one place.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Final

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    Row,
    Table,
    Text,
    case,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlmodel import Field

from ...signing.base64url import b64url
from ...trace.errors import TraceError
from ...trace.ledger.errors import LedgerBusyError
from ...trace.ledger.sequence import OnError
from ..limits import Limits
from ..store import NodeRow, Store
from .idempotency import bind_key
from .spool import Spool

WAITING: Final = "waiting"
RUNNING: Final = "running"
DONE: Final = "done"
FAILED: Final = "failed"
ENDED: Final = (DONE, FAILED)

_ID_BYTES: Final = 16  # nobody guesses the link of another's job
_ORPHAN_S: Final = 3_600  # a file without a row is older than this before it is taken for a left-over
_READ: Final = 1 << 16

OUTCOME_BYTES: Final = 512
"""Of the outcome of a line, in the file of results. Most have less; refusals that quote a lot have more."""


class JobUnknownError(TraceError):
    """There is no such job, or its days are over."""

    code = "JOB_UNKNOWN"
    http_status: ClassVar[int] = 404


class JobNotDoneError(TraceError):
    """The result is asked for before it is there."""

    code = "JOB_NOT_DONE"
    http_status: ClassVar[int] = 409


class JobRow(NodeRow, table=True):
    """A job, and how far it is."""

    __tablename__ = "job"

    number: int | None = Field(sa_column=Column(Integer, primary_key=True))  # the order of their turns
    id: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    sender: str = Field(sa_column=Column(Text, nullable=False))  # as `senders.sender`
    status: str = Field(sa_column=Column(Text, nullable=False))
    on_error: str = Field(sa_column=Column(Text, nullable=False))
    created_at: int = Field(sa_column=Column(Integer, nullable=False))  # seconds since 1970
    ended_at: int | None = Field(sa_column=Column(Integer, nullable=True))
    bytes: int = Field(sa_column=Column(Integer, nullable=False))  # of the input
    lines: int = Field(sa_column=Column(Integer, nullable=False))
    done: int = Field(sa_column=Column(Integer, nullable=False))  # lines
    input_bytes: int = Field(sa_column=Column(Integer, nullable=False))  # of the lines that are done
    result_bytes: int = Field(sa_column=Column(Integer, nullable=False))  # of their outcomes
    accepted: int = Field(sa_column=Column(Integer, nullable=False))
    known: int = Field(sa_column=Column(Integer, nullable=False))
    refused: int = Field(sa_column=Column(Integer, nullable=False))
    skipped: int = Field(sa_column=Column(Integer, nullable=False))


JOB: Final[Table] = NodeRow.metadata.tables["job"]


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stood at one moment."""

    id: str
    status: str
    on_error: OnError
    lines: int
    done: int
    input_bytes: int
    result_bytes: int
    accepted: int
    known: int
    refused: int
    skipped: int

    @classmethod
    def of(cls, row: Row[Any]) -> Job:
        return cls(**{name: getattr(row, name) for name in cls.__slots__})


class Jobs:
    """The jobs of one home; any number of processes may share it."""

    def __init__(
        self,
        folder: Path,
        store: Store,
        clock: Callable[[], datetime],
        limits: Limits,
        free_bytes: Callable[[], int],
    ) -> None:
        """Args:
        folder: For inputs and results; made if it is not there.
        free_bytes: On its disk.
        """
        folder.mkdir(mode=0o700, exist_ok=True)
        self.folder = folder
        self._store = store
        self._clock = clock
        self._limits = limits
        self._free_bytes = free_bytes

    def create(
        self,
        spool: Spool,
        on_error: OnError,
        *,
        sender: str = "",
        key: str | None = None,
        request: bytes = b"",
    ) -> Job:
        """Keep a body as a job; on return it will be done whatever happens.

        Args:
            sender: As `senders.sender`.
            key: Of idempotency; with one that has begun a job already, that job is the answer.
            request: What the key is bound to.

        Raises:
            LedgerBusyError: Too many jobs wait, of all or of this sender, or there is no room for what is
                kept and to come; nothing was taken.
            KeyReusedError: The key is bound to another request.
        """
        job_id = b64url(secrets.token_bytes(_ID_BYTES))
        spool.keep(self.input(job_id))
        try:
            with self._store.write() as connection:
                now = self._now()
                if key is not None:
                    days = self._limits.keys_days
                    known = bind_key(connection, key, request, sender=sender, now=now, days=days, job=job_id)
                    row = connection.execute(select(JOB).where(JOB.c.id == known)).one_or_none()
                    if row is not None:
                        self.input(job_id).unlink()
                        return Job.of(row)
                self._check_room(connection, spool, sender)
                zeros = dict.fromkeys(("done", "input_bytes", "result_bytes", *_COUNTED), 0)
                values = zeros | {
                    "id": job_id,
                    "sender": sender,
                    "status": WAITING,
                    "on_error": on_error,
                    "created_at": now,
                    "bytes": spool.size,
                    "lines": spool.lines,
                }
                connection.execute(insert(JOB).values(values))
        except BaseException:
            self.input(job_id).unlink(missing_ok=True)
            raise
        return self.get(job_id)

    def _check_room(self, connection: Connection, spool: Spool, sender: str) -> None:
        """There is room for another job, with the outcomes of its lines, and for those of all that wait.

        A few bytes can be a million lines, each of which will be answered with many: what is promised counts.
        """
        limits = self._limits
        goes_on = JOB.c.status.not_in(ENDED)
        promised = case((goes_on, JOB.c.lines * OUTCOME_BYTES), else_=0)
        still = func.max(promised - JOB.c.result_bytes, 0)  # of SQLite: the larger one
        waiting, own, kept, coming = connection.execute(
            select(
                func.count().filter(goes_on),
                func.count().filter(goes_on & (JOB.c.sender == sender)),
                func.coalesce(func.sum(case((goes_on, JOB.c.bytes), else_=0) + JOB.c.result_bytes), 0),
                func.coalesce(func.sum(still), 0),
            )
        ).one()
        coming += spool.lines * OUTCOME_BYTES
        kept += spool.size
        if waiting >= limits.jobs or own >= limits.jobs_of_one or kept + coming > limits.jobs_bytes:
            raise LedgerBusyError(
                f"jobs: expected fewer than {limits.jobs} waiting, {limits.jobs_of_one} of one sender and "
                f"{limits.jobs_bytes} bytes kept, got {waiting}, {own} and {kept + coming}; nothing was taken"
            )
        if self._free_bytes() - coming < 2 * limits.reserve_bytes:
            raise LedgerBusyError(
                f"jobs: expected room for {coming} bytes of results on the disk, got too little; "
                "nothing was taken"
            )

    def get(self, job_id: str) -> Job:
        """A job as it stands.

        Raises:
            JobUnknownError: There is none of this id.
        """
        with self._store.read() as connection:
            row = connection.execute(select(JOB).where(JOB.c.id == job_id)).one_or_none()
        if row is None:
            raise JobUnknownError(f"job: expected one that is kept, got {job_id[:40]}")
        return Job.of(row)

    def result_of(self, job: Job) -> Iterator[bytes]:
        """The outcomes of a job that has ended, piece by piece.

        Raises:
            JobNotDoneError: It has not.
            JobUnknownError: Its days ended just now.
        """
        if job.status not in ENDED:
            raise JobNotDoneError(f"job: expected one that is done, got one that is {job.status}")
        if not job.result_bytes:  # it failed before its first line, and has no file
            return iter(())
        try:
            file = open(self.result(job.id), "rb")  # noqa: SIM115 - closed by `_pieces`
        except FileNotFoundError:
            raise JobUnknownError(f"job: expected one that is kept, got {job.id}") from None
        return _pieces(file, job.result_bytes)

    def next(self) -> Job | None:
        """The job whose turn it is."""
        query = select(JOB).where(JOB.c.status.not_in(ENDED)).order_by(JOB.c.number).limit(1)
        with self._store.read() as connection:
            row = connection.execute(query).one_or_none()
        return Job.of(row) if row is not None else None

    def save_progress(
        self, job: Job, *, done: int, input_bytes: int, result_bytes: int, counts: Counter[str]
    ) -> None:
        """Note durably how far a job is; what its files hold up to there is on the disk already."""
        values: dict[str, Any] = {name: counts[name] for name in _COUNTED}
        values |= {"status": RUNNING, "done": done, "input_bytes": input_bytes, "result_bytes": result_bytes}
        with self._store.write() as connection:
            connection.execute(update(JOB).where(JOB.c.id == job.id).values(values))

    def end(self, job: Job, status: str) -> None:
        """Note that a job has ended, and remove its input, which may hold what opens withheld members."""
        values: dict[str, Any] = {"status": status, "ended_at": self._now()}
        if status == DONE:
            values["done"] = job.lines
        with self._store.write() as connection:
            connection.execute(update(JOB).where(JOB.c.id == job.id).values(values))
        self.input(job.id).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove what is older than results are kept, and the left-overs of processes that were killed."""
        too_old = self._now() - self._limits.keys_days * 86_400
        with self._store.write() as connection:
            connection.execute(delete(JOB).where(JOB.c.ended_at < too_old))
            status = {row.id: row.status for row in connection.execute(select(JOB.c.id, JOB.c.status))}
        for path in self.folder.iterdir():
            if path.suffix == ".in":
                left_over = status.get(path.stem) in ENDED
            elif path.suffix != ".out":
                continue
            else:
                left_over = False
            if left_over or (path.stem not in status and _age_s(path) > _ORPHAN_S):
                path.unlink(missing_ok=True)

    def input(self, job_id: str) -> Path:
        """Where the lines of a job are until it has ended."""
        return self.folder / f"{job_id}.in"

    def result(self, job_id: str) -> Path:
        """Where the outcomes are."""
        return self.folder / f"{job_id}.out"

    def _now(self) -> int:
        return int(self._clock().timestamp())


_COUNTED: Final = ("accepted", "known", "refused", "skipped")


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    with file:
        while size > 0 and (piece := file.read(min(_READ, size))):
            size -= len(piece)
            yield piece


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
