"""Where time comes from: an interface, so that tests and the simulator bring their own."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MILLISECOND = timedelta(milliseconds=1)
MICROSECOND_NS = 1000
FAR_FUTURE = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


class Clock(Protocol):
    """The time of the world as the engine sees it."""

    def now(self) -> datetime:
        """Return the current time, aware and in UTC, in microseconds. It may be set back by an operator."""

    def monotonic_ns(self) -> int:
        """Return nanoseconds since some moment; they never go back."""

    async def sleep_until(self, when: datetime) -> None:
        """Return once ``now() >= when``, at once when that is already so. It may return late, never early."""

    async def sleep(self, pause: timedelta) -> None:
        """Return once ``pause`` has gone by, by ``monotonic_ns``, whatever ``now()`` shows. Late perhaps, never early."""


class SystemClock:
    """The machine's clock and the event loop's timers."""

    def now(self) -> datetime:
        """Return the machine's time."""
        return datetime.now(UTC)

    def monotonic_ns(self) -> int:
        """Return the machine's monotonic time."""
        return time.monotonic_ns()

    async def sleep_until(self, when: datetime) -> None:
        """Sleep on the event loop; long sleeps are cut so that a changed wall clock is noticed."""
        while (left := (when - self.now()).total_seconds()) > 0:
            await asyncio.sleep(min(left, 60.0))

    async def sleep(self, pause: timedelta) -> None:
        """Sleep on the event loop."""
        await asyncio.sleep(pause.total_seconds())


def to_microseconds(when: datetime) -> int:
    """Return microseconds since the Unix epoch, exactly."""
    return (when - EPOCH) // MICROSECOND


def from_microseconds(value: int) -> datetime:
    """Return the time that lies ``value`` microseconds after the Unix epoch."""
    return EPOCH + timedelta(microseconds=value)


def zoned_time(text: str) -> datetime | None:
    """Return the time that a text gives with its zone (RFC 3339), not before the Unix epoch; ``None`` for other text."""
    try:
        when = datetime.fromisoformat(text)
        return None if when.tzinfo is None else max(when.astimezone(UTC), EPOCH)
    except (ValueError, OverflowError):
        return None


def to_milliseconds(when: datetime) -> int:
    """Return whole milliseconds since the Unix epoch, as a ULID holds them."""
    return (when - EPOCH) // MILLISECOND
