"""Who held an execution, as its log tells: one run at a time, not before it was due, and no oftener than it is retried.

The state machine of the core refuses what does not hold here. This does not ask it, so that its mistakes are seen too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from obelisk.core.events import (
    CancellationRequested,
    Created,
    Event,
    JoinNext,
    Locked,
    LogEvent,
    Paused,
    TemporarilyFailed,
    TemporarilyTimedOut,
    Unlocked,
    Unpaused,
)

_FAILED = (TemporarilyFailed, TemporarilyTimedOut)


class Holding:
    """What the events of one execution add up to, as far as locks go."""

    def __init__(self) -> None:
        self._holder: Locked | None = None
        self._due: datetime | None = None
        self._halted: Event | None = None
        self._failures = 0

    def breaches(self, events: Iterable[LogEvent]) -> Iterator[str]:
        """Go on with the next events; yield what does not hold of each."""
        for logged in events:
            if isinstance(logged.event, Locked):
                yield from self._locked(logged.event, logged.created_at)
            elif isinstance(logged.event, _FAILED):
                yield from self._failed(logged.event)
            else:
                self._moved(logged.event)

    def _locked(self, lock: Locked, at: datetime) -> Iterator[str]:
        holder, self._holder = self._holder, lock
        is_other = holder is None or holder.run_id != lock.run_id
        if is_other and self._due is not None and at < self._due:
            of = "it is due" if holder is None else f"the lock of `{holder.run_id}` ends"
            yield f"was locked for `{lock.run_id}` at {at}, before {of} at {self._due}"
        if self._halted is not None:
            yield f"was locked for `{lock.run_id}` after {self._halted}"
        self._due = lock.lock_expires_at

    def _failed(self, event: TemporarilyFailed | TemporarilyTimedOut) -> Iterator[str]:
        most = None if self._holder is None else self._holder.retry_config.max_retries
        self._failures += 1
        if self._holder is None:
            yield f"has {event}, and no run held it"
        elif most is not None and self._failures > most:
            yield f"is retried for the {self._failures}. time, its lock allows {most}"
        self._holder, self._due = None, event.backoff_expires_at

    def _moved(self, event: Event) -> None:
        if isinstance(event, Created):
            self._due = event.scheduled_at
        elif isinstance(event, Unlocked):
            self._holder, self._due = None, event.backoff_expires_at
        elif isinstance(event, JoinNext):
            self._due = event.run_expires_at
        elif isinstance(event, Paused | CancellationRequested):
            self._holder, self._halted = None, event
        elif isinstance(event, Unpaused):
            self._halted = None
