"""The pages of the yard: where batteries are scanned, recorded and handed over, with a network or without.

Each is a shell: what it shows, its script reads from the device and from the API. So a shell says nothing of
anybody, and a device may keep it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

blueprint = Blueprint("yard", __name__)


@dataclass(frozen=True, slots=True)
class Shell:
    """One page: its address, and its name, which its template, its script and its style have too."""

    name: str
    rule: str

    @property
    def path(self) -> str:
        """The address under which a device keeps the page, whatever else stands behind it."""
        return self.rule.partition("<")[0].rstrip("/")


SHELLS: Final = (
    Shell("scan", "/scan"),
    Shell("record", "/record"),
    Shell("handover", "/handover"),
    Shell("consignment", "/consignments/<path:name>"),
    Shell("yard", "/yard"),
    Shell("outbox", "/outbox"),
    Shell("timeline", "/batteries/<path:code>"),
    Shell("vehicle", "/vehicle"),
    Shell("labels", "/labels"),
    Shell("rows", "/rows"),
    Shell("verify", "/verify"),
    Shell("devices", "/devices"),
    Shell("enrol", "/enrol"),
    Shell("more", "/more"),
)
_KEPT: Final = "no-cache"


def _view(shell: Shell) -> Callable[..., ResponseReturnValue]:
    def show(**_parts: str) -> ResponseReturnValue:
        response = Response(render_template(f"app/{shell.name}.html", page=shell.name))
        response.headers["Cache-Control"] = _KEPT
        response.headers["Vary"] = "Accept-Language"
        return response

    return show


for _shell in SHELLS:
    blueprint.add_url_rule(_shell.rule, _shell.name, _view(_shell), methods=["GET"])
