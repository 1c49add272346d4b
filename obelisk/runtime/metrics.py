"""What happened in this process, counted.

Theory of operation
    The kernel has one ``Metrics``; the drivers tell it what happened, on the event loop. Counting is an addition to a plain
    number, a microsecond in a step; enumerations are no keys where it happens often, since their hashes are computed in
    Python. Nothing is counted that is not durable: executions are counted when the commit that changes them is known to be
    written (``committed``), by who wrote it. So each server of a shared storage counts its own work, and the numbers of all
    servers add up.

    What is counted by function has at most as many entries as functions were ever run by this storage. What can be seen at
    any time, such as how many guests there are, is not counted here but looked at when somebody asks (``measuring``).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from enum import Enum
from typing import Any, Final

from msgspec import UNSET, UnsetType

from obelisk.core.events import (
    ComponentRole,
    Created,
    FailureKind,
    Finished,
    TemporarilyFailed,
    TemporarilyTimedOut,
)
from obelisk.core.state import State
from obelisk.interfaces.storage import Write
from obelisk.names import Ffqn

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
ENTRIES: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
EVENTS: Final = (10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10_000.0, 30_000.0, 100_000.0)
_NS: Final = 1e9
_ACTIVITY: Final = ComponentRole.ACTIVITY
_STUB: Final = ComponentRole.ACTIVITY_STUB


class Histogram:
    """Values counted by their size; ``counts`` has one number more than ``bounds``, for what is above all of them."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def record(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class CommitOutcome(Enum):
    """What became of a commit; ``runtime.pipeline`` says what follows from it."""

    COMMITTED = "committed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class FunctionCounts:
    """What happened to the executions of one function. ``replays`` holds how many events each replay began with."""

    __slots__ = (
        "created", "errors", "expired_locks", "failures", "oks", "replays", "retries_failed", "retries_timed_out",
    )  # fmt: skip

    def __init__(self) -> None:
        self.created = 0
        self.oks = 0
        self.errors = 0
        self.failures = dict.fromkeys(FailureKind, 0)
        self.retries_failed = 0
        self.retries_timed_out = 0
        self.expired_locks = 0
        self.replays = Histogram(EVENTS)


class Metrics:
    """See the module's theory of operation."""

    def __init__(self) -> None:
        self.functions: dict[Ffqn, FunctionCounts] = {}
        self.steps = 0
        self.commits_done = 0
        self.commits_refused = 0
        self.commits_unknown = 0
        self.commit_entries = Histogram(ENTRIES)
        self.commit_seconds = Histogram(SECONDS)

    def of(self, ffqn: Ffqn) -> FunctionCounts:
        """Return the counts of a function."""
        counts = self.functions.get(ffqn)
        if counts is None:
            counts = self.functions[ffqn] = FunctionCounts()
        return counts

    def committed(self, write: Write, state: State) -> None:
        """Count what a write that is durable says; ``state`` is the one after it."""
        for entry in write.entries:
            count = _COUNTED.get(type(entry.entry))
            if count is not None:
                count(self, state, entry.entry)

    def settled(self, outcome: CommitOutcome, *, entries: int, took_ns: int) -> None:
        """Count a commit whose outcome is known ``took_ns`` nanoseconds after it was submitted."""
        if outcome is CommitOutcome.COMMITTED:
            self.commits_done += 1
        elif outcome is CommitOutcome.REFUSED:
            self.commits_refused += 1
        else:
            self.commits_unknown += 1
        self.commit_entries.record(entries)
        self.commit_seconds.record(took_ns / _NS)

    def lock_expired(self, ffqn: Ffqn) -> None:
        """Count a lock that expired before its run had ended."""
        self.of(ffqn).expired_locks += 1

    def replayed(self, ffqn: Ffqn, events: int) -> None:
        """Count a workflow that was loaded and has ``events`` of its history to go through again."""
        self.of(ffqn).replays.record(events)

    def _created(self, state: State, event: Created) -> None:
        self.of(event.ffqn).created += 1

    def _finished(self, state: State, event: Finished) -> None:
        counts, result = self.of(state.ffqn), event.retval
        if not isinstance(result.execution_failure, UnsetType):
            counts.failures[result.execution_failure.kind] += 1
        elif result.err is UNSET:
            counts.oks += 1
        else:
            counts.errors += 1
        role = state.component_id.component_type
        if role is _ACTIVITY or role is _STUB:
            self.steps += 1

    def _failed(self, state: State, event: TemporarilyFailed) -> None:
        self.of(state.ffqn).retries_failed += 1

    def _timed_out(self, state: State, event: TemporarilyTimedOut) -> None:
        self.of(state.ffqn).retries_timed_out += 1


_COUNTED: Final[dict[type, Callable[[Metrics, State, Any], None]]] = {
    Created: Metrics._created,
    Finished: Metrics._finished,
    TemporarilyFailed: Metrics._failed,
    TemporarilyTimedOut: Metrics._timed_out,
}
