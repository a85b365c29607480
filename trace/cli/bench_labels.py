"""What labels cost, beside the PNG that the library `qrcode` makes of the same address."""

from __future__ import annotations

import gc
import io
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from qrcode import QRCode
from qrcode.constants import ERROR_CORRECT_Q

from ..labels.bitmap import format_png, symbol_bitmap
from ..labels.fonts import CHINESE, CODES, find_font
from ..labels.label import Label, make_label
from ..labels.pdf import sheet_pdfs
from ..labels.raster import Raster
from ..labels.sheets import SHEETS
from ..labels.svg import label_svg, symbol_svg
from ..labels.zpl import label_zpl, label_zpl_picture

LABELS: Final = 84  # a round: four sheets
_SCALE: Final = 10  # dots a module: what `qrcode` takes where nothing is said
_DPI: Final = 300
_WHAT: Final = {
    "stock": "a symbol as PNG, by qrcode alone",
    "symbol_png": "a symbol as PNG",
    "symbol_svg": "a symbol as SVG",
    "label_svg": "a whole label as SVG",
    "label_png": "a whole label as PNG, 300 dpi",
    "label_zpl": "a whole label as ZPL, symbol and Latin text by the printer",
    "label_zpl_picture": "a whole label as ZPL, one picture",
    "label_pdf": "a whole label in a PDF of four sheets",
}


def measure_labels(rounds: int) -> dict[str, Any]:
    """Microseconds of the processor a label, medians of interleaved rounds; rates in those of `stock`."""
    labels = [_label(number) for number in range(LABELS)]
    font, sheet = find_font(CHINESE), SHEETS["L7160"]
    raster = Raster(sheet.label, _DPI, font, find_font(CODES))
    made_at = datetime(2026, 11, 23, tzinfo=UTC)

    def each(make: Callable[[Label], object]) -> Callable[[], object]:
        return lambda: [make(label) for label in labels]

    ways: dict[str, Callable[[], object]] = {
        "stock": each(_stock),
        "symbol_png": each(lambda label: format_png(symbol_bitmap(label.symbol(), _SCALE), _DPI)),
        "symbol_svg": each(lambda label: symbol_svg(label.symbol())),
        "label_svg": each(lambda label: label_svg(label, sheet.label)),
        "label_png": each(lambda label: format_png(raster.draw(label), _DPI)),
        "label_zpl": each(lambda label: label_zpl(label, raster)),
        "label_zpl_picture": each(lambda label: label_zpl_picture(label, raster)),
        "label_pdf": lambda: list(sheet_pdfs(labels, sheet, made_at=made_at, font=font)),
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    shares: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, make in ways.items():
            took[name].append(_microseconds(make) / LABELS)
            shares[name].append(took["stock"][-1] / took[name][-1])
    return {
        "ratios": {name: round(statistics.median(shares[name]), 2) for name in ways if name != "stock"},
        "us": {name: round(statistics.median(took[name]), 1) for name in ways},
        "chinese": font is not None,
        "rounds": rounds,
    }


def label_lines(said: dict[str, Any]) -> Iterator[str]:
    """The same for people."""
    for name, us in said["us"].items():
        times = f"; {said['ratios'][name]:.1f} x its rate" if name in said["ratios"] else ""
        yield f"{us:8.1f} us  {_WHAT[name]}{times}"
    fonts = "a font with Chinese letters" if said["chinese"] else "no font with Chinese letters"
    yield f"medians of {said['rounds']} rounds with {LABELS} labels; {fonts}"


def _label(number: int) -> Label:
    code, token = f"04QPB76836300JBC4{number:07d}", f"{'ABCDEFGHIJ234567':0<18}".replace("0", "Q")
    token += chr(65 + number // 26) + chr(65 + number % 26)
    return make_label(
        "packs.example", code, token, name_zh="示例磷酸铁锂包", name_en="Example LFP pack", mass_g=438_500
    )


def _stock(label: Label) -> bytes:
    code = QRCode(error_correction=ERROR_CORRECT_Q)
    code.add_data(label.url)
    code.make()
    file = io.BytesIO()
    code.make_image().save(file)
    return file.getvalue()


def _microseconds(make: Callable[[], object]) -> float:
    gc.collect()
    start = time.process_time()
    make()
    return (time.process_time() - start) * 1e6
