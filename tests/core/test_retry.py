"""Backoff and retries."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from obelisk.core.events import TypedValue
from obelisk.core.random import DeterministicRandom, seed_of
from obelisk.core.retry import LONGEST_BACKOFF, backoff, is_permanent, jittered, may_retry
from obelisk.ids import ExecutionId, new_execution_id

SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
ID = ExecutionId("E_01ARZ3NDEKTSV4RRFFQ69G5FAV")
GOLDEN_PAUSES = {
    ("E_00000000000000000000000000", 0.2): (9_232_106, 8_113_897, 9_238_574),
    ("E_00000000000000000000000000", 1.0): (6_160_528, 569_481, 6_192_870),
    (ID, 0.2): (9_409_310, 8_432_425, 8_201_522),
    (ID, 1.0): (7_046_546, 2_162_124, 1_007_607),
    (f"{ID}.g:1_2", 0.2): (9_019_007, 9_692_936, 9_222_878),
    (f"{ID}.g:1_2", 1.0): (5_095_031, 8_464_677, 6_114_386),
}
"""Microseconds that are left of ten seconds after the first three failures."""
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


@pytest.mark.parametrize(("execution_id", "jitter"), GOLDEN_PAUSES)
def test_the_pauses_of_an_execution_are_frozen(execution_id: str, jitter: float) -> None:
    found = [
        jittered(10 * SECOND, jitter, execution_id=ExecutionId(execution_id), failures=failures)
        for failures in (1, 2, 3)
    ]
    assert [pause // MICROSECOND for pause in found] == list(GOLDEN_PAUSES[execution_id, jitter])


def test_without_jitter_a_pause_stays_as_it_is() -> None:
    assert jittered(10 * SECOND, 0.0, execution_id=ID, failures=1) == 10 * SECOND


@given(st.integers(0, 2**40), st.floats(0, 1), st.integers(1, 2**70))
def test_a_pause_is_shortened_by_a_part_of_the_jitter_exactly(whole: int, jitter: float, failures: int) -> None:
    r = Fraction(DeterministicRandom(seed_of(ID) + failures).u64(), 2**64)
    exact = whole * (1 - Fraction(jitter) * r)
    found = jittered(whole * MICROSECOND, jitter, execution_id=ID, failures=failures) // MICROSECOND
    assert exact <= found < exact + 1
    assert whole * (1 - Fraction(jitter)) <= found <= whole


def test_chance_is_spread_evenly_over_executions_and_retries() -> None:
    pauses = [
        jittered(SECOND, 1.0, execution_id=new_execution_id(number, bytes(10)), failures=failures) / SECOND
        for number in range(500)
        for failures in (1, 2)
    ]
    assert len(set(pauses)) == 1000
    assert all(400 < sum(low <= pause < low + 0.5 for pause in pauses) < 600 for low in (0.0, 0.5))
    assert sum(one < other for one, other in zip(pauses[::2], pauses[1::2], strict=True)) in range(200, 300)


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
