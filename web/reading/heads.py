"""Where many chains end, asked at once: the place and the id of the last event of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from ...trace.codes.given import Given, read_given
from ...trace.errors import RefusedError
from ...trace.ledger.answers import refusal
from ...trace.ledger.tables import CHAIN

_AT_ONCE: Final = 10_000  # values in one query; SQLite allows 32,766


def read_heads(connection: Connection, codes: Sequence[object]) -> list[dict[str, Any]]:
    """The answer to each code in its place: where its chain ends, or why it is no code.

    Args:
        codes: Codes as scanned, or subjects.
    """
    given = [_read(code) for code in codes]
    subjects = {each.subject for each in given if isinstance(each, Given)}
    heads = dict(_heads(connection, list(subjects)))
    answers: list[dict[str, Any]] = []
    for code, each in zip(codes, given, strict=True):
        if isinstance(each, Given):
            seq, head = heads.get(each.subject, (-1, None))
            answers.append({"code": code, "subject": each.subject, "seq": seq, "head": head})
            if each.remarks:
                answers[-1]["remarks"] = list(each.remarks)
        else:
            answers.append({"code": code if isinstance(code, str) else None, "problem": refusal(each)})
    return answers


def _read(code: object) -> Given | RefusedError:
    try:
        if isinstance(code, str):
            return read_given(code)
    except RefusedError as error:
        return error
    return RefusedError("code: expected a text, got another value", code="BATTERY_CODE_INVALID")


def _heads(connection: Connection, subjects: Sequence[str]) -> Iterator[tuple[str, tuple[int, str]]]:
    for start in range(0, len(subjects), _AT_ONCE):
        query = select(CHAIN.c.subject, CHAIN.c.seq, CHAIN.c.head).where(
            CHAIN.c.subject.in_(subjects[start : start + _AT_ONCE])
        )
        for row in connection.execute(query):
            yield row.subject, (row.seq, row.head)
