"""The page that brings a phone onto the yard's https, and the files that it needs for that.

It stands at `/https` of every node. Where the yard's https is served, a listener of plain http beside it has
this page and nothing else: whoever types the address without https is told how to go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Flask, Response, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from ...trace.errors import TraceError
from ...trace.labels.svg import symbol_svg
from ...trace.labels.symbol import make_symbol
from ..pages import files
from ..pages.languages import install_languages
from .keeping import Certificates
from .profile import MEDIA_TYPE, grouped, mobile_config

PATH: Final = "/https"
BEGIN: Final = "/scan"
"""Where a phone goes once it trusts the authority."""

CERTIFICATE_TYPE: Final = "application/x-x509-ca-cert"
_EXTENSION: Final = "packtrace-https"
_FOR_PROGRAMS: Final = ("/api/", "/tile/", "/checkpoint", "/metrics")
# A word of the User-Agent, and the system whose steps are shown open. HarmonyOS also says Android.
_SYSTEMS: Final = (
    ("HarmonyOS", "harmony"),
    ("OpenHarmony", "harmony"),
    ("HUAWEI", "harmony"),
    ("iPhone", "ios"),
    ("iPad", "ios"),
    ("Android", "android"),
    ("Windows", "windows"),
)

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")

blueprint = Blueprint("https", __name__)


class HttpsRequiredError(TraceError):
    """A program asked over plain http where the yard's https is served; a token that it sent was seen by
    others.
    """

    code = "HTTPS_REQUIRED"
    http_status = 403

    def __init__(self, address: str) -> None:
        super().__init__(f"scheme: expected https, at {address}, got http")


@dataclass(frozen=True, slots=True)
class Reach:
    """How this node is reached: the certificates, and the ports of both listeners."""

    certificates: Certificates
    https_port: int
    http_port: int

    def address(self, host: str) -> str:
        """Of the yard's https."""
        return f"https://{host}:{self.https_port}"

    def plain(self, host: str) -> str:
        """Of the page for phones that don't trust the authority yet."""
        return f"http://{host}:{self.http_port}"


def install_https(app: Flask, reach: Reach) -> None:
    """Let the page tell how this node is reached."""
    app.extensions[_EXTENSION] = reach


def yard_address() -> str | None:
    """Where phones of the yard's network reach this node over https, the likeliest address; None: nowhere."""
    reach: Reach | None = current_app.extensions.get(_EXTENSION)
    shown = reach.certificates.shown() if reach else ()
    return reach.address(shown[0]) if reach and shown else None


def install_plain(app: Flask, reach: Reach) -> None:
    """What is answered over plain http: the page, and a way to it from everywhere else."""
    install_https(app, reach)
    install_languages(app)
    app.register_blueprint(files.blueprint)
    app.register_blueprint(blueprint)

    @app.route("/", defaults={"path": ""}, methods=_METHODS)
    @app.route("/<path:path>", methods=_METHODS)
    def elsewhere(path: str) -> ResponseReturnValue:
        if request.path.startswith(_FOR_PROGRAMS):
            raise HttpsRequiredError(reach.address(_host(reach)))
        return redirect(PATH, 303)


@blueprint.get(PATH)
def page() -> str:
    """How a phone comes to trust this node, or, where it serves no https, how that is begun."""
    reach: Reach | None = current_app.extensions.get(_EXTENSION)
    if reach is None:
        return render_template("https.html", reach=None)
    host = _host(reach)
    authority = reach.certificates.authority
    return render_template(
        "https.html",
        reach=reach,
        authority=authority,
        fingerprint=grouped(authority.fingerprint).split(" "),
        address=reach.address(host),
        begin=reach.address(host) + BEGIN,
        plain=reach.plain(host) + PATH,
        others=[reach.address(each) for each in reach.certificates.shown() if each != host],
        system=_system(request.user_agent.string),
        wechat="MicroMessenger" in request.user_agent.string,
    )


@blueprint.get(f"{PATH}/packtrace-yard.<form>")
def authority_file(form: str) -> Response:
    """The certificate of the authority, as this or that system takes it."""
    authority = _reach().certificates.authority
    made = {
        "cer": (authority.der, CERTIFICATE_TYPE),
        "crt": (authority.pem, CERTIFICATE_TYPE),
        "mobileconfig": (mobile_config(authority), MEDIA_TYPE),
    }.get(form)
    if made is None:
        abort(404)
    data, kind = made
    response = Response(data, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="packtrace-yard.{form}"'
    return response


@blueprint.get(f"{PATH}/<which>.svg")
def symbol(which: str) -> Response:
    """An address as a QR symbol: of the page over plain http, or of where recording begins over https."""
    reach = _reach()
    host = _host(reach)
    texts = {"plain": reach.plain(host) + PATH, "begin": reach.address(host) + BEGIN}
    if which not in texts:
        abort(404)
    return Response(symbol_svg(make_symbol(texts[which])), content_type="image/svg+xml")


def _reach() -> Reach:
    reach: Reach | None = current_app.extensions.get(_EXTENSION)
    if reach is None:
        abort(404)
    return reach


def _host(reach: Reach) -> str:
    """The name that the reader used, if it is one of this machine's, else the likeliest."""
    shown = reach.certificates.shown()
    asked = request.host.lower()
    name = asked[: asked.rfind("]") + 1] if asked.startswith("[") else asked.partition(":")[0]
    return name if name in shown or not shown else shown[0]


def _system(agent: str) -> str:
    return next((system for word, system in _SYSTEMS if word in agent), "")
