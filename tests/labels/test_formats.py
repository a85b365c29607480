"""Every format is read back by an independent decoder, and what a name says stays a name."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest
from fpdf import FPDF
from fpdf.svg import SVGObject
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from packtrace.trace.codes.label import LabelError, label_digest, parse_host
from packtrace.trace.labels.bitmap import Bitmap, format_png
from packtrace.trace.labels.fonts import Font
from packtrace.trace.labels.label import Label, Size, Text, check_name, format_mass, make_label, plan_label
from packtrace.trace.labels.pdf import outline_pdf, sheet_pdfs
from packtrace.trace.labels.raster import Raster
from packtrace.trace.labels.sheets import SHEETS, Sheet
from packtrace.trace.labels.svg import label_svg, symbol_svg
from packtrace.trace.labels.zpl import format_graphic, label_zpl, label_zpl_picture

from .printed import CHINESE_FONT, CODE, HOST, TOKEN, label, no_font, read
from .zpl_printer import ZplError, graphic, print_zpl

L7160 = SHEETS["L7160"]
MADE_AT = datetime(2026, 11, 23, 4, 40, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"

HOSTILE = [
    "^XZ^XA^JUF^FDowned^FS",
    "~JR~JA_5EXZ",
    "</text><script>alert(1)</script>",
    "\"'&lt;&#10;]]>",
    ") Tj ET Q (stolen) Tj",
    "endstream endobj /JS (app.alert(1))",
    "\\377\\) \\",
    "**bold** __u__ {nb}",
]

needs_chinese = pytest.mark.skipif(  # in CI it fails instead: `make test` installs one
    CHINESE_FONT is None and os.environ.get("CI") != "true",
    reason="no font with Chinese letters on this machine",
)


def pdf(labels: list[Label], sheet: Sheet = L7160, font: Font | None = None, **more: object) -> bytes:
    """One file with all the labels."""
    ((data, count),) = sheet_pdfs(labels, sheet, made_at=MADE_AT, font=font, **more)
    assert count == len(labels)
    return data


def pages(data: bytes, dpi: int) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(data)
    try:
        return [page.render(scale=dpi / 72).to_pil() for page in document]
    finally:
        document.close()


def text_of(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def svg_picture(svg: str) -> Image.Image:
    """Drawn by another: as a PDF, of which a picture is made."""
    root = ET.fromstring(svg)  # noqa: S314 -- ours
    for group in [root, *root.iter(f"{SVG}g")]:
        for text in group.findall(f"{SVG}text"):
            group.remove(text)
    document = FPDF(unit="pt", format=(360, 216))
    document.add_page()
    SVGObject(ET.tostring(root, encoding="unicode")).draw_to_page(document)
    return pages(bytes(document.output()), 300)[0]


@pytest.mark.parametrize("name", SHEETS)
def test_sheet_is_as_wide_and_high_as_the_page(name: str) -> None:
    sheet = SHEETS[name]
    x, y = sheet.place(0)
    right, bottom = sheet.place(sheet.slots - 1)
    assert x == pytest.approx(sheet.page.width - right - sheet.label.width)
    assert y == pytest.approx(sheet.page.height - bottom - sheet.label.height)
    assert sheet.is_one_label or (x > 4 and y > 8)  # the ruler is in the lower margin


def test_l7160_is_where_its_maker_says() -> None:
    assert (L7160.slots, L7160.place(0)) == (21, pytest.approx((7.25, 15.15)))
    assert L7160.place(4) == pytest.approx((73.25, 53.25))


@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_every_label_of_a_sheet_reads_back(dpi: int) -> None:
    labels = [label(number) for number in range(21)]
    (page,) = pages(pdf(labels, font=CHINESE_FONT if dpi == 300 else None), dpi)
    assert read(page) == [one.url for one in labels] or sorted(read(page)) == sorted(
        one.url for one in labels
    )


@pytest.mark.parametrize("name", SHEETS)
def test_labels_of_every_sheet_read_back(name: str) -> None:
    labels = [label(number) for number in range(SHEETS[name].slots)]
    (page,) = pages(pdf(labels, SHEETS[name]), 203)
    assert sorted(read(page)) == sorted(one.url for one in labels)


def test_labels_begin_at_the_first_free_slot() -> None:
    labels = [label(number) for number in range(20)]
    first, second = pages(pdf(labels, first_slot=4), 203)
    assert (len(read(first)), len(read(second))) == (17, 3)
    x, y = (round(value * 203 / 25.4) for value in L7160.place(4))
    before = (
        first.convert("L").crop((0, 0, first.width, y - 2)),
        first.convert("L").crop((0, y, x - 2, y + 200)),
    )
    assert all(part.getextrema() == (255, 255) for part in before)


def test_pdf_files_are_made_one_after_the_other() -> None:
    """No more labels are taken than the file at hand needs: memory does not grow with their number."""
    taken = 0

    def endless() -> Iterator[Label]:
        nonlocal taken
        while True:
            yield label(taken)
            taken += 1

    parts = sheet_pdfs(endless(), SHEETS["L7165"], made_at=MADE_AT, font=None, first_slot=3, pages_a_file=2)
    assert [next(parts)[1], next(parts)[1]] == [13, 16]
    assert taken == 13 + 16


def test_ruler_is_fifty_millimetres() -> None:
    page = pages(outline_pdf(L7160, MADE_AT), 600)[0].convert("L")
    y = round((297 - 6) * 600 / 25.4)
    line = page.crop((0, y - 1, round(72 * 600 / 25.4), y + 2))
    dark = line.point(lambda value: 255 * (value < 128)).getbbox()
    assert dark is not None
    # The ruler's stroke has the width of its end marks.
    assert (dark[2] - dark[0]) * 25.4 / 600 == pytest.approx(50.2, abs=0.15)


def test_test_print_has_the_edges_of_every_label_and_no_symbol() -> None:
    page = pages(outline_pdf(L7160, MADE_AT), 300)[0].convert("L")
    assert read(page) == []
    for slot in range(L7160.slots):
        x, y = (round(value * 300 / 25.4) for value in L7160.place(slot))
        assert page.crop((x - 2, y + 20, x + 3, y + 21)).getextrema()[0] < 200


def test_people_read_what_the_symbol_says() -> None:
    said = text_of(pdf([label()]))
    for part in ("04QPB768", "36300JBC", "40000903", "Example LFP pack", "Mass 438.5 kg", "HIGH VOLTAGE"):
        assert part in said
    assert f"{HOST}/p" in said and "Print at 100 %" in said
    assert TOKEN[:8] not in said


@needs_chinese
def test_chinese_stands_beside_and_is_embedded() -> None:
    said = text_of(pdf([label()], font=CHINESE_FONT))
    for part in ("示例磷酸铁锂包", "高压危险", "质量", "扫码或输入"):
        assert part in said
    assert len(pdf([label()], font=CHINESE_FONT)) < 60_000  # the letters that occur, not the whole font


@given(st.text(alphabet="A é质电^1", min_size=1, max_size=12))
def test_a_line_is_cut_where_chinese_and_latin_meet(text: str) -> None:
    """Some fonts for Chinese have no Latin letters: each part is set in a font that has it."""
    parts = Text(0, 0, 1, text).parts
    assert "".join(part.text for part in parts) == text
    assert [part.latin for part in parts] == [
        parts[0].latin ^ bool(number % 2) for number in range(len(parts))
    ]


def test_without_a_font_the_latin_text_stands_alone(tmp_path: Path) -> None:
    assert no_font(tmp_path) is None
    said = text_of(pdf([label(name_en="")]))
    assert "HIGH VOLTAGE" in said and "示" not in said
    for make in (label_zpl, label_zpl_picture):
        (printed,) = print_zpl(make(label(), Raster(L7160.label, 203, None)))
        assert not any("示" in text for text in printed.texts)


@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_png_reads_back_and_says_its_size(dpi: int) -> None:
    data = format_png(Raster(L7160.label, dpi, CHINESE_FONT).draw(label()), dpi)
    picture = Image.open(io.BytesIO(data))
    picture.load()
    assert (picture.mode, picture.info["dpi"]) == ("1", pytest.approx((dpi, dpi), abs=0.1))
    assert picture.size == (round(63.5 * dpi / 25.4), round(38.1 * dpi / 25.4))
    assert read(picture) == [label().url]


def test_svg_reads_back() -> None:
    assert read(svg_picture(label_svg(label(), L7160.label))) == [label().url]
    small = symbol_svg(label().symbol())
    assert len(small) < 3_000
    root = ET.fromstring(small)  # noqa: S314 -- ours
    assert root.attrib["viewBox"] == "0 0 45 45"


def test_svg_has_text_as_text() -> None:
    root = ET.fromstring(label_svg(label(), L7160.label))  # noqa: S314 -- ours
    said = [text.text for text in root.iter(f"{SVG}text")]
    assert said[:4] == ["04QPB768", "36300JBC", "40000903", "示例磷酸铁锂包"]
    assert "质量 Mass 438.5 kg" in said


@pytest.mark.parametrize("dpi", [203, 300, 600])
@pytest.mark.parametrize("make", [label_zpl, label_zpl_picture])
def test_zpl_reads_back(make: object, dpi: int) -> None:
    (printed,) = print_zpl(make(label(), Raster(L7160.label, dpi, CHINESE_FONT)))
    assert printed.picture.size == (round(63.5 * dpi / 25.4), round(38.1 * dpi / 25.4))
    assert read(printed.picture) == [label().url]
    if make is label_zpl:
        assert {"04QPB768", "Example LFP pack", "HIGH VOLTAGE"} <= set(printed.texts)


def test_printer_for_tests_refuses_what_is_no_label() -> None:
    for stream in ("^XA^JUF^XZ", "^XA~JR^XZ", "^XA^FO1,1", "hello", "^XA^CI28^FO0,0^GFA,2,2,1,FF^FS^XZ"):
        with pytest.raises(ZplError):
            print_zpl(stream)


@given(st.binary(min_size=1, max_size=40), st.integers(1, 5))
def test_a_graphic_is_the_same_picture_again(rows: bytes, stride: int) -> None:
    rows = rows * stride  # whole rows, some of which repeat
    picture = Image.frombytes("1", (8 * stride, len(rows) // stride), rows)
    said = format_graphic(Bitmap(picture.width, picture.height, rows)).removeprefix("^GF").removesuffix("^FS")
    assert graphic(said).convert("1").tobytes() == rows


def test_rows_that_repeat_are_sent_once() -> None:
    raster = Raster(L7160.label, 600, None)
    assert len(label_zpl_picture(label(), raster)) < raster.width * raster.height // 8


RENDER = """
const {{ready}} = await import({module});
const {{api}} = await ready;
const fs = await import("node:fs");
process.stdout.write(await api.zplToBase64Async(fs.readFileSync(0, "utf8"), 63.5, 38.1, {dots}));
process.exit(0);
"""


@pytest.mark.parametrize("make", [label_zpl, label_zpl_picture])
def test_zpl_reads_back_from_a_renderer_that_others_wrote(make: object, node_packages: Path) -> None:
    zpl = make(label(name_en="^XZ~JR"), Raster(L7160.label, 300, CHINESE_FONT))
    script = RENDER.format(
        module=json.dumps(str(node_packages / "zpl-renderer-js" / "dist" / "index.esm.js")), dots=12
    )
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script],
        input=zpl.encode(), capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert read(base64.b64decode(done.stdout)) == [label().url]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_a_name(name: str) -> None:
    one = make_label(HOST, CODE, TOKEN, name_en=name)
    wide = Size(200.0, 60.0)  # so that it is not cut
    raster = Raster(wide, 203, None)
    (printed,) = print_zpl(label_zpl(one, raster))
    assert name in printed.texts
    (pictured,) = print_zpl(label_zpl_picture(one, raster))
    assert read(printed.picture) == read(pictured.picture) == [one.url]
    root = ET.fromstring(label_svg(one, wide))  # noqa: S314 -- ours
    assert name in [text.text for text in root.iter(f"{SVG}text")]
    assert {element.tag for element in root.iter()} == {f"{SVG}{tag}" for tag in ("svg", "path", "g", "text")}
    data = pdf([one], Sheet("wide", 1, 2, wide))
    assert name in text_of(data)
    assert read(pages(data, 203)[0]) == [one.url]
    plain = pdf([make_label(HOST, CODE, TOKEN, name_en="A name")], Sheet("wide", 1, 2, wide))
    assert data.count(b" obj") == plain.count(b" obj")


@pytest.mark.parametrize(
    "name", ["a\nb", "a\x1bb", "a\x00", "a\u202eb", "a\u200bb", "a\ud800", "\ufeffa", "a\u2028b", "x" * 81]
)
def test_a_name_that_hides_or_moves_text_is_refused(name: str) -> None:
    with pytest.raises(LabelError):
        check_name(name)
    with pytest.raises(LabelError):
        make_label(HOST, CODE, TOKEN, name_zh=name)


@given(st.text(max_size=30))
def test_any_name_is_refused_or_stays_a_name(name: str) -> None:
    try:
        one = make_label(HOST, CODE, TOKEN, name_en=name)
    except LabelError:
        return
    size = Size(200.0, 60.0)
    (printed,) = print_zpl(label_zpl(one, Raster(size, 203, None)))
    lines = [line.text for line in plan_label(one, size, chinese=False).lines if line.latin]
    assert printed.texts == lines
    root = ET.fromstring(label_svg(one, size))  # noqa: S314 -- ours
    shown = [text.text for text in root.iter(f"{SVG}text")]
    assert shown == [line.text for line in plan_label(one, size, chinese=True).lines]


@pytest.mark.parametrize("mass", [0, -1, 10**9])
def test_a_mass_that_no_battery_has_is_refused(mass: int) -> None:
    with pytest.raises(LabelError):
        make_label(HOST, CODE, TOKEN, mass_g=mass)


@pytest.mark.parametrize(
    ("grams", "shown"),
    [(438_500, "438.5 kg"), (438_000, "438 kg"), (70, "0.07 kg"), (1, "0.001 kg"), (10_000, "10 kg")],
)
def test_mass_is_shown_exactly(grams: int, shown: str) -> None:
    assert format_mass(grams) == shown


def test_digest_is_that_of_the_chain() -> None:
    assert label().digest == label_digest(CODE, label().url.rpartition(".")[2])


def test_token_is_in_no_repr() -> None:
    assert TOKEN[5:15] in label().url and TOKEN[5:15] not in repr(label())


@given(
    st.text(st.characters(exclude_categories=("C", "Z")), max_size=80),
    st.sampled_from([sheet.label for sheet in SHEETS.values()]),
    st.booleans(),
    st.sampled_from([CODE, "UN12/AB.C-1", "uscc:91110000600037341L/" + "T" * 64]),
)
def test_nothing_leaves_the_label(name: str, size: Size, chinese: bool, code: str) -> None:
    one = make_label(HOST, code, TOKEN, name_zh=name, name_en=name, mass_g=99_999_999)
    plan = plan_label(one, size, chinese=chinese)
    x, y, side = plan.symbol_box
    assert x >= 0 and y >= 0 and y + side <= size.height
    for line in plan.lines:
        assert line.x >= x + side and 0 < line.y <= size.height and line.height > 0.5
        assert chinese or line.latin


@given(
    st.text(
        st.characters(min_codepoint=32, max_codepoint=255, exclude_categories=("C",)), min_size=1, max_size=40
    )
)
def test_no_text_is_wider_than_its_place(name: str) -> None:
    """Neither as a page sets it nor as dots, so that it reaches no other label."""
    try:
        one = make_label(HOST, CODE, TOKEN, name_en=name)
    except LabelError:
        return
    size = L7160.label
    document, raster = FPDF(unit="mm"), Raster(size, 600, None)
    for line in plan_label(one, size, chinese=False).lines:
        family, style = ("courier", "B") if line.code else ("helvetica", "B" if line.bold else "")
        document.set_font(family, style, line.height * 72 / 25.4)
        assert line.x + document.get_string_width(line.text) <= size.width
        if not line.code:
            assert raster.dots(line.x) + raster.draw_line(line).width <= raster.width


def test_a_long_host_stands_whole_on_the_label() -> None:
    host = "registry-of-traction-batteries.provinces.and.cities.example"
    assert parse_host(host) == host and len(host) == 59
    one = make_label(host, CODE, TOKEN, name_en="A name that takes two lines on such a label", mass_g=1)
    for sheet in SHEETS.values():
        said = "".join(line.text for line in plan_label(one, sheet.label, chinese=True).lines)
        assert f"{host}/p" in said
    assert read(format_png(Raster(L7160.label, 300, None).draw(one), 300)) == [one.url]


def test_every_part_of_a_code_is_on_the_label() -> None:
    for code in (CODE, "04QCB76B3C0221953RP", "uscc:91110000600037341L/Tag-7.b"):
        assert "".join(make_label(HOST, code, TOKEN).groups) == code
