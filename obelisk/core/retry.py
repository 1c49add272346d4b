"""Whether and when an execution is run again."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from obelisk.core.events import TypedValue

PERMANENT: Final = "permanent"
LONGEST_BACKOFF: Final = timedelta(days=1)
_MAX_DOUBLINGS: Final = 90
"""More than it takes from one microsecond to the longest ``timedelta``."""
_MICROSECOND: Final = timedelta(microseconds=1)


def backoff(first: timedelta, failures: int, *, maximum: timedelta = LONGEST_BACKOFF) -> timedelta:
    """Return how long to wait after the ``failures``-th failure (from 1) of an execution.

    It is ``first`` after the first failure, doubled after each further one, and never more than ``maximum``.
    """
    if failures < 1:
        raise ValueError(f"a backoff follows the first failure or a later one, found {failures} failures")
    doubled = first // _MICROSECOND << min(failures - 1, _MAX_DOUBLINGS)
    return min(doubled, maximum // _MICROSECOND) * _MICROSECOND


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
