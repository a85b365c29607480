"""What is no request of HTTP, or too large for one, is refused before the application, as any error is.

The server takes some things for good that RFC 9112 lets it refuse, and on which a proxy before it may
disagree about where a request ends; those are refused here. What the server itself refuses it would answer in
plain text, and a transfer coding that it does not know with 501, as if it had failed.
"""

from __future__ import annotations

from typing import Final

import orjson
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask

from ..problems import MEDIA_TYPE, code_of, problem_object, title_of
from .headers import ALWAYS, DATA

_NOT_IMPLEMENTED: Final = 501
_ONCE: Final = (b"host", b"content-length", b"transfer-encoding", b"content-type", b"authorization")


class StrictParser(HTTPRequestParser):
    """Reads the head of a request, of which there must be one reading."""

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head.

        Raises:
            ParsingError: It is none, or could be read in two ways.
        """
        _check_head(header_plus)
        try:
            super().parse_header(header_plus)
        except ValueError:  # the address of a host that is none, a length of thousands of digits
            raise ParsingError("a start line or a length that can't be read") from None
        if self.body_rcv is None:
            self.expect_continue = False  # nothing comes that could be waited for (RFC 9110, 10.1.1)


class ProblemTask(ErrorTask):
    """An answer of the server's own, as a problem (RFC 9457); the connection ends with it."""

    def execute(self) -> None:
        """Answer, and close."""
        error = self.request.error
        status = 400 if error.code == _NOT_IMPLEMENTED else int(error.code)
        got = "a failure of the server; it was logged" if status >= 500 else str(error.body)[:200]
        detail = getattr(error, "detail", f"request: expected one of HTTP/1.1, got {got}")
        said = problem_object(status, code_of(status), title_of(status), detail)
        body = orjson.dumps(said)
        self.status = f"{status} {title_of(status)}"
        self.response_headers.extend(
            (
                ("Content-Type", MEDIA_TYPE),
                ("Cache-Control", "no-store"),
                ("Content-Security-Policy", DATA),
                *ALWAYS.items(),
            )
        )
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


def _check_head(head: bytes) -> None:
    """RFC 9112: 2.3 version, 3.2 host, 5.2 folded lines, 6.1 and 6.3 lengths.

    Raises:
        ParsingError: What is unusual about it.
    """
    start, *lines = head.removesuffix(b"\r\n").split(b"\r\n")
    version = start.rpartition(b" ")[2]
    if version not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise ParsingError("another version, or none")
    if any(line[:1] in (b" ", b"\t") for line in lines):
        raise ParsingError("a header that is folded over lines")
    names = [line.partition(b":")[0].strip().lower() for line in lines]
    for name in _ONCE:
        if names.count(name) > 1:
            raise ParsingError(f"{name.decode()} twice")
    if b"transfer-encoding" in names and (b"content-length" in names or version == b"HTTP/1.0"):
        raise ParsingError("Transfer-Encoding beside Content-Length, or in HTTP/1.0")
    if version == b"HTTP/1.1" and b"host" not in names:
        raise ParsingError("no Host")
