"""What every answer tells browsers to refuse, by what it is: a page, a script, or data.

Nothing from elsewhere is ever loaded, no page is framed, and no text becomes markup or code. A worker obeys
the policy of its own file, so that compiled code runs in the decoder of pictures and nowhere else.
"""

from __future__ import annotations

from typing import Final

from flask import Flask, Response

_NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

PAGE: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types default"
)
"""Trusted types refuse text that a script makes markup of; `ui/trusted.js` lets our own workers start."""

SCRIPT: Final = f"{_NOTHING}; script-src 'self'; connect-src 'self'"
"""Of a worker; a page that imports the file has a policy of its own."""

DECODER: Final = f"{_NOTHING}; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
"""Of the one worker that runs compiled code."""

DATA: Final = _NOTHING
"""Of what is neither, such as a picture that is opened by itself: whatever is in it does nothing."""

_ALLOWED: Final = ("camera", "clipboard-write", "fullscreen", "screen-wake-lock")
_DENIED: Final = (
    *("accelerometer", "clipboard-read", "display-capture", "geolocation", "gyroscope", "hid"),
    *("idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment"),
    *("publickey-credentials-create", "publickey-credentials-get", "serial", "usb", "xr-spatial-tracking"),
)
PERMISSIONS: Final = ", ".join(
    (*(f"{name}=(self)" for name in _ALLOWED), *(f"{name}=()" for name in _DENIED))
)

ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # tokens of labels stand in addresses
    "Permissions-Policy": PERMISSIONS,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": "?1",
}
_POLICIES: Final = {"text/html": PAGE, "text/javascript": SCRIPT}


def install_headers(app: Flask) -> None:
    """Give every answer of an application its headers; what a view sets itself stays."""
    app.after_request(add_headers)


def add_headers(response: Response) -> Response:
    """Add what an answer has not said itself."""
    policy = _POLICIES.get(response.mimetype or "", DATA)
    for name, value in (ALWAYS | {"Content-Security-Policy": policy}).items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    return response
