"""``wasi:clocks``: monotonic-clock, wall-clock, timezone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from obelisk.clock import MICROSECOND_NS, Clock, to_microseconds
from obelisk.errors import GuestTrapError
from obelisk.wasm.wasi.calls import Handlers
from obelisk.wasm.wasi.pollables import Pollable, TaskPollable, TimePollable, Unsubscribe
from obelisk.wasm.wasi.sandbox import Sandbox

MAX_U64: Final = 2**64 - 1
USE_SLEEP: Final = "use workflow-support.sleep"
WALL_RESOLUTION: Final = {"seconds": 0, "nanoseconds": MICROSECOND_NS}


class RunningClocks:
    """The clocks of an activity: those of the engine."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def wall(self) -> tuple[int, int]:
        """See ``Clocks``."""
        return _wall(self._clock.now())

    def monotonic(self) -> int:
        """See ``Clocks``."""
        return self._clock.monotonic_ns()

    def until(self, instant: int) -> Pollable:
        """See ``Clocks``."""
        return TimePollable(instant, lambda: self.monotonic() >= instant, lambda: self._sleep(instant))

    async def _sleep(self, instant: int) -> None:
        left = timedelta(microseconds=-((self.monotonic() - instant) // MICROSECOND_NS))
        await self._clock.sleep(left)


class FrozenClocks:
    """The clocks of a workflow: they stand still, so that a replay sees what the first run saw.

    Wall time is ``created_at``, monotonic time 0. Who waits for them traps: a wait that is not in the log cannot be
    replayed.
    """

    def __init__(self, created_at: datetime) -> None:
        self._created_at = created_at

    def wall(self) -> tuple[int, int]:
        """See ``Clocks``."""
        return _wall(self._created_at)

    def monotonic(self) -> int:
        """Return 0."""
        return 0

    def until(self, instant: int) -> Pollable:
        """Return what is ready for an instant that is not in the future, and traps else."""
        return _Never() if instant else TaskPollable(lambda: True, _at_once)


class _Never:
    """A pollable that traps whoever waits on it."""

    def is_ready(self) -> bool:
        return False

    def subscribe(self, wake: Any) -> Unsubscribe:
        raise GuestTrapError(f"a workflow cannot wait on a clock; {USE_SLEEP}")


async def _at_once() -> None:
    pass


def _wall(now: datetime) -> tuple[int, int]:
    seconds, microseconds = divmod(to_microseconds(now), 1_000_000)
    return seconds, microseconds * MICROSECOND_NS


def _monotonic_now(sandbox: Sandbox) -> int:
    return sandbox.clocks.monotonic()


def _resolution(sandbox: Sandbox) -> int:
    return 1


def _subscribe_instant(sandbox: Sandbox, when: int) -> int:
    return sandbox.hold(sandbox.clocks.until(when))


def _subscribe_duration(sandbox: Sandbox, duration: int) -> int:
    return sandbox.hold(sandbox.clocks.until(min(sandbox.clocks.monotonic() + duration, MAX_U64)))


def _wall_now(sandbox: Sandbox) -> dict[str, int]:
    seconds, nanoseconds = sandbox.clocks.wall()
    return {"seconds": seconds, "nanoseconds": nanoseconds}


def _wall_resolution(sandbox: Sandbox) -> dict[str, int]:
    return WALL_RESOLUTION


def _display(sandbox: Sandbox, when: dict[str, int]) -> dict[str, Any]:
    return {"utc_offset": 0, "name": "UTC", "in_daylight_saving_time": False}


def _utc_offset(sandbox: Sandbox, when: dict[str, int]) -> int:
    return 0


FUNCTIONS: Final[Handlers] = {
    "wasi:clocks/monotonic-clock.now": _monotonic_now,
    "wasi:clocks/monotonic-clock.resolution": _resolution,
    "wasi:clocks/monotonic-clock.subscribe-instant": _subscribe_instant,
    "wasi:clocks/monotonic-clock.subscribe-duration": _subscribe_duration,
    "wasi:clocks/wall-clock.now": _wall_now,
    "wasi:clocks/wall-clock.resolution": _wall_resolution,
    "wasi:clocks/timezone.display": _display,
    "wasi:clocks/timezone.utc-offset": _utc_offset,
}
