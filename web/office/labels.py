"""Labels for whoever asks over HTTP: read from the body, drawn, and forgotten with the answer.

The tokens on labels are secrets of whoever prints them. Nothing here keeps one, and no message repeats one.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from urllib.parse import quote as percent

from ...trace.codes.given import read_given
from ...trace.codes.label import LabelError, is_token, parse_host
from ...trace.errors import RefusedError
from ...trace.labels.bitmap import format_png
from ...trace.labels.fonts import CHINESE, CODES, Font, find_font
from ...trace.labels.label import Label, make_label
from ...trace.labels.pdf import outline_pdf, sheet_pdfs
from ...trace.labels.raster import Raster
from ...trace.labels.reach import CAMERAS, module_mm, reach_cm
from ...trace.labels.sheets import SHEETS, Sheet
from ...trace.labels.svg import label_svg
from ...trace.labels.zpl import label_zpl, label_zpl_picture
from ..door.bodies import BodyError, BodyTooLargeError

FORMATS: Final = ("pdf", "svg", "png", "zpl", "zpl-picture")
DPI: Final = (203, 300, 600)
PDF: Final = "application/pdf"
SVG: Final = "image/svg+xml"
PNG: Final = "image/png"
ZIP: Final = "application/zip"
ZPL: Final = "text/plain"  # no type is registered for it

_MEMBERS: Final = frozenset({"host", "format", "sheet", "start_slot", "outlines", "dpi", "labels"})
_OF_A_LABEL: Final = frozenset({"code", "token", "name_zh", "name_en", "mass_g"})
_DAY_ONE: Final = (1980, 1, 1, 0, 0, 0)  # of files in a zip: the earliest that there is


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be printed."""

    labels: tuple[Label, ...]
    kind: str
    sheet: Sheet
    first_slot: int
    outlines: bool
    dpi: int


@dataclass(frozen=True, slots=True)
class Printed:
    """A file."""

    data: bytes
    media_type: str
    name: str


def read_order(body: Mapping[str, Any], most: int) -> Order:
    """The order in a body.

    Args:
        most: Labels at once.

    Raises:
        BodyError: A member that is none, missing, or of another kind.
        BodyTooLargeError: More labels.
        RefusedError: A label that can't be made; `where` points to it, and no token is repeated.
    """
    for name in body:
        if name not in _MEMBERS:
            raise BodyError(
                f"body: expected {', '.join(sorted(_MEMBERS))}, got {name[:60]!r}", where=f"/{name[:60]}"
            )
    kind = _one_of(body, "format", FORMATS, "pdf")
    sheet = SHEETS[_one_of(body, "sheet", tuple(SHEETS), "L7160")]
    dpi = _whole(body, "dpi", 300)
    if dpi not in DPI:
        raise BodyError(f"dpi: expected 203, 300 or 600, got {dpi}", where="/dpi")
    slot = _whole(body, "start_slot", 1)
    if not 1 <= slot <= sheet.slots:
        raise BodyError(
            f"start_slot: expected 1 to {sheet.slots} on {sheet.name}, got {slot}", where="/start_slot"
        )
    outlines = body.get("outlines", False)
    if not isinstance(outlines, bool):
        raise BodyError("outlines: expected true or false, got another value", where="/outlines")
    rows = body.get("labels")
    if not isinstance(rows, list) or not (rows or (outlines and kind == "pdf")):
        raise BodyError(
            "labels: expected a list of labels, or an empty one with outlines for a test page, got none",
            where="/labels",
        )
    if len(rows) > most:
        raise BodyTooLargeError(f"labels: expected at most {most}, got {len(rows)}", where="/labels")
    host = _host(body)
    labels = tuple(_label(row, host, f"/labels/{number}") for number, row in enumerate(rows))
    return Order(labels, kind, sheet, slot - 1, outlines, dpi)


