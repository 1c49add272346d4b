"""Durations and sizes as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.config.units import format_duration, format_size, parse_duration, parse_size


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("30d", timedelta(days=30)),
        ("1h 30m", timedelta(minutes=90)),
        ("1h30m", timedelta(minutes=90)),
        ("250ms", timedelta(milliseconds=250)),
        ("0.5s", timedelta(milliseconds=500)),
        ("0s", timedelta()),
        (" 1 s ", timedelta(seconds=1)),
        ({"seconds": 1}, timedelta(seconds=1)),
        ({"milliseconds": 5}, timedelta(milliseconds=5)),
        ({"minutes": 1.5}, timedelta(seconds=90)),
        ({"hours": 2}, timedelta(hours=2)),
        ({"days": 3}, timedelta(days=3)),
    ],
)
def test_durations_are_read(value, expected):
    assert parse_duration(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "1", "s", "1x", "-1s", "1s x", "1e3s", "9" * 18 + "d"),
        *(1, True, None, [], {}, {"seconds": 1, "minutes": 1}, {"seconds": "1"}, {"seconds": True}),
        *({"seconds": -1}, {"seconds": float("nan")}, {"seconds": float("inf")}, {"weeks": 1}),
    ],
)
def test_what_is_no_duration_is_refused(value):
    with pytest.raises(ValueError, match=r"."):
        parse_duration(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 0), (17, 17), ("64MiB", 64 * 1024**2), ("1 kb", 1000), ("1.5GiB", 3 * 512 * 1024**2), ("7B", 7)],
)
def test_sizes_are_read(value, expected):
    assert parse_size(value) == expected


@pytest.mark.parametrize("value", ["", "5", "MiB", "-1MiB", "1XiB", "5IB", -1, True, 1.0, None, [], {}])
def test_what_is_no_size_is_refused(value):
    with pytest.raises(ValueError, match=r"."):
        parse_size(value)


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=36500)))
def test_a_written_duration_is_read_back(value):
    assert parse_duration(format_duration(value)) == value


@given(st.integers(min_value=0, max_value=2**50))
def test_a_written_size_is_read_back(value):
    assert parse_size(format_size(value)) == value
