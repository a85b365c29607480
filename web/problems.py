"""Every error as `application/problem+json` (RFC 9457): a stable code, what was expected, got, and where.

A program acts on `code`; a person reads `detail`. ``type`` is the same code as a link into the documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request
from werkzeug.exceptions import HTTPException

from ..signing.errors import SigningError
from ..trace.errors import RefusedError, TraceError, UndecidedError
from ..trace.ledger.answers import refusal
from ..trace.ledger.errors import (
    BeyondCheckpointError,
    ClockError,
    EventUnknownError,
    LedgerBusyError,
    LedgerError,
    ReceiptPendingError,
)
from ..trace.lifecycle.judge import ChainLinkError
from ..trace.read_token import ReadTokenError
from .door.bodies import BodyError, BodyTooLargeError, MediaTypeError
from .node import DiskFullError, OutcomeUnknownError
from .quoting import encode_json

MEDIA_TYPE: Final = "application/problem+json"
DOCS: Final = "/api/v1/docs"
RETRY_S: Final = 1
"""Until a node that is busy is asked again."""

_TITLES_ZH: Final[Mapping[int, str]] = {
    400: "请求无法读取",
    401: "需要令牌",
    403: "无权查看",
    404: "没有找到",
    405: "不支持此方法",
    406: "无法以所需格式回答",
    409: "链上的位置已被占用",
    410: "已不存在",
    411: "需要长度",
    413: "内容过大",
    415: "不支持此媒体类型",
    422: "内容未被接受",
    429: "请求过多",
    431: "请求头过大",
    500: "服务器故障",
    503: "暂时无法服务",
    507: "磁盘空间不足",
}

# What a status says where neither the error's class nor the framework does.
_CODES: Final[Mapping[int, str]] = {
    400: "REQUEST_MALFORMED",
    401: "TOKEN_REQUIRED",
    403: "NOT_PERMITTED",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    406: "NOT_ACCEPTABLE",
    413: "BODY_TOO_LARGE",
    415: "MEDIA_TYPE_UNSUPPORTED",
    422: "PARAMETERS_INVALID",
    429: "TOO_MANY_REQUESTS",
    431: "HEADERS_TOO_LARGE",
    500: "SERVER_FAILED",
    503: "NOT_READY",
    507: "DISK_NEARLY_FULL",
}

# The first class that fits gives the status.
_STATUSES: Final[tuple[tuple[type[Exception], int], ...]] = (
    (BodyTooLargeError, 413),
    (MediaTypeError, 415),
    (BodyError, 400),
    (ReadTokenError, 401),
    (ChainLinkError, 409),
    (DiskFullError, 507),
    (OutcomeUnknownError, 503),
    (EventUnknownError, 404),
    (BeyondCheckpointError, 404),
    (ReceiptPendingError, 503),
    (LedgerBusyError, 503),
    (ClockError, 503),
    (LedgerError, 503),
    (RefusedError, 422),
    (SigningError, 422),
    (UndecidedError, 503),
)


def status_of(error: Exception) -> int:
    """The HTTP status of an error of the domain; 500 for one that nobody thought of here."""
    status = getattr(error, "http_status", None)  # an error of the web's own says it itself
    if isinstance(status, int):
        return status
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def problem(
    status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any
) -> Response:
    """An answer of RFC 9457.

    Args:
        status: Of HTTP.
        code: Stable; listed in `docs/api.md` or `docs/findings.md`.
        detail: Expected, got, where.
        members: More that a program can act on.
    """
    body = problem_object(status, code, _title(status), detail, **members)
    response = Response(encode_json(body), status, content_type=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Accept-Language"
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


def problem_object(status: int, code: str, title: str, detail: str, **members: Any) -> dict[str, Any]:
    """The members of a problem, in their order."""
    said = {"type": f"{DOCS}#{code}", "title": title, "status": status, "code": code, "detail": detail}
    return said | members


def code_of(status: int) -> str:
    """What a status says where nothing else does."""
    return _CODES.get(status, "REQUEST_REFUSED")


def title_of(status: int) -> str:
    """A status in words."""
    return HTTPStatus(status).phrase


def of_error(error: TraceError | SigningError) -> Response:
    """The problem that an error of the domain is."""
    status = status_of(error)
    headers: dict[str, str] = {}
    if status in (429, 503):
        headers["Retry-After"] = str(getattr(error, "retry_after_s", RETRY_S))
    if isinstance(error, MediaTypeError):
        headers["Accept-Encoding" if error.where == "Content-Encoding" else "Accept"] = ", ".join(
            error.accepted
        )
    if status == 401:
        invalid = isinstance(error, ReadTokenError)
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if invalid else "Bearer"
    if isinstance(error, SigningError):
        return problem(status, error.code, str(error), headers=headers)
    said = refusal(error)
    detail = said.pop("detail")
    code = said.pop("code")
    if not said["where"]:
        del said["where"]
    return problem(status, code, detail, headers=headers, **said, **getattr(error, "members", {}))


def of_http(error: HTTPException) -> Response:
    """The problem that an error of the framework is: no such page or method, parameters that don't fit."""
    status = error.code or 500
    headers = {
        name: value
        for name, value in error.get_headers(request.environ)
        if name in ("Allow", "Retry-After", "WWW-Authenticate", "Location")
    }
    members: dict[str, Any] = {}
    messages = getattr(error, "data", {}).get("messages") if hasattr(error, "data") else None
    if isinstance(messages, Mapping):
        members["errors"] = list(_parameter_errors(messages))
    detail = error.description or HTTPStatus(status).phrase
    if members.get("errors"):
        first = members["errors"][0]
        detail = f"{first['parameter']}: {first['detail']}"
    return problem(status, code_of(status), detail, headers=headers, **members)


def _parameter_errors(messages: Mapping[str, Any]) -> Any:
    for place, fields in messages.items():
        for name, said in fields.items() if isinstance(fields, Mapping) else ((place, fields),):
            for detail in said if isinstance(said, list) else [said]:
                yield {"in": place, "parameter": str(name), "detail": str(detail)}


def _title(status: int) -> str:
    if request.accept_languages.best_match(["en", "zh"], default="en") == "zh" and status in _TITLES_ZH:
        return _TITLES_ZH[status]
    return title_of(status)
