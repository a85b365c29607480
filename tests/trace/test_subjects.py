"""Subjects, origins and regions, and the published grammar that says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packtrace.trace.codes.battery_code import BatteryCodeError, parse_gbt34014
from packtrace.trace.codes.party import PartyIdError, parse_party
from packtrace.trace.codes.region import (
    PATTERN_REGION,
    Region,
    RegionError,
    format_region,
    parse_region,
)
from packtrace.trace.codes.subjects import (
    MAX_ORIGIN_LENGTH,
    MAX_SUBJECT_LENGTH,
    PATTERN_ORIGIN,
    PATTERN_SUBJECT,
    Subject,
    SubjectError,
    format_subject,
    parse_origin,
    parse_subject,
)

ABNF = (Path(__file__).parents[2] / "docs" / "identifiers.abnf").read_text(encoding="ascii")
FIRM = "uscc:91110000600037341L"
PACK = "battery:gbt34014:04QPB76836300JBC40000903"


def listed(mark: str) -> list[str]:
    return re.findall(rf"^; {mark}: +(\S+)$", ABNF, re.MULTILINE)


def as_expression(rule: str) -> str:
    """Translate a rule of the (non-recursive) grammar to a regular expression."""
    text = re.sub(r";.*", "", ABNF)
    rules = dict(re.findall(r"^([A-Za-z][\w-]*)\s*=\s*((?:.*(?:\n[ \t]+.*)*))", text, re.MULTILINE))
    token = re.compile(
        r"\s*(?:(?P<hex>%x[0-9A-F]+(?:-[0-9A-F]+)?)|(?:%s)?\"(?P<text>[^\"]*)\"|(?P<repeat>\d+\*\d*|\*\d*|\d+)"
        r"|(?P<rule>[A-Za-z][\w-]*)|(?P<mark>[/()\[\]]))"
    )

    def walk(name: str) -> str:
        out, body, at, repeat = "", rules[name].strip(), 0, ""
        opened: list[str] = []
        while at < len(body):
            match = token.match(body, at)
            assert match, f"{name}: cannot read {body[at:]!r}"
            at = match.end()
            piece = ""
            if match["hex"]:
                low, _, high = match["hex"][2:].partition("-")
                piece = f"[\\x{low}-\\x{high or low}]"
            elif match["text"] is not None:
                piece = f"(?:{re.escape(match['text'])})"
            elif match["rule"]:
                piece = f"(?:{walk(match['rule'])})"
            elif match["repeat"]:
                low, star, high = match["repeat"].partition("*")
                repeat = f"{{{low or 0},{high}}}" if star else f"{{{low}}}"
                continue
            elif match["mark"] in ("(", "["):
                out += "(?:"
                opened.append("?" if match["mark"] == "[" else repeat)
                repeat = ""
                continue
            elif match["mark"] == "/":
                out += "|"
                continue
            else:
                out += ")" + opened.pop()
                continue
            out, repeat = out + piece + repeat, ""
        return out

    return walk(rule)


GRAMMAR = re.compile(as_expression("subject"))
GRAMMAR_OF_REGIONS = re.compile(as_expression("region"))


@pytest.mark.parametrize("text", listed("valid"))
def test_published_example_is_parsed(text: str) -> None:
    subject = parse_subject(text)
    assert subject.text == text
    assert GRAMMAR.fullmatch(text)
    assert re.search(PATTERN_SUBJECT, text)
    parts = {name: getattr(subject, name) for name in ("scheme", "name", "party", "inner")}
    assert format_subject(subject.kind, **parts) == text


@pytest.mark.parametrize("text", listed("refused"))
def test_published_counter_example_is_refused(text: str) -> None:
    with pytest.raises(SubjectError) as caught:
        parse_subject(text)
    assert caught.value.code == "SUBJECT_INVALID"
    assert caught.value.expected
    assert caught.value.got
    assert caught.value.where


@pytest.mark.parametrize("text", listed("valid region"))
def test_published_region_is_parsed(text: str) -> None:
    assert format_region(parse_region(text)) == text


@pytest.mark.parametrize("text", [*listed("refused region"), "", "CN-", "DE-BYERN", "CN-440300\n", "cn"])
def test_published_counter_example_of_a_region_is_refused(text: str) -> None:
    with pytest.raises(RegionError):
        parse_region(text)


def test_every_kind_of_subject_has_a_published_example() -> None:
    assert {parse_subject(text).kind for text in listed("valid")} == {
        *("log", "org", "keys", "model", "battery", "vehicle", "consignment", "batch", "lot", "notes"),
    }
    assert len(listed("valid")) >= 15
    assert len(listed("refused")) >= 15


@given(st.from_regex(GRAMMAR, fullmatch=True))
def test_whatever_the_grammar_gives_fits_the_published_pattern(text: str) -> None:
    assert re.search(PATTERN_SUBJECT, text)


@given(st.from_regex(PATTERN_SUBJECT))
def test_whatever_fits_the_pattern_is_in_the_grammar_and_parsed_or_refused_by_name(text: str) -> None:
    text = text.removesuffix("\n")  # Python's $ stands before a last line feed, that of JSON Schema does not.
    assert GRAMMAR.fullmatch(text)
    try:
        assert parse_subject(text).text == text
    except SubjectError as error:  # only what no expression can say: a date, a check digit, a length
        assert (
            isinstance(error.__cause__, BatteryCodeError | PartyIdError)
            or len(text) > MAX_SUBJECT_LENGTH
            or error.where == "origin"
        )


@given(st.from_regex(PATTERN_REGION))
def test_regions_of_the_pattern_are_those_of_the_grammar(text: str) -> None:
    text = text.removesuffix("\n")
    assert GRAMMAR_OF_REGIONS.fullmatch(text)
    assert format_region(parse_region(text)) == text


@given(st.from_regex(GRAMMAR_OF_REGIONS, fullmatch=True))
def test_regions_of_the_grammar_are_parsed(text: str) -> None:
    assert str(parse_region(text)) == text


@given(st.sampled_from(["", "battery:gbt34014:", "notes:", "log:", "org:uscc:"]).flatmap(
    lambda start: st.text(max_size=60).map(start.__add__)
))  # fmt: skip
def test_arbitrary_text_raises_nothing_but_the_named_error(text: str) -> None:
    try:
        assert parse_subject(text).text == text
    except SubjectError as error:
        assert len(str(error)) < 700
    try:
        assert str(parse_region(text)) == text
    except RegionError:
        pass


@given(
    st.sampled_from(["model", "consignment", "batch", "lot"]),
    st.from_regex("[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True),
)
def test_format_and_parse_invert_each_other(kind: str, name: str) -> None:
    party = parse_party(FIRM)
    text = format_subject(kind, party=party, name=name)
    assert parse_subject(text) == Subject(kind, text, name=name, party=party)
    notes = format_subject("notes", inner=parse_subject(text))
    assert parse_subject(notes).inner == parse_subject(text)


def test_parts_of_a_subject_are_what_its_text_says() -> None:
    pack = parse_subject(PACK)
    assert (pack.kind, pack.scheme, pack.name) == ("battery", "gbt34014", PACK[17:])
    assert pack.code == parse_gbt34014(PACK[17:])
    tag = parse_subject(f"battery:tag:{FIRM}/A-1")
    assert (tag.scheme, tag.name, tag.party, tag.code) == ("tag", "A-1", parse_party(FIRM), None)
    notes = parse_subject(f"notes:{tag.text}")
    assert (notes.inner, notes.party, notes.code) == (tag, tag.party, None)


def test_parts_that_hide_another_subject_are_refused() -> None:
    with pytest.raises(SubjectError):
        format_subject("battery", name=PACK[8:])  # a scheme inside the name
    with pytest.raises(SubjectError):
        format_subject("notes:org", party=parse_party(FIRM))
    with pytest.raises(SubjectError):
        format_subject("model", party=parse_party(FIRM))


def test_error_inside_a_subject_says_where() -> None:
    with pytest.raises(SubjectError, match=r"code, position 17: expected a production day"):
        parse_subject("battery:gbt34014:04QPB76836300JBCU0000903")
    with pytest.raises(SubjectError, match=r"organisation, uscc: expected check digits that fit"):
        parse_subject("org:uscc:91110000600037341M")
    with pytest.raises(SubjectError, match=r"code, position 17"):
        parse_subject("notes:battery:gbt34014:04QPB76836300JBCU0000903")


@pytest.mark.parametrize(
    "text",
    [
        PACK + "\n",
        PACK + " ",
        "\ufeff" + PACK,
        PACK.replace("0", "\uff10"),
        "notes:" + "notes:" * 20_000,
        "log:" + "a" * 100_000,
        f"org:{FIRM}:",
        f"org:{FIRM}/../x",
        f"model:{FIRM}/..",
        f"model:{FIRM}/" + "a" * 65,
        "vehicle:" + "A" * 21 + "=",
        "vehicle:" + "A" * 23,
    ],
)
def test_second_spelling_or_unbounded_text_is_refused(text: str) -> None:
    with pytest.raises(SubjectError):
        parse_subject(text)


@pytest.mark.parametrize("text", ["localhost", "packtrace.example/cn", "a-b.example/x_y/z.1"])
def test_origin_of_a_log_is_a_lower_case_host_and_path(text: str) -> None:
    assert parse_origin(text) == text
    assert re.search(PATTERN_ORIGIN, text)


@pytest.mark.parametrize(
    "text",
    ["", "A.example", "-a.example", "a-.example", "a..example", "a.example/", "a.example//b",
     "https://a.example", "a.example:8443", "a+b.example", "a b.example",
     "a.example/../b", "a.example\n", "\u00e4.example", "a" * 64],
)  # fmt: skip
def test_origin_in_any_other_form_is_refused(text: str) -> None:
    with pytest.raises(SubjectError):
        parse_origin(text)


def test_longest_origin_makes_the_longest_subject() -> None:
    longest = f"{'a' * 63}.{'b' * 62}/c"
    assert len(longest) == MAX_ORIGIN_LENGTH
    assert len(parse_subject(f"log:{longest}").text) == MAX_SUBJECT_LENGTH
    with pytest.raises(SubjectError, match="at most 132 characters"):
        parse_subject(f"log:{longest}d")
    with pytest.raises(SubjectError, match="at most 128 characters"):
        parse_origin(longest + "d")
    party = parse_party("lei:213800KUD8LAJWSQ9D15")
    inner = parse_subject(format_subject("consignment", party=party, name="n" * 64))
    assert len(format_subject("notes", inner=inner)) < MAX_SUBJECT_LENGTH


@pytest.mark.parametrize(
    ("outer", "inner", "covers"),
    [
        ("CN", "CN-440300", True),
        ("CN-440000", "CN-440300", True),
        ("CN-440300", "CN-440305", True),
        ("CN-440300", "CN-440300", True),
        ("CN-440305", "CN-440300", False),
        ("CN-440300", "CN-440000", False),
        ("CN-440300", "CN-440400", False),
        ("CN-440000", "CN-450000", False),
        ("CN-440300", "CN", False),
        ("DE", "DE-BY", True),
        ("DE-BY", "DE-BE", False),
        ("DE-BY", "DE", False),
        ("DE", "CN-440300", False),
        ("DE-00", "DE-01", False),
    ],
)
def test_region_covers_itself_and_what_lies_in_it(outer: str, inner: str, covers: bool) -> None:
    assert parse_region(outer).covers(parse_region(inner)) is covers


def test_fields_of_no_region_are_not_formatted() -> None:
    with pytest.raises(RegionError):
        format_region(Region("DE-BY"))
    with pytest.raises(RegionError):
        format_region(Region("CN", "BY"))
