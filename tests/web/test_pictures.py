"""`POST /pictures`: labels are read in pictures, and no picture costs the node more than it may."""

from __future__ import annotations

import io
import struct
import threading
import time
import zlib
from dataclasses import replace

import pytest
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from werkzeug.test import TestResponse

from packtrace.tests.web.conftest import Served, check_problem
from packtrace.web.api.pictures import PicturesBusyError, Readers
from packtrace.web.app import create_app
from packtrace.web.limits import Limits
from packtrace.web.pictures.reading import MAX_SYMBOLS, MAX_TEXT, PictureError, Symbol, read_picture

CODE = "04QPB76836300JBC40000903"
URL = f"https://packs.example/p/{CODE}.ABCDEFGHIJ234567QRST"
MOST = Limits().picture_pixels


def symbol(text: str = URL, kind: str = "QRCode", scale: int = 5) -> Image.Image:
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.__members__[kind])
    drawn = memoryview(made.to_image(scale=scale, add_quiet_zones=True))
    height, width = drawn.shape or (0, 0)
    return Image.frombytes("L", (width, height), drawn.tobytes())


def scene(*symbols: Image.Image, size: tuple[int, int] = (1280, 720)) -> Image.Image:
    """A frame with symbols side by side."""
    frame, left = Image.new("RGB", size, (120, 120, 110)), 40
    for each in symbols:
        frame.paste(each, (left, 60))
        left += each.width + 40
    return frame


def encode(picture: Image.Image, codec: str = "JPEG", **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, codec, **options)
    return file.getvalue()


def post(served: Served, data: bytes, kind: str = "image/jpeg") -> TestResponse:
    return served.client.post("/api/v1/pictures", data=data, content_type=kind)


