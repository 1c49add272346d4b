"""Where new ids come from: the clock and the random source of an engine."""

from __future__ import annotations

from datetime import datetime

from obelisk.clock import Clock, to_milliseconds
from obelisk.ids import (
    ULID_RANDOM_BYTES,
    DeploymentId,
    ExecutionId,
    ExecutorId,
    RunId,
    new_deployment_id,
    new_execution_id,
    new_executor_id,
    new_run_id,
)
from obelisk.interfaces.provider import RandomSource

DRAWN_AT_ONCE = 64
"""For how many ids randomness is drawn: each time is a call of the kernel."""


class IdSource:
    """Makes ids that were never made before."""

    def __init__(self, clock: Clock, random: RandomSource) -> None:
        self._clock = clock
        self._random = random
        self._drawn: list[bytes] = []

    def _parts(self, at: datetime | None = None) -> tuple[int, bytes]:
        if not self._drawn:
            drawn = self._random(ULID_RANDOM_BYTES * DRAWN_AT_ONCE)
            self._drawn = [drawn[end - ULID_RANDOM_BYTES : end] for end in range(len(drawn), 0, -ULID_RANDOM_BYTES)]
        return to_milliseconds(self._clock.now() if at is None else at), self._drawn.pop()

    def execution(self) -> ExecutionId:
        """Return a new top-level execution id."""
        return new_execution_id(*self._parts())

    def executor(self) -> ExecutorId:
        """Return a new executor id."""
        return new_executor_id(*self._parts())

    def run(self, at: datetime | None = None) -> RunId:
        """Return a new run id, of now or of the time ``at``."""
        return new_run_id(*self._parts(at))

    def deployment(self) -> DeploymentId:
        """Return a new deployment id."""
        return new_deployment_id(*self._parts())