def print_order(order: Order, at: datetime) -> Printed:
    """Draw everything into one file; several pictures become a zip.

    Args:
        at: When a PDF says that it was made.
    """
    labels, sheet = order.labels, order.sheet
    if order.kind == "pdf":
        if not labels:
            return Printed(outline_pdf(sheet, at), PDF, f"test-{sheet.name}.pdf")
        made = sheet_pdfs(
            labels,
            sheet,
            made_at=at,
            font=chinese_font(),
            first_slot=order.first_slot,
            outlines=order.outlines,
            pages_a_file=len(labels) + 1,
        )
        return Printed(next(iter(made))[0], PDF, "labels.pdf")
    if order.kind == "svg":
        return _pictures([label_svg(one, sheet.label).encode() for one in labels], order, SVG)
    raster = Raster(sheet.label, order.dpi, chinese_font(), _code_font())
    if order.kind == "png":
        return _pictures([format_png(raster.draw(one), order.dpi) for one in labels], order, PNG)
    draw = label_zpl if order.kind == "zpl" else label_zpl_picture
    return Printed("".join(draw(one, raster) for one in labels).encode(), ZPL, "labels.zpl")


def preview(order: Order) -> dict[str, Any]:
    """The first label as it will look, and from how far it can be read in the format of the order."""
    label, size = order.labels[0], order.sheet.label
    module = module_mm(label, size, order.kind, order.dpi)
    return {
        "svg": label_svg(label, size),
        "width_mm": size.width,
        "height_mm": size.height,
        "slots": order.sheet.slots,
        "module_um": round(module * 1000),
        "reach_cm": {str(across): reach_cm(module, across) for across in CAMERAS},
        "chinese": chinese_font() is not None or order.kind == "svg",
    }


@cache
def chinese_font() -> Font | None:
    """The font for Chinese of this machine; looked for once, since that takes tens of milliseconds."""
    return find_font(CHINESE)


@cache
def _code_font() -> Font | None:
    return find_font(CODES)


def _pictures(files: list[bytes], order: Order, media_type: str) -> Printed:
    names = [f"{percent(one.code, safe='')}.{order.kind}" for one in order.labels]
    if len(files) == 1:
        return Printed(files[0], media_type, names[0])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in zip(names, files, strict=True):
            archive.writestr(zipfile.ZipInfo(name, _DAY_ONE), data, zipfile.ZIP_DEFLATED)
    return Printed(out.getvalue(), ZIP, f"labels-{order.kind}.zip")


def _label(row: Any, host: str, where: str) -> Label:
    if not isinstance(row, dict):
        raise BodyError("label: expected an object, got another value", where=where)
    for name, value in row.items():
        if name not in _OF_A_LABEL:
            raise BodyError(
                f"label: expected {', '.join(sorted(_OF_A_LABEL))}, got {name[:60]!r}",
                where=f"{where}/{name[:60]}",
            )
        if name != "mass_g" and not isinstance(value, str):
            raise BodyError(f"{name}: expected text, got another kind of value", where=f"{where}/{name}")
    mass = row.get("mass_g")
    if mass is not None and type(mass) is not int:
        raise BodyError("mass_g: expected whole grams, got another kind of value", where=f"{where}/mass_g")
    token = row.get("token", "")
    if not is_token(token):
        raise LabelError("token: expected 20 of A-Z 2-7, got something else", where=f"{where}/token")
    try:
        subject = read_given(row.get("code", "")).subject
        if not subject.startswith("battery:"):
            raise LabelError(f"code: expected a battery's, got {subject}")
        return make_label(
            host,
            subject.split(":", 2)[2],
            token,
            name_zh=row.get("name_zh", ""),
            name_en=row.get("name_en", ""),
            mass_g=mass,
        )
    except RefusedError as error:
        raise LabelError(error.message, where=where) from error


def _host(body: Mapping[str, Any]) -> str:
    host = body.get("host")
    if not isinstance(host, str):
        raise BodyError(
            "host: expected where the public pages are, as packs.example, got none", where="/host"
        )
    return parse_host(host)


def _one_of(body: Mapping[str, Any], name: str, values: tuple[str, ...], default: str) -> str:
    value = body.get(name, default)
    if not isinstance(value, str) or value not in values:
        got = value[:60] if isinstance(value, str) else "another kind of value"
        raise BodyError(f"{name}: expected one of {', '.join(values)}, got {got}", where=f"/{name}")
    return value


def _whole(body: Mapping[str, Any], name: str, default: int) -> int:
    value = body.get(name, default)
    if type(value) is not int:
        raise BodyError(f"{name}: expected a whole number, got another kind of value", where=f"/{name}")
    return value
