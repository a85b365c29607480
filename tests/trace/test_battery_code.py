"""Battery codes: the published and the forged ones, as printed and as scanners hand them over."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packtrace.trace.codes.battery_code import (
    AMBIGUOUS_LETTER,
    JOINED_LINES,
    NON_STANDARD_TAIL,
    WIDE_CHARACTERS,
    BatteryCode,
    BatteryCodeError,
    check_gbt34014,
    format_battery_code,
    parse_battery_code,
    parse_echelon_code,
    parse_gbt34014,
    read_label_text,
)

# Seen in public places, or made after those: vendor, product, type, spec, trace, date, serial, result.
KNOWN = {
    "001CB240000003B3C0221953": ("001", "C", "B", "24", "0000003", date(2021, 3, 12), "0221953", ""),
    "04QCB76836300JBC40000903": ("04Q", "C", "B", "76", "836300J", date(2021, 12, 4), "0000903", ""),
    "04QCB76718400JB630001092": ("04Q", "C", "B", "76", "718400J", date(2021, 6, 3), "0001092", ""),
    "001CB310000009B960502763": ("001", "C", "B", "31", "0000009", date(2021, 9, 6), "0502763", ""),
    "04QCB76830200JD2A0005567": ("04Q", "C", "B", "76", "830200J", date(2023, 2, 10), "0005567", ""),
    "04QCB52091380JG120006435": ("04Q", "C", "B", "52", "091380J", date(2026, 1, 2), "0006435", ""),
    "07HCBC1P22G06AC700002596": ("07H", "C", "B", "C1", "P22G06A", date(2022, 7, 31), "0002596", ""),
    "X12MCPM27KLPCLX2M2382320": ("X12", "M", "C", "PM", "27KLPCL", date(2039, 2, 21), "2382320", ""),
    "04QPB76836300JBC40000903": ("04Q", "P", "B", "76", "836300J", date(2021, 12, 4), "0000903", ""),
    "04QMB76836300JBC40000903": ("04Q", "M", "B", "76", "836300J", date(2021, 12, 4), "0000903", ""),
    "04QCB76B3C0221953RP": ("04Q", "C", "B", "76", "", date(2021, 3, 12), "0221953", "P"),
}
PACK = "04QPB76836300JBC40000903"
ECHELON = "04QCB76B3C0221953RP"

dates = st.dates(date(2011, 1, 1), date(2040, 12, 31))
upper = st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def letters(size: int) -> st.SearchStrategy[str]:
    return st.text(upper, min_size=size, max_size=size)


codes = st.builds(
    lambda vendor, product, kind, spec, trace, made, serial, result: BatteryCode(
        vendor, product, kind, spec, "" if result else trace, made, f"{serial:07d}", result
    ),
    letters(3),
    st.sampled_from("PMC"),
    st.sampled_from("ABCDEFGZ"),
    letters(2),
    letters(7),
    dates,
    st.integers(0, 9_999_999),
    st.sampled_from(["", "P", "M", "C"]),
)


@pytest.mark.parametrize("text", KNOWN)
def test_known_code_has_the_fields_its_maker_printed(text: str) -> None:
    code = parse_gbt34014(text)
    assert code == BatteryCode(*KNOWN[text])
    assert format_battery_code(code) == code.text == text
    assert code.echelon is (len(text) == 19)
    assert code.scheme == "gbt34014"


def test_each_parser_refuses_the_other_length() -> None:
    with pytest.raises(BatteryCodeError, match=r"expected 24 characters, got 19"):
        parse_battery_code(ECHELON)
    with pytest.raises(BatteryCodeError, match=r"expected 19 characters, got 24"):
        parse_echelon_code(PACK)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("A765101015", 11),
        ("", 1),
        (PACK[:-1], 24),
        (PACK + "0", 25),
        (PACK + "\n", 25),
        (PACK[:-1] + "\n", 24),
        ("04qPB76836300JBC40000903", 3),
        (" 4QPB76836300JBC40000903", 1),
        ("04QXB76836300JBC40000903", 4),
        ("04QPH76836300JBC40000903", 5),
        ("04QPB7-836300JBC40000903", 7),
        ("04QPB76836300\u2028BC40000903", 14),
        ("04QPB76836300J0C40000903", 15),
        ("04QPB76836300JIC40000903", 15),
        ("04QPB76836300JUC40000903", 15),
        ("04QPB76836300JB040000903", 16),
        ("04QPB76836300JBD40000903", 16),
        ("04QPB76836300JBCU0000903", 17),
        ("04QPB76836300JBCZ0000903", 17),
        ("04QPB76836300JBCO0000903", 17),
        ("04QPB76836300JBC4000090A", 24),
        ("04QPB76836300JBC400009\u0660\u0663", 23),  # digits, but not ASCII
        ("04QCB76B3C0221953XP", 18),
        ("04QCB76B3C0221953RX", 19),
        ("04QCB76B2Y0221953RP", 10),  # 30 February
        ("04QCB76B400221953RP", 10),  # 31 April
    ],
)
def test_first_wrong_place_is_named(text: str, position: int) -> None:
    for parse in (parse_gbt34014, check_gbt34014):
        with pytest.raises(BatteryCodeError) as caught:
            parse(text)
        assert caught.value.position == position
        assert caught.value.expected
        assert caught.value.got
        assert caught.value.code == "BATTERY_CODE_INVALID"
        assert f"position {position}" in str(caught.value)


def test_impossible_date_is_refused_with_the_month_it_missed() -> None:
    with pytest.raises(BatteryCodeError, match=r"expected a day that 2021-02 has, got Y \(30\)"):
        parse_gbt34014("04QCB76B2Y0221953RP")


def test_leap_day_is_accepted_in_leap_years_only() -> None:
    assert parse_gbt34014("04QPB76836300JE2X0000903").production_date == date(2024, 2, 29)
    for parse in (parse_gbt34014, check_gbt34014):
        with pytest.raises(BatteryCodeError, match="a day that 2025-02 has"):
            parse("04QPB76836300JF2X0000903")


@given(codes)
def test_format_and_parse_invert_each_other(code: BatteryCode) -> None:
    text = format_battery_code(code)
    assert parse_gbt34014(text) == code
    check_gbt34014(text)


@pytest.mark.parametrize(
    "change",
    [
        {"vendor": "04"},
        {"vendor": "04QP", "product_type": ""},
        {"serial": "903"},
        {"serial": "000090A"},
        {"production_date": date(2041, 1, 1)},
        {"production_date": date(2010, 12, 31)},
        {"traceability": ""},
        {"echelon_type": "P"},
        {"echelon_type": "X"},
    ],
)
def test_fields_that_no_code_can_hold_are_never_printed(change: dict[str, object]) -> None:
    fields = {name: getattr(parse_gbt34014(PACK), name) for name in BatteryCode.__struct_fields__}
    with pytest.raises(BatteryCodeError):
        format_battery_code(BatteryCode(**(fields | change)))


@given(st.text(max_size=30) | st.text(upper, min_size=19, max_size=26))
def test_arbitrary_text_raises_nothing_but_the_named_error(text: str) -> None:
    for parse in (parse_gbt34014, parse_battery_code, parse_echelon_code, check_gbt34014, read_label_text):
        try:
            parse(text)
        except BatteryCodeError as error:
            assert error.position >= 1


@given(codes, st.integers(0, 23), upper)
def test_check_and_parse_agree_on_every_changed_character(code: BatteryCode, at: int, letter: str) -> None:
    text = code.text
    changed = text[:at] + letter + text[at + 1 :]
    try:
        check_gbt34014(changed)
    except BatteryCodeError as error:
        with pytest.raises(BatteryCodeError) as caught:
            parse_gbt34014(changed)
        assert caught.value.position == error.position
    else:
        assert parse_gbt34014(changed).text == changed


@pytest.mark.parametrize(
    ("raw", "code", "remarks"),
    [
        (PACK, PACK, ()),
        ("]Q1" + PACK, PACK, ()),
        ("]d2" + PACK + "\r\n", PACK, ()),
        ("]C1" + PACK, PACK, ()),
        ("\t" + PACK.lower() + "\r", PACK, ()),
        ("04Q PB 76 836300J BC4 0000903", PACK, ()),
        ("04QPB76836300\r\nJBC40000903", PACK, (JOINED_LINES,)),
        ("\x1d" + PACK, PACK, ()),  # FNC1 as a GS1 reader sends it
        (PACK + "A", PACK, (NON_STANDARD_TAIL,)),
        (PACK + "-7", PACK, (NON_STANDARD_TAIL,)),
        (ECHELON.lower(), ECHELON, ()),
        ("\uff10\uff14\uff31\uff30\uff22" + PACK[5:], PACK, (WIDE_CHARACTERS,)),
        ("\u3000" + PACK, PACK, (WIDE_CHARACTERS,)),
        ("04QPB2O836300JBC40000903", "04QPB2O836300JBC40000903", (AMBIGUOUS_LETTER,)),
        ("]q1" + ECHELON, ECHELON, ()),
        *((text.lower() + "\n", text, ()) for text in KNOWN),
    ],
)
def test_label_is_read_as_scanners_give_it(raw: str, code: str, remarks: tuple[str, ...]) -> None:
    scan = read_label_text(raw)
    assert (scan.code.text, scan.raw, scan.remarks) == (code, raw, remarks)


def test_halves_swapped_are_refused_and_explained() -> None:
    for raw in ("jbc4000090304qcb76836300", "JBC40000903\n04QCB76836300"):
        with pytest.raises(BatteryCodeError, match="wrong order") as caught:
            read_label_text(raw)
        assert caught.value.position == 4
    with pytest.raises(BatteryCodeError, match="wrong order"):
        read_label_text("40000903" + "04QPB76836300JBC")  # swapped elsewhere, so that the 4th is wrong too
    with pytest.raises(BatteryCodeError, match=r"wrong order.*at position 5$"):
        read_label_text("0JBC40000903" + "04QPB7683630")
    with pytest.raises(BatteryCodeError) as other:
        read_label_text("04QXB76836300JBC40000903")  # wrong there too, but no order of lines mends it
    assert not other.value.hint


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "]Q1",
        "]Q1]Q1" + PACK,
        "A765101015",
        "04QCB76B2Y0221953RP",
        PACK + "ABC",
        PACK + "\u00e9",
        PACK + "\u0131",
        ECHELON + "A",
        PACK[:-1] + "\u0131",
        PACK.lower().replace("q", "\u017f"),  # upper() would make it S
        PACK + " " * 80,
    ],
)
def test_what_is_no_label_is_refused(raw: str) -> None:
    with pytest.raises(BatteryCodeError):
        read_label_text(raw)


@given(codes)
def test_any_printed_code_is_read_back(code: BatteryCode) -> None:
    assert read_label_text(f"]Q1{code.text.lower()}\r\n").code == code
