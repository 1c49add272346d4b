"""Trying again after a failure that may pass."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

from msgspec import Struct

from obelisk.interfaces.provider import RandomSource
from obelisk_oci.errors import RegistryError, StoppedError, TransientError

T = TypeVar("T")
JITTER: Final = 0.5
"""The part of a wait that is left to chance, so that servers that start together do not ask together."""
_log = logging.getLogger("obelisk.oci")


class Retrying(Struct, frozen=True):
    """How often something is tried again, and how long is waited before. ``stop`` ends every wait at once."""

    retries: int
    first: float
    longest: float
    random: RandomSource
    stop: threading.Event

    def run(self, what: str, work: Callable[[], T]) -> T:
        """Return what ``work`` returns; raise its last ``TransientError`` as ``RegistryError`` when no retry is left."""
        attempt = 0
        while True:
            self.check()
            try:
                return work()
            except TransientError as error:
                if attempt >= self.retries:
                    raise RegistryError(f"{error}{_times(attempt)}") from error
                self._wait(what, error, attempt)
            attempt += 1

    def check(self) -> None:
        """Raise ``StoppedError`` when nobody waits for the result any more."""
        if self.stop.is_set():
            raise StoppedError("the pull was given up")

    def _wait(self, what: str, error: TransientError, attempt: int) -> None:
        if error.after is not None and error.after > self.longest:
            raise RegistryError(
                f"{error}; it asks to wait {error.after:.0f} s, more than `oci.retry_max_backoff`"
            ) from error
        share = int.from_bytes(self.random(2), "big") / 65536
        backoff = min(self.first * 2.0**attempt, self.longest) * (1 - JITTER * share)
        seconds = backoff if error.after is None else error.after
        _log.info("%s: %s; trying again in %.1f s", what, error, seconds)
        self.stop.wait(seconds)


def retry_after(header: str | None, now: datetime) -> float | None:
    """Return how many seconds a ``Retry-After`` header asks to wait (RFC 9110, 10.2.3), ``None`` when it does not say."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header.strip()[:9])
    try:
        until = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    aware = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return max((aware - now).total_seconds(), 0.0)


def _times(retries: int) -> str:
    return f" (tried {retries + 1} times)" if retries else ""
