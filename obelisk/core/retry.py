"""Whether and when an execution is run again."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from obelisk.clock import MICROSECOND
from obelisk.core.events import TypedValue
from obelisk.core.random import DeterministicRandom, seed_of
from obelisk.ids import ExecutionId

PERMANENT: Final = "permanent"
LONGEST_BACKOFF: Final = timedelta(days=1)
_MAX_DOUBLINGS: Final = 90
"""More than it takes from one microsecond to the longest ``timedelta``."""


def backoff(first: timedelta, failures: int, *, maximum: timedelta = LONGEST_BACKOFF) -> timedelta:
    """Return how long to wait after the ``failures``-th failure (from 1) of an execution.

    It is ``first`` after the first failure, doubled after each further one, and never more than ``maximum``.
    """
    if failures < 1:
        raise ValueError(f"a backoff follows the first failure or a later one, found {failures} failures")
    doubled = first // MICROSECOND << min(failures - 1, _MAX_DOUBLINGS)
    return min(doubled, maximum // MICROSECOND) * MICROSECOND


def jittered(pause: timedelta, jitter: float, *, execution_id: ExecutionId, failures: int) -> timedelta:
    """Return ``pause * (1 - jitter * r)``, where chance has r from 0 up to, not including, 1; ``jitter`` is from 0 to 1.

    r is 2^-64 times the first number of the generator whose seed is that of the execution plus ``failures``, so each retry
    has another one, and is the same wherever it is computed. What is taken off is rounded down to microseconds.
    """
    if not jitter:
        return pause
    word = DeterministicRandom(seed_of(execution_id) + failures).u64()
    numerator, denominator = jitter.as_integer_ratio()
    whole = pause // MICROSECOND
    return (whole - whole * numerator * word // (denominator << 64)) * MICROSECOND


def may_retry(failures: int, max_retries: int | None) -> bool:
    """Tell whether an execution that failed ``failures`` times before may run again after one more failure.

    ``max_retries`` of ``None`` means for ever.
    """
    return max_retries is None or failures < max_retries


def is_permanent(error: object) -> bool:
    """Tell whether the ``err`` of a result says that another run would end the same.

    That is so for a variant whose case has ``permanent`` in its name. An ``err`` without payload, or of another type,
    such as a string, never says so.
    """
    if not isinstance(error, TypedValue) or not error.type.startswith("variant "):
        return False
    case = error.value if isinstance(error.value, str) else next(iter(error.value), "")
    return PERMANENT in case
