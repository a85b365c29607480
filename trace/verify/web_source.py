"""The files that a node serves as a static log (C2SP tlog-tiles), over HTTP."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Collection
from typing import Any, Final

from .evidence import SourceError, SourceIncompleteError, SourceTooLargeError

TIMEOUT_S: Final = 30
"""Until a server says something."""

FILE_S: Final = 300
"""Until a file is there. A server that says a byte now and then would hold the verifier for years."""

_CHUNK: Final = 1 << 16
_GONE: Final = (404, 410)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A node that sends its visitors elsewhere is not the source that was named."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class WebFiles:
    """The files under a URL. They can't be listed, only asked for."""

    def __init__(self, url: str, *, file_s: float = FILE_S) -> None:
        self._file_s = file_s
        self.name = url.rstrip("/")
        # Nothing but these two schemes is opened, whatever a server answers.
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(),
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
            _NoRedirect(),
        ):
            self._opener.add_handler(handler)

    def names(self) -> Collection[str] | None:
        return None

    def read(self, name: str, limit: int) -> bytes:
        url = f"{self.name}/{name}"
        try:
            with self._opener.open(url, timeout=TIMEOUT_S) as response:
                data = self._read(response, limit + 1)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in _GONE:
                raise SourceIncompleteError(f"{url}: expected a file, got none", where=name) from error
            raise SourceError(f"{url}: expected an answer, got status {error.code}", where=name) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise SourceError(f"{url}: expected an answer, got {_why(error)}", where=name) from error
        if len(data) > limit:
            raise SourceTooLargeError(f"{url}: expected at most {limit} bytes, got more", where=name)
        return data

    def _read(self, response: http.client.HTTPResponse, most: int) -> bytes:
        """The first bytes of an answer, `most` of them or all.

        Raises:
            TimeoutError: They do not come in time.
        """
        ends = time.monotonic() + self._file_s
        data = bytearray()
        while len(data) < most and (some := response.read1(min(_CHUNK, most - len(data)))):
            data += some
            if time.monotonic() > ends:
                raise TimeoutError(f"expected the whole within {self._file_s} s, got {len(data)} bytes")
        return bytes(data)


def _why(error: Exception) -> str:
    """What went wrong, without the words of the library around it."""
    reason = getattr(error, "reason", error)
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
