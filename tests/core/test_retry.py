"""Backoff and retries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec import UNSET

from obelisk.core.events import TypedValue
from obelisk.core.retry import LONGEST_BACKOFF, backoff, is_permanent, may_retry

SECOND = timedelta(seconds=1)
VARIANT = "variant { permanent-failure(string), not-permanent, gone, later(string) }"


@pytest.mark.parametrize(("failures", "seconds"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16)])
def test_each_failure_doubles_the_backoff(failures: int, seconds: int) -> None:
    assert backoff(SECOND, failures) == timedelta(seconds=seconds)


def test_a_backoff_is_never_longer_than_its_maximum() -> None:
    assert backoff(SECOND, 3, maximum=timedelta(seconds=3)) == timedelta(seconds=3)
    assert backoff(SECOND, 1, maximum=timedelta(0)) == timedelta(0)


def test_any_number_of_failures_gives_a_backoff() -> None:
    assert backoff(timedelta(microseconds=1), 10**9) == LONGEST_BACKOFF
    assert backoff(timedelta.max, 10**9, maximum=timedelta.max) == timedelta.max


def test_no_backoff_stays_none() -> None:
    assert backoff(timedelta(0), 50) == timedelta(0)


def test_there_is_no_backoff_before_the_first_failure() -> None:
    with pytest.raises(ValueError, match="found 0 failures"):
        backoff(SECOND, 0)


@pytest.mark.parametrize(
    ("failures", "max_retries", "expected"),
    [(0, 0, False), (0, 1, True), (1, 1, False), (4, 5, True), (5, 5, False), (10**6, None, True)],
)
def test_as_many_retries_are_made_as_are_configured(failures: int, max_retries: int | None, expected: bool) -> None:
    assert may_retry(failures, max_retries) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TypedValue(VARIANT, {"permanent_failure": "x"}), True),
        (TypedValue(VARIANT, "not_permanent"), True),
        (TypedValue(VARIANT, "gone"), False),
        (TypedValue(VARIANT, {"later": "permanent"}), False),
        (TypedValue("string", "permanent"), False),
        (TypedValue("record { permanent: u8 }", {"permanent": 1}), False),
        (None, False),
        (UNSET, False),
    ],
)
def test_a_variant_case_that_is_called_permanent_is_not_retried(error: Any, expected: bool) -> None:
    assert is_permanent(error) is expected
