"""When something falls due."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import UNSET

from obelisk.clock import FAR_FUTURE
from obelisk.core.events import ScheduleAt


def due_at(schedule_at: ScheduleAt | str, now: datetime) -> datetime:
    """Return when something is due that was asked for at ``now``; rounded up to a microsecond, never early."""
    if isinstance(schedule_at, str):
        return now
    if schedule_at.at is not UNSET:
        return schedule_at.at
    span = schedule_at.in_
    if span is UNSET:
        return now
    try:
        return min(now + timedelta(seconds=span.secs, microseconds=-(-span.nanos // 1000)), FAR_FUTURE)
    except OverflowError:
        return FAR_FUTURE
