"""When a schedule is due, where the clocks change too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest
from obelisk_cron.schedule import ALIASES, parse_schedule

WINTER, SUMMER = datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)


def due(schedule: str, after: datetime, count: int, zone: str = "UTC") -> list[datetime]:
    """Return the first times after ``after``."""
    parsed = parse_schedule(schedule, zone)

    def times():
        last = after
        while (found := parsed.next(last)) is not None:
            last = found
            yield found

    return list(islice(times(), count))


def told(times: list[datetime]) -> list[str]:
    return [f"{time:%m-%d %H:%M:%S}" for time in times]


def test_five_fields_are_minutes_first():
    assert told(due("30 2 * * MON", datetime(2026, 1, 1, tzinfo=UTC), 2)) == ["01-05 02:30:00", "01-12 02:30:00"]


def test_six_fields_are_seconds_first():
    assert told(due("*/20 0 12 * * *", datetime(2026, 1, 1, tzinfo=UTC), 4)) == [
        "01-01 12:00:00", "01-01 12:00:20", "01-01 12:00:40", "01-02 12:00:00",
    ]  # fmt: skip


@pytest.mark.parametrize("alias", ALIASES)
def test_each_alias_stands_for_fields(alias: str):
    after = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert due(alias, after, 3) == due(ALIASES[alias], after, 3)
    assert due(alias.upper(), after, 1) == due(alias, after, 1)


def test_what_is_due_now_is_not_due_after_now():
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert due("0 12 * * *", noon, 1) == [noon + timedelta(days=1)]
    assert due("0 12 * * *", noon - timedelta(microseconds=1), 1) == [noon]
    assert due("0 12 * * *", noon + timedelta(microseconds=1), 1) == [noon + timedelta(days=1)]


def test_once_is_never_due_again():
    parsed = parse_schedule("@once", "UTC")
    assert parsed.is_once
    assert parsed.next(WINTER) is None


def test_what_no_year_has_is_never_due():
    assert parse_schedule("0 0 */20 * 1L", "UTC").next(WINTER) is None


def test_a_zone_is_where_the_fields_are_read():
    assert told(due("0 9 * * *", WINTER, 3, "Europe/Prague")) == ["03-28 08:00:00", "03-29 07:00:00", "03-30 07:00:00"]
    assert told(due("0 9 * * *", WINTER, 1, "Asia/Kathmandu")) == ["03-28 03:15:00"]


def test_a_fixed_time_in_the_skipped_hour_is_due_right_after_it():
    assert told(due("30 2 * * *", WINTER, 3, "Europe/Prague")) == ["03-28 01:30:00", "03-29 01:00:00", "03-30 00:30:00"]


def test_a_fixed_time_in_the_hour_that_comes_twice_is_due_once():
    assert told(due("30 2 * * *", SUMMER, 3, "Europe/Prague")) == ["10-24 00:30:00", "10-25 00:30:00", "10-26 01:30:00"]


def test_a_fixed_time_is_not_due_again_for_who_looks_in_the_second_pass():
    second = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert told(due("30 2 * * *", second, 1, "Europe/Prague")) == ["10-26 01:30:00"]


def test_every_half_hour_follows_the_clock_through_both_changes():
    for after in (WINTER, SUMMER):
        times = due("*/30 * * * *", after, 96, "Europe/Prague")
        assert {later - earlier for earlier, later in pairwise(times)} == {timedelta(minutes=30)}


def test_a_skipped_hour_and_the_next_are_due_together():
    assert told(due("0 1-4 * * *", WINTER + timedelta(hours=23), 4, "Europe/Prague")) == [
        "03-29 00:00:00", "03-29 01:00:00", "03-29 02:00:00", "03-29 23:00:00",
    ]  # fmt: skip


def test_seconds_in_the_skipped_hour_are_not_due():
    assert told(due("0 30 2 * * *", WINTER, 2, "Europe/Prague")) == ["03-28 01:30:00", "03-30 00:30:00"]


def test_seconds_in_the_hour_that_comes_twice_are_due_twice():
    assert told(due("0 30 2 * * *", SUMMER, 3, "Europe/Prague")) == [
        "10-24 00:30:00", "10-25 00:30:00", "10-25 01:30:00",
    ]  # fmt: skip


def test_a_change_of_half_an_hour_is_followed():
    before = datetime(2026, 10, 3, tzinfo=UTC)
    times = due("15 2 * * *", before, 2, "Australia/Lord_Howe")
    assert told(times) == ["10-03 15:30:00", "10-04 15:15:00"]


@pytest.mark.parametrize("zone", ["Europe/Prague", "America/New_York", "Australia/Lord_Howe", "UTC"])
@pytest.mark.parametrize("schedule", ["30 2 * * *", "0 * * * *", "0 30 2 * * *", "*/10 * * * * *", "0 3 */2 * *"])
def test_times_only_grow(schedule: str, zone: str):
    for after in (WINTER, SUMMER, datetime(2026, 3, 7, tzinfo=UTC), datetime(2026, 4, 4, tzinfo=UTC)):
        times = due(schedule, after, 20, zone)
        assert all(earlier < later for earlier, later in zip([after, *times], times, strict=False))


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ("", "found 0 fields"),
        ("* * * *", "found 4 fields"),
        ("* * * * * * *", "found 7 fields"),
        ("61 * * * *", "the field minute of `61"),
        ("61 * * * * *", "the field second"),
        ("* * * * MOX", "the field day-of-week"),
        ("@reboot", "found `@reboot`, expected fields or one of"),
    ],
)
def test_what_is_no_schedule_is_refused(schedule: str, message: str):
    with pytest.raises(ValueError, match=message):
        parse_schedule(schedule, "UTC")


@pytest.mark.parametrize("zone", ["", "Europe/Nowhere", "../../etc/passwd", "/etc/localtime", "Europe", "a\0b"])
def test_what_is_no_zone_is_refused(zone: str):
    with pytest.raises(ValueError, match="IANA time zone database"):
        parse_schedule("@daily", zone)