def png(width: int, height: int, rows: bytes) -> bytes:
    """A grey PNG with any header over any rows."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_symbols_of_a_frame_are_told_with_their_kinds_to_whoever_asks(served: Served) -> None:
    frame = scene(symbol(), symbol(CODE, "DataMatrix"), symbol(CODE, "Code128", scale=2))
    for codec in ("JPEG", "PNG"):
        answer = post(served, encode(frame, codec), f"image/{codec.lower()}")
        assert answer.status_code == 200, answer.data
        found = {each["format"]: each["text"] for each in answer.json["symbols"]}
        assert found == {"QRCode": URL, "DataMatrix": CODE, "Code128": CODE}
    assert post(served, encode(scene())).json == {"symbols": []}


def test_other_symbologies_are_not_read() -> None:
    ean = symbol("6901234567892", "EAN13")
    assert read_picture(encode(scene(ean)), most_pixels=MOST) == ()


@pytest.mark.parametrize("turn", ["ROTATE_90", "ROTATE_180", "ROTATE_270"])
@pytest.mark.parametrize("kind", ["QRCode", "DataMatrix", "Code128"])
def test_photo_is_read_however_its_camera_was_held(turn: str, kind: str) -> None:
    photo = scene(symbol(CODE, kind, scale=2), size=(800, 800)).transpose(Image.Transpose[turn])
    assert read_picture(encode(photo), most_pixels=MOST) == (Symbol(CODE, kind),)


def test_large_photo_is_reduced_and_a_transparent_screenshot_has_a_white_ground() -> None:
    large = scene(symbol().resize((1600, 1600)), size=(4000, 3000))
    assert read_picture(encode(large), most_pixels=MOST) == (Symbol(URL, "QRCode"),)
    holed = Image.new("RGBA", (400, 400))
    drawn = symbol()
    holed.paste((0, 0, 0, 255), (20, 20), drawn.point(lambda grey: 255 - grey))
    assert read_picture(encode(holed, "PNG"), most_pixels=MOST) == (Symbol(URL, "QRCode"),)


def test_symbols_and_their_texts_are_bounded() -> None:
    many = scene(*(symbol(f"{n:02}").resize((50, 50)) for n in range(20)), size=(2000, 200))
    assert len(read_picture(encode(many, "PNG"), most_pixels=MOST)) == MAX_SYMBOLS
    (long,) = read_picture(encode(symbol("x" * 900), "PNG"), most_pixels=MOST)
    assert long.text == "x" * MAX_TEXT


def test_bomb_is_refused_by_its_header_before_it_is_unpacked(served: Served) -> None:
    began = time.process_time()
    for width, height in ((60_000, 60_000), (10_000, 10_000), (4_001, 4_000), (2**31 - 1, 1)):
        bomb = png(width, height, zlib.compress(bytes(10_000)))
        check_problem(post(served, bomb, "image/png"), 422, "PICTURE_UNREADABLE")
    assert time.process_time() - began < 1
    with pytest.raises(PictureError, match="4001 x 4000"):
        read_picture(png(4_001, 4_000, b""), most_pixels=MOST)


def test_rows_that_go_on_after_the_picture_are_not_unpacked() -> None:
    """A hundred megabytes of zeros in a hundred kilobytes, behind the header of a small picture."""
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 << 20)) for _ in range(100)) + packer.flush()
    began = time.process_time()
    try:
        assert read_picture(png(100, 100, rows), most_pixels=MOST) == ()
    except PictureError:
        pass
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("data", "kind", "status", "code"),
    [
        (b"", "image/jpeg", 422, "PICTURE_UNREADABLE"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png", 422, "PICTURE_UNREADABLE"),
        (encode(Image.new("L", (9, 9)), "GIF"), "image/png", 422, "PICTURE_UNREADABLE"),
        (encode(Image.new("L", (9, 9)), "TIFF"), "image/jpeg", 422, "PICTURE_UNREADABLE"),
        (b"x", "image/gif", 415, "MEDIA_TYPE_UNSUPPORTED"),
        (b"x", "", 415, "MEDIA_TYPE_UNSUPPORTED"),
        (bytes((6 << 20) + 1), "image/jpeg", 413, "BODY_TOO_LARGE"),
    ],
)
def test_what_is_no_picture_is_refused(
    data: bytes, kind: str, status: int, code: str, served: Served
) -> None:
    check_problem(post(served, data, kind), status, code)


WHOLE = (encode(scene(symbol(), size=(300, 300))), encode(scene(symbol(), size=(300, 300)), "PNG"))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(WHOLE), st.data())
def test_damaged_pictures_are_read_or_refused_and_nothing_else(whole: bytes, data: st.DataObject) -> None:
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)) | st.just(len(damaged)))
    try:
        read_picture(bytes(damaged[:cut]), most_pixels=1_000_000)
    except PictureError:
        pass


def test_one_address_sends_so_many_a_minute(served: Served) -> None:
    served.node.limits = replace(served.limits, pictures_a_minute=2)
    client = create_app(served.node).test_client()
    blank = encode(Image.new("L", (9, 9)))
    answers = [client.post("/api/v1/pictures", data=blank, content_type="image/jpeg") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 0


def test_pictures_take_turns_and_who_waits_too_long_is_told() -> None:
    """Two askers of one place: a hostile picture holds it, and the other is refused and not kept waiting."""
    readers = Readers(1, 100, wait_s=0.05)
    slow = encode(hostile(), "PNG")
    holding = threading.Thread(target=readers.read, args=(slow, MOST, "192.0.2.1"))
    holding.start()
    time.sleep(0.3)
    with pytest.raises(PicturesBusyError):
        readers.read(WHOLE[0], MOST, "192.0.2.2")
    holding.join()
    assert readers.read(WHOLE[0], MOST, "192.0.2.2") == (Symbol(URL, "QRCode"),)


def hostile() -> Image.Image:
    """Nothing but the smallest finder patterns, each of which may be the corner of a symbol."""
    finder = Image.new("L", (9, 9), 255)
    for across in range(7):
        for down in range(7):
            ring = max(abs(across - 3), abs(down - 3))
            finder.putpixel((across + 1, down + 1), 255 if ring == 2 else 0)
    picture = Image.new("L", (2000, 1500), 255)
    for left in range(0, picture.width, 9):
        for top in range(0, picture.height, 9):
            picture.paste(finder, (left, top))
    return picture
