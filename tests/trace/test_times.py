"""Each instant has one text, and a datetime without a zone has none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packtrace.trace.times import (
    TimeError,
    format_log_time,
    format_time,
    parse_log_time,
    parse_time,
    show_time,
)

instants = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31, 23, 59, 59), timezones=st.just(UTC))  # noqa: DTZ001


@given(instants)
def test_parse_and_format_invert_each_other(instant: datetime) -> None:
    second = instant.replace(microsecond=0)
    assert parse_time(format_time(second)) == second
    millisecond = instant.replace(microsecond=instant.microsecond // 1000 * 1000)
    assert parse_log_time(format_log_time(millisecond)) == millisecond


def test_a_parsed_time_is_aware_and_in_utc() -> None:
    assert parse_time("2026-11-23T04:40:00Z") == datetime(2026, 11, 23, 4, 40, tzinfo=UTC)
    assert parse_time("2026-11-23T04:40:00Z").utcoffset() == timedelta(0)
    assert parse_log_time("2026-11-23T04:40:00.120Z").microsecond == 120_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-23",
        "2026-11-23T04:40:00",  # naive
        "2026-11-23T04:40:00z",
        "2026-11-23 04:40:00Z",
        "2026-11-23T04:40:00Z\n",
        " 2026-11-23T04:40:00Z",
        "2026-11-23T04:40:00+00:00",
        "2026-11-23T04:40:00-00:00",
        "2026-11-23T12:40:00+08:00",
        "2026-11-23T04:40:00.1Z",
        "2026-11-23T04:40:00,123Z",
        "2026-11-23T04:40:00.123456Z",
        "20261123T044000Z",
        "2026-W47-1T04:40:00Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T23:59:60Z",
        "2026-11-23T23:60:00Z",
        "1969-12-31T23:59:59Z",
        "0000-01-01T00:00:00Z",
        "12026-11-23T04:40:00Z",
        "-026-11-23T04:40:00Z",
        "２０２６-11-23T04:40:00Z",
        "2026-11-23T04:40:0\u0660Z",
    ],
)
def test_another_text_or_another_calendar_is_refused(text: str) -> None:
    with pytest.raises(TimeError) as refused:
        parse_time(text)
    assert refused.value.finding_code == "TIME_INVALID"
    with pytest.raises(TimeError):
        parse_log_time(text.replace("Z", ".000Z"))


def test_a_party_claims_seconds_and_the_log_records_milliseconds() -> None:
    with pytest.raises(TimeError):
        parse_time("2026-11-23T04:40:00.123Z")
    with pytest.raises(TimeError):
        parse_log_time("2026-11-23T04:40:00Z")


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 11, 23, 4, 40),  # noqa: DTZ001  # naive: the point of the test
        datetime(2026, 11, 23, 12, 40, tzinfo=timezone(timedelta(hours=8))),
        datetime(1969, 12, 31, tzinfo=UTC),
        datetime(2026, 11, 23, 4, 40, 0, 1, tzinfo=UTC),
    ],
)
def test_a_datetime_that_has_no_text_is_refused(value: datetime) -> None:
    with pytest.raises(TimeError):
        format_time(value)
    with pytest.raises(TimeError):
        format_log_time(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2026, 11, 23, 4, 40, tzinfo=UTC), "2026-11-23T04:40:00Z"),
        (datetime(2026, 11, 23, 4, 40, 0, 120_000, tzinfo=UTC), "2026-11-23T04:40:00.120Z"),
        (datetime(2026, 11, 23, 4, 40, 0, 1, tzinfo=UTC), "2026-11-23T04:40:00.000001Z"),
        (datetime(1, 1, 1), "0001-01-01T00:00:00"),  # noqa: DTZ001 -- the point of the case
    ],
)
def test_messages_tell_every_time_and_in_the_logs_form_where_it_has_one(value: datetime, text: str) -> None:
    assert show_time(value) == text


def test_a_text_is_refused_as_often_as_it_comes_and_a_form_is_not_taken_for_the_other() -> None:
    for _ in range(2):
        with pytest.raises(TimeError, match="a day and a time that exist"):
            parse_time("2026-02-29T00:00:00Z")
        with pytest.raises(TimeError, match="a year from 1970"):
            parse_log_time("1969-12-31T23:59:59.999Z")
    assert parse_time("2026-11-23T04:40:00Z") == parse_log_time("2026-11-23T04:40:00.000Z")
    with pytest.raises(TimeError, match="whole seconds"):
        parse_time("2026-11-23T04:40:00.000Z")
    with pytest.raises(TimeError, match="milliseconds"):
        parse_log_time("2026-11-23T04:40:00Z")
