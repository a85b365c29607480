"""Bodies as they arrive: bounded by their path, and by what is free on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from waitress.adjustments import Adjustments

from packtrace.tests.scene import Scene
from packtrace.tests.web.live import Live, found
from packtrace.tests.web.wire import check_error, parse_answers, send
from packtrace.web.door.uploads import BoundedParser
from packtrace.web.limits import Limits

LARGE = "/api/v1/events/batch"
PIECE = b"x" * (1 << 20)


class FullDisk(BoundedParser):
    """A node whose disk has less than its reserve."""

    limits = Limits(reserve_bytes=1 << 60)


def head(path: str, length: int | None) -> bytes:
    framing = f"Content-Length: {length}" if length is not None else "Transfer-Encoding: chunked"
    return f"POST {path} HTTP/1.1\r\nHost: node\r\n{framing}\r\n\r\n".encode()


def refused(parser: BoundedParser, path: str, length: int | None, pieces: int) -> int:
    """The status with which a body is refused while it arrives; 0 where it is taken."""
    parser.received(head(path, length))
    for _ in range(pieces):
        if parser.completed:
            break
        parser.received(PIECE if length is not None else b"%x\r\n%s\r\n" % (len(PIECE), PIECE))
    status = parser.error.code if parser.error else 0
    parser.close()
    return status


def test_only_a_batch_may_be_gigabytes(tmp_path: Path) -> None:
    running = Live(found(tmp_path / "home", Scene()).path)
    try:
        for path in ("/api/v1/events", "/api/v1/node", "/nowhere"):
            (answer,) = parse_answers(send(running.port, head(path, 65 << 20)))
            check_error(answer)
            assert answer.status == 413
    finally:
        running.stop()


@pytest.mark.parametrize(("path", "status"), [("/api/v1/explain", 413), (LARGE, 0), (LARGE + "/", 413)])
@pytest.mark.parametrize("length", [65 << 20, None])
def test_told_length_or_none_is_bounded_by_the_path(path: str, status: int, length: int | None) -> None:
    adjusted = Adjustments(max_request_body_size=Limits().job_bytes)
    assert refused(BoundedParser(adjusted), path, length, pieces=65) == status


@pytest.mark.parametrize("length", [1 << 20, None])
def test_long_body_is_refused_where_the_disk_has_no_room_and_a_short_one_is_not(length: int | None) -> None:
    adjusted = Adjustments(max_request_body_size=Limits().job_bytes)
    assert refused(FullDisk(adjusted), LARGE, length, pieces=1) == 507
    assert refused(FullDisk(adjusted), LARGE, (1 << 20) - 1, pieces=0) == 0
    assert refused(BoundedParser(adjusted), LARGE, length, pieces=1) == 0
